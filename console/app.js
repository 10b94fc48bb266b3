/** The console's frame: signing in, who I am, where I can go, and whether what I see is live. */

import { Failure, ask, session } from "/console/client.js";
import { fill, h, icon } from "/console/element.js";
import { live } from "/console/live.js";
import { Page, blank, face, failed } from "/console/page.js";

const main = document.getElementById("main");
const bar = document.getElementById("bar");

const LATER = 2000;

const ROLES = {
  SUPER_ADMIN: "Super Admin",
  ADMIN: "Admin",
  TEAM_MEMBER: "Team Member",
  LIMITED_TEAM_MEMBER: "Limited Team Member",
  INTERVIEWER: "Interviewer",
};

const PLACES = [
  { path: "/", label: "Candidates", symbol: "people", may: ({ role }) => role !== "INTERVIEWER" },
  { path: "/interviews", label: "My interviews", symbol: "calendar", may: () => true },
  { path: "/activity", label: "Activity", symbol: "pulse", may: () => true },
  { path: "/settings/integrations", label: "Integrations", symbol: "plug", may: ({ role }) => role !== "INTERVIEWER" },
];

const STATES = {
  connecting: "Connecting",
  live: "Live",
  reconnecting: "Reconnecting",
  crowded: "Waiting",
  offline: "Offline",
};

// A view is a module and a sheet of one name.
const VIEWS = [
  [/^\/$/, "candidates"],
  [/^\/candidates\/(?<id>[^/]+)$/, "profile"],
  [/^\/interviews$/, "interviews"],
  [/^\/activity$/, "changes"],
  [/^\/settings\/integrations$/, "integrations"],
  [/^\/feedback\/(?<id>[^/]+)$/, "feedback"],
];
const sheets = new Map();

let viewer;
let leaving = new AbortController();

/** Goes to a place of the console without a reload. */
function go(path) {
  if (path !== location.pathname + location.search) history.pushState(null, "", path);
  return showPlace();
}

async function showPlace() {
  leaving.abort();
  leaving = new AbortController();
  const { signal } = leaving;
  const isFirst = !main.dataset.place;
  // Interviewers come in by their interviews: the list of candidates is none of theirs.
  if (location.pathname === "/" && viewer.role === "INTERVIEWER") history.replaceState(null, "", "/interviews");
  markPlace();
  const [found, name] =
    VIEWS.map(([pattern, view]) => [pattern.exec(location.pathname), view]).find(([it]) => it) ?? [];
  const page = new Page({ main, viewer, signal, params: decoded(found?.groups) });
  main.dataset.place = location.pathname;
  if (!found) {
    page.open("Not here");
    page.show(
      blank("question", "There is no such page", "It may have moved. ", h("a", { href: "/" }, "Go to the candidates")),
    );
  } else {
    const view = await load(name).catch(() => null);
    if (signal.aborted) return;
    if (view) view.default(page);
    else {
      page.open("Callboard");
      page.show(failed(new Failure("OFFLINE", "Callboard can't be reached."), showPlace));
      page.on("state", () => live.state === "live" && showPlace());
    }
  }
  scrollTo(0, 0);
  if (!isFirst) page.heading?.focus({ preventScroll: true });
}

async function load(name) {
  const [view] = await Promise.all([import(`/console/${name}.js`), sheet(name)]);
  return view;
}

function sheet(name) {
  if (!sheets.has(name))
    sheets.set(
      name,
      new Promise((resolve, reject) => {
        const missing = () => (link.remove(), sheets.delete(name), reject());
        const link = h("link", { rel: "stylesheet", href: `/console/${name}.css`, load: resolve, error: missing });
        document.head.append(link);
      }),
    );
  return sheets.get(name);
}

const decoded = (groups = {}) =>
  Object.fromEntries(Object.entries(groups).map(([name, value]) => [name, plain(value)]));

