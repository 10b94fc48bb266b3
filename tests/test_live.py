"""Following the change feed: no seam, no loss, no double, and one read for all."""

import asyncio
import contextlib

import pytest

import models
from feed import channel as channels
from resolvers import changes
from tests.live import channel_of, log, pushed
from tests.people import FOLLOW
from tests.sql_log import statements
from tests.subscribers import Subscriber, eventually, following
from tests.world import World
from transport import uvicorn_protocols


async def test_without_a_cursor_a_subscription_begins_now(world: World) -> None:
    await pushed(world, "before")
    async with world.rita.following() as following:
        await pushed(world, "after")

        assert (await following.next())["panel"]["externalId"] == "after"


async def test_with_a_cursor_it_replays_what_is_behind_it_and_goes_on_live(world: World) -> None:
    await pushed(world, "one", "two", "three")
    [one, *_] = await log(world.rita)
    async with world.rita.following(after=one[0]) as following:
        replayed = [(await following.next())["panel"]["externalId"] for _ in range(2)]
        await pushed(world, "four")
        lived = await following.next()

    assert replayed == ["two", "three"]
    assert lived["panel"]["externalId"] == "four"


async def test_whoever_joins_while_changes_are_committed_gets_each_once_and_in_order(world: World) -> None:
    """The seam between replay and live, met at many different moments."""
    subscribers = [Subscriber(world.rita) for _ in range(18)]
    async with contextlib.AsyncExitStack() as stack:
        for number, subscriber in enumerate(subscribers):
            await stack.enter_async_context(following(subscriber))
            await pushed(world, f"panel {number}", f"another {number}")
        expected = await log(world.rita)
        for subscriber in subscribers:
            await subscriber.until(expected[-1][0])

    assert len(expected) == 36
    assert all(subscriber.received == expected for subscriber in subscribers)


async def test_of_a_candidate_only_the_candidate_s_changes_come(world: World) -> None:
    query = {"candidateId": world.candidates["lea"]}
    async with world.rita.following(**query) as following:
        await pushed(world, "carla's")
        await pushed(world, "lea's", candidateExternalId="lea")

        assert (await following.next())["panel"]["externalId"] == "lea's"


async def test_a_restricted_viewer_gets_their_own_changes_only_replayed_and_live(world: World) -> None:
    async def everything() -> None:
        await pushed(world, "carla's with Ivo")
        await pushed(world, "lea's with Ivo", candidateExternalId="lea")
        await world.goodtime.push(**world.a_panel("carla's with Noor", world.an_interview("one", "noor")))

    await everything()
    mine = [Subscriber(person) for person in (world.leo, world.ivo, world.noor, world.rita)]
    async with following(*mine):
        await mine[3].until((await log(world.rita))[-1][0])
        for name in ("carla's with Ivo", "lea's with Ivo", "carla's with Noor"):
            await world.goodtime.cancel(externalId=name)
        await mine[3].until((await log(world.rita))[-1][0])
        for subscriber, person in zip(mine, (world.leo, world.ivo, world.noor, world.rita), strict=True):
            expected = await log(person)
            await subscriber.until(expected[-1][0])
            assert subscriber.received == expected

    assert [row[2] for row in mine[0].received] == ["lea's with Ivo"] * 2
    assert {row[2] for row in mine[1].received} == {"carla's with Ivo", "lea's with Ivo"}
    assert [row[2] for row in mine[2].received] == ["carla's with Noor"] * 2


async def test_what_is_committed_without_a_signal_comes_with_the_slow_look(world: World) -> None:
    """As after a crash between the commit and the signal: the row is in the log, and nobody was told."""
    await pushed(world, "one")
    panel = await models.Panel.get(account_id=world.account.id)
    async with world.rita.following() as following:
        for _ in range(3):
            position = (await models.Account.get(id=world.account.id)).position + 1
            kind = models.InterviewPanelChangeKind.UPDATED
            columns = {"panel_id": panel.id, "candidate_id": panel.candidate_id, "actor_id": world.sam.id}
            await models.Change.create(
                account_id=world.account.id, position=position, kind=kind, at=panel.created_at, **columns
            )
            await models.Account.filter(id=world.account.id).update(position=position)

            assert (await following.next(within=2))["cursor"] == changes.cursor_at(position)


