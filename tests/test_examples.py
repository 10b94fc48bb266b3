"""The examples: valid under the contract, and the followers miss nothing and repeat nothing, whatever is cut."""

import asyncio
import contextlib
import fcntl
import functools
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import NoReturn

import httpx
import pytest
from graphql import build_schema, parse, validate

import settings
from auth import tokens
from resolvers import changes
from simulator import client as goodtime
from tests import forks, output_scan
from tests.forks import ForkedProcess
from tests.network_proxy import network_proxy
from tests.people import Person, Server
from tests.processes import http_client
from tests.world import World

pytestmark = pytest.mark.once

ROOT = Path(__file__).parent.parent
EXAMPLES = ROOT / "examples"
FOLLOWERS = [EXAMPLES / "follow.py", EXAMPLES / "follow.ts"]


def documents(path: Path) -> list[str]:
    """The GraphQL in a file, whole or between the quotes of its language."""
    if path.suffix == ".graphql":
        return [path.read_text()]
    return re.findall(r'(?:"""|`)((?:query|subscription) [^`"]*)(?:"""|`)', path.read_text())


@pytest.mark.parametrize("path", [*EXAMPLES.glob("*.graphql"), *FOLLOWERS], ids=lambda path: path.name)
def test_every_document_of_the_examples_is_valid_under_the_contract(path: Path) -> None:
    contract = build_schema((ROOT / "docs/contract.graphql").read_text())

    in_file = documents(path)

    assert len(in_file) == (2 if path in FOLLOWERS else 1)
    assert [error for document in in_file for error in validate(contract, parse(document))] == []


async def test_one_page_serves_all_roles(running: Server) -> None:
    world, page = await World.create(running), (EXAMPLES / "page.graphql").read_text()
    for person, role in (
        *((world.sam, "SUPER_ADMIN"), (world.ada, "ADMIN"), (world.rita, "TEAM_MEMBER")),
        *((world.leo, "LIMITED_TEAM_MEMBER"), (world.ivo, "INTERVIEWER")),
    ):
        shown = await person.ask(page, isTeam=role != "INTERVIEWER", isSuperAdmin=role == "SUPER_ADMIN")
        assert shown["viewer"]["role"] == role
        assert ("stages" in shown, "auditEvents" in shown) == (role != "INTERVIEWER", role == "SUPER_ADMIN")


@pytest.mark.parametrize("path", FOLLOWERS, ids=lambda path: path.name)
def test_a_follower_is_short_enough_to_be_copied(path: Path) -> None:
    assert len(path.read_text().splitlines()) < 80


@pytest.fixture(params=FOLLOWERS, ids=lambda path: path.name)
def follower(request: pytest.FixtureRequest) -> list[str]:
    """The command that runs a follower."""
    return [sys.executable, str(request.param)] if request.param.suffix == ".py" else node_follower()


@functools.cache
def node_follower() -> list[str]:
    """The TypeScript follower, compiled. Skips where this machine can't; with CI=true that is a failure."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        cannot("follow.ts needs Node.js and npm, which aren't installed")
    with (EXAMPLES / "package-lock.json").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (EXAMPLES / "node_modules/typescript").exists():
            installed = subprocess.run([npm, "ci"], cwd=EXAMPLES, capture_output=True, text=True)
            if installed.returncode:
                cannot(f"follow.ts needs its npm packages: {installed.stderr[-300:]}")
        subprocess.run([npm, "run", "--silent", "build"], cwd=EXAMPLES, check=True)
    return [node, "--experimental-websocket", str(EXAMPLES / "dist/follow.js")]


def cannot(why: str) -> NoReturn:
    if os.environ.get("CI") == "true":
        pytest.fail(why)
    pytest.skip(why)


class Follower:
    """A follower at work."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.seen: list[str] = []
        "The cursors of the changes that it printed."
        self.loaded: list[str] = []
        "The external ids of the panels that it loaded afresh."

    async def line(self) -> None:
        """Reads the next line that it prints."""
        assert self.process.stdout is not None
        async with asyncio.timeout(30):
            line = await self.process.stdout.readline()
        assert line, "the follower goes on for ever"
        cursor, kind, external_id, _ = line.decode().split()
        if kind == "LOADED":
            self.loaded.append(external_id)
        else:
            self.seen.append(cursor)

    async def until(self, cursor: str) -> None:
        """Reads on until it has printed the change of this cursor."""
        while cursor not in self.seen:
            await self.line()


@contextlib.asynccontextmanager
async def started(command: list[str], url: str, person: Person, *cursor: str) -> AsyncIterator[Follower]:
    """The follower, following `url` on behalf of a person."""
    assert person.authorization is not None
    token = person.authorization.removeprefix("Bearer ")
    process = await asyncio.create_subprocess_exec(*command, url, token, *cursor, stdout=asyncio.subprocess.PIPE)
    try:
        yield Follower(process)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.communicate()


def key_of(world: World) -> str:
    assert world.goodtime.authorization is not None
    return world.goodtime.authorization.removeprefix("Bearer ")


