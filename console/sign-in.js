/** The sign-in page: a token is pasted here, unless a sign-in link brought one. */

import { session } from "/console/client.js";
import { fill, h } from "/console/element.js";

const REASONS = {
  "signed-out": ["You are signed out", "The token was removed from this tab."],
  expired: [
    "Your sign-in has expired",
    "Ask for a new sign-in link, or paste a new token. You return to the page you were on.",
  ],
  key: ["That is an integration's key", "The console is for people. Integrations use the API at /graphql."],
  first: ["Sign in to Callboard", "Open a sign-in link, or paste a token. It is kept for this tab only."],
};

/**
 * Shows the sign-in page in `main`. Once a token is entered it is stored, and `signIn()` is called, which returns a
 * message where the token isn't accepted.
 */
export function showSignIn(main, reason, signIn) {
  const [title, lead] = REASONS[reason];
  document.title = `${title} · Callboard`;
  const heading = h("h1", { tabindex: "-1" }, title);
  fill(main, h("div.sign-in", null, logo(), heading, h("p.lead", null, lead), tokenForm(signIn), help()));
  if (reason !== "first") heading.focus();
}

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
