"""Automatic persisted queries: a client sends the hash of a document, and the document itself only where it has to."""

import hashlib
import json
from typing import Any

import pytest

from tests.conftest import Set
from tests.people import FOLLOW, Person
from tests.processes import until
from tests.world import World

pytestmark = pytest.mark.once


def asked(query: str | None = None, by: str | None = None, **more: Any) -> dict[str, Any]:
    """A request that names the document by its hash, and may bring it."""
    sha256 = hashlib.sha256((by if by is not None else query or "").encode()).hexdigest()
    body = {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": sha256}}, **more}
    return body if query is None else body | {"query": query}


async def posted(person: Person, body: dict[str, Any], accept: str = "application/json") -> tuple[int, dict[str, Any]]:
    headers = person.headers | {"accept": accept}
    response = await person.server.http.post(person.server.graphql, json=body, headers=headers)
    return response.status_code, response.json()


def code(answer: dict[str, Any]) -> str:
    [error] = answer["errors"]
    return str(error["extensions"]["code"])


async def test_a_document_is_sent_once_and_then_named_by_its_hash(world: World) -> None:
    query = "query Sent($id: ID!) { node(id: $id) { id } viewer { __typename } } # once"
    variables = {"id": world.rita.id}

    _, unknown = await posted(world.rita, asked(by=query, variables=variables))
    _, registered = await posted(world.rita, asked(query, variables=variables))
    _, named = await posted(world.rita, asked(by=query, variables=variables))

    assert unknown == {
        "errors": [{"message": "PersistedQueryNotFound", "extensions": {"code": "PERSISTED_QUERY_NOT_FOUND"}}]
    }
    assert registered == named == {"data": {"node": {"id": world.rita.id}, "viewer": {"__typename": "User"}}}


async def test_what_is_named_by_a_hash_may_come_by_get_and_is_no_mutation(world: World) -> None:
    query, mutation = "{ account { slug } } # get", "mutation { revokeApiKey(id: 1) { errors { code } } } # get"
    for document in (query, mutation):
        await posted(world.sam, asked(document))

    async def got(document: str) -> tuple[int, dict[str, Any]]:
        parameters = {"extensions": json.dumps(asked(by=document)["extensions"])}
        response = await world.sam.server.http.get(
            world.sam.server.graphql, params=parameters, headers=world.sam.headers
        )
        return response.status_code, response.json()

    assert await got(query) == (200, {"data": {"account": {"slug": world.slug}}})
    assert (await got(mutation))[0] == 405


async def test_a_hash_that_is_not_known_is_200_to_old_clients_and_400_to_those_who_know_the_newer_type(
    world: World,
) -> None:
    body = asked(by="{ account { name } } # never sent")

    assert (await posted(world.rita, body))[0] == 200
    assert (await posted(world.rita, body, "application/graphql-response+json"))[0] == 400


@pytest.mark.parametrize(
    "persisted",
    [
        {"version": 1, "sha256Hash": "0" * 64},
        {"version": 2, "sha256Hash": hashlib.sha256(b"{ __typename }").hexdigest()},
        {"version": 1},
        {"version": 1, "sha256Hash": 5},
        "a hash",
        [],
    ],
)
async def test_a_hash_that_is_not_the_documents_is_refused(persisted: object, world: World) -> None:
    status, answer = await posted(world.rita, {"query": "{ __typename }", "extensions": {"persistedQuery": persisted}})

    assert (status, code(answer)) == (400, "BAD_USER_INPUT")


async def test_without_a_document_or_a_hash_nothing_is_asked(world: World) -> None:
    for body in ({}, {"extensions": {}}, {"query": 5, **asked(by="{ __typename }")}):
        status, answer = await posted(world.rita, body)
        assert (status, code(answer)) == (400, "BAD_USER_INPUT")


async def test_only_documents_that_can_be_run_are_kept(world: World, limited: Set) -> None:
    limited(max_depth=3)
    for document, refusal in (
        ("{ nothing } # kept", "GRAPHQL_VALIDATION_FAILED"),
        ("{ # kept", "GRAPHQL_PARSE_FAILED"),
        ("{ candidates { edges { node { id } } } } # kept", "LIMIT_EXCEEDED"),
    ):
        assert code((await posted(world.rita, asked(document)))[1]) == refusal
        assert code((await posted(world.rita, asked(by=document)))[1]) == "PERSISTED_QUERY_NOT_FOUND"


async def test_who_is_not_signed_in_pushes_out_nobodys_documents(world: World, limited: Set) -> None:
    limited(document_cache_bytes=1_048_576, address_cost_per_minute=10**6)
    [honest, *others] = [f"{{ account {{ slug }} }} # {number} {'-' * 1_000}" for number in range(20)]
    await posted(world.rita, asked(honest))

    for document in others:
        await posted(world.nobody, asked(document))

    known = [(await posted(world.rita, asked(by=document)))[1] for document in (honest, others[0], others[-1])]
    assert known[0] == {"data": {"account": {"slug": world.slug}}}
    assert [code(known[1]), known[2]] == ["PERSISTED_QUERY_NOT_FOUND", known[0]]


async def test_a_subscription_may_be_named_by_its_hash_as_well(world: World) -> None:
    document = FOLLOW + "# socket"
    async with world.rita.following(document), world.rita.connected() as connection:
        await connection.send(type="subscribe", id="1", payload=asked(by="subscription { never }"))
        unknown = await connection.receive()
        await connection.send(type="subscribe", id="2", payload=asked(by=document))
        await connection.send(type="ping")
        assert (await connection.receive())["type"] == "pong"
        await until(lambda: len(world.server.process.hub._channels[world.account.id].subscribers) == 2)
        await world.goodtime.push(**world.a_panel())
        change = await connection.receive()

    assert (unknown["type"], unknown["payload"][0]["message"]) == ("error", "PersistedQueryNotFound")
    assert (change["type"], change["id"]) == ("next", "2")
    assert change["payload"]["data"]["interviewPanelChanges"]["kind"] == "CREATED"
