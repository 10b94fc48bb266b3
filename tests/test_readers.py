"""Invites read by software that nobody here wrote: what was meant is what each reader has, or its fault is listed."""

import fcntl
import functools
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn

import pytest

from resolvers import calendar
from tests.readers import table
from tests.readers.kinds import FIELDS, expected, kinds
from tests.readers.python_readers import READERS, Reading
from tests.readers.table import FAULTS, NPM_READERS, UNREAD
from tests.test_invites import PANEL_ID
from tests.test_personal_invites import PERSONAL
from tests.world import World, in_hours

pytestmark = pytest.mark.once

FOLDER = Path(__file__).parent / "readers"
CELLS = [(reader, field) for reader in (*READERS, *NPM_READERS) for field in FIELDS if (reader, field) not in UNREAD]


def cannot(why: str) -> NoReturn:
    if os.environ.get("CI") == "true":
        pytest.fail(why)
    pytest.skip(why)


@functools.cache
def node() -> str:
    """Node.js, with the readers installed. Skips where this machine can't; with CI=true that is a failure."""
    node_path, npm = shutil.which("node"), shutil.which("npm")
    if node_path is None or npm is None:
        cannot("the readers from npm need Node.js and npm, which aren't installed")
    with (FOLDER / "package-lock.json").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not all((FOLDER / "node_modules" / name).exists() for name in NPM_READERS):
            install = [npm, "ci", "--ignore-scripts"]
            installed = subprocess.run(install, cwd=FOLDER, capture_output=True, text=True, check=False)
            if installed.returncode:
                cannot(f"the readers from npm can't be installed: {installed.stderr[-300:]}")
    return node_path


def read_with_npm(texts: Mapping[str, str]) -> dict[str, dict[str, Reading]]:
    """What the readers from npm make of the texts, by reader and text: in one process."""
    command = [node(), str(FOLDER / "read.mjs")]
    environment = {**os.environ, "TZ": "America/Los_Angeles"}
    process = subprocess.run(
        command, input=json.dumps([*texts.values()]), capture_output=True, text=True, check=True, env=environment
    )
    answers = json.loads(process.stdout)
    return {reader: dict(zip(texts, readings, strict=True)) for reader, readings in answers.items()}


@functools.cache
def readings(reader: str) -> dict[str, Reading]:
    """What the reader makes of each kind of invite."""
    texts = {name: calendar.invite(event) for name, event in kinds().items()}
    if reader in NPM_READERS:
        return all_npm_readings()[reader]
    return {name: READERS[reader](text) for name, text in texts.items()}


@functools.cache
def all_npm_readings() -> dict[str, dict[str, Reading]]:
    return read_with_npm({name: calendar.invite(event) for name, event in kinds().items()})


@functools.cache
def meant() -> dict[str, Reading]:
    """What each kind of invite says."""
    return {
        name: expected(
            event,
            calendar.describe(event, event.attendees),
            "CANCEL" if event.canceled else "REQUEST",
            calendar._status(event),
        )
        for name, event in kinds().items()
    }


def test_there_are_at_least_49_kinds() -> None:
    assert len(kinds()) >= 49


@pytest.mark.parametrize(("reader", "field"), CELLS)
def test_a_reader_makes_of_a_field_what_was_meant(reader: str, field: str) -> None:
    order: Callable[[Any], Any] = sorted if (reader, field) == ("ics", "attendees") else lambda value: value

    wrong = {name for name, reading in readings(reader).items() if reading.get(field) != order(meant()[name][field])}

    assert wrong == FAULTS.get((reader, field), set())


def test_the_page_has_the_table_of_all_cells() -> None:
    page = (FOLDER.parent.parent / "docs" / "calendars.md").read_text()

    assert "\n".join(table.lines()) in page


async def life(world: World) -> dict[str, str]:
    """Moved, somebody taken off, cancelled here and there, put back: what each person is sent after each act."""
    one = world.an_interview("one", "ivo", "noor")
    acts: dict[str, Callable[[], Any]] = {
        "pushed": lambda: world.goodtime.push(**world.a_panel("p", one, sequence=1)),
        "moved": lambda: world.goodtime.push(**world.a_panel("p", one | {"startsAt": in_hours(48)}, sequence=2)),
        "noor off": lambda: world.goodtime.push(**world.a_panel("p", world.an_interview("one"), sequence=3)),
        "cancelled in the ATS": lambda: world.rita.cancel(externalId="p"),
        "restored": restore(world),
        "deleted": lambda: world.goodtime.cancel(externalId="p", sequence=4),
        "back": lambda: world.goodtime.push(**world.a_panel("p", one, sequence=5)),
    }
    texts: dict[str, str] = {}
    for act, perform in acts.items():
        await perform()
        [interview] = (await world.goodtime.ask(PERSONAL, externalId="p"))["interviewPanel"]["interviews"]
        for invite in interview["calendarInvites"]:
            texts[f"{act}: {invite['user']['email'].partition('@')[0]}"] = invite["text"]
    return texts


async def test_every_reader_follows_the_whole_life_of_an_interview(world: World) -> None:
    texts = await life(world)

    python = {reader: {name: read(text) for name, text in texts.items()} for reader, read in READERS.items()}
    everything = python | read_with_npm(texts)

    request, deleted, taken_off = ("REQUEST", "CONFIRMED"), ("CANCEL", "CANCELLED"), ("CANCEL", None)
    for reader, read in everything.items():
        assert {name: (reading["method"], reading["status"]) for name, reading in read.items()} == {
            "pushed: ivo": request, "pushed: noor": request,
            "moved: ivo": request, "moved: noor": request,
            "noor off: ivo": request, "noor off: noor": taken_off,
            "cancelled in the ATS: ivo": request, "cancelled in the ATS: noor": taken_off,
            "restored: ivo": request, "restored: noor": taken_off,
            "deleted: ivo": deleted, "deleted: noor": taken_off,
            "back: ivo": request, "back: noor": request,
        }, reader  # fmt: skip
        assert len({reading["uid"] for reading in read.values()}) == 1
        for person in ("ivo", "noor"):
            own = [reading for name, reading in read.items() if name.endswith(f": {person}")]
            sequences = [reading.get("sequence", 0) for reading in own]
            assert sequences == sorted(sequences), reader
        assert [each[0] for each in read["noor off: noor"]["attendees"]] == [world.email("noor")]
        assert read["moved: ivo"]["start"] == read["noor off: noor"]["start"] != read["pushed: ivo"]["start"]


def restore(world: World) -> Callable[[], Any]:
    async def perform() -> None:
        await world.rita.restore(id=(await world.goodtime.ask(PANEL_ID))["interviewPanel"]["id"])

    return perform
