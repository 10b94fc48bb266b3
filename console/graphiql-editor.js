/** A text field that paints its code: the letters are a picture below, the cursor is a textarea above. */

import { fill, h } from "/console/element.js";

const GRAPHQL =
  /(?<note>#[^\n]*)|(?<text>"""[\s\S]*?"""|"(?:\\.|[^"\\\n])*")|(?<word>\b(?:query|mutation|subscription|fragment|on|true|false|null)\b)|(?<value>\$\w+|-?\d+(?:\.\d+)?|\b[A-Z][A-Z_]+\b)|(?<key>\b\w+(?=\s*:))|(?<mark>@\w+|\.{3})/g;
const JSON_ =
  /(?<key>"(?:\\.|[^"\\])*"(?=\s*:))|(?<text>"(?:\\.|[^"\\])*")|(?<value>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|(?<word>\b(?:true|false|null)\b)/g;
const TOO_LONG_TO_PAINT = 100_000;

/** Code as spans, one class for each kind of word. */
export function painted(code, language) {
  const pre = h("pre.code");
  if (code.length > TOO_LONG_TO_PAINT) return fill(pre, code);
  let end = 0;
  for (const match of code.matchAll(language === "json" ? JSON_ : GRAPHQL)) {
    const [kind] = Object.entries(match.groups).find(([, found]) => found !== undefined);
    pre.append(code.slice(end, match.index), h(`span.${kind}`, null, match[0]));
    end = match.index + match[0].length;
  }
  pre.append(code.slice(end), "\n");
  return pre;
}

/** `run()` on Ctrl-Enter, `changed()` on every change. Tab indents; after Escape it leaves: nobody is caught. */
export function codeField(id, label, initial, { run, changed, paint = "graphql" }) {
  const area = h("textarea", {
    id,
    "aria-label": label,
    spellcheck: "false",
    autocapitalize: "off",
    autocomplete: "off",
    wrap: "off",
    value: initial,
    keydown: key,
    input: edited,
    scroll: follow,
  });
  let picture = h("pre.code");
  let leaving = false;
  const element = h("div.editor", null, picture, area);
  paintAgain();
  return {
    element,
    focus: () => area.focus(),
    get cursor() {
      return area.selectionStart;
    },
    get value() {
      return area.value;
    },
    set value(text) {
      area.value = text;
      area.setSelectionRange(0, 0);
      paintAgain();
    },
  };

  function paintAgain() {
    const fresh = painted(area.value, paint);
    fresh.setAttribute("aria-hidden", "true");
    picture.replaceWith(fresh);
    picture = fresh;
    follow();
  }

  function edited() {
    paintAgain();
    changed();
  }

  function follow() {
    picture.scrollTop = area.scrollTop;
    picture.scrollLeft = area.scrollLeft;
  }

  function key(event) {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) (event.preventDefault(), run());
    else if (event.key === "Escape") leaving = true;
    else if (event.key === "Tab" && !leaving) (event.preventDefault(), indent(event.shiftKey));
    else if (event.key === "Enter") (event.preventDefault(), breakLine());
    else if (event.key === "{" || event.key === "(" || event.key === "[") pair(event);
    if (event.key !== "Escape" && event.key !== "Shift") leaving = false;
  }

  function type(text) {
    // Not by setting the value: the browser's undo goes on working.
    document.execCommand("insertText", false, text);
  }

  function lineStart(place) {
    return area.value.lastIndexOf("\n", place - 1) + 1;
  }

  function indent(isBack) {
    const { selectionStart: from, selectionEnd: to } = area;
    if (from === to && !isBack) return type("  ");
    const start = lineStart(from);
    const lines = area.value.slice(start, to);
    const moved = isBack ? lines.replace(/^ {1,2}/gm, "") : lines.replace(/^/gm, "  ");
    area.setSelectionRange(start, to);
    if (moved) type(moved);
    else document.execCommand("delete");
    area.setSelectionRange(start, start + moved.length);
  }

  function breakLine() {
    const { selectionStart: from } = area;
    const depth = area.value.slice(lineStart(from), from).match(/^ */)[0];
    const opens = /[{([]$/.test(area.value.slice(0, from).trimEnd());
    const closes = /^\s*[})\]]/.test(area.value.slice(from));
    type(`\n${depth}${opens ? "  " : ""}`);
    if (!opens || !closes) return;
    const here = area.selectionStart;
    type(`\n${depth}`);
    area.setSelectionRange(here, here);
  }

  function pair(event) {
    if (area.selectionStart !== area.selectionEnd || /^\w/.test(area.value.slice(area.selectionStart))) return;
    event.preventDefault();
    const here = area.selectionStart + 1;
    type(event.key + { "{": "}", "(": ")", "[": "]" }[event.key]);
    area.setSelectionRange(here, here);
  }
}
