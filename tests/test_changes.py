"""The change feed from outside: as a query, over WebSockets and as server-sent events, for whoever may see what."""

import asyncio
import base64
import json
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from typing import Any

import pytest

import clock
from resolvers import changes
from tests.people import Following, Person, instant
from tests.processes import until
from tests.world import World, in_hours

#: Every way to follow.
WAYS = {"websocket": Person.following, "server-sent events": Person.streaming}
each_way = pytest.mark.parametrize("way", WAYS)

SWITCH_OFF = "mutation { setIntegrationEnabled(provider: GOODTIME, enabled: false) { errors { code } } }"
PAGE = """query ($after: String, $first: Int = 500, $id: ID) {
  interviewPanelChanges(after: $after, first: $first, candidateId: $id) {
    pageInfo { hasNextPage endCursor }
    edges { cursor node {
      cursor kind at actor { __typename ... on User { name } } panel { externalId version } } } } }"""


def follow(person: Person, way: str, **arguments: Any) -> AbstractAsyncContextManager[Following]:
    return WAYS[way](person, **arguments)


def position(cursor: str) -> int:
    """What only a test may know of a cursor."""
    _, _, place = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    return int(place)


async def paged(person: Person, **arguments: Any) -> list[dict[str, Any]]:
    """The changes as somebody's query has them."""
    return [edge["node"] for edge in (await person.ask(PAGE, **arguments))["interviewPanelChanges"]["edges"]]


async def pushed(world: World, *names: str, **fields: Any) -> str:
    """Push panels of these names; the cursor behind the last."""
    for name in names:
        await world.goodtime.push(**world.a_panel(name, **fields))
    return str((await paged(world.rita))[-1]["cursor"])


async def names(following: Following, count: int) -> list[str]:
    """Of which panels the next changes are."""
    return [(await following.next())["panel"]["externalId"] for _ in range(count)]


async def test_what_happens_to_a_panel_is_recorded_with_its_kind_its_actor_and_its_instant(world: World) -> None:
    start = clock.now()
    interview = world.an_interview("one", "ivo", feedbackTemplateId=world.templates["values"])
    panel = await world.goodtime.push(**world.a_panel("p", interview))
    form = panel["panel"]["interviews"][0]["interviewers"][0]["feedbackForm"]["id"]
    await world.goodtime.push(**world.a_panel("p", interview, note="Bring a laptop"))
    await world.goodtime.push(**world.a_panel("p", interview | {"startsAt": in_hours(30)}, note="Bring a laptop"))
    await world.ivo.fill(form)
    await world.rita.cancel(id=panel["panel"]["id"])
    await world.ada.restore(id=panel["panel"]["id"])
    await world.goodtime.cancel(externalId="p")

    changes = await paged(world.rita)

    assert [(change["kind"], change["actor"].get("name")) for change in changes] == [
        ("CREATED", None),
        ("UPDATED", None),
        ("RESCHEDULED", None),
        ("FEEDBACK_SUBMITTED", "Ivo"),
        ("CANCELED", "Rita"),
        ("RESTORED", "Ada"),
        ("CANCELED", None),
    ]
    instants = [start, *(instant(change["at"]) for change in changes), clock.now()]
    assert instants == sorted(instants)
    assert {change["panel"]["version"] for change in changes} == {7}


async def test_positions_are_gap_free_and_in_the_order_of_commits_whatever_runs_at_once(world: World) -> None:
    other = await World.create(world.server)
    refused = world.a_panel("refused", world.an_interview("one", {"email": "stranger@anywhere.example"}))

    await asyncio.gather(
        *(world.goodtime.push(**world.a_panel(f"panel-{number}")) for number in range(8)),
        *(world.goodtime.push(**refused) for _ in range(4)),
        *(other.goodtime.push(**other.a_panel(f"other-{number}")) for number in range(4)),
    )

    changes = await paged(world.rita)
    assert [position(change["cursor"]) for change in changes] == list(range(1, 9))
    assert sorted(change["panel"]["externalId"] for change in changes) == [f"panel-{number}" for number in range(8)]
    assert len(await paged(other.rita)) == 4


async def test_what_is_refused_or_changes_nothing_is_not_recorded(world: World) -> None:
    panel = world.a_panel("p", sequence=2)
    await world.goodtime.push(**panel)
    await world.goodtime.push(**panel)
    await world.goodtime.push(**world.a_panel("p", sequence=1))
    await world.goodtime.push(**world.a_panel("p", sequence=2, note="other"))
    await world.goodtime.push(**world.a_panel("q", candidateExternalId="nobody"))
    await world.goodtime.cancel(externalId="unknown")

    assert [change["kind"] for change in await paged(world.rita)] == ["CREATED"]


