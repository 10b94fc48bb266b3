#!/usr/bin/env bash
# graphql-sse's client repeats a request that was answered with 400, 401 or 403 as often as one that was answered
# with 503.
#
# Packages: graphql-sse@2.6.1, graphql@16.15.0 (Node 20)
# Date: 2026-11-30
# One would guess: A 4xx is final: the request was wrong or not allowed, and is reported at once with the errors in
#   its body. 5xx and cuts are tried again.
# What happens: Every response that is no 200 counts as a failure of the network: it is tried again for all
#   retryAttempts (five, with growing pauses of a second and more), then reported as `Server responded with 401`;
#   the errors in the body are not in the message.
# Why the guess is a good one: RFC 9110, section 15.5: 4xx is for cases in which the client seems to have erred, and
#   a 401 says that these credentials are refused and asks for new ones (15.5.2); the HTML standard's own event
#   streams (section 9.2) fail for good on such a status.
# What it means for a GraphQL service: An expired token is tried for more than half a minute before the user is
#   told, and counts as six failed sign-ins. Tell users of retry (throw there for a status of 4xx), and count
#   repeated credentials once.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --save-exact \
  graphql-sse@2.6.1 graphql@16.15.0 >/dev/null

cat >probe.mjs <<'EOF'
import http from "node:http";
import { createClient } from "graphql-sse";

for (const status of [400, 401, 403, 503]) {
  let requests = 0;
  const server = http.createServer((_, response) => {
    requests += 1;
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify({ errors: [{ message: "The token has expired" }] }));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const client = createClient({ url: `http://127.0.0.1:${server.address().port}/graphql`, retry: async () => {} });
  const error = await new Promise((failed) =>
    client.subscribe({ query: "subscription { tick }" }, { next() {}, complete() {}, error: failed }));
  console.log(`${status}: ${requests} requests, then: ${error.message}`);
  server.close();
}
EOF

cat >expected <<'EOF'
400: 6 requests, then: Server responded with 400: Bad Request
401: 6 requests, then: Server responded with 401: Unauthorized
403: 6 requests, then: Server responded with 403: Forbidden
503: 6 requests, then: Server responded with 503: Service Unavailable
EOF

timeout 300 node probe.mjs >seen 2>errors || { cat seen errors; echo "CHANGED: the probe itself failed"; exit 1; }
cat seen
diff expected seen || { echo "CHANGED: graphql-sse decides differently what to try again"; exit 1; }
echo "As recorded: 401 and 503 are tried equally often."
