"""How a database is brought to the current version while it is served from, by this release and the one before.

A migration changes the schema, and only adds to it. What the rows need is a `Repair`: it fills them in when the
migration is applied, and mends what processes of an earlier release write afterwards. docs/decisions/0026 says why.
"""

import asyncio
import contextlib
import fcntl
import importlib
import os
import pkgutil
import sqlite3
import time
import zlib
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from typing import Any

import asyncpg
from tortoise.exceptions import OperationalError
from tortoise.migrations.executor import MigrationExecutor

from database import schema_steps
from database.connection import TORTOISE_ORM, client, connect, driver_error, file_of, migrations_table, on_postgres
from database.postgres import PostgresServers
from database.repairs import Repair, Trigger, run_repair
from database.schema_steps import Step
from database.sqlite import open_privately

_DUE_TABLE = "repair_due"
_LOCK_KEY = zlib.crc32(b"callboard migrations")
_LOOK_SECONDS = 0.1
_APPLICATION = "callboard feed"

_DUE = (
    "A repair is due: processes of an earlier release write what this one needs otherwise. Once the last of them has "
    "ended, run `callboard migrate` again."
)

Say = Callable[[str], None]


def newest_migration() -> str:
    """The name of the newest migration that this release knows."""
    package = importlib.import_module(TORTOISE_ORM["apps"]["models"]["migrations"])
    return max(module.name for module in pkgutil.iter_modules(package.__path__))


def listener_name() -> str:
    """What a process's listening connection calls itself, so that `migrate` sees of which release the process is."""
    return f"{_APPLICATION} {newest_migration()}"[:63]


async def migrate(
    url: str, repairs: Sequence[Repair] = (), triggers: Sequence[Trigger] = (), say: Say = lambda line: None
) -> list[str]:
    """Bring the database to the current version, and mend what the repairs find; returns what was applied.

    `say` is told a line at a time what is done and waited for. Several processes may migrate at once: one does, the
    others wait and then find nothing to do. Killed at any point, the next run goes on from there.
    """
    async with _only_one(url) as session, connect(url, statement_seconds=None):
        upgrade = _Upgrade(session, repairs, triggers, say)
        return await upgrade.run()


async def plan(url: str, repairs: Sequence[Repair] = ()) -> list[str]:
    """What `migrate` would do to this database, a line for each step; changes nothing."""
    async with connect(url):
        applied = await applied_migrations()
        lines = []
        for name, steps in await _pending(applied):
            lines += [f"{name}:"]
            lines += [f"  {step.describe(await _row_count(step.table))}" for step in steps]
            if applied:
                lines += await _described(each for each in repairs if each.migration == name)
        lasting = [each for each in repairs if each.is_lasting and each.migration in applied]
        if lasting:
            lines += ["What processes of an earlier release may have left:"]
            lines += await _described(lasting)
        return lines


async def is_current() -> bool:
    """Whether every migration is applied. Raises one of UNREACHABLE where the database does not answer."""
    executor = _executor()
    await executor.loader.build_graph()
    return {key.name for key in executor.loader.graph.nodes} <= set(await applied_migrations())


async def applied_migrations() -> list[str]:
    """The names of the migrations that were applied; none where the database is new."""
    try:
        rows = await client().execute_query_dict(f"SELECT name FROM {migrations_table} ORDER BY id")
    except OperationalError as error:
        if isinstance(driver_error(error), sqlite3.OperationalError | asyncpg.UndefinedTableError) and (
            migrations_table in str(error)
        ):
            return []
        raise
    return [str(row["name"]) for row in rows]


async def due_repair() -> str | None:
    """That a repair is due, in one line; None where none is."""
    return _DUE if await client().execute_query_dict(f"SELECT id FROM {_DUE_TABLE} LIMIT 1") else None


async def note_release() -> None:
    """Note that a repair is due where this process is of an earlier release than the database."""
    if max(await applied_migrations()) > newest_migration():
        await _set_due(newest_migration())


