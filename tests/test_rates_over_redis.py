"""Rates that several processes count together over Redis."""

import asyncio
import os
import secrets
import time
from collections.abc import AsyncIterator, Awaitable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

import clock
from operations import rates, redis_counters
from tests.conftest import DATABASE_URL
from tests.network_proxy import network_proxy
from tests.people import Person, Server
from tests.processes import Installation, missing, until
from tests.rates import Use, rates_on, sent
from tests.world import World

pytestmark = pytest.mark.once

REDIS = os.environ.get("CALLBOARD_TEST_REDIS", "redis://127.0.0.1:6379")


@pytest.fixture
async def limited(world: World, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Use]:
    async with rates_on(world, monkeypatch) as use:
        yield use


@pytest.fixture
async def redis() -> str:
    """The URL of a Redis that answers."""
    host, _, port = REDIS.rpartition("/")[2].partition(":")
    try:
        _, writer = await asyncio.open_connection(host, int(port))
    except OSError:
        missing(f"Redis at {host}:{port}")
    writer.close()
    return REDIS


async def test_several_processes_count_together_over_redis(redis: str, limited: Use) -> None:
    limited()
    name = f"test-{secrets.token_hex(8)}"
    one, other = rates.RateCounters(redis), rates.RateCounters(redis)

    assert [await counts.add(name, 5) for counts in (one, other, one, other)] == [5, 10, 15, 20]
    for counts in (one, other):
        await counts.close()


async def test_what_two_servers_allow_together_is_one_rate(redis: str, world: World, place: Path) -> None:
    installation = Installation(
        place, DATABASE_URL, {"RATE_LIMIT": "on", "REDIS_URL": redis, "USER_COST_PER_MINUTE": "850"}
    )
    async with AsyncExitStack() as stack:
        addresses = [(await stack.enter_async_context(installation.running("serve"))).address for _ in range(2)]
        servers = [await stack.enter_async_context(Server(address)) for address in addresses]
        await until(lambda: clock.now().second < 50)  # all of it falls into one minute
        statuses = [
            (await sent(Person(server, world.rita.authorization))).status_code for _ in range(10) for server in servers
        ]

    # 108 where the document is new to the server, then 56, and more where the machine is slow: each alone allows 14.
    assert 5 <= statuses.count(200) <= 13
    assert statuses.count(200) + statuses.count(429) == 20


async def test_while_redis_is_away_each_process_counts_for_itself_and_nobody_waits(
    redis: str, limited: Use, monkeypatch: pytest.MonkeyPatch
) -> None:
    limited()
    monkeypatch.setattr(redis_counters, "_AWAY_SECONDS", 0.2)
    name = f"test-{secrets.token_hex(8)}"
    async with network_proxy(int(redis.rpartition(":")[2])) as line:
        counts = rates.RateCounters(f"redis://127.0.0.1:{line.port}")
        assert await counts.add(name, 5) == 5
        line.broken = True
        line.cut()
        began = time.monotonic()
        assert [await counts.add(name, 5) for _ in range(3)] == [5, 10, 15]
        assert time.monotonic() - began < 2
        line.broken = False
        await until(lambda: _is(5, counts.add(name, 0)))
        await counts.close()


async def test_a_redis_that_never_answers_holds_nobody_up(limited: Use) -> None:
    limited()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with await asyncio.start_server(silent, "127.0.0.1", 0) as listening:
        counts = rates.RateCounters(f"redis://127.0.0.1:{listening.sockets[0].getsockname()[1]}")
        began = time.monotonic()
        assert await asyncio.gather(*(counts.add("somebody", 1) for _ in range(50)))
        assert [await counts.add("somebody", 1) for _ in range(50)]
        assert time.monotonic() - began < 3
        await counts.close()


async def _is(expected: int, count: Awaitable[int]) -> bool:
    return await count == expected
