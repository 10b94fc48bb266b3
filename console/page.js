/** A view on the page: its heading, what it loads, what it shows meanwhile, and when that fails. */

import { Failure } from "/console/client.js";
import { fill, h, holdingFocus, icon, swap } from "/console/element.js";
import { live } from "/console/live.js";
import { moment } from "/console/times.js";

const notices = document.getElementById("notices");
const NOTICE_SECONDS = 6;
const LOOK_AGAIN_AFTER = 60_000;
const BURST = 250;

/** Holds a line's height while its words are on their way. */
export const BLANK = "\u00a0";

/** Says something without taking the focus: seen for a moment, and read out when the screen reader is free. */
export function announce(...text) {
  const notice = h("p.notice", null, ...text);
  const passing = notices.querySelectorAll(".notice:not(.stays)");
  if (passing.length > 2) passing[0].remove();
  notices.append(notice);
  setTimeout(() => notice.remove(), NOTICE_SECONDS * 1000);
  return notice;
}

/** Says that something of these names changed: one notice for a burst, however many there are. */
export function announcer(words) {
  const names = new Set();
  let notice;
  return (name) => {
    if (!notice?.isConnected) names.clear();
    notice?.remove();
    names.add(name);
    const [first, second, ...others] = names;
    notice = announce(
      words,
      h("b", null, first),
      second && [others.length ? ", " : " and ", h("b", null, second)],
      others.length > 0 && ` and ${others.length} more`,
      " changed.",
    );
  };
}

const WAITING = {
  offline: ["You are offline. ", "What you see was loaded before. It goes on by itself."],
  crowded: ["Live updates wait. ", "Too many connections are open: close a tab or two, and it goes on by itself."],
};
const waiting = h("p.notice.stays");
live.addEventListener("state", () => {
  const [what, more] = WAITING[live.state] ?? [];
  if (what) notices.append(fill(waiting, h("b", null, what), more));
  else waiting.remove();
});

/** What a pressed button does, once at a time. It isn't disabled meanwhile, which would take the focus from it. */
export async function press(button, act, complain = ({ message }) => announce(message)) {
  if (button.ariaDisabled) return;
  button.ariaDisabled = "true";
  try {
    await act();
  } catch (failure) {
    if (!(failure instanceof Failure)) throw failure;
    complain(failure);
  } finally {
    button.ariaDisabled = null;
  }
}

/** What is nowhere: nothing found, nothing yet, not allowed. Always says what to do next. */
export const blank = (symbol, title, ...words) =>
  h("div.blank", null, icon(symbol), h("h2", null, title), h("p", null, ...words));

/** Grey bars where content is on its way, as high as what is coming. */
export const skeleton = (rows = 5, tag = "div.bones") =>
  h(
    tag,
    { "aria-hidden": "true" },
    Array.from({ length: rows }, () => h("div.bone")),
  );

export const chip = (tone, ...words) => h(`span.chip.${tone}`, null, ...words);

/** Initials on a tint that stays the same for the same name. */
export function face(name) {
  const words = name.match(/[\p{L}\p{N}]+/gu) ?? ["?"];
  const initials = [words[0], words.length > 1 ? words.at(-1) : ""].map((word) => [...word][0] ?? "").join("");
  const tint = [...name].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)) % 6, 0);
  return h(`span.face.tint${tint}`, { "aria-hidden": "true" }, initials.toUpperCase());
}

export class Page {
  constructor({ main, viewer, params, signal }) {
    Object.assign(this, { main, viewer, params, signal });
    this.body = h("div.body", null, skeleton());
  }

  /** Shows the heading at once: where it lies above it, a portrait before it, what can be done at its right. */
  open(title, { trail, portrait, lead, tags, beside } = {}) {
    document.title = `${title} · Callboard`;
    this.heading = h("h1", { tabindex: "-1", "data-focus": "heading" }, title);
    const words = h("div", null, this.heading, lead && h("p.lead", null, lead), tags && h("p.chips", null, tags));
    const head = h("div.head", null, h("div", null, trail, h("div.title", null, portrait, words)), beside);
    if (this.head) swap(this.head, head);
    else fill(this.main, head, this.body);
    this.head = head;
  }

  show(...children) {
    holdingFocus(this.body, this.body, () => fill(this.body, ...children));
  }

  /** Listens to what is live until the viewer leaves this view. */
  on(type, listener) {
    live.addEventListener(type, ({ detail }) => listener(detail), { signal: this.signal });
  }

  /** Loads and draws; again whenever the live feed can't vouch for what was loaded, or the tab was long away. */
  async load(fetch, draw) {
    let loaded = 0;
    let latest = 0;
    let isMissing = false;
    const again = async () => {
      const turn = ++latest;
      this.main.setAttribute("aria-busy", "true");
      try {
        const data = await fetch();
        if (this.signal.aborted || turn !== latest) return;
        loaded = Date.now();
        isMissing = false;
        draw(data);
      } catch (failure) {
        if (this.signal.aborted || turn !== latest) return;
        if (!(failure instanceof Failure)) reportError(failure);
        isMissing = true;
        if (loaded) announce("Not refreshed: ", failure.message, " Shown as of ", moment(loaded), ".");
        else this.show(failed(failure, () => (this.show(skeleton()), again())));
      } finally {
        if (turn === latest) this.main.removeAttribute("aria-busy");
      }
    };
    this.on("afresh", again);
    this.on("state", () => isMissing && live.state === "live" && again());
    document.addEventListener(
      "visibilitychange",
      () => !document.hidden && Date.now() - loaded > LOOK_AGAIN_AFTER && again(),
      { signal: this.signal },
    );
    this.reload = again;
    let soon;
    this.reloadSoon = () => (clearTimeout(soon), (soon = setTimeout(() => this.signal.aborted || again(), BURST)));
    await again();
  }
}

/** What to show where loading failed: why, and a way to try again. */
export function failed(failure, again) {
  const offline = failure.code === "OFFLINE";
  const box = offline
    ? blank(
        "plug",
        failure.message.replace(/\.$/, ""),
        "This goes on by itself as soon as there is a connection again.",
      )
    : blank("warn", "This didn't work", failure.message);
  const { requestId, retryAfter } = failure.extensions ?? {};
  if (retryAfter) box.append(h("p", null, `It may be asked again in ${Math.ceil(retryAfter)} s.`));
  if (requestId) box.append(h("p.faint", null, "Request ", h("code", null, requestId)));
  box.append(h("button.solid", { click: again }, "Try again"));
  return box;
}
