/** Calendar files: the invite of one interview, or those of several in one file; and a calendar to subscribe to. */

import { ask } from "/console/client.js";
import { copy } from "/console/clipboard.js";
import { openDialog } from "/console/dialog.js";
import { fill, h, icon } from "/console/element.js";
import { announce, runAction } from "/console/page.js";

const RESET = `mutation ResetFeed { resetCalendarFeed { user { id calendarFeedUrl } errors { message } } }`;

/** Downloads a calendar as a file named after the title. */
export function download(text, title) {
  const url = URL.createObjectURL(new Blob([text], { type: "text/calendar;charset=utf-8" }));
  const name = title.replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-|-$/g, "") || "interview";
  h("a", { href: url, download: `${name}.ics` }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/**
 * Merges calendars of one event each into one. It has no METHOD, since it is no invitation. Every event keeps its UID
 * and SEQUENCE (RFC 5545), so that importing a newer file updates events instead of duplicating them. Their times are
 * in UTC, so that no zones are to be merged.
 */
export function mergeCalendars(calendars) {
  const events = calendars.flatMap((text) => text.match(/^BEGIN:VEVENT\r?\n[^]*?^END:VEVENT$/gm) ?? []);
  const header = [
    "BEGIN:VCALENDAR",
    "VERSION:2.0",
    "PRODID:-//Callboard//Interviews//EN",
    "X-WR-CALNAME:My interviews",
  ];
  return [...header, ...events, "END:VCALENDAR", ""].join("\r\n");
}

/** Offers a secret address at which calendar programs read the viewer's interviews. */
export function openSubscribeDialog() {
  const problem = h("p.problem", { role: "alert" });
  const showError = ({ message }) => fill(problem, message);
  const dialog = openDialog("Subscribe in your calendar", ({ close }) => [
    h(
      "p",
      null,
      "Your calendar program reads your interviews at a secret address, and keeps them current: moves and cancels too. ",
      "An address that you made earlier stops working at once.",
    ),
    problem,
    h(
      "menu",
      null,
      h("button.quiet", { click: close }, "Back"),
      h(
        "button.solid",
        { autofocus: true, click: ({ currentTarget }) => runAction(currentTarget, makeAddress, showError) },
        "Make an address",
      ),
    ),
  ]);

  async function makeAddress() {
    const { resetCalendarFeed } = await ask(RESET);
    const [error] = resetCalendarFeed.errors;
    if (error) showError(error);
    else showAddress(dialog, resetCalendarFeed.user.calendarFeedUrl);
  }
}

/** Shows the new address, which can't be shown a second time. */
function showAddress(dialog, url) {
  const field = h("input.secret", { readonly: true, value: url, "aria-label": "Address" });
  const copyAddress = async () => announce((await copy(url, field)) ? "Copied." : "Select the address and copy it.");
  dialog.setTitle("Your calendar's address");
  dialog.ignoreEscape();
  dialog.setContent(
    h("p", null, "Whoever knows it can read your interviews, so keep it to yourself. It is shown this once."),
    field,
    h(
      "menu",
      null,
      h("button.quiet", { click: copyAddress }, icon("copy"), "Copy"),
      h("a.quiet", { href: url.replace(/^https?:/, "webcal:") }, icon("calendar"), "Open in a calendar program"),
      h("button.solid", { click: dialog.close, autofocus: true }, "Done"),
    ),
  );
}
