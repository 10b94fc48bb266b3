/** The schema to read: search, types, fields, arguments, and an operation written from any root field. */

import { fill, h, icon } from "/console/element.js";

const TYPE = "kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } }";
const VALUE = `name description defaultValue type { ${TYPE} }`;
const INTROSPECTION = `
  query IntrospectionQuery {
    __schema {
      queryType { name } mutationType { name } subscriptionType { name }
      types {
        kind name description
        fields(includeDeprecated: true) { name description isDeprecated deprecationReason args { ${VALUE} } type { ${TYPE} } }
        inputFields { ${VALUE} }
        enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason }
        interfaces { name }
        possibleTypes { name }
      }
    }
  }`;

const MOST_HITS = 60;

/** `ask(document)` answers an operation; `use(text, variables)` puts one into the editor. */
export function docs({ ask, use }) {
  let types = new Map();
  let roots = [];
  let trail = [];
  const search = h("input", {
    type: "search",
    "aria-label": "Search the schema",
    placeholder: "Search types and fields",
    input: draw,
  });
  const body = h("div.docs-body", { tabindex: "0", role: "region", "aria-label": "Schema" });
  const element = h(
    "aside.docs",
    { "aria-label": "Documentation" },
    h("label.find", null, icon("search"), search),
    body,
  );
  return { element, load };

  async function load() {
    fill(body, h("p.faint", null, "Reading the schema…"));
    try {
      const answer = await ask(INTROSPECTION);
      if (!answer.data) throw new Error(answer.errors?.[0].message ?? "no schema came back");
      const { __schema: schema } = answer.data;
      types = new Map(schema.types.map((type) => [type.name, type]));
      roots = [
        ["query", schema.queryType],
        ["mutation", schema.mutationType],
        ["subscription", schema.subscriptionType],
      ].filter(([, type]) => type);
      draw();
    } catch (failure) {
      fill(
        body,
        h("p.note", null, "The schema can't be read: ", failure.message),
        h("button.quiet.small", { click: load }, "Try again"),
      );
    }
  }

  function draw() {
    const words = search.value.trim().toLowerCase();
    body.scrollTop = 0;
    if (words) return fill(body, hits(words));
    const name = trail.at(-1);
    fill(body, name ? typePage(types.get(name)) : overview());
  }

  function open(name) {
    trail.push(name);
    search.value = "";
    draw();
    body.querySelector("h2").focus();
  }

  function overview() {
    const listed = [...types.values()].filter(
      ({ name }) => !name.startsWith("__") && !roots.some(([, root]) => root.name === name),
    );
    return [
      roots.map(([kind, { name }]) => [
        h("h2", null, name),
        h(
          "ul.fields",
          null,
          types.get(name).fields.map((field) => fieldEntry(field, kind)),
        ),
      ]),
      h("h2", null, "Types"),
      h(
        "ul.types",
        null,
        listed
          .sort((one, other) => one.name.localeCompare(other.name))
          .map(({ name }) => h("li", null, typeLink({ name }))),
      ),
    ];
  }

  function typePage({ kind, name, description, fields, inputFields, enumValues, interfaces, possibleTypes }) {
    const root = roots.find(([, type]) => type.name === name)?.[0];
    return [
      h("button.quiet.small", { click: () => (trail.pop(), draw()) }, icon("back"), trail.at(-2) ?? "Schema"),
      h("h2", { tabindex: "-1" }, name, " ", h("span.chip.plain", null, kind.replace("_", " ").toLowerCase())),
      description && h("p.prose", null, coded(description)),
      interfaces?.length > 0 &&
        h(
          "p",
          null,
          "Implements ",
          interfaces.map((type) => [typeLink(type), " "]),
        ),
      possibleTypes?.length > 0 && [
        h("h3", null, "One of"),
        h(
          "ul.types",
          null,
          possibleTypes.map((type) => h("li", null, typeLink(type))),
        ),
      ],
      fields?.length > 0 && [
        h("h3", null, "Fields"),
        h(
          "ul.fields",
          null,
          fields.map((field) => fieldEntry(field, root)),
        ),
      ],
      inputFields?.length > 0 && [
        h("h3", null, "Fields"),
        h(
          "ul.fields",
          null,
          inputFields.map((field) => h("li", null, argument(field))),
        ),
      ],
      enumValues?.length > 0 && [
        h("h3", null, "Values"),
        h(
          "ul.fields",
          null,
          enumValues.map((value) =>
            h(
              "li",
              null,
              h("code", null, value.name),
              value.description && h("p.faint", null, coded(value.description)),
              deprecation(value),
            ),
          ),
        ),
      ],
    ];
  }

  function fieldEntry(field, root) {
    return h(
      "li",
      null,
      h(
        "div.signature",
        null,
        h("code", null, field.name, ": ", typeWords(field.type)),
        root &&
          h(
            "button.quiet.tiny",
            { click: () => use(...operation(root, field)) },
            "Use",
            h("span.hushed", null, ` ${field.name}`),
          ),
      ),
      field.description && h("p.faint", null, coded(field.description)),
      deprecation(field),
      field.args.length > 0 &&
        h(
          "ul.args",
          { "aria-label": `Arguments of ${field.name}` },
          field.args.map((arg) => h("li", null, argument(arg))),
        ),
    );
  }

  function argument({ name, description, defaultValue, type }) {
    return [
      h("code", null, name, ": ", typeWords(type), defaultValue !== null && ` = ${defaultValue}`),
      description && h("p.faint", null, coded(description)),
    ];
  }

  function deprecation({ isDeprecated, deprecationReason }) {
    return isDeprecated && h("p.note", null, "Deprecated", deprecationReason && [": ", coded(deprecationReason)]);
  }

  function typeLink({ name }) {
    return h("button.link", { click: () => open(name) }, name);
  }

  function typeWords(type) {
    if (type.kind === "NON_NULL") return [typeWords(type.ofType), "!"];
    if (type.kind === "LIST") return ["[", typeWords(type.ofType), "]"];
    return typeLink(type);
  }

  function hits(words) {
    const found = [];
    for (const type of types.values()) {
      if (type.name.startsWith("__")) continue;
      if (type.name.toLowerCase().includes(words)) found.push([type.name.toLowerCase() === words ? 0 : 1, type.name]);
      for (const { name } of [...(type.fields ?? []), ...(type.inputFields ?? []), ...(type.enumValues ?? [])]) {
        if (name.toLowerCase().includes(words)) found.push([name.toLowerCase() === words ? 1 : 2, type.name, name]);
      }
    }
    found.sort(([one], [other]) => one - other);
    if (!found.length) return h("p.faint", null, "Nothing has such a name.");
    return [
      h("h2", { tabindex: "-1" }, found.length === 1 ? "1 hit" : `${found.length} hits`),
      h(
        "ul.fields",
        null,
        found
          .slice(0, MOST_HITS)
          .map(([, type, name]) =>
            h("li", null, h("button.link", { click: () => open(type) }, name ? `${type}.${name}` : type)),
          ),
      ),
    ];
  }

  /** An operation for a root field: variables for what must be given, and what can be read at a glance. */
  function operation(kind, { name, args, type }) {
    const needed = args.filter(
      (arg) => (arg.type.kind === "NON_NULL" && arg.defaultValue === null) || arg.name === "id",
    );
    const declared = needed.map((arg) => `$${arg.name}: ${plainType(arg.type)}`).join(", ");
    const given = needed.map((arg) => `${arg.name}: $${arg.name}`).join(", ");
    const title = name[0].toUpperCase() + name.slice(1);
    const text = `${kind} ${title}${declared && `(${declared})`} {\n  ${name}${given && `(${given})`}${selection(types.get(bare(type)), "  ")}\n}\n`;
    const values = Object.fromEntries(needed.map((arg) => [arg.name, sample(arg.type)]));
    return [text, needed.length ? JSON.stringify(values, null, 2) : ""];
  }

  function selection(type, indent, path = []) {
    if (type.kind === "UNION" || type.kind === "INTERFACE")
      return ` { __typename ${type.possibleTypes.map(({ name }) => `... on ${name} { id }`).join(" ")} }`;
    if (!type.fields || path.includes(type.name)) return "";
    const lines = type.fields.flatMap((field) => {
      const inside = types.get(bare(field.type));
      if (!inside.fields && inside.kind !== "UNION") return field.isDeprecated ? [] : [field.name];
      const isWorth = path.length < 1 || ["edges", "node"].includes(field.name);
      const deeper =
        isWorth &&
        path.length < 4 &&
        !field.args.some((arg) => arg.type.kind === "NON_NULL" && arg.defaultValue === null);
      const words = deeper ? selection(inside, `${indent}  `, [...path, type.name]) : "";
      return words ? [`${field.name}${words}`] : [];
    });
    return lines.length ? ` {\n${lines.map((line) => `${indent}  ${line}`).join("\n")}\n${indent}}` : "";
  }

  function sample(type, depth = 0) {
    if (type.kind === "NON_NULL") return sample(type.ofType, depth);
    if (type.kind === "LIST") return [];
    const { inputFields, enumValues } = types.get(type.name);
    if (enumValues) return enumValues[0].name;
    if (inputFields && depth < 2)
      return Object.fromEntries(
        inputFields
          .filter((field) => (field.type.kind === "NON_NULL" && field.defaultValue === null) || field.name === "id")
          .map((field) => [field.name, sample(field.type, depth + 1)]),
      );
    return { Int: 1, Boolean: true, Float: 1 }[type.name] ?? "";
  }
}

/** A description's words, with what stands between backticks as code. */
const coded = (words) => words.split("`").map((part, place) => (place % 2 ? h("code", null, part) : part));

const bare = (type) => (type.ofType ? bare(type.ofType) : type.name);

const plainType = (type) =>
  type.kind === "NON_NULL"
    ? `${plainType(type.ofType)}!`
    : type.kind === "LIST"
      ? `[${plainType(type.ofType)}]`
      : type.name;
