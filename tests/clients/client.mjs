// A line in, a line out: operations are read from the standard input and run by a reference client, what comes is printed.
//
//   node client.mjs ws|sse URL AUTHORIZATION
//   {"id": "1", "query": "…", "variables": {…}}    runs an operation; {"id": "1", "stop": true} ends it
//
// `cursor` in what arrives becomes the variable `after`, so that an operation that is taken up again goes on behind it.
import { createInterface } from "node:readline";
import { createClient as overEvents } from "graphql-sse";
import { createClient as overSocket } from "graphql-ws";
import WebSocket from "ws";

const [kind, url, authorization] = process.argv.slice(2);
const say = (what) => console.log(JSON.stringify(what));
const soon = () => new Promise((resolve) => setTimeout(resolve, 100));

const client =
  kind === "ws"
    ? overSocket({
        url,
        webSocketImpl: WebSocket,
        lazy: false,
        connectionParams: { Authorization: authorization },
        retryAttempts: 100,
        retryWait: soon,
        shouldRetry: () => true,
        onNonLazyError: () => {},
        on: { connected: () => say({ connected: true }), closed: ({ code, reason }) => say({ closed: code, reason }) },
      })
    : overEvents({ url, headers: { Authorization: authorization }, retryAttempts: 100, retry: soon });

const running = new Map();

createInterface({ input: process.stdin }).on("line", (line) => {
  const { id, stop, ...operation } = JSON.parse(line);
  if (stop) return running.get(id)();
  const end = client.subscribe(operation, {
    next(result) {
      const [change] = Object.values(result.data ?? {});
      if (change?.cursor) operation.variables = { ...operation.variables, after: change.cursor };
      say({ id, next: result });
    },
    error: (error) => say({ id, error: error.errors ?? error.code ?? error.message ?? error }),
    complete: () => say({ id, complete: true }),
  });
  running.set(id, end);
});
