/** Company Settings → ATS Integrations: the key, and the endless simulation. */

import { post } from "./api.js";
import { h, labelled, message, select } from "./element.js";

/** The page's elements. `render` shows it afresh. */
export async function settingsPage(render) {
  const state = await (await fetch("/state")).json();
  return [
    h("h1", null, "Company Settings"),
    h("h2", null, "ATS Integrations"),
    state.connected
      ? message("good", "Connected to ", h("strong", null, state.connected), ` with the key ${state.key}`)
      : message("quiet", "No ATS is connected."),
    keyForm(state, render),
    h("h2", null, "Endless simulation"),
    h("p", null, SIMULATION[state.simulation]),
    state.connected &&
      h(
        "button",
        { click: async () => (await post("/simulation", { paused: state.simulation === "running" }), render()) },
        BUTTON[state.simulation],
      ),
  ];
}

const SIMULATION = {
  running: "GoodTime's other users are at work: panels appear, move and go without your doing.",
  paused: "GoodTime's other users rest: only what you do happens.",
  off: "GoodTime's other users do nothing yet.",
};

const BUTTON = { running: "Pause", paused: "Go on", off: "Start" };

function keyForm(state, render) {
  const outcome = h("div");
  const save = async (event) => {
    event.preventDefault();
    const answer = await post("/key", { key: new FormData(event.target).get("key") });
    if (answer.error) outcome.replaceChildren(message("bad", "Not saved: ", answer.error));
    else await render();
  };
  return h(
    "form",
    { submit: save },
    labelled("Choose your ATS", select("ats", [["callboard", "Callboard"]], "callboard"), state.api),
    labelled(
      "API key",
      h("input", { name: "key", type: "password", autocomplete: "off", spellcheck: "false", required: true }),
      "In the ATS: Settings, Integrations, Partner Integrations, GoodTime, Generate API Key.",
    ),
    h("button.primary", { type: "submit" }, "Save"),
    outcome,
  );
}
