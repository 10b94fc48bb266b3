/** What is wrong with an operation or with its variables, before it is sent: where, and what to do. */

import { parse } from "/console/explorer-parser.js";
import { isRequired, nullable, typeText } from "/console/explorer-schema.js";

/** The problems of a document, each with its `message`, `start` and `end`. Without a schema those of its syntax. */
export function documentProblems(text, schema) {
  const { definitions, problems, isWhole } = parse(text);
  if (!schema || !isWhole) return problems;
  return [...problems, ...new Validator(schema, definitions).run()].sort((one, other) => one.start - other.start);
}

/** The problems of the variables, as JSON, of the operation that `isChosen` picks from the document. */
export function variableProblems(text, query, schema, isChosen = () => true) {
  const { value, problems, isWhole } = parse(text, { isJson: true });
  const operation = parse(query).definitions.find((each) => each.kind !== "fragment" && isChosen(each));
  if (!schema || !isWhole || !operation) return problems;
  const validator = new Validator(schema, []);
  const fields = operation.variables
    .filter(({ type }) => schema.isInput(schema.inner(type)))
    .map((each) => ({ name: each.name.text, type: each.type, defaultValue: each.default ? "" : null }));
  const all = value ?? { kind: "Object", fields: [], start: 0, end: 0 };
  validator.object(all, fields, "The operation", true);
  return [...problems, ...validator.problems];
}

class Validator {
  problems = [];
  #uses = [];
  #spreads = [];

  constructor(schema, definitions) {
    this.schema = schema;
    this.fragments = new Map(definitions.filter(({ kind }) => kind === "fragment").map((each) => [each.name.text, each]));
    this.operations = definitions.filter(({ kind }) => kind !== "fragment");
  }

  run() {
    for (const definition of [...this.fragments.values(), ...this.operations]) this.#definition(definition);
    this.operations.forEach((operation) => this.#variables(operation));
    const used = new Set(this.operations.flatMap((operation) => [...this.#reached(operation)]));
    for (const fragment of this.fragments.values())
      if (!used.has(fragment)) this.#add(`The fragment ${fragment.name.text} is not used.`, fragment.name);
    if (this.operations.length > 1)
      for (const { name, start } of this.operations)
        if (!name) this.#add("Where there are several operations, each needs a name.", { start, end: start + 1 });
    return this.problems;
  }

  #add(message, { start, end }) {
    this.problems.push({ message, start, end });
  }

  #definition(definition) {
    this.#uses = definition.uses = [];
    this.#spreads = definition.spreads = [];
    for (const { type, default: value } of definition.variables) {
      const inner = this.schema.inner(type);
      if (!this.schema.isInput(inner)) this.#add(`${typeText(type)} is no type of inputs.`, placeOf(type));
      else if (value) this.#value(value, type);
    }
    this.#directives(definition.directives);
    const type = definition.on ? this.#condition(definition.on) : this.schema.root(definition.kind);
    if (type) this.#selections(definition.selections, type);
    else if (!definition.on) this.#add(`The schema has no ${definition.kind}.`, { ...definition, end: definition.start + 1 });
  }

  #condition(name, parent) {
    const type = this.schema.type(name.text);
    if (!this.schema.isComposite(type)) return void this.#add(`${name.text} is no type that has fields.`, name);
    if (parent && !this.schema.overlap(type, parent)) this.#add(`${parent.name} is never a ${name.text}.`, name);
    return type;
  }

  #selections(selections, parent) {
    for (const selection of selections) {
      this.#directives(selection.directives);
      if (selection.kind === "Field") this.#field(selection, parent);
      else if (selection.kind === "Spread") this.#spread(selection, parent);
      else {
        const type = selection.on ? this.#condition(selection.on, parent) : parent;
        if (type) this.#selections(selection.selections, type);
      }
    }
  }

