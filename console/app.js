/** The frame of the console: signing in, navigation, and the state of the live connection. */

import { BASE, currentPath } from "/console/base.js";
import { Failure, ask, session } from "/console/client.js";
import { fill, h, icon } from "/console/element.js";
import { live } from "/console/live.js";
import { Page, ROLES, announce, avatar, emptyState, errorState } from "/console/page.js";
import { showSignIn } from "/console/sign-in.js";

const main = document.getElementById("main");
const bar = document.getElementById("bar");

const PRELOAD_AFTER = 2000;

const LINKS = [
  { path: "/", label: "Candidates", symbol: "people", isFor: ({ role }) => role !== "INTERVIEWER" },
  { path: "/interviews", label: "My interviews", symbol: "calendar", isFor: () => true },
  { path: "/activity", label: "Activity", symbol: "pulse", isFor: () => true },
  {
    path: "/settings/integrations",
    label: "Integrations",
    symbol: "plug",
    group: "Settings",
    isFor: ({ role }) => role !== "INTERVIEWER",
  },
  { path: "/settings/users", label: "Users", symbol: "people", isFor: ({ role }) => role !== "INTERVIEWER" },
  { path: "/settings/audit", label: "Audit trail", symbol: "lock", isFor: ({ role }) => role === "SUPER_ADMIN" },
];

const STATES = {
  connecting: "Connecting",
  live: "Live",
  reconnecting: "Reconnecting",
  crowded: "Paused",
  offline: "Offline",
};

// A view is a module and a style sheet of the same name.
const VIEWS = [
  { pattern: /^\/$/, name: "candidates" },
  { pattern: /^\/candidates\/(?<id>[^/]+)$/, name: "profile" },
  { pattern: /^\/interviews$/, name: "interviews" },
  { pattern: /^\/activity$/, name: "changes" },
  { pattern: /^\/settings\/integrations$/, name: "integrations" },
  { pattern: /^\/settings\/users$/, name: "users" },
  { pattern: /^\/settings\/audit$/, name: "audit" },
  { pattern: /^\/feedback\/(?<id>[^/]+)$/, name: "feedback" },
];
const sheets = new Map();

let viewer;
let currentView = new AbortController();
let currentPage;

/** Navigates to a path of this host without a reload. */
function navigate(path) {
  currentPage?.keepScroll();
  if (path !== location.pathname + location.search) history.pushState(null, "", path);
  return showView();
}

async function showView() {
  currentView.abort();
  currentView = new AbortController();
  const { signal } = currentView;
  const isFirst = !main.dataset.path;
  // Interviewers see no candidates, so their first view is their interviews.
  if (currentPath() === "/" && viewer.role === "INTERVIEWER") history.replaceState(history.state, "", `${BASE}/interviews`);
  markCurrentLink();
  const view = VIEWS.find(({ pattern }) => pattern.test(currentPath()));
  const groups = view?.pattern.exec(currentPath()).groups;
  const page = (currentPage = new Page({ main, viewer, signal, params: decodedParams(groups) }));
  main.dataset.path = location.pathname;
  if (view) await openView(view, page);
  else showNotFound(page);
  if (signal.aborted) return;
  if (!page.isRestored) scrollTo(0, 0);
  if (!isFirst) page.heading?.focus({ preventScroll: true });
}

async function openView({ name }, page) {
  const view = await loadView(name).catch(() => null);
  if (page.signal.aborted) return;
  if (view) return void view.default(page);
  page.showHeading("Callboard");
  page.show(errorState(new Failure("OFFLINE", "Callboard can't be reached."), showView));
  page.on("state", () => live.state === "live" && showView());
}

function showNotFound(page) {
  const link = h("a", { href: "/" }, "Go to the candidates");
  page.showHeading("Page not found");
  page.show(emptyState("question", "This page doesn't exist", "It may have moved. ", link));
}

async function loadView(name) {
  const [view] = await Promise.all([import(`/console/${name}.js`), loadSheet(name)]);
  return view;
}

function loadSheet(name) {
  if (!sheets.has(name))
    sheets.set(
      name,
      new Promise((resolve, reject) => {
        const fail = () => (link.remove(), sheets.delete(name), reject());
        const link = h("link", { rel: "stylesheet", href: `/console/${name}.css`, load: resolve, error: fail });
        document.head.append(link);
      }),
    );
  return sheets.get(name);
}

const decodedParams = (groups = {}) =>
  Object.fromEntries(Object.entries(groups).map(([name, value]) => [name, decoded(value)]));

