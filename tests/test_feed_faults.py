"""Several processes on PostgreSQL under load, and what happens to them: every subscriber gets the log, row by row."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import websockets

import settings
from auth import tokens
from resolvers import changes
from simulator import client as goodtime
from tests.cable import Cable, cable
from tests.fleet import ROOT, Base, Process, Row, Subscriber, at, base, both_serving, eventually, following, serving
from tests.world import FOLLOW, Person, Server, World

#: Several processes need PostgreSQL. The processes that no test harms are started once: by one worker of the run.
pytestmark = [pytest.mark.postgres, pytest.mark.xdist_group("processes on PostgreSQL")]


@pytest.fixture(scope="session")
async def postgres() -> AsyncIterator[Base]:
    """A database of PostgreSQL's for these tests."""
    async with base() as made:
        yield made


@pytest.fixture(scope="session")
async def pair(postgres: Base) -> AsyncIterator[tuple[Process, Process]]:
    """Two processes that no test harms."""
    async with both_serving(postgres.url) as both:
        yield both


@pytest.fixture(scope="session")
async def tethered(postgres: Base) -> AsyncIterator[tuple[Process, Cable]]:
    """A process whose line to its database can be tampered with; whoever does so mends it."""
    async with cable(5432) as line, serving(postgres.through(line.port)) as process:
        yield process, line


@contextlib.asynccontextmanager
async def load(world: World, *servers: Server) -> AsyncIterator[None]:
    """GoodTime at work against each server while the block runs; in the end all is as it was meant."""
    assert world.goodtime.authorization is not None
    key, stop = world.goodtime.authorization.removeprefix("Bearer "), asyncio.Event()
    async with asyncio.TaskGroup() as group:
        working = [group.create_task(goodtime.simulate(its.graphql, key, rate=20, stop=stop)) for its in servers]
        yield
        stop.set()
    assert [str(its.result()) for its in working if not its.result().ok] == []


async def all_received(postgres: Base, world: World, *subscribers: Subscriber) -> list[Row]:
    """Holds what every subscriber received against the log, row by row; the log."""
    expected = await postgres.log(world)
    for subscriber in subscribers:
        await subscriber.until(expected[-1][0])
        assert subscriber.received == expected
    return expected


def everywhere(*people: Person, among: tuple[Process, ...]) -> list[Subscriber]:
    """Each of these people follows each of these processes."""
    return [Subscriber(at(person, process.server)) for person in people for process in among]


async def some(subscriber: Subscriber, more: int = 8) -> None:
    """Returns when the subscriber has received a few more changes: the load is under way."""
    enough = len(subscriber.received) + more
    await eventually(lambda: len(subscriber.received) >= enough, within=30)


async def pushed(world: World, *names: str, by: Process, **its: Any) -> None:
    for name in names:
        payload = await at(world.goodtime, by.server).push(**world.a_panel(name, **its))
        assert payload["errors"] == []


async def test_a_push_into_one_process_is_seen_by_the_subscribers_of_all(
    postgres: Base, pair: tuple[Process, Process]
) -> None:
    world = await postgres.world(pair[0].server)
    subscribers = everywhere(world.rita, world.sam, world.goodtime, among=pair)
    async with following(*subscribers):
        async with load(world, pair[0].server, pair[1].server):
            await some(subscribers[0], 30)
        await all_received(postgres, world, *subscribers)

    assert all(subscriber.connections == 1 for subscriber in subscribers)


