/** The API explorer: write an operation, run it or subscribe, and read the schema. It contacts this server only. */

import { BASE } from "/console/base.js";
import { SubscriptionClient, session } from "/console/client.js";
import { copy } from "/console/clipboard.js";
import { fill, h, icon } from "/console/element.js";
import { CodeEditor, highlight } from "/console/explorer-editor.js";
import { EXAMPLES } from "/console/explorer-examples.js";
import { SchemaReference } from "/console/explorer-reference.js";

const HISTORY = "callboard.explorer.history";
const DRAFT = "callboard.explorer.draft";
const MOST_REMEMBERED = 20;
const MOST_SHOWN = 50;
const COPIED_MILLISECONDS = 2000;
const STATES = {
  connecting: "Connecting…",
  live: "Live",
  reconnecting: "Reconnecting…",
  crowded: "Waiting: too many connections are open",
  offline: "Offline",
};

if (!(await session.startFromLink())) await session.renew();
const load = (key, fallback) => JSON.parse(sessionStorage.getItem(key) ?? "null") ?? fallback;
const save = (key, value) => sessionStorage.setItem(key, JSON.stringify(value));

const draft = load(DRAFT, { query: EXAMPLES[0].query, variables: EXAMPLES[0].variables, headers: "" });
const editor = (id, label, language) => new CodeEditor(id, label, draft[id], { run, changed: saveDraft, language });
const query = editor("query", "Operation");
const variables = editor("variables", "Variables", "json");
const headers = editor("headers", "Extra headers", "json");
const token = h("input", {
  id: "token-field",
  type: "password",
  autocomplete: "off",
  spellcheck: "false",
  placeholder: "JWT or cb_live_…",
  value: session.token ?? "",
  change: changeToken,
});
const runButton = h("button.solid.small", { click: run, title: "Ctrl+Enter" }, "Run");
const status = h("p.faint", { role: "status" });
const copyButton = h("button.quiet.small", { click: copyResult, disabled: true }, icon("copy"), "Copy");
const result = h(
  "div.result",
  { tabindex: "0", role: "group", "aria-label": "Response" },
  h("p.faint", null, "Press ", h("kbd", null, "Ctrl"), " ", h("kbd", null, "Enter"), " to run the operation."),
);
const picker = h("select", { "aria-label": "Examples and history", change: pick });
const reference = new SchemaReference({
  execute: (document) => send({ query: document }).then(({ body }) => body),
  openOperation,
});
let stop;
let resultText = "";

document.body.append(
  h("header.top", null, brand(), h("h1", null, "API explorer"), picker, tokenForm()),
  h("main.panes", { id: "main" }, reference.element, operationPane(), resultPane()),
);
drawPicker();
reference.load();

function brand() {
  const logo = h("img", { src: "/console/icon.svg", alt: "", width: "28", height: "28" });
  return h("a.brand", { href: "/" }, logo, "Callboard");
}

function tokenForm() {
  const submit = (event) => event.preventDefault();
  return h("form.token", { submit }, icon("key"), h("label", { for: "token-field" }, "Token"), token);
}

function operationPane() {
  const drawer = (title, { element }, text) =>
    h("details.drawer", { open: Boolean(text) }, h("summary", null, title), element);
  return h(
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
    drawer("Variables", variables, draft.variables),
    drawer("Headers", headers, draft.headers),
  );
}

function resultPane() {
  return h(
    "section.pane",
    { "aria-labelledby": "result-label" },
    h("div.between", null, h("h2", { id: "result-label" }, "Result"), status, copyButton),
    result,
  );
}

function changeToken() {
  session.start(token.value);
  reference.load();
}

function saveDraft() {
  save(DRAFT, { query: query.value, variables: variables.value, headers: headers.value });
}

/** The kind and name of the operation at the cursor, where the document has several. */
function operationAtCursor() {
  const operations = [...query.value.matchAll(/^\s*(query|mutation|subscription)\b\s*([_A-Za-z]\w*)?/gm)];
  const operation = operations.findLast(({ index }) => index <= query.cursor) ?? operations[0];
  return { kind: operation?.[1] ?? "query", name: operation?.[2] };
}

async function run() {
  if (stop) return stop();
  const { kind, name } = operationAtCursor();
  let request;
  let sentHeaders;
  try {
    request = { query: query.value, variables: parseJson(variables, "variables"), operationName: name };
    sentHeaders = requestHeaders();
  } catch (problem) {
    return showResult(problem.message, "Not sent");
  }
  addToHistory();
  if (kind === "subscription") subscribe(request, sentHeaders.get("Authorization"));
  else await execute(request, sentHeaders);
}

