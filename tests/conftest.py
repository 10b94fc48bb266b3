"""Every test runs against the real application over a real socket, in an account of its own.

CALLBOARD_TEST_DATABASE says on which database: `sqlite` (the default) or `postgres`. A database is made for each
process of the run and dropped at its end; accounts keep the tests apart, so that they run in any order and in parallel.
What is marked `once` doesn't depend on the database and is left to SQLite; `postgres` marks what is only for that.
Every run ends with a search of all that servers have written in it (tests/output_scan.py), and fails by what it finds.
"""

import asyncio
import logging
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

# In memory where the machine has such a folder: SQLite waits for the disk at each commit.
_IN_MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
_PLACE = tempfile.mkdtemp(prefix="callboard-tests-", dir=_IN_MEMORY)
ON_POSTGRES = os.environ.get("CALLBOARD_TEST_DATABASE", "sqlite") == "postgres"
POSTGRES = os.environ.get("CALLBOARD_TEST_POSTGRES", "postgres://root@127.0.0.1:5432")
_NAME = f"callboard_test_{os.getpid()}"
_SEARCHED = pytest.StashKey["output_scan.Search"]()
DATABASE_URL = f"{POSTGRES}/{_NAME}" if ON_POSTGRES else f"sqlite://{_PLACE}/callboard.db"

os.environ.update(
    CALLBOARD_DATABASE_URL=DATABASE_URL,
    CALLBOARD_JWT_SECRET="a secret of the tests, long enough to be one",
    CALLBOARD_RATE_LIMIT="off",
    CALLBOARD_LOG_FORMAT="json",
)

import uvicorn  # noqa: E402 - the settings above come first

import application  # noqa: E402
import database  # noqa: E402
import logs  # noqa: E402
import serving  # noqa: E402
import settings  # noqa: E402
from tests import output_scan  # noqa: E402
from tests.people import Server  # noqa: E402
from tests.postgres_processes import PostgresDatabase, Process, both_serving, migrated_database  # noqa: E402
from tests.processes import Installation, postgres_database  # noqa: E402
from tests.world import World  # noqa: E402


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "once: does not depend on the database")
    config.addinivalue_line("markers", "postgres: for PostgreSQL only")
    lines = logging.FileHandler(output_scan.log(), delay=True)
    lines.setFormatter(logs.LineFormatter(for_people=False))
    logging.getLogger().addHandler(lines)
    logging.getLogger("callboard").setLevel(logging.INFO)


def pytest_report_header() -> str:
    return f"callboard: on {'PostgreSQL' if ON_POSTGRES else 'SQLite'}"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    others = [item for item in items if item.get_closest_marker("once" if ON_POSTGRES else "postgres")]
    config.hook.pytest_deselected(items=others)
    items[:] = [item for item in items if item not in others]


def pytest_collection_finish() -> None:
    """Collect garbage as rarely as `serve` does: each collection would look through thousands of tests."""
    serving.collect_garbage_rarely()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """When all processes of the run have ended, look through what they have kept."""
    shutil.rmtree(_PLACE, ignore_errors=True)
    if hasattr(session.config, "workerinput"):
        return
    searched = session.config.stash[_SEARCHED] = output_scan.search()
    if searched.leaks:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
    elif output_scan.OWN:
        shutil.rmtree(output_scan.FOLDER)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    searched = config.stash.get(_SEARCHED, None)
    if searched is not None:
        terminalreporter.write_line(str(searched), red=bool(searched.leaks))
        if searched.leaks:
            terminalreporter.write_line(f"Where they stand: {output_scan.FOLDER}")


@pytest.fixture(scope="session")
async def template() -> AsyncIterator[str]:
    """The URL of a migrated database to copy."""
    if ON_POSTGRES:
        async with postgres_database() as url:
            await database.migrate(url)
            yield url
    else:
        url = f"sqlite://{_PLACE}/template.db"
        await database.migrate(url)
        yield url


@pytest.fixture(scope="session")
async def migrated(template: str) -> AsyncIterator[str]:
    """The URL of the database of the server in this process."""
    if ON_POSTGRES:
        async with postgres_database(template.rpartition("/")[2], _NAME) as url:
            yield url
    else:
        shutil.copy(template.removeprefix("sqlite://"), f"{_PLACE}/callboard.db")
        yield DATABASE_URL


@pytest.fixture(scope="session")
async def running(migrated: str) -> AsyncIterator[Server]:
    """The application, served in this process, so that tests can move its clock."""
    listening = serving.bind("127.0.0.1", 0)
    app = application.Application()
    uvicorn_server = uvicorn.Server(serving.config(lambda: output_scan.OutputRecorder(app)))
    going = asyncio.create_task(uvicorn_server.serve(sockets=[listening]))
    while not uvicorn_server.started:
        assert not going.done(), "the server starts"
        await asyncio.sleep(0.01)
    async with Server(f"http://127.0.0.1:{listening.getsockname()[1]}", app.process) as running:
        yield running
        await running.http.get(f"{running.address}/metrics")
    uvicorn_server.should_exit = True
    await going


@pytest.fixture
async def world(running: Server) -> World:
    """A fresh account with its people, candidates and templates, and GoodTime switched on."""
    return await World.create(running)


Set = Callable[..., None]


@pytest.fixture
def limited(running: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Set]:
    """Set limits, by their names in the settings, for this test and the server in this process."""

    def use(**limits: object) -> None:
        for name, limit in limits.items():
            monkeypatch.setenv(f"CALLBOARD_{name.upper()}", str(limit))
        read_anew()

    def read_anew() -> None:
        settings.current.cache_clear()
        running.process.engine.documents.clear()

    yield use
    monkeypatch.undo()
    read_anew()


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder of the test's own."""
    with tempfile.TemporaryDirectory(prefix="callboard-", dir=_IN_MEMORY) as path:
        yield Path(path)


@pytest.fixture
async def empty(place: Path) -> AsyncIterator[Installation]:
    """An installation of the test's own, with nothing in its database."""
    if ON_POSTGRES:
        async with postgres_database() as url:
            yield Installation(place, url)
    else:
        yield Installation(place, f"sqlite://{place}/callboard.db")


@pytest.fixture
async def installation(place: Path, template: str) -> AsyncIterator[Installation]:
    """An installation of the test's own, migrated, with nobody in it."""
    if ON_POSTGRES:
        async with postgres_database(template.rpartition("/")[2]) as url:
            yield Installation(place, url)
    else:
        shutil.copy(template.removeprefix("sqlite://"), place / "callboard.db")
        yield Installation(place, f"sqlite://{place}/callboard.db")


@pytest.fixture(scope="session")
async def postgres() -> AsyncIterator[PostgresDatabase]:
    """A database of PostgreSQL's for the tests of several processes."""
    async with migrated_database() as made:
        yield made


@pytest.fixture(scope="session")
async def pair(postgres: PostgresDatabase) -> AsyncIterator[tuple[Process, Process]]:
    """Two processes that no test harms."""
    async with both_serving(postgres.url) as both:
        yield both
