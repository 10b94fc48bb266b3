#!/usr/bin/env bash
# Relay's runtime throws the errors of an answer away whenever there is data: a refused field is null and nobody is
# told.
#
# Packages: graphql@16.15.0, relay-runtime@21.0.1, relay-compiler@21.0.1 (Node 20)
# Date: 2026-11-30
# One would guess: fetchQuery fails, or at least gives the errors beside the data, as other clients do.
# What happens: With `data` present the errors are dropped before the caller: the promise resolves with null for the
#   field. Only an answer without data is thrown. @throwOnFieldError in the document, or code in the network layer,
#   brings them back.
# Why the guess is a good one: GraphQL specification, section 7, Errors: it has an entry for each error that was
#   raised while a field was executed; if a field is null because of an error, the client is meant to tell it from a
#   null value by that entry.
# What it means for a GraphQL service: For a Relay frontend FORBIDDEN on a nullable field looks like 'there is
#   none'. Put refusals that people should see into the data (payload errors), and tell Relay's users of
#   @throwOnFieldError and @catch.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --save-exact \
  graphql@16.15.0 relay-runtime@21.0.1 relay-compiler@21.0.1 >/dev/null

cat >schema.graphql <<'EOF'
type Query { candidate(id: ID!): Candidate }
type Candidate { id: ID! answers: String }
EOF

mkdir -p src
cat >src/queries.js <<'EOF'
import { graphql } from "relay-runtime";
graphql`query queriesPlainQuery { candidate(id: "1") { id answers } }`;
graphql`query queriesStrictQuery @throwOnFieldError { candidate(id: "1") { id answers } }`;
EOF

cat >relay.config.json <<'EOF'
{ "src": "./src", "schema": "./schema.graphql", "language": "javascript", "eagerEsModules": false }
EOF

cat >probe.mjs <<'EOF'
import { createRequire } from "node:module";
import relay from "relay-runtime";

const { Environment, fetchQuery, Network, RecordSource, Store } = relay;
const errors = [{ message: "Not yours to read", path: ["candidate", "answers"], extensions: { code: "FORBIDDEN" } }];

async function run(how, name, data) {
  const query = createRequire(import.meta.url)(`./src/__generated__/${name}.graphql.js`);
  const network = Network.create(async () => structuredClone({ data, errors }));
  const environment = new Environment({ store: new Store(new RecordSource()), network });
  const outcome = await fetchQuery(environment, query, {}).toPromise().then(
    (result) => `resolved with ${JSON.stringify(result)}`,
    (error) => `failed: ${error.message.split("\n")[0].slice(0, 60)}`,
  );
  console.log(`${how}: ${outcome}`);
}

const candidate = { id: "1", answers: null };
await run("data and errors", "queriesPlainQuery", { candidate });
await run("no data, only errors", "queriesPlainQuery", null);
await run("data and errors, @throwOnFieldError", "queriesStrictQuery", { candidate });
EOF

cat >expected <<'EOF'
data and errors: resolved with {"candidate":{"id":"1","answers":null}}
no data, only errors: failed: No data returned for operation `queriesPlainQuery`, got erro
data and errors, @throwOnFieldError: failed: Relay: Unexpected response payload - check server logs for d
EOF

timeout 60 node node_modules/relay-compiler/cli.js >compiler.log 2>&1 || { cat compiler.log; exit 1; }
timeout 300 node probe.mjs >seen 2>errors || { cat seen errors; echo "CHANGED: the probe itself failed"; exit 1; }
cat seen
diff expected seen || { echo "CHANGED: Relay hands out field errors differently from what was recorded"; exit 1; }
echo "As recorded: the field error is gone."
