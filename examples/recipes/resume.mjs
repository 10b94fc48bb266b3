// What Apollo Client, urql and Relay share: a graphql-ws client that takes a subscription up again behind the last change.
//
// graphql-ws connects again by itself after a cut, a restart or a sleep, and sends what it was given at first: without this
// every change in between is lost, without a sign. Where there is no cursor yet, the acknowledgement has one to begin with.
import { createClient } from "graphql-ws";
import WebSocket from "ws"; // a browser has its own: leave it out there, and webSocketImpl too

export const FOLLOW = `subscription Follow($after: String) { interviewPanelChanges(after: $after) {
  cursor kind panel { id externalId status startsAt } } }`;
export const BEGIN = `query Begin { changeCursor }`; // take it before you load: what changes meanwhile then comes too

const SILENCE = Number(process.env.SILENCE_MS ?? 30_000); // so long without an answer: the connection is dead

export function connect(url, token, silence = SILENCE) {
  let timer, acknowledged;
  const followed = new Set();
  const begin = (variables) => (variables.after ??= acknowledged);
  const client = createClient({
    url: url.replace(/^http/, "ws"),
    webSocketImpl: WebSocket,
    connectionParams: { Authorization: `Bearer ${token}` },
    retryAttempts: Infinity,
    shouldRetry: () => true, // else a server that is restarting, which refuses the connection, ends it for good
    retryWait: (retries) => new Promise((go) => setTimeout(go, Math.min(30_000, 200 * 2 ** retries) * Math.random())),
    keepAlive: silence / 3,
    on: {
      connected: (_, { changeCursor }) => ((acknowledged = changeCursor), followed.forEach(begin)),
      // A laptop that slept has a socket that nobody answers on: without this it would wait for ever.
      ping: (received) => received || (timer ??= setTimeout(() => client.terminate(), silence)),
      pong: () => (timer = clearTimeout(timer)),
      closed: () => (timer = clearTimeout(timer)),
    },
  });
  // For subscriptions. graphql-ws sends this very payload again, with these very variables.
  const subscribe = (payload, sink) => {
    const variables = { ...payload.variables };
    begin(variables);
    followed.add(variables);
    const next = (result) => {
      variables.after = Object.values(result.data ?? {}).find((field) => field?.cursor)?.cursor ?? variables.after;
      sink.next(result);
    };
    const end = client.subscribe({ ...payload, variables }, { ...sink, next });
    return () => (followed.delete(variables), end());
  };
  return { ...client, subscribe };
}

export const show = ({ cursor, kind, panel }) => console.log(cursor, kind, panel.externalId, panel.status);
// Errors of a subscription end it: take a new token, load afresh after CURSOR_EXPIRED, go on behind the cursor of TOO_SLOW.
export const fail = (error) => (console.error(error), process.exit(1));
