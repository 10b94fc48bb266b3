"""The database: how it is reached, brought to the current version, and found to be at it."""

import asyncio
import contextlib
import fcntl
import sqlite3
import zlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

import asyncpg
from tortoise import connections
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.backends.base.config_generator import expand_db_url
from tortoise.context import TortoiseContext
from tortoise.exceptions import DBConnectionError, OperationalError, TransactionManagementError
from tortoise.log import db_client_logger
from tortoise.migrations.executor import MigrationExecutor
from tortoise.transactions import in_transaction

import metrics

#: What a database that can't be reached, is busy for too long or isn't migrated raises, whichever driver says it.
UNREACHABLE = (
    OSError,
    DBConnectionError,
    OperationalError,
    TransactionManagementError,
    sqlite3.DatabaseError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
)

# Together less than a request may take, so that a database that has fallen silent is told from a request that is slow.
_CONNECT_SECONDS = 3
_STATEMENT_SECONDS = 5

_MIGRATION_LOCK = zlib.crc32(b"callboard migrations")


def config(url: str, statement_seconds: float | None = _STATEMENT_SECONDS) -> dict[str, Any]:
    """Tortoise's configuration for a database URL of operations.md. On PostgreSQL no statement takes longer."""
    return {
        "connections": {"default": _connection(url, statement_seconds)},
        "apps": {"models": {"models": ["models"], "default_connection": "default", "migrations": "models.migrations"}},
        "use_tz": True,
        "timezone": "UTC",
    }


@contextlib.asynccontextmanager
async def opened(url: str, statement_seconds: float | None = _STATEMENT_SECONDS) -> AsyncIterator[None]:
    """The database for everything that runs inside, in every task of the process."""
    if (path := _file(url)) is not None:
        _openable(path)
    async with TortoiseContext() as context:
        await context.init(config=config(url, statement_seconds), _enable_global_fallback=True)
        if path is not None:
            await _teach_capitals()
        connections.get("default").log = _Counting()
        yield


class _Counting:
    """Stands where Tortoise tells its log of every statement: on the way there they are counted."""

    def debug(self, message: str, *values: object) -> None:
        if message == "%s: %s":
            metrics.count_statement()
        db_client_logger.debug(message, *values)


def pool() -> tuple[int, int]:
    """How many connections of this process are at work, and how many are idle; of SQLite's only one none is counted."""
    its = getattr(connections.get("default"), "_pool", None)
    return (its.get_size() - its.get_idle_size(), its.get_idle_size()) if its is not None else (0, 0)


def _openable(path: Path) -> None:
    """Raises one of UNREACHABLE where there can't be a database: with Tortoise, the first query would hang for ever."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA schema_version")


async def _teach_capitals() -> None:
    """SQLite's own UPPER, by which searches compare, knows ASCII only."""
    client: Any = connections.get("default")
    await client.create_connection(with_db=True)
    await client._connection.create_function("upper", 1, lambda text: text and text.upper(), deterministic=True)


@contextlib.asynccontextmanager
async def transaction() -> AsyncIterator[BaseDBAsyncClient]:
    """One transaction: left by an exception, nothing of it is written. Never to be cancelled while it is entered."""
    begun = in_transaction()
    try:
        connection = await begun.__aenter__()
    except BaseException:
        # Tortoise would keep for ever what it has acquired: SQLite's lock, or one of the pool's connections.
        if hasattr(begun, "token"):
            with contextlib.suppress(*UNREACHABLE):
                await begun.__aexit__(TransactionManagementError, None, None)
        raise
    async with contextlib.AsyncExitStack() as ending:
        ending.push_async_exit(begun.__aexit__)
        yield connection


