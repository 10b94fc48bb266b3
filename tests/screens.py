"""Screens of people who follow an account, and load on it: whatever happens, in the end they show what is so."""

import asyncio
import contextlib
import itertools
import json
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass, field

import httpx
import websockets

from tests.people import Person
from tests.processes import until

CANDIDATES = "candidates(first: 100) { edges { node { id externalId name } } }"
LOAD = f"{{ {CANDIDATES} }}"
FOLLOW = """subscription ($after: String) { changes(after: $after) {
  cursor ... on CandidateChange { candidate { id externalId name } } } }"""
PAGE = """query ($after: String) { changes(after: $after, first: 500) {
  pageInfo { endCursor hasNextPage } edges { cursor } } }"""


async def rename(sam: Person, number: int, name: str) -> None:
    row = {"externalId": f"candidate-{number}", "name": name, "stage": "Applied"}
    assert (await sam.sync("candidates", [row]))["errors"] == []


async def head(sam: Person) -> str:
    return str((await sam.ask("{ changeCursor }"))["changeCursor"])


@dataclass
class Load:
    """Candidates get other names all the time, whatever is answered: each name is a number higher than those before."""

    sam: Person
    acknowledged: int = 0
    is_over: bool = False
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    async def _run(self) -> None:
        for number in self._numbers:
            with contextlib.suppress(AssertionError, httpx.HTTPError):
                await rename(self.sam, 100 + number % 40, str(number))
                self.acknowledged += 1
            if self.is_over:
                return
            await asyncio.sleep(0.1)

    async def goes_on(self) -> None:
        """Returns once ten more have been acknowledged."""
        before = self.acknowledged
        await until(lambda: self.acknowledged >= before + 10)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator["Load"]:
        """While the block runs two are at it; at its end what they have asked for is done or refused."""
        tasks = [asyncio.create_task(self._run()) for _ in range(2)]
        try:
            yield self
            self.is_over = True
            await asyncio.gather(*tasks)
        finally:
            await end(tasks)


async def end(tasks: Iterable[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@dataclass
class Screen:
    """What one subscriber shows: loaded, then changed by what is delivered; loaded afresh where the cursor expires."""

    sam: Person
    shown: dict[str, str] = field(default_factory=dict)
    cursor: str | None = None
    expired: int = 0
    #: Where it was loaded last, and what has been delivered since.
    loaded_at: str = ""
    received: list[str] = field(default_factory=list)

    async def run(self) -> None:
        while True:
            with contextlib.suppress(OSError, AssertionError, httpx.HTTPError, websockets.WebSocketException):
                if self.cursor is None:
                    await self.load()
                await self._follow()
            await asyncio.sleep(0.1)

    async def load(self) -> None:
        # By a request of its own: fields that stand side by side are read in no order.
        self.loaded_at = await head(self.sam)
        nodes = [edge["node"] for edge in (await self.sam.ask(LOAD))["candidates"]["edges"]]
        self.shown = {node["externalId"]: node["name"] for node in nodes}
        self.cursor = self.loaded_at
        self.received = []

    async def _follow(self) -> None:
        async with self.sam.connected() as connection:
            following = await connection.follow(FOLLOW, after=self.cursor)
            while True:
                message = await following.message(within=60)
                if message["type"] == "complete":
                    return
                if message["type"] == "error" or "errors" in message["payload"]:
                    self._note(json.dumps(message))
                    return
                change = message["payload"]["data"]["changes"]
                self.cursor = change["cursor"]
                self.received.append(change["cursor"])
                self.shown[change["candidate"]["externalId"]] = change["candidate"]["name"]

    def _note(self, message: str) -> None:
        if "CURSOR_EXPIRED" in message:
            self.cursor, self.expired = None, self.expired + 1


@contextlib.asynccontextmanager
async def screens(sam: Person, count: int = 20) -> AsyncIterator[list[Screen]]:
    """So many subscribers, who follow while the block runs."""
    made = [Screen(sam) for _ in range(count)]
    tasks = [asyncio.create_task(screen.run()) for screen in made]
    try:
        await until(lambda: all(screen.cursor for screen in made))
        yield made
    finally:
        await end(tasks)


async def all_show_what_is_so(sam: Person, made: list[Screen]) -> None:
    """Returns once every screen, whose cursor has expired, shows what a fresh load does and has received the log."""

    async def show_what_is_so() -> bool:
        # Loaded each time: what was asked for and refused may still have been under way.
        fresh = Screen(sam)
        await fresh.load()
        seen = (fresh.cursor, fresh.shown)
        return all(screen.expired and (screen.cursor, screen.shown) == seen for screen in made)

    await until(show_what_is_so, seconds=20)
    logs = {loaded_at: await log_after(sam, loaded_at) for loaded_at in {screen.loaded_at for screen in made}}
    for screen in made:
        assert screen.received == logs[screen.loaded_at]
        screen.expired = 0


async def log_after(sam: Person, cursor: str) -> list[str]:
    page = (await sam.ask(PAGE, after=cursor))["changes"]
    assert not page["pageInfo"]["hasNextPage"]
    return [edge["cursor"] for edge in page["edges"]]
