"""Lists of panels and interviews: their order, filters and pages, and what is found by an id."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import clock
from tests.panels import LIST, listed
from tests.people import instant
from tests.world import World, in_hours

INTERVIEWS = """query ($filter: InterviewFilter, $first: Int) { interviews(filter: $filter, first: $first) {
  edges { node { externalId panel { externalId } } } } }"""


async def interviews_listed(world: World, who: str = "goodtime", **filter: Any) -> list[str]:
    """The interviews that somebody is listed, each as `panel/interview`."""
    edges = (await getattr(world, who).ask(INTERVIEWS, filter=filter, first=100))["interviews"]["edges"]
    return [f"{edge['node']['panel']['externalId']}/{edge['node']['externalId']}" for edge in edges]


# Lists.


async def some_panels(world: World) -> None:
    """Three of Carla's, in 10, 20 and 30 hours, the last one cancelled; and one of Lea's in 25."""
    for name, hours, candidate in (("a", 20, "carla"), ("b", 10, "carla"), ("c", 30, "carla"), ("d", 25, "lea")):
        interview = world.an_interview("one", "noor" if name == "d" else "ivo", startsAt=in_hours(hours))
        await world.goodtime.push(**world.a_panel(name, interview, candidateExternalId=candidate, sequence=1))
    await world.goodtime.cancel(externalId="c", sequence=2)


async def test_panels_are_listed_by_their_start_cancelled_ones_only_when_asked_for(world: World) -> None:
    await some_panels(world)

    assert await listed(world) == ["b", "a", "d"]
    assert await listed(world, includeCanceled=True) == ["b", "a", "d", "c"]
    assert await listed(world, status=["CANCELED"]) == ["c"]
    assert await listed(world, status=["SCHEDULED", "CANCELED"]) == ["b", "a", "d", "c"]
    assert await listed(world, status=["COMPLETE", "TENTATIVE"]) == []
    assert await listed(world, status=[]) == []


async def test_all_that_a_filter_says_must_hold(world: World) -> None:
    await some_panels(world)
    carla, lea = world.candidates["carla"], world.candidates["lea"]

    assert await listed(world, candidateId=lea) == ["d"]
    assert await listed(world, candidateId=carla, includeCanceled=True) == ["b", "a", "c"]
    assert await listed(world, externalIds=["a", "c", "d", "unknown"]) == ["a", "d"]
    assert await listed(world, externalIds=[]) == []
    assert await listed(world, startsAfter=in_hours(20)) == ["a", "d"]
    assert await listed(world, startsBefore=in_hours(20)) == ["b"]
    assert await listed(world, startsAfter=in_hours(5), startsBefore=in_hours(24), candidateId=carla) == ["b", "a"]
    assert await listed(world, candidateId=carla, externalIds=["d"]) == []


async def test_a_filters_instant_may_have_any_offset(world: World) -> None:
    await some_panels(world)
    bound = instant(in_hours(20))

    for hours in (-11, 0, 5, 14):
        local = bound.replace(tzinfo=None) + timedelta(hours=hours)
        offset = f"{local.isoformat()}{hours:+03d}:00"
        assert await listed(world, startsAfter=offset) == ["a", "d"]
        assert await listed(world, startsBefore=offset) == ["b"]


async def test_panels_that_changed_since_are_found(world: World) -> None:
    await some_panels(world)
    since = clock.now().isoformat()

    await world.goodtime.push(**world.a_panel("a", note="new", sequence=2))

    assert await listed(world, updatedSince=since) == ["a"]


async def test_a_panel_is_found_by_either_id(world: World) -> None:
    pushed = await world.goodtime.push(**world.a_panel("p"))
    id = pushed["panel"]["id"]

    assert await world.rita.panel(id=id) == pushed["panel"]
    assert await world.rita.panel(externalId="p") == pushed["panel"]
    assert await world.rita.panel(id=id, externalId="p") == pushed["panel"]


@pytest.mark.parametrize("named", ["", "unknown", "pan_01", "x" * 600, "☃", "' OR 1=1"])
async def test_what_can_be_no_id_is_not_found(world: World, named: str) -> None:
    for person in (world.rita, world.goodtime):
        assert await person.panel(id=named) is None
        assert await person.panel(externalId=named) is None
        assert (await person.ask("query ($id: ID!) { node(id: $id) { id } }", id=named))["node"] is None
    assert await listed(world, candidateId=named) == []
    assert await listed(world, externalIds=[named]) == []
    assert await interviews_listed(world, interviewerId=named, candidateId=named) == []


async def test_panels_and_interviews_and_forms_are_nodes(world: World) -> None:
    interview = world.an_interview(feedbackTemplateId=world.templates["values"])
    panel = (await world.goodtime.push(**world.a_panel("p", interview)))["panel"]
    form = panel["interviews"][0]["interviewers"][0]["feedbackForm"]

    for id, kind in (
        (panel["id"], "InterviewPanel"),
        (panel["interviews"][0]["id"], "Interview"),
        (form["id"], "FeedbackForm"),
    ):
        shown = await world.rita.ask("query ($id: ID!) { node(id: $id) { __typename id } }", id=id)
        assert shown["node"] == {"__typename": kind, "id": id}


async def test_a_tombstone_is_in_no_list_and_no_node(world: World) -> None:
    await world.goodtime.cancel(externalId="tomb", sequence=3)

    assert await listed(world, includeCanceled=True) == []
    assert await listed(world, externalIds=["tomb"], status=["CANCELED"]) == []
    assert await listed(world, updatedSince=in_hours(-1), includeCanceled=True) == []
    query = "query ($id: ID!) { candidate(id: $id) { interviewPanels(includeCanceled: true) { edges { cursor } } } }"
    shown = await world.leo.ask(query, id=world.candidates["lea"])
    assert shown["candidate"]["interviewPanels"]["edges"] == []


async def test_interviews_are_listed_by_their_start(world: World) -> None:
    await some_panels(world)

    assert await interviews_listed(world) == ["b/one", "a/one", "d/one"]
    assert await interviews_listed(world, includeCanceled=True) == ["b/one", "a/one", "d/one", "c/one"]
    assert await interviews_listed(world, interviewerId=world.noor.id) == ["d/one"]
    assert await interviews_listed(world, candidateId=world.candidates["carla"]) == ["b/one", "a/one"]
    assert await interviews_listed(world, startsAfter=in_hours(15), startsBefore=in_hours(25)) == ["a/one"]


async def test_an_interviewer_comes_in_by_their_own_interviews(world: World) -> None:
    await some_panels(world)

    assert await interviews_listed(world, "ivo", includeCanceled=True) == ["b/one", "a/one", "c/one"]
    assert await interviews_listed(world, "noor") == ["d/one"]
    assert (await world.ivo.ask(LIST))["interviewPanels"]["edges"] == []
    assert await world.ivo.panel(externalId="a") is None


async def test_one_persons_interviews_are_listed_by_their_start_wherever_they_move(world: World) -> None:
    await some_panels(world)
    both = world.an_interview("one", "noor", "ivo", startsAt=in_hours(15))
    await world.goodtime.push(**world.a_panel("d", both, candidateExternalId="lea", sequence=2))

    assert await interviews_listed(world, interviewerId=world.ivo.id) == ["b/one", "d/one", "a/one"]
    assert await interviews_listed(world, interviewerId=world.ivo.id, startsAfter=in_hours(12)) == ["d/one", "a/one"]
    assert await interviews_listed(world, interviewerId=world.ivo.id, startsBefore=in_hours(12)) == ["b/one"]

    later = {
        "panelExternalId": "b",
        "interview": world.an_interview("one", "ivo", startsAt=in_hours(40)),
        "sequence": 3,
    }
    await world.goodtime.push_one(**later)

    for who in ("goodtime", "ivo"):
        assert await interviews_listed(world, who, interviewerId=world.ivo.id) == ["d/one", "a/one", "b/one"]
    assert await interviews_listed(world, "ivo") == ["d/one", "a/one", "b/one"]
    assert await interviews_listed(world, "ivo", interviewerId=world.noor.id) == ["d/one"]
    assert await interviews_listed(world, "noor", interviewerId=world.ivo.id) == ["d/one"]


async def test_a_profile_lists_upcoming_panels_when_asked_for(world: World) -> None:
    for name, hours in (("over", -48), ("running", 0), ("later", 48)):
        interview = world.an_interview("one", startsAt=in_hours(hours), durationMinutes=120)
        await world.goodtime.push(**world.a_panel(name, interview))
    await world.goodtime.push(**world.a_panel("gone"))
    await world.rita.cancel(externalId="gone")

    shown = await world.rita.ask(
        "query ($id: ID!) { candidate(id: $id) { all: interviewPanels { edges { node { externalId } } } "
        "upcoming: interviewPanels(upcomingOnly: true) { edges { node { externalId } } } "
        "canceled: interviewPanels(includeCanceled: true) { edges { node { externalId } } } } }",
        id=world.candidates["carla"],
    )

    names = {name: [edge["node"]["externalId"] for edge in page["edges"]] for name, page in shown["candidate"].items()}
    assert names == {
        "all": ["over", "running", "later"],
        "upcoming": ["running", "later"],
        "canceled": ["over", "running", "gone", "later"],
    }


async def test_pages_go_on_behind_the_last_row_while_others_come_and_go(world: World) -> None:
    for number in range(6):
        interview = world.an_interview("one", startsAt=in_hours(10 + number))
        await world.goodtime.push(**world.a_panel(f"p{number}", interview, sequence=1))
    first = (await world.rita.ask(LIST, first=3))["interviewPanels"]

    await world.goodtime.cancel(externalId="p1", sequence=2)
    early = world.an_interview("one", startsAt=in_hours(1))
    await world.goodtime.push(**world.a_panel("early", early))
    second = (await world.rita.ask(LIST, first=3, after=first["pageInfo"]["endCursor"]))["interviewPanels"]

    assert [edge["node"]["externalId"] for edge in first["edges"] + second["edges"]] == [f"p{n}" for n in range(6)]
    assert (first["pageInfo"]["hasNextPage"], second["pageInfo"]["hasNextPage"]) == (True, False)


async def test_a_panel_keeps_its_place_in_the_lists_when_its_last_interview_goes(world: World) -> None:
    await some_panels(world)

    await world.goodtime.cancel_one(panelExternalId="a", externalId="one", sequence=2)

    panel = await world.rita.panel(externalId="a")
    assert panel is not None
    assert panel["startsAt"] is None
    assert await listed(world, includeCanceled=True) == ["b", "a", "d", "c"]


async def test_times_are_shown_in_utc_whatever_the_offset_they_were_pushed_with(world: World) -> None:
    start = datetime(2100, 6, 1, 8, tzinfo=UTC)

    shown = []
    for number, text in enumerate(("2100-06-01T08:00:00Z", "2100-06-01T10:00:00+02:00", "2100-05-31T22:00:00-10:00")):
        pushed = await world.goodtime.push(**world.a_panel(f"p{number}", world.an_interview(startsAt=text)))
        shown.append(pushed["panel"]["startsAt"])

    assert set(shown) == {"2100-06-01T08:00:00Z"}
    assert instant(shown[0]) == start
