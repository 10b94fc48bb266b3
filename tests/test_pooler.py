"""Behind PgBouncer in transaction mode everything works by one setting; without it the reason is said."""

import asyncio
import contextlib
import socket
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest

from tests.feed_faults import all_received, load, some
from tests.postgres_cluster import as_nobody_special
from tests.postgres_processes import PostgresDatabase, serving
from tests.processes import Installation, tool, until
from tests.subscribers import Subscriber, following

pytestmark = [pytest.mark.postgres, pytest.mark.xdist_group("processes on PostgreSQL")]

#: Fewer connections than a process has: each of its transactions gets whichever is free.
CONFIGURATION = """[databases]
* = host={host} port={port} user={user}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {own_port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 3
"""


@contextlib.asynccontextmanager
async def pooler(url: str, place: Path) -> AsyncIterator[str]:
    """The URL of the same database through PgBouncer."""
    parts = urlsplit(url)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    file = place / "pgbouncer.ini"
    file.write_text(CONFIGURATION.format(host=parts.hostname, port=parts.port, user=parts.username, own_port=port))
    await asyncio.to_thread(place.chmod, 0o755)
    with (place / "pgbouncer.log").open("w") as log:
        command = as_nobody_special(tool("pgbouncer"), str(file))
        process = await asyncio.create_subprocess_exec(*command, stdout=log, stderr=log)
    through = f"postgres://{parts.username}@127.0.0.1:{port}{parts.path}"

    async def answers() -> bool:
        assert process.returncode is None, "PgBouncer runs"
        with contextlib.suppress(OSError, asyncpg.PostgresError):
            await (await asyncpg.connect(through, statement_cache_size=0)).close()
            return True
        return False

    try:
        await until(answers)
        yield through
    finally:
        process.terminate()
        await process.wait()


async def test_behind_a_pooler_in_transaction_mode_all_is_served_and_followed(
    postgres: PostgresDatabase, place: Path
) -> None:
    async with pooler(postgres.url, place) as through, serving(postgres.url, database_pooler_url=through) as process:
        world = await postgres.world(process.server)
        subscribers = [Subscriber(world.rita), Subscriber(world.ada)]
        async with following(*subscribers):
            async with load(world, process.server, process.server):
                names = await asyncio.gather(
                    *(
                        world.rita.ask("{ account { slug } users(first: 5) { edges { node { email } } } }")
                        for _ in range(60)
                    )
                )
                await some(subscribers[0], 20)
            await all_received(postgres, world, *subscribers)
        assert process.complaints() == []
        rows = await postgres.sql.fetch(
            "SELECT application_name FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '%panel%'"
        )

    assert {answer["account"]["slug"] for answer in names} == {world.slug}
    assert Counter(row[0] for row in rows)["callboard"] <= 3


async def test_a_pooler_in_the_place_of_the_database_is_named_as_the_reason(
    installation: Installation, place: Path
) -> None:
    async with pooler(installation.database_url, place) as through:
        # The names that the first one gave its statements stay with the pooler's connections.
        await installation.run("token", "sam@acme.example", DATABASE_URL=through)
        line = await installation.failure_line("serve", DATABASE_URL=through)

    assert "CALLBOARD_DATABASE_POOLER_URL" in line
