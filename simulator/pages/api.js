/** The ATS through this server, which adds the key; each operation is shown beside the page with its response. */

import { fill, h } from "./element.js";

const MOST_SHOWN = 12;

/** An operation that the ATS refused as a whole. */
export class Refused extends Error {}

/** Posts JSON to this server. Returns the parsed response. */
export async function post(path, body) {
  const response = await fetch(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  return response.json();
}

/** Runs an operation and shows it. Returns its data. Throws Refused with the messages of its errors. */
export async function ask(title, query, variables = {}) {
  const response = await post("/graphql", { query, variables });
  show(title, query, variables, response);
  if (response.errors) throw new Refused(response.errors.map((error) => error.message).join(" "));
  return response.data;
}

/** Shows the newest exchange first; the last mutation is open, what was only asked is closed. */
function show(title, query, variables, response) {
  const aside = document.getElementById("exchanges");
  if (!aside.querySelector("h2"))
    fill(aside, h("h2", null, "GraphQL"), h("p.hint", null, "What was sent to the ATS, and what came back. Newest first."));
  const isMutation = query.trim().startsWith("mutation");
  if (isMutation) for (const older of aside.querySelectorAll("details[open]")) older.open = false;
  const part = (name, text) => [h("h3", null, name), h("pre", { tabindex: "0" }, text)];
  const exchange = h(
    "details",
    { open: isMutation },
    h("summary", null, title),
    part("Operation", unindented(query)),
    part("Variables", JSON.stringify(variables, null, 2)),
    part("Response", JSON.stringify(response, null, 2)),
  );
  aside.querySelector(".hint").after(exchange);
  for (const old of [...aside.querySelectorAll("details")].slice(MOST_SHOWN)) old.remove();
}

/** The text without the indentation that all of its lines but the first share. */
function unindented(text) {
  const lines = text.trim().split("\n");
  const depth = Math.min(...lines.slice(1).map((line) => line.search(/\S|$/)), Infinity);
  return lines.map((line, place) => (place ? line.slice(Math.min(depth, line.length)) : line)).join("\n");
}
