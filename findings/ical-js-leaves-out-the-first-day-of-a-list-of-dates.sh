#!/usr/bin/env bash
# ical.js' iterator of an event that lists its further days by RDATE leaves out the first, its DTSTART.
#
# Package:  ical.js 2.2.1 (npm). Seen on 2026-11-30.
# Guess:    DTSTART is the first occurrence, the RDATEs are the others: three in all.
# Happens:  Two: those of the RDATEs. With an RRULE beside them, DTSTART is there.
# Source:   RFC 5545, 3.8.5.2: the recurrence set is made by RRULE and RDATE along with the DTSTART; 3.8.2.4: DTSTART is the
#           first instance.
# Means:    Three rounds of interviews sent as one event lose the first in clients on ical.js (Thunderbird and Nextcloud use
#           it). Send each interview as an event of its own.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
npm install --prefix "$dir" --silent --no-audit --no-fund --ignore-scripts ical.js@2.2.1 >&2

cat > "$dir/look.mjs" <<'NODE'
import ICAL from "ical.js";

const calendar = (...lines) =>
  ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Example//EN", ...lines, "END:VCALENDAR", ""].join("\r\n");
const event = (...lines) =>
  ["BEGIN:VEVENT", "UID:1@example.org", "DTSTAMP:20260201T000000Z", "SUMMARY:Interview", ...lines, "END:VEVENT"].join("\r\n");

const days = (...lines) => {
  const read = new ICAL.Component(ICAL.parse(calendar(event("DTSTART:20260302T100000Z", "DURATION:PT1H", ...lines))));
  const all = new ICAL.Event(read.getFirstSubcomponent("vevent")).iterator();
  const found = [];
  for (let next = all.next(); next; next = all.next()) found.push(next.toString());
  return found;
};
console.log("RDATE:", days("RDATE:20260305T100000Z,20260309T100000Z"));
console.log("RDATE and RRULE:", days("RRULE:FREQ=DAILY;COUNT=2", "RDATE:20260309T100000Z"));
NODE

seen=$(cd "$dir" && TZ=UTC node look.mjs)
expected=$(cat <<'EXPECTED'
RDATE: [ '2026-03-05T10:00:00Z', '2026-03-09T10:00:00Z' ]
RDATE and RRULE: [
  '2026-03-02T10:00:00Z',
  '2026-03-03T10:00:00Z',
  '2026-03-09T10:00:00Z'
]
EXPECTED
)

printf '%s\n' "$seen"
if [ "$seen" != "$expected" ]; then
  echo "CHANGED: the iterator now begins at DTSTART." >&2
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") >&2 || true
  exit 1
fi
echo "STILL SO: DTSTART is missing from the occurrences."
