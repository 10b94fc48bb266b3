#!/usr/bin/env bash
# PostgreSQL reads the offset -05:00 in a time as five hours west, and as the zone of AT TIME ZONE as five hours east.
#
# Package:  PostgreSQL 18.7, as PGlite 0.5.17 (npm). Seen on 2026-11-30.
# Guess:    -05:00 is New York's offset in winter, wherever it stands: 12:00Z is 07:00 there.
# Happens:  AT TIME ZONE '-05:00' gives 17:00; AT TIME ZONE INTERVAL '-05:00' gives 07:00, and '12:00-05:00' as a
#           timestamptz is 17:00Z.
# Source:   ISO 8601 and RFC 3339, 5.6: a minus is west of Greenwich. PostgreSQL's documentation takes a text there for a
#           zone of POSIX style, in which plus is west, while it prints and reads offsets by ISO 8601.
# Means:    Browsers tell offsets such as -05:00; put into a query as they are, they move the day by ten hours. Store IANA
#           names, or cast to INTERVAL.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
npm install --prefix "$dir" --silent --no-audit --no-fund --ignore-scripts @electric-sql/pglite@0.5.17 >&2

cat > "$dir/look.mjs" <<'NODE'
import { PGlite } from "@electric-sql/pglite";

const database = new PGlite();
await database.query("SET TIME ZONE 'UTC'");
for (const asked of [
  "timestamptz '2026-01-15 12:00Z' AT TIME ZONE '-05:00'",
  "timestamptz '2026-01-15 12:00Z' AT TIME ZONE INTERVAL '-05:00'",
  "timestamptz '2026-01-15 12:00Z' AT TIME ZONE 'America/New_York'",
  "timestamptz '2026-01-15 12:00-05:00'",
]) {
  console.log(asked, "->", (await database.query(`SELECT (${asked})::text AS told`)).rows[0].told);
}
await database.close();
NODE

seen=$(cd "$dir" && TZ=UTC node look.mjs)
expected=$(cat <<'EXPECTED'
timestamptz '2026-01-15 12:00Z' AT TIME ZONE '-05:00' -> 2026-01-15 17:00:00
timestamptz '2026-01-15 12:00Z' AT TIME ZONE INTERVAL '-05:00' -> 2026-01-15 07:00:00
timestamptz '2026-01-15 12:00Z' AT TIME ZONE 'America/New_York' -> 2026-01-15 07:00:00
timestamptz '2026-01-15 12:00-05:00' -> 2026-01-15 17:00:00+00
EXPECTED
)

printf '%s\n' "$seen"
if [ "$seen" != "$expected" ]; then
  echo "CHANGED: the offset has one meaning." >&2
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") >&2 || true
  exit 1
fi
echo "STILL SO: the sign turns around in AT TIME ZONE."
