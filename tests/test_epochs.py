"""Whatever happens to the database, no follower goes on as if nothing had been, and none believes what is not so."""

import asyncio
import contextlib
import json
import shutil
import sqlite3
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import websockets

from tests.people import Person, Server
from tests.postgres_cluster import Cluster, cluster, program, run_program
from tests.processes import Installation, Process, until

CANDIDATES = "candidates(first: 100) { edges { node { id name } } }"
LOAD = f"{{ changeCursor {CANDIDATES} }}"
FOLLOW = """subscription ($after: String) { changes(after: $after) {
  cursor ... on CandidateChange { candidate { id name } } } }"""
PAGE = "query ($after: String) { changes(after: $after) { pageInfo { endCursor } edges { cursor } } }"


@contextlib.asynccontextmanager
async def an_account(installation: Installation, process: Process) -> AsyncIterator[Person]:
    """The Super Admin of a new account, who has a stage to sync candidates into."""
    await installation.done("account", "create", "acme", "--name", "Acme", "--super-admin", "sam@acme.example")
    token = await installation.done("token", "sam@acme.example", "--account", "acme")
    async with Server(process.address) as server:
        sam = Person(server, f"Bearer {token}")
        await sam.sync("stages", [{"name": "Applied", "position": 1}])
        yield sam


async def rename(sam: Person, number: int, name: str) -> None:
    row = {"externalId": f"candidate-{number}", "name": name, "stage": "Applied"}
    assert (await sam.sync("candidates", [row]))["errors"] == []


async def head(sam: Person) -> str:
    return str((await sam.ask("{ changeCursor }"))["changeCursor"])


@dataclass
class Screen:
    """What one subscriber shows: loaded, then changed by what is delivered; loaded afresh where the cursor expires."""

    sam: Person
    shown: dict[str, str] = field(default_factory=dict)
    cursor: str | None = None
    expired: int = 0

    async def run(self) -> None:
        while True:
            with contextlib.suppress(OSError, AssertionError, httpx.HTTPError, websockets.WebSocketException):
                if self.cursor is None:
                    await self._load()
                await self._follow()
            await asyncio.sleep(0.1)

    async def _load(self) -> None:
        loaded = await self.sam.ask(LOAD)
        self.shown = {edge["node"]["id"]: edge["node"]["name"] for edge in loaded["candidates"]["edges"]}
        self.cursor = loaded["changeCursor"]

    async def _follow(self) -> None:
        async with self.sam.connected() as connection:
            following = await connection.follow(FOLLOW, after=self.cursor)
            while True:
                message = await following.message(within=60)
                if message["type"] == "complete":
                    return
                if message["type"] == "error" or "errors" in message["payload"]:
                    self._note(json.dumps(message))
                    return
                change = message["payload"]["data"]["changes"]
                self.cursor = change["cursor"]
                self.shown[change["candidate"]["id"]] = change["candidate"]["name"]

    def _note(self, message: str) -> None:
        if "CURSOR_EXPIRED" in message:
            self.cursor, self.expired = None, self.expired + 1


@contextlib.asynccontextmanager
async def screens(sam: Person, count: int = 8) -> AsyncIterator[list[Screen]]:
    """So many subscribers, who follow while the block runs."""
    made = [Screen(sam) for _ in range(count)]
    tasks = [asyncio.create_task(screen.run()) for screen in made]
    try:
        await until(lambda: all(screen.cursor for screen in made))
        yield made
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def all_show_what_is_so(sam: Person, made: list[Screen]) -> None:
    """Returns once every screen shows what a fresh load does, after its cursor has expired."""
    fresh = Screen(sam)
    await fresh._load()
    await until(lambda: all(screen.expired and screen.shown == fresh.shown for screen in made), seconds=20)


async def is_served(sam: Person) -> bool:
    with contextlib.suppress(AssertionError, httpx.HTTPError):
        await rename(sam, 0, "Zero")
        return True
    return False


