"""What happens to the database's server is survived by itself: one clear state, no request hangs, nothing restarts."""

import asyncio
import signal
from collections.abc import AsyncIterator
from urllib.parse import quote

import pytest

from tests.network_proxy import network_proxy
from tests.postgres_cluster import PASSWORD, Cluster, cluster
from tests.processes import Installation
from tests.readiness import becomes, write

pytestmark = [pytest.mark.postgres, pytest.mark.xdist_group("a PostgreSQL of its own")]


@pytest.fixture
async def primary() -> AsyncIterator[Cluster]:
    """A server that may be lost."""
    async with cluster() as made:
        await made.run("CREATE DATABASE callboard OWNER owner")
        yield made


def url_of(*addresses: str) -> str:
    return f"postgres://owner:{quote(PASSWORD, safe='')}@{','.join(addresses)}/callboard"


@pytest.mark.parametrize("end", ["a crash", "silence"])
async def test_when_a_standby_is_promoted_the_process_serves_on_from_there(
    end: str, primary: Cluster, installation: Installation
) -> None:
    await installation.done("migrate", DATABASE_URL=url_of(primary.address))
    account = ("account", "create", "acme", "--name", "Acme", "--super-admin", "sam@acme.example")
    await installation.done(*account, DATABASE_URL=url_of(primary.address))
    token = await installation.done("token", "sam@acme.example", DATABASE_URL=url_of(primary.address))
    async with primary.standby() as standby, network_proxy(primary.port) as line:
        alone = await installation.failure_line("serve", DATABASE_URL=url_of(standby.address))
        assert alone == "callboard: The database server is a standby: nothing can be written there."
        both = url_of(f"127.0.0.1:{line.port}", standby.address)
        async with installation.running("serve", DATABASE_URL=both) as process:
            await becomes(process, "ready")
            assert await write(process, token) == "OK"

            if end == "silence":
                line.silence()
            else:
                await primary.stop(signal.SIGQUIT)
            outcomes = await asyncio.gather(*(write(process, token, on=False) for _ in range(12)))
            assert set(outcomes) == {"SERVICE_UNAVAILABLE"}
            await becomes(process, "No server of the database can be written to")

            await standby.promote()
            await becomes(process, "ready")
            assert await write(process, token, on=False) == "OK"
            warnings = [entry["event"] for entry in process.logged if "Not listening" in entry["event"]]
    assert 1 <= len(warnings) <= 7
    line.cut()
