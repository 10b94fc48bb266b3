#!/usr/bin/env bash
# icalendar writes the UNTIL of an aware datetime as a local time without its zone, a rule that RFC 5545 forbids and
# dateutil refuses.
#
# Package:  icalendar 7.3.0 (PyPI), with tzdata 2026.6; its rule is then given to python-dateutil 4.0.0. Seen on 2026-11-30.
# Guess:    UNTIL is given as an aware datetime, so it is written in UTC, with a Z, as DTSTAMP is.
# Happens:  RRULE:FREQ=WEEKLY;UNTIL=20260715T090000: the zone is dropped, the local digits stay. python-dateutil refuses the
#           series.
# Source:   RFC 5545, 3.3.10: if DTSTART is local time with a time zone reference, UNTIL must be specified in UTC.
# Means:    A weekly interview slot with an end is taken for something else, or refused, by strict readers. Give UNTIL as
#           astimezone(UTC).
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv --without-pip "$dir/venv"
python3 -m pip --python "$dir/venv/bin/python" install -qq --no-compile --disable-pip-version-check icalendar==7.3.0 tzdata==2026.6 python-dateutil==4.0.0

cat > "$dir/look.py" <<'PYTHON'
from datetime import datetime
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr
from icalendar import Event

event, berlin = Event(), ZoneInfo("Europe/Berlin")
event.add("dtstart", datetime(2026, 7, 1, 9, tzinfo=berlin))
event.add("rrule", {"freq": "weekly", "until": datetime(2026, 7, 15, 9, tzinfo=berlin)})
lines = "\n".join(line for line in event.to_ical().decode().splitlines() if line.startswith(("DTSTART", "RRULE")))
print(lines)
try:
    print(len(list(rrulestr(lines))), "occurrences")
except ValueError as fault:
    print("dateutil:", fault)
PYTHON

seen=$(cd "$dir" && PYTHONTZPATH= TZ=UTC "$dir/venv/bin/python" look.py)
expected=$(cat <<'EXPECTED'
DTSTART;TZID=Europe/Berlin:20260701T090000
RRULE:FREQ=WEEKLY;UNTIL=20260715T090000
dateutil: RRULE UNTIL values must be specified in UTC when DTSTART is timezone-aware
EXPECTED
)

printf '%s\n' "$seen"
if [ "$seen" != "$expected" ]; then
  echo "CHANGED: icalendar writes UNTIL in UTC, or dateutil takes it." >&2
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") >&2 || true
  exit 1
fi
echo "STILL SO: UNTIL loses its zone."
