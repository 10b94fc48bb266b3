"""Pushes and sequences: rules 2 and 3 of docs/rules.md, Pushing a panel."""

from typing import Any

import pytest

from tests.people import codes_and_paths
from tests.pushes import interviews_of, kinds, panels_of
from tests.world import World, in_hours

# Rule 2: sequence.


async def test_a_lower_sequence_changes_nothing_and_answers_with_the_current_state(world: World) -> None:
    await world.goodtime.push(**world.a_panel(note="second", sequence=2))

    late = await world.goodtime.push(**world.a_panel(note="first", sequence=1))

    assert late["outcome"] == "STALE_IGNORED"
    assert late["panel"]["note"] == "second"
    assert len(await world.rita.changes()) == 1


async def test_the_same_content_again_is_unchanged_and_records_nothing(world: World) -> None:
    panel = world.a_panel(sequence=1)
    await world.goodtime.push(**panel)

    again = await world.goodtime.push(**panel)

    assert again["outcome"] == "UNCHANGED"
    assert again["panel"]["version"] == 1
    assert await kinds(world) == ["CREATED"]


@pytest.mark.parametrize(
    "other",
    [
        {"note": "other"},
        {"externalUrl": "https://goodtime.example/other"},
        {"timezone": "UTC"},
        {"tentative": True},
        {"subject": "Other"},
        {"startsAt": "2100-01-01T00:00:00Z"},
        {"durationMinutes": 61},
        {"location": "Elsewhere"},
        {"feedbackReminder": "NONE"},
        {"interviewers": ["noor"]},
        {"interviewers": ["noor", "ivo"]},
        {"interviewers": ["ivo", "noor", "rita"]},
        {"interviews": ["one"]},
        {"interviews": ["one", "two", "three"]},
        {"interviews": ["one", "three"]},
    ],
    ids=str,
)
async def test_the_same_sequence_with_other_content_is_a_conflict(world: World, other: dict[str, Any]) -> None:
    pushed = await world.goodtime.push(**a_panel_of(world))

    conflict = await world.goodtime.push(**a_panel_of(world, **other))

    assert codes_and_paths(conflict["errors"]) == [("SEQUENCE_CONFLICT", "input.sequence")]
    assert (conflict["outcome"], conflict["panel"]) == (None, pushed["panel"])
    assert await world.goodtime.panel(externalId="p") == pushed["panel"]
    assert await kinds(world) == ["CREATED"]


def a_panel_of(world: World, interviews: tuple[str, ...] = ("one", "two"), **fields: Any) -> dict[str, Any]:
    """Revision 5 of a panel; what is named so is changed in the panel or in its first interview."""
    names = fields.pop("interviewers", ["ivo", "noor"])
    details = {"subject", "startsAt", "durationMinutes", "location", "feedbackReminder"}
    own = {name: fields.pop(name) for name in details & fields.keys()}
    events = [world.an_interview(name, *(names if name == "one" else ["rita"])) for name in interviews]
    return world.a_panel("p", events[0] | own, *events[1:], sequence=5, **fields)


async def test_a_conflict_below_a_later_cancel_is_too_old_to_matter_and_takes_nothing(world: World) -> None:
    pushed = await world.goodtime.push(**a_panel_of(world))
    await world.goodtime.cancel(externalId="p", sequence=6)

    late = await world.goodtime.push(**a_panel_of(world, note="other", interviews=("one", "three")))

    assert (late["outcome"], late["errors"]) == ("STALE_IGNORED", [])
    assert (late["panel"]["note"], late["panel"]["status"]) == (None, "CANCELED")
    assert interviews_of(late["panel"]).keys() == interviews_of(pushed["panel"]).keys()
    assert await kinds(world) == ["CREATED", "CANCELED"]


async def test_a_higher_sequence_is_applied(world: World) -> None:
    await world.goodtime.push(**world.a_panel(note="first", sequence=1))

    later = await world.goodtime.push(**world.a_panel(note="second", sequence=9))

    assert (later["outcome"], later["panel"]["note"], later["panel"]["sequence"]) == ("UPDATED", "second", 9)
    assert await kinds(world) == ["CREATED", "UPDATED"]