async def test_a_change_is_read_once_and_rendered_once_however_many_follow(world: World) -> None:
    many = [Subscriber(person) for person in (world.rita, world.ada, world.sam) for _ in range(15)]
    await pushed(world, "first")
    async with following(*many):
        [head] = await log(world.rita)
        for subscriber in many:
            await subscriber.until(head[0])
        with statements() as sent:
            await pushed(world, *(f"panel {number}" for number in range(10)))
            expected = await log(world.rita)
            for subscriber in many:
                await subscriber.until(expected[-1][0])

    reads = [statement for statement in sent if 'FROM "change"' in statement and "LIMIT 200" in statement]
    shown = [statement for statement in sent if 'FROM "interview"' in statement and statement.startswith("SELECT base")]
    assert all(subscriber.received == expected for subscriber in many)
    # A ring that comes while the log is being read has it read once more, in vain.
    assert len(reads) <= 2 * 10
    # Each push shows its panel once; then each of the three roles is shown each panel once, and the log's page is read.
    assert len(shown) <= 10 + 3 * 10 + 2


async def test_changes_that_come_at_once_are_delivered_at_once_each_to_those_it_is_for(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channels, "_PATIENCE_SECONDS", 10)
    written: list[int] = []
    write = uvicorn_protocols.WebSocketProtocol._write
    monkeypatch.setattr(
        uvicorn_protocols.WebSocketProtocol,
        "_write",
        lambda publication, texts: written.append(len(list(texts))) or write(publication, texts),
    )
    people = (world.rita, world.ada, world.leo, world.ivo, world.noor)
    many = {person.name: [Subscriber(person) for _ in range(3)] for person in people}
    await pushed(world, "first")
    async with following(*(subscriber for group in many.values() for subscriber in group)):
        channel = await channel_of(world)
        await eventually(lambda: len(channel.subscribers) == 15 and all(each._is_idle for each in channel.subscribers))
        channel._reading.cancel()
        for number in range(6):
            await pushed(world, f"carla's {number}")
            interview = world.an_interview("one", "noor")
            await world.goodtime.push(**world.a_panel(f"lea's {number}", interview, candidateExternalId="lea"))
        channel._reading = asyncio.create_task(channel._read_on())
        for person in people:
            expected = await log(person)
            for subscriber in many[person.name]:
                await subscriber.until(expected[-1][0])
                assert subscriber.received == expected

    assert sorted(written) == [6] * 9 + [12] * 6


async def test_of_an_account_that_nobody_follows_nothing_is_read(world: World) -> None:
    async with world.rita.following() as following:
        await pushed(world, "seen")
        await following.next()
    await eventually(lambda: world.account.id not in world.server.process.hub._channels)

    with statements() as sent:
        await pushed(world, "unseen")

    assert not [statement for statement in sent if 'FROM "change"' in statement]


async def test_whoever_leaves_is_let_go_of_however_they_leave(world: World) -> None:
    await pushed(world, *(f"panel {number}" for number in range(5)))
    begin = changes.cursor_at(0)
    async with world.rita.connected() as connection:
        replaying = await connection.follow(after=begin)
        await connection.send(type="complete", id=replaying.id)
        resting = await connection.follow()
        await connection.send(type="complete", id=resting.id)
    async with world.rita.connected() as connection:
        await connection.follow(after=begin)
        connection.socket.transport.abort()
    body = {"query": FOLLOW, "variables": {"after": begin}}
    headers = {**world.rita.headers, "accept": "text/event-stream"}
    async with world.server.http.stream("POST", world.server.graphql, json=body, headers=headers) as events:
        await anext(events.aiter_lines())

    await eventually(lambda: world.account.id not in world.server.process.hub._channels)


async def test_an_operation_s_id_is_free_again_once_it_is_complete(world: World) -> None:
    async with world.rita.connected() as connection:
        for name in ("one", "two"):
            await connection.send(type="subscribe", id="same", payload={"query": FOLLOW})
            await eventually(lambda: bool(world.server.process.hub._channels.get(world.account.id)))
            await connection.send(type="ping")
            assert (await connection.receive())["type"] == "pong"
            followed = world.server.process.hub._channels[world.account.id].subscribers
            await eventually(lambda followed=followed: any(each.live for each in followed))
            await pushed(world, name)
            assert (await connection.receive())["payload"]["data"]["interviewPanelChanges"]["panel"][
                "externalId"
            ] == name
            await connection.send(type="complete", id="same")


async def test_a_variable_that_is_null_and_one_that_is_not_given_are_rendered_apart(world: World) -> None:
    """The one has no value, the other its default, though all else is the same."""
    query = (
        "subscription ($most: Int = 1) { interviewPanelChanges { panel { candidate { interviewPanels(first: $most) {"
    )
    query += " edges { node { externalId } } } } } } }"
    await pushed(world, "one", "two")
    async with world.rita.following(query, most=None) as null, world.rita.following(query) as silent:
        await pushed(world, "three")
        shown = [(await each.next())["panel"]["candidate"]["interviewPanels"]["edges"] for each in (null, silent)]

    assert [len(edges) for edges in shown] == [3, 1]
