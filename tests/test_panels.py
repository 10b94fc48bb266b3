"""Panels as they are shown: their status, and what follows from their interviews."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import clock
from tests.panels import LIST, listed
from tests.people import instant
from tests.world import World, in_hours

STATUSES = ("TENTATIVE", "SCHEDULED", "AWAITING_FEEDBACK", "COMPLETE", "CANCELED")


@contextmanager
def the_clock_reads(now: datetime) -> Iterator[None]:
    """The server's present is that instant inside the block."""
    with clock.reading(lambda: now):
        yield


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

        assert shown == {name: the_status(now, begin, *interviews) for name, interviews in panels.items()}
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
        matching = [interview for interview in interviews if interview["externalId"] in kept]
        pushed = await world.goodtime.push(**world.a_panel("p", *matching, sequence=4 - len(kept)))
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

    names = {name: [each["externalId"] for each in listing] for name, listing in shown["interviewPanel"].items()}
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
        "mutation ($rows: [CandidateInput!]!) { syncCandidates(candidates: $rows) { errors { code } } }", rows=[moved]
    )

    await world.goodtime.push(**world.a_panel("p", sequence=2, note="later"))
    shown = await world.rita.ask(
        'query { interviewPanel(externalId: "p") { stage { name } candidate { stage { name } } } }'
    )

    assert shown["interviewPanel"] == {"stage": {"name": "On-site"}, "candidate": {"stage": {"name": "Applied"}}}
