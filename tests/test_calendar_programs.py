"""Invites and feeds in the calendar programs and servers of the machine: at night, as far as they are installed."""

import asyncio
import functools
import json
import os
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from xml.etree import ElementTree

import httpx
import pytest

from resolvers import calendar
from tests.readers.kinds import FIELDS, expected, kinds
from tests.readers.programs import SERVERS, Kept, program, readings, sabres_faults, vdirsyncer, with_khal, with_libical
from tests.readers.python_readers import Reading, with_icalendar
from tests.readers.table import DEBIAN, FAULTS, UNREAD
from tests.test_calendar_feeds import reset
from tests.test_readers import FOLDER, cannot, life, meant, node
from tests.world import World, in_hours

pytestmark = [
    pytest.mark.once,
    pytest.mark.skipif(not os.environ.get("CALLBOARD_NIGHTLY"), reason="calendar programs are for `make nightly`"),
]

TEXTS = {name: calendar.invite(event) for name, event in kinds().items()}


def stored(text: str, uid: str | None = None) -> str:
    """The invite as a calendar keeps it: CalDAV (RFC 4791, 4.1) has no METHOD, and one UID a resource."""
    text = "".join(line for line in text.splitlines(keepends=True) if not line.startswith("METHOD:"))
    return text.replace("UID:itv_01@callboard", f"UID:{uid}@callboard") if uid else text


#: As they are stored, each with a UID of its own; what was deleted is put into no calendar.
STORED = {
    name: stored(text, f"{number}")
    for number, (name, text) in enumerate(TEXTS.items())
    if not kinds()[name].canceled and name != "the scheduler's UID"
}
STORED["the scheduler's UID"] = stored(TEXTS["the scheduler's UID"])


def wrong(reader: str, seen: Mapping[str, Reading], wanted: Mapping[str, Reading]) -> dict[str, set[str]]:
    """By field the texts of which the reader has anything else than was wanted."""
    read = [field for field in FIELDS if (reader, field) not in UNREAD]
    differing = {
        field: {name for name, each in wanted.items() if seen.get(name, {}).get(field, "nothing") != each[field]}
        for field in read
    }
    return {field: names for field, names in differing.items() if names}


def faults(reader: str) -> dict[str, set[str]]:
    """The same as the table has it."""
    return {field: names for (name, field), names in FAULTS.items() if name == reader}


def wanted() -> dict[str, Reading]:
    """What each stored invite says."""
    return {name: meant()[name] | {"uid": with_stored_uid(name)} for name in STORED}


def with_stored_uid(name: str) -> str:
    return next(iter(readings(STORED[name])))


def by_name(kept: Mapping[str, Reading]) -> dict[str, Reading]:
    """What was read of the stored invites, by UID, by their names instead."""
    return {name: kept[uid] for name in STORED if (uid := with_stored_uid(name)) in kept}


SEARCH = """<?xml version="1.0"?><C:calendar-query xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">
<D:prop><C:calendar-data/></D:prop><C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT">
<C:time-range start="20260101T000000Z" end="20280101T000000Z"/></C:comp-filter></C:comp-filter></C:filter>
</C:calendar-query>"""


async def put(client: httpx.AsyncClient, path: str, text: str) -> None:
    answer = await client.put(path, content=text.encode(), headers={"content-type": "text/calendar"})
    assert answer.status_code in (200, 201, 204), answer.text


@pytest.mark.parametrize("server", SERVERS)
async def test_a_caldav_server_keeps_finds_and_hands_out_every_invite_as_meant(server: str, tmp_path: Path) -> None:
    async with SERVERS[server](tmp_path) as (client, path):
        await client.request("MKCALENDAR", path)
        for number, text in enumerate(STORED.values()):
            await put(client, f"{path}/{number}.ics", text)
        searched = await client.request(
            "REPORT", path, content=SEARCH, headers={"depth": "1", "content-type": "application/xml"}
        )
        single = [(await client.get(f"{path}/{number}.ics")).text for number in range(len(STORED))]
        export = (await client.get(path + "/")).text

    tag = "{urn:ietf:params:xml:ns:caldav}calendar-data"
    results = [element.text or "" for element in ElementTree.fromstring(searched.text).iter(tag)]
    for texts in (results, single, [export] if server.startswith("Radicale") else single):
        kept = {uid: each for text in texts for uid, each in readings(text).items()}
        assert wrong(server, by_name(kept), wanted()) == faults(server)


@pytest.mark.parametrize("server", SERVERS)
async def test_a_caldav_server_follows_the_whole_life_of_an_interview(
    server: str, world: World, tmp_path: Path
) -> None:
    texts = await life(world)
    async with SERVERS[server](tmp_path) as (client, path):
        await client.request("MKCALENDAR", path)
        kept = {}
        for name, text in texts.items():
            place = f"{path}/{name.rpartition(' ')[2]}.ics"
            await put(client, place, stored(text).replace("UID:", f"UID:{name.rpartition(' ')[2]}-"))
            [(uid, kept[name])] = readings((await client.get(place)).text).items()
            kept[name]["uid"] = uid.partition("-")[2]

    assert wrong(server, kept, {name: with_icalendar(text) for name, text in texts.items()}) == {}


def test_sabres_validator_has_nothing_against_any_invite() -> None:
    assert sabres_faults(TEXTS) == {}


def test_libical_reads_every_invite_as_meant() -> None:
    seen = {name: with_libical(text) for name, text in TEXTS.items()}

    assert wrong("libical 3.0.16", seen, meant()) == faults("libical 3.0.16")


