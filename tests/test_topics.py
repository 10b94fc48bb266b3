"""`changes`: every topic in one log, in one order, by one cursor."""

import pytest

import models
from tests.integrations import switch
from tests.people import instant
from tests.sql_log import statements
from tests.topics import CARLA, FOLLOW, HEAD, PAGE, ids_of, paged, received, types
from tests.world import World, in_hours


async def test_every_topic_stands_in_one_order_live_and_by_page(world: World) -> None:
    asked = {"feedbackTemplateId": world.templates["values"]}
    async with world.sam.following(FOLLOW) as following:
        await world.goodtime.push(**world.a_panel("p", world.an_interview("one", "ivo", **asked)))
        _, _, [form] = await ids_of(world, "p")
        await world.sam.sync("candidates", [CARLA | {"name": "Carla"}])
        await world.ivo.fill(form)
        await switch(world, False)
        await world.sam.sync("candidates", [CARLA | {"archived": True}])
        await world.sam.sync("candidates", [CARLA, CARLA | {"externalId": "new"}])
        live = await received(following, 9)

    assert types(live) == [
        *("PANEL_CREATED", "FORM_CREATED", "CANDIDATE_UPDATED", "PANEL_FEEDBACK_SUBMITTED", "FORM_SUBMITTED"),
        *("INTEGRATION_CHANGED", "CANDIDATE_ARCHIVED", "CANDIDATE_UNARCHIVED", "CANDIDATE_CREATED"),
    ]
    by_page = await paged(world.sam)
    assert [(each["type"], each["cursor"]) for each in by_page] == [(each["type"], each["cursor"]) for each in live]
    assert await paged(world.sam, after=live[3]["cursor"]) == by_page[4:]


async def test_topics_and_a_candidate_narrow_what_comes(world: World) -> None:
    narrow = {"topics": ["CANDIDATES", "INTEGRATIONS"]}
    of_lea = {"candidateId": world.candidates["lea"]}
    async with world.sam.following(FOLLOW, **narrow) as some, world.sam.following(FOLLOW, **of_lea) as leas:
        await world.goodtime.push(**world.a_panel("carla's"))
        await world.goodtime.push(**world.a_panel("lea's", candidateExternalId="lea"))
        await switch(world, False)
        await world.sam.sync("candidates", [CARLA | {"name": "Carla"}])
        live = [types(await received(some, 2)), types(await received(leas, 1))]

    assert live == [["INTEGRATION_CHANGED", "CANDIDATE_UPDATED"], ["PANEL_CREATED"]]
    assert [types(await paged(world.sam, **arguments)) for arguments in (narrow, of_lea)] == live
    assert await paged(world.sam, topics=[]) == []


async def test_panels_alone_are_what_interview_panel_changes_shows(world: World) -> None:
    await world.goodtime.push(**world.a_panel("p", world.an_interview(feedbackTemplateId=world.templates["values"])))
    await world.sam.sync("candidates", [CARLA | {"name": "Carla"}])
    await world.goodtime.cancel(externalId="p")

    panels = await world.sam.changes()

    assert [change["kind"] for change in panels] == ["CREATED", "CANCELED"]
    assert [change["cursor"] for change in panels] == [
        change["cursor"] for change in await paged(world.sam, topics=["INTERVIEW_PANELS"])
    ]


async def test_load_then_follow_misses_nothing_in_between(world: World) -> None:
    await world.goodtime.push(**world.a_panel("before"))
    with statements() as sent:
        head = (await world.rita.ask(HEAD))["changeCursor"]
    await world.goodtime.push(**world.a_panel("in between"))
    async with world.rita.following(FOLLOW, after=head) as following:
        assert (await following.next())["panel"]["externalId"] == "in between"

    # Who asks is read, and the account's row.
    assert len(sent) == 2


