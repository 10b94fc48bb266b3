"""Changes as they are committed, for many followers: the log is read once a process, and everybody gets the same rows.

A follower first reads the log behind its cursor at its own pace. Once it has caught up with its account's channel it is
live, without a step in between in which a change could slip through: none is missed, none comes twice.
"""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from typing import Any, TypeVar

from tortoise.queryset import QuerySet

import clock
import database
import metrics
import models
import settings
from auth import viewer as auth
from auth.refusals import Code, Refused
from auth.viewer import Viewer
from database.compiled import read
from feed.notify import SIGNALS
from models import Change, Role
from resolvers import changes
from resolvers.access import Audience, audiences, restricted, unscoped, visible

T = TypeVar("T")

_log = logging.getLogger("callboard.live")

#: The slow look at the log and at who may still follow: what a lost ring or a changed role costs at most.
LOOK_SECONDS = 1.0

#: So long others wait for those whose changes take long to be rendered.
_PATIENCE_SECONDS = 0.5
_READ_AT_ONCE = 200
_TOLD_AT_ONCE = 32
_LOOKED_AT_ONCE = 250
_FRESH_SECONDS = 1.0


class Ended(Exception):
    """The process goes down: the stream breaks off, and can be resumed elsewhere from its last cursor."""


class TooSlow(Exception):
    """The buffer of a follower is full."""


class Channel:
    """One account's live edge in this process: it reads the log's new rows once, for all who follow."""

    def __init__(self, account_id: str, head: int) -> None:
        self.account_id = account_id
        #: The position up to which the log has been read and handed out.
        self.head = head
        self.followers: set[Follower] = set()
        self._reading = asyncio.create_task(self._read_on())

    def end(self, reason: Exception) -> None:
        """Nothing more is read, and everybody who follows gets the reason."""
        self._reading.cancel()
        for follower in self.followers:
            follower.end(reason)

    async def _read_on(self) -> None:
        while True:
            # The signal is taken before the log is read, so that none falls between the two.
            signal = SIGNALS.signal(self.account_id)
            try:
                while await self._read():
                    pass
            except Exception as error:
                away = isinstance(error, database.UNREACHABLE)
                _log.warning("The log can't be read: %s", type(error).__name__, exc_info=None if away else error)
                # Whoever was about to be told reads it in the log.
                self._let_everybody_catch_up(self.head)
            await signal.wait(LOOK_SECONDS * 10)

    async def _read(self) -> bool:
        """Hand out what is new; tells whether there may be more."""
        values = {"account_id": self.account_id, "position": self.head}
        found = [change for (change,) in await read(_behind, (_READ_AT_ONCE,), values)]
        if found and (len(found) == _READ_AT_ONCE or found[0].position != self.head + 1):
            # Far behind, as after an outage: everybody reads on at their own pace, and nobody is too slow for it.
            self._let_everybody_catch_up(found[-1].position)
        elif found:
            await self._hand_out(found)
        return len(found) == _READ_AT_ONCE

    def _let_everybody_catch_up(self, head: int) -> None:
        for follower in self.followers:
            follower.live = False
            follower.wake()
        self.head = head

    async def _hand_out(self, found: list[Change]) -> None:
        for some in _parts(found, min(_TOLD_AT_ONCE, settings.current().subscriber_buffer)):
            at, some_are_restricted = _now(), any(follower.restricted for follower in self.followers)
            await self._tell(News(some, await audiences(some) if some_are_restricted else {}, at))

    async def _tell(self, news: "News") -> None:
        """Tell these changes to everybody: straight away to those who can take them so, by themselves to the others."""
        together: dict[Hashable, _Together] = {}
        for follower in self.followers:
            if (shared := follower.shares(news)) is None or follower.straight is None:
                follower.offer(news)
            elif shared in together:
                together[shared].followers.append(follower)
            else:
                # What it is now: it may be renewed, and may see more or less, before the rendering begins.
                render = partial(follower.straight.render, follower.viewer)
                together[shared] = _Together(follower.own(news), render, [follower])
        # From here on whoever catches up reads them in the log: none must slip by while others are told.
        self.head = news.changes[-1].position
        await asyncio.gather(*(self._tell_straight(*its, news) for its in together.items()))
        for change in news.changes:
            metrics.handed_out((clock.now() - change.at).total_seconds())

    async def _tell_straight(self, shared: Hashable, its: "_Together", news: "News") -> None:
        """Render what is theirs once for all of them, and write it to each socket that takes it at once."""
        payloads = None
        with suppress(Exception):
            # What takes longer than the others should wait, or fails, each of them meets by itself.
            async with asyncio.timeout(_PATIENCE_SECONDS):
                payloads = await asyncio.gather(*map(its.render, its.changes))
        told = 0
        for follower in its.followers:
            if payloads is not None and follower.told(news, shared, payloads):
                told += len(payloads)
            else:
                follower.offer(news)
        metrics.delivered(told)


