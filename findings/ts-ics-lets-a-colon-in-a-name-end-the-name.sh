#!/usr/bin/env bash
# ts-ics writes the name of a guest without quotation marks, whatever is in it: a colon ends it, and the rest becomes the
# address.
#
# Package:  ts-ics 2.4.6 (npm); ical.js 2.2.1 reads the result. Seen on 2026-11-30.
# Guess:    A name with a colon, a semicolon or a comma is put in quotation marks, as an address book's 'Lee, Ann' needs it.
# Happens:  ATTENDEE;CN=Interviewer: Ann;RSVP=TRUE:MAILTO:ann@example.org is read as the name 'Interviewer' and the address
#           ' Ann;RSVP=TRUE:MAILTO:ann@example.org'.
# Source:   RFC 5545, 3.2: parameter values that contain a colon, a semicolon or a comma MUST be quoted.
# Means:    One name makes the invite unanswerable. Clean names of these characters before they go to it, or quote them
#           yourself.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
npm install --prefix "$dir" --silent --no-audit --no-fund --ignore-scripts ts-ics@2.4.6 ical.js@2.2.1 >&2

cat > "$dir/look.mjs" <<'NODE'
import { generateIcsCalendar } from "ts-ics";
import ICAL from "ical.js";

const text = generateIcsCalendar({
  version: "2.0", prodId: "-//Example//EN", method: "REQUEST",
  events: [{
    uid: "1@example.org", summary: "Interview", stamp: { date: new Date("2026-06-01T00:00:00Z") },
    start: { date: new Date("2026-07-01T10:00:00Z") }, end: { date: new Date("2026-07-01T11:00:00Z") },
    attendees: [{ name: "Interviewer: Ann", email: "ann@example.org", rsvp: true }],
  }],
});
console.log(text.split("\r\n").filter((line) => line.startsWith("ATTENDEE")).join());
const attendee = new ICAL.Component(ICAL.parse(text)).getFirstSubcomponent("vevent").getFirstProperty("attendee");
console.log("name:   ", JSON.stringify(attendee.getParameter("cn")));
console.log("address:", JSON.stringify(attendee.getFirstValue()));
NODE

seen=$(cd "$dir" && TZ=UTC node look.mjs)
expected=$(cat <<'EXPECTED'
ATTENDEE;CN=Interviewer: Ann;RSVP=TRUE:MAILTO:ann@example.org
name:    "Interviewer"
address: " Ann;RSVP=TRUE:MAILTO:ann@example.org"
EXPECTED
)

printf '%s\n' "$seen"
if [ "$seen" != "$expected" ]; then
  echo "CHANGED: ts-ics quotes the name." >&2
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") >&2 || true
  exit 1
fi
echo "STILL SO: the address has swallowed the end of the name."
