"""How an operation may come: queries by GET too, mutations by POST only, at one address."""

import pytest

from tests.media_types import EVENT_STREAM, GRAPHQL_JSON, JSON, SCHEMA
from tests.world import World

pytestmark = pytest.mark.once

MUTATION = "mutation { setIntegrationEnabled(provider: GOODTIME, enabled: false) { errors { code } } }"


async def test_a_query_may_come_by_get(world: World) -> None:
    parameters = {
        "query": "query A { __typename } query B($n: Int) { users(first: $n) { edges { node { role } } } }",
        "operationName": "B",
        "variables": '{"n": 1}',
        "extensions": "{}",
    }
    response = await world.server.http.get(world.server.graphql, params=parameters, headers=world.rita.headers)

    assert len(response.json()["data"]["users"]["edges"]) == 1
    assert response.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"query": SCHEMA, "variables": "{"},
        {"query": SCHEMA, "variables": "[]"},
        {"query": SCHEMA, "extensions": "1"},
    ],
)
async def test_a_bad_get_is_400(parameters: dict[str, str], world: World) -> None:
    response = await world.server.http.get(world.server.graphql, params=parameters, headers=world.rita.headers)

    assert response.status_code == 400


@pytest.mark.parametrize("accept", [JSON, GRAPHQL_JSON, EVENT_STREAM, "*/*"])
async def test_no_mutation_comes_by_get(accept: str, world: World) -> None:
    for method in ("GET", "HEAD"):
        response = await world.server.http.request(
            method, world.server.graphql, params={"query": MUTATION}, headers={"accept": accept, **world.sam.headers}
        )
        assert response.status_code == 405
        assert response.headers["allow"] == "POST"

    assert await world.sam.ask("{ integration(provider: GOODTIME) { enabled } }") == {"integration": {"enabled": True}}


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS"])
async def test_other_methods_are_405(method: str, world: World) -> None:
    response = await world.server.http.request(method, world.server.graphql, json={"query": SCHEMA})

    assert response.status_code == 405
    assert set(response.headers["allow"].split(", ")) == {"GET", "HEAD", "POST"}
    assert response.headers["content-type"] == f"{JSON}; charset=utf-8"
    [error] = response.json()["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert "POST" in error["message"]


@pytest.mark.parametrize("accept", [JSON, GRAPHQL_JSON])
async def test_the_endpoint_may_have_a_slash_at_its_end(accept: str, world: World) -> None:
    headers = {"accept": accept, **world.rita.headers}
    body = {"query": "{ account { slug } }"}

    posted = await world.server.http.post(f"{world.server.graphql}/", json=body, headers=headers)
    got = await world.server.http.get(f"{world.server.graphql}/", params=body, headers=headers)
    put = await world.server.http.put(f"{world.server.graphql}/", json=body, headers=headers)

    assert posted.json() == got.json() == {"data": {"account": {"slug": world.slug}}}
    assert put.status_code == 405
    assert put.headers["content-type"] == f"{accept}; charset=utf-8"
