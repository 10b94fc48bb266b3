/** The GraphQL client: operations over HTTP, subscriptions over one WebSocket that reconnects. Knows no recruiting. */

import { BASE } from "/console/base.js";
import { session } from "/console/session.js";

export { session };

/** A GraphQL error with one of the API's codes, or `OFFLINE` where no response came. */
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

/**
 * Runs a query or mutation and returns its data. Throws a Failure for the first error. A sign-in that has run out is
 * renewed first, and signed out where that fails.
 */
export async function ask(query, variables = {}) {
  const used = session.token;
  let result = await post({ query, variables });
  const isRefused = result.errors?.[0]?.extensions?.code === "UNAUTHENTICATED";
  if (isRefused && (await session.renew(used))) result = await post({ query, variables });
  if (!result.errors?.length) return result.data;
  const failure = Failure.of(result.errors[0]);
  if (failure.code === "UNAUTHENTICATED") session.end("expired");
  throw failure;
}

/** Returns the response with its errors. Throws a Failure where none came. */
async function post(request) {
  const headers = { "Content-Type": "application/json", Accept: "application/graphql-response+json, application/json" };
  if (session.authorization) headers.Authorization = session.authorization;
  let response;
  try {
    response = await fetch(`${BASE}/graphql`, { method: "POST", headers, body: JSON.stringify(request) });
  } catch {
    throw new Failure("OFFLINE", "Callboard can't be reached.");
  }
  try {
    return await response.json();
  } catch {
    throw new Failure("OFFLINE", `Callboard answered with ${response.status} and no data.`);
  }
}

const RETRYABLE = ["SERVICE_UNAVAILABLE", "RATE_LIMITED", "INTERNAL_SERVER_ERROR"];
const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 20_000;
const PING_INTERVAL = 15_000;
const LONGEST_SILENCE = 8_000;

/**
 * Subscriptions over `graphql-transport-ws`. After a disconnect it reconnects with growing pauses, and each
 * subscription resumes after the last cursor it received. `state` is "connecting", "live", "reconnecting", "offline",
 * or "crowded" while the user has too many connections open; `state` is dispatched whenever it changes.
 */
export class SubscriptionClient extends EventTarget {
  state = "connecting";
  #subscriptions = new Map();
  #socket = null;
  #tries = 0;
  #ids = 0;
  #reconnectTimer;
  #pingTimer;
  #silenceTimer;
  #isOpen = false;
  #sent;

