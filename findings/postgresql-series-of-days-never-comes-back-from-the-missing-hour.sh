#!/usr/bin/env bash
# generate_series() by days is an hour later from the night on in which its hour doesn't exist: every later day too.
#
# Package:  PostgreSQL 18.7, as PGlite 0.5.17 (npm). Seen on 2026-11-30.
# Guess:    A series from 02:30 in Berlin by '1 day' is at 02:30 on each day that has a 02:30; the one that hasn't is at
#           03:30, or left out.
# Happens:  28 March 02:30, 29 March 03:30, 30 March 03:30, and so on for good. The start plus n days is 02:30 again on 30
#           March.
# Source:   PostgreSQL's documentation: adding '1 day' to a timestamptz keeps the time of day across a change of clocks; a
#           series is start, start + step and so on up to stop.
# Means:    Slots laid out in the night hours of another continent drift twice: by the first change of clocks, and by their
#           own steps. Generate dates, and add the time and the zone to each.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
npm install --prefix "$dir" --silent --no-audit --no-fund --ignore-scripts @electric-sql/pglite@0.5.17 >&2

cat > "$dir/look.mjs" <<'NODE'
import { PGlite } from "@electric-sql/pglite";

const database = new PGlite();
await database.query("SET TIME ZONE 'Europe/Berlin'");
const begin = "timestamptz '2026-03-28 02:30+01'";
const series = await database.query(`SELECT day::text FROM generate_series(${begin}, '2026-03-31 12:00+02', '1 day') AS day`);
console.log("by steps:", series.rows.map((row) => row.day));
const added = await database.query(`SELECT (${begin} + n * interval '1 day')::text AS day FROM generate_series(0, 3) AS n`);
console.log("by sums: ", added.rows.map((row) => row.day));
await database.close();
NODE

seen=$(cd "$dir" && TZ=UTC node look.mjs)
expected=$(cat <<'EXPECTED'
by steps: [
  '2026-03-28 02:30:00+01',
  '2026-03-29 03:30:00+02',
  '2026-03-30 03:30:00+02',
  '2026-03-31 03:30:00+02'
]
by sums:  [
  '2026-03-28 02:30:00+01',
  '2026-03-29 03:30:00+02',
  '2026-03-30 02:30:00+02',
  '2026-03-31 02:30:00+02'
]
EXPECTED
)

printf '%s\n' "$seen"
if [ "$seen" != "$expected" ]; then
  echo "CHANGED: the series comes back to 02:30." >&2
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") >&2 || true
  exit 1
fi
echo "STILL SO: the hour is lost for all days to come."