async function execute(request, sentHeaders) {
  runButton.disabled = true;
  fill(status, "Running…");
  const started = performance.now();
  try {
    const response = await send(request, sentHeaders);
    const milliseconds = Math.round(performance.now() - started);
    const kilobytes = (new Blob([response.text]).size / 1024).toFixed(1);
    showResult(response.body, `${response.status} · ${milliseconds} ms · ${kilobytes} KB`);
  } catch (failure) {
    showResult(failure.message, "No response");
  }
  runButton.disabled = false;
}

function parseJson({ value }, name) {
  try {
    return JSON.parse(value.trim() || "{}");
  } catch (problem) {
    throw new Error(`The ${name} are not valid JSON: ${problem.message}`);
  }
}

/** The extra headers override ours, so that an operation can run as somebody else than the token's user. */
function requestHeaders() {
  const sentHeaders = new Headers({
    "Content-Type": "application/json",
    Accept: "application/graphql-response+json, application/json",
  });
  if (session.authorization) sentHeaders.set("Authorization", session.authorization);
  for (const [name, value] of Object.entries(parseJson(headers, "headers"))) sentHeaders.set(name, value);
  return sentHeaders;
}

async function send(request, sentHeaders = requestHeaders()) {
  const response = await fetch(`${BASE}/graphql`, { method: "POST", headers: sentHeaders, body: JSON.stringify(request) });
  const text = await response.text();
  try {
    return { status: response.status, text, body: JSON.parse(text) };
  } catch {
    return { status: response.status, text, body: text };
  }
}

function subscribe(request, authorization) {
  const client = new SubscriptionClient(
    () => authorization,
    async () => false,
  );
  const events = h("ol.events");
  let count = 0;
  const drawStatus = () => fill(status, STATES[client.state], ` · ${count} received`);
  const add = (event) => {
    count += 1;
    resultText = JSON.stringify(event, null, 2);
    events.prepend(h("li", null, h("time", null, new Date().toLocaleTimeString()), highlight(resultText, "json")));
    if (events.children.length > MOST_SHOWN) events.lastChild.remove();
    copyButton.disabled = false;
    drawStatus();
  };
  stop = (reason = "Stopped") => {
    client.close();
    stop = undefined;
    fill(runButton, "Run");
    fill(status, reason, ` · ${count} received`);
  };
  fill(runButton, "Stop");
  fill(result, events);
  client.addEventListener("state", drawStatus);
  client.addEventListener("unauthenticated", () => stop?.("Refused: the token isn't accepted"));
  client.subscribe(request, {
    next: (data) => add({ data }),
    cursor: (data) => Object.values(data)[0]?.cursor,
    failed: ({ code, message, extensions }) => (
      add({ errors: [{ message, extensions: { code, ...extensions } }] }),
      stop?.("Ended by an error")
    ),
    ended: () => (stop?.("Ended by the server"), true),
  });
  drawStatus();
}

function showResult(body, summary) {
  resultText = typeof body === "string" ? body : JSON.stringify(body, null, 2);
  fill(status, summary);
  fill(result, highlight(resultText, "json"));
  result.scrollTop = 0;
  copyButton.disabled = false;
}

async function copyResult() {
  const isCopied = await copy(resultText, result.querySelector("pre"));
  fill(copyButton, icon(isCopied ? "check" : "cross"), isCopied ? "Copied" : "Not copied");
  setTimeout(() => fill(copyButton, icon("copy"), "Copy"), COPIED_MILLISECONDS);
}

function openOperation(text, values = "") {
  stop?.();
  query.value = text;
  variables.value = values;
  variables.element.closest("details").open = Boolean(values);
  saveDraft();
  query.focus();
}

function addToHistory() {
  const entry = { query: query.value, variables: variables.value };
  const others = load(HISTORY, []).filter((old) => old.query !== entry.query || old.variables !== entry.variables);
  save(HISTORY, [entry, ...others].slice(0, MOST_REMEMBERED));
  drawPicker();
}

function drawPicker() {
  fill(
    picker,
    h("option", { value: "" }, "Examples and history"),
    optionGroup("Examples", EXAMPLES, ({ name }) => name),
    optionGroup("History", load(HISTORY, []), operationTitle),
  );
}

function optionGroup(label, operations, title) {
  if (!operations.length) return null;
  const options = operations.map((operation, place) => h("option", { value: `${label}:${place}` }, title(operation)));
  return h("optgroup", { label }, options);
}

function operationTitle({ query: text }) {
  const title = text.match(/\b(?:query|mutation|subscription)\s+\w+/)?.[0] ?? text.replace(/\s+/g, " ");
  return title.slice(0, 60);
}

function pick() {
  const [label, place] = picker.value.split(":");
  if (!place) return;
  const operation = (label === "Examples" ? EXAMPLES : load(HISTORY, []))[place];
  picker.value = "";
  openOperation(operation.query, operation.variables);
}