function decoded(value) {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

function markCurrentLink() {
  for (const link of bar.querySelectorAll("nav a")) {
    const path = link.getAttribute("href");
    const isCurrent = path === currentPath() || (path === "/" && currentPath().startsWith("/candidates/"));
    if (isCurrent) (link.setAttribute("aria-current", "page"), link.scrollIntoView({ block: "nearest", inline: "nearest" }));
    else link.removeAttribute("aria-current");
  }
}

function drawBar() {
  const logo = h("img", { src: "/console/icon.svg", alt: "", width: "28", height: "28" });
  const links = LINKS.filter(({ isFor }) => isFor(viewer));
  fill(
    bar,
    h("a.brand", { href: "/" }, logo, "Callboard"),
    finderButton(),
    h(
      "nav",
      { "aria-label": "Main" },
      links.map(({ path, label, symbol, group }) => [
        group && h("span.group", null, group),
        h("a", { href: path }, icon(symbol), h("span", null, label)),
      ]),
    ),
    h(
      "div.foot",
      null,
      h(
        "div.tools",
        null,
        h("a.quiet.explorer", { href: "/graphql", rel: "external" }, icon("code"), "API explorer"),
        h("button.bare", { click: openTimes, ...labelled("Time zone and clock") }, icon("clock")),
      ),
      connectionState(),
      viewerBox(),
    ),
  );
  bar.hidden = false;
}

const labelled = (label) => ({ "aria-label": label, title: label });

const finderButton = () =>
  h(
    "button.quiet.finder",
    { click: openFinder, "aria-keyshortcuts": "Control+K /", "aria-label": "Find anybody" },
    icon("search"),
    h("span", null, "Find anybody"),
  );

function connectionState() {
  const state = h("p.live");
  const draw = () => {
    state.dataset.state = live.state;
    fill(state, h("span.dot"), STATES[live.state]);
  };
  live.addEventListener("state", draw);
  draw();
  return state;
}

function viewerBox() {
  const signOut = { click: () => session.end("signed-out"), "aria-label": "Sign out", title: "Sign out" };
  return h(
    "div.me",
    null,
    avatar(viewer.name),
    h("p", null, h("b", { title: viewer.name }, viewer.name), h("span", null, ROLES[viewer.role])),
    h("button.bare", signOut, icon("leave")),
  );
}

async function openTimes() {
  const { openPreferences } = await import("/console/preferences.js").catch(unreachable);
  openPreferences(showView);
}

async function openFinder() {
  if (!viewer || document.querySelector("dialog")) return;
  const [finder] = await Promise.all([import("/console/finder.js"), loadSheet("finder")]).catch(unreachable);
  if (viewer && !document.querySelector("dialog")) finder.openFinder(viewer, navigate);
}

function unreachable() {
  announce("Callboard can't be reached.");
  return new Promise(() => {});
}

/** `/` finds anybody, unless somebody is typing; Ctrl-K and ⌘K do so always. */
function handleShortcut(event) {
  const isTyping = event.target.closest?.("input, textarea, select, [contenteditable]");
  const isSlash = event.key === "/" && !isTyping && !event.ctrlKey && !event.metaKey && !event.altKey;
  if (!isSlash && !(event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey))) return;
  event.preventDefault();
  openFinder();
}

function closeConsole() {
  currentView.abort();
  live.stop();
  viewer = undefined;
  bar.hidden = true;
  delete main.dataset.path;
}

function openSignIn(reason) {
  closeConsole();
  showSignIn(main, reason, signIn);
}

/** Opens the console with the token that was entered, in all tabs. */
async function signIn() {
  const refusal = await openConsole();
  if (viewer) session.keep();
  return refusal;
}

const whoIsSignedIn = async () =>
  (await ask(`query Me { viewer { __typename ... on User { id name email role } } }`)).viewer;

/** Shows the viewer's name and role as they are by now; with another role other views are theirs. */
async function refreshViewer() {
  const who = await whoIsSignedIn().catch(() => viewer);
  if (!viewer || (who.name === viewer.name && who.role === viewer.role)) return;
  const hasOtherViews = who.role !== viewer.role;
  viewer = who;
  drawBar();
  markCurrentLink();
  if (hasOtherViews) await showView();
}

/** Opens the console with the page's token. Returns a message where the token isn't accepted. */
async function openConsole() {
  try {
    const who = await whoIsSignedIn();
    if (who.__typename !== "User") return session.end("key");
    viewer = who;
  } catch (failure) {
    if (failure.code === "UNAUTHENTICATED")
      return "This token isn't accepted: it has expired, or it was issued for another Callboard.";
    return failure.message;
  }
  const started = live.start();
  drawBar();
  await started;
  await showView();
  // The other views are loaded once this one is shown, so that the next click waits for data only.
  setTimeout(() => VIEWS.forEach(({ name }) => loadView(name).catch(() => {})), PRELOAD_AFTER);
}

async function start(hasLinkToken) {
  const problem = takeProblem();
  if (!hasLinkToken) await session.renew();
  if (!session.token) return openSignIn(problem ?? "first");
  const refusal = await openConsole();
  if (hasLinkToken && viewer) session.keep();
  if (!refusal) return;
  if (session.token) return showUnreachable(refusal);
  if (hasLinkToken) openSignIn("expired");
}

/** What somebody is told who comes back from the identity provider in vain. The address is then as it was. */
function takeProblem() {
  const address = new URL(location.href);
  const problem = address.searchParams.get("sign-in");
  address.searchParams.delete("sign-in");
  if (problem) history.replaceState(null, "", address.pathname + address.search);
  return problem;
}

function showUnreachable(refusal) {
  fill(
    main,
    h(
      "div.sign-in",
      null,
      emptyState(
        "plug",
        refusal.replace(/\.$/, ""),
        "Check your connection, or try again in a moment. You stay signed in.",
      ),
      h("button.solid", { click: () => location.reload() }, "Try again"),
    ),
  );
}

session.addEventListener("ended", ({ detail: reason }) => {
  // While the form tries a token, the form itself shows what is wrong with it.
  if (viewer || reason !== "expired" || !main.querySelector("form")) openSignIn(reason);
});
session.addEventListener("started", () => !viewer && start(false));
live.addEventListener("unauthenticated", () => session.end("expired"));
live.addEventListener("directory", ({ detail }) => detail.node.id === viewer?.id && refreshViewer());
live.addEventListener("stale", () => main.dataset.path && refreshViewer());

addEventListener("hashchange", async () => (await session.startFromLink()) && (closeConsole(), start(true)));
addEventListener("popstate", () => viewer && showView());
document.addEventListener("keydown", handleShortcut);
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  main.focus();
});
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[href^='/']");
  const isPlain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
  if (!link || !isPlain || link.target || link.rel === "external" || link.hasAttribute("download") || !viewer) return;
  event.preventDefault();
  navigate(link.getAttribute("href"));
});

// A view is drawn long after the browser would scroll to where one was.
history.scrollRestoration = "manual";
session.startFromLink().then(start);
