/** Calendar files: the invite of one interview, or those of several in one file. */

import { h } from "/console/element.js";

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
