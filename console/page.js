/** What views are built of: the page with its heading and loading, notices, and small parts that views share. */

import { Failure } from "/console/client.js";
import { fill, h, icon, keepFocus, swap } from "/console/element.js";
import { live } from "/console/live.js";
import { moment } from "/console/times.js";

const notices = document.getElementById("notices");
const NOTICE_SECONDS = 6;
const OFFER_SECONDS = 20;
const RELOAD_AFTER = 60_000;
const BURST = 250;
const SCROLL_PAUSE = 200;
const MOST_ROWS = 100;

/** A non-breaking space that keeps a line's height while its text loads. */
export const PLACEHOLDER = "\u00a0";

/** What people call the roles. */
export const ROLES = {
  SUPER_ADMIN: "Super Admin",
  ADMIN: "Admin",
  TEAM_MEMBER: "Team Member",
  LIMITED_TEAM_MEMBER: "Limited Team Member",
  INTERVIEWER: "Interviewer",
};

/** Shows a notice for a few seconds without taking the focus; screen readers read it out. Returns its element. */
export function announce(...content) {
  const notice = h("p.notice", null, ...content);
  const passing = notices.querySelectorAll(".notice:not(.stays)");
  if (passing.length > 2) passing[0].remove();
  notices.append(notice);
  setTimeout(() => notice.remove(), NOTICE_SECONDS * 1000);
  return notice;
}

/** Shows a notice with a button that undoes what was just done, for longer than others: it may be reached by keyboard. */
export function offerUndo(message, undo) {
  const button = h("button.quiet.small", { click: () => runAction(button, async () => (notice.remove(), await undo())) }, icon("undo"), "Undo");
  const notice = h("p.notice.stays.offer", null, message, " ", button);
  notices.querySelector(".offer")?.remove();
  notices.append(notice);
  setTimeout(() => notice.contains(document.activeElement) || notice.remove(), OFFER_SECONDS * 1000);
}

/** Returns a function that announces a changed name; names that follow quickly are added to the same notice. */
export function announcer(prefix) {
  const names = new Set();
  let notice;
  return (name) => {
    if (!notice?.isConnected) names.clear();
    notice?.remove();
    names.add(name);
    const [first, second, ...others] = names;
    notice = announce(
      prefix,
      h("b", null, first),
      second && [others.length ? ", " : " and ", h("b", null, second)],
      others.length > 0 && ` and ${others.length} more`,
      " changed.",
    );
  };
}

const PAUSED = {
  offline: ["You are offline. ", "This page shows what was last loaded. It updates when the connection is back."],
  crowded: ["Live updates are paused. ", "Too many connections are open: close a tab or two, and live updates resume."],
};
const pausedNotice = h("p.notice.stays");
live.addEventListener("state", () => {
  const [title, text] = PAUSED[live.state] ?? [];
  if (title) notices.append(fill(pausedNotice, h("b", null, title), text));
  else pausedNotice.remove();
});

/** Returns a function that runs the action once a burst of calls is over. */
export function soon(action) {
  let timer;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(action, BURST);
  };
}

/** Runs a button's action, once at a time. The button isn't disabled meanwhile, which would take the focus from it. */
export async function runAction(button, action, showError = ({ message }) => announce(message)) {
  if (button.ariaDisabled) return;
  button.ariaDisabled = "true";
  try {
    await action();
  } catch (failure) {
    if (!(failure instanceof Failure)) throw failure;
    showError(failure);
  } finally {
    button.ariaDisabled = null;
  }
}

/** The empty state of a view or list. Its text says what to do next, or when something will appear. */
export const emptyState = (symbol, title, ...text) =>
  h("div.empty-state", null, icon(symbol), h("h2", null, title), h("p", null, ...text));

/** Grey bars in place of content that is loading, as high as what is coming. */
export const skeleton = (rows = 5, tag = "div.skeleton") =>
  h(
    tag,
    { "aria-hidden": "true" },
    Array.from({ length: rows }, () => h("div.skeleton-bar")),
  );

export const chip = (tone, ...content) => h(`span.chip.${tone}`, null, ...content);

/** A person's initials on a tint that is always the same for the same name. */
export function avatar(name) {
  const words = name.match(/[\p{L}\p{N}]+/gu) ?? ["?"];
  const initials = [words[0], words.length > 1 ? words.at(-1) : ""].map((word) => [...word][0] ?? "").join("");
  const tint = [...name].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)) % 6, 0);
  return h(`span.avatar.tint${tint}`, { "aria-hidden": "true" }, initials.toUpperCase());
}

/**
 * The first rows of a list, `count` of them at least where there are as many. `fetch(first, after)` returns a
 * connection.
 */
