"""Invites and feeds in the calendar programs and servers of the machine: at night, as far as they are installed."""

import asyncio
import base64
import contextlib
import ctypes
import ctypes.util
import json
import os
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import httpx
import pytest
from icalendar import Calendar

from resolvers import calendar
from tests.readers.kinds import kinds, written
from tests.test_calendar_feeds import reset
from tests.test_readers import FOLDER, cannot, node
from tests.world import World, in_hours

pytestmark = [
    pytest.mark.once,
    pytest.mark.skipif(not os.environ.get("CALLBOARD_NIGHTLY"), reason="calendar programs are for `make nightly`"),
]

#: As people's calendars take them, by name: cancels of deleted events are not put into a calendar.
TEXTS = {name: calendar.invite(event) for name, event in kinds().items() if not event.canceled}
#: As they are stored: CalDAV, RFC 4791, 4.1 has no METHOD; each with a UID of its own.
STORED = {
    name: text.replace("METHOD:REQUEST\r\n", "").replace("UID:itv_01@callboard", f"UID:{number}@callboard")
    for number, (name, text) in enumerate(TEXTS.items())
    if name != "the scheduler's UID"
}

#: What a server keeps otherwise than it was meant, by its own fault: it writes invites anew.
FAULTS = {"xandikos": {"a backslash", "a backslash before n"}}

SEARCH = """<?xml version="1.0"?><C:calendar-query xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">
<D:prop><C:calendar-data/></D:prop><C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT">
<C:time-range start="20260101T000000Z" end="20280101T000000Z"/></C:comp-filter></C:comp-filter></C:filter>
</C:calendar-query>"""


def program(name: str) -> str:
    path = shutil.which(name)
    return path if path is not None else cannot(f"{name} isn't installed")


def events_of(text: str) -> dict[str, tuple[str, ...]]:
    """What a calendar says of each event, by UID: times, texts and people."""
    return {str(event["UID"]): facts(event) for event in Calendar.from_ical(text).walk("VEVENT")}


def facts(event: Any) -> tuple[str, ...]:
    people = event.get("ATTENDEE", [])
    people = people if isinstance(people, list) else [people]
    texts = (str(event.get(name, "")) for name in ("SUMMARY", "DESCRIPTION", "LOCATION", "URL", "STATUS", "SEQUENCE"))
    times = (written(event["DTSTART"].dt), written(event["DTEND"].dt))
    return (*times, *texts, *sorted(f"{each} {each.params['CN']} {each.params['PARTSTAT']}" for each in people))


def differing(texts: Iterable[str]) -> set[str]:
    """The kinds of invites of which these calendars say anything else than was meant, or nothing."""
    there = {uid: each for text in texts for uid, each in events_of(text).items()}
    return {name for name, text in STORED.items() for uid, each in events_of(text).items() if there.get(uid) != each}


def meant() -> dict[str, tuple[str, ...]]:
    return {uid: each for text in STORED.values() for uid, each in events_of(text).items()}


@contextlib.asynccontextmanager
async def serving(*command: str, port: int) -> AsyncIterator[httpx.AsyncClient]:
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


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


@contextlib.asynccontextmanager
async def radicale(folder: Path) -> AsyncIterator[tuple[httpx.AsyncClient, str]]:
    port = free_port()
    storage = f"--storage-filesystem-folder={folder}"
    command = (program("radicale"), f"--server-hosts=127.0.0.1:{port}", "--auth-type=none", storage)
    async with serving(*command, port=port) as client:
        yield client, "/ivo/calendar"


@contextlib.asynccontextmanager
async def xandikos(folder: Path) -> AsyncIterator[tuple[httpx.AsyncClient, str]]:
    port = free_port()
    command = (program("xandikos"), "-l", "127.0.0.1", "-p", str(port), "-d", str(folder), "--defaults")
    async with serving(*command, "--current-user-principal=/ivo/", port=port) as client:
        yield client, "/ivo/calendars/calendar"


@pytest.mark.parametrize("server", [radicale, xandikos], ids=lambda server: server.__name__)
async def test_a_caldav_server_keeps_finds_and_hands_out_every_invite_as_meant(server: Any, tmp_path: Path) -> None:
    async with server(tmp_path) as (client, path):
        await client.request("MKCALENDAR", path)
        for number, text in enumerate(STORED.values()):
            put = await client.put(
                f"{path}/{number}.ics", content=text.encode(), headers={"content-type": "text/calendar"}
            )
            assert put.status_code in (201, 204), put.text
        searched = await client.request(
            "REPORT", path, content=SEARCH, headers={"depth": "1", "content-type": "application/xml"}
        )
        single = [(await client.get(f"{path}/{number}.ics")).text for number in range(len(STORED))]
        export = (await client.get(path + "/")).text if server is radicale else ""

    tag = "{urn:ietf:params:xml:ns:caldav}calendar-data"
    results = [element.text or "" for element in ElementTree.fromstring(searched.text).iter(tag)]
    assert differing(results) == FAULTS.get(server.__name__, set())
    assert differing(single) == FAULTS.get(server.__name__, set())
    if export:
        assert differing([export]) == set()


