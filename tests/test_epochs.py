"""Whatever happens to the database, no follower goes on as if nothing had been, and none believes what is not so."""

import asyncio
import contextlib
import shutil
import sqlite3
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.people import Person, Server
from tests.postgres_cluster import Cluster, cluster, free_port, program, run_program
from tests.processes import Installation, Process, until
from tests.screens import PAGE, Load, all_show_what_is_so, head, rename, screens


@contextlib.asynccontextmanager
async def an_account(installation: Installation, process: Process) -> AsyncIterator[Person]:
    """The Super Admin of a new account, who has a stage to sync candidates into."""
    await installation.done("account", "create", "acme", "--name", "Acme", "--super-admin", "sam@acme.example")
    token = await installation.done("token", "sam@acme.example", "--account", "acme")
    async with Server(process.address) as server:
        sam = Person(server, f"Bearer {token}")
        await sam.sync("stages", [{"name": "Applied", "position": 1}])
        yield sam


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
    await server.run("DROP DATABASE IF EXISTS callboard WITH (FORCE)")
    await server.run("CREATE DATABASE callboard TEMPLATE migrated")
    installation = on(server, place)
    async with installation.running("serve") as process, an_account(installation, process) as sam:
        await rename(sam, 1, "Before the dump")
        cursors = [await head(sam)]
        dump = ["-h", str(server.folder), "-p", str(server.port), "-U", "postgres"]
        await run_program(program("pg_dump"), *dump, "-Fc", "-f", f"{server.folder}/dump", "callboard")
        async with screens(sam) as made:
            for restored in ("into a new database", "over the old one"):
                async with Load(sam).running() as load:
                    await load.goes_on()
                    await rename(sam, 2, f"Lost when restored {restored}")
                    cursors.append(await head(sam))
                    if restored == "into a new database":
                        await server.run("DROP DATABASE callboard WITH (FORCE)")
                        await server.run("CREATE DATABASE callboard")
                        await run_program(program("pg_restore"), *dump, "-d", "callboard", f"{server.folder}/dump")
                    else:
                        clean = ["--clean", "--if-exists", "--single-transaction", "-d", "callboard"]
                        await until(lambda clean=clean: is_restored(*dump, *clean, f"{server.folder}/dump"))
                    await load.goes_on()
                await all_show_what_is_so(sam, made)
                assert "candidate-2" not in made[0].shown
            for cursor in cursors:
                assert await sam.error_code(PAGE, after=cursor) == "CURSOR_EXPIRED"


@pytest.mark.postgres
@pytest.mark.xdist_group("a PostgreSQL of its own")
async def test_a_promoted_standby_begins_another_epoch_and_what_only_it_lacks_waits_while_it_is_synchronous(
    server: Cluster, place: Path
) -> None:
    await server.run("DROP DATABASE IF EXISTS callboard WITH (FORCE)")
    await server.run("CREATE DATABASE callboard TEMPLATE migrated")
    async with server.standby() as second:
        third = Cluster(place, free_port())
        installation = on(server, place, second, third)
        async with installation.running("serve") as process, an_account(installation, process) as sam:
            await configure(server, "synchronous_standby_names = '*'")
            await until(lambda: is_synchronous(server))
            async with screens(sam) as made:
                async with Load(sam).running() as load:
                    await load.goes_on()
                    await configure(second, "primary_conninfo = ''")
                    await until(lambda: has_no_receiver(second))
                    # Longer than a statement may take: commits wait, and go on waiting.
                    await asyncio.sleep(6)
                    assert await waits(server)
                    kept = {row["external_id"]: row["name"] for row in await second.run(NAMES, "callboard")}
                    ahead = [each for each in made if each.shown.items() - kept.items()]
                    assert not ahead, "nobody believes what a failover takes back"
                    await server.stop()
                    await second.promote()
                    await load.goes_on()
                await all_show_what_is_so(sam, made)

                async with second.standby(third.port) as standby:
                    await until(lambda: is_streaming(second))
                    async with Load(sam).running() as load:
                        await load.goes_on()
                        await configure(standby, "primary_conninfo = ''")
                        await until(lambda: has_no_receiver(standby))
                        # What the standby lacks is acknowledged, as asynchronous replication has it, and lost.
                        await rename(sam, 2, "Lost")
                        await load.goes_on()
                        before = await head(sam)
                        await second.stop()
                        await standby.promote()
                        # Positions are taken anew that stood for other changes.
                        await load.goes_on()
                        await load.goes_on()
                    await all_show_what_is_so(sam, made)

                    assert "candidate-2" not in made[0].shown
                    assert await sam.error_code(PAGE, after=before) == "CURSOR_EXPIRED"


async def is_restored(*options: str) -> bool:
    """Whether the dump could be restored: PostgreSQL ends it where it and a statement of ours wait for each other."""
    try:
        await run_program(program("pg_restore"), *options)
    except AssertionError as error:
        if "deadlock detected" in str(error):
            return False
        raise
    return True


NAMES = "SELECT external_id, name FROM candidate"


async def configure(server: Cluster, setting: str) -> None:
    await server.run(f"ALTER SYSTEM SET {setting}")
    await server.run("SELECT pg_reload_conf()")


async def is_synchronous(server: Cluster) -> bool:
    return bool(await server.run("SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'"))


async def is_streaming(server: Cluster) -> bool:
    return bool(await server.run("SELECT 1 FROM pg_stat_replication WHERE state = 'streaming'"))


async def waits(server: Cluster) -> bool:
    """Whether a COMMIT there waits for a standby."""
    return bool(await server.run("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'SyncRep'"))


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
        async with screens(sam) as made:
            async with Load(sam).running() as load:
                await load.goes_on()
                put_back(place, "moved there")
                await until(lambda: all(screen.expired for screen in made))
                await load.goes_on()
            await all_show_what_is_so(sam, made)
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
        [behind] = (await sam.ask(PAGE, after="WyJjaGFuZ2VzIiwyXQ"))["changes"]["edges"]
        [also] = (await sam.ask(PAGE, after=cursor))["changes"]["edges"]
        assert behind == also
