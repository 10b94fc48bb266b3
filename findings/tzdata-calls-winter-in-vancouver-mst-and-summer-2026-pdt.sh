#!/usr/bin/env bash
# Since 2026 Vancouver keeps one offset, but the tz database changes its name in November: PDT before, MST after; and
# Winnipeg's is EST.
#
# Package:  tzdata 2026.6 (PyPI), the tz database's release 2026f, through Python's zoneinfo. Seen on 2026-11-30.
# Guess:    Where the clocks don't change, nothing does: one name for one offset, and with 'Pacific' in it for Vancouver,
#           'Central' for Winnipeg.
# Happens:  America/Vancouver is PDT with dst() of an hour until 1 November 2026, 02:00, and MST with dst() of zero after
#           it, at -07:00 all along; America/Edmonton turns MDT to CST, America/Winnipeg CDT to EST.
# Source:   RFC 5545, 3.6.5 and 3.8.3.2: an observance and its TZNAME are for an offset. The tz database's news of 2026b,
#           2026c and 2026e tell of permanent time since March, June and October, modelled as a change of 1 November.
# Means:    A mail that says '12:00 MST' to a candidate in Vancouver reads as Denver's or Phoenix's time. A VTIMEZONE made
#           of the offset's changes alone keeps 'PDT' and DAYLIGHT for good. Show the city and the offset.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv --without-pip "$dir/venv"
python3 -m pip --python "$dir/venv/bin/python" install -qq --no-compile --disable-pip-version-check tzdata==2026.6

cat > "$dir/look.py" <<'PYTHON'
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

for name in ("America/Vancouver", "America/Edmonton", "America/Winnipeg"):
    for month in (7, 12):
        local = datetime(2026, month, 15, 19, tzinfo=UTC).astimezone(ZoneInfo(name))
        print(f"{name:18} {local:%d %B} {local:%H:%M %z} {local.tzname()} dst={local.dst()}")
PYTHON

seen=$(cd "$dir" && PYTHONTZPATH= TZ=UTC "$dir/venv/bin/python" look.py)
expected=$(cat <<'EXPECTED'
America/Vancouver  15 July 12:00 -0700 PDT dst=1:00:00
America/Vancouver  15 December 12:00 -0700 MST dst=0:00:00
America/Edmonton   15 July 13:00 -0600 MDT dst=1:00:00
America/Edmonton   15 December 13:00 -0600 CST dst=0:00:00
America/Winnipeg   15 July 14:00 -0500 CDT dst=1:00:00
America/Winnipeg   15 December 14:00 -0500 EST dst=0:00:00
EXPECTED
)

printf '%s\n' "$seen"
if [ "$seen" != "$expected" ]; then
  echo "CHANGED: the tz database names these zones or dates the change otherwise." >&2
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") >&2 || true
  exit 1
fi
echo "STILL SO: one offset, two names."
