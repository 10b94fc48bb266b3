#!/usr/bin/env bash
# Graphcache and Relay store list items without an id by their place in the list: after a reorder they show one
# person's name with another's answer.
#
# Packages: @urql/core@6.0.3, @urql/exchange-graphcache@9.0.2, graphql@16.15.0, relay-runtime@21.0.1, relay-
#   compiler@21.0.1, wonka@6.3.6 (Node 20)
# Date: 2026-11-30
# One would guess: A newer answer about a list replaces the list: a reader who asks for more fields than it had gets
#   a miss, or the older list; never items put together from two people.
# What happens: The items become records keyed by parent, field and index. A query with few fields that brings the
#   list in a new order overwrites just those fields; the query with more fields is then answered from the cache, in
#   full and without an error: Bob with Ann's DECLINED.
# Why the guess is a good one: GraphQL specification, sections 3.11 and 7: a list in an answer is one ordered value.
#   Graphcache's documentation tells to give types without an id the key null ('embedded'); Relay's specification
#   asks for ids only where objects are fetched again.
# What it means for a GraphQL service: Every list of objects without id (seats, answers, errors) can be shown
#   wrongly by two of the three big caches as soon as two queries select different fields of it. Give such items an
#   id.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --save-exact \
  @urql/core@6.0.3 @urql/exchange-graphcache@9.0.2 graphql@16.15.0 relay-runtime@21.0.1 \
  relay-compiler@21.0.1 wonka@6.3.6 >/dev/null

cat >schema.graphql <<'EOF'
type Query { panel(id: ID!): Panel }
type Panel { id: ID! seats: [Seat!]! }
type Seat { user: User! response: String! }
type User { id: ID! name: String! }
EOF

mkdir -p src
cat >src/queries.js <<'EOF'
import { graphql } from "relay-runtime";
graphql`query queriesFullQuery { panel(id: "p") { id seats { user { id name } response } } }`;
graphql`query queriesSlimQuery { panel(id: "p") { id seats { user { id name } } } }`;
EOF

cat >relay.config.json <<'EOF'
{ "src": "./src", "schema": "./schema.graphql", "language": "javascript", "eagerEsModules": false }
EOF

cat >probe.mjs <<'EOF'
import { createRequire } from "node:module";
import { Client, gql } from "@urql/core";
import { cacheExchange } from "@urql/exchange-graphcache";
import { map, pipe } from "wonka";
import relay from "relay-runtime";

const ann = { __typename: "Seat", user: { __typename: "User", id: "u1", name: "Ann" }, response: "DECLINED" };
const bob = { __typename: "Seat", user: { __typename: "User", id: "u2", name: "Bob" }, response: "ACCEPTED" };
let order = [ann, bob];
const panel = (full) => ({
  __typename: "Panel",
  id: "p",
  seats: order.map((seat) => (full ? seat : { __typename: seat.__typename, user: seat.user })),
});
const show = (data) => data?.panel.seats.map((seat) => `${seat.user.name} ${seat.response ?? ""}`.trim()).join(", ");

console.log("true: Ann DECLINED, Bob ACCEPTED");

const full = gql`query Full { panel(id: "p") { id seats { user { id name } response } } }`;
const slim = gql`query Slim { panel(id: "p") { id seats { user { id name } } } }`;
const answer = () => (operations) => pipe(operations, map((operation) => ({
  operation, data: { panel: panel(operation.query.definitions[0].name.value === "Full") }, stale: false, hasNext: false,
})));
const client = new Client({
  url: "http://127.0.0.1/", exchanges: [cacheExchange({ keys: { Seat: () => null } }), answer],
});
console.log("Graphcache, all fields:       ", show((await client.query(full, {}).toPromise()).data));
order = [bob, ann];
await client.query(slim, {}, { requestPolicy: "network-only" }).toPromise();
const cached = await client.query(full, {}, { requestPolicy: "cache-only" }).toPromise();
console.log("Graphcache, after new order:  ", show(cached.data));

order = [ann, bob];
const { createOperationDescriptor, Environment, fetchQuery, Network, RecordSource, Store } = relay;
const compiled = (name) => createRequire(import.meta.url)(`./src/__generated__/${name}.graphql.js`);
const [fullQuery, slimQuery] = ["queriesFullQuery", "queriesSlimQuery"].map(compiled);
const environment = new Environment({
  store: new Store(new RecordSource()),
  network: Network.create(async ({ name }) => ({ data: { panel: panel(name === "queriesFullQuery") } })),
});
const full_ = createOperationDescriptor(fullQuery, {});
environment.retain(full_);
console.log("Relay, all fields:            ", show(await fetchQuery(environment, fullQuery, {}).toPromise()));
order = [bob, ann];
await fetchQuery(environment, slimQuery, {}).toPromise();
console.log("Relay, after new order:       ", show(environment.lookup(full_.fragment).data),
  `(the store says: ${environment.check(full_).status})`);
EOF

cat >expected <<'EOF'
true: Ann DECLINED, Bob ACCEPTED
Graphcache, all fields:        Ann DECLINED, Bob ACCEPTED
Graphcache, after new order:   Bob DECLINED, Ann ACCEPTED
Relay, all fields:             Ann DECLINED, Bob ACCEPTED
Relay, after new order:        Bob DECLINED, Ann ACCEPTED (the store says: available)
EOF

timeout 60 node node_modules/relay-compiler/cli.js >compiler.log 2>&1 || { cat compiler.log; exit 1; }
timeout 300 node probe.mjs >seen 2>errors || { cat seen errors; echo "CHANGED: the probe itself failed"; exit 1; }
cat seen
diff expected seen || { echo "CHANGED: the caches keep items without an id differently from what was recorded"; exit 1; }
echo "As recorded: both caches answer in full with people mixed."
