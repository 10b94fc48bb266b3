"""Every test runs against the real application over a real socket, in an account of its own.

CALLBOARD_TEST_DATABASE says on which database: `sqlite` (the default) or `postgres`. A database is made for each process
of the run and dropped at its end; accounts keep the tests apart, so they run in any order and beside each other.
"""

import asyncio
import os
import socket
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest

_PLACE = tempfile.mkdtemp(prefix="callboard-tests-")
ON_POSTGRES = os.environ.get("CALLBOARD_TEST_DATABASE", "sqlite") == "postgres"
POSTGRES = os.environ.get("CALLBOARD_TEST_POSTGRES", "postgres://root@127.0.0.1:5432")
_NAME = f"callboard_test_{os.getpid()}"
DATABASE_URL = f"{POSTGRES}/{_NAME}" if ON_POSTGRES else f"sqlite://{_PLACE}/callboard.db"

os.environ.update(
    CALLBOARD_DATABASE_URL=DATABASE_URL,
    CALLBOARD_JWT_SECRET="a secret of the tests, long enough to be one",
    CALLBOARD_RATE_LIMIT="off",
    CALLBOARD_LOG_FORMAT="json",
)

import uvicorn  # noqa: E402 - the settings above come first

import server  # noqa: E402
from models import database  # noqa: E402
from tests.world import Server, World  # noqa: E402


def pytest_report_header() -> str:
    return f"callboard: on {'PostgreSQL' if ON_POSTGRES else 'SQLite'}"


@pytest.fixture(scope="session")
async def migrated() -> AsyncIterator[str]:
    """The URL of a database at the current version."""
    if ON_POSTGRES:
        await _administered(f'CREATE DATABASE "{_NAME}"')
    await database.migrate(DATABASE_URL)
    yield DATABASE_URL
    if ON_POSTGRES:
        await _administered(f'DROP DATABASE "{_NAME}" WITH (FORCE)')


@pytest.fixture(scope="session")
async def running(migrated: str) -> AsyncIterator[Server]:
    """The application, served in this process, so that tests can move its clock."""
    listening = socket.create_server(("127.0.0.1", 0))
    uvicorn_server = uvicorn.Server(server._config(server.app))
    serving = asyncio.create_task(uvicorn_server.serve(sockets=[listening]))
    while not uvicorn_server.started:
        assert not serving.done(), "the server starts"
        await asyncio.sleep(0.01)
    async with Server(f"http://127.0.0.1:{listening.getsockname()[1]}") as its:
        yield its
    uvicorn_server.should_exit = True
    await serving


@pytest.fixture
async def world(running: Server) -> World:
    """A fresh account with its people, candidates and templates, and GoodTime switched on."""
    return await World.made(running)


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder of the test's own."""
    with tempfile.TemporaryDirectory(prefix="callboard-") as path:
        yield Path(path)


async def _administered(statement: str) -> None:
    connection = await asyncpg.connect(f"{POSTGRES}/test")
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