async def test_a_higher_sequence_with_the_same_content_moves_the_sequence_on(world: World) -> None:
    await world.goodtime.push(**world.a_panel(sequence=1))

    later = await world.goodtime.push(**world.a_panel(sequence=2))

    assert (later["outcome"], later["panel"]["sequence"], later["panel"]["version"]) == ("UPDATED", 2, 2)


async def test_a_moved_interview_is_a_reschedule_under_the_same_links(world: World) -> None:
    interview = world.an_interview(feedbackTemplateId=world.templates["values"])
    first = await world.goodtime.push(**world.a_panel("p", interview, sequence=1))

    moved = await world.goodtime.push(**world.a_panel("p", interview | {"startsAt": in_hours(48)}, sequence=2))

    assert moved["outcome"] == "UPDATED"
    assert await kinds(world) == ["CREATED", "RESCHEDULED"]
    links = [answer["panel"]["interviews"][0]["interviewers"][0]["feedbackForm"]["url"] for answer in (first, moved)]
    assert links[0] == links[1]


async def test_without_a_sequence_the_last_write_wins(world: World) -> None:
    await world.goodtime.push(**world.a_panel(note="first"))
    last = await world.goodtime.push(**world.a_panel("panel", world.an_interview("two"), note="last"))
    again = await world.goodtime.push(**world.a_panel("panel", world.an_interview("two"), note="last"))

    assert (last["outcome"], again["outcome"]) == ("UPDATED", "UNCHANGED")
    stands = await world.goodtime.panel(externalId="panel")
    assert stands is not None
    assert (stands["note"], stands["sequence"]) == ("last", None)
    canceled = {name: bool(interview["cancellation"]) for name, interview in interviews_of(stands).items()}
    assert canceled == {"one": True, "two": False}
    assert await kinds(world) == ["CREATED", "UPDATED"]


async def test_without_a_sequence_a_push_takes_over_from_one_that_had_one(world: World) -> None:
    await world.goodtime.push(**world.a_panel(note="third", sequence=3))

    last = await world.goodtime.push(**world.a_panel(note="last"))

    assert (last["outcome"], last["panel"]["note"], last["panel"]["sequence"]) == ("UPDATED", "last", 3)


@pytest.mark.parametrize("sequence", [None, 5])
async def test_without_a_sequence_no_push_undoes_a_cancel_by_the_scheduler(world: World, sequence: int | None) -> None:
    await world.goodtime.push(**world.a_panel(note="first", sequence=sequence))
    await world.goodtime.cancel(externalId="panel")

    refused = await world.goodtime.push(**world.a_panel(note="last"))

    assert codes_and_paths(refused["errors"]) == [("PANEL_CANCELED", "input")]
    assert (refused["outcome"], refused["panel"]["note"], refused["panel"]["status"]) == (None, "first", "CANCELED")
    back = await world.goodtime.push(**world.a_panel(note="back", sequence=6))
    assert (back["outcome"], back["panel"]["status"]) == ("RESTORED", "SCHEDULED")


# Rule 3: any order ends in one state. The properties are in test_convergence.py.


async def test_a_cancel_before_its_panel_leaves_a_tombstone_that_nobody_sees(world: World) -> None:
    canceled = await world.goodtime.cancel(externalId="p", sequence=5, reason="Position filled")

    assert canceled == {"calendarEventRemains": False, "panel": None, "errors": []}
    for person in (world.sam, world.rita, world.leo, world.ivo, world.goodtime):
        assert await person.panel(externalId="p") is None
        assert await person.changes() == []
    assert await panels_of(world) == []


async def test_the_push_of_a_tombstone_makes_it_appear_cancelled(world: World) -> None:
    await world.goodtime.cancel(externalId="p", sequence=5, reason="Position filled")

    late = await world.goodtime.push(**world.a_panel("p", sequence=4, note="content"))

    assert late["outcome"] == "STALE_IGNORED"
    panel = late["panel"]
    assert (panel["status"], panel["note"], panel["sequence"]) == ("CANCELED", "content", 5)
    assert (panel["cancellation"]["origin"], panel["cancellation"]["reason"]) == ("SCHEDULER", "Position filled")
    assert await kinds(world) == ["CANCELED"]
    assert await world.rita.panel(externalId="p") == panel


