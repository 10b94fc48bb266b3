"""How an integration is doing: its first call, its last push, and what was refused in the last week."""

from datetime import timedelta
from typing import Any

import pytest

import clock
import models
from resolvers import integration_health
from tests.integrations import LOOK
from tests.people import PUSH, Person, instant
from tests.test_integrations import later
from tests.world import World

HEALTH = """query ($since: DateTime, $first: Int) { integration(provider: GOODTIME) { lastCallAt lastPushAt
  refusedPushes(since: $since, first: $first) { totalCount pageInfo { hasNextPage }
    edges { node { id at errors { code path } } } } } }"""


async def health(person: Person, **arguments: Any) -> dict[str, Any]:
    return dict((await person.ask(HEALTH, **arguments))["integration"])


async def test_the_first_call_and_the_last_push_that_changed_something_are_told(world: World) -> None:
    await models.ApiKey.filter(account_id=world.account.id).update(last_used_at=None)
    assert (await health(world.rita))["lastCallAt"] is None

    with later(minutes=10):
        await world.goodtime.ask(LOOK)
        called = clock.now()
        shown = await health(world.rita)
        assert (instant(shown["lastCallAt"]), shown["lastPushAt"]) == (called, None)

    with later(minutes=20):
        pushed = clock.now()
        await world.goodtime.push(**world.a_panel("panel"))
        assert instant((await health(world.rita))["lastPushAt"]) == pushed
    with later(minutes=30):
        await world.goodtime.push(**world.a_panel("panel"))
        panel = await world.rita.panel(externalId="panel")
        await world.rita.cancel(id=panel["id"])
        assert instant((await health(world.rita))["lastPushAt"]) == pushed, "nothing has changed since by a push"


async def test_a_refused_push_is_remembered_by_its_codes_and_places_and_by_nothing_personal(world: World) -> None:
    stranger = {"email": "no.such.person@mail.example"}
    panel = world.a_panel("panel", world.an_interview("one", subject="", interviewers=[stranger]))
    answer = await world.goodtime.push(**panel)
    assert answer["errors"]

    [edge] = (await health(world.rita))["refusedPushes"]["edges"]

    assert edge["node"]["errors"] == [{"code": each["code"], "path": each["path"]} for each in answer["errors"]]
    stored = str(await models.RefusedPush.filter(account_id=world.account.id).values())
    assert "no.such.person" not in stored
    assert (await health(world.rita))["lastPushAt"] is None


async def test_a_push_that_contradicts_its_sequence_is_remembered_too(world: World) -> None:
    await world.goodtime.push(**world.a_panel("panel", sequence=3))
    await world.goodtime.push(**world.a_panel("panel", world.an_interview("one", subject="Other"), sequence=3))

    [edge] = (await health(world.rita))["refusedPushes"]["edges"]

    assert edge["node"]["errors"] == [{"code": "SEQUENCE_CONFLICT", "path": ["input", "sequence"]}]


UNREADABLE = {"startsAt": "2026-12-08T10:00:00", "durationMinutes": "an hour"}


@pytest.mark.parametrize("field", UNREADABLE)
async def test_a_push_that_cannot_be_read_is_remembered_by_where_it_cannot(field: str, world: World) -> None:
    push = world.a_panel("panel", world.an_interview("one") | {field: UNREADABLE[field]})
    answer = await world.goodtime.answer(PUSH, input=push)
    by_a_user = await world.rita.answer(PUSH, input=push)

    [edge] = (await health(world.rita))["refusedPushes"]["edges"]

    path = ["input", "interviews", "0", field]
    assert answer["errors"][0]["extensions"] == {"code": "BAD_USER_INPUT", "path": path}
    assert edge["node"]["errors"] == [{"code": "INVALID", "path": path}]
    assert by_a_user["errors"] == answer["errors"]


async def test_an_unreadable_query_is_no_push(world: World) -> None:
    assert (await world.goodtime.answer(HEALTH, since="yesterday"))["errors"]

    assert (await health(world.rita))["refusedPushes"]["totalCount"] == 0


async def test_refusals_are_listed_newest_first_since_an_instant_and_for_a_week(world: World) -> None:
    for days in (-8, -2, -1, 0):
        with later(days=days):
            await world.goodtime.push(**world.a_panel("panel", candidateExternalId=f"nobody{days}"))
    since = clock.now() - timedelta(days=1.5)

    page = (await health(world.rita, first=1, since=since.isoformat()))["refusedPushes"]
    assert (page["totalCount"], page["pageInfo"]["hasNextPage"]) == (2, True)
    assert instant(page["edges"][0]["node"]["at"]) > clock.now() - timedelta(hours=1)

    assert (await health(world.rita))["refusedPushes"]["totalCount"] == 4
    assert await integration_health.prune() >= 1
    assert (await health(world.rita))["refusedPushes"]["totalCount"] == 3


async def test_a_key_sees_its_own_refusals_and_an_interviewer_none(world: World) -> None:
    await world.goodtime.push(**world.a_panel("panel", candidateExternalId="nobody"))

    assert (await health(world.goodtime))["refusedPushes"]["totalCount"] == 1
    [error] = (await world.ivo.answer(HEALTH))["errors"]
    assert error["extensions"]["code"] == "FORBIDDEN"
