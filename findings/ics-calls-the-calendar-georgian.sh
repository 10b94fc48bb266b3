#!/usr/bin/env bash
# ics writes CALSCALE:GEORGIAN into every calendar that it has read, where RFC 5545 knows only GREGORIAN.
#
# Package:  ics 0.7.3 (PyPI). Seen on 2026-11-30.
# Guess:    A calendar without CALSCALE is Gregorian, and is written again without CALSCALE, or with CALSCALE:GREGORIAN.
# Happens:  Once read and serialized, it says CALSCALE:GEORGIAN.
# Source:   RFC 5545, 3.7.1: the only value defined is GREGORIAN, which is the default; others are for scales that other
#           specifications define.
# Means:    Whoever passes invites through ics sends a scale that nobody has: a strict reader may ignore the calendar.
#           Remove the property before sending on.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv --without-pip "$dir/venv"
python3 -m pip --python "$dir/venv/bin/python" install -qq --no-compile --disable-pip-version-check ics==0.7.3

cat > "$dir/look.py" <<'PYTHON'
from ics import Calendar

INVITE = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Example//EN
BEGIN:VEVENT
UID:1@example.org
DTSTAMP:20260601T000000Z
DTSTART:20260701T120000Z
END:VEVENT
END:VCALENDAR
"""
read = Calendar(INVITE.replace("\n", "\r\n"))
print(read.serialize().replace("\r\n", "\n").strip())
PYTHON

seen=$(cd "$dir" && TZ=UTC "$dir/venv/bin/python" look.py)
expected=$(cat <<'EXPECTED'
BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Example//EN
CALSCALE:GEORGIAN
BEGIN:VEVENT
DTSTAMP:20260601T000000Z
DTSTART:20260701T120000Z
UID:1@example.org
END:VEVENT
END:VCALENDAR
EXPECTED
)

printf '%s\n' "$seen"
if [ "$seen" != "$expected" ]; then
  echo "CHANGED: ics no longer writes CALSCALE:GEORGIAN." >&2
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") >&2 || true
  exit 1
fi
echo "STILL SO: the calendar is Georgian."