export async function firstRows(count, fetch) {
  let list = await fetch(Math.min(count, MOST_ROWS));
  while (list.edges.length < count && list.pageInfo.hasNextPage) {
    const next = await fetch(Math.min(count - list.edges.length, MOST_ROWS), list.pageInfo.endCursor);
    list = { ...next, edges: [...list.edges, ...next.edges] };
  }
  return list;
}

/** A view's place on the page, from when the viewer opens it until `signal` aborts. */
export class Page {
  constructor({ main, viewer, params, signal }) {
    Object.assign(this, { main, viewer, params, signal });
    this.body = h("div.body", null, skeleton());
    this.reloadSoon = soon(() => signal.aborted || this.reload());
    /** What was kept of this view when the viewer went on from it: where they come by going back. */
    this.kept = history.state ?? {};
  }

  /** Keeps what is shown in this place of the browser's history. */
  keep(values) {
    if (!this.signal.aborted) history.replaceState({ ...history.state, ...values }, "");
  }

  keepScroll() {
    clearTimeout(this.scrollTimer);
    if (this.isRestored) this.keep({ scroll: scrollY });
  }

  /** Scrolls to where the viewer was, once what they saw there is drawn; from then on keeps where they are. */
  restoreScroll() {
    if (this.isRestored) return;
    this.isRestored = true;
    if (this.kept.scroll) scrollTo(0, this.kept.scroll);
    const keepSoon = () => {
      clearTimeout(this.scrollTimer);
      this.scrollTimer = setTimeout(() => this.keepScroll(), SCROLL_PAUSE);
    };
    addEventListener("scroll", keepSoon, { signal: this.signal, passive: true });
  }

  /** Shows the heading, with the link to the parent view above it, a portrait before it and controls at its right. */
  showHeading(title, { parent, portrait, lead, tags, controls } = {}) {
    document.title = `${title} · Callboard`;
    this.heading = h("h1", { tabindex: "-1", "data-focus": "heading" }, title);
    const text = h("div", null, this.heading, lead && h("p.lead", null, lead), tags && h("p.chips", null, tags));
    const head = h("div.head", null, h("div", null, parent, h("div.title", null, portrait, text)), controls);
    if (this.head) swap(this.head, head);
    else fill(this.main, head, this.body);
    this.head = head;
  }

  /** Replaces the content below the heading. */
  show(...children) {
    keepFocus(this.body, this.body, () => fill(this.body, ...children));
  }

  /** Listens to an event of the live feed until the viewer leaves this view. */
  on(type, listener) {
    live.addEventListener(type, ({ detail }) => listener(detail), { signal: this.signal });
  }

  /**
   * Loads and draws the view; again when the live feed reports stale data or another name of something in the
   * directory, which may stand anywhere, and when a tab was hidden for long.
   */
  async load(fetch, draw) {
    Object.assign(this, { fetch, draw, loadedAt: 0, loads: 0 });
    this.on("stale", () => this.reload());
    this.on("directory", this.reloadSoon);
    this.on("state", () => this.isMissing && live.state === "live" && this.reload());
    document.addEventListener(
      "visibilitychange",
      () => !document.hidden && Date.now() - this.loadedAt > RELOAD_AFTER && this.reload(),
      { signal: this.signal },
    );
    await this.reload();
  }

  /** Loads and draws again. Only the latest of several loads draws. */
  async reload() {
    const load = ++this.loads;
    const isOutdated = () => this.signal.aborted || load !== this.loads;
    this.main.setAttribute("aria-busy", "true");
    try {
      const data = await this.fetch();
      if (isOutdated()) return;
      this.loadedAt = Date.now();
      this.isMissing = false;
      this.draw(data);
      this.restoreScroll();
    } catch (failure) {
      if (isOutdated()) return;
      if (!(failure instanceof Failure)) reportError(failure);
      this.isMissing = true;
      this.#showFailure(failure);
    } finally {
      if (load === this.loads) this.main.removeAttribute("aria-busy");
    }
  }

  #showFailure(failure) {
    if (this.loadedAt) announce("Couldn't refresh: ", failure.message, " Last updated ", moment(this.loadedAt), ".");
    else this.show(errorState(failure, () => (this.show(skeleton()), this.reload())));
  }
}

/** Why loading failed, with a button that tries again. */
export function errorState(failure, retry) {
  const box =
    failure.code === "OFFLINE"
      ? emptyState("plug", failure.message.replace(/\.$/, ""), "This page loads as soon as the connection is back.")
      : emptyState("warn", "Something went wrong", failure.message);
  const { requestId, retryAfter } = failure.extensions ?? {};
  if (retryAfter) box.append(h("p", null, `You can try again in ${Math.ceil(retryAfter)} s.`));
  if (requestId) box.append(h("p.faint", null, "Request ", h("code", null, requestId)));
  box.append(h("button.solid", { click: retry }, "Try again"));
  return box;
}
