#!/usr/bin/env bash
# dateutil.tz.gettz() takes Outlook's name of Eastern Time for a POSIX string and answers a zone six hours east of
# Greenwich.
#
# Package:  python-dateutil 4.0.0 and ics 0.7.3 (PyPI), which asks dateutil for zones. Seen on 2026-11-30.
# Guess:    A name that is no zone's gives None, or at worst the five hours west that it begins with.
# Happens:  '(UTC-05:00) Eastern Time (US & Canada)' gives +06:00 in July. ics, which reads TZIDs by it, puts an invite of
#           12:00 in New York at 06:00Z instead of 16:00Z.
# Source:   gettz() answers None for names that it doesn't know, such as Outlook's 'Eastern Standard Time'; its
#           documentation knows names of zone files, and strings of GNU TZ style. RFC 5545, 3.2.19: the TZID names the
#           VTIMEZONE of the invite, which says -04:00 here.
# Means:    Exchange sends such TZIDs. Map Windows' names (CLDR's windowsZones) or read the VTIMEZONE; never give a foreign
#           TZID to gettz().
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv --without-pip "$dir/venv"
python3 -m pip --python "$dir/venv/bin/python" install -qq --no-compile --disable-pip-version-check python-dateutil==4.0.0 ics==0.7.3

cat > "$dir/look.py" <<'PYTHON'
from datetime import UTC, datetime

from dateutil.tz import gettz
from ics import Calendar

NAME = "(UTC-05:00) Eastern Time (US & Canada)"
INVITE = f"""BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Example//EN
BEGIN:VTIMEZONE
TZID:{NAME}
BEGIN:DAYLIGHT
DTSTART:20070311T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU
TZOFFSETFROM:-0500
TZOFFSETTO:-0400
END:DAYLIGHT
BEGIN:STANDARD
DTSTART:20071104T020000
RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU
TZOFFSETFROM:-0400
TZOFFSETTO:-0500
END:STANDARD
END:VTIMEZONE
BEGIN:VEVENT
UID:1@example.org
DTSTAMP:20260601T000000Z
DTSTART;TZID="{NAME}":20260701T120000
END:VEVENT
END:VCALENDAR
"""
print("gettz, another of Outlook's names:", gettz("Eastern Standard Time"))
print("gettz:", datetime(2026, 7, 1, 12, tzinfo=gettz(NAME)).isoformat())
(event,) = Calendar(INVITE.replace("\n", "\r\n")).events
print("ics:", event.begin.isoformat(), "=", event.begin.datetime.astimezone(UTC).isoformat())
print("meant:", datetime(2026, 7, 1, 12, tzinfo=gettz("America/New_York")).astimezone(UTC).isoformat())
PYTHON

seen=$(cd "$dir" && TZ=UTC "$dir/venv/bin/python" look.py)
expected=$(cat <<'EXPECTED'
gettz, another of Outlook's names: None
gettz: 2026-07-01T12:00:00+06:00
ics: 2026-07-01T12:00:00+06:00 = 2026-07-01T06:00:00+00:00
meant: 2026-07-01T16:00:00+00:00
EXPECTED
)

printf '%s\n' "$seen"
if [ "$seen" != "$expected" ]; then
  echo "CHANGED: gettz() no longer makes +06:00 of the name, or ics asks no more." >&2
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") >&2 || true
  exit 1
fi
echo "STILL SO: Eastern Time is six hours east of Greenwich."
