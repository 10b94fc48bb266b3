/** The three ways from a candidate to the scheduler: the dashboard's button, the profile's banner, the menu's entry. */

import { h, icon, outward } from "/console/element.js";
import { dialog } from "/console/dialog.js";

const start = (action, candidate, tag, attributes, ...words) =>
  action.url
    ? outward(tag.replace(/^\w+/, "a"), action.url, attributes, ...words)
    : h(tag, { click: () => explainNative(candidate), ...attributes }, ...words);

/** The dashboard's button, with its tooltip while the scheduler is another application. */
export function scheduleLink(action, candidate) {
  const button = start(
    action,
    candidate,
    "button.quiet.small",
    { "data-focus": `schedule-${candidate.id}` },
    action.dashboardLabel,
    h("span.hushed", null, ` ${candidate.name}`),
  );
  return action.provider ? withTooltip(button, action.menuLabel, `tip-${candidate.id}`) : button;
}

export const scheduleBanner = (action, candidate) =>
  start(
    action,
    candidate,
    "button.banner",
    { "data-focus": "banner" },
    icon("calendar"),
    h(
      "span",
      null,
      h("b", null, action.bannerLabel),
      h("small", null, "No upcoming interview stands for ", candidate.name, "."),
    ),
  );

export const scheduleEntry = (action, candidate) =>
  start(
    action,
    candidate,
    "button",
    { role: "menuitem", tabindex: "-1" },
    icon("calendar"),
    h("span", null, action.menuLabel),
  );

/** Seen on hover and on focus; Escape hides it without moving either. */
function withTooltip(button, words, id) {
  const tip = h("span.tip", { role: "tooltip", id }, words);
  button.setAttribute("aria-describedby", id);
  const wrap = h(
    "span.tipped",
    {
      keydown: ({ key }) => key === "Escape" && (tip.hidden = true),
      pointerenter: () => (tip.hidden = false),
      focusin: () => (tip.hidden = false),
    },
    button,
    tip,
  );
  return wrap;
}

function explainNative(candidate) {
  dialog(`Schedule ${candidate.name}`, ({ close }) => [
    h(
      "p",
      null,
      "GoodTime is switched off, so scheduling starts in the ATS's own scheduler. This reference console has none: here yours would open.",
    ),
    h("menu", null, h("button.solid", { click: close }, "Close")),
  ]);
}
