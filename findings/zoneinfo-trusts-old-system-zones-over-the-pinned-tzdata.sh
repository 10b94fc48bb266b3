#!/usr/bin/env bash
# zoneinfo reads the system's zone files first, however old, and the tzdata package that was pinned only where the system
# has none.
#
# Package:  Python's zoneinfo (3.11), with tzdata 2026.6 (PyPI) installed and tzdata 2025.3 as the system's zone files. Seen
#           on 2026-11-30.
# Guess:    Whoever pins tzdata==2026.6 computes by release 2026f: British Columbia is at -07:00 since 2026, so 12:00Z is
#           05:00 in Vancouver on 1 December.
# Happens:  With zone files of 2025c on the system, it's 04:00, as if the package weren't there. With the zone search path
#           emptied, the package is read, and it's 05:00.
# Source:   The tzdata project's news of 2026b: British Columbia moved to permanent -07 on 2026-03-09. The package's own
#           words are 'intended to be a fallback'; pinned dependencies are otherwise what runs.
# Means:    A server on an old image shows and invites to the wrong hour though its lock file is right: set PYTHONTZPATH to
#           nothing, call zoneinfo.reset_tzpath([]) at the start, or update the system's tzdata with each deployment.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv --without-pip "$dir/venv"
python3 -m pip --python "$dir/venv/bin/python" install -qq --no-compile --disable-pip-version-check tzdata==2026.6
# Stands for /usr/share/zoneinfo of an image that nobody has updated since March 2026.
python3 -m pip install -qq --no-compile --disable-pip-version-check --no-deps --target "$dir/system" tzdata==2025.3

cat > "$dir/look.py" <<'PYTHON'
import zoneinfo
from datetime import UTC, datetime
from importlib.metadata import version

instant = datetime(2026, 12, 1, 12, tzinfo=UTC)


def vancouver():
    return instant.astimezone(zoneinfo.ZoneInfo.no_cache("America/Vancouver")).isoformat()


print("pinned and installed: tzdata", version("tzdata"))
print("by zoneinfo as it comes:     ", vancouver())
zoneinfo.reset_tzpath([])
print("by zoneinfo without a system:", vancouver())
PYTHON

seen=$(cd "$dir" && PYTHONTZPATH="$dir/system/tzdata/zoneinfo" TZ=UTC "$dir/venv/bin/python" look.py)
expected=$(cat <<'EXPECTED'
pinned and installed: tzdata 2026.6
by zoneinfo as it comes:      2026-12-01T04:00:00-08:00
by zoneinfo without a system: 2026-12-01T05:00:00-07:00
EXPECTED
)

printf '%s\n' "$seen"
if [ "$seen" != "$expected" ]; then
  echo "CHANGED: the pinned package now wins, or it no longer knows of British Columbia's move." >&2
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") >&2 || true
  exit 1
fi
echo "STILL SO: the older zone files of the system win over the newer package that was pinned."