async def cursors(person: Person, after: str | None = None) -> list[str]:
    """The cursors of the log behind `after`."""
    lines: list[str] = []
    while page := await person.changes(after=lines[-1] if lines else after, first=500):
        lines += [change["cursor"] for change in page]
    return lines


async def test_a_follower_misses_nothing_and_repeats_nothing_however_often_it_is_cut_off(
    follower: list[str], world: World
) -> None:
    await world.goodtime.push(**world.a_panel())
    [begin] = await cursors(world.rita)
    async with (
        network_proxy(int(world.server.address.rpartition(":")[2])) as line,
        started(follower, f"ws://127.0.0.1:{line.port}/graphql", world.rita, begin) as run,
    ):
        running = asyncio.create_task(
            goodtime.simulate(world.server.address, key_of(world), panels=6, rate=1_000, seed=6)
        )
        for number in range(20):
            await run.line()
            if number % 5 == 0:
                line.cut()
        await running
        expected = await cursors(world.rita, after=begin)
        await run.until(expected[-1])

    assert line.connections > 2
    assert run.seen == expected
    assert run.loaded == []


async def test_a_follower_with_nothing_to_go_on_from_loads_everything_and_then_follows(
    follower: list[str], world: World
) -> None:
    await world.goodtime.push(**world.a_panel("first"))
    async with started(follower, world.server.websocket, world.rita) as run:
        await run.line()
        await world.goodtime.push(**world.a_panel("second"))
        await run.line()

    assert run.loaded == ["first"]
    assert run.seen == (await cursors(world.rita))[1:]


async def test_a_follower_whose_cursor_has_expired_loads_everything_and_then_follows(
    follower: list[str], world: World
) -> None:
    await world.goodtime.push(**world.a_panel("first"))
    [begin] = await cursors(world.rita)
    await world.goodtime.push(**world.a_panel("second"))
    await changes.prune(timedelta(0))
    await world.goodtime.push(**world.a_panel("third"))
    async with started(follower, world.server.websocket, world.rita, begin) as run:
        for _ in range(3):
            await run.line()
        await world.goodtime.push(**world.a_panel("fourth"))
        await run.line()

    assert sorted(run.loaded) == ["first", "second", "third"]
    assert run.seen == (await cursors(world.rita))[-1:]


async def test_a_follower_that_is_refused_ends(follower: list[str], world: World) -> None:
    async with started(follower, world.server.websocket, Person(world.server, "Bearer nobody's")) as run:
        async with asyncio.timeout(30):
            assert await run.process.wait() == 1


@contextlib.asynccontextmanager
async def served(place: Path, port: int) -> AsyncIterator[ForkedProcess | asyncio.subprocess.Process]:
    """`callboard demo` as a process of its own, ready; its database in `place` outlives it."""
    demo = ["demo", "--no-simulate", "--port", str(port)]
    environment = os.environ | {"CALLBOARD_DATABASE_URL": f"sqlite://{place}/demo.db"}
    with output_scan.log().open("w") as log:
        process = await forks.start(demo, ROOT, environment, forks.NOWHERE, log.fileno())
    try:
        async with asyncio.timeout(30), http_client() as http:
            while not await is_ready(http, port):
                assert process.returncode is None, "the server starts"
                await asyncio.sleep(0.05)
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def is_ready(http: httpx.AsyncClient, port: int) -> bool:
    with contextlib.suppress(httpx.TransportError):
        return (await http.get(f"http://127.0.0.1:{port}/readyz")).is_success
    return False


def demo_person(server: Server, name: str) -> Person:
    secret = settings.current().jwt_secret
    assert secret is not None
    return Person(server, f"Bearer {tokens.sign(secret.get_secret_value(), f'{name}@demo.example', 'demo', 1)}")


async def test_a_follower_misses_nothing_and_repeats_nothing_when_the_server_stops_dies_and_comes_back(
    follower: list[str], place: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    async with Server(f"http://127.0.0.1:{port}") as server:
        sam, rita = demo_person(server, "super-admin"), demo_person(server, "team-member")
        async with served(place, port):
            await sam.ask("mutation { setIntegrationEnabled(provider: GOODTIME, enabled: true) { errors { code } } }")
            key = (await sam.ask("mutation { key: generateApiKey(provider: GOODTIME) { secret } }"))["key"]["secret"]
            await goodtime.simulate(server.address, key, panels=1, rate=1_000, seed=7)
            begin = (await cursors(rita))[-1]
        async with started(follower, server.websocket, rita, begin) as run:
            for ending in (signal.SIGTERM, signal.SIGKILL):
                async with served(place, port) as process:
                    await goodtime.simulate(server.address, key, panels=2, rate=1_000, seed=7)
                    process.send_signal(ending)
            async with served(place, port):
                await goodtime.simulate(server.address, key, panels=1, rate=1_000, seed=7)
                expected = await cursors(rita, after=begin)
                await run.until(expected[-1])

    assert run.seen == expected
    assert run.loaded == []
