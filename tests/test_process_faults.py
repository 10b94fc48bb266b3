"""Processes that are killed, stopped and restarted under load, and workers of one address: nothing is lost."""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from resolvers import changes
from tests.feed_faults import all_received, everywhere, load, pushed, some, stalled
from tests.network_proxy import network_proxy
from tests.people import FOLLOW, Person
from tests.postgres_processes import ROOT, PostgresDatabase, Process, both_serving, serving
from tests.subscribers import Subscriber, at, eventually, following

#: Several processes need PostgreSQL. The processes that no test harms are started once: by one worker of the run.
pytestmark = [pytest.mark.postgres, pytest.mark.xdist_group("processes on PostgreSQL")]


async def test_a_process_that_is_killed_under_load_leaves_no_half_and_loses_nothing(
    postgres: PostgresDatabase, pair: tuple[Process, Process]
) -> None:
    async with serving(postgres.url) as doomed:
        world = await postgres.world(pair[0].server)
        addresses = [doomed.server.websocket, pair[0].server.websocket]
        subscribers = [
            Subscriber(world.rita, *addresses),
            Subscriber(at(world.ada, doomed.server)),
            Subscriber(world.sam),
        ]
        async with following(*subscribers):
            async with load(world, doomed.server, pair[0].server):
                await some(subscribers[0])
                doomed.kill()
                await doomed.ended(within=5)
                await doomed.start()
                await some(subscribers[1])
            await all_received(postgres, world, *subscribers)


async def test_a_push_whose_process_dies_before_the_commit_never_was_and_is_sent_again(
    postgres: PostgresDatabase, pair: tuple[Process, Process]
) -> None:
    world = await postgres.world(pair[0].server)
    subscriber = Subscriber(world.rita)
    async with following(subscriber), serving(postgres.url) as doomed:
        async with postgres.locked("SELECT 1 FROM account WHERE id = $1 FOR NO KEY UPDATE", world.account.id):
            pushing = asyncio.create_task(pushed(world, "panel", by=doomed))
            await eventually(lambda: postgres.waits("UPDATE account"))
            doomed.kill()
            await doomed.ended(within=5)
        with pytest.raises(httpx.TransportError):
            await pushing
        await eventually(lambda: postgres.rests("UPDATE account"))
        assert await postgres.log(world) == []

        first = await world.goodtime.push(**world.a_panel("panel"))
        again = await world.goodtime.push(**world.a_panel("panel"))
        await all_received(postgres, world, subscriber)

    assert (first["outcome"], again["outcome"]) == ("CREATED", "UNCHANGED")
    assert first["panel"]["id"] == again["panel"]["id"]
    assert len(subscriber.received) == 1


async def test_a_push_whose_process_dies_after_the_commit_is_seen_and_the_same_when_it_is_sent_again(
    postgres: PostgresDatabase, pair: tuple[Process, Process]
) -> None:
    """Committed, but neither answered nor rung: the slow look of the others finds it."""
    world = await postgres.world(pair[0].server)
    subscriber = Subscriber(world.rita)
    async with following(subscriber), serving(postgres.url) as doomed, postgres.slow_commits(world):
        async with postgres.locked("SELECT pg_advisory_xact_lock(42)"):
            pushing = asyncio.create_task(pushed(world, "panel", by=doomed))
            await eventually(lambda: postgres.waits("COMMIT"))
            doomed.kill()
            await doomed.ended(within=5)
        with pytest.raises(httpx.TransportError):
            await pushing
        await eventually(lambda: postgres.log(world))
        await all_received(postgres, world, subscriber)
        again = await world.goodtime.push(**world.a_panel("panel"))
        [row] = await all_received(postgres, world, subscriber)

    assert again["outcome"] == "UNCHANGED"
    assert row[1:] == ("CREATED", "panel")


async def test_a_network_cut_without_a_word_is_found_by_both_sides(
    postgres: PostgresDatabase, pair: tuple[Process, Process]
) -> None:
    """One connection a user: while the server holds on to the dead one, nobody else gets in."""
    async with (
        serving(postgres.url, keep_alive_seconds=1, connections_per_user=1) as process,
        network_proxy(process.port) as line,
    ):
        world = await postgres.world(pair[0].server)
        addresses = f"ws://127.0.0.1:{line.port}/graphql", process.server.websocket
        subscriber = Subscriber(world.rita, *addresses, open_timeout=0.5)
        async with following(subscriber):
            await pushed(world, "one", by=pair[0])
            await some(subscriber, 1)
            line.silence()
            await pushed(world, "two", "three", by=pair[0])
            await all_received(postgres, world, subscriber)

    assert subscriber.connections >= 2