def _behind(most: int, account_id: Any, position: Any) -> QuerySet[Change]:
    log = unscoped(Change, "each change is then offered only to those who may see it")
    return log.filter(account_id=account_id, position__gt=position).order_by("position").limit(most)


@dataclass(frozen=True)
class News:
    """Changes that have been committed, with who may see each, where any follower is restricted, and since when."""

    changes: Sequence[Change]
    seen_by: Mapping[int, Audience]
    at: float


@dataclass(frozen=True)
class _Together:
    """Followers who get the same bytes, the changes that are theirs, and how one of them renders each."""

    changes: Sequence[Change]
    render: Callable[[Change], Awaitable[bytes]]
    followers: "list[Follower]"


@dataclass(frozen=True)
class Straight:
    """How a change reaches a follower that sleeps: its bytes, made once for all who share them, go to the socket."""

    #: Equal for those who get the same bytes.
    shared: Callable[[Viewer], Hashable]
    render: Callable[[Viewer, Change], Awaitable[bytes]]
    #: False: nothing was written, since the socket doesn't take it at once.
    write: Callable[[Sequence[bytes]], bool]


class Follower:
    """A subscription: what it has still to deliver, and whether it still may."""

    def __init__(
        self,
        viewer: Viewer,
        candidate_id: str | None,
        position: int,
        channel: Channel,
        straight: Straight | None = None,
    ) -> None:
        self.candidate_id = candidate_id
        self.straight = straight
        self.viewer = viewer
        #: The position of the last change that was delivered, or of the cursor.
        self.delivered = position
        #: Whether it has caught up, so that the channel hands it what is new.
        self.live = False
        self._channel = channel
        self._read = position
        self._waiting: deque[tuple[Change, Role | None, float]] = deque()
        self._end: Exception | None = None
        self._woken: asyncio.Future[None] | None = None

    @property
    def viewer(self) -> Viewer:
        """Who follows, as of the last look."""
        return self._viewer

    @viewer.setter
    def viewer(self, viewer: Viewer) -> None:
        # What follows from the viewer is asked of every follower for every change.
        self._viewer, self.restricted = viewer, restricted(viewer)
        self._gets_all = self.candidate_id is None and not self.restricted
        self._shared = self.straight.shared(viewer) if self.straight is not None else None

    def own(self, news: News) -> Sequence[Change]:
        """Those of the changes that are for this follower; of a restricted one, as the audiences have it."""
        if self._gets_all:
            return news.changes
        return [
            change
            for change in news.changes
            if self.candidate_id in (None, change.candidate_id)
            and (not self.restricted or news.seen_by[change.position].has(self._viewer))
        ]

    def offer(self, news: News) -> None:
        """Changes have been committed; what of them is for this follower waits for it, the rest is stepped over."""
        news = replace(news, changes=[change for change in news.changes if change.position > self._read])
        if not self.live or not news.changes:
            return
        if not self._follow_on(news):
            # One has slipped by, or nobody has asked just now whether this follower may see it: the log knows.
            self.live = False
            self.wake()
            return
        self._read = news.changes[-1].position
        own = [(change, self.viewer.role, news.at) for change in self.own(news)]
        if len(self._waiting) + len(own) > settings.current().subscriber_buffer:
            self.end(TooSlow())
        elif own:
            self._waiting.extend(own)
            self.wake()

    def shares(self, news: News) -> Hashable | None:
        """What those have in common who can be told what is theirs in the same bytes at once; None: not this one."""
        if self.straight is None or not self._idle or not self._follow_on(news):
            return None
        if self._gets_all:
            return self._shared
        own = [change.position for change in self.own(news)]
        return (self._shared, *own) if own else None

    def told(self, news: News, shared: Hashable, payloads: Sequence[bytes]) -> bool:
        """Tell what is theirs straight away; False: nothing was told, since something came in between."""
        if self.straight is None or self.shares(news) != shared or not self.straight.write(payloads):
            return False
        self._read = self.delivered = news.changes[-1].position
        return True

    def _follow_on(self, news: News) -> bool:
        """Whether they come right behind what it has read, and it is known by now which of them are its own."""
        first = news.changes[0].position
        return first == self._read + 1 and (
            not self.restricted or (first in news.seen_by and _now() - news.at < _FRESH_SECONDS)
        )

    @property
    def _idle(self) -> bool:
        """Whether all that there was is delivered, and it waits for more."""
        return self.live and not self._waiting and self._woken is not None and not self._woken.done()

    def end(self, reason: Exception) -> None:
        """Nothing more is delivered; whoever follows gets the reason."""
        self.live = False
        self._waiting.clear()
        self._end = self._end or reason
        self.wake()

    def wake(self) -> None:
        """Something is new."""
        if self._woken is not None and not self._woken.done():
            self._woken.set_result(None)

    async def next(self) -> Change:
        """The next change. Raises the reason where the following has ended."""
        while True:
            if self._end is not None:
                raise self._end
            if self._waiting:
                change, role, at = self._waiting.popleft()
                if await self._may_see(change, role, at):
                    return change
            elif self._read < self._channel.head:
                await self._catch_up()
            else:
                # From here on the channel hands over; no change fits in between, since nothing is awaited.
                self.live = True
                self._woken = asyncio.get_running_loop().create_future()
                await self._woken

    async def _catch_up(self) -> None:
        """Read what comes next in the log."""
        head, role, at = self._channel.head, self.viewer.role, _now()
        found = await changes.behind(self.viewer, self._read, self.candidate_id, _READ_AT_ONCE, head)
        await changes.require_kept(self.viewer, self._read)
        self._waiting.extend((change, role, at) for change in found)
        self._read = found[-1].position if len(found) == _READ_AT_ONCE else head

    async def _may_see(self, change: Change, role: Role | None, at: float) -> bool:
        """Whether the change, which was found visible at that time for somebody of that role, still is."""
        if not self.restricted or (role is self.viewer.role and _now() - at < _FRESH_SECONDS):
            return True
        return await visible(self.viewer, Change).filter(id=change.id).exists()


