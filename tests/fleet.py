"""Several real processes of Callboard on one PostgreSQL database, and clients that follow through whatever happens.

Worlds are made by a process of their own (`python -m tests.fleet`), since one process can't be on two databases.
"""

import asyncio
import contextlib
import dataclasses
import json
import os
import signal
import socket
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import httpx
import websockets

import database
import models
import settings
from resolvers import changes
from tests import forks, kept
from tests.forks import ForkedProcess
from tests.processes import http_client, postgres_database
from tests.world import FOLLOW, Person, Server, World

ROOT = Path(__file__).parent.parent

#: What a subscriber receives of a change: the cursor, what happened, and to which panel.
Row = tuple[str, str, str]


class Base:
    """A database of PostgreSQL's for the processes of a fleet."""

    def __init__(self, url: str, sql: asyncpg.Connection, maker: asyncio.subprocess.Process) -> None:
        self.url = url
        self.sql = sql
        self._maker = maker

    async def world(self, server: Server) -> World:
        """A fresh account, whose people ask that server."""
        assert self._maker.stdin is not None
        assert self._maker.stdout is not None
        self._maker.stdin.write(b"\n")
        line = await self._maker.stdout.readline()
        assert line, "the worlds are made"
        made = json.loads(line)
        world = World()
        world.server, world.slug = server, made["slug"]
        world.account = models.Account(id=made["account"], slug=made["slug"], name="Acme")
        world.nobody = Person(server, None)
        for name, person in made["people"].items():
            setattr(world, name, Person(server, *person))
        world.candidates, world.templates, world.stages = made["candidates"], made["templates"], made["stages"]
        return world

    async def log(self, world: World) -> list[Row]:
        """The account's log as the database has it, as subscribers should receive it."""
        rows = await self.sql.fetch(
            """SELECT change.position, change.kind, panel.external_id FROM change
            JOIN panel ON panel.id = change.panel_id WHERE change.account_id = $1 ORDER BY change.position""",
            world.account.id,
        )
        assert [row["position"] for row in rows] == list(range(1, len(rows) + 1)), "the log is gap-free"
        return [(changes.cursor_at(row["position"]), row["kind"], row["external_id"]) for row in rows]

    async def lengthen(self, world: World, by: int, age: timedelta) -> None:
        """Put so many changes of that age behind the last one, as if the account had been busy then."""
        await self.sql.execute(
            """INSERT INTO change (account_id, position, panel_id, candidate_id, kind, actor_id, at)
            SELECT account_id, last.position + number, panel_id, candidate_id, kind, actor_id, now() - $3::interval
            FROM (SELECT * FROM change WHERE account_id = $1 ORDER BY position DESC LIMIT 1) AS last,
            generate_series(1, $2) AS number""",
            *(world.account.id, by, age),
        )
        await self.sql.execute("UPDATE account SET position = position + $2 WHERE id = $1", world.account.id, by)

    def through(self, port: int) -> str:
        """The database's URL over a line."""
        parts = urlsplit(self.url)
        return urlunsplit(parts._replace(netloc=parts.netloc.replace(str(parts.port), str(port))))

    @contextlib.asynccontextmanager
    async def locked(self, lock: str, *arguments: object) -> AsyncIterator[None]:
        """What the statement locks stays locked while the block runs."""
        connection = await asyncpg.connect(self.url)
        try:
            async with connection.transaction():
                await connection.execute(lock, *arguments)
                yield
        finally:
            await connection.close()

    @contextlib.asynccontextmanager
    async def slow_commits(self, world: World) -> AsyncIterator[None]:
        """While the block runs, a COMMIT of that account's changes waits for the advisory lock 42."""
        await self.sql.execute(
            f"""CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS
            'BEGIN PERFORM pg_advisory_xact_lock(42); RETURN NULL; END';
            CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON change DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
            WHEN (NEW.account_id = '{world.account.id}') EXECUTE FUNCTION wait()"""
        )
        try:
            yield
        finally:
            await self.sql.execute("DROP TRIGGER slow ON change; DROP FUNCTION wait()")

    async def waits(self, statement: str) -> bool:
        """Whether a process waits in such a statement for a lock."""
        count = await self.sql.fetchval(_WAITING, f"%{statement}%")
        return bool(count)

    async def rests(self, statement: str) -> bool:
        """Whether none does."""
        return not await self.waits(statement)


_WAITING = """SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE $1"""


