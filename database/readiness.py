"""Whether the database can be served from, and what keeps it from that: asked at the start and by /readyz."""

import errno
import sqlite3
from collections import defaultdict

import asyncpg
from tortoise import Tortoise

from database.connection import UNREACHABLE, client, driver_error, migrations_table, on_postgres
from database.migrations import is_current
from database.sqlite import FileClient

#: What is asked of a role that serves.
RIGHTS = ("SELECT", "INSERT", "UPDATE", "DELETE")

_POOLER = (
    "The pool goes through a pooler that gives each transaction another connection: name that in "
    "CALLBOARD_DATABASE_POOLER_URL, and the database itself in CALLBOARD_DATABASE_URL."
)
_DISK_FULL = "The database's disk is full."
_READ_ONLY = "The database is read-only."
_SQLITE_REASONS = {
    sqlite3.SQLITE_BUSY: "Another process holds the lock of the database's file.",
    sqlite3.SQLITE_CANTOPEN: "The database's file can't be opened.",
    sqlite3.SQLITE_FULL: _DISK_FULL,
    sqlite3.SQLITE_IOERR: "The database's disk fails.",
    sqlite3.SQLITE_READONLY: _READ_ONLY,
}
NOT_CURRENT = "The database is not at the current version: run `callboard migrate` first."

_STATE = "SELECT current_user AS role, pg_is_in_recovery() AS standby, current_setting('transaction_read_only') AS mode"

#: Where a table is that no schema of the search path shows, and whether the role may look into that schema.
_ELSEWHERE = """SELECT nspname AS schema, has_schema_privilege(schemas.oid, 'USAGE') AS usable
    FROM pg_class JOIN pg_namespace schemas ON schemas.oid = relnamespace WHERE relname = $1 AND relkind = 'r'"""

_TABLES = """SELECT name, found IS NULL AS missing,
      array(SELECT one FROM unnest($2::text[]) one WHERE NOT has_table_privilege(found, one)) AS lacking
    FROM (SELECT name, to_regclass(quote_ident(name)) AS found FROM unnest($1::text[]) name) tables ORDER BY name"""

_OWNER = """SELECT relowner::regrole::text AS owner, pg_has_role(relowner, 'USAGE') AS is_owner,
      relnamespace::regnamespace::text AS schema
    FROM pg_class WHERE oid = to_regclass($1)"""

#: What keeps a table's sequence from giving out its next key; the table and the key stand in braces. What has given out
#: no number yet has no last value.
_SEQUENCE = """SELECT coalesce(sequence, '{table}') AS name, CASE
      WHEN sequence IS NULL THEN 'missing'
      WHEN NOT has_sequence_privilege(sequence, 'USAGE') THEN 'forbidden'
      WHEN coalesce(pg_sequence_last_value(sequence::regclass), 0) < (SELECT coalesce(max("{key}"), 0) FROM "{table}")
        THEN 'behind'
      END AS fault
    FROM (SELECT pg_get_serial_sequence('"{table}"', '{key}') AS sequence) sequences"""

#: Takes the locks of a push, a little of the disk and a place in the log of the server, and leaves nothing. A message
#: in the log of the server waits for a synchronous standby as a push does. It gives up before PostgreSQL looks for
#: deadlocks, so that it never is why a migration fails.
_PROBE = """DO $$ BEGIN
      PERFORM set_config('lock_timeout', '500ms', true), set_config('work_mem', '64kB', true);
      LOCK TABLE {tables} IN ROW EXCLUSIVE MODE;
      PERFORM count(*) FROM generate_series(1, 20000);
      PERFORM pg_logical_emit_message(true, 'callboard', '');
    END $$"""

_LOCKED = """SELECT DISTINCT relation::regclass::text AS name FROM pg_locks
    WHERE granted AND relation = ANY($1::text[]::regclass[]) AND mode IN
      ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock') ORDER BY name"""


class NotReady(Exception):
    """Raised where the database can't be served from; the text is one line that says why, and what mends it."""


async def check_ready() -> None:
    """Raises NotReady, or one of UNREACHABLE where the database does not answer."""
    try:
        await (_check_postgres() if on_postgres() else _check_sqlite())
    except (*UNREACHABLE, asyncpg.PostgresError) as error:
        reason = _reason(driver_error(error))
        if reason is None:
            raise
        raise NotReady(reason) from None


def table_names() -> list[str]:
    """The names of all tables that belong to the models."""
    models = (Tortoise.apps or {})["models"].values()
    through = {
        str(getattr(model._meta.fields_map[name], "through", "")) for model in models for name in model._meta.m2m_fields
    }
    return sorted({model._meta.db_table for model in models} | through)


def _reason(error: BaseException) -> str | None:
    """What an error of the driver says about the database; None where it only says that it is away."""
    match error:
        case asyncpg.DiskFullError():
            return _DISK_FULL
        case asyncpg.InsufficientPrivilegeError():
            return f"The database refuses: {error.args[0]}. An owner's `callboard migrate --serve-as ROLE` grants it."
        case asyncpg.ReadOnlySQLTransactionError():
            return _READ_ONLY
        case asyncpg.TargetServerAttributeNotMatched():
            return "No server of the database can be written to: those that answer are standbys, or read-only."
        case asyncpg.DuplicatePreparedStatementError() | asyncpg.InvalidSQLStatementNameError():
            return _POOLER
        case asyncpg.UndefinedTableError():
            return f"The database is damaged: {error.args[0]}."
        case FileNotFoundError(errno=errno.ENOENT) if not on_postgres():
            return "The database's file is missing."
        case OSError(errno=errno.ENOSPC):
            return _DISK_FULL
        case sqlite3.Error():
            return _SQLITE_REASONS.get(error.sqlite_errorcode & 0xFF)
    return None


