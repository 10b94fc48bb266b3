/** The problems of a text: marked in their lines, and as a list that leads there. */

import { fill, h } from "/console/element.js";

const MOST_LISTED = 8;

const lineOf = (text, place) => text.slice(0, place).split("\n").length;

/** The offset of a place that the server names by line and column, both from 1. */
export function offsetOf(text, { line, column }) {
  const before = text.split("\n").slice(0, line - 1);
  return before.reduce((sum, each) => sum + each.length + 1, 0) + column - 1;
}

/** Underlines each problem in the highlighted copy of the text, and writes the first of a line at the line's end. */
export function markProblems(highlighted, text, problems) {
  const lines = new Map();
  for (const problem of problems) {
    const line = lineOf(text, problem.start);
    if (!lines.has(line)) lines.set(line, problem);
  }
  // From the end, so that what is inserted moves no place that is still to be found.
  for (const { start, end } of [...problems].sort((one, other) => other.start - one.start))
    underline(highlighted, start, Math.max(end, start + 1));
  for (const [line, { message }] of lines) {
    const end = offsetOf(text, { line: line + 1, column: 1 }) - 1;
    insertAt(highlighted, Math.min(end, text.length), h("span.lens", null, message));
  }
}

/** The text nodes of the copy, without what was written into it, each with where it begins. */
function textNodes(highlighted) {
  const walker = document.createTreeWalker(highlighted, NodeFilter.SHOW_TEXT);
  const nodes = [];
  for (let start = 0, node = walker.nextNode(); node; node = walker.nextNode()) {
    if (node.parentElement.closest(".lens")) continue;
    nodes.push({ node, start, end: start + node.length });
    start += node.length;
  }
  return nodes;
}

/** The rectangle of a place in the copy. */
export function rectangleAt(highlighted, place) {
  const { node, start } = textNodes(highlighted).find(({ end }) => place < end) ?? {};
  const range = document.createRange();
  if (node) range.setStart(node, place - start);
  else range.selectNodeContents(highlighted);
  return range.getBoundingClientRect();
}

function underline(highlighted, from, to) {
  for (const { node, start, end } of textNodes(highlighted)) {
    if (end <= from || start >= to) continue;
    const range = document.createRange();
    range.setStart(node, Math.max(0, from - start));
    range.setEnd(node, Math.min(node.length, to - start));
    range.surroundContents(h("span.wrong"));
  }
}

function insertAt(highlighted, place, element) {
  const { node, start, end } = textNodes(highlighted).find((each) => place <= each.end) ?? {};
  if (!node) return highlighted.append(element);
  const token = node.parentElement.closest("pre > span");
  if (token && place === end) return token.after(element);
  const range = document.createRange();
  range.setStart(node, place - start);
  range.insertNode(element);
}

/** The list below an editor. A problem that is chosen gets the cursor. */
export class ProblemList {
  element = h("ol.problems", { "aria-live": "polite" });
  #area;

  constructor(id, area) {
    this.#area = area;
    this.element.id = `${id}-problems`;
    area.setAttribute("aria-describedby", this.element.id);
  }

  show(problems) {
    this.#area.setAttribute("aria-invalid", String(problems.length > 0));
    const others = problems.length - MOST_LISTED;
    fill(
      this.element,
      problems.slice(0, MOST_LISTED).map((problem) => h("li", null, this.#button(problem))),
      others > 0 && h("li.faint", null, `and ${others} more`),
    );
  }

  #button({ message, start, end }) {
    const line = lineOf(this.#area.value, start);
    const choose = () => (this.#area.focus(), this.#area.setSelectionRange(start, end));
    return h("button.link", { click: choose }, h("b", null, `Line ${line}`), ` ${message}`);
  }
}
