"""Real `python server.py …` processes, each installation with a folder, a database and settings of its own."""

import asyncio
import contextlib
import fcntl
import json
import os
import secrets
import shutil
import signal
import ssl
import subprocess
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import asyncpg
import httpx
import pytest

from tests import output_scan
from tests.forks import ForkedProcess, start

ROOT = Path(__file__).parent.parent
POSTGRES = os.environ.get("CALLBOARD_TEST_POSTGRES", "postgres://root@127.0.0.1:5432")
SECRET = "a secret of the tests, long enough to be one"
PATIENCE = 60.0


def missing(what: str) -> NoReturn:
    """Skip the test for want of a tool; where everything must be tested, fail it."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{what} is missing, and here nothing may be skipped.")
    pytest.skip(f"{what} is missing")


def tool(name: str) -> str:
    """Where the program is. Skips the test where it is not."""
    # Debian has servers where only root looks.
    path = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin")
    if path is None:
        missing(name)
    return str(path)


def reference_clients() -> Path:
    """The folder of what others wrote to hold servers against, fetched by npm. Skips where this machine can't."""
    return with_packages(ROOT / "tests" / "clients", "graphql-http")


def with_packages(folder: Path, package: str) -> Path:
    """The folder with what its lockfile pins, that package among it, fetched by npm. Skips where this machine can't."""
    with (folder / "package-lock.json").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "node_modules" / package).exists():
            command = [tool("npm"), "ci", "--silent"]
            fetched = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
            if fetched.returncode:
                missing(f"What npm fetches for {folder.relative_to(ROOT)} ({fetched.stderr.strip()[-200:]})")
    return folder


#: The servers of the tests speak plain HTTP: a client need not read all certificates of the machine, which takes 0.1 s.
NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def http_client(**options: Any) -> httpx.AsyncClient:
    """A client for servers on this machine."""
    return httpx.AsyncClient(verify=NO_CERTIFICATES, **options)


def port_of(address: str) -> int:
    """The port of a server's address."""
    return int(address.rpartition(":")[2])


async def until(condition: Any, seconds: float = PATIENCE) -> Any:
    """What the condition (awaitable or not) gives once it is true. Fails after so many seconds."""
    async with asyncio.timeout(seconds):
        while True:
            result = condition()
            if asyncio.iscoroutine(result):
                result = await result
            if result:
                return result
            await asyncio.sleep(0.05)


@dataclass(frozen=True)
class Ended:
    """A command that has run to its end."""

    code: int
    out: str
    err: str


@dataclass
class Process:
    """A command that goes on until it is stopped."""

    process: asyncio.subprocess.Process | ForkedProcess
    out: Path
    err: Path
    address: str = ""

    @property
    def graphql(self) -> str:
        return f"{self.address}/graphql"

    @property
    def output(self) -> str:
        """Its standard output so far."""
        return self.out.read_text()

    @property
    def logged(self) -> list[dict[str, Any]]:
        """Its log so far. Fails where a line is no JSON object."""
        return [json.loads(line) for line in self.err.read_text().splitlines()]

    async def stop(self, with_signal: int = signal.SIGTERM, within: float = PATIENCE) -> int:
        """Tell it to go, and wait; its exit code."""
        if self.process.returncode is None:
            self.process.send_signal(with_signal)
        async with asyncio.timeout(within):
            return await self.process.wait()

    async def _ready(self) -> None:
        """Returns once it serves."""

        async def serves() -> bool:
            assert self.process.returncode is None, f"it has ended: {self.output}{self.err.read_text()}"
            lines = [line for line in self.logged if line["event"] == "listening"]
            self.address = lines[0]["address"] if lines else self._printed()
            if not self.address:
                return False
            if self.address.startswith("unix:"):
                return True  # it listens, and whoever connects is served in a moment
            with contextlib.suppress(httpx.HTTPError):
                return (await client.get(f"{self.address}/healthz")).is_success
            return False

        async with http_client(timeout=PATIENCE) as client:
            await until(serves)

    def _printed(self) -> str:
        """The address that the demo prints."""
        lines = [line.split() for line in self.output.splitlines()]
        return next((words[1].rstrip("/") for words in lines if words[:1] == ["Console"]), "")


