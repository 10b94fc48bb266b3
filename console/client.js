/** How a browser talks to Callboard: GraphQL over HTTP, and over one WebSocket that outlives cuts. Knows no recruiting. */

const TOKEN = "callboard.token";

/** The token of this tab, and of this tab only. `ended` is dispatched with the reason: "signed-out" or "expired". */
class Session extends EventTarget {
  get token() {
    return sessionStorage.getItem(TOKEN);
  }

  /** What an `Authorization` header says of it. */
  get authorization() {
    return this.token ? `Bearer ${this.token}` : undefined;
  }

  start(token) {
    sessionStorage.setItem(TOKEN, token.trim().replace(/^Bearer\s+/i, ""));
  }

  end(reason) {
    if (!this.token) return;
    sessionStorage.removeItem(TOKEN);
    this.dispatchEvent(new CustomEvent("ended", { detail: reason }));
  }

  /** Takes the token of a sign-in link from the fragment, which no server sees. True where there was one. */
  startFromLink() {
    const token = new URLSearchParams(location.hash.slice(1)).get("token");
    if (!token) return false;
    history.replaceState(null, "", location.pathname + location.search);
    this.start(token);
    return true;
  }
}

export const session = new Session();

/** A GraphQL error, or no answer at all (`OFFLINE`). `code` is one of the API's codes. */
export class Failure extends Error {
  constructor(code, message, extensions = {}) {
    super(message);
    this.code = code;
    this.extensions = extensions;
  }

  static of(error) {
    return new Failure(error.extensions?.code ?? "INTERNAL_SERVER_ERROR", error.message, error.extensions);
  }
}

/** The data of a query or mutation. Throws a Failure for the first error; an expired sign-in ends the session too. */
export async function ask(query, variables = {}) {
  const answer = await post({ query, variables });
  if (!answer.errors?.length) return answer.data;
  const failure = Failure.of(answer.errors[0]);
  if (failure.code === "UNAUTHENTICATED") session.end("expired");
  throw failure;
}

/** The whole answer as it came, errors and all. Throws a Failure where none came. */
async function post(request) {
  const headers = { "Content-Type": "application/json", Accept: "application/graphql-response+json, application/json" };
  if (session.authorization) headers.Authorization = session.authorization;
  let response;
  try {
    response = await fetch("/graphql", { method: "POST", headers, body: JSON.stringify(request) });
  } catch {
    throw new Failure("OFFLINE", "Callboard can't be reached.");
  }
  try {
    return await response.json();
  } catch {
    throw new Failure("OFFLINE", `Callboard answered with ${response.status} and no data.`);
  }
}

const PASSING = ["SERVICE_UNAVAILABLE", "RATE_LIMITED", "INTERNAL_SERVER_ERROR"];
const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 20_000;
const HEARTBEAT = 15_000;
const PATIENCE = 8_000;

/**
 * Subscriptions over `graphql-transport-ws`. After a cut it comes back by itself, ever more slowly, and each
 * subscription goes on behind the last cursor it saw. `state` is "connecting", "live", "reconnecting", "offline", or
 * "crowded" while the user has too many connections open; each turn of it dispatches `state`.
 */
export class Socket extends EventTarget {
  state = "connecting";
  #subscriptions = new Map();
  #socket = null;
  #tries = 0;
  #ids = 0;
  #retry;
  #beat;
  #silence;
  #open = false;

