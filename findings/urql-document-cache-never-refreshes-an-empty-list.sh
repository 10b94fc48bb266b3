#!/usr/bin/env bash
# urql's document cache refreshes a list after a mutation, unless the list was empty.
#
# Packages: @urql/core@6.0.3, graphql@16.15.0, wonka@6.3.6 (Node 20)
# Date: 2026-11-30
# One would guess: A mutation that makes a Panel refreshes every query for panels: the first panel of a candidate
#   shows up like the second.
# What happens: Queries are found by the type names in their last answer. An empty list has none of them, so the
#   list with one panel is loaded again and the empty one is not.
# Why the guess is a good one: urql's documentation: the document cache refetches the queries that contain the types
#   a mutation returns; the schema says that both lists are of panels. (additionalTypenames is the remedy there.)
# What it means for a GraphQL service: Empty pages of a connection stay empty for urql's users until they reload.
#   Name a type that is always there (the connection's parent) in the mutation's payload, or document
#   additionalTypenames.
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

for (const before of [1, 0]) {
  const panels = Array.from({ length: before }, (_, index) => ({ __typename: "Panel", id: `p${index}` }));
  const answer = () => (operations) => pipe(operations, map((operation) => {
    let data = { panels: [...panels] };
    if (operation.kind === "mutation") {
      panels.push({ __typename: "Panel", id: `p${panels.length}` });
      data = { push: panels.at(-1) };
    }
    return { operation, data, stale: false, hasNext: false };
  }));
  const client = new Client({ url: "http://127.0.0.1/", exchanges: [cacheExchange, answer] });
  const seen = [];
  const { unsubscribe } = client.query(gql`query Panels { panels { id } }`, {})
    .subscribe(({ data }) => seen.push(data.panels.length));
  await client.mutation(gql`mutation Push { push { id } }`, {}).toPromise();
  await new Promise((resolve) => setTimeout(resolve, 100));
  console.log(`panels before ${before}, after the mutation ${panels.length}; shown: ${seen.join(", then ")}`);
  unsubscribe();
}
EOF

cat >expected <<'EOF'
panels before 1, after the mutation 2; shown: 1, then 2
panels before 0, after the mutation 1; shown: 0
EOF

timeout 300 node probe.mjs >seen 2>errors || { cat seen errors; echo "CHANGED: the probe itself failed"; exit 1; }
cat seen
diff expected seen || { echo "CHANGED: the document cache refreshes lists differently from what was recorded"; exit 1; }
echo "As recorded: the empty list is not loaded again."
