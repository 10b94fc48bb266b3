/**
 * Parses GraphQL documents (September 2025 edition, executable definitions) and JSON values. Every part of the result
 * has its place in the text as `start` and `end`; objects in JSON and in GraphQL become the same nodes.
 */

const BLANK = /[\s\uFEFF]+/y;
const TOKENS = {
  comment: /#[^\n\r]*/y,
  name: /[_A-Za-z]\w*/y,
  float: /-?\d+(?:\.\d+(?:[eE][+-]?\d+)?|[eE][+-]?\d+)/y,
  int: /-?\d+/y,
  block: /"""(?:\\"""|[^])*?"""/y,
  string: /"(?:\\.|[^"\\\n\r])*"/y,
  mark: /\.{3}|[!$&()[\]{}:=@|,]/y,
};

/** The tokens of a text, the last one `end`. Characters that begin no token are tokens of kind `other`. */
export function tokensOf(text) {
  const tokens = [];
  for (let place = 0; place < text.length; ) {
    BLANK.lastIndex = place;
    const blank = BLANK.exec(text)?.[0].length ?? 0;
    if (blank) place += blank;
    else tokens.push(tokenAt(text, place)) && (place = tokens.at(-1).end);
  }
  return [...tokens, { kind: "end", value: "", start: text.length, end: text.length }];
}

function tokenAt(text, start) {
  for (const [kind, pattern] of Object.entries(TOKENS)) {
    pattern.lastIndex = start;
    const value = pattern.exec(text)?.[0];
    if (value) return { kind, value, start, end: start + value.length };
  }
  return { kind: "other", value: text[start], start, end: start + 1 };
}

class SyntaxFault extends Error {
  constructor(message, { start, end }) {
    super(message);
    this.place = { start, end };
  }
}

/**
 * Parses a text. Returns its definitions (or, of JSON, its `value`) and its `problems`; where the text can't be parsed
 * to its end, `isWhole` is false. With a `cursor`, `at` is what the name there is: its role, its start, and the nodes
 * that it is inside of.
 */
export function parse(text, { isJson = false, cursor = -1 } = {}) {
  const parser = new Parser(text, isJson, cursor);
  const result = { definitions: [], value: undefined, problems: parser.problems, isWhole: true };
  try {
    if (isJson) result.value = parser.json();
    else while (!parser.isAtEnd) result.definitions.push(parser.definition(result.definitions));
  } catch (fault) {
    if (!(fault instanceof SyntaxFault)) throw fault;
    parser.problems.push({ message: fault.message, ...fault.place });
    result.isWhole = false;
  }
  return { ...result, at: parser.at };
}

class Parser {
  problems = [];
  at;
  #tokens;
  #place = 0;
  #path = [];
  #isJson;
  #cursor;

  constructor(text, isJson, cursor) {
    this.#isJson = isJson;
    this.#cursor = cursor;
    const isKept = ({ kind, value }) => kind !== "comment" && (isJson || value !== ",");
    this.#tokens = tokensOf(text).filter(isKept);
  }

  get isAtEnd() {
    return this.#token.kind === "end";
  }

  get #token() {
    return this.#tokens[this.#place];
  }

  #is(value) {
    return this.#token.value === value && ["mark", "name"].includes(this.#token.kind);
  }

  #skip(value) {
    return this.#is(value) && this.#tokens[this.#place++];
  }

  #fail(wanted, token = this.#token) {
    const found = token.kind === "end" ? "the end" : `“${token.value.split("\n")[0]}”`;
    throw new SyntaxFault(`Expected ${wanted}, found ${found}.`, token);
  }

  #expect(value) {
    return this.#skip(value) || this.#fail(`“${value}”`);
  }

  /** Takes a name, or a key of JSON, and notes what it is if the cursor is in it. */
  #name(role, wanted, kind = "name") {
    const token = this.#token;
    if (token.kind !== kind) this.#fail(wanted);
    this.#place += 1;
    this.#note(role, token);
    const text = kind === "string" ? token.value.slice(1, -1) : token.value;
    return { text, start: token.start, end: token.end };
  }

  #note(role, { start, end }) {
    if (start <= this.#cursor && this.#cursor <= end) this.at ??= { role, start, end, path: [...this.#path] };
  }

  #inside(node, work) {
    this.#path.push(node);
    const result = work(node);
    this.#path.pop();
    return result;
  }

  /** What stands between two marks. Nothing is noted as a problem, where there must be something. */
  #list(open, close, each, isOptional = false) {
    const { start } = this.#expect(open);
    const list = [];
    while (!this.#is(close)) {
      if (this.isAtEnd) this.#fail(`“${close}”`);
      list.push(each());
      if (this.#isJson && !this.#is(close)) this.#expect(",");
    }
    const { end } = this.#expect(close);
    if (this.#isJson && this.#tokens[this.#place - 2].value === ",") this.#fail("a value", this.#tokens[this.#place - 1]);
    if (!list.length && !isOptional) this.problems.push({ message: `Nothing is between “${open}” and “${close}”.`, start, end });
    return list;
  }

  definition(before) {
    const { start } = this.#token;
    const node = { kind: "query", start, variables: [], directives: [], before };
    return this.#inside(node, () => {
      if (!this.#is("{")) this.#head(node);
      node.selections = this.#selections();
      node.end = this.#tokens[this.#place - 1].end;
      return node;
    });
  }

  #head(node) {
    const keyword = this.#name("keyword", "query, mutation, subscription, fragment or “{”");
    node.kind = keyword.text;
    if (node.kind === "fragment") {
      node.name = this.#name("own name", "a name");
      this.#expect("on");
      node.on = this.#name("condition", "a type");
    } else if (["query", "mutation", "subscription"].includes(node.kind)) {
      if (this.#token.kind === "name") node.name = this.#name("own name", "a name");
      if (this.#is("(")) node.variables = this.#list("(", ")", () => this.#variable());
    } else this.#fail("query, mutation, subscription, fragment or “{”", this.#tokens[this.#place - 1]);
    node.directives = this.#directives();
  }

  #variable() {
    const { start } = this.#expect("$");
    return this.#inside({ kind: "Variable definition", start }, (node) => {
      node.name = this.#name("own name", "a variable's name");
      this.#expect(":");
      node.type = this.#type();
      if (this.#skip("=")) node.default = this.#value();
      this.#directives();
      node.end = this.#tokens[this.#place - 1].end;
      return node;
    });
  }

  #type() {
    let type;
    if (this.#skip("[")) {
      type = { kind: "LIST", ofType: this.#type() };
      this.#expect("]");
    } else {
      const name = this.#name("type", "a type");
      type = { kind: "NAMED", name: name.text, place: name };
    }
    return this.#skip("!") ? { kind: "NON_NULL", ofType: type } : type;
  }

  #selections() {
    return this.#list("{", "}", () => (this.#is("...") ? this.#spread() : this.#field()));
  }

  #field() {
    const node = { kind: "Field", arguments: [] };
    node.name = this.#name("field", "a field");
    if (this.#skip(":")) {
      node.alias = node.name;
      node.name = this.#name("field", "a field");
    }
    return this.#inside(node, () => {
      if (this.#is("(")) node.arguments = this.#arguments();
      node.directives = this.#directives();
      if (this.#is("{")) node.selections = this.#selections();
      return node;
    });
  }

  #spread() {
    const { start } = this.#expect("...");
    const node = { kind: "Inline", start };
    if (!this.#is("on") && this.#token.kind === "name") {
      node.kind = "Spread";
      node.name = this.#name("fragment", "a fragment");
      node.directives = this.#directives();
      return node;
    }
    const on = this.#skip("on");
    if (on) this.#note("fragment", on);
    if (on) node.on = this.#name("condition", "a type");
    return this.#inside(node, () => {
      node.directives = this.#directives();
      node.selections = this.#selections();
      return node;
    });
  }

  #directives() {
    const directives = [];
    while (this.#skip("@")) {
      const node = { kind: "Directive", name: this.#name("directive", "a directive"), arguments: [] };
      if (this.#is("(")) this.#inside(node, () => (node.arguments = this.#arguments()));
      directives.push(node);
    }
    return directives;
  }

  #arguments() {
    return this.#list("(", ")", () => this.#pair("Argument", this.#name("argument", "an argument")));
  }

  #pair(kind, name) {
    this.#expect(":");
    return this.#inside({ kind, name }, (node) => {
      node.value = this.#value();
      return node;
    });
  }

  #value() {
    const { kind, value, start, end } = this.#token;
    if (!this.#isJson && this.#skip("$")) return { ...this.#variableUse(start) };
    if (value === "[" || value === "{") return this.#compound(value, start);
    if (kind === "name") {
      this.#name("value", "a value");
      const simple = { true: "Boolean", false: "Boolean", null: "Null" }[value];
      if (this.#isJson && !simple) this.#fail("a value", this.#tokens[this.#place - 1]);
      return { kind: simple ?? "Enum", text: value, start, end };
    }
    const simple = { int: "Int", float: "Float", string: "String", block: this.#isJson ? undefined : "String" }[kind];
    if (!simple) this.#fail("a value");
    this.#note(this.#isJson ? "value" : "text", this.#token);
    this.#place += 1;
    return { kind: simple, text: kind === "string" ? value.slice(1, -1) : value, start, end };
  }

  #variableUse(start) {
    const name = this.#name("variable", "a variable's name");
    return { kind: "Variable", text: name.text, start, end: name.end };
  }

  #compound(open, start) {
    const kind = open === "[" ? "List" : "Object";
    return this.#inside({ kind, start }, (node) => {
      const pair = () => this.#pair("Object field", this.#name("key", "a field", this.#isJson ? "string" : "name"));
      if (kind === "List") node.values = this.#list("[", "]", () => this.#value(), true);
      else node.fields = this.#list("{", "}", pair, true);
      node.end = this.#tokens[this.#place - 1].end;
      return node;
    });
  }

  json() {
    if (this.isAtEnd) return undefined;
    if (!this.#is("{")) this.#fail("“{”");
    const value = this.#value();
    if (!this.isAtEnd) this.#fail("nothing more");
    return value;
  }
}