@contextlib.asynccontextmanager
async def base() -> AsyncIterator[Base]:
    """A migrated database of PostgreSQL's, dropped at the end."""
    async with postgres_database() as address:
        url = f"{address}?sslmode=disable"
        maker = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.fleet"),
            **{"stdin": asyncio.subprocess.PIPE, "stdout": asyncio.subprocess.PIPE, "cwd": ROOT},
            env=os.environ | {"CALLBOARD_DATABASE_URL": url},
        )
        assert maker.stdout is not None
        assert await maker.stdout.readline(), "the database is migrated"
        sql = await asyncpg.connect(url)
        try:
            yield Base(url, sql, maker)
        finally:
            await sql.close()
            maker.kill()
            await maker.communicate()


class Process:
    """A `callboard serve` of its own."""

    def __init__(self, database_url: str, workers: int, its_settings: dict[str, object]) -> None:
        # Reserved for as long as this lives: bound, but not listening, so that the server can.
        self._reserved = socket.socket()
        self._reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._reserved.bind(("127.0.0.1", 0))
        self.port: int = self._reserved.getsockname()[1]
        self.server = Server(f"http://127.0.0.1:{self.port}")
        self._workers = workers
        self._environment = {
            **os.environ,
            "CALLBOARD_DATABASE_URL": database_url,
            **{f"CALLBOARD_{name.upper()}": str(value) for name, value in its_settings.items()},
        }
        self._stderr = kept.log().open("w+b")
        self._process: asyncio.subprocess.Process | ForkedProcess | None = None

    @property
    def process(self) -> asyncio.subprocess.Process | ForkedProcess:
        assert self._process is not None, "it has been started"
        return self._process

    async def start(self) -> None:
        """Returns when it is ready."""
        command = ["serve", "--port", str(self.port)]
        if self._workers > 1:
            command += ["--workers", str(self._workers)]
        self._process = await forks.start(command, ROOT, self._environment, forks.NOWHERE, self._stderr.fileno())
        await eventually(self._ready, within=60)

    async def _ready(self) -> bool:
        assert self.process.returncode is None, f"the server starts: {self.log()[-5:]}"
        with contextlib.suppress(httpx.TransportError):
            return (await self.server.http.get(f"{self.server.address}/readyz")).is_success
        return False

    def kill(self) -> None:
        """As `kill -9` does."""
        self.process.kill()

    def terminate(self) -> None:
        """As an orchestrator does it: SIGTERM."""
        self.process.send_signal(signal.SIGTERM)

    async def ended(self, within: float) -> int:
        """The exit code. Fails where it takes longer."""
        async with asyncio.timeout(within):
            return await self.process.wait()

    def log(self) -> list[str]:
        """The lines that it has logged."""
        self._stderr.seek(0)
        return self._stderr.read().decode().splitlines()

    def complaints(self) -> list[str]:
        """The lines of its log that are worse than news."""
        return [line for line in self.log() if json.loads(line).get("level") != "info"]

    async def close(self) -> None:
        if self._process is not None and self.process.returncode is None:
            self.kill()
            await self.process.wait()
        await self.server.http.aclose()
        self._reserved.close()
        self._stderr.close()


@contextlib.asynccontextmanager
async def serving(database_url: str, workers: int = 1, **its_settings: object) -> AsyncIterator[Process]:
    """A process that serves, with these settings."""
    process = Process(database_url, workers, its_settings)
    try:
        await process.start()
        yield process
    finally:
        await process.close()


@contextlib.asynccontextmanager
async def both_serving(database_url: str) -> AsyncIterator[tuple[Process, Process]]:
    """Two processes that serve."""
    both = Process(database_url, 1, {}), Process(database_url, 1, {})
    try:
        await asyncio.gather(*(process.start() for process in both))
        yield both
    finally:
        await asyncio.gather(*(process.close() for process in both))


def at(person: Person, server: Server) -> Person:
    """The same person, asking another server."""
    return dataclasses.replace(person, server=server)


