#!/usr/bin/env bash
# ts-ics expands a weekly event of a zone by weeks of UTC: after the clocks change, the interview is an hour later than it
# says.
#
# Package:  ts-ics 2.4.6 (npm). Seen on 2026-11-30.
# Guess:    A series at 10:00 in Berlin is at 10:00 in Berlin each week: 09:00Z in winter, 08:00Z in summer.
# Happens:  09:00Z each week, which is 11:00 from 29 March on. The zone is in the parsed event, and not asked for.
# Source:   RFC 5545, 3.8.5.3 and its examples: recurring events keep their local time across changes of the clocks.
# Means:    Slots and busy times shown by it are wrong for half of the year. Expand with a library that takes the zone.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
npm install --prefix "$dir" --silent --no-audit --no-fund --ignore-scripts ts-ics@2.4.6 >&2

cat > "$dir/look.mjs" <<'NODE'
import { convertIcsCalendar, extendByRecurrenceRule } from "ts-ics";

const calendar = (...lines) =>
  ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Example//EN", ...lines, "END:VCALENDAR", ""].join("\r\n");
const event = (...lines) =>
  ["BEGIN:VEVENT", "UID:1@example.org", "DTSTAMP:20260201T000000Z", "SUMMARY:Interview", ...lines, "END:VEVENT"].join("\r\n");

const zone = "TZID=Europe/Berlin";
const read = convertIcsCalendar(undefined, calendar(
  event(`DTSTART;${zone}:20260323T100000`, `DTEND;${zone}:20260323T110000`, "RRULE:FREQ=WEEKLY;COUNT=3"),
));
const { start, recurrenceRule } = read.events[0];
console.log("zone:", start.local.timezone);
const berlin = new Intl.DateTimeFormat("en-GB", { timeZone: "Europe/Berlin", dateStyle: "short", timeStyle: "short" });
for (const each of extendByRecurrenceRule(recurrenceRule, { start: start.date, end: new Date("2026-05-01") })) {
  console.log(each.toISOString(), "is", berlin.format(each));
}
NODE

seen=$(cd "$dir" && TZ=UTC node look.mjs)
expected=$(cat <<'EXPECTED'
zone: Europe/Berlin
2026-03-23T09:00:00.000Z is 23/03/2026, 10:00
2026-03-30T09:00:00.000Z is 30/03/2026, 11:00
2026-04-06T09:00:00.000Z is 06/04/2026, 11:00
EXPECTED
)

printf '%s\n' "$seen"
if [ "$seen" != "$expected" ]; then
  echo "CHANGED: ts-ics keeps the time of day." >&2
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") >&2 || true
  exit 1
fi
echo "STILL SO: the series is 168 hours apart, not a week."
