/** The API explorer: write operations, run them or subscribe, and read the schema. It contacts this server only. */

import { BASE } from "/console/base.js";
import { SubscriptionClient, session } from "/console/client.js";
import { fill, h, icon } from "/console/element.js";
import { documentCompletions, variableCompletions } from "/console/explorer-completion.js";
import { CodeEditor } from "/console/explorer-editor.js";
import { EXAMPLES } from "/console/explorer-examples.js";
import { format } from "/console/explorer-format.js";
import { parse } from "/console/explorer-parser.js";
import { offsetOf } from "/console/explorer-problems.js";
import { SchemaReference } from "/console/explorer-reference.js";
import { ResultPane, copyButton } from "/console/explorer-result.js";
import { Tabs, operationTitle } from "/console/explorer-tabs.js";
import { documentProblems, variableProblems } from "/console/explorer-validation.js";

const HISTORY = "callboard.explorer.history";
const HEADERS = "callboard.explorer.headers";
const MOST_REMEMBERED = 20;
const STATES = {
  connecting: "Connecting…",
  live: "Live",
  reconnecting: "Reconnecting…",
  crowded: "Waiting: too many connections are open",
  offline: "Offline",
};

const linked = takeLinkedOperation();
if (!(await session.startFromLink())) await session.renew();
const load = (key, fallback) => JSON.parse(sessionStorage.getItem(key) ?? "null") ?? fallback;
const save = (key, value) => sessionStorage.setItem(key, JSON.stringify(value));

const { query: firstQuery, variables: firstVariables } = EXAMPLES[0];
const tabs = new Tabs({ query: firstQuery, variables: firstVariables }, showTab);
const reference = new SchemaReference({
  execute: (document) => send({ query: document }).then(({ body }) => body),
  openOperation: (text, values) => tabs.add({ query: text, variables: values }),
  loaded: () => (query.checkSoon(), variables.checkSoon()),
});
const query = new CodeEditor("query", "Operation", tabs.current.query, {
  run,
  changed: keepTab,
  complete: (text, cursor) => (reference.schema ? documentCompletions(text, cursor, reference.schema) : { options: [] }),
  check: (text) => documentProblems(text, reference.schema),
});
const variables = new CodeEditor("variables", "Variables", tabs.current.variables, {
  run,
  changed: keepTab,
  language: "json",
  complete: (text, cursor) =>
    reference.schema ? variableCompletions(text, cursor, query.value, reference.schema, isChosen) : { options: [] },
  check: (text) => variableProblems(text, query.value, reference.schema, isChosen),
});
const headers = new CodeEditor("headers", "Extra headers", load(HEADERS, ""), {
  run,
  changed: () => save(HEADERS, headers.value),
  language: "json",
});
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
const result = new ResultPane();
const picker = h("select", { "aria-label": "Examples and history", change: pick });
let stop;

document.body.append(
  h("header.top", null, brand(), h("h1", null, "API explorer"), picker, tokenForm()),
  h("main.panes", { id: "main" }, reference.element, operationPane(), result.element),
);
drawPicker();
reference.load();
if (linked) tabs.add(linked);

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
    { id: "operation", "aria-labelledby": "query-label" },
    tabs.element,
    h(
      "div.between",
      null,
      h("h2", { id: "query-label" }, "Operation"),
      h("button.quiet.small", { click: formatAll, title: "Ctrl+Shift+F" }, "Format"),
      copyButton("Link", shareLink, () => shownLink()),
      runButton,
    ),
    query.element,
    h("p.faint.keys", null, h("kbd", null, "Ctrl"), " ", h("kbd", null, "Space"), " suggests. ", h("kbd", null, "Esc"), ", then Tab leaves the editor."),
    drawer("Variables", variables, tabs.current.variables),
    drawer("Headers", headers, load(HEADERS, "")),
  );
}

document.addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey) || !event.shiftKey || event.key.toLowerCase() !== "f") return;
  event.preventDefault();
  formatAll();
});

/** Formats both texts where they can be parsed; what is wrong in them is shown anyway. */
function formatAll() {
  if (parse(query.value).isWhole) query.rewrite(format(query.value));
  const { value, isWhole } = parse(variables.value, { isJson: true });
  if (isWhole && value) variables.rewrite(JSON.stringify(JSON.parse(variables.value), null, 2));
  query.focus();
}

