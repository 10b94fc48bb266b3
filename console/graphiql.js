/** The API explorer: write an operation, run it, watch it, read the schema beside it. It asks this server only. */

import { Socket, session } from "/console/client.js";
import { copy } from "/console/clipboard.js";
import { fill, h, icon } from "/console/element.js";
import { docs } from "/console/graphiql-docs.js";
import { codeField, painted } from "/console/graphiql-editor.js";
import { EXAMPLES } from "/console/graphiql-examples.js";

const HISTORY = "callboard.explorer.history";
const WORK = "callboard.explorer.work";
const KEPT = 20;
const SHOWN_EVENTS = 50;
const STATES = {
  connecting: "Connecting…",
  live: "Live",
  reconnecting: "Reconnecting…",
  crowded: "Waiting: too many connections are open",
  offline: "Offline",
};

session.startFromLink();
const kept = (key, otherwise) => JSON.parse(sessionStorage.getItem(key) ?? "null") ?? otherwise;
const keep = (key, value) => sessionStorage.setItem(key, JSON.stringify(value));

const work = kept(WORK, { query: EXAMPLES[0].query, variables: EXAMPLES[0].variables, headers: "" });
const query = codeField("query", "Operation", work.query, { run, changed });
const variables = codeField("variables", "Variables", work.variables, { run, changed, paint: "json" });
const headers = codeField("headers", "Extra headers", work.headers, { run, changed, paint: "json" });
const token = h("input", {
  id: "token-field",
  type: "password",
  autocomplete: "off",
  spellcheck: "false",
  placeholder: "JWT or cb_live_…",
  value: session.token ?? "",
  change: () => (token.value.trim() ? session.start(token.value) : session.end("signed-out"), reference.load()),
});
const runButton = h("button.solid.small", { click: run, title: "Ctrl+Enter" }, "Run");
const facts = h("p.faint", { role: "status" });
const copyButton = h("button.quiet.small", { click: copyResult, disabled: true }, icon("copy"), "Copy");
const result = h(
  "div.result",
  { tabindex: "0", role: "group", "aria-label": "Answer" },
  h(
    "p.faint",
    null,
    "Run an operation with ",
    h("kbd", null, "Ctrl"),
    " ",
    h("kbd", null, "Enter"),
    "; the answer comes here.",
  ),
);
const picker = h("select", { "aria-label": "Examples and history", change: pick });
const reference = docs({
  ask: (document) => send({ query: document }).then(({ answer }) => answer),
  use: (text, values) => put(text, values),
});
let stop;
let resultText = "";

document.body.append(
  h(
    "header.top",
    null,
    h(
      "a.brand",
      { href: "/" },
      h("img", { src: "/console/icon.svg", alt: "", width: "28", height: "28" }),
      "Callboard",
    ),
    h("h1", null, "API explorer"),
    picker,
    h(
      "form.token",
      { submit: (event) => event.preventDefault() },
      icon("key"),
      h("label", { for: "token-field" }, "Token"),
      token,
    ),
  ),
  h(
    "main.panes",
    { id: "main" },
    reference.element,
    h(
      "section.pane",
      { "aria-labelledby": "query-label" },
      h(
        "div.between",
        null,
        h("h2", { id: "query-label" }, "Operation"),
        h("span.faint.keys", null, "Esc, then Tab leaves the editor"),
        runButton,
      ),
      query.element,
      h("details.drawer", { open: Boolean(work.variables) }, h("summary", null, "Variables"), variables.element),
      h("details.drawer", { open: Boolean(work.headers) }, h("summary", null, "Headers"), headers.element),
    ),
    h(
      "section.pane",
      { "aria-labelledby": "result-label" },
      h("div.between", null, h("h2", { id: "result-label" }, "Result"), facts, copyButton),
      result,
    ),
  ),
);
drawPicker();
reference.load();

function changed() {
  keep(WORK, { query: query.value, variables: variables.value, headers: headers.value });
}

/** The operation in which the cursor stands, where a document has several. */
function operationAtCursor() {
  const all = [...query.value.matchAll(/^\s*(query|mutation|subscription)\b\s*([_A-Za-z]\w*)?/gm)];
  const at = all.findLast(({ index }) => index <= query.cursor) ?? all[0];
  return { kind: at?.[1] ?? "query", name: at?.[2] };
}

