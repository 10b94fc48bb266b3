#!/usr/bin/env bash
# graphql-ws' client takes 4403 Forbidden for passing and sends the same refused credentials six times; 4401 is
# final.
#
# Packages: graphql-ws@6.4.2, graphql@16.15.0, ws@8.23.0 (Node 20)
# Date: 2026-11-30
# One would guess: 4403 is the server's word on who may connect. Like 4401 and the other closes of the 44xx family
#   that blame the client it ends the matter.
# What happens: A connection_init that is answered with 4403 is repeated with the same connectionParams for all five
#   retryAttempts; one that is answered with 4401 is reported at once.
# Why the guess is a good one: graphql-transport-ws, PROTOCOL.md: to refuse a connection_init the server closes with
#   4403 Forbidden; 4401 is for a subscribe before the acknowledgement. RFC 9110, section 15.5.4: a client should
#   not repeat a forbidden request with the same credentials.
# What it means for a GraphQL service: Every tab with an expired token counts as six failed sign-ins: a limit per
#   address is used up six times as fast, for all who share the address. Close with 4401 to be believed, or count a
#   credential once; in clients set shouldRetry.
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

for (const [code, reason] of [[4403, "Forbidden"], [4401, "Unauthorized"]]) {
  const sent = [];
  const { server, url } = await serve((socket, { payload }) => {
    sent.push(payload.Authorization);
    socket.close(code, reason);
  });
  const client = createClient({
    url,
    webSocketImpl: WebSocket,
    connectionParams: { Authorization: "Bearer expired" },
    retryWait: () => new Promise((resolve) => setTimeout(resolve, 10)),
  });
  const error = await new Promise((failed) =>
    client.subscribe({ query: "{ hello }" }, { next() {}, complete() {}, error: failed }));
  console.log(`${code}: the same token was sent ${sent.length} time(s), then ${error.code} ${error.reason}`);
  await client.dispose();
  server.close();
}
process.exit();
EOF

cat >expected <<'EOF'
4403: the same token was sent 6 time(s), then 4403 Forbidden
4401: the same token was sent 1 time(s), then 4401 Unauthorized
EOF

timeout 300 node probe.mjs >seen 2>errors || { cat seen errors; echo "CHANGED: the probe itself failed"; exit 1; }
cat seen
diff expected seen || { echo "CHANGED: graphql-ws treats 4403 or 4401 differently from what was recorded"; exit 1; }
echo "As recorded: 4403 is tried six times, 4401 once."
