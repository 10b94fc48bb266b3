#!/usr/bin/env bash
# node-ical reads 01:30 in the night in which the clocks go back as the second one of the two, an hour later than RFC 5545
# says.
#
# Package:  node-ical 0.27.2 (npm). Seen on 2026-11-30.
# Guess:    A local time that occurs twice is its first occurrence: 05:30Z on 1 November 2026 in New York.
# Happens:  06:30Z. An event from 01:30 to 02:30 is an hour long for it, and two hours by RFC 5545.
# Source:   RFC 5545, 3.3.5: 'If the local time described occurs more than once (when changing from daylight to standard
#           time), the DATE-TIME value refers to the first occurrence of the referenced time.'
# Means:    Readers don't agree about this hour, so no local time in it is safe. Send it in UTC.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
npm install --prefix "$dir" --silent --no-audit --no-fund --ignore-scripts node-ical@0.27.2 >&2

cat > "$dir/look.mjs" <<'NODE'
import ical from "node-ical";

const calendar = (...lines) =>
  ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Example//EN", ...lines, "END:VCALENDAR", ""].join("\r\n");
const event = (...lines) =>
  ["BEGIN:VEVENT", "UID:1@example.org", "DTSTAMP:20260201T000000Z", "SUMMARY:Interview", ...lines, "END:VEVENT"].join("\r\n");

const zone = "TZID=America/New_York";
const read = ical.sync.parseICS(calendar(event(`DTSTART;${zone}:20261101T013000`, `DTEND;${zone}:20261101T023000`)));
const [only] = Object.values(read).filter((each) => each.type === "VEVENT");
console.log(only.start.toISOString(), "to", only.end.toISOString());
NODE

seen=$(cd "$dir" && TZ=UTC node look.mjs)
expected=$(cat <<'EXPECTED'
2026-11-01T06:30:00.000Z to 2026-11-01T07:30:00.000Z
EXPECTED
)

printf '%s\n' "$seen"
if [ "$seen" != "$expected" ]; then
  echo "CHANGED: node-ical takes the first occurrence." >&2
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") >&2 || true
  exit 1
fi
echo "STILL SO: it takes the second."
