/** The schema that the explorer works with, as introspection returns it. */

const TYPE = "kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } }";
const VALUE = `name description defaultValue type { ${TYPE} }`;

export const INTROSPECTION = `
  query IntrospectionQuery {
    __schema {
      queryType { name } mutationType { name } subscriptionType { name }
      directives { name description locations args { ${VALUE} } }
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

/** The name of a type without its list and non-null wrappers. */
export const namedType = (type) => (type.ofType ? namedType(type.ofType) : type.name);

/** A type as documents write it: `[User!]!`. */
export const typeText = (type) => {
  if (type.kind === "NON_NULL") return `${typeText(type.ofType)}!`;
  return type.kind === "LIST" ? `[${typeText(type.ofType)}]` : type.name;
};

export const isRequired = ({ type, defaultValue }) => type.kind === "NON_NULL" && defaultValue === null;

/** A type without its outermost non-null wrapper. */
export const nullable = (type) => (type?.kind === "NON_NULL" ? type.ofType : type);

const COMPOSITE = ["OBJECT", "INTERFACE", "UNION"];
const STRING = { kind: "NON_NULL", ofType: { kind: "SCALAR", name: "String" } };
const TYPENAME = { name: "__typename", description: "The name of the object's type.", args: [], type: STRING };

export class Schema {
  /** `introspection` is the `__schema` of an answer. */
  constructor(introspection) {
    this.types = new Map(introspection.types.map((type) => [type.name, type]));
    this.directives = new Map(introspection.directives.map((directive) => [directive.name, directive]));
    this.roots = [
      ["query", introspection.queryType],
      ["mutation", introspection.mutationType],
      ["subscription", introspection.subscriptionType],
    ].filter(([, type]) => type);
  }

  /** The type of a name; undefined where there is none. */
  type(name) {
    return this.types.get(name);
  }

  root(kind) {
    return this.type(this.roots.find(([name]) => name === kind)?.[1].name);
  }

  /** The type that is inside the lists and non-null wrappers. */
  inner(type) {
    return type && this.type(namedType(type));
  }

  fieldsOf(type) {
    return COMPOSITE.includes(type?.kind) ? [...(type.fields ?? []), TYPENAME] : [];
  }

  field(type, name) {
    return this.fieldsOf(type).find((field) => field.name === name) ?? this.#introspectionField(type, name);
  }

  isComposite(type) {
    return COMPOSITE.includes(type?.kind);
  }

  isInput(type) {
    return Boolean(type) && !this.isComposite(type);
  }

  /** Whether an object can be of both types. */
  overlap(one, other) {
    const objects = ({ name, possibleTypes }) => possibleTypes?.map((type) => type.name) ?? [name];
    return objects(one).some((name) => objects(other).includes(name));
  }

  #introspectionField(type, name) {
    if (type?.name !== this.roots[0][1].name) return undefined;
    if (name === "__schema") return { name, args: [], type: { kind: "OBJECT", name: "__Schema" } };
    const argument = { name: "name", defaultValue: null, type: STRING };
    return name === "__type" ? { name, args: [argument], type: { kind: "OBJECT", name: "__Type" } } : undefined;
  }
}
