#!/usr/bin/env bash
# vobject and icalendar keep the first VTIMEZONE that they read under a name for the whole process: the next calendar's zone
# of that name is ignored.
#
# Package:  vobject 0.9.9 and icalendar 7.3.0 (PyPI). Seen on 2026-11-30.
# Guess:    A VTIMEZONE is part of its calendar, and says nothing about the next one, which may come from another company.
# Happens:  Two calendars, each with its own zone Office, at +02:00 and at +05:00: whichever is read first decides about
#           both, in either library.
# Source:   RFC 5545, 3.8.3.1: a TZID that doesn't begin with a slash is unique within its own iCalendar object only.
# Means:    A long-running reader (Radicale is one) puts an invite an hour off if an earlier one had an older or a shorter
#           VTIMEZONE of that name; and tests that read many invites in a process check the first zone only. Give each TZID
#           the same rules in every invite; read in a process of its own where it matters.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv --without-pip "$dir/venv"
python3 -m pip --python "$dir/venv/bin/python" install -qq --no-compile --disable-pip-version-check vobject==0.9.9 icalendar==7.3.0 tzdata==2026.6

cat > "$dir/look.py" <<'PYTHON'
import icalendar
import vobject

INVITE = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Example//EN
BEGIN:VTIMEZONE
TZID:Office
BEGIN:STANDARD
DTSTART:19700101T000000
TZOFFSETFROM:{offset}
TZOFFSETTO:{offset}
END:STANDARD
END:VTIMEZONE
BEGIN:VEVENT
UID:1@example.org
DTSTAMP:20260601T000000Z
DTSTART;TZID=Office:20260701T120000
END:VEVENT
END:VCALENDAR
"""
for offset in ("+0200", "+0500"):
    text = INVITE.format(offset=offset).replace("\n", "\r\n")
    by_vobject = vobject.readOne(text).vevent.dtstart.value
    by_icalendar = icalendar.Calendar.from_ical(text).walk("VEVENT")[0].start
    print(f"sent {offset}, read by vobject {by_vobject:%z}, by icalendar {by_icalendar:%z}")
PYTHON

seen=$(cd "$dir" && PYTHONTZPATH= TZ=UTC "$dir/venv/bin/python" look.py)
expected=$(cat <<'EXPECTED'
sent +0200, read by vobject +0200, by icalendar +0200
sent +0500, read by vobject +0200, by icalendar +0200
EXPECTED
)

printf '%s\n' "$seen"
if [ "$seen" != "$expected" ]; then
  echo "CHANGED: the second zone is read by one of them." >&2
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") >&2 || true
  exit 1
fi
echo "STILL SO: the first zone of a name wins, in all calendars of the process."
