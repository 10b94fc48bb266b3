"""Following the change feed: no seam, no loss, no double, one read for all, and access at every delivery."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import pytest

import models
import settings
from auth.refusals import Code, Refused
from auth.viewer import Viewer, authenticate
from feed import channel as channels
from feed import subscription
from feed.hub import Hub
from feed.notify import SIGNALS
from feed.subscription import Ended, Publication, Subscription
from operations.admission import Admitted
from operations.rendering import Renderings
from resolvers import changes
from tests.fleet import Subscriber, eventually, following
from tests.world import FOLLOW, Person, World, statements
from transport import uvicorn_protocols


async def log(person: Person) -> list[tuple[str, str, str]]:
    """The whole kept log as somebody sees it, by page."""
    found: list[dict[str, Any]] = []
    while page := await person.changes(after=found[-1]["cursor"] if found else None, first=500):
        found += page
    return [(change["cursor"], change["kind"], change["panel"]["externalId"]) for change in found]


async def pushed(world: World, *names: str, **its: Any) -> None:
    """Panels of these names, one push after the other."""
    for name in names:
        await world.goodtime.push(**world.a_panel(name, **its))


async def viewer(person: Person) -> Viewer:
    return await authenticate(person.authorization)


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


async def test_what_is_committed_where_no_bell_rings_comes_with_the_slow_look(world: World) -> None:
    """As after a crash between the commit and the signal: the row is in the log, and nobody was told."""
    await pushed(world, "one")
    panel = await models.Panel.get(account_id=world.account.id)
    async with world.rita.following() as following:
        for _ in range(3):
            position = (await models.Account.get(id=world.account.id)).position + 1
            kind = models.InterviewPanelChangeKind.UPDATED
            its = {"panel_id": panel.id, "candidate_id": panel.candidate_id, "actor_id": world.sam.id}
            await models.Change.create(
                account_id=world.account.id, position=position, kind=kind, at=panel.created_at, **its
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


async def test_changes_that_come_at_once_are_told_at_once_each_to_those_it_is_for(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channels, "_PATIENCE_SECONDS", 10)
    written: list[int] = []
    write = uvicorn_protocols.WebSocketProtocol._write
    monkeypatch.setattr(
        uvicorn_protocols.WebSocketProtocol,
        "_write",
        lambda its, texts: written.append(len(list(texts))) or write(its, texts),
    )
    people = (world.rita, world.ada, world.leo, world.ivo, world.noor)
    many = {person.name: [Subscriber(person) for _ in range(3)] for person in people}
    await pushed(world, "first")
    async with following(*(subscriber for its in many.values() for subscriber in its)):
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


@contextlib.asynccontextmanager
async def followed(person: Person, after: str | None = None) -> AsyncIterator[Any]:
    """The feed as the schema follows it."""
    its = changes.follow(person.server.process.hub, await viewer(person), None, after)
    async with contextlib.aclosing(its):
        yield its


async def test_who_falls_a_buffer_behind_is_told_the_cursor_behind_their_last_change(world: World) -> None:
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
            news = [models.Change(position=position, candidate_id=two.candidate_id)]
            subscriber.enqueue(Publication(news, {}, asyncio.get_running_loop().time()))

        with pytest.raises(Refused) as refused:
            await anext(slow)

    assert refused.value.code is Code.TOO_SLOW
    assert refused.value.extensions == {"cursor": changes.cursor_of(two)}


async def channel_of(world: World) -> channels.Channel:
    await eventually(lambda: world.account.id in world.server.process.hub._channels)
    return world.server.process.hub._channels[world.account.id]


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
    async with followed(world.rita) as its:
        waiting = asyncio.create_task(anext(its))
        channel = await channel_of(world)
        await eventually(lambda: all(subscriber.live for subscriber in channel.subscribers))
        channel._reading.cancel()
        await pushed(world, *(f"panel {number}" for number in range(23)))
        channel._reading = asyncio.create_task(channel._read_on())
        received = [(await waiting)[1]] + [(await anext(its))[1] for _ in range(22)]

    assert [change.position for change in received] == list(range(2, 25))


async def test_a_narrowed_viewer_no_longer_gets_what_waited_for_them(world: World) -> None:
    await pushed(world, "one")
    async with followed(world.rita) as its:
        waiting = asyncio.create_task(anext(its))
        [subscriber] = (await channel_of(world)).subscribers
        await eventually(lambda: subscriber.live)
        await pushed(world, "two")
        await waiting
        await pushed(world, "three")
        await eventually(lambda: len(subscriber._waiting) == 1)
        await models.User.filter(id=world.rita.id).update(role=models.Role.INTERVIEWER)
        await eventually(lambda: subscriber.viewer.role is models.Role.INTERVIEWER)
        await world.goodtime.push(**world.a_panel("four", world.an_interview("one", "rita")))

        as_of_now, change = await anext(its)

    assert as_of_now.role is models.Role.INTERVIEWER
    assert (await change.panel).external_id == "four"


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


async def test_a_process_that_goes_down_breaks_off_every_stream_and_a_new_beginning_serves_again(
    world: World,
) -> None:
    """A hub of its own: the one of the running server goes on."""
    hub, topic = Hub(SIGNALS), changes.PANEL_CHANGES
    await pushed(world, "one")
    async with hub:
        channel = hub.channel(topic, world.account.id, 0)
        subscriber = Subscription(topic, await viewer(world.rita), None, 0, channel)
        channel.subscribers.add(subscriber)
        replayed = await subscriber.next()
        waiting = asyncio.create_task(subscriber.next())
        await eventually(lambda: subscriber.live)

    with pytest.raises(Ended):
        await waiting
    with pytest.raises(Ended):
        hub.channel(topic, world.account.id, 0)
    async with hub:
        assert hub.channel(topic, world.account.id, replayed.position) is not channel


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


async def test_who_has_a_form_to_fill_in_reads_no_answers_though_a_colleague_does(
    world: World,
) -> None:
    """They share a role, but not what follows from their own forms: nothing is rendered once for both."""
    answers = "subscription { interviewPanelChanges { panel { interviews { interviewers { feedbackForm { "
    answers += "answers { values } } } } } } }"
    synced = await world.sam.sync("users", [{"email": world.email("tom"), "name": "Tom", "role": "TEAM_MEMBER"}])
    tom = world.person(await models.User.get(id=synced["users"][0]["id"]))
    interview = world.an_interview("one", "ivo", "tom", feedbackTemplateId=world.templates["values"])
    panel = (await world.goodtime.push(**world.a_panel("one", interview)))["panel"]
    async with world.rita.following(answers) as ritas, tom.following(answers) as toms:
        await world.ivo.fill(panel["interviews"][0]["interviewers"][0]["feedbackForm"]["id"])
        shown = [(await each.next())["panel"]["interviews"][0]["interviewers"][0] for each in (ritas, toms)]

    assert [each["feedbackForm"]["answers"] for each in shown] == [[{"values": ["Hire"]}], None]


async def test_who_is_promoted_while_a_change_is_told_does_not_let_others_see_more(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = "subscription { interviewPanelChanges { panel { managedBy { apiKeys { id } } } } }"
    tell = channels.Channel._write_to_group

    async def promoted(*its: Any) -> None:
        first = its[2].subscribers[0].viewer.user
        await models.User.filter(id=first.id).update(role=models.Role.SUPER_ADMIN)
        await world.server.process.hub._renew()
        await tell(*its)

    another = await world.sam.sync("users", [{"email": world.email("abe"), "name": "Abe", "role": "ADMIN"}])
    abe = world.person(await models.User.get(id=another["users"][0]["id"]))
    async with world.ada.following(secret) as adas, abe.following(secret) as abes:
        monkeypatch.setattr(channels.Channel, "_write_to_group", promoted)
        await pushed(world, "one")
        answers = [(await its.message())["payload"] for its in (adas, abes)]
        monkeypatch.undo()

    of_those_who_stayed = [answer for answer in answers if answer.get("errors")]
    assert "FORBIDDEN" in {answer["errors"][0]["extensions"]["code"] for answer in of_those_who_stayed}


@pytest.fixture
def pass_seconds(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Let seconds pass for whoever follows, without waiting for them."""
    now, passed = subscription._now, [0.0]
    for module in (subscription, channels):
        monkeypatch.setattr(module, "_now", lambda: now() + sum(passed))
    return passed.append


