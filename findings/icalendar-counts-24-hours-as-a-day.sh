#!/usr/bin/env bash
# icalendar ends an event of PT24H after 23 hours when the clocks go forward in between, as if it were P1D.
#
# Package:  icalendar 7.3.0 (PyPI), with tzdata 2026.6. Seen on 2026-11-30.
# Guess:    An event of DURATION:PT24H ends 24 hours after it begins, one of P1D at the same time of the next day; in the
#           night of 29 March 2026 in Berlin, these differ by an hour.
# Happens:  Both end at noon, 23 hours later: the library adds the duration to the wall clock, whatever its unit is.
# Source:   RFC 5545, 3.3.6: a duration of days or weeks is nominal, one of hours, minutes or seconds is exact; its example
#           tells the two apart at a change of the clocks.
# Means:    Ends computed by Event.end from a DURATION are wrong by an hour around each change of clocks. Write DTEND, not
#           DURATION; when reading, add hours in UTC.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv --without-pip "$dir/venv"
python3 -m pip --python "$dir/venv/bin/python" install -qq --no-compile --disable-pip-version-check icalendar==7.3.0 tzdata==2026.6

cat > "$dir/look.py" <<'PYTHON'
from datetime import UTC

from icalendar import Calendar


def invite(duration):
    lines = [
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Example//EN", "BEGIN:VEVENT", "UID:1@example.org",
        "DTSTAMP:20260301T000000Z", "DTSTART;TZID=Europe/Berlin:20260328T120000", f"DURATION:{duration}",
        "END:VEVENT", "END:VCALENDAR", "",
    ]
    return Calendar.from_ical("\r\n".join(lines)).walk("VEVENT")[0]


for duration in ("PT24H", "P1D"):
    event = invite(duration)
    hours = (event.end.astimezone(UTC) - event.start.astimezone(UTC)).total_seconds() / 3600
    print(duration, "ends", event.end.isoformat(), "after", hours, "hours")
PYTHON

seen=$(cd "$dir" && PYTHONTZPATH= TZ=UTC "$dir/venv/bin/python" look.py)
expected=$(cat <<'EXPECTED'
PT24H ends 2026-03-29T12:00:00+02:00 after 23.0 hours
P1D ends 2026-03-29T12:00:00+02:00 after 23.0 hours
EXPECTED
)

printf '%s\n' "$seen"
if [ "$seen" != "$expected" ]; then
  echo "CHANGED: icalendar no longer adds exact hours to the wall clock." >&2
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") >&2 || true
  exit 1
fi
echo "STILL SO: icalendar ends PT24H and P1D at the same wall-clock time, 23 hours later."
