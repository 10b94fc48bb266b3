"""The recipes for clients: each follows changes through a cut, a restart and a sleep, and misses and repeats none."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
import websockets

from tests.conftest import DATABASE_URL
from tests.network_proxy import network_proxy
from tests.people import FOLLOW, Person
from tests.processes import Installation, port_of, tool, until, with_packages
from tests.world import World

pytestmark = pytest.mark.once

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "examples" / "recipes"
PROTOCOL = websockets.Subprotocol("graphql-transport-ws")
#: Apollo's and Relay's take a cursor before they load; the others begin where the server says that they do.
RECIPES = ["apollo.mjs", "follow_gql.py", "relay.mjs", "sse.mjs", "urql.mjs", "ws.mjs"]


@pytest.mark.parametrize("path", sorted([*FOLDER.glob("*.mjs"), *FOLDER.glob("*.py")]), ids=lambda path: path.name)
def test_a_recipe_is_short_enough_to_be_copied(path: Path) -> None:
    assert len(path.read_text().splitlines()) < 60


def test_the_lockfile_names_no_registry() -> None:
    assert "resolved" not in (FOLDER / "package-lock.json").read_text()


def program_of(name: str) -> list[str]:
    """What runs a recipe. Skips where this machine can't."""
    folder = with_packages(FOLDER, "relay-runtime")
    return [sys.executable if name.endswith(".py") else tool("node"), str(folder / name)]


class Recipe:
    """A recipe at work."""

    def __init__(self, name: str, process: asyncio.subprocess.Process) -> None:
        self.name, self._process = name, process
        #: The external ids of the panels whose changes it has shown.
        self.shown: list[str] = []

    async def read(self) -> None:
        assert self._process.stdout
        async for line in self._process.stdout:
            _, _, external_id, _ = line.decode().split()
            self.shown.append(external_id)


@asynccontextmanager
async def cooking(name: str, port: int, person: Person) -> AsyncIterator[Recipe]:
    """The recipe, which follows as that person."""
    assert person.authorization
    arguments = [f"http://127.0.0.1:{port}/graphql", person.authorization.removeprefix("Bearer ")]
    process = await asyncio.create_subprocess_exec(
        *(*program_of(name), *arguments),
        stdout=asyncio.subprocess.PIPE,
        env=os.environ | {"SILENCE_MS": "1500"},
    )
    recipe = Recipe(name, process)
    reading = asyncio.create_task(recipe.read())
    try:
        yield recipe
    finally:
        reading.cancel()
        if process.returncode is None:
            process.kill()
        await process.wait()


@pytest.mark.parametrize("name", ["push_apollo.mjs", "push_gql.py"])
async def test_a_recipe_pushes_a_panel_and_may_push_it_again(name: str, world: World) -> None:
    assert world.goodtime.authorization
    key = world.goodtime.authorization.removeprefix("Bearer ")
    command = [*program_of(name), world.server.graphql, key, "carla", world.email("ivo")]

    printed = []
    for _ in range(2):
        process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
        printed.append((await process.communicate())[0].decode().split())

    assert printed == [["CREATED", "SCHEDULED"], ["UNCHANGED", "SCHEDULED"]]


async def test_whoever_follows_without_a_cursor_is_told_first_where_they_begin(world: World) -> None:
    await world.goodtime.push(**world.a_panel())
    begin = (await world.rita.ask("{ changeCursor }"))["changeCursor"]

    async with websockets.connect(world.server.websocket, subprotocols=[PROTOCOL]) as socket:
        payload = {"headers": world.rita.headers}
        await socket.send(json.dumps({"type": "connection_init", "payload": payload}))
        acknowledgement = json.loads(await socket.recv())
    cursors = []
    for query in (FOLLOW, "{ changeCursor }"):
        headers = {**world.rita.headers, "accept": "text/event-stream"}
        async with world.server.http.stream(
            "POST", world.server.graphql, json={"query": query}, headers=headers
        ) as response:
            cursors.append(response.headers.get("change-cursor"))

    assert acknowledgement == {"type": "connection_ack", "payload": {"changeCursor": begin}}
    assert cursors == [begin, None]


async def test_no_recipe_misses_or_repeats_a_change(world: World, place: Path) -> None:
    pushed: list[str] = []

    async def push() -> str:
        pushed.append(f"panel-{len(pushed)}")
        await world.goodtime.push(**world.a_panel(pushed[-1]))
        return pushed[-1]

    installation = Installation(place, DATABASE_URL)
    async with network_proxy(0) as line, AsyncExitStack() as recipes:

        async def all_show(external_id: str) -> None:
            await until(lambda: all(external_id in recipe.shown for recipe in cooked), 60)

        async with installation.running("serve") as first:
            line.to = port_of(first.address)
            cooked = [await recipes.enter_async_context(cooking(each, line.port, world.rita)) for each in RECIPES]

            async def all_follow() -> bool:
                await push()
                await asyncio.sleep(0.2)
                return all(recipe.shown for recipe in cooked)

            await until(all_follow, 60)
            await all_show(await push())
            line.cut()
            await push()
            await all_show(await push())
            line.broken = True
            await first.stop()
            await push()
        async with installation.running("serve") as second:
            line.to, line.broken = port_of(second.address), False
            await all_show(await push())
            line.silence()
            await push()
            await asyncio.sleep(2)
            line.resume()
            await all_show(await push())

    for recipe in cooked:
        assert recipe.shown == pushed[-len(recipe.shown) :], recipe.name
