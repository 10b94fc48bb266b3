"""Operations over one WebSocket: answers, limits, and how the connection ends."""

import asyncio
import json
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus

from tests.conftest import Set
from tests.people import FOLLOW, PUSH, Server
from tests.processes import Installation
from tests.websocket_messages import SCHEMA, closed, messages, opened
from tests.world import World

pytestmark = pytest.mark.once


async def test_queries_and_mutations_are_answered_once_and_completed(world: World) -> None:
    async with world.goodtime.connected() as connection:
        await connection.send(type="subscribe", id="a", payload={"query": "{ viewer { __typename } }"})
        asked = await messages(connection, "a")
        variables = {"input": world.a_panel()}
        await connection.send(type="subscribe", id="b", payload={"query": PUSH, "variables": variables})
        pushed = await messages(connection, "b")

    assert asked == [
        {"type": "next", "id": "a", "payload": {"data": {"viewer": {"__typename": "Integration"}}}},
        {"type": "complete", "id": "a"},
    ]
    assert [message["type"] for message in pushed] == ["next", "complete"]
    assert pushed[0]["payload"]["data"]["upsertInterviewPanel"]["outcome"] == "CREATED"


async def test_the_operation_is_chosen_by_its_name(world: World) -> None:
    query = "query A { a: __typename } query B { b: __typename }"
    async with world.rita.connected() as connection:
        await connection.send(type="subscribe", id="1", payload={"query": query, "operationName": "B"})

        assert (await connection.receive())["payload"] == {"data": {"b": "Query"}}


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ({"query": "{"}, "GRAPHQL_PARSE_FAILED"),
        ({"query": "{ nothing }"}, "GRAPHQL_VALIDATION_FAILED"),
        ({"query": "query A { __typename } query B { __typename }"}, "BAD_USER_INPUT"),
        ({"query": "query ($id: ID!) { node(id: $id) { id } }"}, "BAD_USER_INPUT"),
        ({"query": FOLLOW, "variables": {"after": 1}}, "BAD_USER_INPUT"),
        ({"query": "subscription { a: __typename b: __typename }"}, "GRAPHQL_VALIDATION_FAILED"),
        ({"query": "query ($a: ID!) { node(id: $a) { id } }", "variables": {"a": "\x00"}}, "BAD_USER_INPUT"),
    ],
)
async def test_what_never_ran_is_an_error_and_the_connection_goes_on(
    payload: dict[str, Any], code: str, world: World
) -> None:
    async with world.rita.connected() as connection:
        await connection.send(type="subscribe", id="1", payload=payload)
        [error] = await messages(connection, "1")
        await connection.send(type="subscribe", id="1", payload=SCHEMA)
        again = await messages(connection, "1")

    assert error["type"] == "error"
    assert {each["extensions"]["code"] for each in error["payload"]} == {code}
    assert [message["type"] for message in again] == ["next", "complete"]


