#!/usr/bin/env bash
# rrule doesn't read a DTSTART that is a date: the series begins at the moment of parsing instead, with its time of day.
#
# Package:  rrule 2.8.1 (npm). Seen on 2026-11-30.
# Guess:    DTSTART;VALUE=DATE:20260302 begins on 2 March 2026, or is refused.
# Happens:  The start is undefined, without an error; two parses a second and a half apart are two series, and toString()
#           has no DTSTART.
# Source:   RFC 5545, 3.8.2.4: DTSTART may be a DATE, as in an all-day event; 3.8.5.3 has RRULE begin at it.
# Means:    All-day series (office days, days off) are wrong, and otherwise at each load. Give such a start as midnight UTC,
#           or use another parser.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
npm install --prefix "$dir" --silent --no-audit --no-fund --ignore-scripts rrule@2.8.1 >&2

cat > "$dir/look.mjs" <<'NODE'
import rrule from "rrule";

const read = () => rrule.rrulestr("DTSTART;VALUE=DATE:20260302\nRRULE:FREQ=WEEKLY;COUNT=2");
const first = read();
await new Promise((done) => setTimeout(done, 1500));
const second = read();
console.log("start as read:", first.origOptions.dtstart);
console.log("written again:", first.toString());
console.log("begins within a minute of now:", Math.abs(first.all()[0] - Date.now()) < 60000);
console.log("the same series when read twice:", +first.all()[0] === +second.all()[0]);
NODE

seen=$(cd "$dir" && TZ=UTC node look.mjs)
expected=$(cat <<'EXPECTED'
start as read: undefined
written again: RRULE:FREQ=WEEKLY;COUNT=2
begins within a minute of now: true
the same series when read twice: false
EXPECTED
)

printf '%s\n' "$seen"
if [ "$seen" != "$expected" ]; then
  echo "CHANGED: rrule reads a DTSTART that is a date." >&2
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") >&2 || true
  exit 1
fi
echo "STILL SO: the date is dropped and the series begins now."