@pytest.fixture(scope="module")
async def server() -> AsyncIterator[Cluster]:
    """A PostgreSQL that these tests may bring down, with the migrated database `migrated` to copy."""
    async with cluster() as made:
        with tempfile.TemporaryDirectory() as folder:
            await made.run("CREATE DATABASE migrated")
            await Installation(Path(folder), made.url("migrated")).done("migrate")
        yield made


def on(made: Cluster, place: Path, *others: Cluster) -> Installation:
    hosts = ",".join(each.address for each in (made, *others))
    return Installation(place, f"postgres://postgres@{hosts}/callboard?target_session_attrs=read-write")


@pytest.mark.postgres
@pytest.mark.xdist_group("a PostgreSQL of its own")
async def test_a_restored_dump_begins_another_epoch_into_a_new_database_and_over_the_old_one(
    server: Cluster, place: Path
) -> None:
    await server.run("CREATE DATABASE callboard TEMPLATE migrated")
    installation = on(server, place)
    async with installation.running("serve") as process, an_account(installation, process) as sam:
        await rename(sam, 1, "Before the dump")
        cursors = [await head(sam)]
        dump = ["-h", str(server.folder), "-p", str(server.port), "-U", "postgres"]
        await run_program(program("pg_dump"), *dump, "-Fc", "-f", f"{server.folder}/dump", "callboard")
        async with screens(sam) as made:
            for restored in ("into a new database", "over the old one"):
                await rename(sam, 1, f"After the dump, lost when restored {restored}")
                await rename(sam, 2, f"Lost when restored {restored}")
                cursors.append(await head(sam))
                for screen in made:
                    screen.expired = 0
                if restored == "into a new database":
                    await server.run("DROP DATABASE callboard WITH (FORCE)")
                    await server.run("CREATE DATABASE callboard")
                    await run_program(program("pg_restore"), *dump, "-d", "callboard", f"{server.folder}/dump")
                else:
                    clean = ["--clean", "--if-exists", "-d", "callboard", f"{server.folder}/dump"]
                    await run_program(program("pg_restore"), *dump, *clean)
                await until(lambda: is_served(sam))
                for number in range(3, 8):
                    await rename(sam, number, f"New since restored {restored}")
                await all_show_what_is_so(sam, made)
            for cursor in cursors:
                assert await sam.error_code(PAGE, after=cursor) == "CURSOR_EXPIRED"
    await server.run("DROP DATABASE callboard WITH (FORCE)")


@pytest.mark.postgres
@pytest.mark.xdist_group("a PostgreSQL of its own")
async def test_a_promoted_standby_begins_another_epoch_and_what_only_it_lacks_waits_while_it_is_synchronous(
    server: Cluster, place: Path
) -> None:
    await server.run("CREATE DATABASE callboard TEMPLATE migrated")
    async with server.standby() as standby:
        installation = on(server, place, standby)
        async with installation.running("serve") as process, an_account(installation, process) as sam:
            await configure(server, "synchronous_standby_names = '*'")
            await until(lambda: is_synchronous(server))
            await rename(sam, 1, "On both")
            async with screens(sam) as made:
                await configure(standby, "primary_conninfo = ''")
                await until(lambda: has_no_receiver(standby))
                waiting = asyncio.create_task(sam.answer(WAITING))
                # Longer than a statement may take.
                await asyncio.sleep(6)
                assert {name for screen in made for name in screen.shown.values()} == {"On both"}
                # From here on what the standby lacks is acknowledged, as asynchronous replication has it, and lost.
                await configure(server, "synchronous_standby_names = ''")
                await asyncio.gather(waiting, return_exceptions=True)
                for number in range(3, 6):
                    await rename(sam, number, "Lost")
                before = await head(sam)
                await until(lambda: all(len(screen.shown) == 5 for screen in made))
                await server.stop()
                await standby.promote()
                await until(lambda: is_served(sam), seconds=20)
                # Positions are taken anew that stood for other changes.
                for number in range(10, 17):
                    await rename(sam, number, "New")
                await all_show_what_is_so(sam, made)

            assert not {"Waiting", "Lost"} & set(made[0].shown.values())
            assert await sam.error_code(PAGE, after=before) == "CURSOR_EXPIRED"


