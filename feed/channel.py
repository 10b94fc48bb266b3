"""A channel: the live edge of one account's log in this process, read once for all who follow it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Hashable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Protocol, TypeVar

import clock
import database
import logs
import metrics
import settings
from auth.refusals import Refused
from auth.viewer import Viewer
from feed.log import Extent, Log, entries_after
from feed.notify import Signals
from feed.subscription import Publication
from models import LogEntry

T = TypeVar("T")

_log = logging.getLogger("callboard.feed")

#: How often a channel looks by itself; the hub looks for all of them more often.
_LOOK_SECONDS = 10.0
#: So long others wait for those whose changes take long to be rendered.
_PATIENCE_SECONDS = 0.5
_READ_AT_ONCE = 200
_HANDED_OUT_AT_ONCE = 32


class Subscriber(Protocol):
    """Whom a channel hands changes to."""

    #: Whether they see only some changes, so that the audiences of each have to be known.
    is_restricted: bool

    @property
    def viewer(self) -> Viewer: ...

    def renew(self, viewer: Viewer | Refused) -> None: ...

    def enqueue(self, publication: Publication) -> None: ...

    def group_key(self, publication: Publication) -> Hashable | None: ...

    def visible_part(self, publication: Publication) -> Sequence[LogEntry]: ...

    def renderer(self) -> Callable[[LogEntry], Awaitable[bytes]]: ...

    def try_write(self, publication: Publication, group_key: Hashable, payloads: Sequence[bytes]) -> bool: ...

    def fall_behind(self) -> None: ...

    def end(self, reason: Exception) -> None: ...


@dataclass(frozen=True)
class _Group:
    """Subscribers who get the same bytes, the changes that are theirs, and how one of them renders each."""

    changes: Sequence[LogEntry]
    render: Callable[[LogEntry], Awaitable[bytes]]
    subscribers: list[Subscriber]


class Channel:
    """Reads the new entries of an account's log as they are signalled, and hands them to its subscribers."""

    def __init__(self, log: Log, account_id: str, extent: Extent, signals: Signals) -> None:
        self.epoch = extent.epoch
        #: The position up to which the log has been read and handed out.
        self.head = extent.head
        self.subscribers: set[Subscriber] = set()
        self.log = log
        self.account_id = account_id
        self._signals = signals
        self._reading = asyncio.create_task(self._read_on())

    def end(self, reason: Exception) -> None:
        """Read nothing more, and end every subscription with the reason."""
        self._reading.cancel()
        for subscriber in self.subscribers:
            subscriber.end(reason)

    def read_up_to(self, head: int) -> None:
        """Read on if the log reaches further than was read: a signal was lost."""
        if head > self.head:
            self._signals.notify(self.account_id)

    async def _read_on(self) -> None:
        while True:
            # The signal is taken before the log is read, so that none falls between the two.
            signal = self._signals.signal(self.account_id)
            try:
                while await self._read():
                    pass
            except Exception as error:
                is_away = isinstance(error, database.UNREACHABLE)
                _log.warning("The log can't be read: %s", logs.name_of(error), exc_info=None if is_away else error)
                # Whoever was about to get something reads it in the log.
                self._let_all_fall_behind(self.head)
            await signal.wait(_LOOK_SECONDS)

    async def _read(self) -> bool:
        """Hand out what is new; returns whether there may be more."""
        new = await entries_after(self.account_id, self.epoch, self.head, _READ_AT_ONCE)
        if new and (len(new) == _READ_AT_ONCE or new[0].position != self.head + 1):
            # Far behind, as after an outage: everybody reads on at their own pace, and nobody is too slow for it.
            self._let_all_fall_behind(new[-1].position)
        elif new:
            await self._hand_out(new)
        return len(new) == _READ_AT_ONCE

    def _let_all_fall_behind(self, head: int) -> None:
        for subscriber in self.subscribers:
            subscriber.fall_behind()
        self.head = head

    async def _hand_out(self, new: Sequence[LogEntry]) -> None:
        for changes in parts(new, min(_HANDED_OUT_AT_ONCE, settings.current().subscriber_buffer)):
            at, any_is_restricted = _now(), any(subscriber.is_restricted for subscriber in self.subscribers)
            audiences = await self.log.audiences(changes) if any_is_restricted else {}
            await self._publish(Publication(changes, audiences, at))

    async def _publish(self, publication: Publication) -> None:
        """Write the changes to all who are idle and share their bytes, and enqueue them for the others."""
        groups: dict[Hashable, _Group] = {}
        for subscriber in self.subscribers:
            key = subscriber.group_key(publication)
            if key is None:
                subscriber.enqueue(publication)
            elif key in groups:
                groups[key].subscribers.append(subscriber)
            else:
                groups[key] = _Group(subscriber.visible_part(publication), subscriber.renderer(), [subscriber])
        # From here on whoever catches up reads them in the log: none must slip by while others are written to.
        self.head = publication.changes[-1].position
        await asyncio.gather(*(self._write_to_group(key, group, publication) for key, group in groups.items()))
        for change in publication.changes:
            metrics.observe_feed_lag((clock.now() - change.at).total_seconds())

    async def _write_to_group(self, key: Hashable, group: _Group, publication: Publication) -> None:
        """Render what is theirs once for all of a group, and write it to each socket that takes it at once."""
        payloads = None
        with suppress(Exception):
            # What takes longer than the others should wait, or fails, each of them meets by itself.
            async with asyncio.timeout(_PATIENCE_SECONDS):
                payloads = await asyncio.gather(*map(group.render, group.changes))
        written = 0
        for subscriber in group.subscribers:
            if payloads is not None and subscriber.try_write(publication, key, payloads):
                written += len(payloads)
            else:
                subscriber.enqueue(publication)
        metrics.count_deliveries(written)


def parts(items: Iterable[T], most: int) -> Iterator[list[T]]:
    """The items in lists of so many at most."""
    rest = iter(items)
    while part := list(islice(rest, most)):
        yield part


def _now() -> float:
    return asyncio.get_running_loop().time()
