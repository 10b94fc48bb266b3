#!/usr/bin/env bash
# vobject refuses to write a datetime of Python's own datetime.UTC, and takes one of dateutil's UTC.
#
# Package:  vobject 0.9.9 (PyPI). Seen on 2026-11-30.
# Guess:    The plainest of all aware times is written with a Z.
# Happens:  VObjectError: Unable to guess TZID for tzinfo UTC. The same instant with dateutil.tz.UTC becomes
#           DTSTART:20260701T120000Z.
# Source:   Python's documentation of datetime: datetime.UTC is the UTC time zone singleton; RFC 5545, 3.3.5, form 2.
# Means:    The service that keeps its times in UTC, as it should, can't write one of them with vobject. Replace the tzinfo
#           by dateutil's before.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv --without-pip "$dir/venv"
python3 -m pip --python "$dir/venv/bin/python" install -qq --no-compile --disable-pip-version-check vobject==0.9.9

cat > "$dir/look.py" <<'PYTHON'
from datetime import UTC, datetime

import vobject
from dateutil import tz

for zone in (UTC, tz.UTC):
    calendar = vobject.iCalendar()
    event = calendar.add("vevent")
    event.add("dtstart").value = datetime(2026, 7, 1, 12, tzinfo=zone)
    try:
        print(repr(zone), [line for line in calendar.serialize().splitlines() if line.startswith("DTSTART")])
    except vobject.base.VObjectError as fault:
        print(repr(zone), "VObjectError:", fault)
PYTHON

seen=$(cd "$dir" && TZ=UTC "$dir/venv/bin/python" look.py)
expected=$(cat <<'EXPECTED'
datetime.timezone.utc VObjectError: 'Unable to guess TZID for tzinfo UTC'
tzutc() ['DTSTART:20260701T120000Z']
EXPECTED
)

printf '%s\n' "$seen"
if [ "$seen" != "$expected" ]; then
  echo "CHANGED: vobject writes datetime.UTC." >&2
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") >&2 || true
  exit 1
fi
echo "STILL SO: datetime.UTC can't be written."
