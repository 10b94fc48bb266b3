#!/usr/bin/env bash
# Apollo's RetryLink tries again after a 503 of type application/json, and never after the same 503 of the newer
# GraphQL media type.
#
# Packages: @apollo/client@4.3.8, graphql@16.15.0, rxjs@7.8.2 (Node 20)
# Date: 2026-11-30
# One would guess: A 503 is a failed request: RetryLink tries it again, whichever of its two JSON types the server
#   answers with.
# What happens: In application/json the 503 is a ServerError and is sent five times. In application/graphql-
#   response+json, which the client itself asks for first, the same body becomes a CombinedGraphQLErrors, RetryLink
#   takes it for a result, and the request is sent once.
# Why the guess is a good one: RFC 9110, section 15.6.4: a 503 is temporary and may be tried again after a while;
#   RetryLink is documented as the means against failed requests, by default five attempts. Its note that it leaves
#   GraphQL errors in a response alone doesn't say that a 503 becomes one by its media type.
# What it means for a GraphQL service: A service that moves to application/graphql-response+json, as GraphQL over
#   HTTP recommends, turns off the retries of its Apollo clients for overload and limits (429, 503). Say so in the
#   documentation of the limits, with an ErrorLink or retry on extensions.code.
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

const body = JSON.stringify({ errors: [{ message: "Busy", extensions: { code: "SERVICE_UNAVAILABLE" } }] });
for (const type of ["application/json", "application/graphql-response+json"]) {
  let requests = 0;
  let accept = "";
  const server = http.createServer((request, response) => {
    requests += 1;
    accept = request.headers.accept;
    response.writeHead(503, { "content-type": type }).end(body);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const link = ApolloLink.from([
    new RetryLink({ delay: { initial: 10 } }),
    new HttpLink({ uri: `http://127.0.0.1:${server.address().port}/graphql` }),
  ]);
  const client = new ApolloClient({ cache: new InMemoryCache(), link });
  const error = await client.query({ query: gql`{ hello }` }).catch((thrown) => thrown);
  console.log(`asked for ${accept}`);
  console.log(`503 in ${type}: ${requests} request(s), then ${error.name}`);
  server.closeAllConnections();
  server.close();
}
EOF

cat >expected <<'EOF'
asked for application/graphql-response+json,application/json;q=0.9
503 in application/json: 5 request(s), then ServerError
asked for application/graphql-response+json,application/json;q=0.9
503 in application/graphql-response+json: 1 request(s), then CombinedGraphQLErrors
EOF

timeout 300 node probe.mjs >seen 2>errors || { cat seen errors; echo "CHANGED: the probe itself failed"; exit 1; }
cat seen
diff expected seen || { echo "CHANGED: RetryLink treats the two media types differently from what was recorded"; exit 1; }
echo "As recorded: the 503 is tried again in one media type and is final in the other."
