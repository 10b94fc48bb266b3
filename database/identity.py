"""What tells one database from another: a row by which a restore, a promoted standby or a file put back is noticed.

Whatever is remembered in a database comes back with its backup. So a marker, the only row of a table, says where and
how it was written, and that is compared with where and how it stands:

- PostgreSQL: the cluster (`system_identifier`), the timeline (a promoted standby or a recovery begins another), the
  database's OID, and the transaction that wrote the row (`xmin`): a dump that is restored writes it once more.
- SQLite: the file's inode and a token, and in a file beside the database the same with how far the logs have reached.

A snapshot of all files of a PostgreSQL server that is put back is none of these: whoever has seen further notices.
"""

import asyncio
import os
import secrets
from pathlib import Path

from database.connection import client, on_postgres
from database.sqlite import FileClient

# On a standby there is no timeline of its own; nothing can be written there.
_HERE = """concat_ws(':',
    (SELECT system_identifier FROM pg_control_system()),
    CASE WHEN NOT pg_is_in_recovery() THEN substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) END,
    (SELECT oid FROM pg_database WHERE datname = current_database()),
    {transaction})"""
_STANDS = _HERE.format(transaction="xmin")
_IS_WRITTEN = _HERE.format(transaction="txid_current() % 4294967296")


async def has_moved(marker: str, count: str) -> bool:
    """Whether the marker was written elsewhere or in another history. Without one it is written, and nothing has moved.

    `marker` is a table with the columns `id` and `identity`; `count` is an SQL expression that only grows.
    """
    if not on_postgres():
        return await _file_has_moved(marker, count)
    sql = f'SELECT pg_is_in_recovery() OR identity = {_STANDS} AS stands FROM "{marker}"'
    rows = await client().execute_query_dict(sql)
    if not rows:
        # Refused where the table has no key yet: a dump is being restored, which brings its own marker.
        insert = f"""INSERT INTO "{marker}" (id, identity) VALUES ('marker', {_IS_WRITTEN})"""
        await client().execute_query(f"{insert} ON CONFLICT (id) DO NOTHING")
    return bool(rows) and not rows[0]["stands"]


async def write_marker(marker: str, owners: str, token: str, unless_it_stands: bool = True) -> None:
    """Write the marker anew, and the token into the column `epoch` of all rows of the other table.

    On PostgreSQL by one statement, which does nothing where another process has just done so.
    """
    if on_postgres():
        moved = f" WHERE identity <> {_STANDS}" if unless_it_stands else ""
        sql = f'WITH marker AS (UPDATE "{marker}" SET identity = {_IS_WRITTEN}{moved} RETURNING id)'
        await client().execute_query(f'{sql} UPDATE "{owners}" SET epoch = $1 FROM marker', [token])
        return
    inode = os.stat(_path()).st_ino
    await client().execute_query(f'UPDATE "{owners}" SET epoch = ?', [token])
    identity = f"{inode}:{token}"
    await client().execute_query(f'UPDATE "{marker}" SET identity = ?', [identity])
    await asyncio.to_thread(_beside(_path()).unlink, missing_ok=True)


async def _file_has_moved(marker: str, count: str) -> bool:
    path = _path()
    if not path.exists():
        return False
    sqlite = client()
    if isinstance(sqlite, FileClient):
        await sqlite.follow_file()
    inode, beside = os.stat(path).st_ino, _beside(path)
    identity, reached = await _identity(marker, count)
    if identity is None:
        identity = f"{inode}:{secrets.token_hex(4)}"
        await client().execute_query(f"""INSERT INTO "{marker}" (id, identity) VALUES ('marker', ?)""", [identity])
    known, _, seen = beside.read_text().rpartition(" ") if beside.exists() else ("", "", "")
    if not identity.startswith(f"{inode}:") or (known and (known != identity or int(seen) > reached)):
        return True
    if seen != str(reached):
        await asyncio.to_thread(_replace, beside, f"{identity} {reached}")
    return False


async def _identity(marker: str, count: str) -> tuple[str | None, int]:
    """What the marker says, if there is one, and what the expression comes to."""
    [row] = await client().execute_query_dict(
        f'SELECT (SELECT identity FROM "{marker}") AS identity, ({count}) AS reached'
    )
    return row["identity"], row["reached"]


def _path() -> Path:
    return Path(getattr(client(), "filename", ""))


def _beside(path: Path) -> Path:
    """The file that says how far the logs of the database have reached."""
    return path.with_name(f"{path.name}.reached")


def _replace(path: Path, text: str) -> None:
    written = path.with_name(f"{path.name}.new")
    written.write_text(text)
    written.replace(path)