async def test_who_may_see_a_change_is_asked_anew_where_telling_it_took_long(
    world: World, monkeypatch: pytest.MonkeyPatch, pass_seconds: Callable[[float], None]
) -> None:
    asked = changes.PANEL_CHANGES.audiences

    async def slow(news: Any) -> Any:
        seen_by = await asked(news)
        await models.Candidate.filter(id=world.candidates["lea"]).update(owner_id=None)
        pass_seconds(2)
        return seen_by

    monkeypatch.setitem(vars(changes.PANEL_CHANGES), "audiences", slow)
    async with world.leo.following() as following:
        await pushed(world, "lea's", candidateExternalId="lea")
        await pushed(world, "carla's with Leo", interviews=[world.an_interview("one", "leo")])

        assert (await following.next())["panel"]["externalId"] == "carla's with Leo"


async def test_who_may_see_a_change_that_has_waited_is_asked_anew(
    world: World, pass_seconds: Callable[[float], None]
) -> None:
    """The log is read ahead: whoever takes the next change only seconds later gets what is theirs by then."""
    await pushed(world, "lea's first", "lea's second", candidateExternalId="lea")
    async with followed(world.leo, changes.cursor_at(0)) as slow:
        await anext(slow)
        lea = {"externalId": "lea", "name": "Lea Fontaine", "stage": "On-site"}
        assert (await world.sam.sync("candidates", [lea]))["errors"] == []
        pass_seconds(2)
        await pushed(world, "carla's with Leo", interviews=[world.an_interview("one", "leo")])

        _, change = await anext(slow)

    assert (await change.panel).external_id == "carla's with Leo"


async def test_who_asks_for_much_does_not_keep_others_waiting(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    render, most = Renderings._render, 3 * channels._HANDED_OUT_AT_ONCE
    await pushed(world, "one")
    panel = await models.Panel.get(account_id=world.account.id)

    async def slowly(renderings: Renderings, admitted: Admitted, *others: Any) -> bytes:
        if "much" in admitted.operation.document.loc.source.body:
            await asyncio.sleep(5)
        return await render(renderings, admitted, *others)

    monkeypatch.setattr(Renderings, "_render", slowly)
    async with world.ada.following(FOLLOW + "# much"), world.rita.following() as ritas:
        its = {"kind": models.InterviewPanelChangeKind.UPDATED, "at": panel.created_at, "actor_id": world.sam.id}
        its |= {"account_id": world.account.id, "panel_id": panel.id, "candidate_id": panel.candidate_id}
        await models.Change.bulk_create([models.Change(position=2 + number, **its) for number in range(most)])
        await models.Account.filter(id=world.account.id).update(position=1 + most)
        SIGNALS.publish(world.account.id)

        async with asyncio.timeout(4):
            cursors = [(await ritas.next())["cursor"] for _ in range(most)]

    assert cursors[-1] == changes.cursor_at(1 + most)
