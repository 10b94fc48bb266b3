#!/usr/bin/env bash
# node-ical unescapes \\n, a backslash and an n, as a backslash and a line break.
#
# Package:  node-ical 0.27.2 (npm). Seen on 2026-11-30.
# Guess:    The text is unescaped from left to right: \\ is a backslash, and what follows it is as it stands.
# Happens:  LOCATION:Room C:\\north becomes 'Room C:\', a line break, and 'orth'; C:\\south is read as it should be.
# Source:   RFC 5545, 3.3.11: ESCAPED-CHAR is one of \\, \;, \,, \n and \N; a backslash is always escaped.
# Means:    A note written by the letter of RFC 5545 is broken by this reader: keep backslashes out of what goes to
#           calendars.
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

for (const room of ["north", "south"]) {
  const text = calendar(event("DTSTART:20260701T120000Z", String.raw`LOCATION:Room C:\\${room}`));
  const [only] = Object.values(ical.sync.parseICS(text)).filter((each) => each.type === "VEVENT");
  console.log(JSON.stringify(only.location));
}
NODE

seen=$(cd "$dir" && TZ=UTC node look.mjs)
expected=$(cat <<'EXPECTED'
"Room C:\\\north"
"Room C:\\south"
EXPECTED
)

printf '%s\n' "$seen"
if [ "$seen" != "$expected" ]; then
  echo "CHANGED: node-ical unescapes from left to right." >&2
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") >&2 || true
  exit 1
fi
echo "STILL SO: the escaped backslash is taken for a part of \n."
