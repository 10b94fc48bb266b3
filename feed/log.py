"""The log that is followed: what happened in an account, at positions gap-free and in commit order.

The log is append-only but for retention. It is the truth; whatever is kept in memory of it can be lost at any time.
A position counts only within its account's epoch: another one begins whenever the log may have gone back.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from tortoise.queryset import QuerySet

from auth.refusals import Code, Refused
from auth.viewer import Viewer
from database import Bind, Coalescer, Query, UnionAll, fetch
from models import Account, Change, LogEntry


class Audience(Protocol):
    """Which of the viewers whose sight is restricted may see an entry."""

    def has(self, viewer: Viewer) -> bool: ...


@dataclass(frozen=True)
class Cursor:
    """A place in a log. Without an epoch it is of the first one: so it was written before there were epochs."""

    epoch: str | None
    position: int


EXPIRED = "The log no longer reaches this cursor: load afresh, then subscribe."


@dataclass(frozen=True)
class Extent:
    """In which epoch, from behind which position and up to which one a log is kept."""

    epoch: str
    pruned: int
    head: int

    def position_of(self, cursor: Cursor) -> int:
        """The cursor's position.

        Raises Refused: CURSOR_EXPIRED where the log has no such place any more, BAD_USER_INPUT where it never had.
        """
        if cursor.epoch is None and self.epoch == "" and not 0 <= cursor.position <= self.head:
            raise Refused(Code.BAD_USER_INPUT, "`after` is not a cursor of this list: pass one that it gave.")
        if (cursor.epoch or "") != self.epoch or not self.pruned <= cursor.position <= self.head:
            raise Refused(Code.CURSOR_EXPIRED, EXPIRED)
        return cursor.position


def anybody(viewer: Viewer) -> None:
    """Let every viewer follow."""


@dataclass(frozen=True)
class LogView:
    """A part of an account's log that can be followed."""

    topics: frozenset[Enum]
    #: Whether entries for the viewer alone are part of it.
    is_personal: bool = True
    #: Only entries that have this id in this column.
    column: str = "candidate_id"
    id: str | None = None
    #: Raises Refused where the viewer may not follow it at all.
    require: Callable[[Viewer], None] = field(default=anybody, compare=False)

    def has(self, entry: LogEntry) -> bool:
        """Whether the entry is part of it, whoever may see that."""
        if entry.viewer_id is not None and not self.is_personal:
            return False
        if entry.topic is None:
            return True
        return entry.topic in self.topics and (self.id is None or getattr(entry, self.column) == self.id)


class Load(Protocol):
    """Reads the entries of a view that a viewer may see, the oldest first, behind a position up to another one."""

    async def __call__(
        self, view: LogView, viewer: Viewer, epoch: str, after: int, upto: int, most: int
    ) -> list[LogEntry]: ...


@dataclass(frozen=True, eq=False)
class Log:
    """The logs of all accounts, and who sees what of them: declared once, in `resolvers/`."""

    #: Reads what a viewer may see: see `Load`.
    load: Load
    #: Whether the viewer may see the entry right now.
    may_see: Callable[[Viewer, LogEntry], Awaitable[bool]]
    #: Whether the viewer sees only some entries.
    is_restricted: Callable[[Viewer], bool]
    #: Of entries by their positions, which restricted viewers see each: `load`, seen from the other side.
    audiences: Callable[[Sequence[LogEntry]], Awaitable[Mapping[int, Audience]]]
    #: Whether an unrestricted viewer sees the entry.
    is_shown: Callable[[Viewer, LogEntry], bool]
    #: The cursor that a client resumes from, behind a position of an epoch.
    cursor_at: Callable[[int, str], str]
    _extents: Coalescer = field(default_factory=Coalescer, repr=False)

    async def extent(self, account_id: str) -> Extent:
        """How far the account's log reaches, by one statement for all who ask at the same time."""
        return await self._extents.once(account_id, lambda: self._extent(account_id))

    async def _extent(self, account_id: str) -> Extent:
        [account] = await fetch(Query(_accounts, id=account_id), attributes=_EXTENT)
        return Extent(account.epoch, account.pruned_position, account.position)

    def too_slow(self, position: int, epoch: str) -> Refused:
        """What ends a subscription whose buffer is full, behind the position of its last delivery."""
        message = "Too slow: the buffer is full. Subscribe again with `after` set to this cursor."
        return Refused(Code.TOO_SLOW, message, cursor=self.cursor_at(position, epoch))


_EXTENT = frozenset({"epoch", "pruned_position", "position"})


def _accounts(id: Bind) -> QuerySet[Account]:
    return Account.filter(id=id)


async def heads(account_ids: Sequence[str]) -> dict[str, tuple[str, int]]:
    """The epoch of each account's log, and the position of its last entry."""
    rows = await Account.filter(id__in=list(account_ids)).values_list("id", "epoch", "position")
    return {account_id: (epoch, position) for account_id, epoch, position in rows}


async def entries_after(account_id: str, epoch: str, position: int, most: int) -> list[LogEntry]:
    """The next entries of the account's log, whoever may see them: for those who hand them out."""
    query = Query(_entries_after, most, account_id=account_id, position=position)
    return in_epoch(epoch, (await fetch(query, order_by=["position"]))[:most])


def _entries_after(most: int, account_id: Bind, position: Bind) -> UnionAll[LogEntry]:
    behind = {"account_id": account_id, "position__gt": position}
    tables = (LogEntry, Change)
    return UnionAll(LogEntry, [table.filter(**behind).order_by("position").limit(most) for table in tables])


def in_epoch(epoch: str, entries: list[LogEntry]) -> list[LogEntry]:
    """The same entries, completed: those that were read from another table, and all with the epoch of their log."""
    for entry in entries:
        entry.complete(epoch)
    return entries
