#!/usr/bin/env bash
# Once a calendar has a timezone, ical-generator writes its events without any, and even DTSTAMP without its Z.
#
# Package:  ical-generator 11.1.2 with luxon 3.7.2 (npm); ical.js 2.2.1 reads the result. Seen on 2026-11-30.
# Guess:    With timezone: 'Europe/Berlin' the times have TZID=Europe/Berlin; without, they are in UTC. DTSTAMP is in UTC in
#           either case.
# Happens:  DTSTART:20260701T120000 and DTSTAMP:20260601T020000, floating; the zone stands only in X-WR-TIMEZONE, beside the
#           events. The same calendar without a timezone is in UTC, and right.
# Source:   RFC 5545, 3.8.7.2: DTSTAMP MUST be in UTC; 3.3.5: a time without zone is the same wall clock everywhere;
#           X-WR-TIMEZONE is in no RFC.
# Means:    Guests in other cities come at the wrong hour, since few readers know X-WR-TIMEZONE. Set the timezone on each
#           event, or none.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
npm install --prefix "$dir" --silent --no-audit --no-fund --ignore-scripts ical-generator@11.1.2 luxon@3.7.2 ical.js@2.2.1 >&2

cat > "$dir/look.mjs" <<'NODE'
import generate from "ical-generator";
import ICAL from "ical.js";
import { DateTime } from "luxon";

for (const timezone of [undefined, "Europe/Berlin"]) {
  const calendar = generate(timezone ? { timezone } : {});
  calendar.createEvent({
    start: DateTime.fromISO("2026-07-01T12:00", { zone: "Europe/Berlin" }),
    end: DateTime.fromISO("2026-07-01T13:00", { zone: "Europe/Berlin" }),
    stamp: DateTime.fromISO("2026-06-01T00:00:00Z"), summary: "Interview",
  });
  const text = calendar.toString();
  const read = new ICAL.Event(new ICAL.Component(ICAL.parse(text)).getFirstSubcomponent("vevent"));
  console.log(timezone ?? "none", text.split("\r\n").filter((line) => /^(DTSTAMP|DTSTART|X-WR)/.test(line)));
  console.log("   read by ical.js:", read.startDate.toString(), read.startDate.zone.tzid);
}
NODE

seen=$(cd "$dir" && TZ=UTC node look.mjs)
expected=$(cat <<'EXPECTED'
none [ 'DTSTAMP:20260601T000000Z', 'DTSTART:20260701T100000Z' ]
   read by ical.js: 2026-07-01T10:00:00Z UTC
Europe/Berlin [
  'X-WR-TIMEZONE:Europe/Berlin',
  'DTSTAMP:20260601T020000',
  'DTSTART:20260701T120000'
]
   read by ical.js: 2026-07-01T12:00:00 floating
EXPECTED
)

printf '%s\n' "$seen"
if [ "$seen" != "$expected" ]; then
  echo "CHANGED: ical-generator writes a zone or a Z." >&2
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") >&2 || true
  exit 1
fi
echo "STILL SO: the times float."
