/** The tabs of the explorer: an operation and its variables in each, kept until one signs out. */

import { fill, h, icon } from "/console/element.js";
import { EXPLORER_TABS as KEY } from "/console/session.js";

const LONGEST_TITLE = 28;

/** A title for an operation: its kind and name, or how it begins. */
export function operationTitle(text, longest = 60) {
  const title = text.match(/\b(?:query|mutation|subscription)\s+\w+/)?.[0] ?? text.replace(/#.*/g, "").replace(/\s+/g, " ").trim();
  return title.length > longest ? `${title.slice(0, longest - 1)}…` : title || "Empty";
}

/** `opened(tab)` is called with the tab that is opened; the `first` one is there where none were kept. */
export class Tabs {
  #tabs;
  #current;
  #opened;
  #list = h("div.tabs", { role: "tablist", "aria-label": "Operations", keydown: (event) => this.#handleKey(event) });
  element = h(
    "div.tab-bar",
    null,
    this.#list,
    h("button.bare", { click: () => this.add({ query: "", variables: "" }), title: "New tab", "aria-label": "New tab" }, icon("plus")),
    h("button.bare", { click: () => this.#close(), title: "Close tab", "aria-label": "Close tab" }, icon("cross")),
  );

  constructor(first, opened) {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? "null");
    this.#tabs = kept?.tabs.length ? kept.tabs : [first];
    this.#current = Math.min(kept?.current ?? 0, this.#tabs.length - 1);
    this.#opened = opened;
    this.#draw();
  }

  get current() {
    return this.#tabs[this.#current];
  }

  /** Takes what was typed into the current tab. */
  update(content) {
    const title = operationTitle(this.current.query);
    Object.assign(this.current, content, { isChanged: true });
    if (operationTitle(this.current.query) === title) this.#keep();
    else this.#draw();
  }

  /** Opens that content: the tab that has it already, else the current one while nobody has changed it, else another. */
  add(content) {
    const same = this.#tabs.findIndex(({ query, variables }) => query === content.query && variables === content.variables);
    if (same >= 0) return this.#open(same);
    const isReplaced = !this.current.isChanged || !this.current.query.trim();
    const place = isReplaced ? this.#current : this.#tabs.length;
    this.#tabs[place] = { ...content };
    this.#open(place);
  }

  #open(place) {
    this.#current = place;
    this.#draw();
    this.#opened(this.current);
  }

  #close() {
    this.#tabs.splice(this.#current, 1);
    if (!this.#tabs.length) this.#tabs.push({ query: "", variables: "" });
    this.#open(Math.min(this.#current, this.#tabs.length - 1));
  }

  #keep() {
    localStorage.setItem(KEY, JSON.stringify({ tabs: this.#tabs, current: this.#current }));
  }

  #draw() {
    this.#keep();
    const tab = ({ query }, place) =>
      h(
        "button.tab",
        {
          role: "tab",
          "aria-selected": String(place === this.#current),
          "aria-controls": "operation",
          tabindex: place === this.#current ? "0" : "-1",
          click: () => this.#open(place),
        },
        operationTitle(query, LONGEST_TITLE),
      );
    fill(this.#list, this.#tabs.map(tab));
    this.#list.children[this.#current].scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  #handleKey(event) {
    const last = this.#tabs.length - 1;
    const target = {
      ArrowRight: this.#current === last ? 0 : this.#current + 1,
      ArrowLeft: this.#current === 0 ? last : this.#current - 1,
      Home: 0,
      End: last,
    }[event.key];
    if (target !== undefined) this.#open(target);
    else if (event.key === "Delete") this.#close();
    else return;
    event.preventDefault();
    this.#list.children[this.#current].focus();
  }
}
