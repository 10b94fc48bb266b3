// Callboard's schema as a subgraph beside another one, composed for Apollo Federation: the errors, and what the supergraph has.
//
//   node compose.mjs SCHEMA
import { readFileSync } from "node:fs";
import { composeServices } from "@apollo/composition";
import { parse } from "graphql";

const rooms = parse(`
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])
  type Room @key(fields: "id") { id: ID! name: String! }
  type Query { rooms: [Room!]! }
`);
const { errors = [], hints = [], supergraphSdl = "" } = composeServices([
  { name: "callboard", url: "http://callboard/graphql", typeDefs: parse(readFileSync(process.argv[2], "utf8")) },
  { name: "rooms", url: "http://rooms/graphql", typeDefs: rooms },
]);
const types = parse(supergraphSdl).definitions.map(({ name }) => name?.value).filter(Boolean);
console.log(JSON.stringify({ errors: errors.map(({ message }) => message), hints: hints.map(({ message }) => message), types }));