async def _check_sqlite() -> None:
    if not await is_current():
        raise NotReady(NOT_CURRENT)
    rows = await client().execute_query_dict("SELECT name FROM sqlite_master WHERE type = 'table'")
    _require_none_missing(set(table_names()) - {row["name"] for row in rows})
    sqlite = client()
    assert isinstance(sqlite, FileClient)
    await sqlite.check_writable()


async def _check_postgres() -> None:
    [state] = await client().execute_query_dict(_STATE)
    if state["standby"]:
        raise NotReady("The database server is a standby: nothing can be written there.")
    if state["mode"] == "on":
        raise NotReady(_READ_ONLY)
    await _check_migrations(state["role"])
    await _check_tables(state["role"])
    await _check_sequences(state["role"])
    try:
        await client().execute_script(_PROBE.format(tables=", ".join(map(_quoted, table_names()))))
    except asyncpg.LockNotAvailableError:
        rows = await client().execute_query_dict(_LOCKED, [table_names()])
        names = ", ".join(row["name"] for row in rows) or "A table"
        raise NotReady(f"{names}: locked, as by a migration or a new index, so that pushes wait.") from None


async def _check_migrations(role: str) -> None:
    [table] = await client().execute_query_dict(_TABLES, [[migrations_table], ["SELECT"]])
    if table["lacking"]:
        raise _rights_missing(role, f"SELECT on {migrations_table}")
    if table["missing"]:
        for place in await client().execute_query_dict(_ELSEWHERE, [migrations_table]):
            if not place["usable"]:
                raise _rights_missing(role, f"USAGE on the schema {place['schema']}")
            raise NotReady(f"The tables are in the schema {place['schema']}, which is not on the search_path.")
    if not await is_current():
        raise NotReady(NOT_CURRENT)


async def _check_tables(role: str) -> None:
    rows = await client().execute_query_dict(_TABLES, [table_names(), list(RIGHTS)])
    _require_none_missing({row["name"] for row in rows if row["missing"]})
    if lacking := [f"{', '.join(row['lacking'])} on {row['name']}" for row in rows if row["lacking"]]:
        raise _rights_missing(role, "; ".join(lacking))


async def _check_sequences(role: str) -> None:
    """Raises NotReady where a table's numbers can't be counted on, as after a restore of some tables."""
    faults: dict[str | None, list[str]] = defaultdict(list)
    for model in (Tortoise.apps or {})["models"].values():
        if model._meta.pk.generated:
            statement = _SEQUENCE.format(table=model._meta.db_table, key=model._meta.db_pk_column)
            [row] = await client().execute_query_dict(statement)
            faults[row["fault"]].append(row["name"])
    if missing := ", ".join(faults["missing"]):
        raise NotReady(f"The database is damaged: the sequence of {missing} is missing.")
    if forbidden := faults["forbidden"]:
        raise _rights_missing(role, "; ".join(f"USAGE on {name}" for name in forbidden))
    if behind := ", ".join(faults["behind"]):
        raise NotReady(f"The database is damaged: {behind} would give out numbers that are taken (setval).")


def _require_none_missing(tables: set[str]) -> None:
    if tables:
        raise NotReady(f"The database is damaged: {', '.join(sorted(tables))} is missing, though it is migrated.")


def _rights_missing(role: str, rights: str) -> NotReady:
    return NotReady(f"The role {role} lacks {rights}: an owner's `callboard migrate --serve-as {role}` grants it.")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


async def grant(role: str) -> None:
    """Let a role serve: it may read and write all rows, and change nothing else.

    Raises ValueError where there is no such role, and for whoever does not own the tables.
    """
    if not await client().execute_query_dict("SELECT FROM pg_roles WHERE rolname = $1", [role]):
        raise ValueError(f"There is no role {role} in the database.")
    [place] = await client().execute_query_dict(_OWNER, [migrations_table])
    if not place["is_owner"]:
        # PostgreSQL itself only warns, and grants nothing.
        raise ValueError(f"Only {place['owner']}, who owns the tables, can grant rights on them.")
    tables, grantee = ", ".join(map(_quoted, table_names())), _quoted(role)
    rows = await client().execute_query_dict(
        "SELECT pg_get_serial_sequence(quote_ident(table_name), column_name) AS name FROM information_schema.columns "
        "WHERE table_schema = current_schema() AND table_name = ANY($1)",
        [table_names()],
    )
    grants = [f"USAGE ON SCHEMA {place['schema']}", f"SELECT ON {migrations_table}"]
    grants += [f"{', '.join(RIGHTS)} ON {tables}"]
    grants += [f"USAGE, SELECT ON SEQUENCE {row['name']}" for row in rows if row["name"]]
    await client().execute_script("".join(f"GRANT {each} TO {grantee};" for each in grants))