class Hub:
    """All channels of this process, and the slow look over them."""

    def __init__(self) -> None:
        self._channels: dict[str, Channel] = {}
        self._looking: asyncio.Task[None] | None = None
        self._ended = False

    def channel(self, account_id: str, head: int) -> Channel:
        """The account's channel, opened at that position of the log; it stays until nobody follows any more."""
        if self._ended:
            raise Ended
        if account_id not in self._channels:
            self._channels[account_id] = Channel(account_id, head)
        if self._looking is None:
            self._looking = asyncio.create_task(self._look_on())
        return self._channels[account_id]

    def begin(self) -> None:
        """The process serves."""
        self._ended = False

    def end(self) -> None:
        """The process goes down: every stream breaks off."""
        self._ended = True
        for channel in self._channels.values():
            channel.end(Ended())
        self._channels.clear()
        if self._looking is not None:
            self._looking.cancel()
            self._looking = None

    async def _look_on(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            self._close_idle()
            try:
                await self._look()
                await self._renew()
            except database.UNREACHABLE as error:
                _log.warning("The database can't be looked at: %s", type(error).__name__)
            except Exception:
                _log.exception("The database can't be looked at")

    def _close_idle(self) -> None:
        for account_id, channel in list(self._channels.items()):
            if not channel.followers:
                channel.end(Ended())
                del self._channels[account_id]

    async def _look(self) -> None:
        """Ring where a ring was lost. One statement for every part of the accounts."""
        for some in _parts(list(self._channels), _LOOKED_AT_ONCE):
            heads = unscoped(models.Account, "heads only").filter(id__in=some).values_list("id", "position")
            for account_id, position in await heads:
                channel = self._channels.get(account_id)
                if channel is not None and position > channel.head:
                    SIGNALS.notify(account_id)

    async def _renew(self) -> None:
        """Let every follower go on as what they are by now, or end. Two statements for every part of them."""
        followers = [follower for channel in self._channels.values() for follower in channel.followers]
        for some in _parts(followers, _LOOKED_AT_ONCE):
            renewed = await auth.renewed_all({follower.viewer for follower in some})
            for follower in some:
                now = renewed[follower.viewer]
                if not isinstance(now, Viewer):
                    follower.end(now)
                elif now is not follower.viewer:
                    follower.viewer = now


HUB = Hub()


async def follow(
    viewer: Viewer, candidate_id: str | None, after: str | None, straight: Straight | None = None
) -> AsyncGenerator[tuple[Viewer, Change], None]:
    """Every change behind the cursor and then each as it is committed, with the viewer as of its delivery.

    Without a cursor it begins now. With `straight`, changes may be delivered past the caller.
    Raises Refused: BAD_USER_INPUT, CURSOR_EXPIRED, TOO_SLOW, or what ends the access.
    """
    position, head = await changes.beginning(viewer, after)
    channel = HUB.channel(viewer.account_id, head)
    follower = Follower(viewer, candidate_id, position, channel, straight)
    channel.followers.add(follower)
    try:
        while True:
            change = await follower.next()
            yield follower.viewer, change
            follower.delivered = change.position
            metrics.delivered()
    except TooSlow:
        metrics.cut_off("buffer")
        message = "Too slow: the buffer is full. Subscribe again with `after` set to this cursor."
        raise Refused(Code.TOO_SLOW, message, cursor=changes.cursor_at(follower.delivered)) from None
    finally:
        channel.followers.discard(follower)


def _now() -> float:
    return asyncio.get_running_loop().time()


def _parts(whole: Iterable[T], most: int) -> Iterator[list[T]]:
    """The whole in parts of so many at most."""
    rest = iter(whole)
    while part := list(islice(rest, most)):
        yield part