async def test_a_cursor_goes_on_exactly_behind_its_change_by_page_and_by_candidate(world: World) -> None:
    assert await paged(world.rita) == []
    await pushed(world, "one")
    await pushed(world, "two", candidateExternalId="lea")
    await pushed(world, "three")
    changes = await paged(world.rita)

    by_one = (await world.rita.ask(PAGE, first=1, after=changes[0]["cursor"]))["interviewPanelChanges"]
    of_carla = await paged(world.rita, id=world.candidates["carla"])
    behind = await paged(world.rita, id=world.candidates["carla"], after=changes[0]["cursor"])
    at_the_end = await paged(world.rita, after=changes[-1]["cursor"])

    assert [edge["node"] for edge in by_one["edges"]] == [changes[1]]
    assert by_one["pageInfo"] == {"hasNextPage": True, "endCursor": changes[1]["cursor"]}
    assert of_carla == [changes[0], changes[2]]
    assert behind == [changes[2]]
    assert at_the_end == []


@each_way
async def test_a_follower_replays_and_goes_on_live_without_a_seam(way: str, world: World) -> None:
    start = await pushed(world, "start")
    expected = [f"panel-{number}" for number in range(30)]

    moments = {number: asyncio.Event() for number in (0, 1, 7, 15, 29)}

    async def push_on() -> None:
        for number, name in enumerate(expected):
            if number in moments:
                moments[number].set()
            await world.goodtime.push(**world.a_panel(name))

    async def joined(moment: asyncio.Event) -> list[str]:
        await moment.wait()
        async with follow(world.rita, way, after=start) as following:
            return await names(following, len(expected))

    received, _ = await asyncio.gather(asyncio.gather(*map(joined, moments.values())), push_on())

    assert received == [expected] * 5


@each_way
async def test_a_follower_resumes_from_any_cursor_that_it_was_given(way: str, world: World) -> None:
    start = await pushed(world, "start")
    expected = [f"panel-{number}" for number in range(6)]
    await pushed(world, *expected)
    received: list[str] = []
    after = start
    while len(received) < len(expected):
        async with follow(world.rita, way, after=after) as following:
            change = await following.next()
            received.append(change["panel"]["externalId"])
            after = change["cursor"]

    assert received == expected
    async with follow(world.rita, way, after=after) as following:
        await following.expect_nothing()


@each_way
async def test_the_query_and_the_subscription_tell_the_same(way: str, world: World) -> None:
    start = await pushed(world, "start")
    await pushed(world, "one", "two")
    await world.goodtime.cancel(externalId="one")
    changes = await paged(world.rita, after=start)

    async with follow(world.rita, way, after=start) as following:
        received = [await following.next() for _ in changes]

    assert [(change["cursor"], change["kind"]) for change in received] == [
        (change["cursor"], change["kind"]) for change in changes
    ]
    # The panel as it stands: cancelled by now.
    assert received[0]["panel"] == {"externalId": "one", "status": "CANCELED", "version": 2}


async def test_a_panel_is_delivered_as_it_stands_though_the_change_was_delivered_before(world: World) -> None:
    """A change is rendered once for all who get it at the same time, and no longer."""
    start = await pushed(world, "start")
    async with world.rita.following(after=start) as following:
        await pushed(world, "panel")
        assert (await following.next())["panel"]["status"] == "SCHEDULED"
    await world.goodtime.cancel(externalId="panel")

    async def is_told_canceled() -> bool:
        async with world.rita.following(after=start) as following:
            return bool((await following.next())["panel"]["status"] == "CANCELED")

    await until(is_told_canceled, seconds=5)


@each_way
async def test_of_a_candidate_only_their_changes_are_followed(way: str, world: World) -> None:
    start = await pushed(world, "start")
    async with follow(world.rita, way, after=start, candidateId=world.candidates["lea"]) as following:
        await pushed(world, "carlas")
        await pushed(world, "leas", candidateExternalId="lea")
        assert await names(following, 1) == ["leas"]
        await following.expect_nothing()


