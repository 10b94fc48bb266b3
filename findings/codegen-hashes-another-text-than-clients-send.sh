#!/usr/bin/env bash
# graphql-codegen's persisted-document hash is neither plain hex nor the hash of the query that the client sends: as
# an automatic persisted query it is refused.
#
# Packages: @graphql-codegen/cli@7.4.3, @graphql-codegen/client-preset@6.2.0, @apollo/client@4.3.8, graphql@16.15.0,
#   rxjs@7.8.2 (Node 20)
# Date: 2026-11-30
# One would guess: `__meta__.hash` of a generated document is the SHA-256 of the document, so Apollo's
#   PersistedQueryLink can send it (generateHash) instead of hashing in the browser.
# What happens: The value has a prefix, `sha256:`, and is the hash of the document in one line with its fields
#   sorted by name, while the client prints the same document in its own order over several lines and, with Apollo's
#   cache, with __typename. The server that registers a query checks the hash and refuses.
# Why the guess is a good one: Apollo's APQ protocol: sha256Hash is the SHA-256 of the query string that comes with
#   it; PersistedQueryLink's generateHash exists for hashes made at build time, and codegen's persisted documents
#   are hashes made at build time.
# What it means for a GraphQL service: The two go together only with a list of documents that is deployed to the
#   server. A service with automatic persisted queries alone should say so, and say in its refusal that the hash is
#   not that of the query.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --save-exact \
  @graphql-codegen/cli@7.4.3 @graphql-codegen/client-preset@6.2.0 @apollo/client@4.3.8 graphql@16.15.0 \
  rxjs@7.8.2 >/dev/null

cat >schema.graphql <<'EOF'
type Query { panel(id: ID!): Panel }
type Panel { id: ID! status: String! note: String }
EOF

mkdir -p src
cat >src/app.ts <<'EOF'
import { graphql } from "./gql";
export const PANEL = graphql(`query Panel($id: ID!) { panel(id: $id) { status id note } }`);
EOF

cat >codegen.json <<'EOF'
{ "schema": "schema.graphql", "documents": "src/app.ts",
  "generates": { "src/gql/": { "preset": "client", "presetConfig": { "persistedDocuments": true } } } }
EOF

cat >probe.mjs <<'EOF'
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import http from "node:http";
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache } from "@apollo/client";
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries";

const sha256 = (text) => createHash("sha256").update(text).digest("hex");
const generated = readFileSync("src/gql/graphql.ts", "utf8");
const document = JSON.parse(generated.match(/PanelDocument = (\{.*\}) as unknown/)[1]);
const [[name, text]] = Object.entries(JSON.parse(readFileSync("src/gql/persisted-documents.json", "utf8")));
console.log("hash in the document:", document.__meta__.hash.slice(0, 15), "of", text);
console.log("it is the SHA-256 of that text, but for a prefix:", document.__meta__.hash === `sha256:${sha256(text)}`, name === document.__meta__.hash);

const server = http.createServer((request, response) => {
  let body = "";
  request.on("data", (chunk) => (body += chunk)).on("end", () => {
    const { query, extensions } = JSON.parse(body);
    const { sha256Hash } = extensions.persistedQuery;
    const code = !query ? "PERSISTED_QUERY_NOT_FOUND"
      : sha256(query) !== sha256Hash.replace("sha256:", "") ? "HASH_OF_ANOTHER_QUERY" : "OK";
    console.log(code, "for", query ? JSON.stringify(query.replaceAll(/\s+/g, " ")) : "the hash alone");
    const errors = [{ message: code === "PERSISTED_QUERY_NOT_FOUND" ? "PersistedQueryNotFound" : code, extensions: { code } }];
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify(code === "OK" ? { data: { panel: null } } : { errors }));
  });
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const link = ApolloLink.from([
  new PersistedQueryLink({ generateHash: (query) => query.__meta__?.hash ?? document.__meta__.hash }),
  new HttpLink({ uri: `http://127.0.0.1:${server.address().port}/graphql` }),
]);
const client = new ApolloClient({ cache: new InMemoryCache(), link });
await client.query({ query: document, variables: { id: "1" }, fetchPolicy: "no-cache" }).catch((error) => console.log("the caller gets:", error.message));
server.closeAllConnections();
server.close();
EOF

cat >expected <<'EOF'
hash in the document: sha256:ae723c63 of query Panel($id: ID!) { panel(id: $id) { id note status } }
it is the SHA-256 of that text, but for a prefix: true true
PERSISTED_QUERY_NOT_FOUND for the hash alone
HASH_OF_ANOTHER_QUERY for "query Panel($id: ID!) { panel(id: $id) { status id note __typename } }"
the caller gets: HASH_OF_ANOTHER_QUERY
EOF

timeout 100 node_modules/.bin/graphql-codegen -c codegen.json >codegen.log 2>&1 || { cat codegen.log; exit 1; }
timeout 300 node probe.mjs >seen 2>errors || { cat seen errors; echo "CHANGED: the probe itself failed"; exit 1; }
cat seen
diff expected seen || { echo "CHANGED: codegen's hash and the text sent relate differently from what was recorded"; exit 1; }
echo "As recorded: the hash doesn't fit the query that is sent."
