// What clients make of the end of a stream: a line of JSON, each client with each end and `again`, where it begins once more by
// itself, or `final`, where it ends the subscription with an error, or `complete`. It needs the packages of examples/recipes.
//
//   node close_codes.mjs 1001 1012 …          of a WebSocket, by the code of its close: graphql-ws, and what builds on it
//   node close_codes.mjs sse 401 503 cut …    of an event stream, by its status, or cut off in the middle: graphql-sse
import { createServer } from "node:http";
import { ApolloClient, gql, InMemoryCache } from "@apollo/client";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { Client, subscriptionExchange } from "@urql/core";
import { createClient as overEvents } from "graphql-sse";
import { createClient as overSocket } from "graphql-ws";
import relay from "relay-runtime";
import { WebSocket, WebSocketServer } from "ws";

const QUERY = "subscription Change { change }";
const acknowledged = JSON.stringify({ type: "connection_ack" });

const overSockets = {
  "graphql-ws": (client, sink) => client.subscribe({ query: QUERY }, sink),
  apollo: (client, sink) =>
    new ApolloClient({ cache: new InMemoryCache(), link: new GraphQLWsLink(client) })
      .subscribe({ query: gql(QUERY) })
      .subscribe({ ...sink, next: ({ error }) => error && sink.error(error) }),
  urql: (client, sink) => {
    const forwardSubscription = (payload) => ({ subscribe: (to) => ({ unsubscribe: client.subscribe(payload, to) }) });
    const exchanges = [subscriptionExchange({ forwardSubscription })];
    const urql = new Client({ url: "http://unused", preferGetMethod: false, exchanges });
    urql.subscription(QUERY, {}).subscribe(({ error }) => error && sink.error(error));
  },
  relay: (client, sink) => {
    const subscribe = ({ text }, variables) =>
      relay.Observable.create((to) => client.subscribe({ query: text, variables }, to));
    const network = relay.Network.create(() => {}, subscribe);
    network.execute({ text: QUERY, operationKind: "subscription", name: "Change" }, {}, {}).subscribe(sink);
  },
};

function closed(code, subscribe) {
  return new Promise((resolve) => {
    const server = new WebSocketServer({ port: 0, host: "127.0.0.1", handleProtocols: () => "graphql-transport-ws" });
    let connections = 0;
    const end = (what) => {
      resolve([code, what]);
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
      const client = overSocket({ url, webSocketImpl: WebSocket, retryAttempts: 1, retryWait: async () => {} });
      subscribe(client, { next() {}, error: () => end("final"), complete: () => end("complete") });
    });
  });
}

function streamed(ending) {
  return new Promise((resolve) => {
    let requests = 0;
    const server = createServer((_, response) => {
      requests += 1;
      if (requests === 2) resolve([ending, "again"]);
      if (ending !== "cut") return response.writeHead(Number(ending), { "content-type": "application/json" }).end("{}");
      response.writeHead(200, { "content-type": "text/event-stream" }).write(": hello\n\n");
      setTimeout(() => response.destroy(), 50);
    });
    server.listen(0, "127.0.0.1", () => {
      const url = `http://127.0.0.1:${server.address().port}`;
      const client = overEvents({ url, retryAttempts: 1, retry: async () => {} });
      const error = () => resolve([ending, "final"]);
      client.subscribe({ query: QUERY }, { next() {}, error, complete: () => resolve([ending, "complete"]) });
    });
  });
}

const all = async (ends) => Object.fromEntries(await Promise.all(ends));
const [kind, ...endings] = process.argv.slice(2);
const shown =
  kind === "sse"
    ? { "graphql-sse": await all(endings.map(streamed)) }
    : await all(
        Object.entries(overSockets).map(async ([name, subscribe]) => [
          name,
          await all([kind, ...endings].map((code) => closed(Number(code), subscribe))),
        ]),
      );
console.log(JSON.stringify(shown));
process.exit(0);
