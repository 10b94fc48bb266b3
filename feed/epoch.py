"""Epochs: positions of a log are comparable only as long as the log has never gone back.

Another epoch begins, for all accounts at once, where the database was restored, put back or failed over.
"""

import logging
import secrets

import database
from models import Account, LogOrigin

_log = logging.getLogger("callboard.feed")

_MARKER, _ACCOUNTS = database.table_name(LogOrigin), database.table_name(Account)
_REACHED = f'SELECT COALESCE(SUM(position), 0) FROM "{_ACCOUNTS}"'


async def renew_epoch() -> None:
    """Begin another epoch where the logs may have gone back. One statement where they have not."""
    if await database.has_moved(_MARKER, _REACHED):
        _log.warning("The database is not the one that it was: cursors expire, since the log may have gone back")
        await database.write_marker(_MARKER, _ACCOUNTS, _token())


async def begin_epoch() -> None:
    """Begin another epoch: a log has gone back."""
    _log.warning("A log has gone back: cursors expire")
    await database.write_marker(_MARKER, _ACCOUNTS, _token(), unless_it_stands=False)


def _token() -> str:
    return secrets.token_hex(4)
