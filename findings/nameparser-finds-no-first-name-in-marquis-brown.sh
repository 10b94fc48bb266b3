#!/usr/bin/env bash
# nameparser takes the first names Marquis, Deacon, Prince and King for titles, but not Dean and Major.
#
# Package:  nameparser 2.6.0 (PyPI). Seen on 2026-11-30.
# Guess:    Of two words the first is the first name, unless it can be nothing but a title, as 'Dr.' is.
# Happens:  Marquis Brown and Deacon Jones have no first name, Prince Lee and King James no last one; Dean Smith and Major
#           Lee have both.
# Source:   The package's own description: it parses 'human names into their individual components'; all of these words are
#           in use as first names.
# Means:    Greetings made of .first are empty ('Dear ,') or wrong for such candidates. Keep the name as they wrote it, and
#           greet by the whole of it.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv --without-pip "$dir/venv"
python3 -m pip --python "$dir/venv/bin/python" install -qq --no-compile --disable-pip-version-check nameparser==2.6.0

cat > "$dir/look.py" <<'PYTHON'
from nameparser import HumanName

for name in ("Marquis Brown", "Deacon Jones", "Prince Lee", "King James", "Dean Smith", "Major Lee", "Ann Brown"):
    read = HumanName(name)
    print(f"{name}: title {read.title!r}, first {read.first!r}, last {read.last!r}")
PYTHON

seen=$(cd "$dir" && TZ=UTC "$dir/venv/bin/python" look.py)
expected=$(cat <<'EXPECTED'
Marquis Brown: title 'Marquis', first '', last 'Brown'
Deacon Jones: title 'Deacon', first '', last 'Jones'
Prince Lee: title 'Prince', first 'Lee', last ''
King James: title 'King', first 'James', last ''
Dean Smith: title '', first 'Dean', last 'Smith'
Major Lee: title '', first 'Major', last 'Lee'
Ann Brown: title '', first 'Ann', last 'Brown'
EXPECTED
)

printf '%s\n' "$seen"
if [ "$seen" != "$expected" ]; then
  echo "CHANGED: nameparser splits these names otherwise." >&2
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") >&2 || true
  exit 1
fi
echo "STILL SO: some first names are titles."
