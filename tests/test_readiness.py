"""What keeps a process from serving is said by its start and by /readyz, in one line that names what is missing."""

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote

import asyncpg
import pytest

from tests.postgres_cluster import PASSWORD, Cluster, cluster
from tests.processes import Installation
from tests.readiness import becomes, filled, small_disk, status, write

pytestmark = pytest.mark.xdist_group("a PostgreSQL of its own")


@pytest.fixture(scope="session")
async def own(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Cluster]:
    """A server that knows roles, passwords and TLS, with a migrated database to copy."""
    async with cluster() as made:
        await made.run("CREATE DATABASE migrated OWNER owner")
        await Installation(tmp_path_factory.mktemp("own"), as_role(made, "owner", name="migrated")).done("migrate")
        yield made


@contextlib.asynccontextmanager
async def database_of_owner(own: Cluster, place: Path, template: str) -> AsyncIterator[Installation]:
    await own.run(f"CREATE DATABASE callboard OWNER owner TEMPLATE {template}")
    try:
        yield Installation(place, as_role(own, "owner"))
    finally:
        await own.run("DROP DATABASE callboard WITH (FORCE)")


@pytest.fixture
async def owned(own: Cluster, place: Path) -> AsyncIterator[Installation]:
    """An installation whose migrated database belongs to the role `owner`."""
    async with database_of_owner(own, place, "migrated") as made:
        yield made


@pytest.fixture
async def bare(own: Cluster, place: Path) -> AsyncIterator[Installation]:
    """The same with nothing in its database."""
    async with database_of_owner(own, place, "template1") as made:
        yield made


def as_role(own: Cluster, role: str, query: str = "", name: str = "callboard") -> str:
    return f"postgres://{role}:{quote(PASSWORD, safe='')}@{own.address}/{name}{query}"


@pytest.mark.postgres
async def test_an_owner_migrates_and_a_role_that_may_only_read_and_write_rows_serves(
    own: Cluster, owned: Installation
) -> None:
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
    assert "Only owner, who owns the tables, can grant rights on them" in refused
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
    async with owned.running("serve") as process:
        migrating = await asyncpg.connect(own.url("callboard"))
        async with migrating.transaction():
            await migrating.execute("LOCK TABLE panel IN ACCESS EXCLUSIVE MODE")
            assert "panel: locked" in await becomes(process, "locked")
        await becomes(process, "ready")
        await migrating.close()


@pytest.mark.postgres
async def test_tables_land_in_the_schema_of_the_search_path(own: Cluster, bare: Installation) -> None:
    await own.run("CREATE SCHEMA ats AUTHORIZATION owner", "callboard")
    for query in ("?search_path=ats", "?options=-c%20search_path%3Dats"):
        await bare.done("migrate", DATABASE_URL=as_role(own, "owner", query))
        rows = await own.run("SELECT DISTINCT schemaname FROM pg_tables WHERE tableowner = 'owner'", "callboard")
        assert [row[0] for row in rows] == ["ats"]

    line = await bare.failure_line("serve")
    assert line == "callboard: The tables are in the schema ats, which is not on the search_path."
    await own.run("REVOKE ALL ON SCHEMA ats FROM server", "callboard")
    line = await bare.failure_line("serve", DATABASE_URL=as_role(own, "server", "?search_path=ats"))
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


@pytest.mark.once
async def test_a_full_disk_is_said_and_is_over_when_there_is_room_again(installation: Installation) -> None:
    with small_disk(installation.folder, "4m") as disk:
        shutil.copy(installation.folder / "callboard.db", disk)
        async with installation.running("serve", DATABASE_URL=f"sqlite://{disk}/callboard.db") as process:
            assert await status(process) == "ready"
            with filled(disk):
                assert await becomes(process, "disk") == "The database's disk is full."
            await becomes(process, "ready")


@pytest.mark.postgres
async def test_a_full_disk_of_the_server_is_said_and_is_over_when_there_is_room_again(place: Path) -> None:
    with small_disk(place, "120m") as disk:
        for folder in (place, disk):
            await asyncio.to_thread(folder.chmod, 0o755)
        async with cluster(disk) as server:
            await server.run("CREATE DATABASE callboard")
            installation = Installation(place, server.url("callboard"))
            await installation.done("migrate")
            async with installation.running("serve") as process:
                assert await status(process) == "ready"
                with filled(disk):
                    assert await becomes(process, "disk") == "The database's disk is full."
                await becomes(process, "ready")


@pytest.mark.postgres
async def test_what_passes_is_tried_again_or_unavailable_and_the_log_has_the_sqlstate(
    own: Cluster, owned: Installation
) -> None:
    await owned.done("account", "create", "acme", "--name", "Acme", "--super-admin", "sam@acme.example")
    token = await owned.done("token", "sam@acme.example")
    await own.run("ALTER ROLE owner SET lock_timeout = '300ms'")
    async with owned.running("serve") as process:
        assert await write(process, token) == "OK"

        await own.run("ALTER TABLE integration ADD COLUMN later text", "callboard")
        assert await write(process, token, on=False) == "OK"

        blocking = await asyncpg.connect(own.url("callboard"))
        async with blocking.transaction():
            await blocking.execute("LOCK TABLE audit_event IN SHARE MODE")
            assert await write(process, token) == "SERVICE_UNAVAILABLE"
        await blocking.close()
        assert await write(process, token) == "OK"

        await own.run("REVOKE INSERT ON audit_event FROM owner", "callboard")
        assert await write(process, token, on=False) == "SERVICE_UNAVAILABLE"
        failures = [line["event"] for line in process.logged if line["level"] == "error"]
    await own.run("ALTER ROLE owner RESET lock_timeout")

    assert [failure.partition(": ")[2] for failure in failures] == [
        *("LockNotAvailableError 55P03", "InsufficientPrivilegeError 42501"),
    ]


@pytest.mark.once
async def test_nothing_is_acknowledged_into_a_file_that_is_gone(installation: Installation) -> None:
    file = installation.folder / "callboard.db"
    await installation.done("account", "create", "acme", "--name", "Acme", "--super-admin", "sam@acme.example")
    token = await installation.done("token", "sam@acme.example")
    async with installation.running("serve") as process:
        assert await write(process, token) == "OK"
        file.rename(file.with_suffix(".away"))
        assert await write(process, token, on=False) == "SERVICE_UNAVAILABLE"
        assert await becomes(process, "missing") == "The database's file is missing."
        file.with_suffix(".away").rename(file)
        await becomes(process, "ready")
        assert await write(process, token, on=False) == "OK"
