#!/usr/bin/env bash
# arrow's shift(hours=24) moves by 23 hours when the clocks go forward in between.
#
# Package:  arrow 1.4.0 (PyPI), with tzdata 2026.6. Seen on 2026-11-30.
# Guess:    Hours are hours: a reminder 24 hours before an interview is 24 hours before it, while days keep the time of day.
# Happens:  shift(hours=24) and shift(days=1) answer the same wall-clock time, 23 hours later; shift(hours=48) moves by 47.
# Source:   RFC 5545, 3.3.6 (hours are exact, days are nominal); Temporal, whenever and pendulum do it so, and arrow's
#           shift() says that it resolves times that a change to summer time leaves out.
# Means:    Reminders and expiries that are so many hours away are an hour off around each change of clocks. Shift in UTC,
#           then go back to the zone.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv --without-pip "$dir/venv"
python3 -m pip --python "$dir/venv/bin/python" install -qq --no-compile --disable-pip-version-check arrow==1.4.0 tzdata==2026.6

cat > "$dir/look.py" <<'PYTHON'
import arrow

start = arrow.get("2026-03-28T12:00", tzinfo="Europe/Berlin")
for by in ({"hours": 24}, {"days": 1}, {"hours": 48}):
    end = start.shift(**by)
    print(by, end.isoformat(), (end.to("utc") - start.to("utc")).total_seconds() / 3600, "hours later")
print("through UTC:", start.to("utc").shift(hours=24).to("Europe/Berlin").isoformat())
PYTHON

seen=$(cd "$dir" && PYTHONTZPATH= TZ=UTC "$dir/venv/bin/python" look.py)
expected=$(cat <<'EXPECTED'
{'hours': 24} 2026-03-29T12:00:00+02:00 23.0 hours later
{'days': 1} 2026-03-29T12:00:00+02:00 23.0 hours later
{'hours': 48} 2026-03-30T12:00:00+02:00 47.0 hours later
through UTC: 2026-03-29T13:00:00+02:00
EXPECTED
)

printf '%s\n' "$seen"
if [ "$seen" != "$expected" ]; then
  echo "CHANGED: arrow's hours are exact, or its days are not nominal." >&2
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") >&2 || true
  exit 1
fi
echo "STILL SO: 24 hours are 23."
