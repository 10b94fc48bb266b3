// What graphql-ws, on which Apollo Client, urql and Relay build, makes of a close: a line of JSON, each code with `again`,
// where the client connects once more by itself, or `final`, where it ends the subscription with an error.
//
//   node close_codes.mjs 1001 1012 …
import { createClient } from "graphql-ws";
import { WebSocket, WebSocketServer } from "ws";

const acknowledged = JSON.stringify({ type: "connection_ack" });

function outcome(code) {
  return new Promise((resolve) => {
    const server = new WebSocketServer({ port: 0, host: "127.0.0.1", handleProtocols: () => "graphql-transport-ws" });
    let connections = 0;
    let client;
    const end = (what) => {
      resolve([code, what]);
      client.dispose();
      server.close();
    };
    server.on("connection", (socket) => {
      connections += 1;
      if (connections === 2) end("again");
      socket.on("message", (text) => {
        const { type } = JSON.parse(text);
        if (type === "connection_init") socket.send(acknowledged);
        else if (code === 1006) socket.terminate();
        else if (type === "subscribe") socket.close(code);
      });
    });
    server.on("listening", () => {
      const url = `ws://127.0.0.1:${server.address().port}`;
      client = createClient({ url, webSocketImpl: WebSocket, retryAttempts: 1, retryWait: async () => {} });
      const sink = { next() {}, error: () => end("final"), complete: () => end("complete") };
      client.subscribe({ query: "subscription { change }" }, sink);
    });
  });
}

console.log(JSON.stringify(Object.fromEntries(await Promise.all(process.argv.slice(2).map(Number).map(outcome)))));
