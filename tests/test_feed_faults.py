"""Several processes on PostgreSQL under load, and what happens to them: every subscriber gets the log, row by row."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.feed_faults import all_received, everywhere, load, pushed, some
from tests.network_proxy import NetworkProxy, network_proxy
from tests.postgres_processes import PostgresDatabase, Process, serving
from tests.subscribers import Subscriber, at, eventually, following

#: Several processes need PostgreSQL. The processes that no test harms are started once: by one worker of the run.
pytestmark = [pytest.mark.postgres, pytest.mark.xdist_group("processes on PostgreSQL")]


@pytest.fixture(scope="session")
async def tethered(postgres: PostgresDatabase) -> AsyncIterator[tuple[Process, NetworkProxy]]:
    """A process whose line to its database can be tampered with; whoever does so mends it."""
    async with network_proxy(5432) as line, serving(postgres.through(line.port)) as process:
        yield process, line


async def test_a_push_into_one_process_is_seen_by_the_subscribers_of_all(
    postgres: PostgresDatabase, pair: tuple[Process, Process]
) -> None:
    world = await postgres.world(pair[0].server)
    subscribers = everywhere(world.rita, world.sam, world.goodtime, among=pair)
    async with following(*subscribers):
        async with load(world, pair[0].server, pair[1].server):
            await some(subscribers[0], 30)
        await all_received(postgres, world, *subscribers)

    assert all(subscriber.connections == 1 for subscriber in subscribers)


async def test_a_push_into_one_process_is_delivered_by_another_at_once(
    postgres: PostgresDatabase, pair: tuple[Process, Process]
) -> None:
    """Not only when it looks by itself, once a second."""
    world = await postgres.world(pair[0].server)
    async with at(world.rita, pair[1].server).following() as following:
        await pushed(world, "first", by=pair[0])
        await following.next()
        async with asyncio.timeout(5):
            for number in range(8):
                await pushed(world, f"panel {number}", by=pair[0])
                await following.next()


async def test_whoever_is_cut_off_goes_on_at_another_process(
    postgres: PostgresDatabase, pair: tuple[Process, Process]
) -> None:
    world = await postgres.world(pair[0].server)
    async with network_proxy(pair[0].port) as line, network_proxy(pair[1].port) as other:
        addresses = [f"ws://127.0.0.1:{each.port}/graphql" for each in (line, other)]
        subscribers = [Subscriber(world.rita, *addresses), Subscriber(world.ada, *reversed(addresses))]
        async with following(*subscribers):
            async with load(world, pair[0].server, pair[1].server):
                for _ in range(4):
                    await some(subscribers[0], 4)
                    line.cut()
                    await some(subscribers[1], 4)
                    other.cut()
            await all_received(postgres, world, *subscribers)

    assert all(subscriber.connections >= 4 for subscriber in subscribers)


async def test_a_listening_connection_that_is_killed_is_made_again_and_nobody_notices(
    postgres: PostgresDatabase, pair: tuple[Process, Process]
) -> None:
    world = await postgres.world(pair[0].server)
    subscribers = everywhere(world.rita, world.ada, among=pair)
    killed = 0
    async with following(*subscribers):
        async with load(world, pair[0].server, pair[1].server):
            for _ in range(3):
                await some(subscribers[0], 6)
                killed += await postgres.sql.fetchval(
                    """SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                    WHERE datname = current_database() AND application_name LIKE 'callboard feed%'"""
                )
        await all_received(postgres, world, *subscribers)

    await eventually(lambda: all_ready(*pair))
    assert killed >= 2
    assert all(subscriber.connections == 1 for subscriber in subscribers)


async def all_ready(*processes: Process) -> bool:
    answers = [await process.server.http.get(f"{process.server.address}/readyz") for process in processes]
    return all(answer.is_success for answer in answers)


async def none_ready(*processes: Process) -> bool:
    answers = [await process.server.http.get(f"{process.server.address}/readyz") for process in processes]
    return not any(answer.is_success for answer in answers)


async def test_a_listening_connection_that_went_silent_costs_two_seconds_at_most_until_it_is_found(
    postgres: PostgresDatabase, pair: tuple[Process, Process], tethered: tuple[Process, NetworkProxy]
) -> None:
    deaf, line = tethered
    world = await postgres.world(pair[0].server)
    subscriber = Subscriber(at(world.rita, deaf.server))
    async with following(subscriber):
        await pushed(world, "before", by=pair[0])
        await some(subscriber, 1)
        before = line.connections
        assert line.silence(containing=b"LISTEN") == 1
        for name in ("one", "two", "three"):
            await pushed(world, name, by=pair[0])
            await subscriber.until((await postgres.log(world))[-1][0], within=2)
        await eventually(lambda: line.connections > before and any("Not listening" in line for line in deaf.log()), 20)
        line.cut()
        line.resume()
        await eventually(lambda: all_ready(deaf))
        await pushed(world, "four", by=pair[0])
        await all_received(postgres, world, subscriber)

    assert subscriber.connections == 1


async def test_when_postgresql_is_away_for_a_while_everything_reconnects_by_itself(
    postgres: PostgresDatabase, pair: tuple[Process, Process], tethered: tuple[Process, NetworkProxy]
) -> None:
    cut_off, line = tethered
    world = await postgres.world(cut_off.server)
    subscribers = everywhere(world.rita, world.ada, among=(cut_off, pair[0]))
    async with following(*subscribers):
        async with load(world, cut_off.server, pair[1].server):
            await some(subscribers[0])
            line.broken = True
            line.cut()
            await eventually(lambda: none_ready(cut_off), within=20)
            await some(subscribers[1])
            line.broken = False
            await some(subscribers[0])
        await all_received(postgres, world, *subscribers)
    await eventually(lambda: all_ready(cut_off))


async def test_when_postgresql_falls_silent_nothing_hangs_and_all_goes_on_afterwards(
    postgres: PostgresDatabase, tethered: tuple[Process, NetworkProxy]
) -> None:
    """The network between a process and its database dies without a word; what was under way is given up."""
    process, line = tethered
    world = await postgres.world(process.server)
    subscribers = everywhere(world.rita, world.ada, among=(process,))
    async with following(*subscribers):
        async with load(world, process.server):
            await some(subscribers[0])
            line.silence()
            await eventually(lambda: none_ready(process), within=30)
            line.cut()
            line.resume()
            await eventually(lambda: all_ready(process), within=30)
            await some(subscribers[0])
        await all_received(postgres, world, *subscribers)
