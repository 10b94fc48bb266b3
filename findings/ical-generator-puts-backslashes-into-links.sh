#!/usr/bin/env bash
# ical-generator escapes commas and semicolons in URL as in a text, so the link that guests get has backslashes in it.
#
# Package:  ical-generator 11.1.2 (npm); ical.js 2.2.1 reads the result. Seen on 2026-11-30.
# Guess:    A URL stands in the invite as it is: its type is URI, which has no escapes.
# Happens:  https://meet.example.org/?room=1\,2\;3, and that is the link that ical.js reads.
# Source:   RFC 5545, 3.8.4.6 and 3.3.13: the value of URL is a URI, and no additional content encoding (backslash escapes)
#           is defined for it.
# Means:    Meeting links with a comma or a semicolon in them fail. Write these as %2C and %3B.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
npm install --prefix "$dir" --silent --no-audit --no-fund --ignore-scripts ical-generator@11.1.2 ical.js@2.2.1 >&2

cat > "$dir/look.mjs" <<'NODE'
import generate from "ical-generator";
import ICAL from "ical.js";

const calendar = generate();
const start = new Date("2026-07-01T10:00:00Z"), end = new Date("2026-07-01T11:00:00Z");
calendar.createEvent({ start, end, summary: "Interview", url: "https://meet.example.org/?room=1,2;3" });
const text = calendar.toString();
console.log(text.split("\r\n").filter((line) => line.startsWith("URL")).join());
console.log("read:", new ICAL.Component(ICAL.parse(text)).getFirstSubcomponent("vevent").getFirstPropertyValue("url"));
NODE

seen=$(cd "$dir" && TZ=UTC node look.mjs)
expected=$(cat <<'EXPECTED'
URL;VALUE=URI:https://meet.example.org/?room=1\,2\;3
read: https://meet.example.org/?room=1\,2\;3
EXPECTED
)

printf '%s\n' "$seen"
if [ "$seen" != "$expected" ]; then
  echo "CHANGED: ical-generator leaves the URL as it is." >&2
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") >&2 || true
  exit 1
fi
echo "STILL SO: the link has two backslashes."
