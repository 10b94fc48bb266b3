#!/usr/bin/env bash
# ical writes a series in London in UTC if it begins in winter, and in its zone if it begins in summer: the first is an hour
# late after the clocks change.
#
# Package:  ical 14.3.1 (PyPI), with tzdata 2026.6; icalendar 7.3.0 and recurring-ical-events 3.8.2 read the result. Seen on
#           2026-11-30.
# Guess:    A weekly interview at 10:00 in Europe/London is written with TZID=Europe/London, as one in Europe/Berlin is with
#           its own, whenever it begins.
# Happens:  Begun on 22 March, at an offset of zero, it has DTSTART:20270322T100000Z and no VTIMEZONE: from 29 March on it
#           is at 11:00. Begun on 29 March it has its TZID, as Berlin's always has.
# Source:   RFC 5545, 3.3.5, form 3: a recurring event keeps its time of day by local time with a TZID. EventStore.add()'s
#           documentation: it makes sure that the calendar has the time zone that the event needs.
# Means:    Tools built on ical (Home Assistant's local calendar, for one) move British, Irish and Portuguese series. Look
#           for the TZID after writing one.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv --without-pip "$dir/venv"
python3 -m pip --python "$dir/venv/bin/python" install -qq --no-compile --disable-pip-version-check ical==14.3.1 tzdata==2026.6 icalendar==7.3.0 recurring-ical-events==3.8.2

cat > "$dir/look.py" <<'PYTHON'
from datetime import datetime
from zoneinfo import ZoneInfo

import recurring_ical_events
from ical.calendar import Calendar
from ical.calendar_stream import IcsCalendarStream
from ical.event import Event
from ical.store import EventStore
from ical.types import Recur
from icalendar import Calendar as Read

for name, day in (("Europe/Berlin", 22), ("Europe/London", 22), ("Europe/London", 29)):
    zone, calendar = ZoneInfo(name), Calendar()
    begin, end = datetime(2027, 3, day, 10, tzinfo=zone), datetime(2027, 3, day, 11, tzinfo=zone)
    rule = Recur.from_rrule("FREQ=WEEKLY;COUNT=2")
    EventStore(calendar).add(Event(uid="1@example.org", summary="Interview", start=begin, end=end, rrule=rule))
    text = IcsCalendarStream.calendar_to_ics(calendar)
    print(name, [line for line in text.splitlines() if line.startswith("DTSTART") and "2027" in line])
    for event in recurring_ical_events.of(Read.from_ical(text)).between((2027, 3, 1), (2027, 5, 1)):
        print("   ", event.start.astimezone(zone).isoformat())
PYTHON

seen=$(cd "$dir" && PYTHONTZPATH= TZ=UTC "$dir/venv/bin/python" look.py)
expected=$(cat <<'EXPECTED'
Europe/Berlin ['DTSTART;TZID=Europe/Berlin:20270322T100000']
    2027-03-22T10:00:00+01:00
    2027-03-29T10:00:00+02:00
Europe/London ['DTSTART:20270322T100000Z']
    2027-03-22T10:00:00+00:00
    2027-03-29T11:00:00+01:00
Europe/London ['DTSTART;TZID=Europe/London:20270329T100000']
    2027-03-29T10:00:00+01:00
    2027-04-05T10:00:00+01:00
EXPECTED
)

printf '%s\n' "$seen"
if [ "$seen" != "$expected" ]; then
  echo "CHANGED: ical writes the series that begins in winter otherwise." >&2
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") >&2 || true
  exit 1
fi
echo "STILL SO: a zone whose offset is zero at the start is taken for UTC."
