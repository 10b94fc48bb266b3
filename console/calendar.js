/** Invites as files for a calendar: one interview, or all of them in one file that can be read again at any time. */

import { h } from "/console/element.js";

/** Hands a calendar to the browser as a download. */
export function download(text, title) {
  const url = URL.createObjectURL(new Blob([text], { type: "text/calendar;charset=utf-8" }));
  const name = title.replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-|-$/g, "") || "interview";
  h("a", { href: url, download: `${name}.ics` }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/**
 * Many calendars of one event as one calendar. It has no METHOD: it asks nobody anything. Every event keeps its UID and
 * SEQUENCE, so that a calendar that reads it a second time moves what has moved and doubles nothing.
 */
export function joined(calendars) {
  const zones = new Map();
  const events = [];
  for (const text of calendars) {
    for (const zone of parts(text, "VTIMEZONE")) {
      const id = zone.match(/^TZID:.*$/m)[0].trim();
      const rules = zones.get(id) ?? new Set();
      for (const kind of ["STANDARD", "DAYLIGHT"]) parts(zone, kind).forEach((rule) => rules.add(rule));
      zones.set(id, rules);
    }
    events.push(...parts(text, "VEVENT"));
  }
  const head = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Callboard//Interviews//EN", "X-WR-CALNAME:My interviews"];
  const inZones = [...zones].map(([id, rules]) => ["BEGIN:VTIMEZONE", id, ...rules, "END:VTIMEZONE"]);
  return [...head, ...inZones.flat(), ...events, "END:VCALENDAR", ""].join("\r\n");
}

const parts = (text, name) => text.match(new RegExp(`^BEGIN:${name}\\r?\\n[^]*?^END:${name}$`, "gm")) ?? [];
