"""Programs and servers that read invites: Debian's, and the newest servers in an environment of their own."""

import asyncio
import base64
import contextlib
import ctypes
import fcntl
import functools
import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from pathlib import Path

import httpx
from icalendar import Calendar

from tests.readers.python_readers import Reading, email, event_reading
from tests.test_readers import FOLDER, cannot

#: How readers are asked for a text and nothing stands in the way of reading it apart.
_FIELD, _RECORD = "\x1f", "\x1e"


def program(name: str) -> str:
    path = shutil.which(name)
    return path if path is not None else cannot(f"{name} isn't installed")


@functools.cache
def newest(name: str) -> str:
    """The newest version of a server, with what it needs, in an environment that is made once."""
    place, pins = FOLDER.parent.parent / "var" / "calendar-servers", FOLDER / "servers.txt"
    with pins.open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (place / "complete").exists():
            subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
            install = [place / "bin" / "pip", "install", "-q", "--require-hashes", "--no-deps", "-r", pins]
            installed = subprocess.run(install, capture_output=True, text=True, check=False)
            if installed.returncode:
                cannot(f"the newest servers can't be installed: {installed.stderr[-300:]}")
            (place / "complete").touch()
    return str(place / "bin" / name)


def readings(text: str) -> dict[str, Reading]:
    """What a calendar that a program keeps says of each event, by UID."""
    calendar = Calendar.from_ical(text)
    return {str(event["UID"]): event_reading(event) for event in calendar.walk("VEVENT")}


