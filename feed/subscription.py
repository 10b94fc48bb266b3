"""A subscription: what one viewer has still to receive, and whether they may still see it.

A subscription first reads the log behind its cursor at its own pace. Once it has reached the live edge it is live: the
channel hands it what is new. Nothing is awaited between the two, so that no change is missed and none comes twice.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Protocol

import settings
from auth.refusals import Code, Refused
from auth.viewer import Viewer
from feed.log import EXPIRED, Audience, Log, LogView
from models import SIGHT_CHANGED, LogEntry, Role

#: For so many seconds what was read about who may see a change is relied on.
_FRESH_SECONDS = 1.0

_READ_AT_ONCE = 200


class Ended(Exception):
    """The process goes down: the stream breaks off, and can be resumed elsewhere from its last cursor."""


class BufferFull(Exception):
    """More changes wait for a subscriber than are kept for one."""


@dataclass(frozen=True)
class Publication:
    """Changes that have been committed, which follow one another in the log."""

    changes: Sequence[LogEntry]
    #: Of each change by its position, which restricted viewers may see it; empty where nobody restricted follows.
    audiences: Mapping[int, Audience]
    #: When the audiences were asked for, by the clock of the event loop.
    at: float
    _parts: dict[LogView, Sequence[LogEntry]] = field(default_factory=dict, init=False)

    def part(self, view: LogView) -> Sequence[LogEntry]:
        """The changes that belong to the view, but for those of single viewers."""
        if view not in self._parts:
            self._parts[view] = [each for each in self.changes if each.viewer_id is None and view.has(each)]
        return self._parts[view]

    @cached_property
    def viewer_ids(self) -> frozenset[str]:
        """Whom alone some of the changes concern."""
        return frozenset(each.viewer_id for each in self.changes if each.viewer_id is not None)


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
    def epoch(self) -> str:
        """The epoch of the log."""
        ...

    @property
    def head(self) -> int:
        """The position up to which the log has been read and handed out."""
        ...


class Subscription:
    """Delivers a view of a log to one viewer from a position on: all of it that they may see."""

    def __init__(
        self,
        log: Log,
        view: LogView,
        viewer: Viewer,
        position: int,
        edge: LiveEdge,
        writer: DirectWriter | None = None,
    ) -> None:
        """Raises Refused where the viewer may not follow the view."""
        #: The position of the last change that was delivered, or of the cursor.
        self.delivered = position
        #: Whether it has caught up, so that it is handed what is new.
        self.live = False
        self._log = log
        self._view = view
        self._edge = edge
        self._writer = writer
        self._read = position
        self._waiting: deque[tuple[LogEntry, Role | None, float]] = deque()
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
        self._view.require(viewer)
        # What follows from the viewer is asked for every change.
        self._viewer, self.is_restricted = viewer, self._log.is_restricted(viewer)
        self._shows_all = not self.is_restricted and viewer.integration is None
        self._group = (self._writer.shared(viewer), self._view) if self._writer is not None else None

    def visible_part(self, publication: Publication) -> Sequence[LogEntry]:
        """The changes that this subscription delivers."""
        viewer_id = self._viewer.user_id
        if self._view.is_personal and viewer_id in publication.viewer_ids:
            part: Sequence[LogEntry] = [
                each for each in publication.changes if each.viewer_id in (None, viewer_id) and self._view.has(each)
            ]
        else:
            part = publication.part(self._view)
        if self._shows_all:
            return part
        if self.is_restricted:
            return [each for each in part if publication.audiences[each.position].has(self._viewer)]
        return [each for each in part if self._log.is_shown(self._viewer, each)]

    def enqueue(self, publication: Publication) -> None:
        """Keep what is for this subscription until it is delivered, and step over the rest."""
        new = [change for change in publication.changes if change.position > self._read]
        if not self.live or not new:
            return
        if len(new) < len(publication.changes):
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

    def group_key(self, publication: Publication) -> Hashable | None:
        """Equal for subscriptions that can be written the same bytes at once; None: this one must be enqueued."""
        if self._writer is None or not self._is_idle or not self._can_judge(publication):
            return None
        if self._viewer.user_id in publication.viewer_ids:
            return None
        if self._shows_all:
            return self._group if publication.part(self._view) else None
        own = [change.position for change in self.visible_part(publication)]
        return (self._group, *own) if own else None

    def renderer(self) -> Callable[[LogEntry], Awaitable[bytes]]:
        """Renders a change as this viewer sees it now: the same for every subscription with the same group key."""
        assert self._writer is not None, "whoever has a group key has a writer"
        return partial(self._writer.render, self._viewer)

    def try_write(self, publication: Publication, group_key: Hashable, payloads: Sequence[bytes]) -> bool:
        """Write the changes, rendered, to the socket; False: nothing was written, and they must be enqueued."""
        # Rendering was waited for: meanwhile the subscription may have been renewed, handed more or ended.
        is_still_in_group = self.group_key(publication) == group_key
        if self._writer is None or not is_still_in_group or not self._writer.write(payloads):
            return False
        self._read = self.delivered = publication.changes[-1].position
        return True

    def _can_judge(self, publication: Publication) -> bool:
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

    async def next(self) -> LogEntry:
        """The next change. Raises the reason where the subscription has ended."""
        while True:
            if self._end is not None:
                raise self._end
            if self._waiting:
                change, role, at = self._waiting.popleft()
                if change.kind == SIGHT_CHANGED:
                    raise Refused(Code.CURSOR_EXPIRED, "You see another part of the account by now: load afresh.")
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
        viewer, epoch, head, at = self._viewer, self._edge.epoch, self._edge.head, _now()
        entries = await self._log.load(self._view, viewer, epoch, self._read, head, _READ_AT_ONCE)
        extent = await self._log.extent(viewer.account_id)
        if extent.epoch != epoch or self._read < extent.pruned:
            raise Refused(Code.CURSOR_EXPIRED, EXPIRED)
        self._waiting.extend((change, viewer.role, at) for change in entries)
        self._read = entries[-1].position if len(entries) == _READ_AT_ONCE else head

    async def _may_still_see(self, change: LogEntry, role: Role | None, at: float) -> bool:
        """Whether the change, which was visible at that time to somebody of that role, still is."""
        if not self.is_restricted or (role is self._viewer.role and _now() - at < _FRESH_SECONDS):
            return True
        return await self._log.may_see(self._viewer, change)


def _now() -> float:
    return asyncio.get_running_loop().time()