  #spread({ name }, parent) {
    const fragment = this.fragments.get(name.text);
    if (!fragment) return this.#add(`There is no fragment ${name.text}.`, name);
    this.#spreads.push(fragment);
    const type = this.schema.type(fragment.on.text);
    if (this.schema.isComposite(type) && !this.schema.overlap(type, parent))
      this.#add(`${parent.name} is never a ${type.name}.`, name);
  }

  #field({ name, arguments: given, selections }, parent) {
    const field = this.schema.field(parent, name.text);
    if (!field) return this.#add(`${parent.name} has no field ${name.text}.${closest(name.text, this.schema.fieldsOf(parent))}`, name);
    this.#arguments(given, field.args, name);
    const type = this.schema.inner(field.type);
    if (!this.schema.isComposite(type)) {
      if (selections) this.#add(`${name.text} is of type ${typeText(field.type)}, which has no fields.`, name);
    } else if (selections) this.#selections(selections, type);
    else this.#add(`${name.text} is of type ${typeText(field.type)}: say which of its fields, in braces.`, name);
  }

  #directives(directives) {
    for (const { name, arguments: given } of directives) {
      const directive = this.schema.directives.get(name.text);
      if (directive) this.#arguments(given, directive.args, name);
      else this.#add(`There is no directive @${name.text}.`, name);
    }
  }

  #arguments(given, known, place) {
    for (const { name, value } of given) {
      const argument = known.find((each) => each.name === name.text);
      if (argument) this.#value(value, argument.type, argument.defaultValue !== null);
      else this.#add(`${place.text} has no argument ${name.text}.${closest(name.text, known)}`, name);
    }
    for (const argument of known)
      if (isRequired(argument) && !given.some(({ name }) => name.text === argument.name))
        this.#add(`${place.text} needs the argument ${argument.name}: ${typeText(argument.type)}.`, place);
  }

  #value(value, type, hasDefault = false, isJson = false) {
    if (value.kind === "Variable") return void this.#uses.push({ ...value, type, hasDefault });
    if (value.kind === "Null") {
      if (type.kind === "NON_NULL") this.#add(`null is not possible: the type is ${typeText(type)}.`, value);
      return;
    }
    const inner = nullable(type);
    if (inner.kind === "LIST") {
      const values = value.kind === "List" ? value.values : [value];
      return values.forEach((each) => this.#value(each, inner.ofType, false, isJson));
    }
    this.#single(value, this.schema.inner(inner), isJson);
  }

  #single(value, type, isJson) {
    if (type.kind === "INPUT_OBJECT") {
      if (value.kind === "Object") this.object(value, type.inputFields, type.name, isJson);
      else this.#add(`Expected an object, of type ${type.name}.`, value);
    } else if (type.kind === "ENUM") {
      const isName = value.kind === (isJson ? "String" : "Enum");
      if (!isName || !type.enumValues.some(({ name }) => name === value.text))
        this.#add(`Expected a value of ${type.name}.${closest(value.text, type.enumValues)}`, value);
    } else if (SCALARS[type.name] && !SCALARS[type.name].includes(value.kind))
      this.#add(`Expected a value of type ${type.name}.`, value);
  }

  /** Checks an object of an input type, or the variables of an operation. */
  object(value, known, title, isJson) {
    for (const { name, value: content } of value.fields) {
      const field = known.find((each) => each.name === name.text);
      if (field) this.#value(content, field.type, field.defaultValue !== null, isJson);
      else this.#add(`${title} has no ${name.text}.${closest(name.text, known)}`, name);
    }
    const missing = known.filter((field) => isRequired(field) && !value.fields.some(({ name }) => name.text === field.name));
    for (const { name, type } of missing) this.#add(`${title} needs ${name}: ${typeText(type)}.`, { start: value.start, end: value.start + 1 });
  }

  /** An operation and the fragments that it spreads, directly or through others. */
  #reached(operation, reached = new Set()) {
    if (!reached.has(operation)) (reached.add(operation), operation.spreads.forEach((each) => this.#reached(each, reached)));
    return reached;
  }

  #variables(operation) {
    const uses = [...this.#reached(operation)].flatMap((definition) => definition.uses);
    for (const use of uses) {
      const variable = operation.variables.find(({ name }) => name.text === use.text);
      if (!variable) this.#add(`$${use.text} is not declared: add $${use.text}: ${typeText(use.type)} to the operation.`, use);
      else if (this.schema.isInput(this.schema.inner(variable.type)) && !fits(variable, use))
        this.#add(`$${use.text} is ${typeText(variable.type)}, here ${typeText(use.type)} is needed.`, use);
    }
    for (const { name } of operation.variables)
      if (!uses.some(({ text }) => text === name.text)) this.#add(`$${name.text} is not used.`, name);
  }
}

/** The kinds of values that the scalars of the specification take. */
const SCALARS = {
  Int: ["Int"],
  Float: ["Int", "Float"],
  String: ["String"],
  Boolean: ["Boolean"],
  ID: ["String", "Int"],
};

const placeOf = (type) => (type.ofType ? placeOf(type.ofType) : type.place);

/** Whether a variable of that type can stand where it is used (GraphQL, section 5.8.5). */
function fits(variable, { type, hasDefault }) {
  const hasValue = hasDefault || (variable.default && variable.default.kind !== "Null");
  if (type.kind === "NON_NULL" && variable.type.kind !== "NON_NULL") return hasValue && isSubtype(variable.type, type.ofType);
  return isSubtype(variable.type, type);
}

function isSubtype(one, other) {
  if (other.kind === "NON_NULL") return one.kind === "NON_NULL" && isSubtype(one.ofType, other.ofType);
  if (one.kind === "NON_NULL") return isSubtype(one.ofType, other);
  if (one.kind === "LIST" || other.kind === "LIST") return one.kind === other.kind && isSubtype(one.ofType, other.ofType);
  return one.name === other.name;
}

/** “ Did you mean …?” where a known name is like the text. */
function closest(text = "", known) {
  const least = Math.max(1, Math.floor(text.length / 3));
  const [best] = known
    .map(({ name }) => ({ name, distance: distance(text.toLowerCase(), name.toLowerCase()) }))
    .sort((one, other) => one.distance - other.distance);
  return best && best.distance <= least ? ` Did you mean ${best.name}?` : "";
}

/** How many letters have to be added, taken away or replaced to make the one text of the other (Levenshtein). */
function distance(one, other) {
  let before = Array.from({ length: other.length + 1 }, (_, place) => place);
  [...one].forEach((letter, row) => {
    const line = [row + 1];
    for (let place = 1; place <= other.length; place += 1)
      line.push(Math.min(before[place] + 1, line[place - 1] + 1, before[place - 1] + (letter === other[place - 1] ? 0 : 1)));
    before = line;
  });
  return before[other.length];
}
