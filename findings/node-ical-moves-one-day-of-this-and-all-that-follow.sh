#!/usr/bin/env bash
# node-ical takes a change of RANGE=THISANDFUTURE for one of that day only: the later days stay at the old time.
#
# Package:  node-ical 0.27.2 (npm). Seen on 2026-11-30.
# Guess:    Changed from the third day on, the third to the fifth are in the afternoon.
# Happens:  The third is; the fourth and the fifth are in the morning, as before.
# Source:   RFC 5545, 3.2.13 and 3.8.4.4: with RANGE=THISANDFUTURE the change applies to the instance of the RECURRENCE-ID
#           and to all that follow, shifted by the same difference.
# Means:    Whoever shows a calendar by node-ical shows the later ones at the wrong time. End the old series by UNTIL and
#           begin a new one instead.
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

const series = event("DTSTART:20260302T100000Z", "DTEND:20260302T110000Z", "RRULE:FREQ=DAILY;COUNT=5");
const change = event("RECURRENCE-ID;RANGE=THISANDFUTURE:20260304T100000Z", "DTSTART:20260304T150000Z", "DTEND:20260304T160000Z");
const read = ical.sync.parseICS(calendar(series, change));
const [only] = Object.values(read).filter((each) => each.type === "VEVENT");
for (const each of ical.expandRecurringEvent(only, { from: new Date("2026-01-01"), to: new Date("2027-01-01") })) {
  console.log(each.start.toISOString());
}
NODE

seen=$(cd "$dir" && TZ=UTC node look.mjs)
expected=$(cat <<'EXPECTED'
2026-03-02T10:00:00.000Z
2026-03-03T10:00:00.000Z
2026-03-04T15:00:00.000Z
2026-03-05T10:00:00.000Z
2026-03-06T10:00:00.000Z
EXPECTED
)

printf '%s\n' "$seen"
if [ "$seen" != "$expected" ]; then
  echo "CHANGED: node-ical moves the later days too." >&2
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") >&2 || true
  exit 1
fi
echo "STILL SO: only the day of the RECURRENCE-ID moves."
