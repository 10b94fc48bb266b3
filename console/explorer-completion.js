/** What can stand at the cursor: fields, arguments, values, variables, types, fragments, directives and keywords. */

import { parse } from "/console/explorer-parser.js";
import { isRequired, nullable, typeText } from "/console/explorer-schema.js";

const KEYWORDS = ["query", "mutation", "subscription", "fragment"];
const MOST = 50;

/**
 * The completions of a document at the cursor: `start`, where what they replace begins, and `options`, each with the
 * `text` to insert, its `type`, `description` and `isDeprecated`. The best come first.
 */
export function documentCompletions(text, cursor, schema) {
  const isInName = /\w/.test(text[cursor - 1] ?? "");
  const { at } = parse(isInName ? text : `${text.slice(0, cursor)}_ ${text.slice(cursor)}`, { cursor });
  const options = at ? (ROLES[at.role]?.(new Place(schema, at.path, text)) ?? []) : [];
  return matching(options, text, at?.start ?? cursor, cursor);
}

/** The same for the variables of the operation that `isChosen` picks from the document `query`. */
export function variableCompletions(text, cursor, query, schema, isChosen = () => true) {
  const before = text.slice(0, cursor);
  const after = text.slice(cursor);
  const isInText = (before.split("\n").at(-1).match(/"/g)?.length ?? 0) % 2 === 1;
  const missing = isInText ? (after.split("\n")[0].includes('"') ? "" : '"') : '"" ';
  const { at } = parse(before + missing + after, { isJson: true, cursor: isInText ? cursor : cursor + 1 });
  const operation = parse(query).definitions.find((each) => each.kind !== "fragment" && isChosen(each));
  if (!at || !operation || !["key", "value"].includes(at.role)) return matching([], text, cursor, cursor);
  const place = new Place(schema, at.path.slice(1), query, operation);
  const start = isInText ? at.start + 1 : cursor;
  const quote = isInText ? (content) => content : JSON.stringify;
  const options = at.role === "key" ? place.keys() : place.values().filter(({ kind }) => kind === "enum");
  return matching(options.map((option) => ({ ...option, text: option.text.replace(/: $/, "") })), text, start, cursor, quote);
}

function matching(options, text, start, cursor, quote = (content) => content) {
  const begun = text.slice(start, cursor).toLowerCase();
  const rank = ({ text: name, isDeprecated }) => {
    const lower = name.toLowerCase();
    return (lower.startsWith(begun) ? 0 : 2) + (isDeprecated ? 1 : 0);
  };
  const found = options.filter(({ text: name }) => name.toLowerCase().includes(begun));
  found.sort((one, other) => rank(one) - rank(other));
  return { start, options: found.slice(0, MOST).map((option) => ({ ...option, text: quote(option.text) })) };
}

/** Where the cursor is: the nodes around it, from the outermost. */
class Place {
  constructor(schema, path, text, operation = path[0]) {
    Object.assign(this, { schema, path, text, operation });
  }

  get last() {
    return this.path.at(-1);
  }

  /** The type whose fields are selected here; `before` leaves out the innermost nodes. */
  parent(path = this.path) {
    let type = this.operation.on ? this.schema.type(this.operation.on.text) : this.schema.root(this.operation.kind);
    for (const node of path) {
      if (node.kind === "Inline" && node.on) type = this.schema.type(node.on.text);
      if (node.kind === "Field") type = this.schema.inner(this.schema.field(type, node.name.text)?.type);
    }
    return type;
  }

  /** The arguments of the field or directive that is the last node but what is inside its arguments. */
  arguments() {
    const owner = this.path.findLast(({ kind }) => kind === "Field" || kind === "Directive");
    if (owner?.kind === "Directive") return this.schema.directives.get(owner.name.text)?.args ?? [];
    const outside = this.path.slice(0, this.path.indexOf(owner));
    return this.schema.field(this.parent(outside), owner?.name.text)?.args ?? [];
  }

  /** The type of the value at the cursor: that of the argument, variable or key, and of what is inside of it. */
  input() {
    const first = this.path.findLastIndex(({ kind }) => kind === "Argument" || kind === "Variable definition");
    const declared = this.operation.variables ?? [];
    const known = first < 0 ? declared.map(({ name, type }) => ({ name: name.text, type })) : this.arguments();
    const outermost = this.path[first];
    if (outermost?.kind === "Variable definition") return outermost.type;
    let type = outermost && known.find(({ name }) => name === outermost.name.text)?.type;
    for (const { kind, name } of this.path.slice(first + 1)) {
      if (kind === "List") type = nullable(type)?.kind === "LIST" ? nullable(type).ofType : undefined;
      if (kind === "Object field") {
        const fields = type ? (this.schema.inner(type)?.inputFields ?? []) : known;
        type = fields.find((field) => field.name === name.text)?.type;
      }
    }
    return type;
  }

  /** The keys of the object at the cursor that it doesn't have yet; of the outermost of the variables, those declared. */
  keys() {
    const isOutermost = !this.path.length || (this.path.length === 1 && this.last.kind === "Object" && !this.input());
    if (isOutermost) return this.operation.variables.map(({ name, type }) => ({ text: name.text, type: typeText(type) }));
    const type = this.schema.inner(this.input());
    return (type?.inputFields ?? []).map(pairOption);
  }

  values() {
    const type = this.input();
    const inner = type && this.schema.inner(type);
    const enums = (inner?.enumValues ?? []).map((value) => ({ ...option(value), type: inner.name, kind: "enum" }));
    const simple = inner?.name === "Boolean" ? ["true", "false"] : [];
    const isFitting = (variable) => !inner || this.schema.inner(variable.type)?.name === inner.name;
    return [
      ...enums,
      ...simple.map((text) => ({ text, type: "Boolean" })),
      ...(this.operation.variables ?? []).filter(isFitting).map((each) => ({ text: `$${each.name.text}`, type: typeText(each.type) })),
    ];
  }
}

const option = ({ name, description, isDeprecated }) => ({ text: name, description, isDeprecated });

const pairOption = (input) => ({
  ...option(input),
  text: `${input.name}: `,
  type: typeText(input.type),
  isNeeded: isRequired(input),
});

const neededFirst = (options) => options.sort((one, other) => Number(other.isNeeded) - Number(one.isNeeded));

const ROLES = {
  keyword: () => KEYWORDS.map((text) => ({ text: `${text} `, type: "" })),
  field: (place) => {
    const path = place.last?.kind === "Field" && !place.last.selections ? place.path : place.path;
    return place.schema.fieldsOf(place.parent(path)).map((field) => ({ ...option(field), type: typeText(field.type) }));
  },
  argument: (place) => neededFirst(place.arguments().map(pairOption)),
  key: (place) => neededFirst(place.keys()),
  value: (place) => place.values(),
  variable: (place) => place.values().filter(({ text }) => text.startsWith("$")).map((each) => ({ ...each, text: each.text.slice(1) })),
  type: ({ schema }) => [...schema.types.values()].filter((type) => schema.isInput(type) && !type.name.startsWith("__")).map(option),
  condition: (place) => {
    const { schema } = place;
    const parent = place.path.length > 1 && place.parent();
    const isPossible = (type) => schema.isComposite(type) && !type.name.startsWith("__") && (!parent || schema.overlap(type, parent));
    return [...schema.types.values()].filter(isPossible).map(option);
  },
  fragment: ({ text }) => [
    { text: "on ", type: "" },
    ...[...text.matchAll(/\bfragment\s+(\w+)\s+on\s+(\w+)/g)].map(([, name, type]) => ({ text: name, type })),
  ],
  directive: ({ schema }) => [...schema.directives.values()].filter(({ locations }) => locations.includes("FIELD")).map(option),
};
