/** The explorer's schema reference: search, types, fields, arguments, and an example operation for each root field. */

import { fill, h, icon } from "/console/element.js";
import { exampleOperation } from "/console/explorer-operations.js";
import { INTROSPECTION, Schema } from "/console/explorer-schema.js";

const MOST_HITS = 60;

/**
 * `execute(query)` returns a result; `openOperation(query, variables)` opens an operation; `loaded()` is called once
 * `schema` is there.
 */
export class SchemaReference {
  schema;
  #history = [];
  #execute;
  #openOperation;
  #loaded;
  #search = h("input", {
    type: "search",
    "aria-label": "Search the schema",
    placeholder: "Search types and fields",
    input: () => this.#draw(),
  });
  #body = h("div.docs-body", { tabindex: "0", role: "region", "aria-label": "Schema" });
  element = h(
    "aside.docs",
    { "aria-label": "Documentation" },
    h("label.find", null, icon("search"), this.#search),
    this.#body,
  );

  constructor({ execute, openOperation, loaded }) {
    this.#execute = execute;
    this.#openOperation = openOperation;
    this.#loaded = loaded;
  }

  async load() {
    fill(this.#body, h("p.faint", null, "Loading the schema…"));
    try {
      const { data, errors } = await this.#execute(INTROSPECTION);
      if (!data) throw new Error(errors?.[0].message ?? "the response has no schema");
      this.schema = new Schema(data.__schema);
      this.#draw();
      this.#loaded();
    } catch (failure) {
      fill(
        this.#body,
        h("p.note", null, "The schema can't be loaded: ", failure.message),
        h("button.quiet.small", { click: () => this.load() }, "Try again"),
      );
    }
  }

  #draw() {
    if (!this.schema) return;
    const text = this.#search.value.trim().toLowerCase();
    const name = this.#history.at(-1);
    this.#body.scrollTop = 0;
    if (text) fill(this.#body, this.#searchResults(text));
    else fill(this.#body, name ? this.#typePage(this.schema.types.get(name)) : this.#overview());
  }

  #open(name) {
    this.#history.push(name);
    this.#search.value = "";
    this.#draw();
    this.#body.querySelector("h2").focus();
  }

  #goBack() {
    this.#history.pop();
    this.#draw();
  }

  #overview() {
    const rootNames = this.schema.roots.map(([, { name }]) => name);
    const names = [...this.schema.types.keys()].filter((name) => !name.startsWith("__") && !rootNames.includes(name));
    return [
      this.schema.roots.map(([kind, { name }]) => [h("h2", null, name), this.#fieldList(this.schema.types.get(name).fields, kind)]),
      h("h2", null, "Types"),
      this.#typeList(names.sort((one, other) => one.localeCompare(other))),
    ];
  }

  #typePage({ kind, name, description, fields, inputFields, enumValues, interfaces, possibleTypes }) {
    const rootKind = this.schema.roots.find(([, type]) => type.name === name)?.[0];
    const back = this.#history.at(-2) ?? "Schema";
    return [
      h("button.quiet.small", { click: () => this.#goBack() }, icon("back"), back),
      h("h2", { tabindex: "-1" }, name, " ", h("span.chip.plain", null, kind.replace("_", " ").toLowerCase())),
      description && h("p.prose", null, withCode(description)),
      interfaces?.length > 0 &&
        h(
          "p",
          null,
          "Implements ",
          interfaces.map((type) => [this.#typeLink(type.name), " "]),
        ),
      titled("One of", possibleTypes, (types) => this.#typeList(types.map((type) => type.name))),
      titled("Fields", fields, (list) => this.#fieldList(list, rootKind)),
      titled("Fields", inputFields, (list) => listOf(list, (field) => this.#argument(field))),
      titled("Values", enumValues, (list) => listOf(list, enumValue)),
    ];
  }

  #typeList(names) {
    return h(
      "ul.types",
      null,
      names.map((name) => h("li", null, this.#typeLink(name))),
    );
  }

  #fieldList(fields, rootKind) {
    return listOf(fields, (field) => this.#field(field, rootKind));
  }

  #field(field, rootKind) {
    return [
      h(
        "div.signature",
        null,
        h("code", null, field.name, ": ", this.#type(field.type)),
        rootKind && this.#useButton(field, rootKind),
      ),
      field.description && h("p.faint", null, withCode(field.description)),
      deprecation(field),
      field.args.length > 0 &&
        h(
          "ul.args",
          { "aria-label": `Arguments of ${field.name}` },
          field.args.map((arg) => h("li", null, this.#argument(arg))),
        ),
    ];
  }

  #useButton(field, rootKind) {
    const use = () => {
      const { query, variables } = exampleOperation(this.schema.types, rootKind, field);
      this.#openOperation(query, variables);
    };
    return h("button.quiet.tiny", { click: use }, "Use", h("span.visually-hidden", null, ` ${field.name}`));
  }

  #argument({ name, description, defaultValue, type }) {
    return [
      h("code", null, name, ": ", this.#type(type), defaultValue !== null && ` = ${defaultValue}`),
      description && h("p.faint", null, withCode(description)),
    ];
  }

  #type(type) {
    if (type.kind === "NON_NULL") return [this.#type(type.ofType), "!"];
    if (type.kind === "LIST") return ["[", this.#type(type.ofType), "]"];
    return this.#typeLink(type.name);
  }

  #typeLink(name, label = name) {
    return h("button.link", { click: () => this.#open(name) }, label);
  }

  #searchResults(text) {
    const hits = [...this.schema.types.values()].flatMap((type) => matches(type, text));
    hits.sort((one, other) => one.rank - other.rank);
    if (!hits.length) return h("p.faint", null, "No type or field has such a name.");
    return [
      h("h2", { tabindex: "-1" }, hits.length === 1 ? "1 result" : `${hits.length} results`),
      listOf(hits.slice(0, MOST_HITS), ({ type, label }) => this.#typeLink(type, label)),
    ];
  }
}

/** The type and those of its members whose names contain the text; exact matches have the lower rank. */
function matches({ name: type, fields, inputFields, enumValues }, text) {
  if (type.startsWith("__")) return [];
  const members = [fields, inputFields, enumValues].flatMap((list) => list ?? []);
  const rank = (name, ifExact) => (name.toLowerCase() === text ? ifExact : ifExact + 1);
  return [
    { name: type, label: type, rank: rank(type, 0) },
    ...members.map(({ name }) => ({ name, label: `${type}.${name}`, rank: rank(name, 1) })),
  ]
    .filter(({ name }) => name.toLowerCase().includes(text))
    .map(({ label, rank }) => ({ type, label, rank }));
}

const titled = (title, list, content) => list?.length > 0 && [h("h3", null, title), content(list)];

const listOf = (list, content) =>
  h(
    "ul.fields",
    null,
    list.map((entry) => h("li", null, content(entry))),
  );

const enumValue = (value) => [
  h("code", null, value.name),
  value.description && h("p.faint", null, withCode(value.description)),
  deprecation(value),
];

const deprecation = ({ isDeprecated, deprecationReason }) =>
  isDeprecated && h("p.note", null, "Deprecated", deprecationReason && [": ", withCode(deprecationReason)]);

/** A description with the parts between backticks as code. */
const withCode = (text) => text.split("`").map((part, place) => (place % 2 ? h("code", null, part) : part));
