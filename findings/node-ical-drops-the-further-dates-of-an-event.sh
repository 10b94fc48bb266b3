#!/usr/bin/env bash
# node-ical's expandRecurringEvent() knows RRULE, EXDATE and changed instances, but no RDATE: those days don't exist.
#
# Package:  node-ical 0.27.2 (npm). Seen on 2026-11-30.
# Guess:    What expands recurring events has all of the occurrences that the event lists.
# Happens:  An event with two RDATEs has one occurrence; one with RRULE and RDATE has those of the RRULE.
# Source:   RFC 5545, 3.8.5.2: RDATE adds to the recurrence set.
# Means:    Interviews on such days don't show, and their hours look free. Send each as an event of its own.
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

for (const lines of [["RDATE:20260305T100000Z,20260309T100000Z"], ["RRULE:FREQ=DAILY;COUNT=2", "RDATE:20260309T100000Z"]]) {
  const read = ical.sync.parseICS(calendar(event("DTSTART:20260302T100000Z", "DTEND:20260302T110000Z", ...lines)));
  const [only] = Object.values(read).filter((each) => each.type === "VEVENT");
  const found = ical.expandRecurringEvent(only, { from: new Date("2026-01-01"), to: new Date("2027-01-01") });
  console.log(lines.join(" + "), "->", found.map((each) => each.start.toISOString()));
}
NODE

seen=$(cd "$dir" && TZ=UTC node look.mjs)
expected=$(cat <<'EXPECTED'
RDATE:20260305T100000Z,20260309T100000Z -> [ '2026-03-02T10:00:00.000Z' ]
RRULE:FREQ=DAILY;COUNT=2 + RDATE:20260309T100000Z -> [ '2026-03-02T10:00:00.000Z', '2026-03-03T10:00:00.000Z' ]
EXPECTED
)

printf '%s\n' "$seen"
if [ "$seen" != "$expected" ]; then
  echo "CHANGED: node-ical expands RDATE." >&2
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") >&2 || true
  exit 1
fi
echo "STILL SO: the days of RDATE are missing."