async def test_what_went_wrong_while_it_ran_is_an_error_beside_the_data(world: World) -> None:
    async with world.ivo.connected() as connection:
        await connection.send(type="subscribe", id="1", payload={"query": "{ integrations { name } }"})
        received, completed = await messages(connection, "1")

    assert received["payload"]["data"] is None
    assert received["payload"]["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert completed["type"] == "complete"


async def test_a_completed_subscription_is_heard_of_no_more_and_its_id_is_free(world: World) -> None:
    async with world.rita.connected() as connection:
        following = await connection.follow()
        await world.goodtime.push(**world.a_panel("one"))
        await following.next()
        await connection.send(type="complete", id=following.id)
        await connection.send(type="complete", id="never was")
        await connection.send(type="subscribe", id=following.id, payload=SCHEMA)
        answered = await messages(connection, following.id)
        await world.goodtime.push(**world.a_panel("two"))
        await following.expect_nothing()

    assert [message["type"] for message in answered] == ["next", "complete"]


async def test_one_connection_carries_many_operations(world: World) -> None:
    async with world.rita.connected() as connection:
        for id in ("a", "b"):
            await connection.send(type="subscribe", id=id, payload={"query": FOLLOW})
        for number in range(20):
            await connection.send(type="subscribe", id=str(number), payload=SCHEMA)
        answered = [await connection.receive() for _ in range(40)]
        await world.goodtime.push(**world.a_panel())
        followed = [await connection.receive() for _ in range(2)]

    assert {message["id"] for message in answered} == {str(number) for number in range(20)}
    assert {(message["type"], message["id"]) for message in followed} == {("next", "a"), ("next", "b")}


async def test_a_connection_takes_so_many_operations_at_a_time(world: World, limited: Set) -> None:
    limited(subscriptions_per_connection=2)

    async with world.rita.connected() as connection:
        for id in ("a", "b", "c"):
            await connection.send(type="subscribe", id=id, payload={"query": FOLLOW})
        refused = await connection.receive()
        await connection.send(type="complete", id="a")
        await connection.send(type="subscribe", id="c", payload=SCHEMA)
        answered = await messages(connection, "c")

    assert (refused["type"], refused["id"]) == ("error", "c")
    assert refused["payload"][0]["extensions"] == {"code": "LIMIT_EXCEEDED", "limit": 2}
    assert [message["type"] for message in answered] == ["next", "complete"]


async def test_a_user_has_so_many_connections(world: World, limited: Set) -> None:
    limited(connections_per_user=2)

    async with world.rita.connected(), world.rita.connected():
        async with opened(world.server) as third:
            await third.send(type="connection_init", payload={"Authorization": world.rita.authorization})
            assert await closed(third) == 1013
        async with world.ada.connected():
            pass

    async with world.rita.connected():
        pass


async def test_a_message_has_an_end(world: World) -> None:
    async with world.rita.connected() as connection:
        just_within = json.dumps({"type": "ping", "payload": {"text": "x" * 262_000}})
        await connection.socket.send(just_within)
        assert await connection.receive() == {"type": "pong"}

        await connection.socket.send(json.dumps({"type": "ping", "payload": {"text": "x" * 300_000}}))
        assert await closed(connection) == 1009


async def test_a_page_from_elsewhere_can_not_connect(world: World, limited: Set) -> None:
    limited(allowed_origins="https://ats.example")

    foreign = ("https://evil.example", "null", "https://ats.example.evil.example", "http://ats.example", "http://[")
    for origin in foreign:
        with pytest.raises(InvalidStatus) as refused:
            async with opened(world.server, origin=origin):
                pass
        assert refused.value.response.status_code == 403
    for origin in ("https://ats.example", world.server.address, None):
        async with opened(world.server, origin=origin) as connection:
            await connection.send(type="ping")
            assert await connection.receive() == {"type": "pong"}


async def test_a_server_that_goes_down_tells_its_followers_to_come_again(installation: Installation) -> None:
    await installation.done("account", "create", "acme", "--name", "Acme", "--super-admin", "sam@acme.example")
    token = await installation.done("token", "sam@acme.example")

    async with installation.running("serve") as process:
        server = Server(process.address)
        async with server, opened(server) as connection:
            await connection.send(type="connection_init", payload={"Authorization": f"Bearer {token}"})
            assert (await connection.receive())["type"] == "connection_ack"
            await connection.follow()

            stopping = asyncio.create_task(process.stop(within=10))

            assert await closed(connection) == 1012
            assert await stopping == 0

    assert [line for line in process.logged if line["level"] != "info"] == []


async def test_whoever_does_not_answer_a_ping_is_closed_so_that_they_come_back(installation: Installation) -> None:
    """As a laptop that sleeps. graphql-ws takes 1011 for final, and 1013 for passing."""
    handshake = [
        "GET /graphql HTTP/1.1",
        "Host: test",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Protocol: graphql-transport-ws",
    ]
    async with installation.running("serve", KEEP_ALIVE_SECONDS="0.2") as process, asyncio.timeout(20):
        reader, writer = await asyncio.open_connection("127.0.0.1", int(process.address.rpartition(":")[2]))
        writer.write("\r\n".join([*handshake, "", ""]).encode())
        await reader.readuntil(b"\r\n\r\n")
        frames = await reader.read()
        writer.close()

    ping, close = frames[:1], frames[2 + frames[1] :]
    assert ping == b"\x89"
    assert (close[:1], int.from_bytes(close[2:4])) == (b"\x88", 1013)