async def test_a_push_above_the_cancel_of_a_tombstone_stands(world: World) -> None:
    await world.goodtime.cancel(externalId="p", sequence=5)

    pushed = await world.goodtime.push(**world.a_panel("p", sequence=6))

    assert (pushed["outcome"], pushed["panel"]["status"]) == ("RESTORED", "SCHEDULED")


async def test_a_refused_push_leaves_the_tombstone_as_it_was(world: World) -> None:
    await world.goodtime.cancel(externalId="p", sequence=5)

    refused = await world.goodtime.push(**world.a_panel("p", world.an_interview("one", "nobody"), sequence=4))

    assert codes_and_paths(refused["errors"]) == [("INTERVIEWER_NOT_FOUND", "input.interviews.0.interviewers.0.email")]
    assert await world.goodtime.panel(externalId="p") is None


async def test_a_second_higher_cancel_only_moves_the_sequence_on(world: World) -> None:
    await world.goodtime.push(**world.a_panel("p", sequence=1))
    first = await world.goodtime.cancel(externalId="p", sequence=2, reason="first")

    second = await world.goodtime.cancel(externalId="p", sequence=7, reason="second")

    assert second["panel"] == first["panel"] | {"sequence": 7}
    assert await kinds(world) == ["CREATED", "CANCELED"]


async def test_a_push_between_the_content_and_the_cancel_gives_the_cancelled_panel_its_content(world: World) -> None:
    await world.goodtime.push(**world.a_panel("p", sequence=1, note="first"))
    await world.goodtime.cancel(externalId="p", sequence=5)

    moved = world.an_interview(startsAt=in_hours(72))
    late = await world.goodtime.push(**world.a_panel("p", moved, sequence=3, note="third"))

    assert (late["outcome"], late["panel"]["note"], late["panel"]["status"]) == ("STALE_IGNORED", "third", "CANCELED")
    assert late["panel"]["sequence"] == 5
    assert await kinds(world) == ["CREATED", "CANCELED", "UPDATED"]


async def test_a_cancel_below_the_highest_push_comes_too_late(world: World) -> None:
    pushed = await world.goodtime.push(**world.a_panel("p", sequence=4))

    late = await world.goodtime.cancel(externalId="p", sequence=3)

    assert (late["panel"], late["errors"]) == (pushed["panel"], [])
    assert await kinds(world) == ["CREATED"]


async def test_a_cancel_as_high_as_the_highest_push_counts_whichever_comes_first(world: World) -> None:
    await world.goodtime.push(**world.a_panel("p", sequence=4, note="content"))
    after = (await world.goodtime.cancel(externalId="p", sequence=4))["panel"]
    await world.goodtime.cancel(externalId="q", sequence=4)
    before = (await world.goodtime.push(**world.a_panel("q", sequence=4, note="content")))["panel"]

    for panel in (after, before):
        assert (panel["status"], panel["note"], panel["sequence"]) == ("CANCELED", "content", 4)


async def test_a_cancelled_panels_own_push_again_is_unchanged(world: World) -> None:
    await world.goodtime.push(**world.a_panel("p", sequence=4))
    await world.goodtime.cancel(externalId="p", sequence=4)

    again = await world.goodtime.push(**world.a_panel("p", sequence=4))

    assert (again["outcome"], again["panel"]["status"]) == ("UNCHANGED", "CANCELED")


async def test_only_a_higher_push_brings_a_deleted_panel_back(world: World) -> None:
    await world.goodtime.push(**world.a_panel("p", sequence=1))
    await world.goodtime.cancel(externalId="p", sequence=2)

    late = await world.goodtime.push(**world.a_panel("p", sequence=1))
    back = await world.goodtime.push(**world.a_panel("p", sequence=3))

    assert (late["outcome"], late["panel"]["status"]) == ("STALE_IGNORED", "CANCELED")
    assert (back["outcome"], back["panel"]["status"], back["panel"]["cancellation"]) == ("RESTORED", "SCHEDULED", None)
    assert await kinds(world) == ["CREATED", "CANCELED", "RESTORED"]
