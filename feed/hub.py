"""The hub: all channels of this process, and the look each second for lost signals and for viewers who have changed."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import suppress
from types import TracebackType

import database
import logs
import metrics
from auth import viewer as auth
from auth.refusals import Code, Refused
from auth.viewer import Viewer
from feed.channel import Channel, parts
from feed.epoch import begin_epoch, renew_epoch
from feed.log import EXPIRED, Cursor, Extent, Log, LogView, heads
from feed.notify import Signals
from feed.subscription import BufferFull, DirectWriter, Ended, Subscription
from models import LogEntry

_log = logging.getLogger("callboard.feed")

#: How often the hub looks at the logs and at the viewers: what a lost signal or a changed role costs at most.
LOOK_SECONDS = 1.0

_LOOKED_AT_ONCE = 250


class Hub:
    """Lets viewers follow the logs, inside its `async with` block; when that is left, every stream breaks off."""

    def __init__(self, signals: Signals) -> None:
        self._signals = signals
        #: By the accounts whose logs they read.
        self._channels: dict[str, Channel] = {}
        self._looking: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "Hub":
        with suppress(*database.UNREACHABLE):
            await renew_epoch()
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
        log: Log,
        view: LogView,
        viewer: Viewer,
        after: Cursor | None = None,
        writer: DirectWriter | None = None,
    ) -> AsyncGenerator[tuple[Viewer, LogEntry], None]:
        """Each visible change behind the cursor, then each as it is committed, with the viewer as of its delivery.

        Without a cursor it begins now. With a writer, changes may be delivered past the caller.
        Raises Refused: BAD_USER_INPUT, CURSOR_EXPIRED, TOO_SLOW, or what ends the access. Raises Ended at the shutdown.
        """
        extent = await log.extent(viewer.account_id)
        position = extent.head if after is None else extent.position_of(after)
        channel = self.channel(log, viewer.account_id, extent)
        subscription = Subscription(log, view, viewer, position, channel, writer)
        channel.subscribers.add(subscription)
        try:
            while True:
                change = await subscription.next()
                yield subscription.viewer, change
                subscription.delivered = change.position
                metrics.count_deliveries()
        except BufferFull:
            metrics.count_cut_off("buffer")
            raise log.too_slow(subscription.delivered, channel.epoch) from None
        finally:
            channel.subscribers.discard(subscription)

    def channel(self, log: Log, account_id: str, extent: Extent) -> Channel:
        """The channel of the account's log, opened at its head; it stays until nobody follows any more."""
        if self._looking is None:
            raise Ended
        if account_id in self._channels and self._channels[account_id].epoch != extent.epoch:
            self._expire(account_id)
        if account_id not in self._channels:
            self._channels[account_id] = Channel(log, account_id, extent, self._signals)
        return self._channels[account_id]

    def _expire(self, account_id: str) -> None:
        """End what follows a log that has gone back: its subscribers load afresh."""
        self._channels.pop(account_id).end(Refused(Code.CURSOR_EXPIRED, EXPIRED))

    async def _look_on(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            self._close_idle()
            try:
                await renew_epoch()
                await self._look()
                await self._renew()
            except database.UNREACHABLE as error:
                _log.warning("The database can't be looked at: %s", logs.name_of(error))
            except Exception:
                _log.exception("The database can't be looked at")

    def _close_idle(self) -> None:
        for account_id, channel in list(self._channels.items()):
            if not channel.subscribers:
                channel.end(Ended())
                del self._channels[account_id]

    async def _look(self) -> None:
        """Have channels read where a signal was lost; end those whose log has gone back. A statement for so many."""
        for some in parts(self._channels.items(), _LOOKED_AT_ONCE):
            handed_out = {account_id: channel.head for account_id, channel in some}
            for account_id, (epoch, head) in (await heads(list(handed_out))).items():
                channel = self._channels.get(account_id)
                if channel is not None and channel.epoch == epoch and head < handed_out[account_id]:
                    await begin_epoch()
                    self._expire(account_id)
                elif channel is not None and channel.epoch != epoch:
                    self._expire(account_id)
                elif channel is not None:
                    channel.read_up_to(head)

    async def _renew(self) -> None:
        """Let every subscriber go on as what they are by now, or end. Two statements for so many of them."""
        subscribers = [subscriber for channel in self._channels.values() for subscriber in channel.subscribers]
        for some in parts(subscribers, _LOOKED_AT_ONCE):
            renewed = await auth.renew_all({subscriber.viewer for subscriber in some})
            for subscriber in some:
                subscriber.renew(renewed[subscriber.viewer])