  /** `renew(sent)` gets another `Authorization` than the one that ran out, and returns whether there is one. */
  constructor(
    authorization = () => session.authorization,
    renew = (sent) => session.renew(sent?.replace(/^Bearer /, "")),
  ) {
    super();
    this.authorization = authorization;
    this.renew = renew;
    addEventListener("online", () => this.#reconnectNow());
    addEventListener("offline", () => this.#disconnect());
    document.addEventListener("visibilitychange", () => document.hidden || this.#reconnectNow());
  }

  /**
   * Subscribes until the returned function is called. `operationName` is needed where the document has several.
   * `next(data)` gets each result; `cursor(data)` returns where to resume; `restarted()` is called when the stream
   * begins without a cursor, so that earlier data has to be loaded; `failed(failure)` when the server refuses for good;
   * `ended()` when the server completes the stream, which is resumed unless it returns true.
   */
  subscribe(
    { query, variables, operationName },
    { next, cursor = () => undefined, restarted = () => {}, failed = () => {}, ended = () => {} },
  ) {
    const payload = { query, variables: { ...variables }, operationName };
    const subscription = { payload, next, cursor, restarted, failed, ended };
    this.#isOpen = true;
    if (this.state === "live") this.#send(subscription);
    else {
      this.#subscriptions.set(`waiting-${++this.#ids}`, subscription);
      if (!this.#socket) this.#connect();
    }
    return () => this.#unsubscribe(subscription);
  }

  close() {
    this.#isOpen = false;
    this.#subscriptions.clear();
    this.#closeSocket();
  }

  #connect() {
    clearTimeout(this.#reconnectTimer);
    const url = new URL(`${BASE}/graphql`, location.href.replace(/^http/, "ws"));
    const socket = (this.#socket = new WebSocket(url, "graphql-transport-ws"));
    socket.onopen = () => {
      this.#sent = this.authorization();
      this.#write({ type: "connection_init", payload: { Authorization: this.#sent } });
    };
    socket.onmessage = ({ data }) => this.#socket === socket && this.#receive(JSON.parse(data));
    socket.onclose = ({ code, reason }) => this.#socket === socket && this.#handleClose(code, reason);
    this.#expectMessageWithin(LONGEST_SILENCE);
  }

  #write(message) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  #receive(message) {
    this.#expectMessageWithin(PING_INTERVAL + LONGEST_SILENCE);
    if (message.type === "ping") return this.#write({ type: "pong" });
    if (message.type === "connection_ack") return this.#handleAcknowledge();
    const subscription = this.#subscriptions.get(message.id);
    if (!subscription) return;
    if (message.type === "complete") {
      this.#subscriptions.delete(message.id);
      this.#resumeLater(subscription);
    } else if (message.type === "error" || message.payload?.errors) {
      this.#subscriptions.delete(message.id);
      this.#handleError(subscription, Failure.of((message.payload.errors ?? message.payload)[0]));
    } else if (message.type === "next") {
      const { data } = message.payload;
      const { variables } = subscription.payload;
      variables.after = subscription.cursor(data) ?? variables.after;
      subscription.next(data);
    }
  }

  #handleAcknowledge() {
    this.#tries = 0;
    const waiting = [...this.#subscriptions.values()];
    this.#subscriptions.clear();
    this.#setState("live");
    waiting.forEach((subscription) => this.#send(subscription));
    clearInterval(this.#pingTimer);
    this.#pingTimer = setInterval(() => this.#write({ type: "ping" }), PING_INTERVAL);
  }

  #send(subscription) {
    const id = String(++this.#ids);
    this.#subscriptions.set(id, subscription);
    this.#write({ id, type: "subscribe", payload: subscription.payload });
    if (!subscription.payload.variables.after) subscription.restarted();
  }

  /** Errors arrive inside `next` once a stream runs: some name the cursor to resume from, some end the stream. */
  #handleError(subscription, failure) {
    const { variables } = subscription.payload;
    if (failure.code === "TOO_SLOW") variables.after = failure.extensions.cursor ?? variables.after;
    else if (failure.code === "CURSOR_EXPIRED") delete variables.after;
    else if (failure.code === "UNAUTHENTICATED") return this.#refuse(subscription, failure);
    else if (RETRYABLE.includes(failure.code)) return this.#resumeLater(subscription);
    else return subscription.failed(failure);
    this.#send(subscription);
  }

  /** With a renewed sign-in all subscriptions resume where they were; without one it is over. */
  async #refuse(subscription, failure) {
    const key = `waiting-${++this.#ids}`;
    this.#subscriptions.set(key, subscription);
    if (await this.#reconnectRenewed()) return;
    this.#subscriptions.delete(key);
    subscription.failed(failure);
    this.dispatchEvent(new Event("unauthenticated"));
  }

  async #reconnectRenewed() {
    this.#closeSocket();
    this.#setState("reconnecting");
    const isRenewed = await this.renew(this.#sent);
    if (isRenewed && this.#isOpen && !this.#socket) this.#connect();
    return isRenewed;
  }

  /** The server ended the stream because it shuts down or is overloaded, so the next attempt waits. */
  #resumeLater(subscription) {
    if (subscription.ended() === true) return;
    const key = `waiting-${++this.#ids}`;
    this.#subscriptions.set(key, subscription);
    setTimeout(() => {
      if (this.state === "live" && this.#subscriptions.delete(key)) this.#send(subscription);
    }, FIRST_PAUSE * 2);
  }

  #unsubscribe(subscription) {
    for (const [id, candidate] of this.#subscriptions) {
      if (candidate !== subscription) continue;
      this.#subscriptions.delete(id);
      this.#write({ id, type: "complete" });
    }
  }

  async #handleClose(code, reason) {
    this.#closeSocket();
    if (code === 4401 || code === 4403)
      (await this.#reconnectRenewed()) || this.dispatchEvent(new Event("unauthenticated"));
    else if (this.#isOpen) this.#reconnectLater(reason === "LIMIT_EXCEEDED" ? "crowded" : undefined);
  }

  #reconnectLater(state = navigator.onLine && this.#tries < 3 ? "reconnecting" : "offline") {
    this.#tries += 1;
    this.#setState(state);
    // Jitter, so that a thousand consoles don't reconnect to a restarted server in one instant.
    const pause = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (this.#tries - 1)) * (0.5 + Math.random());
    this.#reconnectTimer = setTimeout(() => this.#connect(), pause);
  }

  #reconnectNow() {
    if (this.#isOpen && !this.#socket) this.#connect();
    else this.#write({ type: "ping" });
  }

  #disconnect() {
    if (!this.#isOpen) return;
    this.#closeSocket();
    this.#reconnectLater();
  }

  #closeSocket() {
    clearTimeout(this.#reconnectTimer);
    clearTimeout(this.#silenceTimer);
    clearInterval(this.#pingTimer);
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
  }

  /** Disconnects after too long a silence: a pulled cable sends no close frame. */
  #expectMessageWithin(milliseconds) {
    clearTimeout(this.#silenceTimer);
    this.#silenceTimer = setTimeout(() => this.#disconnect(), milliseconds);
  }

  #setState(state) {
    if (this.state === state) return;
    this.state = state;
    this.dispatchEvent(new Event("state"));
  }
}
