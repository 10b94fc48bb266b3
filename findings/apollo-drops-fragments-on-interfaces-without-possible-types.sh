#!/usr/bin/env bash
# Apollo's cache silently drops what a fragment on an interface selected, unless possibleTypes was configured.
#
# Packages: @apollo/client@4.3.8, graphql@16.15.0, rxjs@7.8.2 (Node 20)
# Date: 2026-11-30
# One would guess: The server has matched `... on Node` already and has sent the fields, so client.query gives them
#   to the caller.
# What happens: Without possibleTypes the cache doesn't know that a User is a Node: the fields that came are not
#   read back, the result lacks them, and there is neither an error nor a warning. With fetchPolicy no-cache, or
#   with possibleTypes, they are there.
# Why the guess is a good one: GraphQL specification, sections 5.5.2.3 and 6.3.2: a fragment on an interface applies
#   to each type that implements it, and the response (section 7) has all that was selected.
# What it means for a GraphQL service: A service with Node and unions of implementing types should publish
#   possibleTypes beside its schema (it is a few lines), and choose example operations with fragments on the object
#   types.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --save-exact \
  @apollo/client@4.3.8 graphql@16.15.0 rxjs@7.8.2 >/dev/null

cat >probe.mjs <<'EOF'
import { ApolloClient, ApolloLink, gql, InMemoryCache, Observable } from "@apollo/client";

console.warn = console.error = (...words) => console.log("warning:", ...words);
const answer = { data: { viewer: { __typename: "User", id: "u1", name: "Ada" } } };
const link = new ApolloLink(() => new Observable((observer) => {
  observer.next(structuredClone(answer));
  observer.complete();
}));
const query = gql`query Viewer { viewer { __typename ... on Node { id } ... on Named { name } } }`;

async function ask(how, cache, fetchPolicy) {
  const { data, error } = await new ApolloClient({ cache, link }).query({ query, fetchPolicy });
  console.log(`${how}: ${JSON.stringify(data)} ${error ?? "no error"}`);
}

console.log("sent by the server:", JSON.stringify(answer.data));
await ask("as it comes", new InMemoryCache());
await ask("no-cache", new InMemoryCache(), "no-cache");
await ask("possibleTypes", new InMemoryCache({ possibleTypes: { Node: ["User"], Named: ["User"] } }));
EOF

cat >expected <<'EOF'
sent by the server: {"viewer":{"__typename":"User","id":"u1","name":"Ada"}}
as it comes: {"viewer":{"__typename":"User"}} no error
no-cache: {"viewer":{"__typename":"User","id":"u1","name":"Ada"}} no error
possibleTypes: {"viewer":{"__typename":"User","id":"u1","name":"Ada"}} no error
EOF

timeout 300 node probe.mjs >seen 2>errors || { cat seen errors; echo "CHANGED: the probe itself failed"; exit 1; }
cat seen
diff expected seen || { echo "CHANGED: Apollo matches fragments on interfaces differently from what was recorded"; exit 1; }
echo "As recorded: the fields of the fragment are missing, without a word."
