#!/usr/bin/env bash
# graphql-ws resubscribes after a close with 1000 at once, without pause and without end, though retryAttempts is 0.
#
# Packages: graphql-ws@6.4.2, graphql@16.15.0, ws@8.23.0 (Node 20)
# Date: 2026-11-30
# One would guess: retryAttempts: 0 means that the caller deals with every lost connection, and 1000 (normal
#   closure) means that it is over.
# What happens: With 1000 neither retryAttempts nor shouldRetry nor retryWait is asked: the same subscribe message,
#   with its first variables, goes out again right away, as often as the server closes. With 1001 the caller is
#   told.
# Why the guess is a good one: RFC 6455, section 7.4.1: 1000 means that the purpose for which the connection was
#   established has been fulfilled. The library's documentation: retryAttempts is how many times the client tries to
#   reconnect on abnormal socket closure, and shouldRetry decides.
# What it means for a GraphQL service: A server or proxy that ends idle sockets with 1000 makes clients spin, and a
#   follower that keeps its own cursor gets events twice. Never close an operation's socket with 1000: 1001, 1012 or
#   a code of 44xx.
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

for (const code of [1001, 1000]) {
  const subscribed = [];
  const { server, url } = await serve((socket, { id, type, payload }) => {
    if (type === "connection_init") socket.send(JSON.stringify({ type: "connection_ack" }));
    if (type !== "subscribe") return;
    subscribed.push(payload.variables.after);
    if (subscribed.length < 5) socket.close(code, "Idle");
    else socket.send(JSON.stringify({ id, type: "complete" }));
  });
  let asked = 0;
  const client = createClient({
    url, webSocketImpl: WebSocket, retryAttempts: 0, shouldRetry: () => (asked += 1) < 0,
    retryWait: async () => { asked += 1; },
  });
  const began = Date.now();
  const end = await new Promise((resolve) => client.subscribe(
    { query: "subscription ($after: Int) { tick(after: $after) }", variables: { after: 1 } },
    { next() {}, error: ({ code }) => resolve(`the caller was told of ${code}`), complete: () => resolve("complete") },
  ));
  console.log(`closed with ${code}: subscribed with after = ${subscribed.join(", ")}; shouldRetry and retryWait asked ` +
    `${asked} times; ${Date.now() - began < 2000 ? "within 2 seconds" : "slowly"}; ${end}`);
  await client.dispose();
  server.close();
}
process.exit();
EOF

cat >expected <<'EOF'
closed with 1001: subscribed with after = 1; shouldRetry and retryWait asked 0 times; within 2 seconds; the caller was told of 1001
closed with 1000: subscribed with after = 1, 1, 1, 1, 1; shouldRetry and retryWait asked 0 times; within 2 seconds; complete
EOF

timeout 300 node probe.mjs >seen 2>errors || { cat seen errors; echo "CHANGED: the probe itself failed"; exit 1; }
cat seen
diff expected seen || { echo "CHANGED: graphql-ws treats 1000 differently from what was recorded"; exit 1; }
echo "As recorded: after 1000 it subscribes again by itself, after 1001 it doesn't."
