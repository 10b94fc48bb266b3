"""What keeps a process from serving is said by its start and by /readyz, in one line that names what is missing."""

import contextlib
import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import asyncpg
import pytest

from tests.postgres_cluster import PASSWORD, Cluster, cluster
from tests.processes import Installation, Process, http_client, missing, until

pytestmark = pytest.mark.xdist_group("a PostgreSQL of its own")


@pytest.fixture(scope="session")
async def own() -> AsyncIterator[Cluster]:
    """A server that knows roles, passwords and TLS."""
    async with cluster() as made:
        yield made


@pytest.fixture
async def owned(own: Cluster, place: Path) -> AsyncIterator[Installation]:
    """An installation whose database belongs to the role `owner`, with nothing in it."""
    await own.run("CREATE DATABASE callboard OWNER owner")
    try:
        yield Installation(place, as_role(own, "owner"))
    finally:
        await own.run("DROP DATABASE callboard WITH (FORCE)")


def as_role(own: Cluster, role: str, query: str = "") -> str:
    return f"postgres://{role}:{quote(PASSWORD, safe='')}@{own.address}/callboard{query}"


async def status(process: Process) -> str:
    """What /readyz says."""
    async with http_client(timeout=30) as client:
        answer = await client.get(f"{process.address}/readyz")
    assert answer.is_success == (answer.json()["status"] == "ready")
    return str(answer.json()["status"])


async def becomes(process: Process, text: str) -> str:
    """What /readyz says as soon as that is a part of it."""

    async def says() -> str | None:
        said_now = await status(process)
        return said_now if text in said_now else None

    return str(await until(says))


@pytest.mark.postgres
async def test_an_owner_migrates_and_a_role_that_may_only_read_and_write_rows_serves(
    own: Cluster, owned: Installation
) -> None:
    await owned.done("migrate")
    server = as_role(own, "server")
    assert "The role server lacks SELECT on tortoise_migrations" in await owned.failure_line(
        "serve", DATABASE_URL=server
    )

    await owned.done("migrate", "--serve-as", "server")
    assert "There is no role nobody" in await owned.failure_line("migrate", "--serve-as", "nobody")
    await owned.done(
        "account", "create", "acme", "--name", "Acme", "--super-admin", "sam@acme.example", DATABASE_URL=server
    )
    refused = await owned.failure_line("migrate", "--serve-as", "server", DATABASE_URL=server)
    assert "permission denied for schema public" in refused
    async with owned.running("serve", DATABASE_URL=server) as process:
        assert await status(process) == "ready"
        await own.run("REVOKE INSERT, DELETE ON panel FROM server", "callboard")
        assert "The role server lacks INSERT, DELETE on panel" in await becomes(process, "lacks")
        await own.run("GRANT INSERT, DELETE ON panel TO server", "callboard")
        await becomes(process, "ready")
        await own.run("REVOKE ALL ON SEQUENCE change_id_seq FROM server", "callboard")
        lacking = await becomes(process, "lacks")
        assert "The role server lacks USAGE on" in lacking
        assert "change_id_seq: an owner's `callboard migrate --serve-as server` grants it" in lacking
        assert lacking in await owned.failure_line("serve", DATABASE_URL=server)


@pytest.mark.postgres
async def test_a_database_that_cannot_be_written_to_is_not_ready_and_says_why(
    own: Cluster, owned: Installation
) -> None:
    await owned.done("migrate")
    async with owned.running("serve") as process:
        assert await status(process) == "ready"

        await own.run("ALTER DATABASE callboard SET default_transaction_read_only = on")
        await own.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'callboard'")
        assert await becomes(process, "read-only") == "The database is read-only."
        await own.run("ALTER DATABASE callboard RESET default_transaction_read_only")
        await own.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'callboard'")
        await becomes(process, "ready")

        await own.run("ALTER TABLE feedback_form RENAME TO elsewhere", "callboard")
        assert "feedback_form is missing" in await becomes(process, "damaged")
        await own.run("ALTER TABLE elsewhere RENAME TO feedback_form", "callboard")
        await becomes(process, "ready")

        await own.run("ALTER TABLE change ALTER id DROP IDENTITY IF EXISTS, ALTER id DROP DEFAULT", "callboard")
        await own.run("DROP SEQUENCE IF EXISTS change_id_seq", "callboard")
        assert await becomes(process, "damaged") == "The database is damaged: the sequence of change is missing."


