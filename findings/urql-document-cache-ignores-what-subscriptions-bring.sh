#!/usr/bin/env bash
# urql's document cache is refreshed by mutations only: what a subscription tells of the same object leaves every
# query stale.
#
# Packages: @urql/core@6.0.3, graphql@16.15.0, wonka@6.3.6 (Node 20)
# Date: 2026-11-30
# One would guess: A subscription that delivers Panel p1 refreshes the queries that show Panel p1, as a mutation's
#   answer does.
# What happens: The mutation's answer sends the query again, the subscription's doesn't: the page keeps showing the
#   old status while the event with the new one has arrived.
# Why the guess is a good one: GraphQL specification, section 6.2.3: a subscription's events are execution results
#   like any other; Apollo's and Graphcache's caches take them in, and urql's documentation names the document cache
#   as the default for all operations.
# What it means for a GraphQL service: 'Subscribe and the page stays current' is not true for urql's default.
#   Frontends must refetch on an event, or use Graphcache; say so beside the subscription.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --save-exact \
  @urql/core@6.0.3 graphql@16.15.0 wonka@6.3.6 >/dev/null

cat >probe.mjs <<'EOF'
import { cacheExchange, Client, gql } from "@urql/core";
import { map, pipe } from "wonka";

for (const kind of ["mutation", "subscription"]) {
  let status = "SCHEDULED";
  const panel = () => ({ __typename: "Panel", id: "p1", status });
  const answer = () => (operations) => pipe(operations, map((operation) => {
    if (operation.kind !== "query") status = "CANCELED";
    return { operation, data: { panel: panel() }, stale: false, hasNext: operation.kind === "subscription" };
  }));
  const client = new Client({ url: "http://127.0.0.1/", exchanges: [cacheExchange, answer] });
  const seen = [];
  const query = client.query(gql`query Show { panel { id status } }`, {})
    .subscribe(({ data }) => seen.push(data.panel.status));
  const document = kind === "mutation" ? gql`mutation Cancel { panel { id status } }`
    : gql`subscription Follow { panel { id status } }`;
  const change = client[kind](document, {}).subscribe(({ data }) => console.log(`${kind}: brings ${data.panel.status}`));
  await new Promise((resolve) => setTimeout(resolve, 100));
  console.log(`${kind}: the query shows ${seen.join(", then ")}`);
  query.unsubscribe();
  change.unsubscribe();
}
EOF

cat >expected <<'EOF'
mutation: brings CANCELED
mutation: the query shows SCHEDULED, then CANCELED
subscription: brings CANCELED
subscription: the query shows SCHEDULED
EOF

timeout 300 node probe.mjs >seen 2>errors || { cat seen errors; echo "CHANGED: the probe itself failed"; exit 1; }
cat seen
diff expected seen || { echo "CHANGED: the document cache treats subscriptions differently from what was recorded"; exit 1; }
echo "As recorded: the subscription's event refreshed nothing."
