"""Who gets in and who doesn't, by every way in: HTTP, server-sent events, and the WebSocket's two places for it."""

import base64
import json
from datetime import timedelta
from typing import Any

import pytest
import websockets
from graphql import get_introspection_query

import clock
import models
import settings
from auth import tokens
from tests.people import FOLLOW, Person
from tests.world import World

VIEWER = "{ viewer { __typename ... on User { email } ... on Integration { provider } } account { slug } }"


def token(world: World, email: str, account: str | None = None, hours: float = 1) -> str:
    """A token as the identity provider would sign it."""
    secret = settings.current().jwt_secret
    assert secret is not None
    return tokens.sign(secret.get_secret_value(), email, account or world.slug, hours)


def bearer(world: World, *positional: Any, **others: Any) -> Person:
    return Person(world.server, f"Bearer {token(world, *positional, **others)}")


async def by_http(world: World, authorization: str) -> str:
    """The account's slug, or the code of the refusal; likewise below."""
    answer = await Person(world.server, authorization).answer(VIEWER)
    return str(answer["data"]["account"]["slug"] if answer.get("data") else answer["errors"][0]["extensions"]["code"])


async def by_stream(world: World, authorization: str) -> str:
    headers = {"authorization": authorization, "accept": "text/event-stream"}
    response = await world.server.http.post(world.server.graphql, json={"query": VIEWER}, headers=headers)
    [line] = [line for line in response.text.splitlines() if line.startswith("data: ")]
    answer = json.loads(line.removeprefix("data: "))
    return str(answer["data"]["account"]["slug"] if answer.get("data") else answer["errors"][0]["extensions"]["code"])


async def by_init(world: World, authorization: str, name: str = "Authorization") -> str:
    return await _by_websocket(world, {name: authorization}, {})


async def by_lower_case_init(world: World, authorization: str) -> str:
    return await by_init(world, authorization, "authorization")


async def by_headers_of_init(world: World, authorization: str) -> str:
    return await _by_websocket(world, {"headers": {"Authorization": authorization}}, {})


async def by_header(world: World, authorization: str) -> str:
    return await _by_websocket(world, {}, {"authorization": authorization})


async def _by_websocket(world: World, payload: dict[str, Any], headers: dict[str, str]) -> str:
    protocol = websockets.Subprotocol("graphql-transport-ws")
    async with websockets.connect(
        world.server.websocket, subprotocols=[protocol], additional_headers=headers
    ) as socket:
        await socket.send(json.dumps({"type": "connection_init", "payload": payload}))
        try:
            assert json.loads(await socket.recv())["type"] == "connection_ack"
        except websockets.ConnectionClosed as closed:
            return closed.rcvd.reason if closed.rcvd and closed.rcvd.code == 4401 else repr(closed)
        await socket.send(json.dumps({"type": "subscribe", "id": "1", "payload": {"query": VIEWER}}))
        answer = json.loads(await socket.recv())
        return str(answer["payload"]["data"]["account"]["slug"])


WAYS = [by_http, by_stream, by_init, by_lower_case_init, by_headers_of_init, by_header]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
async def test_a_user_gets_in_by_a_token_and_the_integration_by_its_key(way: Any, world: World) -> None:
    key = str(world.goodtime.authorization).removeprefix("Bearer ")
    basic = base64.b64encode(f"{key}:".encode()).decode()

    for authorization in (f"Bearer {token(world, world.rita.email)}", f"Bearer {key}", f"Basic {basic}"):
        assert await way(world, authorization) == world.slug


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
async def test_nobody_else_gets_in(way: Any, world: World) -> None:
    other = await World.create(world.server)
    strangers = {
        "nobody's email": f"Bearer {token(world, 'stranger@anywhere.example')}",
        "an account where they are nobody": f"Bearer {token(world, world.rita.email, other.slug)}",
        "no account": f"Bearer {token(world, world.rita.email, 'nowhere')}",
        "an expired token": f"Bearer {token(world, world.rita.email, hours=-1)}",
        "no token": "Bearer nonsense",
        "a token as a password": f"Basic {token(world, world.rita.email)}",
        "another scheme": f"Digest {token(world, world.rita.email)}",
        "no scheme": token(world, world.rita.email),
        "nothing": "Bearer",
        "too much": f"Bearer {token(world, world.rita.email)} more",
        "a name longer than any": f"Bearer {token(world, 'x' * 500, 'y' * 500)}",
    }

    for what, authorization in strangers.items():
        assert await way(world, authorization) == "UNAUTHENTICATED", what


