#!/usr/bin/env bash
# icalendar writes an aware time of offset +02:00 under the made-up zone UTC+02:00, defines no such zone, and reads the time
# back as floating.
#
# Package:  icalendar 7.3.0 (PyPI), with tzdata 2026.6. Seen on 2026-11-30.
# Guess:    A datetime that knows its offset is an exact instant: it is written in UTC, or with a VTIMEZONE that says what
#           the offset is.
# Happens:  DTSTART;TZID="UTC+02:00":20260701T120000. No VTIMEZONE of that name comes along, not even from
#           add_missing_timezones(), and icalendar itself reads the line as a time of no zone.
# Source:   RFC 5545, 3.2.19: a VTIMEZONE must be there for every TZID (that doesn't begin with a slash); 3.3.5: a time with
#           an offset has the form of UTC or of a zone. Python: datetime.fromisoformat('...+02:00') is aware.
# Means:    Times parsed from JSON have such offsets. Whoever reads the invite sees 12:00 in their own zone: convert to UTC
#           or to an IANA zone before add().
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv --without-pip "$dir/venv"
python3 -m pip --python "$dir/venv/bin/python" install -qq --no-compile --disable-pip-version-check icalendar==7.3.0 tzdata==2026.6

cat > "$dir/look.py" <<'PYTHON'
from datetime import datetime

from icalendar import Calendar, Event

calendar, event = Calendar(), Event()
event.add("dtstart", datetime.fromisoformat("2026-07-01T12:00:00+02:00"))
calendar.add_component(event)
calendar.add_missing_timezones()
text = calendar.to_ical().decode()
print(text.replace("\r\n", "\n").strip())
print("read back:", Calendar.from_ical(text).walk("VEVENT")[0].start.isoformat())
PYTHON

seen=$(cd "$dir" && PYTHONTZPATH= TZ=UTC "$dir/venv/bin/python" look.py)
expected=$(cat <<'EXPECTED'
BEGIN:VCALENDAR
BEGIN:VEVENT
DTSTART;TZID="UTC+02:00":20260701T120000
END:VEVENT
END:VCALENDAR
read back: 2026-07-01T12:00:00
EXPECTED
)

printf '%s\n' "$seen"
if [ "$seen" != "$expected" ]; then
  echo "CHANGED: icalendar writes or reads a fixed offset in another way." >&2
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") >&2 || true
  exit 1
fi
echo "STILL SO: the instant is lost: an offset becomes a zone that nobody defines."
