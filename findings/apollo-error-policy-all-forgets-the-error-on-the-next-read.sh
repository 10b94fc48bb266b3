#!/usr/bin/env bash
# With Apollo's errorPolicy 'all' a field's error is told once; the same query from the cache shows null and no
# error.
#
# Packages: @apollo/client@4.3.8, graphql@16.15.0, rxjs@7.8.2 (Node 20)
# Date: 2026-11-30
# One would guess: A query that was answered with a null and its error gives both whenever it is read, or is fetched
#   again.
# What happens: The null is written to the cache as a value, the error is not. The second component that runs the
#   query gets a complete result from the cache: null, without an error.
# Why the guess is a good one: GraphQL specification, section 7, Errors: a null for which there is an entry in
#   errors is no value but a failed field; Apollo's documentation: with 'all' both data and error are given, so that
#   partial results and errors can be shown.
# What it means for a GraphQL service: 'Refused' turns into 'there is none' at the second look. Where that matters
#   make the refusal part of the data (a nullable payload with errors, a union) instead of a field error.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --save-exact \
  @apollo/client@4.3.8 graphql@16.15.0 rxjs@7.8.2 >/dev/null

cat >probe.mjs <<'EOF'
import { ApolloClient, ApolloLink, gql, InMemoryCache, Observable } from "@apollo/client";

let requests = 0;
const link = new ApolloLink(() => new Observable((observer) => {
  requests += 1;
  observer.next({
    data: { candidate: { __typename: "Candidate", id: "1", answers: null } },
    errors: [{ message: "Not yours to read", path: ["candidate", "answers"], extensions: { code: "FORBIDDEN" } }],
  });
  observer.complete();
}));
const client = new ApolloClient({ cache: new InMemoryCache(), link });
const query = gql`query Form { candidate(id: 1) { id answers } }`;
for (const time of ["first", "second"]) {
  const { data, error } = await client.query({ query, errorPolicy: "all" });
  console.log(`${time}: answers ${data.candidate.answers}, error ${error?.message}; requests so far: ${requests}`);
}
EOF

cat >expected <<'EOF'
first: answers null, error Not yours to read; requests so far: 1
second: answers null, error undefined; requests so far: 1
EOF

timeout 300 node probe.mjs >seen 2>errors || { cat seen errors; echo "CHANGED: the probe itself failed"; exit 1; }
cat seen
diff expected seen || { echo "CHANGED: Apollo keeps or drops errors differently from what was recorded"; exit 1; }
echo "As recorded: the second read has null without its error."