@each_way
@pytest.mark.parametrize(
    ("name", "theirs"),
    [
        ("sam", ["of lea", "of carla", "with ivo"]),
        ("goodtime", ["of lea", "of carla", "with ivo"]),
        ("leo", ["of lea"]),
        ("ivo", ["with ivo"]),
    ],
)
async def test_everybody_follows_what_they_may_see_replayed_and_live(
    name: str, theirs: list[str], way: str, world: World
) -> None:
    start = await pushed(world, "start", interviews=[world.an_interview("one", "noor")])

    async def push(suffix: str) -> None:
        noor = [world.an_interview("one", "noor")]
        await pushed(world, f"of lea{suffix}", candidateExternalId="lea", interviews=noor)
        await pushed(world, f"of carla{suffix}", interviews=noor)
        await pushed(world, f"with ivo{suffix}")

    person: Person = getattr(world, name)
    await push("")
    async with follow(person, way, after=start) as following:
        assert await names(following, len(theirs)) == theirs
        await push(" live")
        assert await names(following, len(theirs)) == [f"{each} live" for each in theirs]
        await following.expect_nothing()
    assert [change["panel"]["externalId"] for change in await paged(person, after=start)] == [
        f"{each}{suffix}" for suffix in ("", " live") for each in theirs
    ]


@each_way
async def test_a_delivery_is_checked_against_what_may_be_seen_at_that_moment(way: str, world: World) -> None:
    start = await pushed(world, "panel")
    async with follow(world.ivo, way, after=start) as following:
        await pushed(world, "panel", note="with ivo")
        assert await names(following, 1) == ["panel"]
        await pushed(world, "panel", interviews=[world.an_interview("one", "noor")])
        await following.expect_nothing(1.5)


@each_way
@pytest.mark.parametrize("bad", ["", "nonsense", base64.urlsafe_b64encode(b'["changes",10000]').decode()])
async def test_a_bad_cursor_is_refused(bad: str, way: str, world: World) -> None:
    async with follow(world.rita, way, after=bad) as following:
        assert (await following.error())["code"] == "BAD_USER_INPUT"
    assert await world.rita.error_code(PAGE, after=bad) == "BAD_USER_INPUT"


@each_way
async def test_a_cursor_that_is_older_than_the_log_has_expired(way: str, world: World) -> None:
    await pushed(world, "one", "two", "three")
    cursors = [change["cursor"] for change in await paged(world.rita)]
    start = clock.now()
    with clock.reading(lambda: start + timedelta(days=29)):
        await changes.prune(timedelta(days=30))
    kept = await paged(world.rita, after=cursors[0])
    # The day on which the first three are too old, but not the fourth.
    with clock.reading(lambda: start + timedelta(days=10)):
        await world.goodtime.push(**world.a_panel("four"))
    with clock.reading(lambda: start + timedelta(days=31)):
        await changes.prune(timedelta(days=30))

    assert len(kept) == 2
    async with follow(world.rita, way, after=cursors[1]) as following:
        assert (await following.error())["code"] == "CURSOR_EXPIRED"
    assert await world.rita.error_code(PAGE, after=cursors[1]) == "CURSOR_EXPIRED"
    async with follow(world.rita, way, after=cursors[2]) as following:
        assert await names(following, 1) == ["four"]
    assert [change["panel"]["externalId"] for change in await paged(world.rita)] == ["four"]


ENDS = ["a deactivated user", "an expired token", "a revoked key", "an integration that is off"]


@each_way
@pytest.mark.parametrize("end", ENDS)
async def test_a_stream_ends_with_the_viewers_access(end: str, way: str, world: World) -> None:
    person = world.goodtime if "key" in end or "integration" in end else world.rita
    start = await pushed(world, "start")
    async with follow(person, way, after=start) as following:
        await pushed(world, "before")
        assert await names(following, 1) == ["before"]
        match end:
            case "a deactivated user":
                row = {"externalId": "user-rita", "email": world.rita.email, "name": "Rita", "role": "TEAM_MEMBER"}
                await world.sam.sync("users", [row | {"deactivated": True}])
            case "a revoked key":
                answer = await world.sam.ask("{ integration(provider: GOODTIME) { apiKeys { id } } }")
                [key] = answer["integration"]["apiKeys"]
                await world.sam.ask("mutation ($id: ID!) { revokeApiKey(id: $id) { errors { code } } }", id=key["id"])
            case "an integration that is off":
                await world.sam.ask(SWITCH_OFF)
        moment = clock.now() + timedelta(hours=2 if end == "an expired token" else 0)
        with clock.reading(lambda: moment):
            extensions = await following.error(within=2)
        assert extensions["code"] == ("INTEGRATION_DISABLED" if end == ENDS[-1] else "UNAUTHENTICATED")
        if way != "websocket":  # there the error is the end
            ended = await following.message(within=2)
            assert ended["type"] == "complete"
        await following.expect_nothing()
