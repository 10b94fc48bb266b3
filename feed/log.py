"""The logs that are followed: what happened in an account about one topic, at positions gap-free and in commit order.

A log is append-only but for retention. It is the truth; whatever is kept in memory of it can be lost at any time.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from tortoise.queryset import QuerySet

from auth.refusals import Code, Refused
from auth.viewer import Scope, Viewer
from database import Bind, Coalescer, Query, fetch
from models import Account, LogEntry, TopicChange, TopicLog

Entry = TypeVar("Entry", bound=LogEntry)
Counter = TypeVar("Counter", Account, TopicLog)


class Audience(Protocol):
    """Which of the viewers whose sight is restricted may see an entry."""

    def has(self, viewer: Viewer) -> bool: ...


@dataclass(frozen=True)
class Log(Generic[Entry]):
    """Where entries are stored, and where their positions are counted."""

    entries: type[Entry]
    #: A row for each account, or for each account and topic: how far its log reaches.
    counters: type[Account] | type[TopicLog]
    #: The column of an entry that holds the id of its counter.
    counter: str
    #: The column of an entry by which a follower may follow a part of the log.
    subject: str


#: The log of every topic that has no table of its own.
TOPIC_LOG = Log(TopicChange, TopicLog, counter="log_id", subject="subject_id")


@dataclass(frozen=True)
class Extent:
    """From behind which position to which one a log is kept."""

    pruned: int
    head: int

    def require(self, position: int) -> None:
        """Raises Refused: BAD_USER_INPUT for a position that the log never had, or as `require_kept` does."""
        if not 0 <= position <= self.head:
            raise Refused(Code.BAD_USER_INPUT, "`after` is not a cursor of this list: pass one that it gave.")
        self.require_kept(position)

    def require_kept(self, position: int) -> None:
        """Raises Refused(CURSOR_EXPIRED) where entries behind that position are gone."""
        if position < self.pruned:
            raise Refused(Code.CURSOR_EXPIRED, "The log no longer reaches this cursor: load afresh, then subscribe.")


def anybody(viewer: Viewer) -> None:
    """Let every viewer follow."""


def _sees_all(viewer: Viewer) -> bool:
    return False


async def _no_audiences(entries: Sequence[LogEntry]) -> Mapping[int, Audience]:
    raise AssertionError("audiences are asked for only where a viewer may be restricted")


class Load(Protocol[Entry]):
    """Reads the entries that a viewer may see, the oldest first, behind a position up to another, or to the end.

    `subject_id` None stands for all subjects; `most` is how many entries are read at most.
    """

    async def __call__(
        self, topic: "Topic[Entry]", viewer: Viewer, subject_id: str | None, after: int, upto: int | None, most: int
    ) -> list[Entry]: ...


@dataclass(frozen=True, eq=False)
class Topic(Generic[Entry]):
    """What can be followed live, declared once for each topic beside the rules of its word, in `resolvers/`."""

    #: Part of the ids of its logs. The empty name stands for the log whose positions the account's own row counts.
    name: str
    log: Log[Entry]
    #: The entries that a viewer of that scope may see.
    scope: Callable[[Scope], QuerySet[Entry]]
    #: Reads what a viewer may see of the log: see `Load`.
    load: "Load[Entry]"
    #: Raises Refused where the viewer may not follow the topic at all.
    require: Callable[[Viewer], None] = anybody
    #: Whether the viewer sees only some entries of a subject.
    is_restricted: Callable[[Viewer], bool] = _sees_all
    #: Of entries by their positions, which restricted viewers see each: `scope`, seen from the other side.
    audiences: Callable[[Sequence[Entry]], Awaitable[Mapping[int, Audience]]] = _no_audiences
    #: The cursor that a client resumes from, behind a position; None: it can only begin anew.
    cursor_at: Callable[[int], str] | None = None
    _extents: Coalescer = field(default_factory=Coalescer, repr=False)

    def log_id(self, account_id: str) -> str:
        """The id of the account's log: that of its counter, and the name of the signal that there is more."""
        return f"{account_id}/{self.name}" if self.name else account_id

    async def extent(self, account_id: str) -> Extent:
        """How far the account's log reaches, by one statement for all who ask at the same time."""
        log_id = self.log_id(account_id)
        return await self._extents.once(log_id, lambda: self._extent(log_id))

    async def _extent(self, log_id: str) -> Extent:
        counters = await fetch(Query(_counters, self.log.counters, log_id=log_id))
        return next((Extent(counter.pruned_position, counter.position) for counter in counters), Extent(0, 0))

    def too_slow(self, position: int) -> Refused:
        """What ends a subscription whose buffer is full, behind the position of its last delivery."""
        if self.cursor_at is None:
            return Refused(Code.TOO_SLOW, "Too slow: the buffer is full. Subscribe again.")
        message = "Too slow: the buffer is full. Subscribe again with `after` set to this cursor."
        return Refused(Code.TOO_SLOW, message, cursor=self.cursor_at(position))

    async def heads(self, account_ids: Sequence[str]) -> dict[str, int]:
        """The position of the last entry of each account's log."""
        accounts = {self.log_id(account_id): account_id for account_id in account_ids}
        heads = await self.log.counters.filter(id__in=list(accounts)).values_list("id", "position")
        return {accounts[log_id]: position for log_id, position in heads}

    async def entries_after(self, account_id: str, position: int, most: int) -> list[Entry]:
        """The next entries of the account's log, whoever may see them: for those who hand them out."""
        log_id = self.log_id(account_id)
        return await fetch(
            Query(_entries_after, self.log.entries, self.log.counter, most, log_id=log_id, position=position)
        )


def _counters(counters: type[Counter], log_id: Bind) -> QuerySet[Counter]:
    return counters.filter(id=log_id)


def _entries_after(entries: type[Entry], counter: str, most: int, log_id: Bind, position: Bind) -> QuerySet[Entry]:
    rows = entries.filter(**{counter: log_id, "position__gt": position})
    return rows.order_by("position").limit(most)


async def assign_positions(log_id: str, account_id: str, changes: Sequence[TopicChange]) -> TopicLog:
    """Give the changes the next positions of a topic's log, within a transaction that then writes all of them.

    Returns the row that counts the positions, to be written before them. It is locked until the commit, so that
    positions are gap-free and in the order of the commits. The first two writers of a log clash: one tries again.
    """
    log = await TopicLog.filter(id=log_id).select_for_update().first() or TopicLog(id=log_id, account_id=account_id)
    for change in changes:
        log.position += 1
        change.position = log.position
    return log
