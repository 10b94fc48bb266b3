#!/usr/bin/env bash
# ics escapes a quotation mark in a guest's name by a backslash, which iCalendar doesn't know: the name ends there.
#
# Package:  ics 3.12.0 (npm); ical.js 2.2.1 reads the result. Seen on 2026-11-30.
# Guess:    Ann "Annie" Lee is written so that readers get it back: by ^', or with another kind of mark.
# Happens:  CN="Ann \"Annie\" Lee": for a reader, the value ends at the second mark. ical.js takes 'Ann \' for the name;
#           icalendar 7.3.0 (PyPI) finds the line broken, and leaves the guest out.
# Source:   RFC 5545, 3.2: a quoted parameter value can't contain a quotation mark, and backslashes are no escapes there;
#           RFC 6868: it is written as ^'.
# Means:    A nickname in quotation marks costs its bearer the name, or the invitation. Replace quotation marks in names
#           before they go to it.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
npm install --prefix "$dir" --silent --no-audit --no-fund --ignore-scripts ics@3.12.0 ical.js@2.2.1 >&2

cat > "$dir/look.mjs" <<'NODE'
import { createEvent } from "ics";
import ICAL from "ical.js";

const { value } = createEvent({
  uid: "1@example.org", start: [2026, 7, 1, 10, 0], startInputType: "utc", duration: { hours: 1 }, title: "Interview",
  attendees: [{ name: 'Ann "Annie" Lee', email: "ann@example.org" }],
});
console.log(value.split("\r\n").filter((line) => line.startsWith("ATTENDEE")).join());
const attendee = new ICAL.Component(ICAL.parse(value)).getFirstSubcomponent("vevent").getFirstProperty("attendee");
console.log("name:", JSON.stringify(attendee.getParameter("cn")), "address:", JSON.stringify(attendee.getFirstValue()));
NODE

seen=$(cd "$dir" && TZ=UTC node look.mjs)
expected=$(cat <<'EXPECTED'
ATTENDEE;CN="Ann \"Annie\" Lee":mailto:ann@example.org
name: "Ann \\" address: "mailto:ann@example.org"
EXPECTED
)

printf '%s\n' "$seen"
if [ "$seen" != "$expected" ]; then
  echo "CHANGED: ics writes the quotation marks otherwise, or ical.js reads them." >&2
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") >&2 || true
  exit 1
fi
echo "STILL SO: the name ends at its quotation mark."
