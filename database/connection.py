"""How the database is connected to, and which errors mean that it is away."""

import contextlib
import sqlite3
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import asyncpg
from tortoise import connections
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.backends.base.config_generator import expand_db_url
from tortoise.context import TortoiseContext
from tortoise.exceptions import DBConnectionError, IntegrityError, OperationalError, TransactionManagementError
from tortoise.log import db_client_logger

import metrics
from database.postgres import PostgresClient
from database.sqlite import FileClient, check_file

#: What either driver raises where the database can't be reached, is busy for too long, changing or not migrated.
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
    asyncpg.InvalidCachedStatementError,
    asyncpg.InvalidSQLStatementNameError,
    asyncpg.LockNotAvailableError,
    asyncpg.PostgresSystemError,
    asyncpg.ReadOnlySQLTransactionError,
)

_STATEMENT_SECONDS = 5
_RECENT_SECONDS = 2.0

#: Errors of a statement that its caller can't cause, and an operator mends.
_OF_THE_OPERATOR = (
    asyncpg.UndefinedTableError,
    asyncpg.UndefinedColumnError,
    asyncpg.InsufficientPrivilegeError,
    asyncpg.DuplicatePreparedStatementError,
)

#: Where Tortoise notes what was applied.
migrations_table = "tortoise_migrations"


def tortoise_config(
    url: str, statement_seconds: float | None = _STATEMENT_SECONDS, is_pooler: bool = False
) -> dict[str, Any]:
    """Tortoise's configuration for a database URL of docs/operations.md; on PostgreSQL a longer statement fails.

    `is_pooler` says that behind the URL is one that gives each transaction another connection, such as PgBouncer.
    """
    return {
        "connections": {"default": _connection(url, statement_seconds, is_pooler)},
        "apps": {"models": {"models": ["models"], "default_connection": "default", "migrations": "models.migrations"}},
        "use_tz": True,
        "timezone": "UTC",
    }


@contextlib.asynccontextmanager
async def connect(
    url: str, statement_seconds: float | None = _STATEMENT_SECONDS, is_pooler: bool = False
) -> AsyncIterator[None]:
    """Connect to the database for everything that runs inside the block, in every task of the process."""
    if (path := file_of(url)) is not None:
        check_file(path)
    async with TortoiseContext() as context:
        await context.init(config=tortoise_config(url, statement_seconds, is_pooler), _enable_global_fallback=True)
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


def require_file(transaction: BaseDBAsyncClient) -> None:
    """Raises an OSError where SQLite's file is no longer the one that was opened: what is written would be lost."""
    parent = getattr(transaction, "_parent", None)
    if isinstance(parent, FileClient):
        parent.require_file()


async def empty_log() -> None:
    """Let SQLite's write-ahead log keep nothing of what was deleted; PostgreSQL's goes by its own settings."""
    if isinstance(sqlite_client := client(), FileClient):
        await sqlite_client.empty_log()


async def leave_servers(transaction: BaseDBAsyncClient) -> None:
    """Use none of the pool's connections again: their server can't be written to any more."""
    parent = getattr(transaction, "_parent", None)
    if isinstance(parent, PostgresClient):
        await parent.expire_connections()


def driver_error(error: BaseException) -> BaseException:
    """What the driver raised, without what Tortoise wraps around it."""
    is_wrapped = isinstance(error, OperationalError | IntegrityError | TransactionManagementError)
    return error.args[0] if is_wrapped and error.args and isinstance(error.args[0], BaseException) else error


class LastAnswer:
    """When the database last answered this process."""

    def __init__(self) -> None:
        self._at = 0.0

    def note(self) -> None:
        """Note that the database has answered a statement just now."""
        self._at = time.monotonic()

    @property
    def is_recent(self) -> bool:
        """Whether the database has answered anybody lately: then a statement that timed out was slow by itself."""
        return time.monotonic() - self._at < _RECENT_SECONDS


LAST_ANSWER = LastAnswer()


def is_too_slow(error: BaseException) -> bool:
    """Whether the error means that one statement took too long, while the database answers others."""
    return isinstance(error, TimeoutError) and LAST_ANSWER.is_recent


def is_unavailable(error: BaseException) -> bool:
    """Whether the error means that the database is away, busy or not migrated; a faulty statement is another error."""
    cause = driver_error(error)
    if isinstance(cause, sqlite3.Error):
        return cause.sqlite_errorcode != sqlite3.SQLITE_ERROR or str(cause).startswith("no such ")
    if isinstance(cause, asyncpg.SyntaxOrAccessError | asyncpg.DataError):
        return isinstance(cause, _OF_THE_OPERATOR)
    return isinstance(error, UNREACHABLE)


def on_postgres() -> bool:
    """Whether the open database is PostgreSQL."""
    return bool(client().capabilities.dialect == "postgres")


def file_of(url: str) -> Path | None:
    """The file of an SQLite database; None for PostgreSQL."""
    return Path(url.removeprefix("sqlite://").partition("?")[0]) if url.startswith("sqlite://") else None


def _connection(url: str, statement_seconds: float | None, is_pooler: bool) -> dict[str, object]:
    """The URL with what the driver has to know beside the address."""
    if file_of(url) is not None:
        # FULL: an acknowledged push survives a loss of power, which WAL's default does not promise.
        pragmas = urlencode({"synchronous": "FULL", "busy_timeout": "5000"})
        return {**expand_db_url(f"{url}{'&' if '?' in url else '?'}{pragmas}"), "engine": "database.sqlite"}
    credentials = {"url": url, "statement_seconds": statement_seconds, "is_pooler": is_pooler}
    return {"engine": "database.postgres", "credentials": credentials}


#: For `tortoise -c database.TORTOISE_ORM makemigrations`, which needs no database.
TORTOISE_ORM = tortoise_config("sqlite://:memory:")
