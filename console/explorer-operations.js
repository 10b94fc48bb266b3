/** Writes an example operation for a root field of the schema. */

import { isRequired, namedType, typeText } from "/console/explorer-schema.js";

const MOST_DEPTH = 4;

/**
 * Returns the text and the variables, both as text, of an operation for a field of the type `query`, `mutation` or
 * `subscription`. `types` are the types of the schema by name. Required arguments and `id` become variables.
 */
export function exampleOperation(types, kind, { name, args, type }) {
  const needed = args.filter((arg) => isRequired(arg) || arg.name === "id");
  const declared = needed.map((arg) => `$${arg.name}: ${typeText(arg.type)}`).join(", ");
  const passed = needed.map((arg) => `${arg.name}: $${arg.name}`).join(", ");
  const title = name[0].toUpperCase() + name.slice(1);
  const field = `${name}${passed && `(${passed})`}${selection(types, types.get(namedType(type)), "  ")}`;
  const variables = Object.fromEntries(needed.map((arg) => [arg.name, sampleValue(types, arg.type)]));
  return {
    query: `${kind} ${title}${declared && `(${declared})`} {\n  ${field}\n}\n`,
    variables: needed.length ? JSON.stringify(variables, null, 2) : "",
  };
}

/** The selection set of a type: its leaf fields, and those of the objects directly below and of connections' nodes. */
function selection(types, type, indent, path = []) {
  if (type.kind === "UNION" || type.kind === "INTERFACE")
    return ` { ${["__typename", ...type.possibleTypes.filter((each) => hasId(types, each)).map(idOf)].join(" ")} }`;
  if (!type.fields || path.includes(type.name)) return "";
  const lines = type.fields.flatMap((field) => {
    const fieldType = types.get(namedType(field.type));
    if (!fieldType.fields && fieldType.kind !== "UNION") return field.isDeprecated ? [] : [field.name];
    if (!isExpanded(field, path)) return [];
    const nested = selection(types, fieldType, `${indent}  `, [...path, type.name]);
    return nested ? [`${field.name}${nested}`] : [];
  });
  return lines.length ? ` {\n${lines.map((line) => `${indent}  ${line}`).join("\n")}\n${indent}}` : "";
}

const hasId = (types, { name }) => types.get(name).fields.some((field) => field.name === "id");
const idOf = ({ name }) => `... on ${name} { id }`;

const isExpanded = ({ name, args }, path) =>
  (path.length < 1 || ["edges", "node"].includes(name)) && path.length < MOST_DEPTH && !args.some(isRequired);

function sampleValue(types, type, depth = 0) {
  if (type.kind === "NON_NULL") return sampleValue(types, type.ofType, depth);
  if (type.kind === "LIST") return [];
  const { inputFields, enumValues } = types.get(type.name);
  if (enumValues) return enumValues[0].name;
  if (inputFields && depth < 2)
    return Object.fromEntries(
      inputFields
        .filter((field) => isRequired(field) || field.name === "id")
        .map((field) => [field.name, sampleValue(types, field.type, depth + 1)]),
    );
  return { Int: 1, Boolean: true, Float: 1 }[type.name] ?? "";
}
