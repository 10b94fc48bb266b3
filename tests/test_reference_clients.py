"""The protocols as others wrote them: the reference clients graphql-ws and graphql-sse from npm against the server."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import DATABASE_URL
from tests.network_proxy import NetworkProxy, network_proxy
from tests.people import CANCEL, FOLLOW, Person
from tests.processes import Installation, port_of, reference_clients, tool
from tests.world import World

pytestmark = pytest.mark.once


@pytest.fixture(params=["ws", "sse"])
def kind(request: pytest.FixtureRequest) -> str:
    """The client's name behind `graphql-`. Skips where this machine can't run it."""
    reference_clients()
    return str(request.param)


class Client:
    """A reference client at work."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._ids = 0
        #: What the connection itself had to say: `connected`, or `closed` with a code.
        self.messages: list[dict[str, Any]] = []

    def run(self, query: str, **variables: Any) -> str:
        """Begin an operation; its id."""
        self._ids += 1
        self._say(id=str(self._ids), query=query, variables=variables)
        return str(self._ids)

    def stop(self, id: str) -> None:
        """End an operation."""
        self._say(id=id, stop=True)

    async def heard(self) -> dict[str, Any]:
        """What comes next of any operation."""
        while True:
            message = await self._line()
            if "id" in message:
                return message
            self.messages.append(message)

    async def closed(self) -> dict[str, Any]:
        """How the connection was closed."""
        while "closed" not in (message := await self._line()):
            pass
        return message

    async def _line(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        async with asyncio.timeout(60):
            line = await self._process.stdout.readline()
        assert line, "the client goes on"
        return dict(json.loads(line))

    def _say(self, **what: Any) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(what).encode() + b"\n")


@asynccontextmanager
async def client(kind: str, person: Person, port: int | None = None) -> AsyncIterator[Client]:
    """The reference client, signed in as that person; on another port, where there is a cable between."""
    url = person.server.websocket if kind == "ws" else person.server.graphql
    if port is not None:
        url = f"{url.partition(':')[0]}://127.0.0.1:{port}/graphql"
    command = [tool("node"), str(reference_clients() / "client.mjs"), kind, url, person.authorization or ""]
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe)
    try:
        yield Client(process)
    finally:
        process.kill()
        await process.wait()


async def test_a_query_and_a_mutation_are_answered_once(kind: str, world: World) -> None:
    async with client(kind, world.rita) as follower:
        one = follower.run("{viewer{... on User{name}}}")
        assert [await follower.heard(), await follower.heard()] == [
            {"id": one, "next": {"data": {"viewer": {"name": "Rita"}}}},
            {"id": one, "complete": True},
        ]
        other = follower.run(CANCEL, input={"externalId": "nothing"})
        payload = (await follower.heard())["next"]["data"]["cancelInterviewPanel"]
        assert payload["errors"][0]["code"] == "NOT_FOUND"
        assert await follower.heard() == {"id": other, "complete": True}


async def test_what_cant_be_run_is_an_error_and_harms_nothing_else(kind: str, world: World) -> None:
    async with client(kind, world.rita) as follower:
        for query, code in [
            ("{nothing}", "GRAPHQL_VALIDATION_FAILED"),
            ("{", "GRAPHQL_PARSE_FAILED"),
            ("{" + "".join(f"a{number}:account{{id}}" for number in range(31)) + "}", "LIMIT_EXCEEDED"),
        ]:
            follower.run(query)
            heard = await follower.heard()
            errors = heard["error"] if "error" in heard else heard["next"]["errors"]
            assert code in {error["extensions"]["code"] for error in errors}
            if "next" in heard:
                assert "complete" in await follower.heard()
        follower.run("{account{name}}")
        assert (await follower.heard())["next"]["data"] == {"account": {"name": "Acme"}}


async def test_changes_arrive_as_they_are_committed_and_none_after_the_stop(kind: str, world: World) -> None:
    async with client(kind, world.rita) as follower:
        follow = follower.run(FOLLOW, after=await beginning(world))
        for number in range(3):
            await world.goodtime.push(**world.a_panel(str(number)))
            change = (await follower.heard())["next"]["data"]["interviewPanelChanges"]
            assert (change["kind"], change["panel"]["externalId"]) == ("CREATED", str(number))
        follower.stop(follow)
        assert await follower.heard() == {"id": follow, "complete": True}
        await world.goodtime.push(**world.a_panel("later"))
        asked = follower.run("{account{name}}")
        assert (await follower.heard())["id"] == asked


async def test_many_subscriptions_go_side_by_side(kind: str, world: World) -> None:
    async with client(kind, world.rita) as follower:
        begin = await beginning(world)
        follows = {follower.run(FOLLOW, after=begin) for _ in range(5)}
        await world.goodtime.push(**world.a_panel())

        assert {(await follower.heard())["id"] for _ in range(5)} == follows


async def test_after_a_cut_it_goes_on_behind_the_last_change(kind: str, world: World) -> None:
    async with network_proxy(port_of(world.server.address)) as line, client(kind, world.rita, line.port) as follower:
        follower.run(FOLLOW, after=await beginning(world))
        for number in range(6):
            if number % 2:
                line.cut()
            await world.goodtime.push(**world.a_panel(str(number)))
            change = (await follower.heard())["next"]["data"]["interviewPanelChanges"]
            assert change["panel"]["externalId"] == str(number)

    assert line.connections > 3


async def test_it_lives_through_a_restart_of_the_server(kind: str, world: World, place: Path) -> None:
    installation = Installation(place, DATABASE_URL)
    begin = await beginning(world)
    async with network_proxy(0) as line, client_when_there(kind, world, line, installation) as (follower, first):
        follower.run(FOLLOW, after=begin)
        await world.goodtime.push(**world.a_panel("before"))
        assert await panel_of(follower) == "before"
        line.broken = True
        await first.stop()
        await world.goodtime.push(**world.a_panel("meanwhile"))
        async with installation.running("serve") as second:
            line.to, line.broken = port_of(second.address), False
            assert await panel_of(follower) == "meanwhile"
            await world.goodtime.push(**world.a_panel("after"))
            assert await panel_of(follower) == "after"
            line.broken = True
        if kind == "ws":
            assert next(message["closed"] for message in follower.messages if "closed" in message) == 1012


async def test_whoever_is_not_let_in_is_refused_for_good(world: World) -> None:
    async with client("ws", Person(world.server, "Bearer nobody's")) as follower:
        assert await follower.closed() == {"closed": 4401, "reason": "UNAUTHENTICATED"}


async def beginning(world: World) -> str:
    """A cursor to follow from, so that no moment of subscribing matters."""
    await world.goodtime.push(**world.a_panel("first of all"))
    cursor = await world.rita.account_head()
    assert cursor is not None
    return cursor


async def panel_of(follower: Client) -> str:
    return str((await follower.heard())["next"]["data"]["interviewPanelChanges"]["panel"]["externalId"])


@asynccontextmanager
async def client_when_there(
    kind: str, world: World, line: NetworkProxy, installation: Installation
) -> AsyncIterator[tuple[Client, Any]]:
    """A server of its own, and the client at the other end of the line."""
    async with installation.running("serve") as first:
        line.to = port_of(first.address)
        async with client(kind, world.rita, line.port) as follower:
            yield follower, first
