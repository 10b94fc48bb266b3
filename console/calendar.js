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
 * and SEQUENCE (RFC 5545), so that importing a newer file updates events instead of duplicating them.
 */
export function mergeCalendars(calendars) {
  const zones = new Map();
  const events = [];
  for (const text of calendars) {
    for (const zone of components(text, "VTIMEZONE")) {
      const id = zone.match(/^TZID:.*$/m)[0].trim();
      const rules = zones.get(id) ?? new Set();
      for (const kind of ["STANDARD", "DAYLIGHT"]) components(zone, kind).forEach((rule) => rules.add(rule));
      zones.set(id, rules);
    }
    events.push(...components(text, "VEVENT"));
  }
  const header = [
    "BEGIN:VCALENDAR",
    "VERSION:2.0",
    "PRODID:-//Callboard//Interviews//EN",
    "X-WR-CALNAME:My interviews",
  ];
  const timezones = [...zones].map(([id, rules]) => ["BEGIN:VTIMEZONE", id, ...rules, "END:VTIMEZONE"]);
  return [...header, ...timezones.flat(), ...events, "END:VCALENDAR", ""].join("\r\n");
}

const components = (text, name) => text.match(new RegExp(`^BEGIN:${name}\\r?\\n[^]*?^END:${name}$`, "gm")) ?? [];
