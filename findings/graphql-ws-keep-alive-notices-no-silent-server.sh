#!/usr/bin/env bash
# graphql-ws' keepAlive sends a ping, waits for its pong for ever, and never reports that none comes.
#
# Packages: graphql-ws@6.4.2, graphql@16.15.0, ws@8.23.0 (Node 20)
# Date: 2026-11-30
# One would guess: keepAlive: 50 means that a server that has been silent for longer than that is noticed: the
#   socket is closed, the client connects anew.
# What happens: One ping goes out; without a pong there is no second, no close, no error and no retry. The
#   subscription looks alive for as long as TCP does, which may be hours on a half-open connection.
# Why the guess is a good one: RFC 6455, section 5.5.2: a ping serves to verify that the remote endpoint is still
#   responsive; the option's name, and what keep-alives of TCP, HTTP/2 and of websockets for Python do with a
#   missing answer.
# What it means for a GraphQL service: Live pages freeze after a laptop's sleep or a lost proxy. Examples need the
#   ping/pong timers of the library's recipes (terminate() after a missing pong), and a test with a server that
#   keeps silent.
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

let pings = 0;
const { url } = await serve((socket, { type }) => {
  if (type === "connection_init") socket.send(JSON.stringify({ type: "connection_ack" }));
  if (type === "ping") pings += 1;
});
const heard = [];
const client = createClient({
  url,
  webSocketImpl: WebSocket,
  keepAlive: 50,
  on: { closed: () => heard.push("closed"), error: () => heard.push("error") },
});
client.subscribe({ query: "subscription { tick }" }, {
  next: () => heard.push("next"), error: () => heard.push("failed"), complete: () => heard.push("complete"),
});
await new Promise((resolve) => setTimeout(resolve, 3000));
console.log(`keepAlive of 50 ms, 3 seconds of a silent server: ${pings} ping(s), heard: ${heard.join(", ") || "nothing"}`);
process.exit();
EOF

cat >expected <<'EOF'
keepAlive of 50 ms, 3 seconds of a silent server: 1 ping(s), heard: nothing
EOF

timeout 300 node probe.mjs >seen 2>errors || { cat seen errors; echo "CHANGED: the probe itself failed"; exit 1; }
cat seen
diff expected seen || { echo "CHANGED: graphql-ws' keepAlive behaves differently from what was recorded"; exit 1; }
echo "As recorded: a silent server is not noticed."