class Subscriber:
    """Follows as a careful client does: after any end it goes on behind its last change, at the next address."""

    def __init__(self, person: Person, *addresses: str, after: str | None = None, **options: Any) -> None:
        self.received: list[Row] = []
        self.cursor = after or changes.cursor_at(0)
        self.connections = 0
        #: The codes of the errors and of the closes that it met, or what else ended a connection.
        self.ends: Counter[str] = Counter()
        self._person = person
        self._addresses = addresses or (person.server.websocket,)
        self._options = {"ping_interval": 1, "ping_timeout": 1, "open_timeout": 3, "close_timeout": 1, **options}
        self._more = asyncio.Condition()

    async def run(self) -> None:
        while True:
            try:
                await self._follow(self._addresses[self.connections % len(self._addresses)])
            except websockets.ConnectionClosed as closed:
                self.ends[str(closed.rcvd.code if closed.rcvd else None)] += 1
            except (OSError, websockets.WebSocketException) as error:
                self.ends[type(error).__name__] += 1
            await asyncio.sleep(0.05)

    async def _follow(self, address: str) -> None:
        self.connections += 1
        protocols = [websockets.Subprotocol("graphql-transport-ws")]
        async with websockets.connect(address, subprotocols=protocols, **self._options) as client:
            await client.send(json.dumps({"type": "connection_init", "payload": self._credentials()}))
            payload = {"query": FOLLOW, "variables": {"after": self.cursor}}
            async for text in client:
                message = json.loads(text)
                if message["type"] == "connection_ack":
                    await client.send(json.dumps({"type": "subscribe", "id": "1", "payload": payload}))
                elif message["type"] == "next" and "errors" not in message["payload"]:
                    await self._take(message["payload"]["data"]["interviewPanelChanges"])
                elif message["type"] != "ping":
                    self._note(message)
                    return

    def _credentials(self) -> dict[str, str]:
        return {"Authorization": self._person.authorization or ""}

    async def _take(self, change: dict[str, Any]) -> None:
        self.cursor = change["cursor"]
        self.received.append((change["cursor"], change["kind"], change["panel"]["externalId"]))
        async with self._more:
            self._more.notify_all()

    def _note(self, message: dict[str, Any]) -> None:
        payload = message.get("payload") or {}
        for error in payload if isinstance(payload, list) else payload.get("errors", ()):
            self.ends[error["extensions"]["code"]] += 1
            self.cursor = error["extensions"].get("cursor", self.cursor)

    async def until(self, cursor: str, within: float = 20) -> None:
        """Returns when the change of that cursor has been received. Fails where that takes longer."""
        try:
            async with asyncio.timeout(within), self._more:
                await self._more.wait_for(lambda: bool(self.received) and self.received[-1][0] == cursor)
        except TimeoutError:
            met = f"after {len(self.received)} changes over {self.connections} connections that ended by {self.ends}"
            raise AssertionError(f"the change {cursor} should have arrived {met}") from None


class EventSubscriber(Subscriber):
    """The same over server-sent events."""

    async def _follow(self, address: str) -> None:
        self.connections += 1
        body = {"query": FOLLOW, "variables": {"after": self.cursor}}
        headers = {"accept": "text/event-stream", "authorization": self._credentials()["Authorization"]}
        url = address.replace("ws", "http", 1)
        async with http_client(timeout=httpx.Timeout(3, read=20)) as client:
            try:
                async with client.stream("POST", url, json=body, headers=headers) as events:
                    async for line in events.aiter_lines():
                        if line.startswith("data: {"):
                            await self._hear(json.loads(line.removeprefix("data: ")))
            except httpx.HTTPError as error:
                raise OSError(type(error).__name__) from None

    async def _hear(self, payload: dict[str, Any]) -> None:
        if "errors" in payload:
            self._note({"payload": payload})
        else:
            await self._take(payload["data"]["interviewPanelChanges"])


@contextlib.asynccontextmanager
async def following(*subscribers: Subscriber) -> AsyncIterator[None]:
    """They follow while the block runs."""
    tasks = [asyncio.create_task(subscriber.run()) for subscriber in subscribers]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def eventually(claim: Callable[[], Any], within: float = 10) -> None:
    """Returns when the claim, plain or to be awaited, holds. Fails where it never does."""
    async with asyncio.timeout(within):
        while True:
            result = claim()
            if await result if asyncio.iscoroutine(result) else result:
                return
            await asyncio.sleep(0.05)


async def _make_worlds() -> None:
    """Migrate, then make a world for each line that is read, and print it."""
    url = settings.current().database_url
    await database.migrate(url)
    print("migrated", flush=True)
    async with database.connect(url):
        while await asyncio.to_thread(sys.stdin.readline):
            world = await World.made(Server("http://127.0.0.1"))
            people = {
                name: (person.authorization, person.name, person.email, person.id)
                for name, person in vars(world).items()
                if isinstance(person, Person)
            }
            account = {"slug": world.slug, "account": world.account.id, "people": people}
            kept = {"candidates": world.candidates, "templates": world.templates, "stages": world.stages}
            print(json.dumps(account | kept), flush=True)


if __name__ == "__main__":
    asyncio.run(_make_worlds())
