#!/usr/bin/env bash
# Apollo's RetryLink sends a mutation five times within a second when it was refused with 400, 401 or 429, whatever
# Retry-After says.
#
# Packages: @apollo/client@4.3.8, graphql@16.15.0, rxjs@7.8.2 (Node 20)
# Date: 2026-11-30
# One would guess: Retries are for what may pass: not for a 400 or a 401, not for mutations that are not known to be
#   idempotent, and after a 429 not before Retry-After is over.
# What happens: Every error of the network counts, a response that is no success among them: a mutation that was
#   answered with 400, 401 or 429 in application/json goes out five times, all within two seconds, with Retry-After:
#   30 in each answer.
# Why the guess is a good one: RFC 9110, section 9.2.2: a client should not retry a request with a non-idempotent
#   method by itself; RFC 6585, section 4, and RFC 9110, section 10.2.3: Retry-After tells how long to wait.
#   RetryLink's documentation speaks of network errors.
# What it means for a GraphQL service: One refused mutation counts as five: rates run out five times as fast, failed
#   sign-ins reach their limit with a fifth of the users. Charge refusals little, and tell Apollo's users to set
#   attempts.retryIf (statusCode of 5xx only, no mutations).
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --save-exact \
  @apollo/client@4.3.8 graphql@16.15.0 rxjs@7.8.2 >/dev/null

cat >probe.mjs <<'EOF'
import http from "node:http";
import { ApolloClient, ApolloLink, gql, HttpLink, InMemoryCache } from "@apollo/client";
import { RetryLink } from "@apollo/client/link/retry";

for (const status of [400, 401, 429]) {
  const times = [];
  const server = http.createServer((_, response) => {
    times.push(Date.now());
    response.writeHead(status, { "content-type": "application/json", "retry-after": "30" });
    response.end(JSON.stringify({ errors: [{ message: "No" }] }));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const link = ApolloLink.from([
    new RetryLink({ delay: { initial: 20 } }),
    new HttpLink({ uri: `http://127.0.0.1:${server.address().port}/graphql` }),
  ]);
  const client = new ApolloClient({ cache: new InMemoryCache(), link });
  const error = await client.mutate({ mutation: gql`mutation { push }` }).catch((thrown) => thrown);
  const soon = times.at(-1) - times[0] < 5000;
  console.log(`${status} with Retry-After: 30: the mutation was sent ${times.length} times, ` +
    `${soon ? "all within 5 seconds" : "with pauses"}; ${error.name}`);
  server.closeAllConnections();
  server.close();
}
EOF

cat >expected <<'EOF'
400 with Retry-After: 30: the mutation was sent 5 times, all within 5 seconds; ServerError
401 with Retry-After: 30: the mutation was sent 5 times, all within 5 seconds; ServerError
429 with Retry-After: 30: the mutation was sent 5 times, all within 5 seconds; ServerError
EOF

timeout 300 node probe.mjs >seen 2>errors || { cat seen errors; echo "CHANGED: the probe itself failed"; exit 1; }
cat seen
diff expected seen || { echo "CHANGED: RetryLink's choice of what to send again is not the recorded one"; exit 1; }
echo "As recorded: five requests for each refused mutation, long before Retry-After."
