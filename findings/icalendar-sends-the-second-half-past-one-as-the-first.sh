#!/usr/bin/env bash
# icalendar writes the second 01:30 of the night in which the clocks go back as the first one, an hour too early, and says
# nothing.
#
# Package:  icalendar 7.3.0 (PyPI), with tzdata 2026.6. Seen on 2026-11-30.
# Guess:    Two instants that differ come out as two texts; where a local time can't say which it means, the library falls
#           back on UTC, or raises.
# Happens:  05:30Z and 06:30Z on 1 November 2026 in New York are written in the very same line, and both are read back as
#           05:30Z.
# Source:   RFC 5545, 3.3.5: a local time that occurs twice refers to the first occurrence, so only UTC can name the second.
#           Python's PEP 495 keeps the two apart by fold.
# Means:    A service that writes its times in the interview's zone moves such an interview by an hour. Write it in UTC when
#           the time has fold=1.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv --without-pip "$dir/venv"
python3 -m pip --python "$dir/venv/bin/python" install -qq --no-compile --disable-pip-version-check icalendar==7.3.0 tzdata==2026.6

cat > "$dir/look.py" <<'PYTHON'
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event

for instant in (datetime(2026, 11, 1, 5, 30, tzinfo=UTC), datetime(2026, 11, 1, 6, 30, tzinfo=UTC)):
    event = Event()
    event.add("dtstart", instant.astimezone(ZoneInfo("America/New_York")))
    line = event.to_ical().decode().splitlines()[1]
    read = Event.from_ical(event.to_ical()).start
    print(f"{instant:%H:%MZ} is written {line} and read {read.astimezone(UTC):%H:%MZ}")
PYTHON

seen=$(cd "$dir" && PYTHONTZPATH= TZ=UTC "$dir/venv/bin/python" look.py)
expected=$(cat <<'EXPECTED'
05:30Z is written DTSTART;TZID=America/New_York:20261101T013000 and read 05:30Z
06:30Z is written DTSTART;TZID=America/New_York:20261101T013000 and read 05:30Z
EXPECTED
)

printf '%s\n' "$seen"
if [ "$seen" != "$expected" ]; then
  echo "CHANGED: icalendar tells the two hours apart." >&2
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") >&2 || true
  exit 1
fi
echo "STILL SO: two instants an hour apart have one text."