async def configure(server: Cluster, setting: str) -> None:
    await server.run(f"ALTER SYSTEM SET {setting}")
    await server.run("SELECT pg_reload_conf()")


WAITING = """mutation { syncCandidates(candidates: [{externalId: "candidate-2", name: "Waiting", stage: "Applied"}]) {
  errors { code } } }"""


async def is_synchronous(server: Cluster) -> bool:
    return bool(await server.run("SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'"))


async def has_no_receiver(standby: Cluster) -> bool:
    return not await standby.run("SELECT 1 FROM pg_stat_wal_receiver")


def back_up(place: Path) -> None:
    source, target = sqlite3.connect(place / "callboard.db"), sqlite3.connect(place / "backup.db")
    with contextlib.closing(source), contextlib.closing(target):
        source.backup(target)


def put_back(place: Path, way: str) -> None:
    for name in ("-wal", "-shm"):
        (place / f"callboard.db{name}").unlink(missing_ok=True)
    if way == "copied over":
        shutil.copyfile(place / "backup.db", place / "callboard.db")
        (place / "backup.db").unlink()
    else:
        (place / "backup.db").rename(place / "callboard.db")


@pytest.mark.once
async def test_an_sqlite_file_that_is_put_back_begins_another_epoch_even_while_it_serves(
    installation: Installation, place: Path
) -> None:
    async with installation.running("serve") as process, an_account(installation, process) as sam:
        cursors = await _lost_once_put_back(sam, place)
        put_back(place, "moved there")
        await _all_expire(sam, cursors)
        cursors += await _lost_once_put_back(sam, place)
    for way in ("copied over", "moved there"):
        put_back(place, way)
        async with installation.running("serve") as process, Server(process.address) as server:
            sam = Person(server, sam.authorization)
            await _all_expire(sam, cursors)
            cursors += await _lost_once_put_back(sam, place)


async def _lost_once_put_back(sam: Person, place: Path) -> list[str]:
    """Cursors of before and after a backup is made."""
    await rename(sam, 1, "Before")
    cursors = [await head(sam)]
    back_up(place)
    await rename(sam, 1, "After")
    cursors.append(await head(sam))
    # The process notes each second how far the logs have come.
    await asyncio.sleep(1.2)
    return cursors


async def _all_expire(sam: Person, cursors: list[str]) -> None:
    """Fails where one of them is still taken, also once its position stands for another change."""
    await until(lambda: is_served(sam))
    for number in range(5):
        await rename(sam, number, "New")
    for cursor in cursors:
        await until(lambda cursor=cursor: has_expired(sam, cursor), seconds=3)


async def has_expired(sam: Person, cursor: str) -> bool:
    answer: dict[str, Any] = await sam.answer(PAGE, after=cursor)
    return [error["extensions"]["code"] for error in answer.get("errors", ())] == ["CURSOR_EXPIRED"]


@pytest.mark.once
async def test_a_restart_on_the_same_file_begins_no_other_epoch_and_old_cursors_are_taken(
    installation: Installation,
) -> None:
    async with installation.running("serve") as process, an_account(installation, process) as sam:
        await rename(sam, 1, "Before")
        cursor = await head(sam)
        await asyncio.sleep(1.2)
        await rename(sam, 1, "After")
    async with installation.running("serve") as process, Server(process.address) as server:
        sam = Person(server, sam.authorization)
        # As versions without epochs wrote it.
        [behind] = (await sam.ask(PAGE, after="WyJjaGFuZ2VzIiwxXQ"))["changes"]["edges"]
        [also] = (await sam.ask(PAGE, after=cursor))["changes"]["edges"]
        assert behind == also
