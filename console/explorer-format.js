/** Formats GraphQL documents: two spaces a level, a selection a line, comments kept where they are. */

import { tokensOf } from "/console/explorer-parser.js";

const WIDTH = 80;

/** Returns the document formatted. Only what is between its tokens changes. */
export function format(text) {
  const tokens = tokensOf(text).filter(({ value }) => value !== "," && value !== "");
  return `${new Formatter(text, tokens).run()}\n`;
}

class Formatter {
  #lines = [];
  #line = "";
  #depth = 0;
  #place = 0;

  constructor(text, tokens) {
    this.text = text;
    this.tokens = tokens;
  }

  run() {
    while (this.#place < this.tokens.length) this.#step();
    this.#breakLine();
    return this.#lines.join("\n");
  }

  #step() {
    const token = this.tokens[this.#place];
    if (token.kind === "comment") return this.#comment(token);
    if (token.value === "(") return this.#arguments();
    if (token.value === "{") this.#open();
    else if (token.value === "}") this.#close();
    else this.#selection(token);
    this.#place += 1;
  }

  #open() {
    this.#line += this.#line ? " {" : "{";
    this.#breakLine();
    this.#depth += 1;
  }

  #close() {
    this.#breakLine();
    this.#depth -= 1;
    this.#line = "}";
    this.#breakLine();
    if (this.#depth === 0 && this.#place + 1 < this.tokens.length) this.#lines.push("");
  }

  /** A comment stays in its line, or has one of its own. */
  #comment(token) {
    const isAlone = /(^|\n)[ \t]*$/.test(this.text.slice(0, token.start));
    const last = this.#lines.findLastIndex(Boolean);
    if (!isAlone && !this.#line && last >= 0) this.#lines[last] += ` ${token.value}`;
    else {
      if (isAlone) this.#breakLine();
      this.#line += (this.#line ? " " : "") + token.value;
      this.#breakLine();
    }
    this.#place += 1;
  }

  /** In a selection set a name that nothing leads on to begins the next selection. */
  #selection(token) {
    const before = this.tokens[this.#place - 1]?.value;
    const isContinued = this.#depth === 0 || [":", "@", "...", "on"].includes(before) || [":", "@"].includes(token.value);
    if (!isContinued) this.#breakLine();
    this.#line += gap(before, token.value, this.#line) + token.value;
  }

  /** Arguments stay in one line where they fit; otherwise each of them has its own. */
  #arguments() {
    const end = closing(this.tokens, this.#place);
    const inside = this.tokens.slice(this.#place + 1, end);
    const flat = `(${flattened(inside)})`;
    const isLong = this.#depth * 2 + this.#line.length + flat.length > WIDTH;
    if (isLong || inside.some(({ kind }) => kind === "comment")) this.#inLines(inside);
    else this.#line += flat;
    this.#place = end + 1;
  }

  #inLines(inside) {
    this.#line += "(";
    this.#breakLine();
    this.#depth += 1;
    for (const part of parts(inside)) {
      this.#line = part[0].kind === "comment" ? part[0].value : flattened(part);
      this.#breakLine();
    }
    this.#depth -= 1;
    this.#line = ")";
  }

  #breakLine() {
    if (this.#line) this.#lines.push("  ".repeat(this.#depth) + this.#line);
    this.#line = "";
  }
}

function closing(tokens, from) {
  let depth = 0;
  for (let place = from; place < tokens.length; place += 1) {
    if ("([{".includes(tokens[place].value)) depth += 1;
    if (")]}".includes(tokens[place].value)) depth -= 1;
    if (depth === 0) return place;
  }
  return tokens.length;
}

/** The arguments or variables in a list of tokens, each with its own tokens; a comment is a part by itself. */
function parts(tokens) {
  const all = [];
  let depth = 0;
  tokens.forEach((token, place) => {
    const isStart = token.value === "$" ? tokens[place - 1]?.value !== ":" && tokens[place - 1]?.value !== "=" : tokens[place + 1]?.value === ":";
    const isOfVariable = tokens[place - 1]?.value === "$";
    if (token.kind === "comment" || !all.length || all.at(-1)[0].kind === "comment" || (depth === 0 && isStart && !isOfVariable))
      all.push([token]);
    else all.at(-1).push(token);
    if ("([{".includes(token.value)) depth += 1;
    if (")]}".includes(token.value)) depth -= 1;
  });
  return all;
}

/** Tokens in one line. A comma goes between the parts of arguments, lists and objects. */
function flattened(tokens) {
  let line = "";
  tokens.forEach((token, place) => {
    const before = tokens[place - 1];
    line += isNext(before, token, tokens[place + 1]) ? ", " : gap(before?.value, token.value, line);
    line += token.value;
  });
  return line;
}

/** Whether a token begins the next element: after a value comes what is neither a mark that leads on nor a closing one. */
function isNext(before, token) {
  const endsValue = before && (before.kind !== "mark" || "]})!".includes(before.value));
  return Boolean(endsValue) && (token.kind !== "mark" || "$[{".includes(token.value));
}

function gap(before, value, line) {
  if (!line || before === undefined || "([$@".includes(before) || "):]!".includes(value)) return "";
  if (before === "...") return value === "on" || value === "@" ? " " : "";
  if (before === "{" || value === "}") return before === "{" && value === "}" ? "" : " ";
  return value === "(" ? "" : " ";
}
