"""The hub: all channels of this process, and the look each second for lost signals and for viewers who have changed."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from types import TracebackType
from typing import Any

import database
import logs
import metrics
from auth import viewer as auth
from auth.viewer import Viewer
from feed.channel import Channel, parts
from feed.log import Entry, Topic
from feed.notify import Signals
from feed.subscription import BufferFull, DirectWriter, Ended, Subscription

_log = logging.getLogger("callboard.feed")

#: How often the hub looks at the logs and at the viewers: what a lost signal or a changed role costs at most.
LOOK_SECONDS = 1.0

_LOOKED_AT_ONCE = 250

AnyChannel = Channel[Any]


class Hub:
    """Lets viewers follow topics, inside its `async with` block; when that is left, every stream breaks off."""

    def __init__(self, signals: Signals) -> None:
        self._signals = signals
        #: By the ids of the logs that they read.
        self._channels: dict[str, AnyChannel] = {}
        self._looking: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "Hub":
        self._looking = asyncio.create_task(self._look_on())
        return self

    async def __aexit__(
        self, type_: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.end()

    def end(self) -> None:
        """Break off every stream, and each that begins from now on."""
        if self._looking is not None:
            self._looking.cancel()
            self._looking = None
        for channel in self._channels.values():
            channel.end(Ended())
        self._channels.clear()

    async def follow(
        self,
        topic: Topic[Entry],
        viewer: Viewer,
        subject_id: str | None = None,
        after: int | None = None,
        writer: DirectWriter | None = None,
    ) -> AsyncGenerator[tuple[Viewer, Entry], None]:
        """Each visible change behind the position, then each as it is committed, with the viewer as of its delivery.

        Without a position it begins now. With a writer, changes may be delivered past the caller.
        Raises Refused: BAD_USER_INPUT, CURSOR_EXPIRED, TOO_SLOW, or what ends the access. Raises Ended at the shutdown.
        """
        extent = await topic.extent(viewer.account_id)
        if after is not None:
            extent.require(after)
        channel = self.channel(topic, viewer.account_id, extent.head)
        position = extent.head if after is None else after
        subscription = Subscription(topic, viewer, subject_id, position, channel, writer)
        channel.subscribers.add(subscription)
        try:
            while True:
                change = await subscription.next()
                yield subscription.viewer, change
                subscription.delivered = change.position
                metrics.count_deliveries()
        except BufferFull:
            metrics.count_cut_off("buffer")
            raise topic.too_slow(subscription.delivered) from None
        finally:
            channel.subscribers.discard(subscription)

    def channel(self, topic: Topic[Entry], account_id: str, head: int) -> Channel[Entry]:
        """The channel of the account's log, opened at that position; it stays until nobody follows any more."""
        if self._looking is None:
            raise Ended
        log_id = topic.log_id(account_id)
        if log_id not in self._channels:
            self._channels[log_id] = Channel(topic, account_id, head, self._signals)
        return self._channels[log_id]

    async def _look_on(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            self._close_idle()
            try:
                await self._look()
                await self._renew()
            except database.UNREACHABLE as error:
                _log.warning("The database can't be looked at: %s", logs.name_of(error))
            except Exception:
                _log.exception("The database can't be looked at")

    def _close_idle(self) -> None:
        for log_id, channel in list(self._channels.items()):
            if not channel.subscribers:
                channel.end(Ended())
                del self._channels[log_id]

    async def _look(self) -> None:
        """Have channels read where a signal was lost. One statement a topic for so many of them."""
        by_topic: dict[Topic[Any], dict[str, AnyChannel]] = {}
        for channel in self._channels.values():
            by_topic.setdefault(channel.topic, {})[channel.account_id] = channel
        for topic, channels in by_topic.items():
            for account_ids in parts(channels, _LOOKED_AT_ONCE):
                for account_id, head in (await topic.heads(account_ids)).items():
                    channels[account_id].read_up_to(head)

    async def _renew(self) -> None:
        """Let every subscriber go on as what they are by now, or end. Two statements for so many of them."""
        subscribers = [subscriber for channel in self._channels.values() for subscriber in channel.subscribers]
        for some in parts(subscribers, _LOOKED_AT_ONCE):
            renewed = await auth.renew_all({subscriber.viewer for subscriber in some})
            for subscriber in some:
                subscriber.renew(renewed[subscriber.viewer])
