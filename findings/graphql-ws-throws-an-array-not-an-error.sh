#!/usr/bin/env bash
# graphql-ws' iterate() and sink.error throw the protocol's array of errors: it is no Error, and has no message.
#
# Packages: graphql-ws@6.4.2, graphql@16.15.0, ws@8.23.0 (Node 20)
# Date: 2026-11-30
# One would guess: for await … of client.iterate() throws an Error, so `catch (error) { log(error.message) }` tells
#   what was wrong.
# What happens: After an `error` message what is thrown is the plain array of its payload: not an Error, without
#   message and stack; error trackers show [object Object]. After a close it is a CloseEvent, after a failed
#   connection an ErrorEvent: three shapes for one catch.
# Why the guess is a good one: ECMAScript code and its tools (promises, trackers, TypeScript's
#   useUnknownInCatchVariables advice: `error instanceof Error`) expect thrown values to be Errors; the protocol's
#   PROTOCOL.md says only what is on the wire.
# What it means for a GraphQL service: Examples that are copied must take apart what was thrown: [thrown].flat()[0],
#   then extensions.code, code and message. A sentence in the documentation saves each frontend an evening.
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

const cases = {
  "an error message": (socket, id) =>
    socket.send(JSON.stringify({ id, type: "error", payload: [{ message: "Cannot query field", extensions: { code: "X" } }] })),
  "a close": (socket) => socket.close(4400, "Bad request"),
};
for (const [what, end] of Object.entries(cases)) {
  const { server, url } = await serve((socket, { id, type }) => {
    if (type === "connection_init") socket.send(JSON.stringify({ type: "connection_ack" }));
    if (type === "subscribe") end(socket, id);
  });
  const client = createClient({ url, webSocketImpl: WebSocket, retryAttempts: 0 });
  try {
    for await (const result of client.iterate({ query: "{ hello }" })) console.log(result);
  } catch (thrown) {
    console.log(`${what}: ${thrown.constructor.name}; an Error: ${thrown instanceof Error}; message: ${thrown.message}`);
  }
  await client.dispose();
  server.close();
}
process.exit();
EOF

cat >expected <<'EOF'
an error message: Array; an Error: false; message: undefined
a close: CloseEvent; an Error: false; message: undefined
EOF

timeout 300 node probe.mjs >seen 2>errors || { cat seen errors; echo "CHANGED: the probe itself failed"; exit 1; }
cat seen
diff expected seen || { echo "CHANGED: graphql-ws throws something else than recorded"; exit 1; }
echo "As recorded: an array is thrown for errors, an event for a close."
