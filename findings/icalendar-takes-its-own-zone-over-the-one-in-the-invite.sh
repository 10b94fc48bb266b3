#!/usr/bin/env bash
# icalendar looks up a TZID that it knows and never reads the VTIMEZONE that came along: an invite of zone EST is an hour
# off all summer.
#
# Package:  icalendar 7.3.0 (PyPI), with tzdata 2026.6. Seen on 2026-11-30.
# Guess:    The VTIMEZONE in the invite defines what its TZID means; the tz database is for names that nobody defined.
# Happens:  The invite's zone EST has daylight saving time, -04:00 in July. icalendar reads -05:00, that of the tz
#           database's EST; the same zone called Office is read as it was sent.
# Source:   RFC 5545, 3.2.19 and 3.6.5: TZID is the identifier of a VTIMEZONE in the same object, which gives its rules;
#           only a TZID that begins with a slash is looked up elsewhere.
# Means:    What counts is the reader's tz database, not the sender's: a new law reaches such readers by an update only.
#           Send IANA names whose meaning agrees with your VTIMEZONE, never abbreviations.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv --without-pip "$dir/venv"
python3 -m pip --python "$dir/venv/bin/python" install -qq --no-compile --disable-pip-version-check icalendar==7.3.0 tzdata==2026.6

cat > "$dir/look.py" <<'PYTHON'
from datetime import UTC

from icalendar import Calendar

ZONE = """BEGIN:VTIMEZONE
TZID:{name}
BEGIN:DAYLIGHT
DTSTART:20070311T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU
TZOFFSETFROM:-0500
TZOFFSETTO:-0400
TZNAME:EDT
END:DAYLIGHT
BEGIN:STANDARD
DTSTART:20071104T020000
RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU
TZOFFSETFROM:-0400
TZOFFSETTO:-0500
TZNAME:EST
END:STANDARD
END:VTIMEZONE"""
EVENT = """BEGIN:VEVENT
UID:1@example.org
DTSTAMP:20260601T000000Z
DTSTART;TZID={name}:20260701T120000
END:VEVENT"""
for name in ("Office", "EST"):
    text = "\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Example//EN", ZONE, EVENT, "END:VCALENDAR", ""])
    (event,) = Calendar.from_ical(text.format(name=name).replace("\n", "\r\n")).walk("VEVENT")
    print(f"{name}: 12:00 in July is {event.start.astimezone(UTC):%H:%MZ}")
PYTHON

seen=$(cd "$dir" && PYTHONTZPATH= TZ=UTC "$dir/venv/bin/python" look.py)
expected=$(cat <<'EXPECTED'
Office: 12:00 in July is 16:00Z
EST: 12:00 in July is 17:00Z
EXPECTED
)

printf '%s\n' "$seen"
if [ "$seen" != "$expected" ]; then
  echo "CHANGED: icalendar goes by the VTIMEZONE of the invite." >&2
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") >&2 || true
  exit 1
fi
echo "STILL SO: the tz database wins over the invite."
