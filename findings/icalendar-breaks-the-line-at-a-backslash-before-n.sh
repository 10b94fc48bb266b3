#!/usr/bin/env bash
# icalendar writes a backslash before a capital N as a line break, so a path or a regular expression changes on its way.
#
# Package:  icalendar 7.3.0 (PyPI). Seen on 2026-11-30.
# Guess:    A text that goes into a property comes out of it again: a backslash is escaped as two, and only a real line
#           break becomes \n.
# Happens:  The text C:\New is written as C:\new, which every reader takes for 'C:', a line break, and 'ew'. A backslash
#           before another letter is escaped as it should be.
# Source:   RFC 5545, 3.3.11: a backslash in a TEXT value is written as two; \n and \N stand for an intended line break.
# Means:    Notes and room names with such a backslash arrive broken. Escape TEXT yourself, in a subclass of vText, or tell
#           your users.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv --without-pip "$dir/venv"
python3 -m pip --python "$dir/venv/bin/python" install -qq --no-compile --disable-pip-version-check icalendar==7.3.0

cat > "$dir/look.py" <<'PYTHON'
from icalendar import Event

for said in (r"C:\New", r"C:\Old"):
    event = Event()
    event.add("summary", said)
    (line,) = [line for line in event.to_ical().decode().splitlines() if line.startswith("SUMMARY")]
    read = str(Event.from_ical(event.to_ical())["summary"])
    print(f"{said!r} is written {line!r} and read {read!r}")
PYTHON

seen=$(cd "$dir" && "$dir/venv/bin/python" look.py)
expected=$(cat <<'EXPECTED'
'C:\\New' is written 'SUMMARY:C:\\new' and read 'C:\new'
'C:\\Old' is written 'SUMMARY:C:\\\\Old' and read 'C:\\Old'
EXPECTED
)

printf '%s\n' "$seen"
if [ "$seen" != "$expected" ]; then
  echo "CHANGED: icalendar now escapes the backslash before a capital N." >&2
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") >&2 || true
  exit 1
fi
echo "STILL SO: icalendar turns a backslash before a capital N into a line break."