async function run() {
  if (stop) return stop();
  let request;
  let sent;
  const { kind, name } = operationAtCursor();
  try {
    request = { query: query.value, variables: json(variables, "variables"), operationName: name };
    sent = requestHeaders();
  } catch (problem) {
    return show(problem.message, "Not sent");
  }
  remember();
  if (kind === "subscription") return follow(request, sent.get("Authorization"));
  runButton.disabled = true;
  fill(facts, "Running…");
  const started = performance.now();
  try {
    const { status, text, answer } = await send(request, sent);
    show(
      answer,
      `${status} · ${Math.round(performance.now() - started)} ms · ${(new Blob([text]).size / 1024).toFixed(1)} KB`,
    );
  } catch (failure) {
    show(failure.message, "No answer");
  }
  runButton.disabled = false;
}

function json(field, what) {
  try {
    return JSON.parse(field.value.trim() || "{}");
  } catch (problem) {
    throw new Error(`The ${what} are not JSON: ${problem.message}`);
  }
}

/** The extra headers go over ours: they may say that somebody else asks than the one with the token. */
function requestHeaders() {
  const sent = new Headers({
    "Content-Type": "application/json",
    Accept: "application/graphql-response+json, application/json",
  });
  if (session.authorization) sent.set("Authorization", session.authorization);
  for (const [name, value] of Object.entries(json(headers, "headers"))) sent.set(name, value);
  return sent;
}

async function send(request, sent = requestHeaders()) {
  const response = await fetch("/graphql", { method: "POST", headers: sent, body: JSON.stringify(request) });
  const text = await response.text();
  try {
    return { status: response.status, text, answer: JSON.parse(text) };
  } catch {
    return { status: response.status, text, answer: text };
  }
}

function follow(request, authorization) {
  const socket = new Socket(() => authorization);
  const events = h("ol.events");
  let count = 0;
  const say = () => fill(facts, STATES[socket.state], ` · ${count} received`);
  const add = (answer) => {
    count += 1;
    resultText = JSON.stringify(answer, null, 2);
    events.prepend(h("li", null, h("time", null, new Date().toLocaleTimeString()), painted(resultText, "json")));
    if (events.children.length > SHOWN_EVENTS) events.lastChild.remove();
    copyButton.disabled = false;
    say();
  };
  stop = (words) => {
    socket.close();
    stop = undefined;
    fill(runButton, "Run");
    fill(facts, typeof words === "string" ? words : "Stopped", ` · ${count} received`);
  };
  fill(runButton, "Stop");
  fill(result, events);
  socket.addEventListener("state", say);
  socket.addEventListener("unauthenticated", () => stop?.("Refused: the token is not accepted"));
  socket.follow(request, {
    next: (data) => add({ data }),
    cursor: (data) => Object.values(data)[0]?.cursor,
    failed: ({ code, message, extensions }) => (
      add({ errors: [{ message, extensions: { code, ...extensions } }] }),
      stop?.("Ended by an error")
    ),
    ended: () => (stop?.("Ended by the server"), true),
  });
  say();
}

function show(answer, words) {
  resultText = typeof answer === "string" ? answer : JSON.stringify(answer, null, 2);
  fill(facts, words);
  fill(result, painted(resultText, "json"));
  result.scrollTop = 0;
  copyButton.disabled = false;
}

async function copyResult() {
  const isCopied = await copy(resultText, result.querySelector("pre"));
  fill(copyButton, icon(isCopied ? "check" : "cross"), isCopied ? "Copied" : "Not copied");
  setTimeout(() => fill(copyButton, icon("copy"), "Copy"), 2000);
}

function put(text, values = "") {
  stop?.();
  query.value = text;
  variables.value = values;
  variables.element.closest("details").open = Boolean(values);
  changed();
  query.focus();
}

function remember() {
  const entry = { query: query.value, variables: variables.value };
  const others = kept(HISTORY, []).filter((old) => old.query !== entry.query || old.variables !== entry.variables);
  keep(HISTORY, [entry, ...others].slice(0, KEPT));
  drawPicker();
}

function drawPicker() {
  const title = ({ query: text }) =>
    (text.match(/\b(?:query|mutation|subscription)\s+\w+/)?.[0] ?? text.replace(/\s+/g, " ")).slice(0, 60);
  const group = (label, entries, name) =>
    entries.length > 0 &&
    h(
      "optgroup",
      { label },
      entries.map((entry, place) => h("option", { value: `${label}:${place}` }, name(entry))),
    );
  fill(
    picker,
    h("option", { value: "" }, "Examples and history"),
    group("Examples", EXAMPLES, ({ name }) => name),
    group("Ran in this tab", kept(HISTORY, []), title),
  );
}

function pick() {
  const [label, place] = picker.value.split(":");
  if (!place) return;
  const { query: text, variables: values } = (label === "Examples" ? EXAMPLES : kept(HISTORY, []))[place];
  picker.value = "";
  put(text, values);
}
