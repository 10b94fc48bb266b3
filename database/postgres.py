"""How every connection to PostgreSQL is opened: those of the pool, of the listener and of the migrations alike."""

import asyncio
import contextlib
import random
import socket
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

import asyncpg
from tortoise.backends.asyncpg.client import AsyncpgDBClient

import postgres_url
import settings
from database.turns import PoolByTurns
from postgres_url import Host

# Together with a statement's less than a request may take: a silent database is not to be taken for a slow request.
_CONNECT_SECONDS = 3.0
#: As good as for ever.
_COMMIT_SECONDS = 86_400.0

#: What lets the next of several hosts be tried.
_NEXT_HOST = (
    OSError,
    asyncpg.CannotConnectNowError,
    asyncpg.PostgresConnectionError,
    asyncpg.TargetServerAttributeNotMatched,
)

_SOCKET_OPTIONS = {
    "keepalives": (socket.SOL_SOCKET, "SO_KEEPALIVE"),
    "keepalives_idle": (socket.IPPROTO_TCP, "TCP_KEEPIDLE"),
    "keepalives_interval": (socket.IPPROTO_TCP, "TCP_KEEPINTVL"),
    "keepalives_count": (socket.IPPROTO_TCP, "TCP_KEEPCNT"),
    "tcp_user_timeout": (socket.IPPROTO_TCP, "TCP_USER_TIMEOUT"),
}


class PostgresServers:
    """The servers that a URL names: a connection goes to the first that will do, beginning with the last that did."""

    def __init__(self, url: str) -> None:
        self._url = postgres_url.read(url)
        self._hosts = list(self._url.hosts)
        self._dsn = f"postgres://?{urlencode(self._url.driver, quote_via=quote)}"

    async def connect(
        self, dsn: None = None, *, server_settings: Mapping[str, str] | None = None, **options: Any
    ) -> asyncpg.Connection:
        """A new connection, with these options of asyncpg's. Each host has its own time, as libpq has it.

        asyncpg has one time for all hosts together, so that a host that is silent would hide the others.
        """
        if self._url.has_random_order:
            random.shuffle(self._hosts)
        options["server_settings"] = {**self._url.server_settings, **(server_settings or {})}
        failures: list[Exception] = []
        for host in list(self._hosts):
            try:
                connection = await self._connect_to(host, options)
            except _NEXT_HOST as failure:
                failures.append(failure)
            else:
                self._hosts.sort(key=lambda other: other != host)
                return connection
        # A server that answers, but can't be written to, tells more than one that is away.
        raise max(failures, key=lambda failure: isinstance(failure, asyncpg.TargetServerAttributeNotMatched))

    async def _connect_to(self, host: Host, options: Mapping[str, Any]) -> asyncpg.Connection:
        connection: asyncpg.Connection = await asyncpg.connect(
            self._dsn,
            host=host[0],
            port=host[1],
            user=self._url.user,
            password=self._url.password,
            database=self._url.database,
            target_session_attrs=self._url.target_session_attrs,
            timeout=self._url.connect_seconds or _CONNECT_SECONDS,
            ssl=True if self._url.trusts_system else None,
            **options,
        )
        _set_socket_options(connection, self._url.socket_options)
        return connection


class _Connection(asyncpg.Connection):  # type: ignore[misc]
    """asyncpg's connection, which never gives up a COMMIT.

    A cancelled one that waits for a synchronous standby stands, and is seen by everybody: a failover would take back
    what has been delivered. Nobody waits for it longer than for their request.
    """

    async def execute(self, query: str, *arguments: object, timeout: float | None = None) -> str:  # noqa: ASYNC109
        if query != "COMMIT;":
            return str(await super().execute(query, *arguments, timeout=timeout))
        return str(await asyncio.shield(super().execute(query, timeout=_COMMIT_SECONDS)))


class PostgresClient(AsyncpgDBClient):
    """Tortoise's client, with a pool whose connections are opened as all others are."""

    def __init__(self, url: str, statement_seconds: float | None, is_pooler: bool, **options: Any) -> None:
        super().__init__(**options)
        self._servers = PostgresServers(url)
        self._statement_seconds = statement_seconds
        self._is_pooler = is_pooler

    async def create_connection(self, with_db: bool) -> None:
        pool = await asyncpg.create_pool(
            min_size=1,
            max_size=settings.current().database_connections,
            connect=self._servers.connect,
            connection_class=_Connection,
            reset=_reset_nothing,
            command_timeout=self._statement_seconds,
            # A pooler in transaction mode has another server for each transaction, which knows no statement by name.
            **({"statement_cache_size": 0} if self._is_pooler else {}),
        )
        self._pool = PoolByTurns(pool, settings.current().database_connections)

    async def expire_connections(self) -> None:
        """Let no connection of now be used again; the next ones may lead to another server."""
        if self._pool is not None:
            await self._pool.expire_connections()


#: For Tortoise, which is told the name of this module.
client_class = PostgresClient


async def _reset_nothing(connection: object) -> None:
    """Leave the session as it is: no statement here changes it, so the pool need not spend one on changing it back."""


def _set_socket_options(connection: asyncpg.Connection, options: Mapping[str, int]) -> None:
    # asyncpg shows no socket.
    transport: Any = connection._transport
    opened = transport.get_extra_info("socket")
    if opened.family == socket.AF_UNIX:
        return
    for name, value in ({"keepalives": 1} | dict(options)).items():
        level, constant = _SOCKET_OPTIONS[name]
        # Not every system has all of them; libpq passes over those as well.
        with contextlib.suppress(AttributeError, OSError):
            opened.setsockopt(level, getattr(socket, constant), value)
