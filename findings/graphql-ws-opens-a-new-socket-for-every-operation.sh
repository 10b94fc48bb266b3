#!/usr/bin/env bash
# graphql-ws' client closes its socket with the last operation: three queries in a row are three connections and
# three sign-ins.
#
# Packages: graphql-ws@6.4.2, graphql@16.15.0, ws@8.23.0 (Node 20)
# Date: 2026-11-30
# One would guess: One client is one WebSocket, opened at the first operation and kept for the next ones: that is
#   what a WebSocket is for.
# What happens: lazy is true and lazyCloseTimeout 0, so the socket ends as soon as nothing runs on it: each query
#   that is sent alone opens a connection of its own, with its handshake, connection_init and authentication. Side
#   by side they share one.
# Why the guess is a good one: graphql-transport-ws, PROTOCOL.md: many operations over one connection, told apart by
#   id, are the protocol's point; an idle connection is kept alive by its ping and pong.
# What it means for a GraphQL service: Mutations over the socket cost the server a handshake, a sign-in and a slot
#   among the user's connections each, and count towards rates of connecting. Advise lazyCloseTimeout (some seconds)
#   or lazy: false.
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

async function connections(options, together) {
  let opened = 0;
  const { server, url } = await serve((socket, { id, type }) => {
    if (type === "connection_init") socket.send(JSON.stringify({ type: "connection_ack" }));
    if (type !== "subscribe") return;
    socket.send(JSON.stringify({ id, type: "next", payload: { data: { hello: "world" } } }));
    socket.send(JSON.stringify({ id, type: "complete" }));
  });
  server.on("connection", () => (opened += 1));
  const client = createClient({ url, webSocketImpl: WebSocket, ...options });
  const ask = () => new Promise((resolve, reject) =>
    client.subscribe({ query: "{ hello }" }, { next() {}, error: reject, complete: resolve }));
  if (together) await Promise.all([ask(), ask(), ask()]);
  else for (let turn = 0; turn < 3; turn += 1) await ask();
  await client.dispose();
  server.close();
  return opened;
}

console.log("three queries one after another:   ", await connections({}, false), "connection(s)");
console.log("three queries side by side:        ", await connections({}, true), "connection(s)");
console.log("one after another, lazyCloseTimeout:", await connections({ lazyCloseTimeout: 1000 }, false), "connection(s)");
process.exit();
EOF

cat >expected <<'EOF'
three queries one after another:    3 connection(s)
three queries side by side:         1 connection(s)
one after another, lazyCloseTimeout: 1 connection(s)
EOF

timeout 300 node probe.mjs >seen 2>errors || { cat seen errors; echo "CHANGED: the probe itself failed"; exit 1; }
cat seen
diff expected seen || { echo "CHANGED: graphql-ws opens a different number of sockets than recorded"; exit 1; }
echo "As recorded: one socket for each operation that runs alone."
