"""graphql-transport-ws, message by message: who may connect, what closes a connection with which code, and limits."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest
import websockets
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.conftest import Set
from tests.processes import until
from tests.world import FOLLOW, Connection, Person, World
from transport import turns

PROTOCOL = websockets.Subprotocol("graphql-transport-ws")


@asynccontextmanager
async def opened(world: World, *protocols: str, **options: Any) -> AsyncIterator[Connection]:
    """A WebSocket on which nothing has been said."""
    spoken = [websockets.Subprotocol(its) for its in protocols] or [PROTOCOL]
    async with websockets.connect(world.server.websocket, subprotocols=spoken, **options) as socket:
        yield Connection(socket)


async def closing(connection: Connection) -> tuple[int, str]:
    """The code and the reason with which the server closes."""
    async with asyncio.timeout(10):
        with contextlib.suppress(ConnectionClosed):
            while True:
                await connection.socket.recv()
    assert connection.socket.close_code is not None, "the server said goodbye"
    return connection.socket.close_code, str(connection.socket.close_reason)


async def initialised(connection: Connection, person: Person) -> None:
    await connection.send(type="connection_init", payload={"Authorization": person.authorization})
    assert await connection.receive() == {"type": "connection_ack"}


@pytest.mark.parametrize(
    "message",
    [
        "",
        "no JSON",
        "[]",
        '"text"',
        "{}",
        '{"type":"nothing"}',
        '{"type":"subscribe"}',
        '{"type":"subscribe","id":"1"}',
        '{"type":"subscribe","id":"","payload":{"query":"{account{id}}"}}',
        '{"type":"subscribe","id":1,"payload":{"query":"{account{id}}"}}',
        '{"type":"subscribe","id":"1","payload":"{account{id}}"}',
        '{"type":"complete"}',
        '{"type":"connection_ack"}',
        "[" * 100_000,
        b"\x00\xff",
    ],
)
async def test_a_message_that_is_none_closes_with_4400(world: World, message: str | bytes) -> None:
    async with opened(world) as connection:
        await initialised(connection, world.rita)
        await connection.socket.send(message)

        assert (await closing(connection))[0] == 4400


async def test_to_subscribe_before_the_acknowledgement_closes_with_4401(world: World) -> None:
    async with opened(world) as connection:
        await connection.send(type="subscribe", id="1", payload={"query": "{account{id}}"})

        assert await closing(connection) == (4401, "Unauthorized")


@pytest.mark.parametrize(
    "payload",
    [None, {}, {"Authorization": "Bearer nobody's"}, {"Authorization": 1}, {"authorization": "Basic !"}, [], "Bearer"],
)
async def test_whoever_is_not_let_in_is_told_with_4403(world: World, payload: object) -> None:
    async with opened(world) as connection:
        await connection.send(type="connection_init", payload=payload)

        assert await closing(connection) == (4403, "UNAUTHENTICATED")


async def test_credentials_may_come_in_the_header_as_well(world: World) -> None:
    async with opened(world, additional_headers=world.rita.headers) as connection:
        await connection.send(type="connection_init")

        assert await connection.receive() == {"type": "connection_ack"}


async def test_who_says_nothing_in_time_is_closed_with_4408(world: World, limited: Set) -> None:
    limited(websocket_init_seconds=0.2)
    async with opened(world) as connection:
        assert await closing(connection) == (4408, "Connection initialisation timeout")


async def test_one_that_only_pings_is_closed_with_4408_all_the_same(world: World, limited: Set) -> None:
    limited(websocket_init_seconds=0.5)
    async with opened(world) as connection:
        for _ in range(5):
            await connection.send(type="ping")
            assert await connection.receive() == {"type": "pong"}

        assert (await closing(connection))[0] == 4408


async def test_an_id_that_is_in_use_closes_with_4409(world: World) -> None:
    async with opened(world) as connection:
        await initialised(connection, world.rita)
        for _ in range(2):
            await connection.send(type="subscribe", id="same", payload={"query": FOLLOW})

        assert await closing(connection) == (4409, "Subscriber for same already exists")


async def test_to_initialise_twice_closes_with_4429(world: World) -> None:
    async with opened(world) as connection:
        await initialised(connection, world.rita)
        await connection.send(type="connection_init")

        assert await closing(connection) == (4429, "Too many initialisation requests")


@pytest.mark.parametrize("protocol", ["graphql-ws", "something"])
async def test_no_other_protocol_is_spoken(world: World, protocol: str) -> None:
    async with opened(world, protocol) as connection:
        assert await closing(connection) == (4406, "Subprotocol not acceptable")


async def test_a_message_beyond_the_limit_closes_with_1009_and_one_of_just_the_limit_is_read(world: World) -> None:
    async with opened(world) as connection:
        await initialised(connection, world.rita)
        ping = json.dumps({"type": "ping"})
        await connection.socket.send(ping + " " * (256 * 1024 - len(ping)))
        assert await connection.receive() == {"type": "pong"}
        await connection.socket.send(ping + " " * (256 * 1024 - len(ping) + 1))

        assert (await closing(connection))[0] == 1009


async def test_beyond_its_subscriptions_a_connection_is_refused_more_and_keeps_those_it_has(
    world: World, limited: Set
) -> None:
    limited(subscriptions_per_connection=3)
    async with world.rita.connected() as connection:
        for id in "1234":
            await connection.send(type="subscribe", id=id, payload={"query": FOLLOW})
        refused = await connection.receive()
        assert (refused["type"], refused["id"]) == ("error", "4")
        assert refused["payload"][0]["extensions"] == {"code": "LIMIT_EXCEEDED", "limit": 3}

        await connection.send(type="complete", id="1")
        await connection.send(type="subscribe", id="5", payload={"query": FOLLOW})
        await connection.send(type="ping")
        assert await connection.receive() == {"type": "pong"}


async def test_a_user_has_so_many_connections_and_event_streams_at_a_time(world: World, limited: Set) -> None:
    limited(connections_per_user=3)
    stream = {**world.rita.headers, "accept": "text/event-stream"}
    async with AsyncExitStack() as stack:
        for _ in range(2):
            await stack.enter_async_context(world.rita.connected())
        await stack.enter_async_context(
            world.server.http.stream("POST", world.server.graphql, json={"query": FOLLOW}, headers=stream)
        )
        with pytest.raises(ConnectionClosed, match=r"4403.*LIMIT_EXCEEDED"):
            await stack.enter_async_context(world.rita.connected())
        answer = await world.server.http.post(world.server.graphql, json={"query": FOLLOW}, headers=stream)
        assert answer.status_code == 429
        assert answer.json()["errors"][0]["extensions"] == {"code": "LIMIT_EXCEEDED", "limit": 3}
        await stack.enter_async_context(world.leo.connected())
        await stack.enter_async_context(world.goodtime.connected())
        assert await world.rita.ask("{viewer{__typename}}")

    await until(lambda: not turns._open)
    async with world.rita.connected():
        pass


async def test_a_page_of_another_site_does_not_connect(world: World) -> None:
    for origin in ("https://evil.example", "null", "http://127.0.0.1", "http://127.0.0.1:1"):
        with pytest.raises(InvalidStatus) as refused:
            async with opened(world, origin=websockets.Origin(origin)):
                pass
        assert refused.value.response.status_code == 403, origin


async def test_our_own_pages_and_those_of_allowed_sites_connect(world: World, limited: Set) -> None:
    limited(allowed_origins="https://ats.example,https://other.example")

    for origin in (world.server.address, "https://ats.example", "https://other.example"):
        async with opened(world, origin=websockets.Origin(origin)) as connection:
            await initialised(connection, world.rita)
