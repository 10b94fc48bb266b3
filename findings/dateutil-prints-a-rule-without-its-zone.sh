#!/usr/bin/env bash
# str() of a dateutil rrule drops the zone of its start: what is stored and read again is another series.
#
# Package:  python-dateutil 4.0.0 (PyPI), with tzdata 2026.6. Seen on 2026-11-30.
# Guess:    str(rule) is what rrulestr() makes the same rule of; a start in Berlin is written with TZID=Europe/Berlin, which
#           rrulestr() reads.
# Happens:  DTSTART:20260323T100000, without zone: the occurrences come back as naive times.
# Source:   dateutil's documentation of rrule.__str__: 'Output a string that would generate this RRULE if passed to
#           rrulestr'. RFC 5545, 3.3.5, form 3.
# Means:    A recurring slot kept as str(rule) floats: whoever reads it puts it in the server's or the reader's zone. Keep
#           the zone in a column beside the rule.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv --without-pip "$dir/venv"
python3 -m pip --python "$dir/venv/bin/python" install -qq --no-compile --disable-pip-version-check python-dateutil==4.0.0 tzdata==2026.6

cat > "$dir/look.py" <<'PYTHON'
from datetime import datetime
from zoneinfo import ZoneInfo

from dateutil.rrule import WEEKLY, rrule, rrulestr

rule = rrule(WEEKLY, count=2, dtstart=datetime(2026, 3, 23, 10, tzinfo=ZoneInfo("Europe/Berlin")))
print(str(rule))
print("before:", [each.isoformat() for each in rule])
print("after: ", [each.isoformat() for each in rrulestr(str(rule))])
print("can read zones:", next(iter(rrulestr(str(rule).replace("DTSTART:", "DTSTART;TZID=Europe/Berlin:")))).isoformat())
PYTHON

seen=$(cd "$dir" && PYTHONTZPATH= TZ=UTC "$dir/venv/bin/python" look.py)
expected=$(cat <<'EXPECTED'
DTSTART:20260323T100000
RRULE:FREQ=WEEKLY;COUNT=2
before: ['2026-03-23T10:00:00+01:00', '2026-03-30T10:00:00+02:00']
after:  ['2026-03-23T10:00:00', '2026-03-30T10:00:00']
can read zones: 2026-03-23T10:00:00+01:00
EXPECTED
)

printf '%s\n' "$seen"
if [ "$seen" != "$expected" ]; then
  echo "CHANGED: str(rule) keeps the zone." >&2
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") >&2 || true
  exit 1
fi
echo "STILL SO: the zone is gone after str() and rrulestr()."
