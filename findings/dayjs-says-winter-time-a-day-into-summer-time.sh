#!/usr/bin/env bash
# After add(1, 'day') across the change of clocks, dayjs shows the right time of day with yesterday's offset, and means an
# hour later.
#
# Package:  dayjs 1.11.23 with its plugins utc and timezone (npm). Seen on 2026-11-30.
# Guess:    Noon in Berlin plus a day is noon in Berlin, 12:00+02:00, which is 10:00Z.
# Happens:  format() has 12:00:00+01:00, toISOString() 11:00Z: an offset that Berlin doesn't have on that day, and 13:00 by
#           the clocks there.
# Source:   Moment's documentation of add(), whose interface dayjs has: across daylight saving time, when adding days, 'the
#           original hour will always match the added hour'. Noon of the 29th is 12:00+02:00.
# Means:    Moving an interview to the next day moves it by an hour twice a year. Go through the zone again: dayjs.tz(text
#           of the local time, zone).
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
npm install --prefix "$dir" --silent --no-audit --no-fund --ignore-scripts dayjs@1.11.23 >&2

cat > "$dir/look.mjs" <<'NODE'
import dayjs from "dayjs";
import utc from "dayjs/plugin/utc.js";
import timezone from "dayjs/plugin/timezone.js";

dayjs.extend(utc);
dayjs.extend(timezone);
const next = dayjs.tz("2026-03-28T12:00", "Europe/Berlin").add(1, "day");
const there = new Intl.DateTimeFormat("en-GB", { timeZone: "Europe/Berlin", timeStyle: "short" });
console.log("format():     ", next.format());
console.log("toISOString():", next.toISOString());
console.log("in Berlin:    ", there.format(next.toDate()));
console.log("read again:   ", dayjs.tz(next.format("YYYY-MM-DDTHH:mm"), "Europe/Berlin").format());
NODE

seen=$(cd "$dir" && TZ=UTC node look.mjs)
expected=$(cat <<'EXPECTED'
format():      2026-03-29T12:00:00+01:00
toISOString(): 2026-03-29T11:00:00.000Z
in Berlin:     13:00
read again:    2026-03-29T12:00:00+02:00
EXPECTED
)

printf '%s\n' "$seen"
if [ "$seen" != "$expected" ]; then
  echo "CHANGED: dayjs has Berlin's offset of that day." >&2
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") >&2 || true
  exit 1
fi
echo "STILL SO: the offset is yesterday's."