def is_away(error: BaseException) -> bool:
    """Whether the database is away, busy or not migrated: not where it was asked what makes no sense."""
    cause = error.args[0] if isinstance(error, OperationalError) and error.args else error
    if isinstance(cause, sqlite3.Error):
        return cause.sqlite_errorcode != sqlite3.SQLITE_ERROR or str(cause).startswith("no such ")
    if isinstance(cause, asyncpg.SyntaxOrAccessError | asyncpg.DataError):
        return isinstance(cause, asyncpg.UndefinedTableError | asyncpg.UndefinedColumnError)
    return isinstance(error, UNREACHABLE)


async def migrate(url: str) -> list[str]:
    """Bring the database to the current version; returns the names of the migrations applied.

    Safe when several processes start it at once: one works, the others wait and find nothing left to do.
    """
    async with _migrating(url), opened(url, statement_seconds=None):
        before = set(await _applied())
        await _executor().migrate()
        return [name for name in await _applied() if name not in before]


async def is_current() -> bool:
    """Whether every migration is applied. Raises one of UNREACHABLE where the database doesn't answer."""
    executor = _executor()
    await executor.loader.build_graph()
    return {key.name for key in executor.loader.graph.nodes} <= set(await _applied())


async def alone(connection: BaseDBAsyncClient, work: str) -> None:
    """Waits until no other process is at this work; none will be until the transaction of `connection` ends."""
    if on_postgres():
        await connection.execute_query("SELECT pg_advisory_xact_lock($1)", [zlib.crc32(f"callboard {work}".encode())])


def on_postgres() -> bool:
    """Whether the open database is PostgreSQL."""
    return bool(connections.get("default").capabilities.dialect == "postgres")


def _executor() -> MigrationExecutor:
    return MigrationExecutor(connections.get("default"), TORTOISE_ORM["apps"])


async def _applied() -> list[str]:
    """The names of the migrations that the database has; none where it has never seen any."""
    try:
        rows = await connections.get("default").execute_query_dict("SELECT name FROM tortoise_migrations ORDER BY id")
    except OperationalError as error:
        if "tortoise_migrations" in str(error):
            return []
        raise
    return [str(row["name"]) for row in rows]


@contextlib.asynccontextmanager
async def _migrating(url: str) -> AsyncIterator[None]:
    """No other process migrates this database inside the block: Tortoise itself does not see to that."""
    path = _file(url)
    if path is None:
        connection = await asyncpg.connect(url)
        try:
            await connection.execute("SELECT pg_advisory_lock($1)", _MIGRATION_LOCK)
            yield
        finally:
            await connection.close()
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_name(path.name + ".migrating").open("w") as lock:
        await asyncio.to_thread(fcntl.flock, lock, fcntl.LOCK_EX)
        yield


def _file(url: str) -> Path | None:
    """The file of an SQLite database; None for PostgreSQL."""
    return Path(url.removeprefix("sqlite://").partition("?")[0]) if url.startswith("sqlite://") else None


def _connection(url: str, statement_seconds: float | None) -> str | dict[str, Any]:
    """The URL with what the driver needs to know beside the address."""
    if _file(url) is not None:
        # FULL: an acknowledged push survives a loss of power, which WAL's default does not promise.
        own = urlencode({"synchronous": "FULL", "busy_timeout": "5000"})
        return f"{url}{'&' if '?' in url else '?'}{own}"
    parts = urlsplit(url)
    connection: dict[str, Any] = expand_db_url(urlunsplit(parts._replace(query="")))
    connection["credentials"] |= {
        "minsize": 1,
        "maxsize": 10,
        "timeout": _CONNECT_SECONDS,
        "command_timeout": statement_seconds,
        "ssl": parse_qs(parts.query).get("sslmode", ["prefer"])[0],
        "server_settings": {"application_name": "callboard"},
        "reset": _nothing_to_reset,
    }
    return connection


async def _nothing_to_reset(connection: object) -> None:
    """No statement here changes its session, so the pool need not spend one on changing it back."""


#: For `tortoise -c database.connection.TORTOISE_ORM makemigrations`, which needs no database.
TORTOISE_ORM = config("sqlite://:memory:")