@pytest.mark.postgres
async def test_a_lock_that_pushes_would_wait_for_is_named_while_it_is_held(own: Cluster, owned: Installation) -> None:
    await owned.done("migrate")
    async with owned.running("serve") as process:
        migrating = await asyncpg.connect(own.url("callboard"))
        async with migrating.transaction():
            await migrating.execute("LOCK TABLE panel IN ACCESS EXCLUSIVE MODE")
            assert "panel: locked" in await becomes(process, "locked")
        await becomes(process, "ready")
        await migrating.close()


@pytest.mark.postgres
async def test_tables_land_in_the_schema_of_the_search_path(own: Cluster, owned: Installation) -> None:
    await own.run("CREATE SCHEMA ats AUTHORIZATION owner", "callboard")
    for query in ("?search_path=ats", "?options=-c%20search_path%3Dats"):
        await owned.done("migrate", DATABASE_URL=as_role(own, "owner", query))
        rows = await own.run("SELECT DISTINCT schemaname FROM pg_tables WHERE tableowner = 'owner'", "callboard")
        assert [row[0] for row in rows] == ["ats"]

    line = await owned.failure_line("serve")
    assert line == "callboard: The tables are in the schema ats, which is not on the search_path."
    await own.run("REVOKE ALL ON SCHEMA ats FROM server", "callboard")
    line = await owned.failure_line("serve", DATABASE_URL=as_role(own, "server", "?search_path=ats"))
    assert "The role server lacks USAGE on the schema ats" in line


@pytest.mark.postgres
async def test_a_url_says_how_the_server_is_reached_and_trusted(own: Cluster, owned: Installation) -> None:
    host = f"?host=localhost&port={own.port}&sslrootcert={own.folder}/server.pem&sslmode="
    await owned.done("migrate", DATABASE_URL=as_role(own, "owner", f"{host}verify-full&channel_binding=prefer"))
    await owned.done("migrate", DATABASE_URL=f"postgres:///callboard?host={own.folder}&port={own.port}&user=owner")
    refused = await owned.failure_line(
        "migrate", DATABASE_URL=as_role(own, "owner", "?sslmode=verify-full&sslrootcert=system")
    )
    assert "CERTIFICATE_VERIFY_FAILED" in refused or "certificate" in refused
    gone = as_role(own, "owner", f"?host=127.0.0.1,localhost&port=9,{own.port}")
    await owned.done("migrate", DATABASE_URL=gone)


@contextlib.contextmanager
def small_disk(place: Path) -> Any:
    """A file system of two megabytes. Skips the test where this user may not mount one."""
    disk = place / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(disk)], capture_output=True, check=False
    )
    if mounted.returncode:
        missing("The right to mount a small file system")
    try:
        yield disk
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


@pytest.mark.once
async def test_a_full_disk_is_said_and_is_over_when_there_is_room_again(installation: Installation) -> None:
    with small_disk(installation.folder) as disk:
        shutil.copy(installation.folder / "callboard.db", disk)
        async with installation.running("serve", DATABASE_URL=f"sqlite://{disk}/callboard.db") as process:
            assert await status(process) == "ready"
            filler = disk / "filler"
            with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
                while True:
                    file.write(b"0" * 4096)
            assert await becomes(process, "disk") == "The database's disk is full."
            filler.unlink()
            await becomes(process, "ready")


@pytest.mark.once
async def test_nothing_is_acknowledged_into_a_file_that_is_gone(installation: Installation) -> None:
    file = installation.folder / "callboard.db"
    await installation.done("account", "create", "acme", "--name", "Acme", "--super-admin", "sam@acme.example")
    token = await installation.done("token", "sam@acme.example")
    switch = "mutation { setIntegrationEnabled(provider: GOODTIME, enabled: %s) { errors { code } } }"

    async def switched(process: Process, on: str) -> str:
        async with http_client() as client:
            body, headers = {"query": switch % on}, {"authorization": f"Bearer {token}"}
            answer = (await client.post(process.graphql, json=body, headers=headers)).json()
        return str(answer["errors"][0]["extensions"]["code"]) if "errors" in answer else "OK"

    async with installation.running("serve") as process:
        assert await switched(process, "true") == "OK"
        file.rename(file.with_suffix(".away"))
        assert await switched(process, "false") == "SERVICE_UNAVAILABLE"
        assert await becomes(process, "missing") == "The database's file is missing."
        file.with_suffix(".away").rename(file)
        await becomes(process, "ready")
        assert await switched(process, "false") == "OK"
