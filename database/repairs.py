"""Repairs: rows that a migration leaves to be filled in, or that an earlier release leaves wrong, are found and mended.

A repair goes through a table by its key, in batches. It only reads where nothing is wrong, so that it may be run at any
time, and goes on after a kill without a note of how far it was.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import asyncpg
import orjson
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.exceptions import OperationalError

from database.connection import client, driver_error, on_postgres
from database.schema_steps import LOCK_MS
from database.transactions import open_transaction

#: So many rows of the owner are looked at together, and so many mended in a transaction.
_LOOKED_AT, _MENDED = 2_000, 100
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 5.0
_PROGRESS_SECONDS = 5.0

#: So many rows of the owner are filled in in a second; measured on two shared cores, beside pushes.
_FILLED_PER_SECOND = 4_000

Find = Callable[[BaseDBAsyncClient, str, str], Awaitable[Sequence[str]]]
Mend = Callable[[BaseDBAsyncClient, Sequence[str]], Awaitable[None]]


@dataclass(frozen=True)
class Repair:
    """What is wrong with some rows, and what mends it."""

    #: In words, for the terminal: what is mended.
    name: str
    #: The migration that needs it: it is run before that counts as applied.
    migration: str
    #: The table whose rows are locked while they, or their parts, are mended.
    owner: str
    #: The ids of those of the owner's rows with `after < id <= upto` that are wrong.
    find: Find
    mend: Mend
    #: Whether `migrate` runs it at any time. Otherwise only while its migration is applied: later the same rows may be
    #: right.
    is_lasting: bool = True

    def describe(self, rows: int) -> str:
        """What the repair does where its owner has so many rows."""
        seconds = max(1, round(rows / _FILLED_PER_SECOND))
        work = f"looks through about {rows} rows of {self.owner}, at most {seconds} s"
        return f"repair of {self.name}: {work}; up to {_MENDED} are locked at a time, for some ms"


@dataclass(frozen=True)
class Trigger:
    """Keeps right what an earlier release writes while both serve: from its migration until no such release is left."""

    name: str
    migration: str
    table: str
    #: When it fires, such as "AFTER INSERT"; on which rows; and the statement that it runs for each.
    event: str
    condition: str
    statement: str

    def create(self) -> str:
        """The statements that make it, also where there is one, in the open database's dialect."""
        event = f'{self.event} ON "{self.table}" FOR EACH ROW WHEN ({self.condition})'
        if not on_postgres():
            return f"{self.drop()}; CREATE TRIGGER {self.name} {event} BEGIN {self.statement}; END"
        body = f"BEGIN {self.statement}; RETURN NULL; END"
        return (
            f"CREATE OR REPLACE FUNCTION {self.name}() RETURNS trigger LANGUAGE plpgsql AS $${body}$$; "
            f'DROP TRIGGER IF EXISTS {self.name} ON "{self.table}"; '
            f"CREATE TRIGGER {self.name} {event} EXECUTE FUNCTION {self.name}()"
        )

    def drop(self) -> str:
        """The statement that drops it, if it is there."""
        return (
            f"DROP FUNCTION IF EXISTS {self.name} CASCADE" if on_postgres() else f"DROP TRIGGER IF EXISTS {self.name}"
        )


def repair_by_sql(name: str, migration: str, owner: str, wrong: str, *mend: str, is_lasting: bool = True) -> Repair:
    """A repair in SQL that both databases have.

    `wrong` gives the ids of the owner's rows behind $1 up to $2 that are wrong, as `id`. `mend` are updates of the rows
    with `{ids}`, which stands for `IN` and the ids.
    """

    async def find(connection: BaseDBAsyncClient, after: str, upto: str) -> list[str]:
        return [row["id"] for row in await connection.execute_query_dict(for_dialect(wrong), [after, upto])]

    async def update(connection: BaseDBAsyncClient, ids: Sequence[str]) -> None:
        for statement in mend:
            await connection.execute_query(for_dialect(statement), [bound_ids(ids)])

    return Repair(name, migration, owner, find, update, is_lasting)


def for_dialect(statement: str) -> str:
    """A statement with `$1` and `{ids}` (of the first argument) as the open database has it."""
    if on_postgres():
        return statement.replace("{ids}", "= ANY($1::text[])")
    return statement.replace("{ids}", "IN (SELECT value FROM json_each($1))").replace("$", "?")


def bound_ids(ids: Sequence[str]) -> object:
    """Ids as an argument of what `for_dialect` has written."""
    return list(ids) if on_postgres() else orjson.dumps(list(ids)).decode()


async def run_repair(repair: Repair, rows: int, say: Callable[[str], None]) -> int:
    """Mend what is wrong; returns with how many rows of the owner, of which there are about so many."""
    after, looked_at, mended, told_at = "", 0, 0, time.monotonic()
    while (upto := await _end_of_batch(repair.owner, after)) is not None:
        ids = sorted(set(await repair.find(client(), after, upto)))
        for start in range(0, len(ids), _MENDED):
            await _mend(repair, ids[start : start + _MENDED], say)
        after, looked_at, mended = upto, min(looked_at + _LOOKED_AT, rows), mended + len(ids)
        if time.monotonic() - told_at > _PROGRESS_SECONDS:
            told_at = time.monotonic()
            say(f"Repair of {repair.name}: {looked_at * 100 // max(rows, 1)} % looked through, {mended} mended.")
    return mended


async def _end_of_batch(owner: str, after: str) -> str | None:
    batch = f'SELECT id FROM "{owner}" WHERE id > $1 ORDER BY id LIMIT {_LOOKED_AT}'
    [row] = await client().execute_query_dict(for_dialect(f"SELECT max(id) AS last FROM ({batch}) batch"), [after])
    last: str | None = row["last"]
    return last


async def _mend(repair: Repair, ids: Sequence[str], say: Callable[[str], None]) -> None:
    """Mend these in one transaction, with their owners locked as every act locks them first."""
    pause = _FIRST_PAUSE
    while True:
        try:
            async with open_transaction() as transaction:
                await _lock(transaction, repair.owner, ids)
                await repair.mend(transaction, ids)
            return
        except (OperationalError, asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError) as error:
            if not isinstance(driver_error(error), asyncpg.LockNotAvailableError | asyncpg.DeadlockDetectedError):
                raise
            say(f"Waiting for rows of {repair.owner} that are being written: again in {pause:g} s.")
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)


async def _lock(transaction: BaseDBAsyncClient, owner: str, ids: Sequence[str]) -> None:
    """Take the locks in a statement of its own: what comes behind it sees all that was committed before."""
    if on_postgres():
        await transaction.execute_script(f"SET LOCAL lock_timeout = {LOCK_MS}")
        locking = f'SELECT id FROM "{owner}" WHERE id {{ids}} ORDER BY id FOR NO KEY UPDATE'
        await transaction.execute_query(for_dialect(locking), [bound_ids(ids)])
    else:
        # The first statement of a transaction that writes must be a write.
        await transaction.execute_query(f"UPDATE \"{owner}\" SET id = id WHERE id = ''")
