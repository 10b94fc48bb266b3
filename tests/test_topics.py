"""`changes`: every topic in one log, in one order, by one cursor; what comes into a viewer's view or leaves it."""

from collections.abc import Iterable
from typing import Any

import pytest

import models
from tests.integrations import switch
from tests.people import Following, Person, instant
from tests.sql_log import statements
from tests.world import World, in_hours

FIELDS = """__typename cursor type actor { __typename }
  ... on InterviewPanelChange { kind previousStartsAt panel { id externalId } }
  ... on CandidateChange { candidate { id name } } ... on FeedbackFormChange { form { id status } }
  ... on IntegrationChange { integration { id enabled } } ... on NoLongerVisible { nodeId }"""
FOLLOW = f"""subscription ($after: String, $topics: [ChangeTopic!], $candidateId: ID) {{
  changes(after: $after, topics: $topics, candidateId: $candidateId) {{ {FIELDS} }} }}"""
PAGE = f"""query (
  $after: String, $before: String, $first: Int, $last: Int, $topics: [ChangeTopic!], $candidateId: ID) {{
  changes(after: $after, before: $before, first: $first, last: $last, topics: $topics, candidateId: $candidateId) {{
    pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} edges {{ cursor node {{ {FIELDS} }} }} }} }}"""
HEAD = "{ changeCursor }"

CARLA = {"externalId": "carla", "name": "Carla Gómez", "stage": "On-site", "postingExternalId": "backend"}
CARLA |= {"headline": "Engineer", "emails": ["carla@mail.example"]}


async def paged(person: Person, **arguments: Any) -> list[dict[str, Any]]:
    edges = (await person.ask(PAGE, **arguments))["changes"]["edges"]
    assert [edge["cursor"] for edge in edges] == [edge["node"]["cursor"] for edge in edges]
    return [edge["node"] for edge in edges]


def types(changes: Iterable[dict[str, Any]]) -> list[str]:
    return [change["type"] for change in changes]


def gone(changes: Iterable[dict[str, Any]]) -> list[str]:
    return [change["nodeId"] for change in changes if change["type"] == "NO_LONGER_VISIBLE"]


async def received(following: Following, count: int) -> list[dict[str, Any]]:
    changes = [await following.next() for _ in range(count)]
    await following.expect_nothing(0.2)
    return changes


async def ids_of(world: World, external_id: str) -> tuple[str, list[str], list[str]]:
    """The ids of a panel, its interviews and its forms."""
    panel = await models.Panel.get(account_id=world.account.id, external_id=external_id)
    interviews = await models.Interview.filter(panel_id=panel.id).order_by("external_id")
    forms = await models.FeedbackForm.filter(panel_id=panel.id).order_by("id")
    return panel.id, [each.id for each in interviews], [each.id for each in forms]


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


# What comes into view and what leaves it.


async def test_an_interviewer_who_is_taken_off_a_panel_learns_that_and_nothing_else(world: World) -> None:
    asked = {"feedbackTemplateId": world.templates["values"]}
    await world.goodtime.push(**world.a_panel("p", world.an_interview("one", "ivo", "noor", **asked)))
    panel, [interview], [ivos, noors] = await ids_of(world, "p")
    head = (await world.ivo.ask(HEAD))["changeCursor"]
    async with world.ivo.following(FOLLOW) as ivo, world.leo.following(FOLLOW) as leo:
        await world.goodtime.push(**world.a_panel("p", world.an_interview("one", "noor", **asked)))
        await world.goodtime.push(**world.a_panel("p", world.an_interview("one", "noor", **asked), note="later"))
        live = await received(ivo, 4)
        await leo.expect_nothing()

    # One's own form stays, voided.
    assert types(live) == ["FORM_VOIDED", "NO_LONGER_VISIBLE", "NO_LONGER_VISIBLE", "NO_LONGER_VISIBLE"]
    assert live[0]["form"] == {"id": ivos, "status": "VOIDED"}
    assert gone(live) == [panel, interview, noors]
    assert await paged(world.ivo, after=head) == live


async def test_an_interviewer_of_two_interviews_learns_which_one_is_no_longer_theirs(world: World) -> None:
    await world.goodtime.push(**world.a_panel("p", world.an_interview("a", "ivo"), world.an_interview("b", "ivo")))
    _, [_, second], _ = await ids_of(world, "p")
    async with world.ivo.following(FOLLOW) as ivo:
        await world.goodtime.push(**world.a_panel("p", world.an_interview("a", "ivo"), world.an_interview("b", "noor")))
        live = await received(ivo, 2)

    assert types(live) == ["PANEL_UPDATED", "NO_LONGER_VISIBLE"]
    assert gone(live) == [second]


async def test_to_whoever_gets_a_seat_the_panel_was_just_made(world: World) -> None:
    asked = {"feedbackTemplateId": world.templates["values"]}
    await world.goodtime.push(**world.a_panel("p", world.an_interview("one", "noor", **asked)))
    async with world.ivo.following(FOLLOW) as ivo, world.noor.following(FOLLOW) as noor:
        await world.goodtime.push(**world.a_panel("p", world.an_interview("one", "noor", "ivo", **asked)))
        ivos, noors = await received(ivo, 3), await received(noor, 2)

    assert types(ivos) == ["PANEL_CREATED", "FORM_CREATED", "FORM_CREATED"]
    assert ivos[0]["kind"] == "UPDATED"
    assert types(noors) == ["PANEL_UPDATED", "FORM_CREATED"]
    assert {each["form"]["id"] for each in ivos[1:]} == set((await ids_of(world, "p"))[2])