async def test_workers_share_one_address_and_one_that_is_killed_is_replaced(postgres: PostgresDatabase) -> None:
    async with serving(postgres.url, workers=2) as process:
        world = await postgres.world(process.server)
        subscribers = everywhere(*[world.rita, world.ada, world.sam, world.goodtime] * 3, among=(process,))
        async with following(*subscribers):
            async with load(world, process.server):
                await some(subscribers[0])
                first, _ = workers = workers_of(process)
                os.kill(first, signal.SIGKILL)
                await eventually(lambda: set(workers_of(process)) - set(workers), within=60)
                await some(subscribers[0])
            await all_received(postgres, world, *subscribers)
        process.terminate()
        assert await process.ended(within=10) == 0


def workers_of(process: Process) -> list[int]:
    """The ids of the processes that a parent has started to serve."""
    children = Path(f"/proc/{process.process.pid}/task/{process.process.pid}/children").read_text().split()
    return [pid for pid in map(int, children) if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]


def test_several_workers_on_sqlite_are_refused_in_one_line_that_says_why(place: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "server.py", "serve", "--workers", "2"],
        **{"cwd": ROOT, "capture_output": True, "text": True, "timeout": 60},
        env=os.environ | {"CALLBOARD_DATABASE_URL": f"sqlite://{place}/callboard.db"},
    )

    assert ended.returncode == 1
    [line] = ended.stderr.splitlines()
    assert "SQLite is for one process" in line
    assert "CALLBOARD_DATABASE_URL=postgres://" in line


async def test_a_process_that_is_terminated_ends_its_pushes_and_its_streams_and_exits_in_time(
    postgres: PostgresDatabase, pair: tuple[Process, Process]
) -> None:
    """Streams at rest, a stream over SSE, a socket that takes nothing, and a push that is still waiting for a lock."""
    async with serving(postgres.url) as going, contextlib.AsyncExitStack() as stack:
        world = await postgres.world(going.server)
        at_rest = await stack.enter_async_context(world.rita.following())
        idle = await stack.enter_async_context(world.ada.connected())
        events = asyncio.create_task(server_sent(world.sam))
        await stack.enter_async_context(stalled(world.rita))
        await pushed(world, "one", by=pair[0])
        await at_rest.next()
        async with postgres.locked("SELECT 1 FROM account WHERE id = $1 FOR NO KEY UPDATE", world.account.id):
            pushing = asyncio.create_task(pushed(world, "two", by=going))
            await eventually(lambda: postgres.waits("UPDATE account"))
            going.terminate()
            for client in (at_rest.connection.socket, idle.socket):
                async with asyncio.timeout(5):
                    await client.wait_closed()
                assert client.close_code == 1012
        await pushing
        assert await going.ended(within=10) == 0
        assert going.complaints() == []

    lines = await events
    [one] = [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: {")]
    assert one["data"]["interviewPanelChanges"]["panel"]["externalId"] == "one"
    assert "event: complete" not in lines, "an end to resume from"
    assert [row[2] for row in await postgres.log(world)] == ["one", "two"]


async def server_sent(person: Person) -> list[str]:
    """All lines that a subscription over server-sent events gets from the beginning of the log to its end."""
    body = {"query": FOLLOW, "variables": {"after": changes.cursor_at(0)}}
    headers = {**person.headers, "accept": "text/event-stream"}
    async with person.server.http.stream("POST", person.server.graphql, json=body, headers=headers) as events:
        return [line async for line in events.aiter_lines()]


async def test_a_rolling_restart_under_load_loses_and_repeats_nothing(postgres: PostgresDatabase) -> None:
    async with both_serving(postgres.url) as (one, two):
        world = await postgres.world(one.server)
        addresses = [one.server.websocket, two.server.websocket]
        subscribers = [Subscriber(person, *addresses) for person in (world.rita, world.ada, world.goodtime)]
        async with following(*subscribers):
            async with load(world, one.server, two.server):
                for process in (one, two):
                    await some(subscribers[0])
                    process.terminate()
                    assert await process.ended(within=10) == 0
                    await process.start()
                await some(subscribers[0])
            await all_received(postgres, world, *subscribers)

    assert all(subscriber.ends["1012"] >= 1 for subscriber in subscribers)


async def test_two_that_prune_at_once_drop_each_change_once(
    postgres: PostgresDatabase, pair: tuple[Process, Process]
) -> None:
    world = await postgres.world(pair[0].server)
    await pushed(world, "panel", by=pair[0])
    await postgres.lengthen(world, 3_500, timedelta(days=31))
    first = "UPDATE change SET at = now() - interval '32 days' WHERE account_id = $1 AND position = 1"
    await postgres.sql.execute(first, world.account.id)
    await postgres.lengthen(world, 5, timedelta(days=29))
    command = (sys.executable, "server.py", "prune")
    environment = os.environ | {"CALLBOARD_DATABASE_URL": postgres.url}
    both = [
        await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=environment, stdout=asyncio.subprocess.PIPE)
        for _ in range(2)
    ]
    outputs = [(await each.communicate())[0].decode() for each in both]

    assert sum(int(line.split()[1]) for line in outputs) == 3_501
    assert [each.returncode for each in both] == [0, 0]
    async with world.rita.following(after=changes.cursor_at(1)) as expired:
        assert (await expired.error())["code"] == "CURSOR_EXPIRED"
