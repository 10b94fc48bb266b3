"""`graphql-transport-ws` to the letter: its messages and its close codes."""

import json
import tracemalloc
from typing import Any

import pytest

from tests.conftest import Set
from tests.people import FOLLOW
from tests.websocket_messages import PROTOCOL, SCHEMA, closed, messages, opened
from tests.world import World

pytestmark = pytest.mark.once


@pytest.mark.parametrize("offered", [None, ["graphql-ws"], ["graphql-transport-wss", "soap"]])
async def test_no_other_protocol_is_spoken(offered: list[str] | None, world: World) -> None:
    async with opened(world.server, subprotocols=offered) as connection:
        assert await closed(connection) == 4406


async def test_the_protocol_is_found_among_others(world: World) -> None:
    async with opened(world.server, subprotocols=["graphql-ws", PROTOCOL]) as connection:
        assert connection.socket.subprotocol == PROTOCOL


@pytest.mark.parametrize(
    "sent",
    [
        "",
        "{",
        "hello",
        "null",
        "[]",
        "[" * 5_000,
        b"\x00",
        b'{"type": "ping"}',
        {},
        {"type": "start", "id": "1", "payload": SCHEMA},
        {"type": "connection_ack"},
        {"type": "next", "id": "1", "payload": {}},
        {"type": "ping", "payload": "x"},
        {"type": "pong", "payload": []},
        {"type": "connection_init", "payload": "Bearer x"},
        {"type": "subscribe", "payload": SCHEMA},
        {"type": "subscribe", "id": "", "payload": SCHEMA},
        {"type": "subscribe", "id": 1, "payload": SCHEMA},
        {"type": "subscribe", "id": "1"},
        {"type": "subscribe", "id": "1", "payload": "{ __typename }"},
        {"type": "subscribe", "id": "1", "payload": {}},
        {"type": "subscribe", "id": "1", "payload": {"query": 1}},
        {"type": "subscribe", "id": "1", "payload": {**SCHEMA, "variables": "{}"}},
        {"type": "subscribe", "id": "1", "payload": {**SCHEMA, "operationName": 1}},
        {"type": "subscribe", "id": "1", "payload": {**SCHEMA, "extensions": []}},
        {"type": "complete"},
        {"type": "complete", "id": 1},
    ],
    ids=str,
)
async def test_what_is_no_message_closes_the_connection(sent: Any, world: World) -> None:
    async with world.rita.connected() as connection:
        await connection.socket.send(sent if isinstance(sent, str | bytes) else json.dumps(sent))

        assert await closed(connection) == 4400


async def test_nothing_is_run_before_the_connection_is_initialised(world: World) -> None:
    async with opened(world.server) as connection:
        await connection.send(type="subscribe", id="1", payload=SCHEMA)

        assert await closed(connection) == 4401


async def test_bad_credentials_close_the_connection(world: World) -> None:
    for payload in (
        {"Authorization": "Bearer x"},
        {"headers": {"Authorization": "Bearer x"}},
        {"headers": 1},
        {},
        None,
    ):
        async with opened(world.server) as connection:
            await connection.send(type="connection_init", **({} if payload is None else {"payload": payload}))
            assert await closed(connection) == 4401


async def test_a_connection_that_is_not_initialised_in_time_is_closed(world: World, limited: Set) -> None:
    limited(websocket_init_seconds=0.2)

    async with opened(world.server) as connection:
        await connection.send(type="ping")
        assert await closed(connection) == 4408


async def test_once_initialised_a_connection_may_be_silent(world: World, limited: Set) -> None:
    limited(websocket_init_seconds=0.2)

    async with world.rita.connected() as connection:
        with pytest.raises(TimeoutError):
            await connection.receive(within=0.5)
        await connection.send(type="ping")
        assert await connection.receive() == {"type": "pong"}


async def test_a_second_initialisation_closes_the_connection(world: World) -> None:
    async with world.rita.connected() as connection:
        await connection.send(type="connection_init")

        assert await closed(connection) == 4429


async def test_a_ping_is_answered_at_any_time_and_a_pong_needs_no_ping(world: World) -> None:
    async with opened(world.server) as connection:
        await connection.send(type="ping", payload={"at": 1})
        await connection.send(type="pong")
        await connection.send(type="pong", payload={"at": 1})
        await connection.send(type="ping")

        assert [(await connection.receive())["type"] for _ in range(2)] == ["pong", "pong"]


async def test_an_id_belongs_to_one_operation_at_a_time(world: World) -> None:
    async with world.rita.connected() as connection:
        await connection.send(type="subscribe", id="1", payload={"query": FOLLOW})
        await connection.send(type="subscribe", id="1", payload=SCHEMA)

        assert await closed(connection) == 4409


async def test_a_reason_is_no_longer_than_a_close_can_tell(world: World) -> None:
    async with world.rita.connected() as connection:
        for _ in range(2):
            await connection.send(type="subscribe", id="é" * 80, payload={"query": FOLLOW})

        assert await closed(connection) == 4409
    assert (connection.socket.close_reason or "").startswith("Subscriber for éé")


async def test_an_id_has_at_most_500_characters(world: World) -> None:
    async with world.rita.connected() as connection:
        await connection.send(type="subscribe", id="é" * 500, payload=SCHEMA)
        assert [message["type"] for message in await messages(connection, "é" * 500)] == ["next", "complete"]

        await connection.send(type="subscribe", id="é" * 501, payload=SCHEMA)
        assert await closed(connection) == 4400
    assert connection.socket.close_reason == "The id of an operation has at most 500 characters"


async def test_a_subscription_keeps_nothing_that_its_operation_does_not_declare(world: World) -> None:
    large = {"query": FOLLOW + " " * 50_000, "undeclared": "x" * 150_000}
    async with world.rita.connected() as connection:
        await connection.follow(**large)
        tracemalloc.start()
        for _ in range(20):
            await connection.follow(**large)
        kept, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()

    assert kept < 1_000_000, "of four million that were sent"
