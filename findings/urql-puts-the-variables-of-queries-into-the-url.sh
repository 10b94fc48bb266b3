#!/usr/bin/env bash
# urql sends queries by GET: what people search for stands in the URL, and so in every access log on the way.
#
# Packages: @urql/core@6.0.3, graphql@16.15.0, wonka@6.3.6 (Node 20)
# Date: 2026-11-30
# One would guess: GraphQL over HTTP goes by POST unless one asks for GET.
# What happens: A plain `new Client({url, exchanges})` sends each query whose URL stays below 2048 characters by
#   GET, with query and variables in the URL; mutations and long queries go by POST.
# Why the guess is a good one: GraphQL over HTTP: a server must accept POST and may accept GET, so POST is what
#   always works; RFC 9110, section 17.9: sensitive data doesn't belong into URLs, which are logged and shown.
# What it means for a GraphQL service: Names and email addresses that users search for land in the logs of proxies
#   and of the server. Don't log query strings of the endpoint, or refuse GET, or ask urql's users for
#   preferGetMethod: false.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --save-exact \
  @urql/core@6.0.3 graphql@16.15.0 wonka@6.3.6 >/dev/null

cat >probe.mjs <<'EOF'
import http from "node:http";
import { Client, fetchExchange, gql } from "@urql/core";

const server = http.createServer((request, response) => {
  const variables = new URL(request.url, "http://x").searchParams.get("variables");
  console.log(`  ${request.method}, variables in the URL: ${variables ?? "none"}`);
  response.writeHead(200, { "content-type": "application/json" }).end('{"data":{"users":[]}}');
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const client = new Client({ url: `http://127.0.0.1:${server.address().port}/graphql`, exchanges: [fetchExchange] });
const search = { search: "ada@example.org" };
console.log("a query");
await client.query(gql`query Users($search: String) { users(search: $search) }`, search).toPromise();
console.log("the same with preferGetMethod: false");
await client.query(gql`query Users($search: String) { users(search: $search) }`, search, { preferGetMethod: false });
console.log("a query with 2,100 characters of variables");
await client.query(gql`query Users($search: String) { users(search: $search) }`, { search: "a".repeat(2100) })
  .toPromise();
server.close();
EOF

cat >expected <<'EOF'
a query
  GET, variables in the URL: {"search":"ada@example.org"}
the same with preferGetMethod: false
  POST, variables in the URL: none
a query with 2,100 characters of variables
  POST, variables in the URL: none
EOF

timeout 300 node probe.mjs >seen 2>errors || { cat seen errors; echo "CHANGED: the probe itself failed"; exit 1; }
cat seen
diff expected seen || { echo "CHANGED: urql chooses methods differently from what was recorded"; exit 1; }
echo "As recorded: a short query goes by GET with its variables in the URL."
