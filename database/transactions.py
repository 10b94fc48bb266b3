"""Transactions: opened in one place, run in tasks of their own, tried again after a clash, and ended at a shutdown."""

import asyncio
import contextlib
import logging
import random
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from functools import partial
from typing import Protocol, TypeVar

import asyncpg
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.exceptions import IntegrityError, TransactionManagementError
from tortoise.transactions import in_transaction

from database.batching import run_batched
from database.connection import UNREACHABLE, driver_error, leave_servers, on_postgres, require_file

T = TypeVar("T")

#: What a transaction that clashes with another one, or with a migration, raises: it may succeed when it is run again.
CLASH = (
    *(IntegrityError, asyncpg.DeadlockDetectedError, asyncpg.SerializationError),
    # Of a statement that was prepared before a migration.
    asyncpg.InvalidCachedStatementError,
)

_log = logging.getLogger(__name__)

_TRIES = 6
_DRAIN_SECONDS = 1.0


class UnitOfWork(Protocol):
    """What acts in one transaction have to write at its end."""

    async def write(self) -> None:
        """Write what the acts have left to be written."""
        ...

    def publish(self) -> None:
        """Tell whoever waits for what has just been committed."""
        ...


Unit = TypeVar("Unit", bound=UnitOfWork)
Begin = Callable[[BaseDBAsyncClient], Awaitable[Unit]]
Act = Callable[[Unit], Awaitable[T]]


class Transactions:
    """Runs acts in transactions: a caller that goes away neither cuts one in half nor leaves its connection behind.

    As a context manager it waits for those under way when the block is left.
    """

    def __init__(self) -> None:
        self._running: set[asyncio.Task[object]] = set()

    async def __aenter__(self) -> "Transactions":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.drain()

    async def run(self, begin: Begin[Unit], act: Act[Unit, T]) -> T:
        """The result of the act in a transaction of its own. An act that clashes is run again from its start."""
        return await asyncio.shield(self.start(run_with_retries(begin, act)))

    def start(self, work: Coroutine[object, None, T]) -> asyncio.Task[T]:
        """Run this in a task that goes on whoever waits for it."""
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._forget)
        return task

    async def drain(self) -> None:
        """Wait until all that runs has ended; what takes longer than a second is cancelled."""
        if self._running:
            _, late = await asyncio.wait(self._running, timeout=_DRAIN_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    def _forget(self, task: asyncio.Task[object]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (failure := task.exception()):
            _log.debug("A transaction failed: %s", type(failure).__name__)


async def run_with_retries(begin: Begin[Unit], act: Act[Unit, T]) -> T:
    """The result of the act in a transaction of its own. Where it clashes it is run again from its start."""
    for _ in range(_TRIES - 1):
        with contextlib.suppress(*CLASH):
            return (await run_together(begin, [act]))[0]
        await asyncio.sleep(random.uniform(0, 0.02))
    return (await run_together(begin, [act]))[0]


async def run_together(begin: Begin[Unit], acts: Sequence[Act[Unit, T]]) -> list[T]:
    """The results of the acts, run concurrently in one transaction: on any exception nothing of it is written."""
    async with open_transaction() as connection:
        unit = await begin(connection)
        results = await run_batched([partial(act, unit) for act in acts])
        await unit.write()
    unit.publish()
    return results


@contextlib.asynccontextmanager
async def open_transaction() -> AsyncIterator[BaseDBAsyncClient]:
    """One transaction: left by an exception, nothing of it is written. Must not be cancelled while it is entered.

    Raises one of UNREACHABLE where the database would lose what is written, or is read-only by now.
    """
    opening = in_transaction()
    try:
        connection = await opening.__aenter__()
    except BaseException:
        # Tortoise would keep for ever what it has acquired: SQLite's lock, or one of the pool's connections.
        if hasattr(opening, "token"):
            with contextlib.suppress(*UNREACHABLE):
                await opening.__aexit__(TransactionManagementError, None, None)
        raise
    async with contextlib.AsyncExitStack() as ending:
        ending.push_async_exit(opening.__aexit__)
        try:
            yield connection
        except TransactionManagementError as error:
            read_only = driver_error(error)
            if isinstance(read_only, asyncpg.ReadOnlySQLTransactionError):
                await leave_servers(connection)
                # Tortoise rolls nothing back for its own error, and hands on a connection that can't be used.
                raise read_only from None
            raise
        require_file(connection)


async def take_lock(connection: BaseDBAsyncClient, work: str) -> None:
    """Wait until no other process does this work; none will until the transaction of the connection ends."""
    if on_postgres():
        await connection.execute_query("SELECT pg_advisory_xact_lock($1)", [zlib.crc32(f"callboard {work}".encode())])