async def test_the_feed_is_paged_from_its_end(world: World) -> None:
    for number in range(5):
        await world.goodtime.push(**world.a_panel(f"panel {number}"))
    first = (await world.rita.ask(PAGE, last=2))["changes"]
    second = (await world.rita.ask(PAGE, last=2, before=first["pageInfo"]["endCursor"]))["changes"]
    third = (await world.rita.ask(PAGE, last=2, before=second["pageInfo"]["endCursor"]))["changes"]

    names = [[edge["node"]["panel"]["externalId"] for edge in page["edges"]] for page in (first, second, third)]
    assert names == [["panel 4", "panel 3"], ["panel 2", "panel 1"], ["panel 0"]]
    assert [page["pageInfo"]["hasPreviousPage"] for page in (first, second, third)] == [True, True, False]
    assert [page["pageInfo"]["hasNextPage"] for page in (first, second, third)] == [False, True, True]
    assert await world.rita.error_code(PAGE, last=2, first=2) == "BAD_USER_INPUT"
    assert await world.rita.error_code(PAGE, last=501) == "BAD_USER_INPUT"
    assert await world.rita.error_code(PAGE, last=0) == "BAD_USER_INPUT"


async def test_a_rescheduled_panel_says_when_it_began_before(world: World) -> None:
    await world.goodtime.push(**world.a_panel("p", world.an_interview(startsAt=in_hours(24))))
    await world.goodtime.push(**world.a_panel("p", world.an_interview(startsAt=in_hours(48))))
    await world.goodtime.push(**world.a_panel("p", world.an_interview(startsAt=in_hours(48)), note="Bring a laptop"))

    changes = await paged(world.rita)

    assert types(changes) == ["PANEL_CREATED", "PANEL_RESCHEDULED", "PANEL_UPDATED"]
    before = [change["previousStartsAt"] for change in changes]
    assert [each and instant(each) for each in before] == [None, instant(in_hours(24)), None]


@pytest.mark.parametrize("what", ["users", "stages", "postings", "candidates", "feedbackTemplates"])
async def test_a_sync_of_rows_that_are_the_same_changes_nothing(what: str, world: World) -> None:
    rows = {
        "users": [
            {"externalId": "user-leo", "email": world.email("leo"), "name": "Leo", "role": "LIMITED_TEAM_MEMBER"}
        ],
        "stages": [{"name": "On-site", "position": 2, "hasInterview": True}],
        "postings": [{"externalId": "backend", "title": "Backend Engineer", "hiringManagerEmail": world.email("rita")}],
        "candidates": [CARLA],
        "feedbackTemplates": [
            {
                "externalId": "values",
                "name": "Values",
                "fields": [{"type": "SCORE", "label": "Overall", "required": True}],
            }
        ],
    }
    with statements() as sent:
        assert (await world.sam.sync(what, rows[what]))["errors"] == []

    assert [each for each in sent if each.startswith(("INSERT", "DELETE"))] == []
    assert await paged(world.sam) == []


async def test_what_changes_of_a_candidate_is_recorded_once_followers_too(world: World) -> None:
    before = await models.Candidate.get(id=world.candidates["carla"])
    await world.sam.sync("candidates", [CARLA | {"followerEmails": [world.email("rita")]}])
    await world.sam.sync("candidates", [CARLA | {"followerEmails": [world.email("rita")]}])

    assert types(await paged(world.sam)) == ["CANDIDATE_UPDATED"]
    assert (await models.Candidate.get(id=before.id)).updated_at > before.updated_at


async def test_a_key_sees_no_other_integration_and_an_interviewer_none(world: World) -> None:
    async with world.ivo.following(FOLLOW) as ivo, world.leo.following(FOLLOW) as leo:
        await world.sam.ask("mutation { generateApiKey(provider: GOODTIME) { errors { code } } }")
        assert types(await received(leo, 1)) == ["INTEGRATION_CHANGED"]
        await ivo.expect_nothing()

    assert types(await paged(world.goodtime)) == ["INTEGRATION_CHANGED"]
    assert await paged(world.ivo) == []


async def test_statements_of_a_change_do_not_grow_with_topics_or_followers(world: World) -> None:
    async def counted(followers: int) -> int:
        async with world.rita.connected() as one, world.leo.connected() as another:
            for number in range(followers):
                await one.follow(f"{FOLLOW} # {number}")
                await another.follow(FOLLOW, topics=["CANDIDATES", "FEEDBACK_FORMS"])
            with statements() as sent:
                await world.goodtime.push(**world.a_panel(f"{followers} follow", candidateExternalId="lea"))
                await one.receive()
        reads = ("SELECT", "UPDATE", "INSERT", "WITH")
        own = [each for each in sent if each.startswith(reads)]
        return len([each for each in own if '"change"' in each or "interviewer" in each or "follower" in each])

    assert await counted(2) <= await counted(1) + 1
