"""Followers who fall behind, replays, retention, and a process that goes down."""

import asyncio
from datetime import timedelta

import pytest

import models
import settings
from auth.refusals import Code, Refused
from feed import channel as channels
from feed import subscription
from feed.hub import Hub
from feed.log import Extent
from feed.notify import SIGNALS
from feed.subscription import Ended, Publication, Subscription
from resolvers import changes
from tests.live import channel_of, followed, log, panel_entry, pushed, viewer
from tests.subscribers import eventually
from tests.world import World


async def test_who_falls_a_buffer_behind_gets_the_cursor_behind_their_last_change(world: World) -> None:
    """The change that is being delivered while the buffer runs full counts as delivered: it doesn't come twice."""
    most = settings.current().subscriber_buffer
    await pushed(world, "one")
    async with followed(world.rita) as slow:
        waiting = asyncio.create_task(anext(slow))
        channel = await channel_of(world)
        [subscriber] = channel.subscribers
        await eventually(lambda: subscriber.live)
        await pushed(world, "two")
        _, two = await waiting
        for position in range(two.position + 1, two.position + most + 2):
            news = [panel_entry(position)]
            subscriber.enqueue(Publication(news, {}, asyncio.get_running_loop().time()))

        with pytest.raises(Refused) as refused:
            await anext(slow)

    assert refused.value.code is Code.TOO_SLOW
    assert refused.value.extensions == {"cursor": changes.cursor_of(two)}


async def test_a_replay_is_never_too_slow_and_holds_little_of_the_log(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channels, "_READ_AT_ONCE", 5)
    monkeypatch.setattr(subscription, "_READ_AT_ONCE", 5)
    await pushed(world, *(f"panel {number}" for number in range(12)))
    async with followed(world.rita, changes.cursor_at(0)) as slow:
        received = [(await anext(slow))[1]]
        await pushed(world, *(f"later {number}" for number in range(12)))
        [subscriber] = (await channel_of(world)).subscribers
        assert not subscriber.live
        assert len(subscriber._waiting) < 5
        received += [(await anext(slow))[1] for _ in range(23)]

    assert [change.position for change in received] == list(range(1, 25))


async def test_a_process_that_fell_behind_lets_its_followers_read_on_and_nobody_is_too_slow(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after an outage of the database: far more than a buffer waits in the log at once."""
    monkeypatch.setattr(channels, "_READ_AT_ONCE", 5)
    monkeypatch.setattr(subscription, "_READ_AT_ONCE", 5)
    await pushed(world, "one")
    async with followed(world.rita) as feed:
        waiting = asyncio.create_task(anext(feed))
        channel = await channel_of(world)
        await eventually(lambda: all(subscriber.live for subscriber in channel.subscribers))
        channel._reading.cancel()
        await pushed(world, *(f"panel {number}" for number in range(23)))
        channel._reading = asyncio.create_task(channel._read_on())
        received = [(await waiting)[1]] + [(await anext(feed))[1] for _ in range(22)]

    assert [change.position for change in received] == list(range(2, 25))


async def test_a_cursor_that_retention_has_passed_is_refused_and_one_at_its_edge_goes_on(world: World) -> None:
    await pushed(world, "one", "two")
    [one, two] = await log(world.rita)
    await changes.prune(timedelta(0))
    await pushed(world, "three")

    async with world.rita.following(after=one[0]) as expired:
        assert (await expired.error())["code"] == "CURSOR_EXPIRED"
    async with world.rita.following(after=two[0]) as at_the_edge:
        assert (await at_the_edge.next())["panel"]["externalId"] == "three"
    assert [row[2] for row in await log(world.rita)] == ["three"]


async def test_a_replay_that_retention_overtakes_ends_and_leaves_no_gap(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscription, "_READ_AT_ONCE", 2)
    await pushed(world, *(f"panel {number}" for number in range(6)))
    async with followed(world.rita, changes.cursor_at(0)) as slow:
        received = [(await anext(slow))[1].position for _ in range(2)]
        await changes.prune(timedelta(0))

        with pytest.raises(Refused) as refused:
            await anext(slow)

    assert received == [1, 2]
    assert refused.value.code is Code.CURSOR_EXPIRED


async def test_pruning_drops_what_is_past_its_retention_in_batches_and_nothing_else(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "_PRUNED_AT_ONCE", 3)
    await pushed(world, *(f"panel {number}" for number in range(9)))
    rows = await models.Change.filter(account_id=world.account.id).order_by("position")
    long_ago = rows[0].at - timedelta(days=31)
    await models.Change.filter(id__in=[row.id for row in rows[:7]]).update(at=long_ago)

    gone = await changes.prune(timedelta(days=30))
    again = await changes.prune(timedelta(days=30))

    assert gone >= 7, "other accounts' changes may be due as well"
    assert again == 0
    kept = await models.Change.filter(account_id=world.account.id).order_by("position")
    assert [row.position for row in kept] == [8, 9]
    assert (await models.Account.get(id=world.account.id)).pruned_position == 7


async def test_a_change_that_a_wrong_clock_stamped_in_the_future_is_pruned_with_those_behind_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "_PRUNED_AT_ONCE", 3)
    await pushed(world, *(f"panel {number}" for number in range(9)))
    rows = await models.Change.filter(account_id=world.account.id).order_by("position")
    for ids, days in ((range(4), 365), (range(4, 7), -31), (range(7, 8), 365)):
        stamped = models.Change.filter(id__in=[rows[number].id for number in ids])
        await stamped.update(at=rows[0].at + timedelta(days=days))

    gone = await changes.prune(timedelta(days=30))
    again = await changes.prune(timedelta(days=30))

    assert gone >= 7, "other accounts' changes may be due as well"
    assert again == 0
    kept = await models.Change.filter(account_id=world.account.id).order_by("position")
    assert [row.position for row in kept] == [8, 9]
    assert (await models.Account.get(id=world.account.id)).pruned_position == 7


async def test_a_process_that_goes_down_breaks_off_every_stream_and_a_new_beginning_serves_again(
    world: World,
) -> None:
    """A hub of its own: the one of the running server goes on."""
    hub, log = Hub(SIGNALS), changes.LOG
    await pushed(world, "one")
    async with hub:
        channel = hub.channel(log, world.account.id, Extent("", 0, 0))
        subscriber = Subscription(log, changes.panel_view(None), await viewer(world.rita), 0, channel)
        channel.subscribers.add(subscriber)
        replayed = await subscriber.next()
        waiting = asyncio.create_task(subscriber.next())
        await eventually(lambda: subscriber.live)

    with pytest.raises(Ended):
        await waiting
    with pytest.raises(Ended):
        hub.channel(log, world.account.id, Extent("", 0, 0))
    async with hub:
        assert hub.channel(log, world.account.id, Extent("", 0, replayed.position)) is not channel
