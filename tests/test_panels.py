"""Panels as they are shown: their status, their lists, and what follows from their interviews."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import clock
from tests.world import World, in_hours, instant

LIST = """query ($filter: InterviewPanelFilter, $first: Int, $after: String) {
  interviewPanels(filter: $filter, first: $first, after: $after) {
    pageInfo { hasNextPage endCursor } edges { node { externalId status } } } }"""
INTERVIEWS = """query ($filter: InterviewFilter, $first: Int) { interviews(filter: $filter, first: $first) {
  edges { node { externalId panel { externalId } } } } }"""
STATUSES = ("TENTATIVE", "SCHEDULED", "AWAITING_FEEDBACK", "COMPLETE", "CANCELED")


@contextmanager
def the_clock_reads(now: datetime) -> Iterator[None]:
    """The server's present is that instant inside the block."""
    with clock.reading(lambda: now):
        yield


async def listed(world: World, **filter: Any) -> list[str]:
    """The external ids of the panels that GoodTime is listed, in order."""
    edges = (await world.goodtime.ask(LIST, filter=filter, first=100))["interviewPanels"]["edges"]
    return [edge["node"]["externalId"] for edge in edges]


async def interviews_listed(world: World, who: str = "goodtime", **filter: Any) -> list[str]:
    """The interviews that somebody is listed, each as `panel/interview`."""
    edges = (await getattr(world, who).ask(INTERVIEWS, filter=filter, first=100))["interviews"]["edges"]
    return [f"{edge['node']['panel']['externalId']}/{edge['node']['externalId']}" for edge in edges]


# Status.


async def test_the_status_follows_from_cancellation_clock_and_feedback_alike_in_answers_and_filters(
    world: World,
) -> None:
    begin = instant(in_hours(10))
    panels = {}
    for tentative, form, cancel in itertools.product(
        (False, True), ("none", "optional", "required", "submitted"), ("none", "ATS", "SCHEDULER", "last interview")
    ):
        name = f"{tentative}, {form}, {cancel}"
        panels[name] = (tentative, form, cancel)
        await a_panel_with(world, name, begin, tentative, form, cancel)

    moments = [-1, 0, 59, 60, 60 + 1e-6, 119, 120, 500]
    for now in (begin + timedelta(minutes=minutes) for minutes in moments):
        with the_clock_reads(now):
            edges = (await world.goodtime.ask(LIST, filter={"includeCanceled": True}, first=100))["interviewPanels"]
            shown = {edge["node"]["externalId"]: edge["node"]["status"] for edge in edges["edges"]}
            filtered = {name: status for status in STATUSES for name in await listed(world, status=[status])}

        assert shown == {name: the_status(now, begin, *its) for name, its in panels.items()}
        assert filtered == shown


async def a_panel_with(world: World, name: str, begin: datetime, tentative: bool, form: str, cancel: str) -> None:
    """A panel of two interviews of an hour, one after the other; the first is Ivo's, with the form."""
    seat = {"email": world.email("ivo"), "feedbackRequired": form != "optional"}
    if form != "none":
        seat["feedbackTemplateId"] = world.templates["values"]
    one = world.an_interview("one", seat, startsAt=begin.isoformat())
    two = world.an_interview("two", "noor", startsAt=(begin + timedelta(hours=1)).isoformat())
    pushed = await world.goodtime.push(**world.a_panel(name, one, two, tentative=tentative, sequence=1))
    if form == "submitted":
        await world.ivo.fill(pushed["panel"]["interviews"][0]["interviewers"][0]["feedbackForm"]["id"])
    if cancel == "ATS":
        await world.rita.cancel(externalId=name)
    elif cancel == "SCHEDULER":
        await world.goodtime.cancel(externalId=name, sequence=2)
    elif cancel == "last interview":
        await world.goodtime.cancel_one(panelExternalId=name, externalId="two", sequence=2)


def the_status(now: datetime, begin: datetime, tentative: bool, form: str, cancel: str) -> str:
    """What the rules say of it at that instant."""
    if cancel in ("ATS", "SCHEDULER"):
        return "CANCELED"
    if tentative:
        return "TENTATIVE"
    if now < begin + timedelta(hours=1 if cancel == "last interview" else 2):
        return "SCHEDULED"
    return "AWAITING_FEEDBACK" if form == "required" else "COMPLETE"


async def test_the_last_required_form_completes_a_panel_that_is_over(world: World) -> None:
    asked = {"feedbackTemplateId": world.templates["values"], "startsAt": in_hours(-24)}
    interview = world.an_interview("one", "ivo", "noor", **asked)
    pushed = await world.goodtime.push(**world.a_panel("p", interview))
    forms = [seat["feedbackForm"]["id"] for seat in pushed["panel"]["interviews"][0]["interviewers"]]

    statuses = [pushed["panel"]["status"]]
    for person, form in zip((world.ivo, world.noor), forms, strict=True):
        await person.fill(form)
        panel = await world.rita.panel(externalId="p")
        assert panel is not None
        statuses.append(panel["status"])

    assert statuses == ["AWAITING_FEEDBACK", "AWAITING_FEEDBACK", "COMPLETE"]


async def test_a_panel_does_not_wait_for_feedback_that_is_not_required(world: World) -> None:
    asked = {"feedbackTemplateId": world.templates["values"], "startsAt": in_hours(-24)}
    optional = {"email": world.email("noor"), "feedbackRequired": False}
    pushed = await world.goodtime.push(**world.a_panel("p", world.an_interview("one", "ivo", optional, **asked)))

    await world.ivo.fill(pushed["panel"]["interviews"][0]["interviewers"][0]["feedbackForm"]["id"])

    panel = await world.rita.panel(externalId="p")
    assert panel is not None
    assert [seat["feedbackForm"]["status"] for seat in panel["interviews"][0]["interviewers"]] == [
        "COMPLETED",
        "PENDING",
    ]
    assert (pushed["panel"]["status"], panel["status"]) == ("AWAITING_FEEDBACK", "COMPLETE")