async def test_a_letter_whose_lower_case_is_ascii_is_not_the_ascii_letter(world: World) -> None:
    """KELVIN SIGN in lower case is `k`."""
    row = {"email": f"kim@{world.slug}.example", "name": "Kim", "role": "INTERVIEWER"}
    assert (await world.sam.sync("users", [row]))["errors"] == []

    assert await by_http(world, f"Bearer {token(world, row['email'].upper())}") == world.slug
    assert await by_http(world, f"Bearer {token(world, row['email'].replace('k', chr(0x212A)))}") == "UNAUTHENTICATED"


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
async def test_a_deactivated_user_gets_in_no_longer(way: Any, world: World) -> None:
    authorization = f"Bearer {token(world, world.ivo.email)}"
    assert await way(world, authorization) == world.slug
    row = {"externalId": "user-ivo", "email": world.ivo.email, "name": "Ivo", "role": "INTERVIEWER"}

    await world.sam.sync("users", [row | {"deactivated": True}])

    assert await way(world, authorization) == "UNAUTHENTICATED"


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
async def test_the_key_of_an_integration_that_is_off_is_refused_as_such(way: Any, world: World) -> None:
    await world.sam.ask("mutation { setIntegrationEnabled(provider: GOODTIME, enabled: false) { errors { code } } }")

    assert await way(world, str(world.goodtime.authorization)) == "INTEGRATION_DISABLED"


async def test_the_viewer_is_whoever_signed_in(world: World) -> None:
    rita = await world.rita.ask(VIEWER)
    goodtime = await world.goodtime.ask(VIEWER)

    assert rita["viewer"] == {"__typename": "User", "email": world.rita.email}
    assert goodtime["viewer"] == {"__typename": "Integration", "provider": "GOODTIME"}


async def test_the_email_of_a_token_names_a_user_without_regard_to_case(world: World) -> None:
    shouting = bearer(world, world.rita.email.upper())

    assert (await shouting.ask(VIEWER))["viewer"]["email"] == world.rita.email


async def test_one_person_of_two_accounts_is_in_the_one_that_the_token_names(world: World) -> None:
    other = await World.create(world.server)
    row = {"email": world.rita.email, "name": "Rita too", "role": "INTERVIEWER"}
    await other.sam.sync("users", [row])

    here = await bearer(world, world.rita.email).ask(VIEWER)
    there = await bearer(world, world.rita.email, other.slug).ask(VIEWER)

    assert (here["account"]["slug"], there["account"]["slug"]) == (world.slug, other.slug)


async def test_a_token_is_good_until_it_expires(world: World) -> None:
    rita, start = bearer(world, world.rita.email, hours=2), clock.now()

    with clock.reading(lambda: start + timedelta(hours=2)):
        await rita.ask(VIEWER)
    with clock.reading(lambda: start + timedelta(hours=2, minutes=1)):
        assert await rita.error_code(VIEWER) == "UNAUTHENTICATED"


async def test_a_role_counts_from_the_next_request_on(world: World) -> None:
    await models.User.filter(id=world.ada.id).update(role=models.Role.INTERVIEWER)

    assert await world.ada.error_code("{ stages { id } }") == "FORBIDDEN"


async def test_nobody_signed_in_reads_the_schema(world: World) -> None:
    shown = await world.nobody.ask(get_introspection_query())

    assert shown["__schema"]["queryType"]["name"] == "Query"
    assert await world.nobody.ask("{ __typename }") == {"__typename": "Query"}


async def test_nobody_signed_in_learns_nothing_else(world: World) -> None:
    answer = await world.nobody.answer("{ __typename account { slug } viewer { __typename } }")
    shown = await world.nobody.answer("query ($id: ID!) { __typename node(id: $id) { id } }", id=world.account.id)
    wrong = await world.nobody.answer("{ account { secrets } }")

    assert answer["data"] is None
    assert {error["extensions"]["code"] for error in answer["errors"]} == {"UNAUTHENTICATED"}
    assert shown["data"] == {"__typename": "Query", "node": None}
    assert [error["extensions"]["code"] for error in shown["errors"]] == ["UNAUTHENTICATED"]
    assert [error["extensions"]["code"] for error in wrong["errors"]] == ["GRAPHQL_VALIDATION_FAILED"]
    assert world.slug not in json.dumps([answer, shown, wrong])


async def test_a_subscription_over_server_sent_events_needs_a_sign_in(world: World) -> None:
    response = await world.server.http.post(
        world.server.graphql, json={"query": FOLLOW}, headers={"accept": "text/event-stream"}
    )

    [line] = [line for line in response.text.splitlines() if line.startswith("data: ")]
    assert json.loads(line.removeprefix("data: "))["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_a_websocket_takes_nothing_before_the_sign_in(world: World) -> None:
    protocol = websockets.Subprotocol("graphql-transport-ws")
    async with websockets.connect(world.server.websocket, subprotocols=[protocol]) as socket:
        await socket.send(json.dumps({"type": "subscribe", "id": "1", "payload": {"query": "{ __typename }"}}))

        with pytest.raises(websockets.ConnectionClosed) as closed:
            await socket.recv()

    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4401


async def test_the_payload_of_a_websocket_goes_before_its_header(world: World) -> None:
    payload = {"Authorization": f"Bearer {token(world, world.rita.email, hours=-1)}"}

    assert await _by_websocket(world, payload, world.rita.headers) == "UNAUTHENTICATED"


async def test_on_an_open_websocket_an_operation_is_refused_once_the_sign_in_is_over(world: World) -> None:
    start = clock.now()
    async with world.rita.connected() as connection:
        with clock.reading(lambda: start + timedelta(hours=2)):
            await connection.send(type="subscribe", id="1", payload={"query": VIEWER})
            message = await connection.receive()

    assert message["type"] == "error"
    assert message["payload"][0]["extensions"]["code"] == "UNAUTHENTICATED"
