#!/usr/bin/env bash
# Two Apollo queries that select different fields of one object without an id throw each other's data away, and each
# is sent twice.
#
# Packages: @apollo/client@4.3.8, graphql@16.15.0, rxjs@7.8.2 (Node 20)
# Date: 2026-11-30
# One would guess: The cache merges what two queries know of the same field of the same object, so two watched
#   queries cost two requests.
# What happens: An object without id (and without a typePolicy) is replaced as a whole. The second answer takes the
#   first query's fields out of the cache, the first query is sent again, takes the second one's out, and that one
#   is sent again: four requests for two queries. In production builds nothing warns.
# Why the guess is a good one: The GraphQL specification (section 3.6) doesn't ask objects for an id, and Relay's
#   object identification only of those that can be fetched again; both answers belong to the same parent,
#   Candidate:1, and to the same field without arguments.
# What it means for a GraphQL service: Every type without id (a cancellation, a schedule action, a seat) doubles the
#   requests of pages with several components. Give such types an id, or publish the typePolicies (`merge: true`)
#   that clients need.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --save-exact \
  @apollo/client@4.3.8 graphql@16.15.0 rxjs@7.8.2 >/dev/null

cat >probe.mjs <<'EOF'
import { ApolloClient, ApolloLink, gql, InMemoryCache, Observable } from "@apollo/client";

const parts = { Menu: { menuLabel: "Schedule" }, Link: { url: "https://example.org/1" } };

async function requests(cache) {
  const sent = [];
  const link = new ApolloLink(({ operationName }) => new Observable((observer) => {
    sent.push(operationName);
    const scheduleAction = { __typename: "ScheduleAction", ...parts[operationName] };
    setTimeout(() => {
      observer.next({ data: { candidate: { __typename: "Candidate", id: "1", scheduleAction } } });
      observer.complete();
    }, 10);
  }));
  const client = new ApolloClient({ cache, link });
  const pause = () => new Promise((resolve) => setTimeout(resolve, 200));
  const menu = client.watchQuery({ query: gql`query Menu { candidate(id: 1) { id scheduleAction { menuLabel } } }` });
  const url = client.watchQuery({ query: gql`query Link { candidate(id: 1) { id scheduleAction { url } } }` });
  menu.subscribe(() => {});
  await pause();
  url.subscribe(() => {});
  await pause();
  client.stop();
  return sent.join(" ");
}

console.log("as it comes:      ", await requests(new InMemoryCache()));
const typePolicies = { ScheduleAction: { merge: true } };
console.log("with merge: true: ", await requests(new InMemoryCache({ typePolicies })));
EOF

cat >expected <<'EOF'
as it comes:       Menu Link Menu
with merge: true:  Menu Link
EOF

NODE_ENV=production timeout 300 node probe.mjs >seen 2>errors || { cat seen errors; echo "CHANGED: the probe itself failed"; exit 1; }
cat seen
diff expected seen || { echo "CHANGED: Apollo's handling of objects without an id is not the recorded one"; exit 1; }
echo "As recorded: four requests for two queries."
