"""Changes as they are committed, for many followers: the log is read once a process, and everybody gets the same rows.

A follower first reads the log behind its cursor at its own pace. Once it has caught up with its account's channel it is
attached, without a step in between in which a change could slip through: none is missed, none comes twice.
"""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncGenerator

import feed
import models
import settings
from auth import viewer as auth
from auth.refusals import Code, Refused
from auth.viewer import Viewer
from models import Change, database
from resolvers import changes
from resolvers.access import Audience, audiences, restricted, unscoped, visible

_log = logging.getLogger("callboard.live")

#: The slow look at the log and at who may still follow: what a lost ring or a changed role costs at most.
LOOK_SECONDS = 1.0

_READ_AT_ONCE = 200
_AUDIENCE_FRESH_SECONDS = 1.0


class Ended(Exception):
    """The process goes down: the stream breaks off, and can be resumed elsewhere from its last cursor."""


class Follower:
    """A subscription at the live edge: what it has still to deliver, and whether it still may."""

    def __init__(self, viewer: Viewer, candidate_id: str | None, position: int) -> None:
        self.viewer = viewer
        self.candidate_id = candidate_id
        self.position = position
        self._waiting: deque[tuple[Change, Audience | None, float]] = deque()
        self._end: Exception | None = None
        self._woken: asyncio.Future[None] | None = None

    def offer(self, change: Change, audience: Audience | None, now: float) -> None:
        """A change has been committed; it is for this follower, or is stepped over."""
        if change.position <= self.position or self._end is not None:
            return
        if self.candidate_id is not None and change.candidate_id != self.candidate_id:
            return
        if audience is not None and not audience.has(self.viewer):
            return
        if len(self._waiting) >= settings.current().subscriber_buffer:
            self._waiting.clear()
            message = "Too slow: the buffer is full. Subscribe again with `after` set to this cursor."
            self.end(Refused(Code.TOO_SLOW, message, cursor=changes.cursor_at(self.position)))
            return
        self._waiting.append((change, audience, now))
        self._wake()

    def end(self, reason: Exception) -> None:
        """Nothing more is delivered; whoever follows gets the reason."""
        self._end = self._end or reason
        self._wake()

    async def next(self) -> Change:
        """The next change. Raises the reason where the following has ended."""
        while True:
            while not self._waiting and self._end is None:
                self._woken = asyncio.get_running_loop().create_future()
                await self._woken
            if self._end is not None:
                raise self._end
            change, audience, at = self._waiting.popleft()
            if audience is None or asyncio.get_running_loop().time() - at < _AUDIENCE_FRESH_SECONDS:
                return change
            if await visible(self.viewer, Change).filter(id=change.id).exists():
                return change

    def _wake(self) -> None:
        if self._woken is not None and not self._woken.done():
            self._woken.set_result(None)


class Channel:
    """One account's live edge in this process: it reads the log's new rows once, for all who follow."""

    def __init__(self, account_id: str, head: int) -> None:
        self.account_id = account_id
        #: The position up to which the log has been read and handed out.
        self.head = head
        self.followers: set[Follower] = set()
        #: Subscriptions that need the channel, those included that are still catching up.
        self.visitors = 0
        self.ended = False
        self._reading = asyncio.create_task(self._read_on())

    def close(self) -> None:
        self.ended = True
        self._reading.cancel()

    async def _read_on(self) -> None:
        while True:
            # The bell is taken before the log is read, so that no ring falls between the two.
            bell = feed.bell(self.account_id)
            try:
                while await self._read():
                    pass
            except database.UNREACHABLE as error:
                _log.warning("The log can't be read: %s", type(error).__name__)
            except Exception:
                _log.exception("The log can't be read")
            await bell.heard(within=LOOK_SECONDS * 10)

    async def _read(self) -> bool:
        """Hand out what is new; tells whether there may be more."""
        log = unscoped(Change, "each change is then offered only to those who may see it")
        found = (
            await log.filter(account_id=self.account_id, position__gt=self.head)
            .order_by("position")
            .limit(_READ_AT_ONCE)
        )
        if not found:
            return False
        seen_by: dict[int, Audience] = {}
        while not seen_by and any(restricted(follower.viewer) for follower in self.followers):
            # Asked again after the wait: a restricted follower may have come in the meantime.
            seen_by = await audiences(found)
        now = asyncio.get_running_loop().time()
        for change in found:
            audience = seen_by.get(change.position)
            for follower in self.followers:
                follower.offer(change, audience if restricted(follower.viewer) else None, now)
            self.head = change.position
        return len(found) == _READ_AT_ONCE


