/** The list of what can stand at the cursor, below it. The focus stays in the editor. */

import { fill, h } from "/console/element.js";
import { rectangleAt } from "/console/explorer-problems.js";

const WIDTH = 360;

export class SuggestionList {
  #area;
  #choose;
  #options = [];
  #start = 0;
  #active = 0;
  #highlighted;
  #list;
  #description = h("p.faint");
  element;

  /** `choose(start, text)` replaces what is between `start` and the cursor. */
  constructor(area, choose) {
    this.#area = area;
    this.#choose = choose;
    this.#list = h("ul", { id: `${area.id}-suggestions`, role: "listbox", "aria-label": "Suggestions" });
    // With the pointer down elsewhere the editor would lose the focus before the click.
    const keepFocus = (event) => event.preventDefault();
    this.element = h("div.suggestions", { hidden: true, pointerdown: keepFocus, mousedown: keepFocus }, this.#list, this.#description);
    area.setAttribute("aria-autocomplete", "list");
  }

  /** Shows the options, unless the only one is what is there already. `highlighted()` is the copy of the editor's text. */
  open({ start, options }, highlighted) {
    const typed = this.#area.value.slice(start, this.#area.selectionStart);
    if (!options.length || (options.length === 1 && options[0].text.trim() === typed)) return this.close();
    this.#start = start;
    this.#options = options;
    fill(this.#list, options.map((option, place) => this.#row(option, place)));
    this.element.hidden = false;
    this.#area.setAttribute("aria-controls", this.#list.id);
    this.#highlighted = highlighted;
    this.#activate(0);
    this.place();
  }

  /** Puts the list below the cursor, or above it where the window ends; never beyond the editor's sides. */
  place() {
    if (this.element.hidden) return;
    const { left, top, bottom } = rectangleAt(this.#highlighted(), this.#start);
    const around = this.element.parentElement.getBoundingClientRect();
    const width = Math.min(WIDTH, around.width);
    this.element.style.width = `${width}px`;
    this.element.style.left = `${Math.max(0, Math.min(left - around.left, around.width - width))}px`;
    const height = this.element.offsetHeight;
    const isAbove = bottom + height > innerHeight && top > height;
    this.element.style.top = `${(isAbove ? top - height - 4 : bottom + 4) - around.top}px`;
  }

  close() {
    if (this.element.hidden) return;
    this.element.hidden = true;
    this.#area.removeAttribute("aria-activedescendant");
    this.#area.removeAttribute("aria-controls");
  }

  /** What a key does while the list is open; undefined where the list doesn't take it. */
  actionFor({ key }) {
    if (this.element.hidden) return undefined;
    const step = { ArrowDown: 1, ArrowUp: -1 }[key];
    if (step) return () => this.#activate((this.#active + step + this.#options.length) % this.#options.length);
    if (key === "Enter" || key === "Tab") return () => this.#choose(this.#start, this.#options[this.#active].text);
    return key === "Escape" ? () => this.close() : undefined;
  }

  #row({ text, type, isDeprecated }, place) {
    return h(
      `li${isDeprecated ? ".deprecated" : ""}`,
      {
        id: `${this.#list.id}-${place}`,
        role: "option",
        "aria-selected": "false",
        click: () => this.#choose(this.#start, text),
      },
      h("span", null, text.replace(/: $/, "")),
      type && h("small", null, type),
    );
  }

  #activate(place) {
    const rows = this.#list.children;
    rows[this.#active]?.setAttribute("aria-selected", "false");
    this.#active = place;
    rows[place].setAttribute("aria-selected", "true");
    rows[place].scrollIntoView({ block: "nearest" });
    this.#area.setAttribute("aria-activedescendant", rows[place].id);
    fill(this.#description, this.#options[place].description ?? "");
    this.#description.hidden = !this.#options[place].description;
  }
}
