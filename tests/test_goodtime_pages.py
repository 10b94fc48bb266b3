"""What stands between GoodTime's pages, a simulation, and the API. How they are clicked is with the console's tests."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

import serving
from simulator import site
from tests.test_goodtime_runs import key_of
from tests.world import World

pytestmark = pytest.mark.once


@pytest.fixture
async def pages(world: World) -> AsyncIterator[httpx.AsyncClient]:
    """A browser, as it were, on the pages of a scheduler that has no key yet."""
    listening = serving.bind("127.0.0.1", 0)
    address = serving.address(listening)
    server = site.server(site.Site(world.server.graphql, address))
    task = asyncio.create_task(server.serve(sockets=[listening]))
    async with httpx.AsyncClient(base_url=address, verify=False) as client:
        yield client
    server.should_exit = True
    await task


async def test_every_page_is_there_and_says_what_it_may_load(pages: httpx.AsyncClient) -> None:
    for path in ("/", "/settings", "/candidates?id=carla", "/panels/p"):
        page = await pages.get(path)
        assert "Simulation." in page.text
        assert "default-src 'none'" in page.headers["content-security-policy"]
    assert (await pages.get("/pages/app.js")).is_success


async def test_a_key_is_tried_before_it_is_kept_and_never_shown(pages: httpx.AsyncClient, world: World) -> None:
    token = str(world.sam.authorization).removeprefix("Bearer ")
    refused = [(await pages.post("/key", json={"key": key})).json()["error"] for key in ("", "cb_live_wrong", token)]
    before = (await pages.get("/state")).json()
    taken = await pages.post("/key", json={"key": f" {key_of(world)}\n"})
    state = await pages.get("/state")

    assert all(refused)
    assert (before["connected"], before["key"], before["simulation"]) == (None, None, "off")
    assert state.json()["connected"] == taken.json()["connected"]
    assert state.json()["key"] == key_of(world)[:12] + "…"
    assert key_of(world) not in state.text


async def test_operations_get_the_key_and_come_back_as_they_were_answered(
    pages: httpx.AsyncClient, world: World
) -> None:
    who = {"query": '{ viewer { __typename } candidate(externalId: "nobody") { id } }'}
    without = await pages.post("/graphql", json=who)
    await pages.post("/key", json={"key": key_of(world)})
    answered = await pages.post("/graphql", json=who)
    wrong = await pages.post("/graphql", json={"query": "{ nothing }"})

    assert without.status_code == 409
    assert "paste a key" in without.json()["errors"][0]["message"]
    assert answered.json() == {"data": {"viewer": {"__typename": "Integration"}, "candidate": None}}
    assert "nothing" in wrong.json()["errors"][0]["message"]


async def test_another_site_can_neither_use_the_key_nor_change_it(pages: httpx.AsyncClient, world: World) -> None:
    await pages.post("/key", json={"key": key_of(world)})

    plain = {"content-type": "text/plain"}
    used = await pages.post("/graphql", content='{"query": "{ viewer { __typename } }"}', headers=plain)
    elsewhere = await pages.get("/state", headers={"host": "evil.example"})

    assert "data" not in used.json()
    assert elsewhere.status_code == 400