class _Upgrade:
    """One run of `migrate`."""

    def __init__(
        self,
        session: asyncpg.Connection | None,
        repairs: Sequence[Repair],
        triggers: Sequence[Trigger],
        say: Say,
    ) -> None:
        self._session, self._repairs, self._triggers, self._say = session, repairs, triggers, say

    async def run(self) -> list[str]:
        applied = await applied_migrations()
        pending = await _pending(applied)
        is_new = not applied
        if is_new:
            executor = _executor()
            await executor.recorder.ensure_schema(executor._schema_editor(atomic=False))
        for name, steps in pending:
            await self._apply(name, steps, is_new, is_last=name == pending[-1][0])
        if not is_new:
            await self._repair([each for each in self._repairs if each.is_lasting and each.migration in applied])
        await self._end(is_new, is_upgrade=bool(pending) and not is_new)
        return [name for name, _ in pending]

    async def _apply(self, name: str, steps: Sequence[Step], is_new: bool, is_last: bool) -> None:
        """Apply one migration, and fill in what it needs, before it counts as applied."""
        if not is_new:
            self._say(f"Applying {name}.")
        for step in steps:
            if not step.is_late:
                await schema_steps.run_step(step, self._session, self._say)
        if not is_new:
            for trigger in self._triggers:
                if trigger.migration == name:
                    await self._change(trigger.create(), trigger.table)
            await self._repair([each for each in self._repairs if each.migration == name])
            if is_last:
                await _set_due(name)
        await _executor().recorder.record_applied("models", name)

    async def _repair(self, repairs: Sequence[Repair]) -> None:
        for repair in repairs:
            began = time.monotonic()
            mended = await run_repair(repair, await _row_count(repair.owner), self._say)
            if mended:
                self._say(f"Mended {repair.name}: {mended} of {repair.owner}, in {time.monotonic() - began:.0f} s.")

    async def _end(self, is_new: bool, is_upgrade: bool) -> None:
        """Drop what only earlier releases need, once none of them is left."""
        older = 0 if is_new else await self._older_processes()
        if is_upgrade or older:
            self._say(f"{older} processes of an earlier release are serving. {_DUE}" if older else _DUE)
            return
        if not is_new and await due_repair() is None:
            return
        for trigger in self._triggers:
            await self._change(trigger.drop(), trigger.table)
        for step in await _late_steps():
            await schema_steps.run_step(step, self._session, self._say)
        await client().execute_script(f"DELETE FROM {_DUE_TABLE}")

    async def _older_processes(self) -> int:
        """How many listening processes are of another release; those of before 0012 can't be told by number."""
        if self._session is None:
            return 0
        count: int = await self._session.fetchval(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
            "AND starts_with(application_name, $1) AND application_name <> $2",
            _APPLICATION,
            listener_name(),
        )
        return count

    async def _change(self, sql: str, table: str) -> None:
        await schema_steps.run_step(Step(sql, table), self._session, self._say)


async def _described(repairs: Iterable[Repair]) -> list[str]:
    return [f"  {each.describe(await _row_count(each.owner))}" for each in repairs]


async def _pending(applied: Sequence[str]) -> list[tuple[str, list[Step]]]:
    """The migrations that are not applied yet, in their order, with their steps."""
    if await is_current():
        return []
    return [(name, steps) for name, steps in await _all_steps() if name not in applied]


async def _all_steps() -> list[tuple[str, list[Step]]]:
    """All migrations in their order, with their steps."""
    executor = _executor()
    await executor.loader.build_graph()
    state = await executor._project_state(set())
    editor = executor._schema_editor(atomic=False, collect_sql=True)
    steps = []
    for key in executor._full_plan():
        editor.collected_sql = []
        migration = executor.loader.graph.nodes[key]
        assert migration is not None, "none is left out of the graph"
        await migration.apply(state, schema_editor=editor, collect_sql=True)
        statements = [each for each in editor.collected_sql if not each.startswith("--")]
        steps.append((key.name, [schema_steps.step_of(each) for each in statements]))
    return steps


async def _late_steps() -> list[Step]:
    """The steps of all migrations that wait until no earlier release is left, but for what a later migration makes."""
    late: dict[str, Step] = {}
    for _, steps in await _all_steps():
        for step in steps:
            late.pop(step.name, None)
            if step.is_late:
                late[step.name] = step
    return list(late.values())


async def _row_count(table: str) -> int:
    """How many rows a table has, as PostgreSQL estimates it; 0 where there is no such table yet."""
    if on_postgres():
        rows = await client().execute_query_dict(
            "SELECT greatest(reltuples, 0)::bigint AS rows FROM pg_class WHERE oid = to_regclass(quote_ident($1))",
            [table],
        )
    else:
        if not await client().execute_query_dict("SELECT 1 FROM sqlite_master WHERE name = ?", [table]):
            return 0
        rows = await client().execute_query_dict(f'SELECT count(*) AS rows FROM "{table}"')
    return int(rows[0]["rows"]) if rows else 0


async def _set_due(reason: str) -> None:
    await client().execute_query(
        f"INSERT INTO {_DUE_TABLE} (id, since) VALUES ('{reason}', CURRENT_TIMESTAMP) ON CONFLICT (id) DO NOTHING"
    )


def _executor() -> MigrationExecutor:
    return MigrationExecutor(client(), TORTOISE_ORM["apps"])


@contextlib.asynccontextmanager
async def _only_one(url: str) -> AsyncIterator[asyncpg.Connection | None]:
    """Keep other processes from migrating this database inside the block; yields PostgreSQL's session with the lock.

    Those who wait for the lock look now and then: a statement that waits holds a snapshot, and whoever builds an index
    concurrently waits for all snapshots, so that both would wait for ever.
    """
    path = file_of(url)
    if path is None:
        session: Any = await PostgresServers(url).connect()
        try:
            await session.execute("SET statement_timeout = 0; SET idle_session_timeout = 0")
            while not await session.fetchval("SELECT pg_try_advisory_lock($1)", _LOCK_KEY):  # noqa: ASYNC110
                await asyncio.sleep(_LOOK_SECONDS)
            yield session
        finally:
            await session.close()
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(open_privately(path.with_name(path.name + ".migrating"), os.O_RDWR | os.O_CREAT), "w") as lock:
        await asyncio.to_thread(fcntl.flock, lock, fcntl.LOCK_EX)
        yield None
