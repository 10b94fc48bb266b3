"""Erasure, down to the files: what was erased stands neither in those of tables nor in those of indexes."""

import subprocess
from pathlib import Path

import asyncpg
import pytest

from tests.conftest import DATABASE_URL, ON_POSTGRES
from tests.test_erasure import erase, mark_of, marked_panel
from tests.world import World, in_hours

_MARKED = """SELECT relname FROM pg_class WHERE relfilenode <> 0 AND NOT relisshared
AND position($1::bytea IN pg_read_binary_file(pg_relation_filepath(oid))) > 0 ORDER BY relname"""


async def marked_through_and_through(world: World) -> None:
    """Write the mark into every text, some of them often and at many lengths, so that pages are split and freed."""
    await marked_panel(world)
    for number in range(10):
        for length in (10, 2_000, 100, 9_000):
            note = f"{mark_of(world)} " * (length // 20)
            interview = world.an_interview("one", subject=mark_of(world), note=note, startsAt=in_hours(number))
            await world.goodtime.push(**world.a_panel(f"panel {number}", interview, note=note))


def marked(files: list[Path], mark: str) -> list[str]:
    """The names of the files in which the mark stands.

    They are read by another process: by closing a file of SQLite's, this one would give up the locks of its server.
    """
    read = {file.name: subprocess.run(["cat", file], capture_output=True, check=True).stdout for file in files}
    return [name for name, content in read.items() if mark.encode() in content]


@pytest.mark.skipif(ON_POSTGRES, reason="SQLite's file")
async def test_of_sqlites_file_and_its_log_the_erasure_leaves_nothing(world: World) -> None:
    await marked_through_and_through(world)
    path = Path(DATABASE_URL.removeprefix("sqlite://"))
    files = [path, path.with_name(f"{path.name}-wal")]
    before = marked(files, mark_of(world))

    await erase(world, world.candidates["carla"])

    assert before, "the test marks what it means to"
    assert marked(files, mark_of(world)) == []


@pytest.mark.postgres
async def test_of_postgresqls_files_the_erasure_leaves_nothing_once_they_are_written_anew(world: World) -> None:
    """As docs/privacy.md tells operators to: until then freed bytes remain, in no row and no entry of an index."""
    await marked_through_and_through(world)
    connection = await asyncpg.connect(DATABASE_URL)
    try:
        before = await marked_files(connection, world)
        await erase(world, world.candidates["carla"])
        await connection.execute("VACUUM FULL candidate, candidate_email, panel, interview, feedback_form")
        after = await marked_files(connection, world)
    finally:
        await connection.close()

    assert {"candidate", "candidate_email", "panel", "interview"} < set(before), "the test marks what it means to"
    assert [name for name in before if name.startswith("idx_candidate")], "and indexes among it"
    assert after == []


async def marked_files(connection: asyncpg.Connection, world: World) -> list[str]:
    """The tables and indexes in whose files the mark of the world stands."""
    await connection.execute("CHECKPOINT")
    return [row["relname"] for row in await connection.fetch(_MARKED, mark_of(world).encode())]
