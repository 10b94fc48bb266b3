/** A code editor: a textarea over a copy of its text with the syntax highlighted and the problems in their lines. */

import { fill, h } from "/console/element.js";
import { ProblemList, markProblems } from "/console/explorer-problems.js";
import { SuggestionList } from "/console/explorer-suggestions.js";

const GRAPHQL_TOKENS =
  /(?<note>#[^\n]*)|(?<text>"""[\s\S]*?"""|"(?:\\.|[^"\\\n])*")|(?<word>\b(?:query|mutation|subscription|fragment|on|true|false|null)\b)|(?<value>\$\w+|-?\d+(?:\.\d+)?|\b[A-Z][A-Z_]+\b)|(?<key>\b\w+(?=\s*:))|(?<mark>@\w+|\.{3})/g;
const JSON_TOKENS =
  /(?<key>"(?:\\.|[^"\\])*"(?=\s*:))|(?<text>"(?:\\.|[^"\\])*")|(?<value>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|(?<word>\b(?:true|false|null)\b)/g;
const MOST_HIGHLIGHTED = 100_000;

const BRACKETS = { "{": "}", "(": ")", "[": "]" };
// In GraphQL a third quote begins a block of text.
const CLOSING = { graphql: BRACKETS, json: { ...BRACKETS, '"': '"' } };

/** Code as a `pre` with a span for each token, whose class is the token's kind. */
export function highlight(code, language) {
  const pre = h("pre.code");
  if (code.length > MOST_HIGHLIGHTED) return fill(pre, code);
  let end = 0;
  for (const match of code.matchAll(language === "json" ? JSON_TOKENS : GRAPHQL_TOKENS)) {
    const [kind] = Object.entries(match.groups).find(([, token]) => token !== undefined);
    pre.append(code.slice(end, match.index), h(`span.${kind}`, null, match[0]));
    end = match.index + match[0].length;
  }
  pre.append(code.slice(end), "\n");
  return pre;
}

const CHECK_AFTER = 300;
const BEGUN = { graphql: /(?:[$@]|\.{3}|\b[_A-Za-z]\w*)$/, json: /"\w*$/ };

/**
 * An editor for GraphQL or JSON. It calls `run()` on Ctrl-Enter and `changed()` on every change. `complete(text,
 * cursor)` returns what can stand at the cursor, and `check(text)` what is wrong. Tab indents; after Escape it moves
 * the focus, so that nobody is trapped in the editor (WCAG 2.1.2).
 */
export class CodeEditor {
  #area;
  #highlighted = h("pre.code");
  #language;
  #run;
  #complete;
  #check;
  #problems;
  #suggestions;
  #timer;
  #tabLeaves = false;

  constructor(id, label, text, { run, changed, complete, check = () => [], language = "graphql" }) {
    this.#language = language;
    this.#run = run;
    this.#complete = complete;
    this.#check = check;
    this.#area = h("textarea", {
      id,
      "aria-label": label,
      spellcheck: "false",
      autocapitalize: "off",
      autocomplete: "off",
      wrap: "off",
      value: text,
      keydown: (event) => this.#handleKey(event),
      input: () => (this.#highlight(), this.checkSoon(), this.#suggestWhatIsBegun(), changed()),
      scroll: () => (this.#scroll(), this.#suggestions.place()),
      pointerdown: () => this.#suggestions.close(),
      blur: () => this.#suggestions.close(),
    });
    this.#suggestions = new SuggestionList(this.#area, (start, inserted) => this.#replace(start, inserted));
    this.#problems = new ProblemList(id, this.#area);
    const box = h("div.editor", null, this.#highlighted, this.#area);
    this.element = h("div.editor-box", null, box, this.#suggestions.element, this.#problems.element);
    this.#highlight();
    this.checkSoon();
  }

  focus() {
    this.#area.focus();
  }

  get cursor() {
    return this.#area.selectionStart;
  }

  get value() {
    return this.#area.value;
  }

  set value(text) {
    this.#area.value = text;
    this.#area.setSelectionRange(0, 0);
    this.#highlight();
    this.checkSoon();
  }

  /** Says what is wrong once the hands rest: half a word is wrong in most places. */
  checkSoon() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.showProblems(this.#check(this.value)), CHECK_AFTER);
  }

  /** Shows these problems, until the text changes. */
  showProblems(problems) {
    clearTimeout(this.#timer);
    this.#highlight();
    markProblems(this.#highlighted, this.value, problems);
    this.#problems.show(problems);
  }

  /** Replaces the entire text, so that the browser can undo it. */
  rewrite(text) {
    if (text === this.value) return;
    this.focus();
    this.#area.select();
    this.#insert(text);
    this.#area.setSelectionRange(0, 0);
  }

  #suggestWhatIsBegun() {
    const { selectionStart, value } = this.#area;
    if (BEGUN[this.#language].test(value.slice(0, selectionStart))) this.#suggest();
    else this.#suggestions.close();
  }

  #suggest() {
    if (this.#complete) this.#suggestions.open(this.#complete(this.value, this.cursor), () => this.#highlighted);
  }

  #replace(start, inserted) {
    this.#area.setSelectionRange(start, this.cursor);
    const rest = this.value.slice(this.#area.selectionEnd);
    this.#insert(/^\s*:/.test(rest) ? inserted.replace(/: $/, "") : inserted);
    this.#suggestions.close();
  }

  #highlight() {
    const fresh = highlight(this.#area.value, this.#language);
    fresh.setAttribute("aria-hidden", "true");
    this.#highlighted.replaceWith(fresh);
    this.#highlighted = fresh;
    this.#scroll();
  }

  #scroll() {
    this.#highlighted.scrollTop = this.#area.scrollTop;
    this.#highlighted.scrollLeft = this.#area.scrollLeft;
  }

  #handleKey(event) {
    const { key } = event;
    const isRun = key === "Enter" && (event.ctrlKey || event.metaKey);
    const chosen = !isRun && this.#suggestions.actionFor(event);
    const action = isRun ? this.#run : chosen || this.#editAction(event);
    if (action) (event.preventDefault(), action());
    if (chosen) return;
    if (key === "Escape") this.#tabLeaves = true;
    else if (key !== "Shift") this.#tabLeaves = false;
  }

  /** What a key does instead of the browser's own action, if anything. */
  #editAction({ key, shiftKey, ctrlKey }) {
    if (key === " " && ctrlKey) return () => this.#suggest();
    if (key === "Tab" && !this.#tabLeaves) return () => this.#indent(shiftKey);
    if (key === "Enter") return () => this.#breakLine();
    const closing = CLOSING[this.#language][key];
    if (closing === key && this.#isBefore(key)) return () => this.#area.setSelectionRange(this.cursor + 1, this.cursor + 1);
    if (closing && this.#isBeforeGap()) return () => this.#insertPair(key + closing);
  }

  #insert(text) {
    // Not by setting the value, which would clear the browser's undo history.
    document.execCommand("insertText", false, text);
  }

  #lineStart(place) {
    return this.#area.value.lastIndexOf("\n", place - 1) + 1;
  }

  #indent(isOutwards) {
    const { selectionStart: from, selectionEnd: to, value } = this.#area;
    if (from === to && !isOutwards) return this.#insert("  ");
    const start = this.#lineStart(from);
    const lines = value.slice(start, to);
    const indented = isOutwards ? lines.replace(/^ {1,2}/gm, "") : lines.replace(/^/gm, "  ");
    this.#area.setSelectionRange(start, to);
    if (indented) this.#insert(indented);
    else document.execCommand("delete");
    this.#area.setSelectionRange(start, start + indented.length);
  }

  #breakLine() {
    const { selectionStart: from, value } = this.#area;
    const indent = value.slice(this.#lineStart(from), from).match(/^ */)[0];
    const isAfterOpening = /[{([]$/.test(value.slice(0, from).trimEnd());
    const isBeforeClosing = /^\s*[})\]]/.test(value.slice(from));
    this.#insert(`\n${indent}${isAfterOpening ? "  " : ""}`);
    if (!isAfterOpening || !isBeforeClosing) return;
    const place = this.#area.selectionStart;
    this.#insert(`\n${indent}`);
    this.#area.setSelectionRange(place, place);
  }

  #isBeforeGap() {
    const { selectionStart, selectionEnd, value } = this.#area;
    return selectionStart === selectionEnd && !/^\w/.test(value.slice(selectionStart));
  }

  #isBefore(mark) {
    return this.#area.selectionStart === this.#area.selectionEnd && this.value[this.cursor] === mark;
  }

  #insertPair(pair) {
    const place = this.#area.selectionStart + 1;
    this.#insert(pair);
    this.#area.setSelectionRange(place, place);
  }
}
