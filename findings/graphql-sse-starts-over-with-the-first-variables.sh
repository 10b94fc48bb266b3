#!/usr/bin/env bash
# graphql-sse's client hides a cut: it sends the first request again, with its first cursor, and the reader gets
# events twice.
#
# Packages: graphql-sse@2.6.1, graphql@16.15.0 (Node 20)
# Date: 2026-11-30
# One would guess: After a cut the reader is told, or the client goes on behind the last event (Last-Event-ID), as
#   event streams do.
# What happens: The same body goes out again and its events follow in the same iteration: with `after: 0` the events
#   1 and 2 come once more, and nothing between marks the seam. There is no Last-Event-ID.
# Why the guess is a good one: HTML standard, section 9.2: a client of an event stream that connects again sends the
#   last id it got as Last-Event-ID; an iterator of a subscription is expected to yield each event once.
# What it means for a GraphQL service: A cursor in the variables doesn't protect against repeats. Readers need
#   `retryAttempts: 0` and a loop of their own that puts the last cursor into the variables, or must change the
#   variables object in next. Show that in an example.
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

let requests = 0;
const server = http.createServer((request, response) => {
  let body = "";
  request.on("data", (chunk) => (body += chunk)).on("end", () => {
    requests += 1;
    const { after } = JSON.parse(body).variables;
    console.log(`request ${requests}: after ${after}, last-event-id ${request.headers["last-event-id"]}`);
    response.writeHead(200, { "content-type": "text/event-stream" });
    for (let position = after + 1; position <= 2 + requests - 1; position += 1)
      response.write(`id: ${position}\nevent: next\ndata: ${JSON.stringify({ data: { position } })}\n\n`);
    if (requests === 1) setTimeout(() => response.destroy(), 50);
    else response.end("event: complete\ndata:\n\n");
  });
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const client = createClient({ url: `http://127.0.0.1:${server.address().port}/graphql`, retry: async () => {} });
const seen = [];
const query = "subscription ($after: Int!) { position(after: $after) }";
for await (const { data } of client.iterate({ query, variables: { after: 0 } })) seen.push(data.position);
console.log("the reader got", seen.join(", "));
server.close();
EOF

cat >expected <<'EOF'
request 1: after 0, last-event-id undefined
request 2: after 0, last-event-id undefined
the reader got 1, 2, 1, 2, 3
EOF

timeout 300 node probe.mjs >seen 2>errors || { cat seen errors; echo "CHANGED: the probe itself failed"; exit 1; }
cat seen
diff expected seen || { echo "CHANGED: graphql-sse resumes differently from what was recorded"; exit 1; }
echo "As recorded: the events before the cut come twice."