@contextlib.asynccontextmanager
async def _serving(*command: str, port: int) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a server that has been started and answers."""
    process = await asyncio.create_subprocess_exec(*command, stdout=-3, stderr=-3)
    headers = {"Authorization": "Basic " + base64.b64encode(b"ivo:secret").decode()}
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=30) as client:
            async with asyncio.timeout(30):
                while True:
                    with contextlib.suppress(httpx.TransportError):
                        await client.get("/")
                        break
                    await asyncio.sleep(0.1)
            yield client
    finally:
        process.terminate()
        await process.wait()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


Server = Callable[[Path], contextlib.AbstractAsyncContextManager[tuple[httpx.AsyncClient, str]]]


@contextlib.asynccontextmanager
async def _radicale(find: Callable[[str], str], folder: Path) -> AsyncIterator[tuple[httpx.AsyncClient, str]]:
    port = _free_port()
    storage = f"--storage-filesystem-folder={folder}"
    command = (find("radicale"), f"--server-hosts=127.0.0.1:{port}", "--auth-type=none", storage)
    async with _serving(*command, port=port) as client:
        yield client, "/ivo/calendar"


@contextlib.asynccontextmanager
async def _xandikos(find: Callable[[str], str], folder: Path) -> AsyncIterator[tuple[httpx.AsyncClient, str]]:
    port = _free_port()
    serve = ("serve",) if find is newest else ()
    command = (find("xandikos"), *serve, "-l", "127.0.0.1", "-p", str(port), "-d", str(folder), "--defaults")
    async with _serving(*command, "--current-user-principal=/ivo/", port=port) as client:
        yield client, "/ivo/calendars/calendar"


#: By the names that they have in the table.
SERVERS: dict[str, Server] = {
    "Radicale 3.1.8": functools.partial(_radicale, program),
    "xandikos 0.2.8": functools.partial(_xandikos, program),
    "Radicale 3.9.0": functools.partial(_radicale, newest),
    "xandikos 0.4.10": functools.partial(_xandikos, newest),
}


def with_khal(texts: Mapping[str, str], folder: Path) -> dict[str, Reading]:
    """What khal lists of each text, each of which has a UID of its own."""
    (folder / "calendar").mkdir(exist_ok=True)
    config = folder / "config"
    config.write_text(
        f"[calendars]\n[[ivo]]\npath = {folder}/calendar\n[sqlite]\npath = {folder}/khal.db\n[locale]\n"
        "local_timezone = UTC\ndefault_timezone = UTC\ntimeformat = %H:%M\ndateformat = %Y-%m-%d\n"
        "longdateformat = %Y-%m-%d\ndatetimeformat = %Y-%m-%dT%H:%M\nlongdatetimeformat = %Y-%m-%dT%H:%M\n"
    )
    for number, text in enumerate(texts.values()):
        # As vdirsyncer writes: khal looks only where the folder has another time.
        (folder / "new").write_bytes(text.encode())
        (folder / "new").replace(folder / "calendar" / f"{number}.ics")
    names = ("uid", "start", "end", "title", "description", "location", "url", "organizer", "attendees")
    shown = _FIELD.join(f"{{{name}}}" for name in names)
    listed = subprocess.run(
        [program("khal"), "-c", str(config), "list", "2026-10-01", "500d", "--once", "--day-format", "",
         "--format", shown + _RECORD],
        capture_output=True, text=True, check=True, env={**os.environ, "TZ": "UTC"},
    )  # fmt: skip
    records = [record.strip("\n").split(_FIELD) for record in listed.stdout.split(_RECORD)]
    by_uid = {values[0]: dict(zip(names, values, strict=True)) for values in records if len(values) == len(names)}
    uids = {name: next(iter(readings(text))) for name, text in texts.items()}
    return {name: _of_khal(by_uid[uid]) for name, uid in uids.items() if uid in by_uid}


def _of_khal(values: Mapping[str, str]) -> Reading:
    return {
        "uid": values["uid"],
        "start": values["start"],
        "end": values["end"],
        "summary": values["title"],
        "description": values["description"],
        "location": values["location"] or None,
        "url": values["url"] or None,
        "organizer": values["organizer"].rpartition("(")[2].rstrip(")"),
        "attendees": values["attendees"],
    }


@functools.cache
def _libical() -> ctypes.CDLL:
    try:
        library = ctypes.CDLL("libical.so.3")
    except OSError:
        cannot("libical isn't installed")
    for function in (
        "icalparser_parse_string",
        "icalcomponent_get_first_component",
        "icalcomponent_get_first_property",
    ):
        getattr(library, function).restype = ctypes.c_void_p
    library.icalcomponent_get_next_property.restype = ctypes.c_void_p
    for function in ("summary", "description", "location", "uid"):
        getattr(library, f"icalcomponent_get_{function}").restype = ctypes.c_char_p
    for function in ("get_property_name", "get_value_as_string", "get_parameter_as_string"):
        getattr(library, f"icalproperty_{function}").restype = ctypes.c_char_p
    return library


_ANY_PROPERTY, _EVENT = 0, 4


def with_libical(text: str) -> Reading:
    """What libical makes of a text. Fails where it notes an error."""
    library = _libical()
    root = ctypes.c_void_p(library.icalparser_parse_string(text.encode()))
    event = ctypes.c_void_p(library.icalcomponent_get_first_component(root, _EVENT))
    assert library.icalcomponent_count_errors(root) == 0
    values: dict[str, list[tuple[str, ctypes.c_void_p]]] = {}
    for component in (root, event):
        for property in _properties(library, component):
            value = library.icalproperty_get_value_as_string(property) or b""
            values.setdefault(library.icalproperty_get_property_name(property).decode(), []).append(
                (value.decode(), property)
            )

    def parameter(property: ctypes.c_void_p, name: str) -> str:
        return str(library.icalproperty_get_parameter_as_string(property, name.encode()).decode())

    def only(name: str) -> str | None:
        return values[name][0][0] if name in values else None

    def text_of(name: str) -> str | None:
        value = getattr(library, f"icalcomponent_get_{name}")(event)
        return value.decode() if value is not None else None

    people = [
        (email(value), parameter(each, "CN"), parameter(each, "PARTSTAT")) for value, each in values.get("ATTENDEE", [])
    ]
    return {
        "method": only("METHOD"),
        **{name: text_of(name) for name in ("uid", "summary", "description", "location")},
        "sequence": int(only("SEQUENCE") or 0),
        "start": _instant(only("DTSTART") or ""),
        "end": _instant(only("DTEND") or ""),
        "url": only("URL"),
        "status": only("STATUS"),
        "organizer": email(only("ORGANIZER")),
        "attendees": [list(each) for each in people],
    }


def _properties(library: ctypes.CDLL, component: ctypes.c_void_p) -> Iterator[ctypes.c_void_p]:
    property = library.icalcomponent_get_first_property(component, _ANY_PROPERTY)
    while property:
        yield ctypes.c_void_p(property)
        property = library.icalcomponent_get_next_property(component, _ANY_PROPERTY)


def _instant(text: str) -> str:
    """`20261208T150000Z` as readings have it."""
    return f"{text[:4]}-{text[4:6]}-{text[6:11]}:{text[11:13]}:{text[13:]}"


def sabres_faults(texts: Mapping[str, str]) -> dict[str, list[str]]:
    """What sabre/vobject's validator has against the texts, by their names: none is left out that has something."""
    command = [program("php"), str(FOLDER / "validate.php")]
    process = subprocess.run(command, input=json.dumps([*texts.values()]), capture_output=True, text=True, check=True)
    answers = dict(zip(texts, json.loads(process.stdout), strict=True))
    return {name: faults for name, faults in answers.items() if faults}


Kept = dict[str, Reading]


def vdirsyncer(folder: Path, url: str) -> Iterator[Kept]:
    """What vdirsyncer keeps of the feed in a folder, after each of its looks at it, by UIDs of its own."""
    config = folder / "config"
    config.write_text(
        f'[general]\nstatus_path = "{folder}/status"\n[pair feed]\na = "theirs"\nb = "ours"\ncollections = null\n'
        f'conflict_resolution = "a wins"\n[storage theirs]\ntype = "http"\nurl = "{url}"\n'
        f'[storage ours]\ntype = "filesystem"\npath = "{folder}/kept"\nfileext = ".ics"\n'
    )
    (folder / "kept").mkdir()
    command = [program("vdirsyncer"), "-c", str(config)]
    subprocess.run([*command, "discover"], input="y\n" * 5, text=True, check=True, capture_output=True)
    while True:
        synced = subprocess.run([*command, "sync"], text=True, capture_output=True, check=False)
        assert synced.returncode == 0, synced.stderr
        kept: Kept = {}
        for path in (folder / "kept").glob("*.ics"):
            kept |= readings(path.read_text())
        yield kept
