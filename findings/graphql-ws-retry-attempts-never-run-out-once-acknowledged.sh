#!/usr/bin/env bash
# graphql-ws counts retryAttempts anew after each acknowledgement: a server that accepts and then closes is tried
# for ever.
#
# Packages: graphql-ws@6.4.2, graphql@16.15.0, ws@8.23.0 (Node 20)
# Date: 2026-11-30
# One would guess: retryAttempts: 3 bounds what one subscription tries: after the first failure and three more the
#   caller is told.
# What happens: Each connection_ack sets the counter (and with it the growing pause) back to nothing. Where the
#   server signs the client in and closes at its subscribe (too many connections, draining), the fourth failure
#   doesn't come: 20 tries with retryAttempts 3.
# Why the guess is a good one: The library's documentation: retryAttempts is how many times the client should try to
#   reconnect on abnormal socket closure before it errors out, and retryWait gets the number of retries for a
#   growing pause.
# What it means for a GraphQL service: Limits that are checked at subscribe and answered with a close make clients
#   come back at a steady second or so instead of backing off. Refuse a subscription with an `error` message, and a
#   connection before connection_ack.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --save-exact \
  graphql-ws@6.4.2 graphql@16.15.0 ws@8.23.0 >/dev/null

cat >probe.mjs <<'EOF'
import { createClient } from "graphql-ws";
import { WebSocket, WebSocketServer } from "ws";

async function serve(take) {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1", handleProtocols: () => "graphql-transport-ws" });
  await new Promise((resolve) => server.once("listening", resolve));
  server.on("connection", (socket) => socket.on("message", (text) => take(socket, JSON.parse(text))));
  return { server, url: `ws://127.0.0.1:${server.address().port}` };
}

for (const when of ["connection_init", "subscribe"]) {
  let tries = 0;
  const waits = [];
  const { server, url } = await serve((socket, { id, type }) => {
    if (type === when) tries += 1;
    if (type === when && tries < 20) socket.close(1013, "Too many");
    else if (type === "connection_init") socket.send(JSON.stringify({ type: "connection_ack" }));
    else if (type === "subscribe") socket.send(JSON.stringify({ id, type: "complete" }));
  });
  const client = createClient({
    url, webSocketImpl: WebSocket, retryAttempts: 3, retryWait: async (retries) => { waits.push(retries); },
  });
  const end = await new Promise((resolve) => client.subscribe({ query: "subscription { tick }" }, {
    next() {}, error: () => resolve("the caller was told"), complete: () => resolve("it never gave up") }));
  console.log(`closed at ${when}: ${tries} tries, retryWait got ${[...new Set(waits)].join(", ")}; ${end}`);
  await client.dispose();
  server.close();
}
process.exit();
EOF

cat >expected <<'EOF'
closed at connection_init: 4 tries, retryWait got 0, 1, 2; the caller was told
closed at subscribe: 20 tries, retryWait got 0; it never gave up
EOF

timeout 300 node probe.mjs >seen 2>errors || { cat seen errors; echo "CHANGED: the probe itself failed"; exit 1; }
cat seen
diff expected seen || { echo "CHANGED: graphql-ws counts its retries differently from what was recorded"; exit 1; }
echo "As recorded: 20 subscribes though three retries were allowed."