class Hub:
    """All channels of this process, and the slow look over them."""

    def __init__(self) -> None:
        self._channels: dict[str, Channel] = {}
        self._opening: dict[str, asyncio.Lock] = {}
        self._looking: asyncio.Task[None] | None = None
        self._ended = False

    async def enter(self, account_id: str) -> Channel:
        """The account's channel, opened at the log's present end; it stays until its last visitor leaves."""
        if self._ended:
            raise Ended
        async with self._opening.setdefault(account_id, asyncio.Lock()):
            channel = self._channels.get(account_id)
            if channel is None:
                account = await unscoped(models.Account, "its own head").only("id", "position").get(id=account_id)
                channel = self._channels[account_id] = Channel(account_id, account.position)
            channel.visitors += 1
        if self._looking is None:
            self._looking = asyncio.create_task(self._look_on())
        return channel

    def end(self) -> None:
        """The process goes down: every stream breaks off."""
        self._ended = True
        for channel in self._channels.values():
            for follower in channel.followers:
                follower.end(Ended())
            channel.close()
        self._channels.clear()
        if self._looking is not None:
            self._looking.cancel()
            self._looking = None

    def begin(self) -> None:
        """The process serves."""
        self._ended = False

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
            if not channel.visitors:
                channel.close()
                del self._channels[account_id]
                self._opening.pop(account_id, None)

    async def _look(self) -> None:
        """Ring where a ring was lost. One statement for all accounts."""
        if not self._channels:
            return
        accounts = unscoped(models.Account, "heads only").filter(id__in=list(self._channels))
        for account_id, position in await accounts.values_list("id", "position"):
            channel = self._channels.get(account_id)
            if channel is not None and position > channel.head:
                feed.ring(account_id)

    async def _renew(self) -> None:
        """Let every follower go on as what they are by now, or end. Two statements for all of them."""
        followers = [follower for channel in self._channels.values() for follower in channel.followers]
        renewed = await auth.renewed_all({follower.viewer for follower in followers})
        for follower in followers:
            now = renewed.get(follower.viewer)
            if isinstance(now, Viewer):
                follower.viewer = now
            elif now is not None:
                follower.end(now)


HUB = Hub()


async def follow(
    viewer: Viewer, candidate_id: str | None, after: str | None
) -> AsyncGenerator[tuple[Viewer, Change], None]:
    """Every change behind the cursor and then each as it is committed, with the viewer as of its delivery.

    Without a cursor it begins now. Raises Refused: BAD_USER_INPUT, CURSOR_EXPIRED, TOO_SLOW, or what ends the access.
    """
    position = await changes.position_of(viewer, after) if after is not None else await changes.head(viewer)
    channel = await HUB.enter(viewer.account_id)
    follower = Follower(viewer, candidate_id, position)
    try:
        while follower.position < channel.head:
            follower.viewer, head = await auth.renewed(follower.viewer), channel.head
            log = changes.behind_position(follower.viewer, follower.position, candidate_id)
            found = await log.filter(position__lte=head).limit(_READ_AT_ONCE)
            for change in found:
                if channel.ended:
                    raise Ended
                yield follower.viewer, change
                follower.position = change.position
            if len(found) < _READ_AT_ONCE:
                follower.position = head
        channel.followers.add(follower)
        while True:
            change = await follower.next()
            yield follower.viewer, change
            follower.position = change.position
    finally:
        channel.followers.discard(follower)
        channel.visitors -= 1