def test_sabres_validator_has_nothing_against_any_invite() -> None:
    texts = {name: calendar.invite(event) for name, event in kinds().items()}
    command = [program("php"), str(FOLDER / "validate.php")]
    process = subprocess.run(command, input=json.dumps([*texts.values()]), capture_output=True, text=True, check=True)

    answers = dict(zip(texts, json.loads(process.stdout), strict=True))
    assert {name: faults for name, faults in answers.items() if faults} == {}


@pytest.fixture(scope="module")
def libical() -> ctypes.CDLL:
    name = ctypes.util.find_library("ical")
    if name is None:
        cannot("libical isn't installed")
    library = ctypes.CDLL(name)
    for function in ("icalparser_parse_string", "icalcomponent_get_first_component"):
        getattr(library, function).restype = ctypes.c_void_p
    for function in ("summary", "description", "location", "uid"):
        getattr(library, f"icalcomponent_get_{function}").restype = ctypes.c_char_p
    return library


@pytest.mark.parametrize("name", TEXTS)
def test_libical_reads_every_text_as_it_was_meant(name: str, libical: ctypes.CDLL) -> None:
    event_kind = 4
    root = ctypes.c_void_p(libical.icalparser_parse_string(TEXTS[name].encode()))
    assert root.value
    event = ctypes.c_void_p(libical.icalcomponent_get_first_component(root, event_kind))
    assert event.value

    [original] = Calendar.from_ical(TEXTS[name]).walk("VEVENT")
    assert libical.icalcomponent_count_errors(root) == 0
    for field in ("summary", "description", "location", "uid"):
        value = getattr(libical, f"icalcomponent_get_{field}")(event)
        assert (value or b"").decode() == str(original.get(field.upper(), "")), field


def test_khal_lists_every_invite_at_its_time(tmp_path: Path) -> None:
    (tmp_path / "calendar").mkdir()
    config = tmp_path / "config"
    config.write_text(
        f"[calendars]\n[[ivo]]\npath = {tmp_path}/calendar\n[sqlite]\npath = {tmp_path}/khal.db\n[locale]\n"
        "local_timezone = UTC\ndefault_timezone = UTC\ntimeformat = %H:%M\ndateformat = %Y-%m-%d\n"
        "longdateformat = %Y-%m-%d\ndatetimeformat = %Y-%m-%dT%H:%M\nlongdatetimeformat = %Y-%m-%dT%H:%M\n"
    )
    khal = [program("khal"), "-c", str(config)]
    for number, text in enumerate(STORED.values()):
        (tmp_path / "calendar" / f"{number}.ics").write_bytes(text.encode())
    listed = subprocess.run(
        [*khal, "list", "2026-10-01", "500d", "--once", "--format", "{uid} {start} {end}", "--day-format", ""],
        capture_output=True, text=True, check=True, env={**os.environ, "TZ": "UTC"},
    )  # fmt: skip

    lines = {line.split()[0]: line.split()[1:] for line in listed.stdout.splitlines() if line.strip()}
    assert lines == {uid: [each[0][:16], each[1][:16]] for uid, each in meant().items()}


Kept = dict[str, tuple[str, str]]


def vdirsyncer(folder: Path, url: str) -> Iterator[Kept]:
    """What vdirsyncer keeps of the feed in a folder, after each of its looks at it: start and status by summary."""
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
        texts = [path.read_text() for path in (folder / "kept").glob("*.ics")]
        events = [event for text in texts for event in Calendar.from_ical(text).walk("VEVENT")]
        yield {str(event["SUMMARY"]): (written(event["DTSTART"].dt), str(event["STATUS"])) for event in events}


def node_ical(folder: Path, url: str) -> Iterator[Kept]:
    """What node-ical reads at the URL, at each look."""
    while True:
        command = [node(), str(FOLDER / "subscribe.mjs"), url]
        answer = subprocess.run(command, text=True, capture_output=True, check=True)
        yield {name: (start, status) for name, (start, status) in json.loads(answer.stdout).items()}


@pytest.mark.parametrize("subscriber", [vdirsyncer, node_ical], ids=lambda subscriber: subscriber.__name__)
async def test_who_subscribes_to_a_feed_follows_moves_and_cancels(
    subscriber: Callable[[Path, str], Iterator[Kept]], world: World, tmp_path: Path
) -> None:
    interviews = [world.an_interview(name) for name in ("one", "two", "three")]
    await world.goodtime.push(**world.a_panel("p", *interviews, sequence=1))
    looks = subscriber(tmp_path, f"{world.server.address}{await reset(world.ivo)}")

    seen = [await asyncio.to_thread(next, looks)]
    moved = interviews[0] | {"startsAt": in_hours(48)}
    await world.goodtime.push(**world.a_panel("p", moved, interviews[2], sequence=2))
    seen.append(await asyncio.to_thread(next, looks))
    await world.goodtime.push(**world.a_panel("p", moved, world.an_interview("three", "noor"), sequence=3))
    seen.append(await asyncio.to_thread(next, looks))

    day, two_days = in_hours(24).replace("+00:00", "Z"), in_hours(48).replace("+00:00", "Z")
    first, confirmed, cancelled = (day, "CONFIRMED"), (two_days, "CONFIRMED"), (day, "CANCELLED")
    assert seen == [
        {"Interview one": first, "Interview two": first, "Interview three": first},
        {"Interview one": confirmed, "Interview two": cancelled, "Interview three": first},
        {"Interview one": confirmed, "Interview two": cancelled},
    ]
