"""What SQLite needs beside its connection: the file that was opened must still be there, and take what is written."""

import contextlib
import errno
import os
import sqlite3
from pathlib import Path
from typing import Any

from tortoise.backends.sqlite.client import SqliteClient

_LEAST_FREE_BYTES = 1_000_000


class FileClient(SqliteClient):
    """Tortoise's client, with a file that is watched: SQLite itself goes on writing into one that was removed."""

    _identity: tuple[int, int] | None = None

    async def create_connection(self, with_db: bool) -> None:
        await super().create_connection(with_db)
        self._identity = _identity_of(self.filename)
        connection: Any = self._connection
        # SQLite's own UPPER, by which searches compare, knows ASCII only.
        await connection.create_function("upper", 1, lambda text: text and text.upper(), deterministic=True)
        # What is deleted is overwritten in the file, in tables and indexes.
        await connection.execute("PRAGMA secure_delete = ON")

    def require_file(self) -> None:
        """Raises an OSError where the file that was opened is gone, or is another one by now."""
        if self._identity is not None and _identity_of(self.filename) != self._identity:
            raise FileNotFoundError(errno.ENOENT, "The database's file was replaced")

    async def empty_log(self) -> None:
        """Move the write-ahead log into the file and empty it: it has pages as they were before.

        Does nothing where another process reads for as long as SQLite waits: the next one who empties it does.
        """
        await self.execute_query("PRAGMA wal_checkpoint(TRUNCATE)")

    async def follow_file(self) -> None:
        """Open the file that stands in the place of the one that was opened, where that is another one."""
        if _identity_of(self.filename) != self._identity:
            async with self.acquire_connection():
                await self.close()
                await self.create_connection(with_db=True)

    async def check_writable(self) -> None:
        """Write once, and change nothing. Raises an OSError, or an error of SQLite's.

        Where another file stands in the place of the one that was opened, that one is opened instead.
        """
        await self.follow_file()
        space = os.statvfs(self.filename)
        if space.f_bavail * space.f_frsize < _LEAST_FREE_BYTES:
            raise OSError(errno.ENOSPC, "The disk is full")
        _, [row] = await self.execute_query("PRAGMA user_version")
        # Even the same number is written to the file, and flushed.
        await self.execute_query(f"PRAGMA user_version = {int(row[0])}")


#: For Tortoise, which is told the name of this module.
client_class = FileClient


def check_file(path: Path) -> None:
    """Raises one of UNREACHABLE where there can be no database: with Tortoise the first query would hang for ever.

    The file, and what SQLite keeps beside it, are made the owner's alone: it makes those with the file's own rights.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    os.close(open_privately(path, os.O_RDONLY | os.O_CREAT))
    for file in (path, *(path.with_name(path.name + end) for end in ("-wal", "-shm", "-journal"))):
        # Somebody else's file may be open to us by its group.
        with contextlib.suppress(FileNotFoundError, PermissionError):
            file.chmod(file.stat().st_mode & ~0o077)
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA schema_version")


def open_privately(path: str | Path, flags: int) -> int:
    """Open a file; one that is made is its owner's alone."""
    return os.open(path, flags, 0o600)


def _identity_of(path: str | Path) -> tuple[int, int]:
    """What tells a file from another one in its place. Raises FileNotFoundError."""
    file = os.stat(path)
    return file.st_dev, file.st_ino