  constructor(authorization = () => session.authorization) {
    super();
    this.authorization = authorization;
    addEventListener("online", () => this.#again());
    addEventListener("offline", () => this.#cut());
    document.addEventListener("visibilitychange", () => document.hidden || this.#again());
  }

  /**
   * Follows a subscription, named where its document has several operations, until the returned function is called.
   * `next(data)` gets what arrives; `cursor(data)` says where to go on after a cut; `afresh()` is called when it starts
   * without a cursor, so that what was before has to be loaded; `failed(failure)` when the server refuses for good.
   */
  follow(
    { query, variables, operationName },
    { next, cursor = () => undefined, afresh = () => {}, failed = () => {}, ended = () => {} },
  ) {
    const request = { query, variables: { ...variables }, operationName };
    const subscription = { request, next, cursor, afresh, failed, ended };
    this.#open = true;
    if (this.state === "live") this.#subscribe(subscription);
    else {
      this.#subscriptions.set(`waiting-${++this.#ids}`, subscription);
      if (!this.#socket) this.#connect();
    }
    return () => this.#forget(subscription);
  }

  close() {
    this.#open = false;
    this.#subscriptions.clear();
    this.#drop();
  }

  #connect() {
    clearTimeout(this.#retry);
    const url = new URL("/graphql", location.href.replace(/^http/, "ws"));
    const socket = (this.#socket = new WebSocket(url, "graphql-transport-ws"));
    socket.onopen = () => this.#send({ type: "connection_init", payload: { Authorization: this.authorization() } });
    socket.onmessage = ({ data }) => this.#socket === socket && this.#receive(JSON.parse(data));
    socket.onclose = ({ code, reason }) => this.#socket === socket && this.#closed(code, reason);
    this.#expectWithin(PATIENCE);
  }

  #send(message) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  #receive(message) {
    this.#expectWithin(HEARTBEAT + PATIENCE);
    if (message.type === "ping") return this.#send({ type: "pong" });
    if (message.type === "connection_ack") return this.#acknowledged();
    const subscription = this.#subscriptions.get(message.id);
    if (!subscription) return;
    if (message.type === "complete") {
      this.#subscriptions.delete(message.id);
      this.#resumeLater(subscription);
    } else if (message.type === "error" || message.payload?.errors) {
      this.#subscriptions.delete(message.id);
      this.#refused(subscription, Failure.of((message.payload.errors ?? message.payload)[0]));
    } else if (message.type === "next") {
      const { data } = message.payload;
      const { variables } = subscription.request;
      variables.after = subscription.cursor(data) ?? variables.after;
      subscription.next(data);
    }
  }

  #acknowledged() {
    this.#tries = 0;
    const waiting = [...this.#subscriptions.values()];
    this.#subscriptions.clear();
    this.#turn("live");
    waiting.forEach((subscription) => this.#subscribe(subscription));
    clearInterval(this.#beat);
    this.#beat = setInterval(() => this.#send({ type: "ping" }), HEARTBEAT);
  }

  #subscribe(subscription) {
    const id = String(++this.#ids);
    this.#subscriptions.set(id, subscription);
    this.#send({ id, type: "subscribe", payload: subscription.request });
    if (!subscription.request.variables.after) subscription.afresh();
  }

  /** Errors arrive inside `next` once a stream runs: some say where to go on, some that it is over. */
  #refused(subscription, failure) {
    const { variables } = subscription.request;
    if (failure.code === "TOO_SLOW") variables.after = failure.extensions.cursor ?? variables.after;
    else if (failure.code === "CURSOR_EXPIRED") delete variables.after;
    else if (failure.code === "UNAUTHENTICATED") return this.#unauthenticated(subscription, failure);
    else if (PASSING.includes(failure.code)) return this.#resumeLater(subscription);
    else return subscription.failed(failure);
    this.#subscribe(subscription);
  }

  #unauthenticated(subscription, failure) {
    subscription.failed(failure);
    this.dispatchEvent(new Event("unauthenticated"));
  }

  /** A stream that the server ended: it is going down, or the subscription is over. A pause keeps both cheap. */
  #resumeLater(subscription) {
    if (subscription.ended() === true) return;
    const key = `waiting-${++this.#ids}`;
    this.#subscriptions.set(key, subscription);
    setTimeout(() => {
      if (this.state === "live" && this.#subscriptions.delete(key)) this.#subscribe(subscription);
    }, FIRST_PAUSE * 2);
  }

  #forget(subscription) {
    for (const [id, candidate] of this.#subscriptions) {
      if (candidate !== subscription) continue;
      this.#subscriptions.delete(id);
      this.#send({ id, type: "complete" });
    }
  }

  #closed(code, reason) {
    this.#drop();
    if (code === 4401 || code === 4403) this.dispatchEvent(new Event("unauthenticated"));
    else if (this.#open) this.#comeBack(reason === "LIMIT_EXCEEDED" ? "crowded" : undefined);
  }

  #comeBack(meanwhile = navigator.onLine && this.#tries < 3 ? "reconnecting" : "offline") {
    this.#tries += 1;
    this.#turn(meanwhile);
    // Jitter, so that a thousand consoles don't come back to a restarted server in one instant.
    const pause = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (this.#tries - 1)) * (0.5 + Math.random());
    this.#retry = setTimeout(() => this.#connect(), pause);
  }

  #again() {
    if (this.#open && !this.#socket) this.#connect();
    else this.#send({ type: "ping" });
  }

  #cut() {
    if (!this.#open) return;
    this.#drop();
    this.#comeBack();
  }

  #drop() {
    clearTimeout(this.#retry);
    clearTimeout(this.#silence);
    clearInterval(this.#beat);
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
  }

  /** A cable that is pulled sends no goodbye: silence longer than this is a cut. */
  #expectWithin(milliseconds) {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.#cut(), milliseconds);
  }

  #turn(state) {
    if (this.state === state) return;
    this.state = state;
    this.dispatchEvent(new Event("state"));
  }
}
