#!/usr/bin/env bash
# Of a local time that occurs twice, date-fns-tz takes the first one in New York and the second one in Berlin.
#
# Package:  date-fns-tz 3.2.0 with date-fns 4.4.0 (npm). Seen on 2026-11-30.
# Guess:    Whichever it takes, it takes the same everywhere, and better the first, as Temporal and RFC 5545 do.
# Happens:  01:30 on 1 November 2026 in New York is 05:30Z, the first; 02:30 on 25 October in Berlin is 01:30Z, the second.
#           Chicago goes with New York, London with Berlin.
# Source:   ECMA-262, LocalTime and UTC(t): of two instants the earlier one is taken; the Temporal proposal's 'compatible';
#           RFC 5545, 3.3.5.
# Means:    A slot in that hour is an hour off for half of the world. Ask for the offset, or forbid times that occur twice.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
npm install --prefix "$dir" --silent --no-audit --no-fund --ignore-scripts date-fns-tz@3.2.0 date-fns@4.4.0 >&2

cat > "$dir/look.mjs" <<'NODE'
import { fromZonedTime } from "date-fns-tz";

for (const [local, zone] of [
  ["2026-11-01T01:30", "America/New_York"], ["2026-11-01T01:30", "America/Chicago"],
  ["2026-10-25T02:30", "Europe/Berlin"], ["2026-10-25T01:30", "Europe/London"],
]) {
  const instant = fromZonedTime(local, zone);
  const earlier = new Intl.DateTimeFormat("en-GB", { timeZone: zone, timeStyle: "short" }).format(instant - 3600000);
  console.log(zone, local, "is", instant.toISOString(), local.endsWith(earlier) ? "the second" : "the first");
}
NODE

seen=$(cd "$dir" && TZ=UTC node look.mjs)
expected=$(cat <<'EXPECTED'
America/New_York 2026-11-01T01:30 is 2026-11-01T05:30:00.000Z the first
America/Chicago 2026-11-01T01:30 is 2026-11-01T06:30:00.000Z the first
Europe/Berlin 2026-10-25T02:30 is 2026-10-25T01:30:00.000Z the second
Europe/London 2026-10-25T01:30 is 2026-10-25T01:30:00.000Z the second
EXPECTED
)

printf '%s\n' "$seen"
if [ "$seen" != "$expected" ]; then
  echo "CHANGED: date-fns-tz decides alike in both." >&2
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") >&2 || true
  exit 1
fi
echo "STILL SO: the first in New York, the second in Berlin."