LEO_COMES = [
    {"ownerEmail": "leo"},
    {"followerEmails": ["leo"]},
    {"postingExternalId": "leo's"},
]


def of_leo(world: World, tie: dict[str, Any]) -> dict[str, Any]:
    """The tie as it is synced."""
    named = {"leo": world.email("leo")}
    return {
        name: [named[each] for each in value] if isinstance(value, list) else named.get(value, value)
        for name, value in tie.items()
    }


@pytest.mark.parametrize("tie", LEO_COMES)
async def test_a_candidate_comes_into_view_with_all_there_is_of_them_and_leaves_it_so(
    tie: dict[str, Any], world: World
) -> None:
    posting = {"externalId": "leo's", "title": "Leo's", "hiringManagerEmail": world.email("leo")}
    await world.sam.sync("postings", [posting])
    asked = {"feedbackTemplateId": world.templates["values"]}
    await world.goodtime.push(**world.a_panel("p", world.an_interview("one", "ivo", **asked)))
    panel, [interview], [form] = await ids_of(world, "p")
    carla, head = world.candidates["carla"], (await world.leo.ask(HEAD))["changeCursor"]
    async with world.leo.following(FOLLOW) as leo, world.ivo.following(FOLLOW) as ivo:
        await world.sam.sync("candidates", [CARLA | of_leo(world, tie)])
        come = await received(leo, 3)
        await world.sam.sync("candidates", [CARLA])
        left = await received(leo, 4)
        await ivo.expect_nothing()

    assert sorted(types(come)) == ["CANDIDATE_CREATED", "FORM_CREATED", "PANEL_CREATED"]
    assert gone(left) == [carla, panel, interview, form]
    assert await paged(world.leo, after=head) == left
    assert types(await paged(world.rita, after=head)) == ["CANDIDATE_UPDATED"] * 2


async def test_another_hiring_manager_gets_the_candidates_and_the_former_one_loses_them(world: World) -> None:
    posting = {"externalId": "backend", "title": "Backend Engineer"}
    async with world.leo.following(FOLLOW) as leo:
        await world.sam.sync("postings", [posting | {"hiringManagerEmail": world.email("leo")}])
        come = await received(leo, 1)
        await world.sam.sync("postings", [posting | {"hiringManagerEmail": world.email("rita")}])
        left = await received(leo, 1)

    assert types([*come, *left]) == ["CANDIDATE_CREATED", "NO_LONGER_VISIBLE"]
    assert gone(left) == [world.candidates["carla"]]


async def test_a_seat_ties_a_limited_team_member_to_the_candidate_and_its_end_parts_them(world: World) -> None:
    await world.goodtime.push(**world.a_panel("before"))
    async with world.leo.following(FOLLOW) as leo:
        await world.goodtime.push(**world.a_panel("p", world.an_interview("one", "leo")))
        come = await received(leo, 3)
        await world.goodtime.push(**world.a_panel("p", world.an_interview("one", "ivo")))
        left = await received(leo, 5)

    assert types(come) == ["CANDIDATE_CREATED", "PANEL_CREATED", "PANEL_CREATED"]
    assert set(gone(left)) >= {
        world.candidates["carla"],
        (await ids_of(world, "p"))[0],
        (await ids_of(world, "before"))[0],
    }


async def test_whoever_has_another_tie_loses_nothing_and_gets_nothing_anew(world: World) -> None:
    lea = {"externalId": "lea", "name": "Lea Fontaine", "stage": "On-site"}
    followed = {"followerEmails": [world.email("leo"), world.email("ada")]}
    async with world.leo.following(FOLLOW) as leo:
        await world.sam.sync("candidates", [lea | followed | {"ownerEmail": world.email("leo")}])
        await world.sam.sync("candidates", [lea | followed])
        assert types(await received(leo, 2)) == ["CANDIDATE_UPDATED"] * 2


@pytest.mark.parametrize("role", ["INTERVIEWER", "LIMITED_TEAM_MEMBER"])
async def test_whoever_comes_to_see_another_part_of_the_account_loads_afresh(role: str, world: World) -> None:
    head = (await world.rita.ask(HEAD))["changeCursor"]
    row = {"externalId": "user-rita", "email": world.email("rita"), "name": "Rita", "role": role}
    async with world.rita.following(FOLLOW) as rita, world.rita.following() as panels:
        await world.sam.sync("users", [row])
        assert (await rita.error(within=3))["code"] == "CURSOR_EXPIRED"
        await panels.expect_nothing(1.2)

    assert await world.rita.error_code(PAGE, after=head) == "CURSOR_EXPIRED"
    fresh = (await world.rita.ask(HEAD))["changeCursor"]
    assert await paged(world.rita, after=fresh) == []


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
