#!/usr/bin/env bash
# A missed keep-alive closes with 1011 in Python's websockets (and uvicorn), and graphql-ws takes 1011 for final:
# one stall ends the subscription for good.
#
# Packages: graphql-ws@6.4.2, graphql@16.15.0, ws@8.23.0 (Node 20)
# Date: 2026-11-30
# One would guess: A connection that was lost because a ping wasn't answered in time is the classic case for a
#   retry.
# What happens: graphql-ws throws every code from 1000 to 1999 at the caller but 1000, 1001, 1005, 1006, 1012, 1013
#   and 1014. So 1011, which Python's websockets sends for `keepalive ping timeout`, is not tried again, and 1012
#   is.
# Why the guess is a good one: RFC 6455, section 7.4.1: 1011 is for an unexpected condition of the server, nothing
#   that the client did wrong; the library's option retryAttempts is for `abnormal socket closure`, which this is.
# What it means for a GraphQL service: A frontend that sleeps for longer than ping interval and time-out and then
#   wakes finds its live page dead. Close with 1001 or 1012 yourself before the library does it with 1011, or tell
#   clients to go on after 1011 by a loop of their own.
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

for (const code of [1001, 1006, 1009, 1011, 1012, 1013]) {
  let subscribed = 0;
  const { server, url } = await serve((socket, { id, type }) => {
    if (type === "connection_init") socket.send(JSON.stringify({ type: "connection_ack" }));
    if (type !== "subscribe") return;
    subscribed += 1;
    if (subscribed > 1) socket.send(JSON.stringify({ id, type: "complete" }));
    else if (code === 1006) socket.terminate();
    else socket.close(code, code === 1011 ? "keepalive ping timeout" : "");
  });
  const client = createClient({ url, webSocketImpl: WebSocket, retryWait: async () => {} });
  const end = await new Promise((resolve) => client.subscribe({ query: "subscription { tick }" }, {
    next() {}, error: () => resolve("given up"), complete: () => resolve("subscribed again") }));
  console.log(`${code}: ${end}`);
  await client.dispose();
  server.close();
}
process.exit();
EOF

cat >expected <<'EOF'
1001: subscribed again
1006: subscribed again
1009: given up
1011: given up
1012: subscribed again
1013: subscribed again
EOF

timeout 300 node probe.mjs >seen 2>errors || { cat seen errors; echo "CHANGED: the probe itself failed"; exit 1; }
cat seen
diff expected seen || { echo "CHANGED: graphql-ws takes other codes for final than recorded"; exit 1; }
echo "As recorded: 1011 is final, 1012 is tried again."
