"""Which field of an invite each reader has as it was meant: the table of docs/calendars.md."""

import json
import re
from pathlib import Path

from tests.readers.kinds import FIELDS

FOLDER = Path(__file__).parent

#: The readers of `make test`, from PyPI and npm, and those of `make nightly`: Debian's, and the newest servers.
PYPI_READERS = ("icalendar", "ical", "vobject", "ics")
NPM_READERS = ("ical.js", "node-ical", "ts-ics")
DEBIAN = {"Radicale": "3.1.8", "xandikos": "0.2.8", "libical": "3.0.16", "khal": "0.10.5", "vdirsyncer": "0.19.0"}

_BACKSLASHES = {"a backslash", "a backslash before n"}

#: What a reader makes otherwise of which kinds of invites, by its own fault.
FAULTS = {
    ("node-ical", "description"): {"a backslash before n"},
    ("ics", "description"): {"a backslash before n"},
    ("ics", "uid"): {"the scheduler's UID"},
    ("ts-ics", "uid"): {"the scheduler's UID"},
    ("ts-ics", "description"): {"what looks like a property"},
    ("xandikos 0.2.8", "description"): _BACKSLASHES,
    ("xandikos 0.4.10", "description"): {"a backslash before n"},
    ("khal 0.10.5", "description"): _BACKSLASHES,
}
#: What a reader has no name for, or is not sent: CalDAV stores no METHOD, and a feed has no attendees. To what it
#: subscribes to vdirsyncer gives UIDs of its own.
UNREAD = {
    ("ics", "sequence"),
    *((server, "method") for server in ("Radicale 3.1.8", "xandikos 0.2.8", "Radicale 3.9.0", "xandikos 0.4.10")),
    *(("khal 0.10.5", field) for field in ("method", "sequence", "status")),
    *(("vdirsyncer 0.19.0", field) for field in ("method", "uid", "attendees")),
}


def versions() -> dict[str, str]:
    """Each reader with its version, as the project's own files pin it."""
    own, servers = (_pins(path) for path in (FOLDER.parent.parent / "constraints.txt", FOLDER / "servers.txt"))
    npm = json.loads((FOLDER / "package.json").read_text())["dependencies"]
    newest = {f"{name} {servers[name.lower()]}": servers[name.lower()] for name in ("Radicale", "xandikos")}
    debian = {f"{name} {version}": version for name, version in DEBIAN.items()}
    return {name: own[name] for name in PYPI_READERS} | {name: npm[name] for name in NPM_READERS} | debian | newest


def _pins(path: Path) -> dict[str, str]:
    return dict(re.findall(r"^([\w.-]+)==([^\s;]+)", path.read_text(), re.MULTILINE))


def lines() -> list[str]:
    """The table's rows."""
    rows = []
    for reader, version in versions().items():
        name = reader if reader.endswith(version) else f"{reader} {version}"
        rows.append(f"| {name} | {' | '.join(_cell(reader, field) for field in FIELDS)} |")
    return [f"| reader | {' | '.join(FIELDS)} |", "|---" * (1 + len(FIELDS)) + "|", *rows]


def _cell(reader: str, field: str) -> str:
    if (reader, field) in UNREAD:
        return "–"
    faults = FAULTS.get((reader, field))
    return f"not {', '.join(sorted(faults))}" if faults else "✓"
