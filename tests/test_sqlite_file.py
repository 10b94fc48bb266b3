"""SQLite's files are their owner's alone."""

import sqlite3
from pathlib import Path

import pytest

from database.sqlite import check_file

pytestmark = pytest.mark.once


@pytest.mark.parametrize("is_known", [False, True])
def test_the_files_of_a_database_are_the_owners_alone(place: Path, is_known: bool) -> None:
    path = place / "new" / "callboard.db"
    if is_known:
        path.parent.mkdir()
        path.touch(0o644)

    check_file(path)
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("CREATE TABLE one (id TEXT)")

    files = {file.name: file.stat().st_mode & 0o777 for file in path.parent.iterdir()}
    connection.close()
    assert files == dict.fromkeys(("callboard.db", "callboard.db-wal", "callboard.db-shm"), 0o600)