async def test_a_panel_waits_no_longer_for_somebody_who_was_taken_off_it(world: World) -> None:
    asked = {"feedbackTemplateId": world.templates["values"], "startsAt": in_hours(-24)}
    await world.goodtime.push(**world.a_panel("p", world.an_interview("one", "ivo", **asked), sequence=1))

    bare = world.an_interview("one", "ivo", startsAt=in_hours(-24))
    pushed = await world.goodtime.push(**world.a_panel("p", bare, sequence=2))

    assert pushed["panel"]["status"] == "COMPLETE"


# What follows from the interviews.


async def test_a_panel_spans_the_interviews_that_are_not_cancelled(world: World) -> None:
    interviews = [
        world.an_interview(name, startsAt=in_hours(hours)) for name, hours in (("a", 50), ("b", 30), ("c", 70))
    ]
    spans = []

    for kept in ("abc", "ac", "c"):
        its = [interview for interview in interviews if interview["externalId"] in kept]
        pushed = await world.goodtime.push(**world.a_panel("p", *its, sequence=4 - len(kept)))
        spans.append((instant(pushed["panel"]["startsAt"]), instant(pushed["panel"]["endsAt"])))

    at = {hours: instant(in_hours(hours)) for hours in (30, 50, 70, 71)}
    assert spans == [(at[30], at[71]), (at[50], at[71]), (at[70], at[71])]


async def test_interviews_stand_by_their_start_and_cancelled_ones_only_when_asked_for(world: World) -> None:
    interviews = [
        world.an_interview(name, startsAt=in_hours(hours)) for name, hours in (("a", 50), ("b", 30), ("c", 70))
    ]
    await world.goodtime.push(**world.a_panel("p", *interviews, sequence=1))
    await world.goodtime.cancel_one(panelExternalId="p", externalId="a", sequence=2)

    shown = await world.rita.ask(
        'query { interviewPanel(externalId: "p") { interviews { externalId } '
        "all: interviews(includeCanceled: true) { externalId } } }"
    )

    names = {name: [each["externalId"] for each in its] for name, its in shown["interviewPanel"].items()}
    assert names == {"interviews": ["b", "c"], "all": ["b", "a", "c"]}


async def test_a_cancelled_panel_still_shows_its_interviews(world: World) -> None:
    await world.goodtime.push(**world.a_panel("p", sequence=1))
    await world.goodtime.cancel(externalId="p", sequence=2)

    shown = await world.rita.ask('query { interviewPanel(externalId: "p") { startsAt interviews { externalId } } }')

    assert shown["interviewPanel"]["interviews"] == [{"externalId": "one"}]
    assert shown["interviewPanel"]["startsAt"] is not None


async def test_a_panel_tells_whose_it_is_and_where_it_comes_from(world: World) -> None:
    await world.goodtime.push(**world.a_panel("p"))

    shown = await world.rita.ask(
        'query { interviewPanel(externalId: "p") { managedBy { provider } '
        "createdBy { ... on Integration { provider } } stage { name } candidate { name stage { name } } "
        "interviews { timezone durationMinutes candidate { name } panel { externalId } feedbackForms { id } } } }"
    )

    assert shown["interviewPanel"] == {
        "managedBy": {"provider": "GOODTIME"},
        "createdBy": {"provider": "GOODTIME"},
        "stage": {"name": "On-site"},
        "candidate": {"name": "Carla Gómez", "stage": {"name": "On-site"}},
        "interviews": [
            {
                "timezone": "America/New_York",
                "durationMinutes": 60,
                "candidate": {"name": "Carla Gómez"},
                "panel": {"externalId": "p"},
                "feedbackForms": [],
            }
        ],
    }


async def test_a_panels_stage_is_the_one_in_which_it_was_made(world: World) -> None:
    await world.goodtime.push(**world.a_panel("p", sequence=1))
    moved = {"externalId": "carla", "name": "Carla", "stage": "Applied"}
    await world.ada.ask(
        "mutation ($its: [CandidateInput!]!) { syncCandidates(candidates: $its) { errors { code } } }", its=[moved]
    )

    await world.goodtime.push(**world.a_panel("p", sequence=2, note="later"))
    shown = await world.rita.ask(
        'query { interviewPanel(externalId: "p") { stage { name } candidate { stage { name } } } }'
    )

    assert shown["interviewPanel"] == {"stage": {"name": "On-site"}, "candidate": {"stage": {"name": "Applied"}}}


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


async def test_a_panel_is_found_by_either_id_and_by_none_not(world: World) -> None:
    pushed = await world.goodtime.push(**world.a_panel("p"))
    id = pushed["panel"]["id"]

    assert await world.rita.panel(id=id) == pushed["panel"]
    assert await world.rita.panel(externalId="p") == pushed["panel"]
    assert await world.rita.panel(id=id, externalId="q") is None
    assert await world.rita.panel() is None


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
        found = await world.rita.ask("query ($id: ID!) { node(id: $id) { __typename id } }", id=id)
        assert found["node"] == {"__typename": kind, "id": id}


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

    names = {name: [edge["node"]["externalId"] for edge in its["edges"]] for name, its in shown["candidate"].items()}
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
