#!/usr/bin/env bash
# node-ical doesn't decode the ^' for a quotation mark in a parameter, so Ann "Annie" Lee is invited as Ann ^'Annie^' Lee.
#
# Package:  node-ical 0.27.2 (npm) reads what ical-generator 11.1.2 writes; ical.js 2.2.1 for comparison. Seen on
#           2026-11-30.
# Guess:    The quotation marks in a guest's name come out as they went in: a library of today knows the RFC of 2013 that
#           updates iCalendar.
# Happens:  CN is Ann ^'Annie^' Lee. ical.js reads Ann "Annie" Lee from the same line.
# Source:   RFC 6868, 3, which updates RFC 5545: ^' stands for a quotation mark, ^^ for a caret, ^n for a line break, in all
#           parameter values.
# Means:    A nickname in quotation marks looks garbled to some guests (vobject and ts-ics do the same). Replace them by
#           typographic ones, which need no code.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
npm install --prefix "$dir" --silent --no-audit --no-fund --ignore-scripts node-ical@0.27.2 ical.js@2.2.1 ical-generator@11.1.2 >&2

cat > "$dir/look.mjs" <<'NODE'
import ical from "node-ical";
import ICAL from "ical.js";
import generate from "ical-generator";

const calendar = generate({ method: "REQUEST" });
const start = new Date("2026-07-01T10:00:00Z"), end = new Date("2026-07-01T11:00:00Z");
calendar.createEvent({ start, end, summary: "Interview", attendees: [{ name: 'Ann "Annie" Lee', email: "ann@example.org" }] });
const text = calendar.toString();
const [theirs] = Object.values(ical.sync.parseICS(text)).filter((each) => each.type === "VEVENT");
const other = new ICAL.Component(ICAL.parse(text)).getFirstSubcomponent("vevent").getFirstProperty("attendee");
console.log("node-ical:", theirs.attendee.params.CN);
console.log("ical.js:  ", other.getParameter("cn"));
NODE

seen=$(cd "$dir" && TZ=UTC node look.mjs)
expected=$(cat <<'EXPECTED'
node-ical: Ann ^'Annie^' Lee
ical.js:   Ann "Annie" Lee
EXPECTED
)

printf '%s\n' "$seen"
if [ "$seen" != "$expected" ]; then
  echo "CHANGED: node-ical decodes RFC 6868." >&2
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") >&2 || true
  exit 1
fi
echo "STILL SO: the carets are part of the name."
