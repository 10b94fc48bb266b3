#!/usr/bin/env bash
# ts-ics drops a line of a description that reads BEGIN:VEVENT, though in the file it is in the middle of one long line.
#
# Package:  ts-ics 2.4.6 (npm); ical.js 2.2.1 for comparison. Seen on 2026-11-30.
# Guess:    What is inside a property's value is text: a note that quotes a piece of a calendar is read as it was written.
# Happens:  The description 'See:\nBEGIN:VEVENT\nbelow' comes out as 'See:\n\nbelow'. ical.js reads all three lines.
# Source:   RFC 5545, 3.1 and 3.3.11: a content line ends at a line break; \n within a TEXT value is none.
# Means:    A ticket or a note about calendars loses lines. Read descriptions that people paste into with another library.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
npm install --prefix "$dir" --silent --no-audit --no-fund --ignore-scripts ts-ics@2.4.6 ical.js@2.2.1 >&2

cat > "$dir/look.mjs" <<'NODE'
import { convertIcsCalendar } from "ts-ics";
import ICAL from "ical.js";

const text = [
  "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Example//EN", "BEGIN:VEVENT", "UID:1@example.org",
  "DTSTAMP:20260601T000000Z", "DTSTART:20260701T100000Z", "DTEND:20260701T110000Z",
  "DESCRIPTION:See:\\nBEGIN:VEVENT\\nbelow", "END:VEVENT", "END:VCALENDAR", "",
].join("\r\n");
console.log("ts-ics: ", JSON.stringify(convertIcsCalendar(undefined, text).events[0].description));
const event = new ICAL.Component(ICAL.parse(text)).getFirstSubcomponent("vevent");
console.log("ical.js:", JSON.stringify(event.getFirstPropertyValue("description")));
NODE

seen=$(cd "$dir" && TZ=UTC node look.mjs)
expected=$(cat <<'EXPECTED'
ts-ics:  "See:\n\nbelow"
ical.js: "See:\nBEGIN:VEVENT\nbelow"
EXPECTED
)

printf '%s\n' "$seen"
if [ "$seen" != "$expected" ]; then
  echo "CHANGED: ts-ics keeps the line." >&2
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") >&2 || true
  exit 1
fi
echo "STILL SO: the line is gone."