@dataclass(frozen=True)
class Installation:
    """Where commands run: what they are set to, and where they keep their files."""

    folder: Path
    database_url: str
    settings: Mapping[str, str] = field(default_factory=dict)
    program: Sequence[str] = ()
    """What is started afresh for each command, instead of a fork of `server.py`."""

    def environment(self, **settings: str | None) -> dict[str, str]:
        """The variables of a process here. Settings are named without CALLBOARD_; None leaves one unset."""
        bare = {name: value for name, value in os.environ.items() if not name.startswith("CALLBOARD_")}
        variables = {"DATABASE_URL": self.database_url, "JWT_SECRET": SECRET, "LOG_FORMAT": "json", "RATE_LIMIT": "off"}
        kept = {
            name: value for name, value in (variables | dict(self.settings) | settings).items() if value is not None
        }
        return bare | {f"CALLBOARD_{name}": value for name, value in kept.items()}

    async def run(self, *arguments: str, **settings: str | None) -> Ended:
        """Run a command to its end."""
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            environment = self.environment(**settings)
            process = await start(arguments, self.folder, environment, out.fileno(), err.fileno(), self.program)
            try:
                async with asyncio.timeout(PATIENCE):
                    code = await process.wait()
            finally:
                if process.returncode is None:
                    process.kill()
            for file in (out, err):
                file.seek(0)
            return Ended(code, out.read().decode(), err.read().decode())

    async def done(self, *arguments: str, **settings: str | None) -> str:
        """What a command prints. Fails where it does."""
        ended = await self.run(*arguments, **settings)
        assert ended.code == 0, ended
        return ended.out.strip()

    async def failure_line(self, *arguments: str, **settings: str | None) -> str:
        """The one line on stderr with which a command fails."""
        ended = await self.run(*arguments, **settings)
        assert (ended.code, ended.out) == (1, ""), ended
        [line] = ended.err.splitlines()
        assert line.startswith("callboard"), line
        return line

    @contextlib.asynccontextmanager
    async def running(self, *arguments: str, **settings: str | None) -> AsyncIterator[Process]:
        """A command that serves, on a free port; ready when the block begins, stopped at its end."""
        out, err = self.folder / f"{secrets.token_hex(4)}.out", output_scan.log()
        with out.open("w") as stdout, err.open("w") as stderr:
            served, environment = [*arguments, "--port", "0"], self.environment(**settings)
            process = await start(served, self.folder, environment, stdout.fileno(), stderr.fileno(), self.program)
        running = Process(process, out, err)
        try:
            await running._ready()
            yield running
        finally:
            with contextlib.suppress(TimeoutError):
                await running.stop(within=15)
            if process.returncode is None:
                process.kill()
                await process.wait()


@contextlib.asynccontextmanager
async def postgres_database(template: str = "template1", name: str = "") -> AsyncIterator[str]:
    """The URL of a database of its own, dropped at the end of the block."""
    name = name or f"callboard_test_{os.getpid()}_{secrets.token_hex(4)}"
    await administered(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    # A commit need not wait for the disk: no test takes away the machine's power.
    await administered(f'ALTER DATABASE "{name}" SET synchronous_commit = off')
    try:
        yield f"{POSTGRES}/{name}"
    finally:
        await administered(f'DROP DATABASE "{name}" WITH (FORCE)')


async def administered(statement: str) -> None:
    """Run a statement on the PostgreSQL of the tests. Skips the test where there is none."""
    try:
        connection = await asyncpg.connect(f"{POSTGRES}/postgres", timeout=5)
    except (OSError, asyncpg.PostgresError):
        missing(f"PostgreSQL at {POSTGRES.rpartition('@')[2]}")
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