async def test_a_push_into_one_process_is_told_by_another_at_once(
    postgres: Base, pair: tuple[Process, Process]
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


async def test_whoever_is_cut_off_goes_on_at_another_process(postgres: Base, pair: tuple[Process, Process]) -> None:
    world = await postgres.world(pair[0].server)
    async with cable(pair[0].port) as line, cable(pair[1].port) as other:
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
    postgres: Base, pair: tuple[Process, Process]
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
                    WHERE datname = current_database() AND application_name = 'callboard feed'"""
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
    postgres: Base, pair: tuple[Process, Process], tethered: tuple[Process, Cable]
) -> None:
    deaf, line = tethered
    world = await postgres.world(pair[0].server)
    subscriber = Subscriber(at(world.rita, deaf.server))
    async with following(subscriber):
        await pushed(world, "before", by=pair[0])
        await some(subscriber, 1)
        before = line.connections
        assert line.hush(saying=b"LISTEN") == 1
        for name in ("one", "two", "three"):
            await pushed(world, name, by=pair[0])
            await subscriber.until((await postgres.log(world))[-1][0], within=2)
        await eventually(lambda: line.connections > before and any("Not listening" in line for line in deaf.log()), 20)
        line.cut()
        line.speak()
        await eventually(lambda: all_ready(deaf))
        await pushed(world, "four", by=pair[0])
        await all_received(postgres, world, subscriber)

    assert subscriber.connections == 1


async def test_when_postgresql_is_away_for_a_while_everything_reconnects_by_itself(
    postgres: Base, pair: tuple[Process, Process], tethered: tuple[Process, Cable]
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
    postgres: Base, tethered: tuple[Process, Cable]
) -> None:
    """The network between a process and its database dies without a word; what was under way is given up."""
    process, line = tethered
    world = await postgres.world(process.server)
    subscribers = everywhere(world.rita, world.ada, among=(process,))
    async with following(*subscribers):
        async with load(world, process.server):
            await some(subscribers[0])
            line.hush()
            await eventually(lambda: none_ready(process), within=30)
            line.cut()
            line.speak()
            await eventually(lambda: all_ready(process), within=30)
            await some(subscribers[0])
        await all_received(postgres, world, *subscribers)


async def test_a_process_that_is_killed_under_load_leaves_no_half_and_loses_nothing(
    postgres: Base, pair: tuple[Process, Process]
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
    postgres: Base, pair: tuple[Process, Process]
) -> None:
    world = await postgres.world(pair[0].server)
    subscriber = Subscriber(world.rita)
    async with following(subscriber), serving(postgres.url) as doomed:
        async with postgres.held("SELECT 1 FROM account WHERE id = $1 FOR NO KEY UPDATE", world.account.id):
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
    postgres: Base, pair: tuple[Process, Process]
) -> None:
    """Committed, but neither answered nor rung: the slow look of the others finds it."""
    world = await postgres.world(pair[0].server)
    subscriber = Subscriber(world.rita)
    async with following(subscriber), serving(postgres.url) as doomed, postgres.slow_commits(world):
        async with postgres.held("SELECT pg_advisory_xact_lock(42)"):
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
    postgres: Base, pair: tuple[Process, Process]
) -> None:
    """One connection a user: while the server holds on to the dead one, nobody else gets in."""
    async with (
        serving(postgres.url, keep_alive_seconds=1, connections_per_user=1) as process,
        cable(process.port) as line,
    ):
        world = await postgres.world(pair[0].server)
        addresses = f"ws://127.0.0.1:{line.port}/graphql", process.server.websocket
        subscriber = Subscriber(world.rita, *addresses, open_timeout=0.5)
        async with following(subscriber):
            await pushed(world, "one", by=pair[0])
            await some(subscriber, 1)
            line.hush()
            await pushed(world, "two", "three", by=pair[0])
            await all_received(postgres, world, subscriber)

    assert subscriber.connections >= 2


async def test_workers_share_one_address_and_one_that_is_killed_is_replaced(postgres: Base) -> None:
    async with serving(postgres.url, workers=2) as process:
        world = await postgres.world(process.server)
        subscribers = everywhere(*[world.rita, world.ada, world.sam, world.goodtime] * 3, among=(process,))
        async with following(*subscribers):
            async with load(world, process.server):
                await some(subscribers[0])
                first, _ = workers = workers_of(process)
                os.kill(first, signal.SIGKILL)
                await eventually(lambda: set(workers_of(process)) - set(workers), within=20)
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


SYNC = "mutation ($users: [UserInput!]!) { syncUsers(users: $users) { errors { code message } } }"
SWITCH = "mutation ($on: Boolean!) { setIntegrationEnabled(provider: GOODTIME, enabled: $on) { errors { code } } }"
KEYS = "{ integration(provider: GOODTIME) { apiKeys { id } } }"
REVOKE = "mutation ($id: ID!) { revokeApiKey(id: $id) { errors { code } } }"


async def synced(world: World, person: Person, role: str, deactivated: bool = False) -> None:
    row = {"email": person.email, "name": person.name, "role": role, "deactivated": deactivated}
    answer = await world.sam.ask(SYNC, users=[row])
    assert answer["syncUsers"]["errors"] == []


@contextlib.asynccontextmanager
async def followed_on(pair: tuple[Process, Process], person: Person) -> AsyncIterator[list[Any]]:
    """The person follows both processes."""
    async with at(person, pair[0].server).following() as one, at(person, pair[1].server).following() as two:
        yield [one, two]


async def test_a_deactivated_user_s_streams_end_on_every_process_within_two_seconds(
    postgres: Base, pair: tuple[Process, Process]
) -> None:
    world = await postgres.world(pair[0].server)
    async with followed_on(pair, world.rita) as streams:
        await synced(world, world.rita, "TEAM_MEMBER", deactivated=True)

        assert await codes(streams) == ["UNAUTHENTICATED"] * 2


async def codes(streams: list[Any]) -> list[str]:
    """The codes of the errors that end the streams, each within two seconds."""
    return [error["code"] for error in await asyncio.gather(*(stream.error(within=2) for stream in streams))]


async def test_a_revoked_key_s_streams_end_on_every_process_within_two_seconds(
    postgres: Base, pair: tuple[Process, Process]
) -> None:
    world = await postgres.world(pair[0].server)
    [key] = (await world.sam.ask(KEYS))["integration"]["apiKeys"]
    async with followed_on(pair, world.goodtime) as streams:
        await world.sam.ask(REVOKE, id=key["id"])

        assert await codes(streams) == ["UNAUTHENTICATED"] * 2


async def test_switching_the_integration_off_ends_its_streams_on_every_process_within_two_seconds(
    postgres: Base, pair: tuple[Process, Process]
) -> None:
    world = await postgres.world(pair[0].server)
    async with followed_on(pair, world.goodtime) as streams:
        await world.sam.ask(SWITCH, on=False)

        assert await codes(streams) == ["INTEGRATION_DISABLED"] * 2


async def test_a_token_s_streams_end_within_two_seconds_of_its_expiry(
    postgres: Base, pair: tuple[Process, Process]
) -> None:
    world = await postgres.world(pair[0].server)
    secret = settings.current().jwt_secret
    assert secret is not None
    seconds = 3
    expires = timedelta(seconds=seconds) - tokens.LEEWAY
    token = tokens.sign(secret.get_secret_value(), world.rita.email, world.slug, expires / timedelta(hours=1))
    async with followed_on(pair, Person(world.server, f"Bearer {token}")) as streams:
        ended = [await stream.error(within=seconds + 2) for stream in streams]

        assert [error["code"] for error in ended] == ["UNAUTHENTICATED"] * 2


async def test_a_changed_role_narrows_and_widens_the_streams_of_every_process_within_two_seconds(
    postgres: Base, pair: tuple[Process, Process]
) -> None:
    world = await postgres.world(pair[0].server)
    async with followed_on(pair, world.rita) as streams:

        async def get_others(expected: bool) -> bool:
            """Whether both streams get, or don't, a change of a panel on which Rita doesn't sit before one of hers."""
            for name, who in (("others'", "ivo"), ("hers", "rita")):
                note = str(len(await postgres.log(world)))
                await world.goodtime.push(**world.a_panel(name, world.an_interview("one", who), note=note))
            got = []
            for stream in streams:
                first = (await stream.next())["panel"]["externalId"]
                got.append(first == "others'" and (await stream.next())["panel"]["externalId"] == "hers")
            return got == [expected, expected]

        assert await get_others(True)
        await synced(world, world.rita, "INTERVIEWER")
        await eventually(lambda: get_others(False), within=2)
        await synced(world, world.rita, "TEAM_MEMBER")
        await eventually(lambda: get_others(True), within=2)


async def test_a_process_that_is_told_to_go_ends_its_pushes_and_its_streams_and_exits_in_time(
    postgres: Base, pair: tuple[Process, Process]
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
        async with postgres.held("SELECT 1 FROM account WHERE id = $1 FOR NO KEY UPDATE", world.account.id):
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


#: A change told at such length that a few fill every buffer of the network.
AT_LENGTH = (
    "subscription ($after: String) { interviewPanelChanges(after: $after) { cursor kind panel { externalId "
    + " ".join(f"note{number}: note" for number in range(25))
    + " } } }"
)


@contextlib.asynccontextmanager
async def stalled(person: Person, query: str = AT_LENGTH) -> AsyncIterator[websockets.ClientConnection]:
    """Follows from the beginning, and takes nothing until the block is done."""
    narrow = socket.socket()
    narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    narrow.setblocking(False)
    host, port = person.server.address.removeprefix("http://").split(":")
    await asyncio.get_running_loop().sock_connect(narrow, (host, int(port)))
    protocols = [websockets.Subprotocol("graphql-transport-ws")]
    async with websockets.connect(
        person.server.websocket, sock=narrow, subprotocols=protocols, max_queue=1, ping_interval=None, close_timeout=0.1
    ) as client:
        await client.send(json.dumps({"type": "connection_init", "payload": {"Authorization": person.authorization}}))
        assert json.loads(await client.recv())["type"] == "connection_ack"
        variables = {"after": changes.cursor_at(0)}
        payload = {"query": query, "variables": variables}
        await client.send(json.dumps({"type": "subscribe", "id": "1", "payload": payload}))
        yield client


async def test_who_stalls_is_cut_off_with_the_reason_and_nobody_else_notices(
    postgres: Base, pair: tuple[Process, Process]
) -> None:
    async with serving(postgres.url, send_seconds=1) as process:
        world = await postgres.world(process.server)
        subscriber = Subscriber(world.ada)
        async with following(subscriber), stalled(world.rita) as client:
            for number in range(12):
                await pushed(world, f"panel {number}", by=process, note="x" * 20_000)
            await eventually(lambda: any("does not read" in line for line in process.log()), within=20)
            told = [json.loads(text)["payload"]["data"] async for text in lines_of(client)]
            expected = await all_received(postgres, world, subscriber)

    received = [data["interviewPanelChanges"]["cursor"] for data in told]
    assert received == [row[0] for row in expected][: len(received)]
    assert (client.close_code, client.close_reason) == (4408, "TOO_SLOW")
    assert subscriber.connections == 1


async def lines_of(client: websockets.ClientConnection) -> AsyncIterator[str]:
    """All that a client still receives until it is closed."""
    with contextlib.suppress(websockets.ConnectionClosed):
        while True:
            yield str(await client.recv())


async def test_who_falls_a_buffer_behind_gets_the_cursor_to_resume_from_and_nobody_else_notices(
    postgres: Base, pair: tuple[Process, Process]
) -> None:
    async with serving(postgres.url, subscriber_buffer=20) as process:
        world = await postgres.world(process.server)
        subscriber, resumed = Subscriber(world.ada), Subscriber(world.rita)
        async with following(subscriber), stalled(world.rita) as client:
            for number in range(40):
                await pushed(world, f"panel {number}", by=process, note="x" * 20_000)
            messages = [json.loads(text) async for text in until_complete(client)]
            expected = await all_received(postgres, world, subscriber)
            *told, error = messages
            [refusal] = error["payload"]["errors"]
            resumed.cursor = refusal["extensions"]["cursor"]
            async with following(resumed):
                await resumed.until(expected[-1][0])

    received = [message["payload"]["data"]["interviewPanelChanges"]["cursor"] for message in told]
    assert refusal["extensions"]["code"] == "TOO_SLOW"
    assert received + [row[0] for row in resumed.received] == [row[0] for row in expected]
    assert 0 < len(resumed.received) < 40
    assert (subscriber.connections, resumed.connections) == (1, 1)


async def until_complete(client: websockets.ClientConnection) -> AsyncIterator[str]:
    async for text in lines_of(client):
        if json.loads(text)["type"] == "complete":
            return
        yield text


async def test_a_rolling_restart_under_load_loses_and_repeats_nothing(postgres: Base) -> None:
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


async def test_two_that_prune_at_once_drop_each_change_once(postgres: Base, pair: tuple[Process, Process]) -> None:
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
    said = [(await each.communicate())[0].decode() for each in both]

    assert sum(int(line.split()[1]) for line in said) == 3_501
    assert [each.returncode for each in both] == [0, 0]
    async with world.rita.following(after=changes.cursor_at(1)) as expired:
        assert (await expired.error())["code"] == "CURSOR_EXPIRED"
