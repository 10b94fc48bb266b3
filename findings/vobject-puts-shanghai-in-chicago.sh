#!/usr/bin/env bash
# vobject names a zone by its abbreviation: Chicago and Shanghai are both CST to it, and the second gets the rules of the
# first, 14 hours off.
#
# Package:  vobject 0.9.9 (PyPI), with tzdata 2026.6; icalendar 7.3.0 reads the result. Seen on 2026-11-30.
# Guess:    Each zone of a calendar gets a TZID and a VTIMEZONE of its own: the name of a ZoneInfo is at hand in its key.
# Happens:  One VTIMEZONE, TZID:CST, with Chicago's rules; the event at 09:00 in Shanghai is written as DTSTART;TZID=CST,
#           which is 15:00Z instead of 01:00Z.
# Source:   RFC 5545, 3.8.3.1: the TZID identifies the zone, uniquely within the calendar; 3.6.5: the VTIMEZONE has the
#           rules of just that zone.
# Means:    A panel across both cities is sent wrong without a word. With vobject, write all times in UTC, or build the
#           VTIMEZONE yourself.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv --without-pip "$dir/venv"
python3 -m pip --python "$dir/venv/bin/python" install -qq --no-compile --disable-pip-version-check vobject==0.9.9 tzdata==2026.6 pytz==2026.6 icalendar==7.3.0

cat > "$dir/look.py" <<'PYTHON'
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import vobject
from icalendar import Calendar

calendar = vobject.iCalendar()
for name in ("America/Chicago", "Asia/Shanghai"):
    event = calendar.add("vevent")
    event.add("uid").value = name
    event.add("dtstart").value = datetime(2026, 1, 15, 9, tzinfo=ZoneInfo(name))
    print("meant", name, event.dtstart.value.astimezone(UTC).isoformat())
text = calendar.serialize()
print([line for line in text.splitlines() if line.startswith(("TZID", "DTSTART;"))])
for event in Calendar.from_ical(text).walk("VEVENT"):
    print("read ", event["UID"], event.start.astimezone(UTC).isoformat())
PYTHON

seen=$(cd "$dir" && PYTHONTZPATH= TZ=UTC "$dir/venv/bin/python" look.py)
expected=$(cat <<'EXPECTED'
meant America/Chicago 2026-01-15T15:00:00+00:00
meant Asia/Shanghai 2026-01-15T01:00:00+00:00
['TZID:CST', 'DTSTART;TZID=CST:20260115T090000', 'DTSTART;TZID=CST:20260115T090000']
read  America/Chicago 2026-01-15T15:00:00+00:00
read  Asia/Shanghai 2026-01-15T15:00:00+00:00
EXPECTED
)

printf '%s\n' "$seen"
if [ "$seen" != "$expected" ]; then
  echo "CHANGED: vobject tells the two zones apart." >&2
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") >&2 || true
  exit 1
fi
echo "STILL SO: Shanghai's interview is on Chicago's time."
