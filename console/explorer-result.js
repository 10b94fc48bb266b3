/** The result of an operation, or what a subscription sends. */

import { copy } from "/console/clipboard.js";
import { fill, h, icon } from "/console/element.js";
import { highlight } from "/console/explorer-editor.js";

const MOST_SHOWN = 50;
const COPIED_MILLISECONDS = 2000;

/** Copies what `source` shows when it is clicked, and says for a moment whether it could. `text()` is what is copied. */
export function copyButton(title, text, source) {
  const button = h("button.quiet.small", { click: copyIt }, icon("copy"), title);
  async function copyIt() {
    const isCopied = await copy(text(), source());
    fill(button, icon(isCopied ? "check" : "cross"), isCopied ? "Copied" : "Not copied");
    setTimeout(() => fill(button, icon("copy"), title), COPIED_MILLISECONDS);
  }
  return button;
}

export class ResultPane {
  #status = h("p.faint", { role: "status" });
  #text = "";
  #events;
  #count = 0;
  #result = h(
    "div.result",
    { tabindex: "0", role: "group", "aria-label": "Response" },
    h("p.faint", null, "Press ", h("kbd", null, "Ctrl"), " ", h("kbd", null, "Enter"), " to run the operation."),
  );
  #copy = copyButton("Copy", () => this.#text, () => this.#result.querySelector("pre"));
  element = h(
    "section.pane",
    { "aria-labelledby": "result-label" },
    h("div.between", null, h("h2", { id: "result-label" }, "Result"), this.#status, this.#copy),
    this.#result,
  );

  constructor() {
    this.#copy.disabled = true;
  }

  setStatus(text) {
    fill(this.#status, text);
  }

  /** Shows a response: what was parsed, or its text. */
  show(body, summary) {
    this.#text = typeof body === "string" ? body : JSON.stringify(body, null, 2);
    this.setStatus(summary);
    fill(this.#result, highlight(this.#text, "json"));
    this.#result.scrollTop = 0;
    this.#copy.disabled = false;
  }

  /** Begins the list of what a subscription sends. */
  startEvents() {
    this.#count = 0;
    this.#events = h("ol.events");
    fill(this.#result, this.#events);
  }

  addEvent(event) {
    this.#count += 1;
    this.#text = JSON.stringify(event, null, 2);
    this.#events.prepend(h("li", null, h("time", null, new Date().toLocaleTimeString()), highlight(this.#text, "json")));
    if (this.#events.children.length > MOST_SHOWN) this.#events.lastChild.remove();
    this.#copy.disabled = false;
  }

  setStreamState(state) {
    this.setStatus(`${state} · ${this.#count} received`);
  }
}
