"""Pushes that are taken with a warning: rules 8 and 9 of docs/rules.md, Pushing a panel."""

from datetime import timedelta

import pytest

from tests.people import Server, codes_and_paths, instant
from tests.pushes import panels_of
from tests.world import World, in_hours


async def archive(world: World, external_id: str) -> None:
    """Sam archives a candidate."""
    candidate = {"externalId": external_id, "name": external_id.title(), "stage": "On-site", "archived": True}
    await world.sam.ask(
        "mutation ($rows: [CandidateInput!]!) { syncCandidates(candidates: $rows) { errors { code } } }",
        rows=[candidate],
    )


# Rule 8: double bookings.


async def test_an_overlap_with_another_panel_is_a_warning_with_its_path(world: World) -> None:
    await world.goodtime.push(**world.a_panel("p", world.an_interview("one", "ivo", startsAt=in_hours(24))))

    half_an_hour_later = (instant(in_hours(24)) + timedelta(minutes=30)).isoformat()
    interview = world.an_interview("one", "noor", "ivo", startsAt=half_an_hour_later)
    pushed = await world.goodtime.push(**world.a_panel("q", interview, candidateExternalId="lea"))

    assert pushed["outcome"] == "CREATED"
    assert codes_and_paths(pushed["warnings"]) == [
        ("INTERVIEWER_DOUBLE_BOOKED", "input.interviews.0.interviewers.1.email")
    ]


async def test_an_overlap_within_the_panel_is_a_warning_at_both_places(world: World) -> None:
    pushed = await world.goodtime.push(**world.a_panel("p", world.an_interview("one"), world.an_interview("two")))

    path = "input.interviews.{}.interviewers.0.email"
    assert codes_and_paths(pushed["warnings"]) == [
        ("INTERVIEWER_DOUBLE_BOOKED", path.format(index)) for index in (0, 1)
    ]


async def test_a_single_event_overlaps_with_its_siblings_too(world: World) -> None:
    await world.goodtime.push(**world.a_panel("p", world.an_interview("one")))

    pushed = await world.goodtime.push_one(panelExternalId="p", interview=world.an_interview("two"))

    assert codes_and_paths(pushed["warnings"]) == [
        ("INTERVIEWER_DOUBLE_BOOKED", "input.interview.interviewers.0.email")
    ]


async def test_a_long_interview_that_began_the_day_before_still_overlaps(world: World) -> None:
    long = world.an_interview("one", startsAt=in_hours(24), durationMinutes=1_440)
    await world.goodtime.push(**world.a_panel("p", long))

    last_hour = world.an_interview("one", startsAt=in_hours(47))
    pushed = await world.goodtime.push(**world.a_panel("q", last_hour))

    assert [warning["code"] for warning in pushed["warnings"]] == ["INTERVIEWER_DOUBLE_BOOKED"]


@pytest.mark.parametrize("how", ["adjacent", "moved", "left", "cancelled panel", "cancelled interview", "elsewhere"])
async def test_no_overlap_no_warning(world: World, running: Server, how: str) -> None:
    first = world if how != "elsewhere" else await World.create(running)
    interviews = [first.an_interview("one"), first.an_interview("two", "rita")]
    await first.goodtime.push(**first.a_panel("p", *interviews, sequence=1))
    if how == "moved":
        later = interviews[0] | {"startsAt": in_hours(72)}
        await world.goodtime.push(**world.a_panel("p", later, interviews[1], sequence=2))
    elif how == "left":
        await world.goodtime.push(**world.a_panel("p", world.an_interview("one", "rita"), sequence=2))
    elif how == "cancelled panel":
        await world.goodtime.cancel(externalId="p", sequence=2)
    elif how == "cancelled interview":
        await world.goodtime.cancel_one(panelExternalId="p", externalId="one", sequence=2)

    interview = world.an_interview("one", startsAt=in_hours(25 if how == "adjacent" else 24))
    pushed = await world.goodtime.push(**world.a_panel("q", interview))

    assert pushed["warnings"] == []


# Rule 9: archived candidates.


async def test_a_new_panel_for_an_archived_candidate_is_refused(world: World) -> None:
    refused = await world.goodtime.push(**world.a_panel("p", candidateExternalId="arno"))

    assert codes_and_paths(refused["errors"]) == [("CANDIDATE_ARCHIVED", "input.candidateExternalId")]
    assert await panels_of(world) == []


async def test_changes_of_a_panel_whose_candidate_is_archived_are_accepted_with_a_warning(world: World) -> None:
    await world.goodtime.push(**world.a_panel("p", sequence=1))
    await archive(world, "carla")

    changed = await world.goodtime.push(**world.a_panel("p", sequence=2, note="changed"))

    assert (changed["outcome"], changed["panel"]["note"]) == ("UPDATED", "changed")
    assert codes_and_paths(changed["warnings"]) == [("CANDIDATE_ARCHIVED", "input.candidateExternalId")]


async def test_a_panel_of_an_archived_candidate_can_always_be_cancelled(world: World) -> None:
    for name in ("p", "q"):
        await world.goodtime.push(**world.a_panel(name, sequence=1))
    await archive(world, "carla")

    by_scheduler = await world.goodtime.cancel(externalId="p", sequence=2)
    by_user = await world.rita.cancel(externalId="q")

    assert [answer["panel"]["status"] for answer in (by_scheduler, by_user)] == ["CANCELED", "CANCELED"]
