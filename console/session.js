/** The sign-in, one for all tabs: the server keeps it in a cookie that no script can read, and hands out its token. */

import { BASE } from "/console/base.js";

const CHANNEL = "callboard.session";
const RETRY_AFTER = 15_000;

/** Where the explorer keeps in this browser what one writes, until one signs out. */
export const EXPLORER_TABS = "callboard.explorer.tabs";

/**
 * The token is in this page's memory only. Dispatches `ended` with a reason ("signed-out", "expired" or "key"), and
 * `started` when another tab has signed in.
 */
class Session extends EventTarget {
  token;
  /** Where one signs in at the identity provider; null where there is none. */
  provider = null;
  #renewing;
  #timer;
  #tabs = new BroadcastChannel(CHANNEL);

  constructor() {
    super();
    this.#tabs.onmessage = ({ data: { type, reason } }) => {
      if (type === "started" && !this.token) this.dispatchEvent(new Event("started"));
      if (type === "ended" && this.token) this.#forget(reason);
    };
  }

  /** The value of the `Authorization` header. */
  get authorization() {
    return this.token ? `Bearer ${this.token}` : undefined;
  }

  /** Uses this token, in this page. */
  start(token) {
    clearTimeout(this.#timer);
    this.token = token.trim().replace(/^Bearer\s+/i, "");
  }

  /**
   * Takes the token of a sign-in link from the fragment, which no server sees. Returns whether it is used: whoever is
   * signed in is asked first, since anybody may have sent the link.
   */
  async startFromLink() {
    const token = new URLSearchParams(location.hash.slice(1)).get("token");
    if (!token) return false;
    history.replaceState(null, "", location.pathname + location.search);
    if (!this.token) await this.renew();
    if (this.token && this.token !== token && !confirm("You are signed in. Sign in as whom this link is for instead?"))
      return false;
    this.start(token);
    return true;
  }

  /** Lets this token count in all tabs, and after a reload. */
  async keep() {
    const response = await post("keep", { Authorization: this.authorization });
    if (response?.ok) this.#tabs.postMessage({ type: "started" });
  }

  /** Takes the token of the session that all tabs share. Returns whether there is one that has not been used before. */
  renew(used = this.token) {
    if (this.token !== used) return Promise.resolve(Boolean(this.token));
    this.#renewing ??= this.#take().finally(() => (this.#renewing = undefined));
    return this.#renewing.then(() => Boolean(this.token) && this.token !== used);
  }

  /** Ends the sign-in here and in all tabs. Signing out by oneself, one signs out of the identity provider too. */
  async end(reason) {
    if (!this.token) return;
    this.#forget(reason);
    if (reason === "key") return;
    this.#tabs.postMessage({ type: "ended", reason });
    const address = (await body(await post("end")))?.address;
    if (reason === "signed-out" && address) location.assign(address);
  }

  #forget(reason) {
    clearTimeout(this.#timer);
    this.token = undefined;
    if (reason === "signed-out") localStorage.removeItem(EXPLORER_TABS);
    this.dispatchEvent(new CustomEvent("ended", { detail: reason }));
  }

  /** One tab at a time: the provider may take two renewals at once for theft. */
  #take() {
    return navigator.locks ? navigator.locks.request(CHANNEL, () => this.#ask()) : this.#ask();
  }

  async #ask() {
    const response = await post("token");
    const answer = await body(response);
    clearTimeout(this.#timer);
    this.provider = answer?.signIn ?? this.provider;
    if (response?.ok) {
      this.token = answer.token;
      if (answer.renewIn !== null) this.#renewAfter(answer.renewIn * 1000);
    } else if (response?.status !== 401 && this.token) this.#renewAfter(RETRY_AFTER);
  }

  #renewAfter(milliseconds) {
    this.#timer = setTimeout(() => this.renew(), Math.max(1000, milliseconds));
  }
}

/** Returns the response; undefined where none came. It counts even when the page is left meanwhile. */
const post = (act, headers = {}) =>
  fetch(`${BASE}/auth/${act}`, { method: "POST", headers, keepalive: true }).catch(() => undefined);

const body = (response) => response?.json().catch(() => undefined);

export const session = new Session();
