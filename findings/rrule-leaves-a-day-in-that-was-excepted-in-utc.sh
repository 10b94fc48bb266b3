#!/usr/bin/env bash
# rrule leaves an exception given in UTC in a series that has a zone: it compares the digits, not the instants.
#
# Package:  rrule 2.8.1 (npm). Seen on 2026-11-30.
# Guess:    EXDATE:20260303T140000Z takes 09:00 in New York off that day's list, for it is that instant.
# Happens:  Three occurrences, the excepted one among them, at the very instant of the EXDATE. Given with the TZID of the
#           series it is taken off.
# Source:   RFC 5545, 3.8.5.1: an EXDATE may be given in UTC or with a TZID; 3.3.5: both are forms of one instant.
# Means:    Days that other systems cancelled in UTC come back on a page that uses rrule. Turn the EXDATEs into the zone of
#           DTSTART before.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
npm install --prefix "$dir" --silent --no-audit --no-fund --ignore-scripts rrule@2.8.1 >&2

cat > "$dir/look.mjs" <<'NODE'
import rrule from "rrule";

const SERIES = "DTSTART;TZID=America/New_York:20260302T090000\nRRULE:FREQ=DAILY;COUNT=3\n";
for (const except of ["EXDATE:20260303T140000Z", "EXDATE;TZID=America/New_York:20260303T090000"]) {
  console.log(except, rrule.rrulestr(SERIES + except).all().map((each) => each.toISOString()));
}
NODE

seen=$(cd "$dir" && TZ=UTC node look.mjs)
expected=$(cat <<'EXPECTED'
EXDATE:20260303T140000Z [
  '2026-03-02T14:00:00.000Z',
  '2026-03-03T14:00:00.000Z',
  '2026-03-04T14:00:00.000Z'
]
EXDATE;TZID=America/New_York:20260303T090000 [ '2026-03-02T14:00:00.000Z', '2026-03-04T14:00:00.000Z' ]
EXPECTED
)

printf '%s\n' "$seen"
if [ "$seen" != "$expected" ]; then
  echo "CHANGED: rrule compares instants." >&2
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") >&2 || true
  exit 1
fi
echo "STILL SO: the excepted day is among the occurrences."
