"""Several real processes of Callboard on one PostgreSQL database.

Worlds are made by a process of their own (`python -m tests.postgres_processes`): one process can't be on two
databases.
"""

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import httpx

import database
import models
import settings
from resolvers import changes
from tests import forks, output_scan
from tests.forks import ForkedProcess
from tests.people import Person, Server
from tests.processes import postgres_database
from tests.subscribers import Row, eventually
from tests.world import World

ROOT = Path(__file__).parent.parent


class PostgresDatabase:
    """A database of PostgreSQL for several processes, and what tests do to it."""

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
        """The panels' changes in the account's log as the database has it, as their subscribers should receive them."""
        epoch = await self.sql.fetchval("SELECT epoch FROM account WHERE id = $1", world.account.id)
        rows = await self.sql.fetch(
            """SELECT change.position, change.kind, panel.external_id FROM change
            JOIN panel ON panel.id = change.panel_id WHERE change.account_id = $1
            UNION ALL SELECT position, kind, NULL FROM log_entry WHERE account_id = $1 ORDER BY position""",
            world.account.id,
        )
        assert [row["position"] for row in rows] == list(range(1, len(rows) + 1)), "the log is gap-free"
        panels = [row for row in rows if row["external_id"] is not None]
        return [(changes.cursor_at(row["position"], epoch), row["kind"], row["external_id"]) for row in panels]

    async def lengthen(self, world: World, by: int, age: timedelta) -> None:
        """Put so many changes of that age behind the last one, as if the account had been busy then."""
        await self.sql.execute(
            """INSERT INTO change (account_id, position, panel_id, candidate_id, kind, actor_id, at)
            SELECT account.id, account.position + number, panel_id, candidate_id, kind, actor_id, now() - $3::interval
            FROM (SELECT * FROM change WHERE account_id = $1 ORDER BY position DESC LIMIT 1) AS last
            JOIN account ON account.id = last.account_id, generate_series(1, $2) AS number""",
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
async def migrated_database() -> AsyncIterator[PostgresDatabase]:
    """A migrated database of PostgreSQL's, dropped at the end."""
    async with postgres_database() as address, migrated(f"{address}?sslmode=disable") as made:
        yield made


@contextlib.asynccontextmanager
async def migrated(url: str) -> AsyncIterator[PostgresDatabase]:
    """The database of that URL, migrated."""
    maker = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.postgres_processes"),
        **{"stdin": asyncio.subprocess.PIPE, "stdout": asyncio.subprocess.PIPE, "cwd": ROOT},
        env=os.environ | {"CALLBOARD_DATABASE_URL": url},
    )
    assert maker.stdout is not None
    assert await maker.stdout.readline(), "the database is migrated"
    made = PostgresDatabase(url, await asyncpg.connect(url), maker)
    try:
        yield made
    finally:
        await made.sql.close()
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
        self._stderr = output_scan.log().open("w+b")
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
        await eventually(self.is_ready, within=60)

    async def is_ready(self) -> bool:
        """Whether it serves. Fails where it has ended."""
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


async def _make_worlds() -> None:
    """Migrate, then make a world for each line that is read, and print it."""
    url = settings.current().database_url
    await database.migrate(url)
    print("migrated", flush=True)
    async with database.connect(url):
        while await asyncio.to_thread(sys.stdin.readline):
            world = await World.create(Server("http://127.0.0.1"))
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
