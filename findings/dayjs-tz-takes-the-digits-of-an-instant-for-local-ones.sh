#!/usr/bin/env bash
# dayjs.tz() takes the digits of an instant, in UTC, for local ones: 12:00Z becomes 12:00 in New York, four hours later.
#
# Package:  dayjs 1.11.23 with its plugins utc and timezone (npm); moment-timezone 0.6.6 for comparison. Seen on 2026-11-30.
# Guess:    A text that names an instant is that instant, shown in the zone; only a text without an offset is read in the
#           zone. So does moment.tz(), whose interface dayjs has.
# Happens:  dayjs.tz('2026-07-01T12:00:00Z', 'America/New_York') is 12:00 there, 16:00Z; with +02:00 at the end it is 10:00
#           there, 14:00Z, for 10:00 is what UTC's clock says.
# Source:   RFC 3339, 5.6: the offset is part of the time. Moment Timezone's documentation: a string with an offset is
#           converted to the zone.
# Means:    Start times from the API, which end in Z, are shown as if they were local: use dayjs.utc(text).tz(zone), or
#           dayjs(text).tz(zone).
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
npm install --prefix "$dir" --silent --no-audit --no-fund --ignore-scripts dayjs@1.11.23 moment-timezone@0.6.6 moment@2.31.0 >&2

cat > "$dir/look.mjs" <<'NODE'
import dayjs from "dayjs";
import utc from "dayjs/plugin/utc.js";
import timezone from "dayjs/plugin/timezone.js";
import moment from "moment-timezone";

dayjs.extend(utc);
dayjs.extend(timezone);
for (const text of ["2026-07-01T12:00:00Z", "2026-07-01T12:00:00+02:00"]) {
  console.log(text, "dayjs.tz()  ", dayjs.tz(text, "America/New_York").format());
  console.log(text, "moment.tz() ", moment.tz(text, "America/New_York").format());
  console.log(text, "dayjs().tz()", dayjs(text).tz("America/New_York").format());
}
NODE

seen=$(cd "$dir" && TZ=UTC node look.mjs)
expected=$(cat <<'EXPECTED'
2026-07-01T12:00:00Z dayjs.tz()   2026-07-01T12:00:00-04:00
2026-07-01T12:00:00Z moment.tz()  2026-07-01T08:00:00-04:00
2026-07-01T12:00:00Z dayjs().tz() 2026-07-01T08:00:00-04:00
2026-07-01T12:00:00+02:00 dayjs.tz()   2026-07-01T10:00:00-04:00
2026-07-01T12:00:00+02:00 moment.tz()  2026-07-01T06:00:00-04:00
2026-07-01T12:00:00+02:00 dayjs().tz() 2026-07-01T06:00:00-04:00
EXPECTED
)

printf '%s\n' "$seen"
if [ "$seen" != "$expected" ]; then
  echo "CHANGED: dayjs.tz() keeps the instant." >&2
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") >&2 || true
  exit 1
fi
echo "STILL SO: another instant comes out than went in."
