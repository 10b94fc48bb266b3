// What Apollo Client, urql and Relay share: a graphql-ws client that takes a subscription up again behind the last change.
//
// graphql-ws connects again by itself after a cut, a restart or a sleep, and sends what it was given at first: without this
// every change in between is lost, without a sign. A cursor that is taken before makes sure of the first ones too.
import { createClient } from "graphql-ws";
import WebSocket from "ws"; // a browser has its own: leave it out there, and webSocketImpl too

export const FOLLOW = `subscription Follow($after: String) { interviewPanelChanges(after: $after) {
  cursor kind panel { id externalId status startsAt } } }`;
// Nobody has this id, and the end of an empty page is the end of the log.
export const END = `query End { interviewPanelChanges(candidateId: "-", first: 1) { pageInfo { endCursor } } }`;

const SILENCE = Number(process.env.SILENCE_MS ?? 30_000); // so long without an answer: the connection is dead

export function connect(url, token, silence = SILENCE) {
  let timer;
  const client = createClient({
    url: url.replace(/^http/, "ws"),
    webSocketImpl: WebSocket,
    connectionParams: { Authorization: `Bearer ${token}` },
    retryAttempts: Infinity,
    shouldRetry: () => true, // else a server that is restarting, which refuses the connection, ends it for good
    retryWait: (retries) => new Promise((go) => setTimeout(go, Math.min(30_000, 200 * 2 ** retries) * Math.random())),
    keepAlive: silence / 3,
    on: {
      // A laptop that slept has a socket that nobody answers on: without this it would wait for ever.
      ping: (received) => received || (timer ??= setTimeout(() => client.terminate(), silence)),
      pong: () => (timer = clearTimeout(timer)),
      closed: () => (timer = clearTimeout(timer)),
    },
  });
  return { ...client, subscribe: (payload, sink) => resume(client, payload, sink) };
}

function resume(client, payload, sink) {
  const resumed = { ...payload }; // graphql-ws sends this very object again
  return client.subscribe(resumed, {
    ...sink,
    next(result) {
      const cursor = Object.values(result.data ?? {}).find((field) => field?.cursor)?.cursor;
      if (cursor) resumed.variables = { ...resumed.variables, after: cursor };
      sink.next(result);
    },
  });
}

export const show = ({ cursor, kind, panel }) => console.log(cursor, kind, panel.externalId, panel.status);
// Errors of a subscription end it: take a new token, load afresh after CURSOR_EXPIRED, go on behind the cursor of TOO_SLOW.
export const fail = (error) => (console.error(error), process.exit(1));
