/** The three places that lead to the scheduler: the dashboard's button, the profile's banner and its menu item. */

import { openDialog } from "/console/dialog.js";
import { externalLink, h, icon } from "/console/element.js";

/** A link where the action has an address; else a button, for the ATS's own scheduler. */
const trigger = (action, candidate, tag, attributes, ...content) =>
  action.url
    ? externalLink(tag.replace(/^\w+/, "a"), action.url, attributes, ...content)
    : h(tag, { click: () => explainNativeScheduler(candidate), ...attributes }, ...content);

/** The dashboard's button, with a tooltip where the scheduler is another application. */
export function scheduleButton(action, candidate) {
  const button = trigger(
    action,
    candidate,
    "button.quiet.small",
    { "data-focus": `schedule-${candidate.id}` },
    action.dashboardLabel,
    h("span.visually-hidden", null, ` ${candidate.name}`),
  );
  return action.provider ? withTooltip(button, action.menuLabel, `tip-${candidate.id}`) : button;
}

export const scheduleBanner = (action, candidate) =>
  trigger(
    action,
    candidate,
    "button.banner",
    { "data-focus": "banner" },
    icon("calendar"),
    h("span", null, h("b", null, action.bannerLabel), h("small", null, candidate.name, " has no upcoming interview.")),
  );

export const scheduleMenuItem = (action, candidate) =>
  trigger(
    action,
    candidate,
    "button",
    { role: "menuitem", tabindex: "-1" },
    icon("calendar"),
    h("span", null, action.menuLabel),
  );

/** A tooltip on hover and on focus; Escape hides it without moving either (WCAG 1.4.13). */
function withTooltip(button, text, id) {
  const tip = h("span.tip", { role: "tooltip", id }, text);
  button.setAttribute("aria-describedby", id);
  return h(
    "span.tipped",
    {
      keydown: ({ key }) => key === "Escape" && (tip.hidden = true),
      pointerenter: () => (tip.hidden = false),
      focusin: () => (tip.hidden = false),
    },
    button,
    tip,
  );
}

function explainNativeScheduler(candidate) {
  openDialog(`Schedule ${candidate.name}`, ({ close }) => [
    h(
      "p",
      null,
      "GoodTime is switched off, so Schedule opens the ATS's own scheduler. ",
      "This reference console has none; in your ATS it would open here.",
    ),
    h("menu", null, h("button.solid", { click: close }, "Close")),
  ]);
}