function plain(value) {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

function markPlace() {
  for (const link of bar.querySelectorAll("nav a")) {
    const path = link.getAttribute("href");
    const isHere = path === location.pathname || (path === "/" && location.pathname.startsWith("/candidates/"));
    if (isHere) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

function drawBar() {
  const dot = h("p.live", { "data-state": live.state });
  const say = () => {
    dot.dataset.state = live.state;
    fill(dot, h("span.dot"), STATES[live.state]);
  };
  live.addEventListener("state", say);
  say();
  fill(
    bar,
    h(
      "a.brand",
      { href: "/" },
      h("img", { src: "/console/icon.svg", alt: "", width: "28", height: "28" }),
      "Callboard",
    ),
    h(
      "nav",
      { "aria-label": "Main" },
      PLACES.filter(({ may }) => may(viewer)).map(({ path, label, symbol }) =>
        h("a", { href: path }, icon(symbol), h("span", null, label)),
      ),
    ),
    h(
      "div.foot",
      null,
      h("a.quiet.explorer", { href: "/graphql", rel: "external" }, icon("code"), "API explorer"),
      dot,
      h(
        "div.me",
        null,
        face(viewer.name),
        h("p", null, h("b", null, viewer.name), h("span", null, ROLES[viewer.role])),
        h(
          "button.bare",
          { click: () => session.end("signed-out"), "aria-label": "Sign out", title: "Sign out" },
          icon("leave"),
        ),
      ),
    ),
  );
  bar.hidden = false;
}

const REASONS = {
  "signed-out": ["You are signed out", "The token was removed from this tab."],
  expired: [
    "Your sign-in has expired",
    "Ask for a new sign-in link, or paste a new token. You come back to where you were.",
  ],
  key: ["That is an integration's key", "The console is for people. Integrations talk to the API at /graphql."],
  first: ["Sign in to Callboard", "Open a sign-in link, or paste a token. It is kept for this tab only."],
};

function drawSignIn(reason) {
  leaving.abort();
  live.stop();
  viewer = undefined;
  bar.hidden = true;
  const [title, lead] = REASONS[reason];
  document.title = `${title} · Callboard`;
  const field = h("textarea", {
    id: "token",
    rows: "4",
    required: true,
    spellcheck: "false",
    autocomplete: "off",
    placeholder: "eyJ…",
  });
  const problem = h("p.problem", { id: "token-problem", role: "alert" });
  const form = h(
    "form.card",
    { submit: signIn },
    h("label", { for: "token" }, "Token"),
    field,
    problem,
    h("button.solid", null, "Sign in"),
  );
  field.setAttribute("aria-describedby", "token-problem");
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey) (event.preventDefault(), form.requestSubmit());
  });
  const heading = h("h1", { tabindex: "-1" }, title);
  fill(
    main,
    h(
      "div.door",
      null,
      h("img", { src: "/console/icon.svg", alt: "", width: "44", height: "44" }),
      heading,
      h("p.lead", null, lead),
      form,
      h(
        "details",
        null,
        h("summary", null, "Where do I get a token?"),
        h(
          "p",
          null,
          "The demo prints a sign-in link for each role when it starts. On a machine of your own, ",
          h("code", null, "python server.py token EMAIL"),
          " prints one. Elsewhere it comes from your identity provider.",
        ),
      ),
    ),
  );
  delete main.dataset.place;
  if (reason !== "first") heading.focus();

  async function signIn(event) {
    event.preventDefault();
    fill(problem);
    session.start(field.value);
    const refusal = await enter();
    if (refusal) (fill(problem, refusal), field.focus());
  }
}

/** Opens the console with the tab's token. Returns why not, where the token is no good. */
async function enter() {
  try {
    const answer = await ask(`query Me { viewer { __typename ... on User { id name email role } } }`);
    if (answer.viewer.__typename !== "User") return session.end("key");
    viewer = answer.viewer;
  } catch (failure) {
    if (failure.code === "UNAUTHENTICATED")
      return "This token isn't accepted: it has expired, or it was made for another Callboard.";
    return failure.message;
  }
  const followed = live.start(viewer);
  drawBar();
  await followed;
  await showPlace();
  // The other views come once this one is read: then the next click waits for data only.
  setTimeout(() => VIEWS.forEach(([, name]) => load(name).catch(() => {})), LATER);
}

async function start() {
  const cameByLink = session.startFromLink();
  if (!session.token) return drawSignIn("first");
  const refusal = await enter();
  if (!refusal) return;
  if (session.token) return drawUnreachable(refusal);
  if (cameByLink) drawSignIn("expired");
}

function drawUnreachable(refusal) {
  fill(
    main,
    h(
      "div.door",
      null,
      blank(
        "plug",
        refusal.replace(/\.$/, ""),
        "Check your connection, or look again in a moment. Your sign-in is kept.",
      ),
      h("button.solid", { click: () => location.reload() }, "Try again"),
    ),
  );
}

session.addEventListener("ended", ({ detail }) => {
  // While a token is being tried in the form, the form itself says what is wrong with it.
  if (viewer || detail !== "expired" || !main.querySelector("form")) drawSignIn(detail);
});
live.addEventListener("unauthenticated", () => session.end("expired"));

addEventListener("hashchange", () => session.startFromLink() && location.reload());
addEventListener("popstate", () => viewer && showPlace());
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  main.focus();
});
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[href^='/']");
  const isPlain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
  if (!link || !isPlain || link.target || link.rel === "external" || link.hasAttribute("download") || !viewer) return;
  event.preventDefault();
  go(link.getAttribute("href"));
});

start();
