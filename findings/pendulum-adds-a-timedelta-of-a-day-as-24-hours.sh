#!/usr/bin/env bash
# pendulum's DateTime, a datetime to isinstance(), adds timedelta(days=1) as 24 hours where datetime adds a day, and where
# its own add(days=1) does too.
#
# Package:  pendulum 3.3.0 (PyPI), with tzdata 2026.6. Seen on 2026-11-30.
# Guess:    It's a drop-in replacement of datetime: the same expression with the same zone gives the same time; and a day is
#           what add(days=1) adds.
# Happens:  From noon of 28 March 2026 in Berlin, datetime + timedelta(days=1) is noon, pendulum + timedelta(days=1) is
#           13:00, pendulum.add(days=1) is noon.
# Source:   pendulum's own description: it 'is a drop-in replacement for the standard datetime class (it inherits from it)'.
#           Python's documentation of datetime: addition takes no notice of the zone.
# Means:    Code that gets its datetimes from elsewhere moves the next day's interview by an hour, depending on who made the
#           value. Say in one place which arithmetic is meant.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv --without-pip "$dir/venv"
python3 -m pip --python "$dir/venv/bin/python" install -qq --no-compile --disable-pip-version-check pendulum==3.3.0 tzdata==2026.6

cat > "$dir/look.py" <<'PYTHON'
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pendulum

plain = datetime(2026, 3, 28, 12, tzinfo=ZoneInfo("Europe/Berlin"))
theirs = pendulum.datetime(2026, 3, 28, 12, tz="Europe/Berlin")
print("equal before:", plain == theirs, "- an instance of datetime:", isinstance(theirs, datetime))
print("datetime + timedelta(days=1)", (plain + timedelta(days=1)).isoformat())
print("pendulum + timedelta(days=1)", (theirs + timedelta(days=1)).isoformat())
print("pendulum.add(days=1)        ", theirs.add(days=1).isoformat())
PYTHON

seen=$(cd "$dir" && PYTHONTZPATH= TZ=UTC "$dir/venv/bin/python" look.py)
expected=$(cat <<'EXPECTED'
equal before: True - an instance of datetime: True
datetime + timedelta(days=1) 2026-03-29T12:00:00+02:00
pendulum + timedelta(days=1) 2026-03-29T13:00:00+02:00
pendulum.add(days=1)         2026-03-29T12:00:00+02:00
EXPECTED
)

printf '%s\n' "$seen"
if [ "$seen" != "$expected" ]; then
  echo "CHANGED: pendulum adds a timedelta of a day in another way." >&2
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") >&2 || true
  exit 1
fi
echo "STILL SO: one expression, two results, by the class of the value."