def test_khal_lists_every_invite_as_meant(tmp_path: Path) -> None:
    assert wrong("khal 0.10.5", with_khal(STORED, tmp_path), as_khal_writes(wanted())) == faults("khal 0.10.5")


def as_khal_writes(readings: Mapping[str, Reading]) -> dict[str, Reading]:
    """Times to the minute, and people as one text."""
    return {
        name: each
        | {"start": each["start"][:16], "end": each["end"][:16]}
        | {"attendees": ", ".join(address for address, *_ in each["attendees"])}
        for name, each in readings.items()
    }


async def test_khal_libical_and_sabre_follow_the_whole_life_of_an_interview(world: World, tmp_path: Path) -> None:
    texts = await life(world)
    meant_by = {name: with_icalendar(text) for name, text in texts.items()}

    assert wrong("libical 3.0.16", {name: with_libical(text) for name, text in texts.items()}, meant_by) == {}
    assert sabres_faults(texts) == {}
    listed = {name: with_khal({name: stored(text)}, tmp_path)[name] for name, text in texts.items()}
    assert wrong("khal 0.10.5", listed, as_khal_writes(meant_by)) == {}


def node_ical(folder: Path, url: str) -> Iterator[Kept]:
    """What node-ical reads at the URL, at each look."""
    while True:
        command = [node(), str(FOLDER / "subscribe.mjs"), url]
        answer = subprocess.run(command, text=True, capture_output=True, check=True)
        yield json.loads(answer.stdout)


@pytest.mark.parametrize("subscriber", [vdirsyncer, node_ical], ids=lambda subscriber: subscriber.__name__)
async def test_who_subscribes_to_a_feed_follows_moves_and_cancels(
    subscriber: Callable[[Path, str], Iterator[Kept]], world: World, tmp_path: Path
) -> None:
    interviews = [world.an_interview(name) for name in ("one", "two", "three")]
    await world.goodtime.push(**world.a_panel("p", *interviews, sequence=1))
    looks = subscriber(tmp_path, f"{world.server.address}{await reset(world.ivo)}")

    async def look() -> dict[str, tuple[str, str]]:
        kept = await asyncio.to_thread(next, looks)
        return {each["summary"]: (each["start"], each["status"]) for each in kept.values()}

    seen = [await look()]
    moved = interviews[0] | {"startsAt": in_hours(48)}
    await world.goodtime.push(**world.a_panel("p", moved, interviews[2], sequence=2))
    seen.append(await look())
    await world.goodtime.push(**world.a_panel("p", moved, world.an_interview("three", "noor"), sequence=3))
    seen.append(await look())
    await world.goodtime.push(**world.a_panel("p", *interviews, sequence=4))
    seen.append(await look())

    day, two_days = in_hours(24).replace("+00:00", "Z"), in_hours(48).replace("+00:00", "Z")
    first, confirmed, cancelled = (day, "CONFIRMED"), (two_days, "CONFIRMED"), (day, "CANCELLED")
    assert seen == [
        {"Interview one": first, "Interview two": first, "Interview three": first},
        {"Interview one": confirmed, "Interview two": cancelled, "Interview three": first},
        {"Interview one": confirmed, "Interview two": cancelled},
        {"Interview one": first, "Interview two": first, "Interview three": first},
    ]


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Callable[[str], str]]:
    """Serves a feed; returns its URL."""
    folder = tmp_path / "served"
    folder.mkdir()
    handler = functools.partial(SimpleHTTPRequestHandler, directory=str(folder))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()

    def serve(text: str) -> str:
        (folder / "feed.ics").write_bytes(text.encode())
        return f"http://127.0.0.1:{server.server_port}/feed.ics"

    yield serve
    server.shutdown()
    thread.join()
    server.server_close()


def test_vdirsyncer_keeps_every_kind_of_event_of_a_feed(served: Callable[[str], str], tmp_path: Path) -> None:
    events = {name: replace(event, uid=f"{place}@callboard") for place, (name, event) in enumerate(kinds().items())}
    reader = calendar.Attendee("Ivo", "ivo@acme.example", "ACCEPTED", "https://ats.example/feedback/fbf_1")

    kept = next(vdirsyncer(tmp_path, served(calendar.feed(((each, reader) for each in events.values()), "Ivo"))))

    meant_by = {
        name: expected(each, calendar.describe(each, (reader,)), "PUBLISH", calendar._status(each))
        for name, each in events.items()
    }
    by_content = {content(each): each for each in kept.values()}
    seen = {name: by_content.get(content(each), {}) for name, each in meant_by.items()}
    assert wrong("vdirsyncer 0.19.0", seen, meant_by) == faults("vdirsyncer 0.19.0")


def content(reading: Reading) -> tuple[str, ...]:
    """What tells one event of a feed from another: vdirsyncer gives them UIDs of its own."""
    return tuple(str(reading[name]) for name in ("start", "summary", "description", "location", "status"))


@pytest.mark.parametrize("name", ["Radicale", "xandikos", "khal", "vdirsyncer", "libical"])
def test_debians_programs_have_the_versions_of_the_table(name: str) -> None:
    package = {"libical": "libical3"}.get(name, name.lower())
    command = [program("dpkg-query"), "-W", "-f", "${Version}", package]
    installed = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    if not installed:
        cannot(f"{package} isn't installed")
    assert DEBIAN[name] in installed
