"""A subscription: what one viewer has still to receive, and whether they may still see it.

A subscription first reads the log behind its cursor at its own pace. Once it has reached the live edge it is live: the
channel hands it what is new. Nothing is awaited between the two, so that no change is missed and none comes twice.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Generic, Protocol

import settings
from auth.refusals import Refused
from auth.viewer import Viewer
from feed.log import Audience, Entry, Topic
from models import LogEntry, Role

#: For so many seconds what was read about who may see a change is relied on.
_FRESH_SECONDS = 1.0

_READ_AT_ONCE = 200


class Ended(Exception):
    """The process goes down: the stream breaks off, and can be resumed elsewhere from its last cursor."""


class BufferFull(Exception):
    """More changes wait for a subscriber than are kept for one."""


@dataclass(frozen=True)
class Publication(Generic[Entry]):
    """Changes that have been committed, which follow one another in the log."""

    changes: Sequence[Entry]
    #: Of each change by its position, which restricted viewers may see it; empty where nobody restricted follows.
    audiences: Mapping[int, Audience]
    #: When the audiences were asked for, by the clock of the event loop.
    at: float


@dataclass(frozen=True)
class DirectWriter:
    """Writes changes to the socket of an idle subscriber without waking its task, in bytes made once for all alike."""

    #: Equal for those who get the same bytes.
    shared: Callable[[Viewer], Hashable]
    render: Callable[[Viewer, LogEntry], Awaitable[bytes]]
    #: False: nothing was written, since the socket doesn't take it at once.
    write: Callable[[Sequence[bytes]], bool]


class LiveEdge(Protocol):
    """Where the log is read for all."""

    @property
    def head(self) -> int:
        """The position up to which the log has been read and handed out."""
        ...


class Subscription(Generic[Entry]):
    """Delivers a log to one viewer from a position on: all that they may see, or that of one subject."""

    def __init__(
        self,
        topic: Topic[Entry],
        viewer: Viewer,
        subject_id: str | None,
        position: int,
        edge: LiveEdge,
        writer: DirectWriter | None = None,
    ) -> None:
        """Raises Refused where the viewer may not follow the topic."""
        #: The position of the last change that was delivered, or of the cursor.
        self.delivered = position
        #: Whether it has caught up, so that it is handed what is new.
        self.live = False
        self._topic = topic
        self._subject_id = subject_id
        self._edge = edge
        self._writer = writer
        self._read = position
        self._waiting: deque[tuple[Entry, Role | None, float]] = deque()
        self._end: Exception | None = None
        self._woken: asyncio.Future[None] | None = None
        self._follow_as(viewer)

    @property
    def viewer(self) -> Viewer:
        """Who follows, as of the last renewal."""
        return self._viewer

    def renew(self, viewer: Viewer | Refused) -> None:
        """Go on as what the viewer is by now, or end with why they are no longer let in."""
        if isinstance(viewer, Refused):
            self.end(viewer)
        elif viewer is not self._viewer:
            try:
                self._follow_as(viewer)
            except Refused as refused:
                self.end(refused)

    def _follow_as(self, viewer: Viewer) -> None:
        self._topic.require(viewer)
        # What follows from the viewer is asked for every change.
        self._viewer, self.is_restricted = viewer, self._topic.is_restricted(viewer)
        self._gets_all = self._subject_id is None and not self.is_restricted
        self._shared = self._writer.shared(viewer) if self._writer is not None else None

    def visible_part(self, publication: Publication[Entry]) -> Sequence[Entry]:
        """The changes that this subscription delivers."""
        if self._gets_all:
            return publication.changes
        subject = self._topic.log.subject
        return [
            change
            for change in publication.changes
            if self._subject_id in (None, getattr(change, subject))
            and (not self.is_restricted or publication.audiences[change.position].has(self._viewer))
        ]

    def enqueue(self, publication: Publication[Entry]) -> None:
        """Keep what is for this subscription until it is delivered, and step over the rest."""
        new = [change for change in publication.changes if change.position > self._read]
        if not self.live or not new:
            return
        publication = replace(publication, changes=new)
        if not self._can_judge(publication):
            self.fall_behind()
            return
        self._read = new[-1].position
        own = [(change, self._viewer.role, publication.at) for change in self.visible_part(publication)]
        if len(self._waiting) + len(own) > settings.current().subscriber_buffer:
            self.end(BufferFull())
        elif own:
            self._waiting.extend(own)
            self._wake()

    def group_key(self, publication: Publication[Entry]) -> Hashable | None:
        """Equal for subscriptions that can be written the same bytes at once; None: this one must be enqueued."""
        if self._writer is None or not self._is_idle or not self._can_judge(publication):
            return None
        if self._gets_all:
            return self._shared
        own = [change.position for change in self.visible_part(publication)]
        return (self._shared, *own) if own else None

    def renderer(self) -> Callable[[Entry], Awaitable[bytes]]:
        """Renders a change as this viewer sees it now: the same for every subscription with the same group key."""
        assert self._writer is not None, "whoever has a group key has a writer"
        return partial(self._writer.render, self._viewer)

    def try_write(self, publication: Publication[Entry], group_key: Hashable, payloads: Sequence[bytes]) -> bool:
        """Write the changes, rendered, to the socket; False: nothing was written, and they must be enqueued."""
        # Rendering was waited for: meanwhile the subscription may have been renewed, handed more or ended.
        is_still_in_group = self.group_key(publication) == group_key
        if self._writer is None or not is_still_in_group or not self._writer.write(payloads):
            return False
        self._read = self.delivered = publication.changes[-1].position
        return True

    def _can_judge(self, publication: Publication[Entry]) -> bool:
        """Whether the changes follow what was read last, and it is known by now which of them the viewer may see."""
        first = publication.changes[0].position
        return first == self._read + 1 and (
            not self.is_restricted or (first in publication.audiences and _now() - publication.at < _FRESH_SECONDS)
        )

    @property
    def _is_idle(self) -> bool:
        """Whether everything has been delivered and `next` waits for more."""
        return self.live and not self._waiting and self._woken is not None and not self._woken.done()

    def fall_behind(self) -> None:
        """Go on by reading the log: what is new there can't be handed over."""
        self.live = False
        self._wake()

    def end(self, reason: Exception) -> None:
        """Deliver nothing more: `next` raises the reason."""
        self.live = False
        self._waiting.clear()
        self._end = self._end or reason
        self._wake()

    def _wake(self) -> None:
        if self._woken is not None and not self._woken.done():
            self._woken.set_result(None)

    async def next(self) -> Entry:
        """The next change. Raises the reason where the subscription has ended."""
        while True:
            if self._end is not None:
                raise self._end
            if self._waiting:
                change, role, at = self._waiting.popleft()
                if await self._may_still_see(change, role, at):
                    return change
            elif self._read < self._edge.head:
                await self._catch_up()
            else:
                # From here on the channel hands over what is new: nothing is awaited in between, so nothing is missed.
                self.live = True
                self._woken = asyncio.get_running_loop().create_future()
                await self._woken

    async def _catch_up(self) -> None:
        """Read what comes next in the log."""
        viewer, head, at = self._viewer, self._edge.head, _now()
        entries = await self._topic.load(self._topic, viewer, self._subject_id, self._read, head, _READ_AT_ONCE)
        (await self._topic.extent(viewer.account_id)).require_kept(self._read)
        self._waiting.extend((change, viewer.role, at) for change in entries)
        self._read = entries[-1].position if len(entries) == _READ_AT_ONCE else head

    async def _may_still_see(self, change: Entry, role: Role | None, at: float) -> bool:
        """Whether the change, which was visible at that time to somebody of that role, still is."""
        if not self.is_restricted or (role is self._viewer.role and _now() - at < _FRESH_SECONDS):
            return True
        return await self._topic.scope(self._viewer.scope).filter(id=change.id).exists()


def _now() -> float:
    return asyncio.get_running_loop().time()
