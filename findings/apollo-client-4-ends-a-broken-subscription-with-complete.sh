#!/usr/bin/env bash
# In Apollo Client 4 a subscription whose connection breaks calls next and complete; the observer's error is never
# called.
#
# Packages: @apollo/client@4.3.8, graphql@16.15.0, rxjs@7.8.2, graphql-ws@6.4.2, ws@8.23.0 (Node 20)
# Date: 2026-11-30
# One would guess: The Observable of client.subscribe ends with error when the socket is refused or lost for good,
#   as in version 3 and as Observables do.
# What happens: The failure comes as a last value, { data: undefined, error }, and then complete. A follower that
#   reconnects in its error callback, or that takes complete for the server's word, stops for ever.
# Why the guess is a good one: RxJS (which Apollo Client 4 builds on): an Observable ends by either error or
#   complete; graphql-transport-ws: Complete means that the operation has run to its end, a close without it that it
#   has not.
# What it means for a GraphQL service: Clients must look at result.error in next and go on from their last cursor
#   there. Show it in the documentation of the subscription; don't rely on complete to mean 'there will be no more'.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --save-exact \
  @apollo/client@4.3.8 graphql@16.15.0 rxjs@7.8.2 graphql-ws@6.4.2 ws@8.23.0 >/dev/null

cat >probe.mjs <<'EOF'
import { ApolloClient, gql, InMemoryCache } from "@apollo/client";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { createClient } from "graphql-ws";
import { WebSocket, WebSocketServer } from "ws";

const server = new WebSocketServer({ port: 0, host: "127.0.0.1", handleProtocols: () => "graphql-transport-ws" });
await new Promise((resolve) => server.once("listening", resolve));
server.on("connection", (socket) => socket.on("message", (text) => {
  const { id, type } = JSON.parse(text);
  if (type === "connection_init") socket.send(JSON.stringify({ type: "connection_ack" }));
  if (type !== "subscribe") return;
  socket.send(JSON.stringify({ id, type: "next", payload: { data: { tick: 1 } } }));
  setTimeout(() => socket.close(4401, "Unauthorized"), 50);
}));

const url = `ws://127.0.0.1:${server.address().port}`;
const socket = createClient({ url, webSocketImpl: WebSocket, retryAttempts: 0 });
const client = new ApolloClient({ cache: new InMemoryCache(), link: new GraphQLWsLink(socket) });
await new Promise((ended) => client.subscribe({ query: gql`subscription Ticks { tick }` }).subscribe({
  next: ({ data, error }) => console.log("next", JSON.stringify(data), error?.message),
  error: (error) => ended(console.log("error", error.message)),
  complete: () => ended(console.log("complete")),
}));
server.close();
process.exit();
EOF

cat >expected <<'EOF'
next {"tick":1} undefined
next undefined Socket closed with event 4401 Unauthorized
complete
EOF

timeout 300 node probe.mjs >seen 2>errors || { cat seen errors; echo "CHANGED: the probe itself failed"; exit 1; }
cat seen
diff expected seen || { echo "CHANGED: Apollo ends broken subscriptions differently from what was recorded"; exit 1; }
echo "As recorded: next with an error, then complete."
