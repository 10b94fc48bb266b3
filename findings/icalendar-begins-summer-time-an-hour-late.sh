#!/usr/bin/env bash
# The VTIMEZONE of icalendar's add_missing_timezones() begins summer time an hour after the clocks changed.
#
# Package:  icalendar 7.3.0 (PyPI), with tzdata 2026.6; vobject 0.9.9 reads the result. Seen on 2026-11-30.
# Guess:    The library's own zone has the onsets of the tz database: in New York on 8 March 2026 at 02:00 standard time,
#           07:00Z.
# Happens:  Its DAYLIGHT has 03:00 with TZOFFSETFROM:-0500, which is 08:00Z: an interview at 03:30, 07:30Z, is put at 08:30Z
#           by a reader that goes by the VTIMEZONE, as RFC 5545 wants it.
# Source:   RFC 5545, 3.6.5: the DTSTART and the RDATE of an observance are local times as of TZOFFSETFROM, the offset
#           before the onset.
# Means:    Only the hour after the change is hit, but that is the hour that tests of time zones look at. Make the VTIMEZONE
#           yourself, or check it with another reader.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv --without-pip "$dir/venv"
python3 -m pip --python "$dir/venv/bin/python" install -qq --no-compile --disable-pip-version-check icalendar==7.3.0 tzdata==2026.6 vobject==0.9.9 pytz==2026.6

cat > "$dir/look.py" <<'PYTHON'
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import vobject
from icalendar import Calendar, Event

calendar, event = Calendar(), Event()
event.add("uid", "1@example.org")
event.add("dtstamp", datetime(2026, 1, 1, tzinfo=UTC))
event.add("dtstart", datetime(2026, 3, 8, 3, 30, tzinfo=ZoneInfo("America/New_York")))
calendar.add("version", "2.0")
calendar.add_component(event)
calendar.add_missing_timezones()
(zone,) = calendar.walk("VTIMEZONE")
for observance in zone.walk("DAYLIGHT"):
    onsets = [observance["DTSTART"].dt]
    rdates = observance.get("RDATE", [])
    for rdate in rdates if isinstance(rdates, list) else [rdates]:
        onsets += [each.dt for each in rdate.dts]
    for onset in onsets:
        if onset.year == 2026:
            before = observance["TZOFFSETFROM"].td
            print("onset", onset.isoformat(), "from", before // timedelta(hours=1), "is", (onset - before).isoformat() + "Z")
print("meant", event.start.astimezone(UTC).isoformat())
text = calendar.to_ical().decode().replace("America/New_York", "Office")
read = vobject.readOne(text).vevent.dtstart.value
print("read ", read.astimezone(UTC).isoformat(), "by vobject, the zone under a name that it can't look up")
PYTHON

seen=$(cd "$dir" && PYTHONTZPATH= TZ=UTC "$dir/venv/bin/python" look.py)
expected=$(cat <<'EXPECTED'
onset 2026-03-08T03:00:00 from -5 is 2026-03-08T08:00:00Z
meant 2026-03-08T07:30:00+00:00
read  2026-03-08T08:30:00+00:00 by vobject, the zone under a name that it can't look up
EXPECTED
)

printf '%s\n' "$seen"
if [ "$seen" != "$expected" ]; then
  echo "CHANGED: icalendar's VTIMEZONE begins summer time at another moment." >&2
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") >&2 || true
  exit 1
fi
echo "STILL SO: summer time begins at 08:00Z in the VTIMEZONE, and at 07:00Z in New York."
