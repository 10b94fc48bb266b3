"""Which tz database this process computes with: the newer of the package `tzdata` and the system's zone files.

Python's zoneinfo reads the system's files first, however old they are. Imports nothing of ours.
"""

import re
import zoneinfo
from functools import cache
from importlib.resources import files
from pathlib import Path

import tzdata

#: Where a folder of zone files says its release: Linux distributions, macOS.
_VERSION_FILES = ("tzdata.zi", "+VERSION")


def use_newest_database() -> str:
    """Let zoneinfo read the newer database from here on, and return which one that is, such as `2026f, of the package`.

    The system's is read only where its files say that they are newer than the package. Call this at the start of a
    process, before anything keeps a zone; a second call changes nothing.
    """
    system_version = _system_version()
    if system_version > tzdata.IANA_VERSION:
        return f"{system_version}, of the system"
    zoneinfo.reset_tzpath(to=[])
    zoneinfo.ZoneInfo.clear_cache()
    return f"{tzdata.IANA_VERSION}, of the package"


def is_same_zone(name: str, other: str) -> bool:
    """Whether two IANA names are of one zone, such as US/Eastern and America/New_York."""
    return _links().get(name, name) == _links().get(other, other)


@cache
def _links() -> dict[str, str]:
    """The names that stand for other names, as the tz database has them: each with the zone that it leads to."""
    lines = (files(tzdata) / "zoneinfo" / "tzdata.zi").read_text(encoding="utf-8").splitlines()
    links = [line.split()[1:3] for line in lines if line.startswith("L ")]
    return {alias: zone for zone, alias in links}


def _system_version() -> str:
    """The release of the zone files that zoneinfo reads first, such as 2026f; empty where nothing says it."""
    folder = next((folder for folder in map(Path, zoneinfo.TZPATH) if folder.is_dir()), None)
    file = next((folder / name for name in _VERSION_FILES if (folder / name).is_file()), None) if folder else None
    if file is None:
        return ""
    with file.open(encoding="utf-8", errors="replace") as lines:
        version = re.search(r"\b\d{4}[a-z]+\b", lines.readline())
    return version[0] if version else ""
