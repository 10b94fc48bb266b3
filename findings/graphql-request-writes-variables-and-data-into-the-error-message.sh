#!/usr/bin/env bash
# graphql-request's error message holds the whole request and answer: variables, partial data, secrets.
#
# Packages: graphql-request@7.4.0, graphql@16.15.0 (Node 20)
# Date: 2026-11-30
# One would guess: error.message is the message of the first error, fit for a log or a tracker; request and response
#   are properties beside it.
# What happens: The message is that text followed by JSON of the response (with the data that did come) and of the
#   request with all its variables. Whatever logs or shows error.message writes email addresses, and a key that was
#   generated, in full.
# Why the guess is a good one: OWASP's logging guidance: personal data, tokens and keys don't belong into logs;
#   fetch's, Apollo's and urql's errors keep the request out of the message.
# What it means for a GraphQL service: One field's error in a mutation that answers with a secret puts the secret
#   into the client's error tracker. Don't let fields fail beside a secret (nullable fields with payload errors
#   instead), and warn integrators who use this client.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --save-exact \
  graphql-request@7.4.0 graphql@16.15.0 >/dev/null

cat >probe.mjs <<'EOF'
import http from "node:http";
import { GraphQLClient } from "graphql-request";

const server = http.createServer((_, response) => {
  response.writeHead(200, { "content-type": "application/json" });
  response.end(JSON.stringify({
    data: { generate: { secret: "key-1234", createdBy: null } },
    errors: [{ message: "The directory is away", path: ["generate", "createdBy"] }],
  }));
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const client = new GraphQLClient(`http://127.0.0.1:${server.address().port}/graphql`);
const mutation = "mutation Generate($for: String!) { generate(for: $for) { secret createdBy } }";
const error = await client.request(mutation, { for: "ada@example.org" }).catch((thrown) => thrown);
console.log("the first error's message:       ", error.response.errors[0].message);
console.log("error.message begins with it:    ", error.message.startsWith("The directory is away"));
console.log("error.message has the variables: ", error.message.includes("ada@example.org"));
console.log("error.message has the secret:    ", error.message.includes("key-1234"));
server.close();
EOF

cat >expected <<'EOF'
the first error's message:        The directory is away
error.message begins with it:     true
error.message has the variables:  true
error.message has the secret:     true
EOF

timeout 300 node probe.mjs >seen 2>errors || { cat seen errors; echo "CHANGED: the probe itself failed"; exit 1; }
cat seen
diff expected seen || { echo "CHANGED: graphql-request's error message is not what was recorded"; exit 1; }
echo "As recorded: variables and data stand in the message."
