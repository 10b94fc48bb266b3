"""One statement of a migration, as it is run beside processes that read and write all the time."""

import asyncio
import contextlib
import re
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass

import asyncpg
from tortoise.exceptions import OperationalError

from database.connection import client, driver_error

#: So long pushes wait at most behind a statement that waits for its own lock. Less than PostgreSQL waits before it
#: looks for deadlocks, so that none of them is ended for it.
LOCK_MS = 200
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 10.0

_INDEX = re.compile(r'CREATE (?P<unique>UNIQUE )?INDEX "(?P<name>\w+)" ON "(?P<table>\w+)" (?P<rest>.*?);?$', re.DOTALL)
_UNIQUE = re.compile(r'ALTER TABLE "(?P<table>\w+)" ADD CONSTRAINT "(?P<name>\w+)" UNIQUE (?P<rest>\(.*\))')
_BRIEF = re.compile(r'(?:CREATE TABLE|ALTER TABLE) "(?P<table>\w+)" (?P<rest>\(|ADD COLUMN "(?P<name>\w+)")')
_DROPPED = re.compile(r'DROP INDEX "(?P<name>\w+)"')

#: An index over so many rows takes a second; measured with four columns on two shared cores.
_INDEXED_PER_SECOND = 400_000

#: What an earlier run has made already that was killed behind it.
_MADE_ALREADY = (asyncpg.DuplicateColumnError, asyncpg.DuplicateTableError, asyncpg.DuplicateObjectError)

_HOLDERS = """SELECT coalesce(string_agg(DISTINCT format('%s (%s, for %s s)', pid, application_name,
        round(extract(epoch FROM clock_timestamp() - xact_start))), ', '), 'many short transactions') AS holders
    FROM pg_locks JOIN pg_stat_activity USING (pid)
    WHERE relation = to_regclass(quote_ident($1)) AND granted AND xact_start < clock_timestamp() - interval '0.5 s'"""


@dataclass(frozen=True)
class Step:
    """A statement with the table that it is about, and the index or column, and how that is made."""

    sql: str
    table: str
    name: str = ""
    #: Of an index: what it is made of, such as `("account_id", "name")`.
    indexed: str = ""
    is_unique: bool = False
    #: Whether it is added as a constraint of the table.
    is_constraint: bool = False
    #: Whether it waits until no process of an earlier release is left, which may still read by it.
    is_late: bool = False

    def describe(self, rows: int) -> str:
        """What the step locks and for how long, where the table has so many rows."""
        if self.is_late:
            return f"index {self.name}: dropped by the `migrate` after the last process of an earlier release has ended"
        if self.indexed:
            seconds = max(1, round(rows / _INDEXED_PER_SECOND))
            return f"{self.table}: index {self.name} over about {rows} rows, {seconds} s; reads and writes go on"
        column = f", column {self.name}" if self.name else ""
        return f"{self.table}{column}: locked for an instant, nothing is rewritten"


def step_of(statement: str) -> Step:
    """The step of a statement as Tortoise writes it. Raises ValueError for what can't be run beside writers."""
    if index := _INDEX.match(statement):
        is_unique = index["unique"] is not None
        return Step(statement, index["table"], index["name"], index["rest"], is_unique=is_unique)
    if unique := _UNIQUE.match(statement):
        return Step(statement, unique["table"], unique["name"], unique["rest"], is_unique=True, is_constraint=True)
    if brief := _BRIEF.match(statement):
        return Step(statement, brief["table"], brief["name"] or "")
    if dropped := _DROPPED.match(statement):
        return Step(f"{dropped[0]}", "", dropped["name"], is_late=True)
    raise ValueError(
        f"A migration makes tables, columns and indexes, and drops indexes; rows are for repairs: {statement}"
    )


async def run_step(step: Step, session: asyncpg.Connection | None, say: Callable[[str], None]) -> None:
    """Run the step. `session` is a connection to PostgreSQL outside the pool; None on SQLite."""
    if session is None:
        await _run_on_sqlite(step)
    elif step.is_late:
        await session.execute(f'DROP INDEX CONCURRENTLY IF EXISTS "{step.name}"')
    elif step.indexed:
        await _index(step, session, say)
    else:
        await _run_briefly(step.sql, step.table, session, say)


async def _run_on_sqlite(step: Step) -> None:
    try:
        sql = step.sql.replace("DROP INDEX", "DROP INDEX IF EXISTS") if step.is_late else step.sql
        await client().execute_script(f"BEGIN IMMEDIATE; {sql.rstrip(';')}; COMMIT")
    except OperationalError as error:
        with contextlib.suppress(OperationalError):
            await client().execute_script("ROLLBACK")
        cause = driver_error(error)
        if not isinstance(cause, sqlite3.OperationalError) or not re.search(
            "already exists|duplicate column", str(cause)
        ):
            raise


async def _index(step: Step, session: asyncpg.Connection, say: Callable[[str], None]) -> None:
    """Build an index while the table is written to. One that a killed run has left half is dropped and built anew."""
    is_valid = await session.fetchval(
        "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(quote_ident($1))", step.name
    )
    if is_valid is False:
        await session.execute(f'DROP INDEX CONCURRENTLY "{step.name}"')
    if not is_valid:
        unique = "UNIQUE " if step.is_unique else ""
        await session.execute(f'CREATE {unique}INDEX CONCURRENTLY "{step.name}" ON "{step.table}" {step.indexed}')
    if step.is_constraint and not await session.fetchval("SELECT 1 FROM pg_constraint WHERE conname = $1", step.name):
        sql = f'ALTER TABLE "{step.table}" ADD CONSTRAINT "{step.name}" UNIQUE USING INDEX "{step.name}"'
        await _run_briefly(sql, step.table, session, say)


async def _run_briefly(sql: str, table: str, session: asyncpg.Connection, say: Callable[[str], None]) -> None:
    """Run what takes an instant once it has its lock; give the lock's queue up again and again until it is free."""
    pause = _FIRST_PAUSE
    while True:
        try:
            async with session.transaction():
                await session.execute(f"SET LOCAL lock_timeout = {LOCK_MS}; {sql}")
            return
        except _MADE_ALREADY:
            return
        except (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError):
            holders = await session.fetchval(_HOLDERS, table)
            say(f"Waiting for the table {table}, in use by {holders}: again in {pause:g} s.")
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)
