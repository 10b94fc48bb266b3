/** The sign-in page: the way to the identity provider, or a field for a token, unless a sign-in link brought one. */

import { currentPath } from "/console/base.js";
import { session } from "/console/client.js";
import { fill, h } from "/console/element.js";

const REASONS = {
  "signed-out": ["You are signed out", "In all tabs of this browser."],
  expired: ["Your sign-in has expired", "Sign in again. You return to the page you were on."],
  key: ["That is an integration's key", "The console is for people. Integrations use the API at /graphql."],
  unknown: [
    "You are not a user here",
    "Your identity provider knows you, but Callboard has no active user with your email. Ask an admin to add you.",
  ],
  failed: ["That sign-in didn't work", "It was cancelled, or it took too long. Try again."],
  unavailable: ["Signing in isn't possible right now", "The identity provider can't be reached. Try again in a moment."],
  first: ["Sign in to Callboard", ""],
};
const WITH_PROVIDER = "You sign in at your company's identity provider and return to this page.";
const WITH_TOKEN = "Open a sign-in link, or paste a token.";

/**
 * Shows the sign-in page in `main`. Once a token is entered, `signIn()` is called, which returns a message where the
 * token isn't accepted.
 */
export function showSignIn(main, reason, signIn) {
  const { provider } = session;
  const [title, lead] = REASONS[reason] ?? REASONS.first;
  document.title = `${title} · Callboard`;
  const heading = h("h1", { tabindex: "-1" }, title);
  const ways = provider ? [providerLink(provider), tokenDetails(signIn)] : [tokenForm(signIn), help()];
  const lines = h("p.lead", null, lead || (provider ? WITH_PROVIDER : WITH_TOKEN));
  fill(main, h("div.sign-in", null, logo(), heading, lines, ways));
  if (reason !== "first") heading.focus();
}

/** The way there and back: one returns to where one wanted to go. */
const providerLink = (provider) => {
  const destination = encodeURIComponent(currentPath() + location.search);
  return h("a.solid", { href: `${provider}?to=${destination}`, rel: "external" }, "Sign in");
};

const tokenDetails = (signIn) => h("details", null, h("summary", null, "Use a token instead"), tokenForm(signIn));

const logo = () => h("img", { src: "/console/icon.svg", alt: "", width: "44", height: "44" });

function tokenForm(signIn) {
  const problem = h("p.problem", { id: "token-problem", role: "alert" });
  const field = h("textarea", {
    id: "token",
    rows: "4",
    required: true,
    spellcheck: "false",
    autocomplete: "off",
    placeholder: "eyJ…",
    "aria-describedby": "token-problem",
    keydown: (event) => {
      if (event.key === "Enter" && !event.shiftKey) (event.preventDefault(), form.requestSubmit());
    },
  });
  const submit = async (event) => {
    event.preventDefault();
    fill(problem);
    session.start(field.value);
    const refusal = await signIn();
    if (refusal) (fill(problem, refusal), field.focus());
  };
  const form = h(
    "form.card",
    { submit },
    h("label", { for: "token" }, "Token"),
    field,
    problem,
    h("button.solid", null, "Sign in"),
  );
  return form;
}

const help = () =>
  h(
    "details",
    null,
    h("summary", null, "Where do I get a token?"),
    h(
      "p",
      null,
      "The demo prints a sign-in link for each role when it starts. If you run Callboard yourself, ",
      h("code", null, "python server.py token EMAIL"),
      " prints one. Otherwise your identity provider issues the token.",
    ),
  );
