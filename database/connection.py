"""How the database is connected to, brought to the current version, and checked to be at it."""

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

import metrics

#: What either driver raises where the database can't be reached, is busy for too long or is not migrated.
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

# Together less than a request may take, so that a silent database is not mistaken for a slow request.
_CONNECT_SECONDS = 3
_STATEMENT_SECONDS = 5

_MIGRATION_LOCK = zlib.crc32(b"callboard migrations")


def tortoise_config(url: str, statement_seconds: float | None = _STATEMENT_SECONDS) -> dict[str, Any]:
    """Tortoise's configuration for a database URL of docs/operations.md; on PostgreSQL a longer statement fails."""
    return {
        "connections": {"default": _connection(url, statement_seconds)},
        "apps": {"models": {"models": ["models"], "default_connection": "default", "migrations": "models.migrations"}},
        "use_tz": True,
        "timezone": "UTC",
    }


@contextlib.asynccontextmanager
async def connect(url: str, statement_seconds: float | None = _STATEMENT_SECONDS) -> AsyncIterator[None]:
    """Connect to the database for everything that runs inside the block, in every task of the process."""
    if (path := _file(url)) is not None:
        _check_file(path)
    async with TortoiseContext() as context:
        await context.init(config=tortoise_config(url, statement_seconds), _enable_global_fallback=True)
        if path is not None:
            await _define_upper()
        client().log = _StatementCounter()  # type: ignore[assignment]
        yield


class _StatementCounter:
    """Stands where Tortoise logs every statement, and counts them on the way to the log."""

    def debug(self, message: str, *values: object) -> None:
        if message == "%s: %s":
            metrics.count_statement()
        db_client_logger.debug(message, *values)


def client() -> BaseDBAsyncClient:
    """The connection of the transaction that is open, else the pool."""
    connection: BaseDBAsyncClient = connections.get("default")
    return connection


def pool_sizes() -> tuple[int, int]:
    """How many connections of this process are in use, and how many are idle; SQLite's only one is not counted."""
    # Tortoise shows no pool.
    pool = getattr(client(), "_pool", None)
    return (pool.get_size() - pool.get_idle_size(), pool.get_idle_size()) if pool is not None else (0, 0)


def _check_file(path: Path) -> None:
    """Raises one of UNREACHABLE where there can be no database: with Tortoise the first query would hang for ever."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA schema_version")


async def _define_upper() -> None:
    """Replace SQLite's UPPER, by which searches compare: it knows ASCII only."""
    sqlite: Any = client()
    await sqlite.create_connection(with_db=True)
    # Tortoise has no way of its own to define a function.
    await sqlite._connection.create_function("upper", 1, lambda text: text and text.upper(), deterministic=True)


def is_unavailable(error: BaseException) -> bool:
    """Whether the error means that the database is away, busy or not migrated; a faulty statement is another error."""
    cause = error.args[0] if isinstance(error, OperationalError) and error.args else error
    if isinstance(cause, sqlite3.Error):
        return cause.sqlite_errorcode != sqlite3.SQLITE_ERROR or str(cause).startswith("no such ")
    if isinstance(cause, asyncpg.SyntaxOrAccessError | asyncpg.DataError):
        return isinstance(cause, asyncpg.UndefinedTableError | asyncpg.UndefinedColumnError)
    return isinstance(error, UNREACHABLE)


async def migrate(url: str) -> list[str]:
    """Bring the database to the current version; returns the names of the migrations that were applied.

    Several processes may do so at once: one migrates, the others wait and then have nothing left to apply.
    """
    async with _migration_lock(url), connect(url, statement_seconds=None):
        before = set(await _applied_migrations())
        await _executor().migrate()
        return [name for name in await _applied_migrations() if name not in before]


async def is_current() -> bool:
    """Whether every migration is applied. Raises one of UNREACHABLE where the database does not answer."""
    executor = _executor()
    await executor.loader.build_graph()
    return {key.name for key in executor.loader.graph.nodes} <= set(await _applied_migrations())


def on_postgres() -> bool:
    """Whether the open database is PostgreSQL."""
    return bool(client().capabilities.dialect == "postgres")


def _executor() -> MigrationExecutor:
    return MigrationExecutor(client(), TORTOISE_ORM["apps"])


async def _applied_migrations() -> list[str]:
    """The names of the migrations that were applied; none where the database is new."""
    try:
        rows = await client().execute_query_dict("SELECT name FROM tortoise_migrations ORDER BY id")
    except OperationalError as error:
        if "tortoise_migrations" in str(error):
            return []
        raise
    return [str(row["name"]) for row in rows]


@contextlib.asynccontextmanager
async def _migration_lock(url: str) -> AsyncIterator[None]:
    """Keep other processes from migrating this database inside the block: Tortoise itself does not."""
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


def _connection(url: str, statement_seconds: float | None) -> str | dict[str, object]:
    """The URL with what the driver has to know beside the address."""
    if _file(url) is not None:
        # FULL: an acknowledged push survives a loss of power, which WAL's default does not promise.
        pragmas = urlencode({"synchronous": "FULL", "busy_timeout": "5000"})
        return f"{url}{'&' if '?' in url else '?'}{pragmas}"
    parts = urlsplit(url)
    connection: dict[str, Any] = expand_db_url(urlunsplit(parts._replace(query="")))
    connection["credentials"] |= {
        "minsize": 1,
        "maxsize": 10,
        "timeout": _CONNECT_SECONDS,
        "command_timeout": statement_seconds,
        "ssl": parse_qs(parts.query).get("sslmode", ["prefer"])[0],
        "server_settings": {"application_name": "callboard"},
        "reset": _reset_nothing,
    }
    return connection


async def _reset_nothing(connection: object) -> None:
    """Leave the session as it is: no statement here changes it, so the pool need not spend one on changing it back."""


#: For `tortoise -c database.TORTOISE_ORM makemigrations`, which needs no database.
TORTOISE_ORM = tortoise_config("sqlite://:memory:")