/** The address that opens this operation, to whoever it is given: without the token and the headers. */
function shareLink() {
  const content = new URLSearchParams({ query: query.value, variables: variables.value });
  return `${location.origin}${BASE}/graphql#${content}`;
}

/** Without https a text is copied from an element that shows it: here from the address bar's stand-in. */
function shownLink() {
  const field = h("input.visually-hidden", { value: shareLink(), "aria-label": "Link", readonly: true });
  document.body.append(field);
  setTimeout(() => field.remove());
  return field;
}

/** The operation in the fragment of the address, which no server sees. */
function takeLinkedOperation() {
  const content = new URLSearchParams(location.hash.slice(1));
  if (!content.get("query")) return undefined;
  history.replaceState(null, "", location.pathname + location.search);
  return { query: content.get("query"), variables: content.get("variables") ?? "" };
}

function changeToken() {
  session.start(token.value);
  reference.load();
}

function keepTab() {
  tabs.update({ query: query.value, variables: variables.value });
  variables.checkSoon();
}

function showTab({ query: text, variables: values }) {
  stop?.();
  query.value = text;
  variables.value = values;
  variables.element.closest("details").open = Boolean(values);
  query.focus();
}

/** The operation at the cursor, where the document has several. */
function operationAtCursor() {
  const operations = parse(query.value).definitions.filter(({ kind }) => kind !== "fragment");
  return operations.findLast(({ start }) => start <= query.cursor) ?? operations[0];
}

const isChosen = ({ start }) => start === operationAtCursor()?.start;

async function run() {
  if (stop) return stop();
  const operation = operationAtCursor();
  let request;
  let sentHeaders;
  try {
    request = { query: query.value, variables: parseJson(variables, "variables"), operationName: operation?.name?.text };
    sentHeaders = requestHeaders();
  } catch (problem) {
    return result.show(problem.message, "Not sent");
  }
  addToHistory();
  if (operation?.kind === "subscription") subscribe(request, sentHeaders.get("Authorization"));
  else await execute(request, sentHeaders);
}

async function execute(request, sentHeaders) {
  runButton.disabled = true;
  result.setStatus("Running…");
  const started = performance.now();
  try {
    const response = await send(request, sentHeaders);
    const milliseconds = Math.round(performance.now() - started);
    const kilobytes = (new Blob([response.text]).size / 1024).toFixed(1);
    result.show(response.body, `${response.status} · ${milliseconds} ms · ${kilobytes} KB`);
    markErrors(request.query, response.body);
  } catch (failure) {
    result.show(failure.message, "No response");
  }
  runButton.disabled = false;
}

/** Shows in their lines the errors that name a place, unless the operation has been changed meanwhile. */
function markErrors(sent, { errors }) {
  const places = (errors ?? []).flatMap(({ message, locations }) => (locations ?? []).map((each) => ({ message, ...each })));
  if (!places.length || sent !== query.value) return;
  const start = (place) => offsetOf(sent, place);
  const length = (place) => sent.slice(start(place)).match(/^\w+/)?.[0].length ?? 1;
  query.showProblems(places.map((place) => ({ message: place.message, start: start(place), end: start(place) + length(place) })));
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
  const drawState = () => result.setStreamState(STATES[client.state]);
  const add = (event) => (result.addEvent(event), drawState());
  stop = (reason = "Stopped") => {
    client.close();
    stop = undefined;
    fill(runButton, "Run");
    result.setStreamState(reason);
  };
  fill(runButton, "Stop");
  result.startEvents();
  client.addEventListener("state", drawState);
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
  drawState();
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
    optionGroup("History", load(HISTORY, []), ({ query: text }) => operationTitle(text)),
  );
}

function optionGroup(label, operations, title) {
  if (!operations.length) return null;
  const options = operations.map((operation, place) => h("option", { value: `${label}:${place}` }, title(operation)));
  return h("optgroup", { label }, options);
}

function pick() {
  const [label, place] = picker.value.split(":");
  if (!place) return;
  const operation = (label === "Examples" ? EXAMPLES : load(HISTORY, []))[place];
  picker.value = "";
  tabs.add({ query: operation.query, variables: operation.variables });
}
