#!/usr/bin/env bash
# ical takes an escaped comma in CATEGORIES for the end of the category, and writes the backslash back doubled.
#
# Package:  ical 14.3.1 (PyPI). Seen on 2026-11-30.
# Guess:    CATEGORIES:Onsite\, second round,Panel is two categories, one of them with a comma.
# Happens:  It reads three, 'Onsite\' among them, and writes them as CATEGORIES:Onsite\\ and two more lines: each pass
#           changes the event.
# Source:   RFC 5545, 3.8.1.2 and 3.3.11: categories are TEXT values, commas within them are escaped with a backslash. The
#           same library unescapes SUMMARY as it should.
# Means:    A label such as 'Onsite, second round' falls apart in the calendar. Use labels without commas, or several
#           categories.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv --without-pip "$dir/venv"
python3 -m pip --python "$dir/venv/bin/python" install -qq --no-compile --disable-pip-version-check ical==14.3.1 tzdata==2026.6

cat > "$dir/look.py" <<'PYTHON'
from ical.calendar_stream import IcsCalendarStream

INVITE = r"""BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Example//EN
BEGIN:VEVENT
UID:1@example.org
DTSTAMP:20260601T000000Z
DTSTART:20260701T120000Z
SUMMARY:Onsite\, second round
CATEGORIES:Onsite\, second round,Panel
END:VEVENT
END:VCALENDAR
"""
calendar = IcsCalendarStream.calendar_from_ics(INVITE.replace("\n", "\r\n"))
print(calendar.events[0].summary)
print(calendar.events[0].categories)
for line in IcsCalendarStream.calendar_to_ics(calendar).splitlines():
    if line.startswith(("SUMMARY", "CATEGORIES")):
        print(line)
PYTHON

seen=$(cd "$dir" && PYTHONTZPATH= TZ=UTC "$dir/venv/bin/python" look.py)
expected=$(cat <<'EXPECTED'
Onsite, second round
['Onsite\\', ' second round', 'Panel']
SUMMARY:Onsite\, second round
CATEGORIES:Onsite\\
CATEGORIES: second round
CATEGORIES:Panel
EXPECTED
)

printf '%s\n' "$seen"
if [ "$seen" != "$expected" ]; then
  echo "CHANGED: ical reads or writes the escaped comma in another way." >&2
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") >&2 || true
  exit 1
fi
echo "STILL SO: an escaped comma ends a category."
