#!/usr/bin/env bash
# node-ical doesn't use the rules of a VTIMEZONE whose name it doesn't know: 12:00 in the zone 'Office' is 12:00Z, with a
# warning on the console.
#
# Package:  node-ical 0.27.2 (npm); ical.js 2.2.1 for comparison. Seen on 2026-11-30.
# Guess:    The zone is defined in the invite, to the minute, so its name doesn't matter.
# Happens:  12:00Z, four hours off, where ical.js reads 16:00Z from the same text. With the name 'Customized Time Zone', and
#           nothing else changed, node-ical reads 16:00Z as well.
# Source:   RFC 5545, 3.2.19 and 3.6.5: the TZID refers to the VTIMEZONE in the calendar, which defines it; its name is free
#           text.
# Means:    Invites of mail servers with names of their own are off by their offset. Send IANA names, as every reader looks
#           them up.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
npm install --prefix "$dir" --silent --no-audit --no-fund --ignore-scripts node-ical@0.27.2 ical.js@2.2.1 >&2

cat > "$dir/look.mjs" <<'NODE'
import ical from "node-ical";
import ICAL from "ical.js";

const calendar = (...lines) =>
  ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Example//EN", ...lines, "END:VCALENDAR", ""].join("\r\n");
const event = (...lines) =>
  ["BEGIN:VEVENT", "UID:1@example.org", "DTSTAMP:20260201T000000Z", "SUMMARY:Interview", ...lines, "END:VEVENT"].join("\r\n");

const zone = (name) => `BEGIN:VTIMEZONE\r\nTZID:${name}\r\n` + [
  ["DAYLIGHT", "20070311T020000", 3, "2SU", "-0500", "-0400"], ["STANDARD", "20071104T020000", 11, "1SU", "-0400", "-0500"],
].map(([kind, onset, month, day, before, after]) => [
  `BEGIN:${kind}`, `DTSTART:${onset}`, `RRULE:FREQ=YEARLY;BYMONTH=${month};BYDAY=${day}`,
  `TZOFFSETFROM:${before}`, `TZOFFSETTO:${after}`, `END:${kind}`,
].join("\r\n")).join("\r\n") + "\r\nEND:VTIMEZONE";
console.warn = () => {};
for (const name of ["Office", "Customized Time Zone"]) {
  const text = calendar(zone(name), event(`DTSTART;TZID=${name}:20260701T120000`, `DTEND;TZID=${name}:20260701T130000`));
  const [theirs] = Object.values(ical.sync.parseICS(text)).filter((each) => each.type === "VEVENT");
  const other = new ICAL.Event(new ICAL.Component(ICAL.parse(text)).getFirstSubcomponent("vevent"));
  console.log(`${name}: node-ical ${theirs.start.toISOString()}, ical.js ${other.startDate.toJSDate().toISOString()}`);
}
NODE

seen=$(cd "$dir" && TZ=UTC node look.mjs)
expected=$(cat <<'EXPECTED'
Office: node-ical 2026-07-01T12:00:00.000Z, ical.js 2026-07-01T16:00:00.000Z
Customized Time Zone: node-ical 2026-07-01T16:00:00.000Z, ical.js 2026-07-01T16:00:00.000Z
EXPECTED
)

printf '%s\n' "$seen"
if [ "$seen" != "$expected" ]; then
  echo "CHANGED: node-ical reads the VTIMEZONE of any name." >&2
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") >&2 || true
  exit 1
fi
echo "STILL SO: the name decides, not the rules."
