"""Pushing a panel: rules 1 to 9 of docs/rules.md, in their order."""

import re
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar

from tests.world import PUSH, PUSH_ONE, Server, World, in_hours, instant, statements, told


def interviews_of(panel: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The interviews of an answer by their external id."""
    return {interview["externalId"]: interview for interview in panel["interviews"]}


def people(interview: dict[str, Any]) -> list[str]:
    """Who sits on an interview of an answer, by name, in its order."""
    return [seat["user"]["email"].partition("@")[0] for seat in interview["interviewers"]]


def forms(interview: dict[str, Any]) -> dict[str, dict[str, Any] | None]:
    """The forms of an interview's people, by name."""
    return dict(zip(people(interview), (seat["feedbackForm"] for seat in interview["interviewers"]), strict=True))


async def kinds(world: World) -> list[str]:
    """What the log has of the account, oldest first."""
    return [change["kind"] for change in await world.rita.changes()]


async def deactivate(world: World, name: str) -> None:
    """Sam deactivates somebody."""
    users = [{"email": world.email(name), "name": name.title(), "role": "INTERVIEWER", "deactivated": True}]
    await world.sam.ask(
        "mutation ($users: [UserInput!]!) { syncUsers(users: $users) { errors { code } } }", users=users
    )


async def archive(world: World, external_id: str) -> None:
    """Sam archives a candidate."""
    candidate = {"externalId": external_id, "name": external_id.title(), "stage": "On-site", "archived": True}
    await world.sam.ask(
        "mutation ($its: [CandidateInput!]!) { syncCandidates(candidates: $its) { errors { code } } }", its=[candidate]
    )


def test_each_rule_of_pushing_has_its_tests_under_its_number() -> None:
    rules = (Path(__file__).parent.parent / "docs" / "rules.md").read_text()
    [section] = re.findall(r"^## Pushing a panel\n(.*?)^## ", rules, re.DOTALL | re.MULTILINE)
    numbers = re.findall(r"^(\d+)\. ", section, re.MULTILINE)

    _, *parts = re.split(r"^# (?:Rule (\d+): .+|[A-Z].+)$", Path(__file__).read_text(), flags=re.MULTILINE)

    tests = {number: part.count("\nasync def test_") for number, part in zip(parts[::2], parts[1::2], strict=True)}
    assert [number for number in tests if number] == numbers
    assert all(tests.values())


# One push is one transaction.


async def test_a_pushed_panel_is_on_the_profile_with_its_feedback_links(world: World) -> None:
    interview = world.an_interview("one", "ivo", "noor", feedbackTemplateId=world.templates["technical"])

    pushed = await world.goodtime.push(**world.a_panel("p", interview, sequence=1))

    assert pushed["outcome"] == "CREATED"
    assert pushed["errors"] == []
    profile = await world.rita.ask(
        "query ($id: ID) { candidate(id: $id) { interviewPanels { edges { node { externalId status interviews { "
        "interviewers { user { name } feedbackForm { url } } calendarInvite } } } } } }",
        id=world.candidates["carla"],
    )
    [edge] = profile["candidate"]["interviewPanels"]["edges"]
    [shown] = edge["node"]["interviews"]
    assert edge["node"]["status"] == "SCHEDULED"
    assert [seat["user"]["name"] for seat in shown["interviewers"]] == ["Ivo", "Noor"]
    unfolded = shown["calendarInvite"].replace("\r\n ", "")
    assert all(seat["feedbackForm"]["url"] in unfolded for seat in shown["interviewers"])


async def test_a_push_says_everything_of_the_panel_and_its_interviews(world: World) -> None:
    interview = world.an_interview(
        "one",
        {"userId": world.ivo.id, "responseStatus": "ACCEPTED", "feedbackRequired": False},
        subject="System design",
        note="Bring\nthe whiteboard",
        location="Room 4",
        meetingUrl="https://meet.example/one",
        durationMinutes=45,
        startsAt="2100-03-01T10:00:00-05:00",
        feedbackReminder="FREQUENTLY",
    )

    pushed = await world.goodtime.push(
        **world.a_panel(
            "p",
            interview,
            candidateId=world.candidates["carla"],
            externalUrl="https://goodtime.example/p",
            note="All day",
            tentative=True,
            sequence=7,
        )
    )

    panel = pushed["panel"]
    expected = {"externalId": "p", "externalUrl": "https://goodtime.example/p", "status": "TENTATIVE", "sequence": 7}
    expected |= {"timezone": "America/New_York", "note": "All day", "candidate": {"externalId": "carla"}, "version": 1}
    expected |= {"startsAt": "2100-03-01T15:00:00Z", "endsAt": "2100-03-01T15:45:00Z", "cancellation": None}
    assert {name: panel[name] for name in expected} == expected
    [shown] = panel["interviews"]
    expected = {"subject": "System design", "note": "Bring\nthe whiteboard", "location": "Room 4"}
    expected |= {"meetingUrl": "https://meet.example/one", "durationMinutes": 45, "feedbackReminder": "FREQUENTLY"}
    expected |= {"startsAt": "2100-03-01T15:00:00Z", "endsAt": "2100-03-01T15:45:00Z", "cancellation": None}
    assert {name: shown[name] for name in expected} == expected
    [seat] = shown["interviewers"]
    assert (seat["responseStatus"], seat["feedbackRequired"], seat["feedbackForm"]) == ("ACCEPTED", False, None)


async def test_what_may_be_left_out_or_null_has_its_default(world: World) -> None:
    person = {"email": world.email("ivo"), "feedbackRequired": None, "responseStatus": None, "feedbackTemplateId": None}
    interview = world.an_interview("one", person, note=None, feedbackReminder=None, location=None, meetingUrl=None)

    pushed = await world.goodtime.push(**world.a_panel("p", interview, tentative=None, sequence=None, note=None))

    [shown] = pushed["panel"]["interviews"]
    [seat] = shown["interviewers"]
    assert pushed["panel"]["status"] == "SCHEDULED"
    assert pushed["panel"]["sequence"] is None
    assert shown["feedbackReminder"] == "DAILY"
    assert (seat["responseStatus"], seat["feedbackRequired"]) == ("NEEDS_ACTION", True)


async def test_only_the_integration_pushes(world: World) -> None:
    for person in (world.sam, world.ada, world.rita, world.leo, world.ivo):
        assert await person.refused(PUSH, input=world.a_panel()) == "FORBIDDEN"
        one = {"panelExternalId": "p", "candidateExternalId": "carla", "interview": world.an_interview()}
        assert await person.refused(PUSH_ONE, input=one) == "FORBIDDEN"


async def test_a_push_takes_at_most_twelve_statements(world: World) -> None:
    people = {"feedbackTemplateId": world.templates["technical"]}
    interviews = [world.an_interview(name, "ivo", "noor", **people) for name in ("a", "b", "c")]
    moved = [interview | {"startsAt": in_hours(48)} for interview in interviews]
    await world.goodtime.ask("{ viewer { __typename } }")

    created = await statements_of(world, world.a_panel("p", *interviews, sequence=1))
    rescheduled = await statements_of(world, world.a_panel("p", *moved, sequence=2))
    repeated = await statements_of(world, world.a_panel("p", *moved, sequence=2))

    assert len(created) <= 12, "\n".join(created)
    assert len(rescheduled) <= 12, "\n".join(rescheduled)
    assert len(repeated) <= 8, "\n".join(repeated)


async def test_the_statements_of_a_push_do_not_grow_with_it(world: World) -> None:
    def panel(name: str, size: int) -> list[dict[str, Any]]:
        everybody = ["ivo", "noor", "rita", "ada"][: size // 3]
        template = {"feedbackTemplateId": world.templates["values"]}
        kept = [world.an_interview(f"{name}-{number}", *everybody, **template) for number in range(size)]
        new = [world.an_interview(f"{name}-new-{number}", "leo", **template) for number in range(size)]
        return [world.a_panel(name, *kept, sequence=1), world.a_panel(name, *reversed(new), *kept[1:], sequence=2)]

    await world.goodtime.ask("{ viewer { __typename } }")

    small = [len(await statements_of(world, push)) for push in panel("small", 3)]
    large = [len(await statements_of(world, push)) for push in panel("large", 12)]

    assert small == large


async def statements_of(world: World, push: dict[str, Any]) -> list[str]:
    """The statements of a push. SQLite's first one writes nothing and stands for BEGIN IMMEDIATE: it is left out."""
    outcome = "mutation ($input: UpsertInterviewPanelInput!) { upsertInterviewPanel(input: $input) { outcome } }"
    with statements() as sent:
        assert (await world.goodtime.ask(outcome, input=push))["upsertInterviewPanel"]["outcome"]
    return [statement for statement in sent if "position = position WHERE" not in statement]


# Rule 1: identity.


async def test_an_external_id_names_one_panel_however_often_it_is_pushed(world: World) -> None:
    first = await world.goodtime.push(**world.a_panel("p", sequence=1))
    second = await world.goodtime.push(**world.a_panel("p", sequence=2, note="again"))

    assert first["panel"]["id"] == second["panel"]["id"]
    assert first["panel"]["interviews"][0]["id"] == second["panel"]["interviews"][0]["id"]
    assert len(await panels_of(world)) == 1


async def test_an_interviews_external_id_is_its_panels_own(world: World) -> None:
    one = await world.goodtime.push(**world.a_panel("p", world.an_interview("same")))
    other = await world.goodtime.push(**world.a_panel("q", world.an_interview("same", "noor")))

    assert one["panel"]["interviews"][0]["id"] != other["panel"]["interviews"][0]["id"]


async def test_two_accounts_may_use_the_same_ids(world: World, running: Server) -> None:
    elsewhere = await World.made(running)

    here = await world.goodtime.push(**world.a_panel("p", sequence=1, note="here"))
    there = await elsewhere.goodtime.push(**elsewhere.a_panel("p", sequence=1, note="there"))

    assert (here["outcome"], there["outcome"]) == ("CREATED", "CREATED")
    assert here["panel"]["id"] != there["panel"]["id"]
    seen = await world.goodtime.panel(externalId="p")
    assert seen is not None
    assert seen["note"] == "here"


async def panels_of(world: World) -> list[str]:
    """The external ids of all the account's panels."""
    query = "{ interviewPanels(filter: {includeCanceled: true}) { edges { node { externalId } } } }"
    return [edge["node"]["externalId"] for edge in (await world.rita.ask(query))["interviewPanels"]["edges"]]


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

    assert told(conflict["errors"]) == [("SEQUENCE_CONFLICT", "input.sequence")]
    assert (conflict["outcome"], conflict["panel"]) == (None, pushed["panel"])
    assert await world.goodtime.panel(externalId="p") == pushed["panel"]
    assert await kinds(world) == ["CREATED"]


def a_panel_of(world: World, interviews: tuple[str, ...] = ("one", "two"), **its: Any) -> dict[str, Any]:
    """Revision 5 of a panel; what is named so is changed in the panel or in its first interview."""
    names = its.pop("interviewers", ["ivo", "noor"])
    details = {"subject", "startsAt", "durationMinutes", "location", "feedbackReminder"}
    own = {name: its.pop(name) for name in details & its.keys()}
    events = [world.an_interview(name, *(names if name == "one" else ["rita"])) for name in interviews]
    return world.a_panel("p", events[0] | own, *events[1:], sequence=5, **its)


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
    links = [it["panel"]["interviews"][0]["interviewers"][0]["feedbackForm"]["url"] for it in (first, moved)]
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

    assert told(refused["errors"]) == [("PANEL_CANCELED", "input")]
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

    assert told(refused["errors"]) == [("INTERVIEWER_NOT_FOUND", "input.interviews.0.interviewers.0.email")]
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


# Rule 4: interviewers, and everything that is wrong at once.


async def test_interviewers_are_named_by_id_or_by_email_in_any_case(world: World) -> None:
    loud = {"email": f"  {world.email('noor').upper()} "}
    both = {"userId": world.rita.id, "email": world.email("rita")}

    pushed = await world.goodtime.push(
        **world.a_panel("p", world.an_interview("one", {"userId": world.ivo.id}, loud, both))
    )

    [interview] = pushed["panel"]["interviews"]
    assert people(interview) == ["ivo", "noor", "rita"]


async def test_interviewers_stand_in_the_schedulers_order(world: World) -> None:
    await world.goodtime.push(**world.a_panel("p", world.an_interview("one", "ivo", "noor", "rita"), sequence=1))

    pushed = await world.goodtime.push(
        **world.a_panel("p", world.an_interview("one", "rita", "ivo", "noor"), sequence=2)
    )

    [interview] = pushed["panel"]["interviews"]
    assert people(interview) == ["rita", "ivo", "noor"]


async def test_whoever_is_no_user_of_the_account_is_named_in_the_refusal(world: World, running: Server) -> None:
    elsewhere = await World.made(running)
    strangers = [{"email": "who@else.example"}, {"userId": "usr_nobody"}, {"userId": elsewhere.ivo.id}]
    strangers += [
        {"email": elsewhere.email("ivo")},
        {"userId": world.ivo.id, "email": world.email("noor")},
        {"email": ""},
    ]

    refused = await world.goodtime.push(**world.a_panel("p", world.an_interview("one", "ivo", *strangers)))

    where = ["1.email", "2.userId", "3.userId", "4.email", "5.email", "6.email"]
    path = "input.interviews.0.interviewers"
    assert told(refused["errors"]) == [("INTERVIEWER_NOT_FOUND", f"{path}.{each}") for each in where]
    assert "who@else.example" in refused["errors"][0]["message"]


async def test_a_person_sits_on_an_interview_once(world: World) -> None:
    interview = world.an_interview("one", "ivo", {"userId": world.ivo.id})

    refused = await world.goodtime.push(**world.a_panel("p", interview))

    path = "input.interviews.0.interviewers.1.userId"
    assert told(refused["errors"]) == [("DUPLICATE_INTERVIEWER", path)]


async def test_a_deactivated_user_can_not_be_newly_assigned(world: World) -> None:
    await deactivate(world, "noor")

    refused = await world.goodtime.push(**world.a_panel("p", world.an_interview("one", "ivo", "noor")))

    path = "input.interviews.0.interviewers.1.email"
    assert told(refused["errors"]) == [("INTERVIEWER_DEACTIVATED", path)]


async def test_a_deactivated_user_may_stay_where_they_are_with_a_warning(world: World) -> None:
    await world.goodtime.push(**world.a_panel("p", world.an_interview("one", "noor"), sequence=1))
    await deactivate(world, "noor")

    stays = world.a_panel("p", world.an_interview("one", "noor", startsAt=in_hours(48)), sequence=2)
    moves = world.a_panel("p", world.an_interview("one", "noor"), world.an_interview("two", "noor"), sequence=3)
    accepted, refused = await world.goodtime.push(**stays), await world.goodtime.push(**moves)

    path = "input.interviews.{}.interviewers.0.email"
    assert told(accepted["warnings"]) == [("INTERVIEWER_DEACTIVATED", path.format(0))]
    assert told(refused["errors"]) == [("INTERVIEWER_DEACTIVATED", path.format(1))]


async def test_all_that_is_wrong_is_reported_at_once_one_error_a_path_and_nothing_is_written(world: World) -> None:
    await deactivate(world, "noor")
    twice = world.an_interview("one", "ivo", "ivo", feedbackTemplateId="tpl_unknown", durationMinutes=0)
    wrong = world.an_interview("one", "nobody", "noor", {}, subject=" ", note="\x07", location="x" * 501)
    own = world.an_interview("two", {"email": world.email("ivo"), "feedbackTemplateId": "tpl_unknown"})
    empty = world.an_interview("", interviewers=[])

    refused = await world.goodtime.push(
        **world.a_panel("p", twice, wrong, own, empty, candidateExternalId="unknown", note="x" * 20_001, sequence=-1)
    )

    interview = "input.interviews"
    assert sorted(told(refused["errors"])) == sorted([
        ("INVALID", "input.sequence"),
        ("INVALID", "input.note"),
        ("NOT_FOUND", "input.candidateExternalId"),
        ("INVALID", f"{interview}.0.durationMinutes"),
        ("FEEDBACK_TEMPLATE_NOT_FOUND", f"{interview}.0.feedbackTemplateId"),
        ("DUPLICATE_INTERVIEWER", f"{interview}.0.interviewers.1.email"),
        ("TAKEN", f"{interview}.1.externalId"),
        ("INVALID", f"{interview}.1.subject"),
        ("INVALID", f"{interview}.1.note"),
        ("INVALID", f"{interview}.1.location"),
        ("INTERVIEWER_NOT_FOUND", f"{interview}.1.interviewers.0.email"),
        ("INTERVIEWER_DEACTIVATED", f"{interview}.1.interviewers.1.email"),
        ("INVALID", f"{interview}.1.interviewers.2"),
        ("FEEDBACK_TEMPLATE_NOT_FOUND", f"{interview}.2.interviewers.0.feedbackTemplateId"),
        ("INVALID", f"{interview}.3.externalId"),
        ("INVALID", f"{interview}.3.interviewers"),
    ])  # fmt: skip
    assert (refused["panel"], refused["outcome"], refused["warnings"]) == (None, None, [])
    assert await panels_of(world) == []
    assert await kinds(world) == []


async def test_a_refused_change_leaves_the_panel_as_it_was(world: World) -> None:
    pushed = await world.goodtime.push(**world.a_panel("p", sequence=1))

    refused = await world.goodtime.push(
        **world.a_panel("p", world.an_interview("two"), world.an_interview("three", "nobody"), sequence=2, note="new")
    )

    assert told(refused["errors"]) == [("INTERVIEWER_NOT_FOUND", "input.interviews.1.interviewers.0.email")]
    assert await world.goodtime.panel(externalId="p") == pushed["panel"]
    assert await kinds(world) == ["CREATED"]


async def test_a_template_of_another_account_or_an_archived_one_is_unknown(world: World, running: Server) -> None:
    elsewhere = await World.made(running)
    await archive_template(world, "values")

    refused = await world.goodtime.push(
        **world.a_panel(
            "p",
            world.an_interview("one", feedbackTemplateId=elsewhere.templates["values"]),
            world.an_interview("two", feedbackTemplateId=world.templates["values"]),
        )
    )

    path = "input.interviews.{}.feedbackTemplateId"
    assert told(refused["errors"]) == [("FEEDBACK_TEMPLATE_NOT_FOUND", path.format(index)) for index in (0, 1)]


async def test_an_archived_template_goes_on_where_it_is_in_use(world: World) -> None:
    interview = world.an_interview("one", "ivo", feedbackTemplateId=world.templates["values"])
    await world.goodtime.push(**world.a_panel("p", interview, sequence=1))
    await archive_template(world, "values")

    more = world.an_interview("one", "ivo", "noor", feedbackTemplateId=world.templates["values"])
    pushed = await world.goodtime.push(**world.a_panel("p", more, sequence=2))

    [shown] = pushed["panel"]["interviews"]
    assert [form["status"] for form in forms(shown).values() if form] == ["PENDING", "PENDING"]


async def archive_template(world: World, external_id: str) -> None:
    """Sam archives a feedback template."""
    score = {"type": "SCORE", "label": "Overall", "required": True}
    template = {"externalId": external_id, "name": external_id.title(), "fields": [score], "archived": True}
    await world.sam.ask(
        "mutation ($its: [FeedbackTemplateInput!]!) { syncFeedbackTemplates(feedbackTemplates: $its) "
        "{ errors { code } } }",
        its=[template],
    )


@pytest.mark.parametrize("named", [{}, {"candidateId": None}])
async def test_a_panel_names_its_candidate(world: World, named: dict[str, Any]) -> None:
    panel = {name: value for name, value in world.a_panel("p").items() if name != "candidateExternalId"}

    new = await world.goodtime.push(**panel | named)
    await world.goodtime.push(**world.a_panel("p"))
    known = await world.goodtime.push(**panel | named)

    for refused in (new, known):
        assert told(refused["errors"]) == [("INVALID", "input.candidateId")]


async def test_a_candidate_named_twice_is_the_same_one(world: World) -> None:
    carla, lea = world.candidates["carla"], world.candidates["lea"]

    refused = await world.goodtime.push(**world.a_panel("p", candidateExternalId="carla", candidateId=lea))
    accepted = await world.goodtime.push(**world.a_panel("p", candidateExternalId="carla", candidateId=carla))

    assert told(refused["errors"]) == [("NOT_FOUND", "input.candidateExternalId")]
    assert accepted["outcome"] == "CREATED"


async def test_a_candidate_of_another_account_is_unknown(world: World, running: Server) -> None:
    elsewhere = await World.made(running)

    refused = await world.goodtime.push(**world.a_panel("p", candidateId=elsewhere.candidates["carla"]))

    assert told(refused["errors"]) == [("NOT_FOUND", "input.candidateId")]


async def test_a_panel_stays_with_its_candidate(world: World) -> None:
    await world.goodtime.push(**world.a_panel("p", sequence=1))

    refused = await world.goodtime.push(**world.a_panel("p", candidateExternalId="lea", sequence=2))

    assert told(refused["errors"]) == [("INVALID", "input.candidateExternalId")]


# Rule 5: the whole panel is declared.


async def test_an_interview_left_out_is_cancelled_not_erased(world: World) -> None:
    both = [world.an_interview("one"), world.an_interview("two", feedbackTemplateId=world.templates["values"])]
    pushed = await world.goodtime.push(**world.a_panel("p", *both, sequence=1))

    fewer = await world.goodtime.push(**world.a_panel("p", both[0], sequence=2))

    gone = interviews_of(fewer["panel"])["two"]
    assert gone["id"] == interviews_of(pushed["panel"])["two"]["id"]
    assert gone["cancellation"] == {"origin": "SCHEDULER", "reason": None, "calendarEventRemains": False}
    assert [form["status"] for form in forms(gone).values() if form] == ["VOIDED"]
    listed = 'query { interviewPanel(externalId: "p") { interviews { externalId } } }'
    assert (await world.rita.ask(listed))["interviewPanel"]["interviews"] == [{"externalId": "one"}]
    assert await kinds(world) == ["CREATED", "UPDATED"]


async def test_an_interview_that_is_listed_again_takes_place_again(world: World) -> None:
    both = [world.an_interview("one"), world.an_interview("two", feedbackTemplateId=world.templates["values"])]
    pushed = await world.goodtime.push(**world.a_panel("p", *both, sequence=1))
    await world.goodtime.push(**world.a_panel("p", both[0], sequence=2))

    again = await world.goodtime.push(**world.a_panel("p", *both, sequence=3))

    assert interviews_of(again["panel"])["two"] == interviews_of(pushed["panel"])["two"]


async def test_an_interviewer_or_optional_value_left_out_is_gone(world: World) -> None:
    full = world.an_interview("one", "ivo", "noor", note="n", location="l", meetingUrl="https://meet.example/x")
    await world.goodtime.push(
        **world.a_panel("p", full, note="note", externalUrl="https://goodtime.example/p", tentative=True, sequence=1)
    )

    bare = await world.goodtime.push(**world.a_panel("p", world.an_interview("one", "ivo"), sequence=2))

    panel = bare["panel"]
    [interview] = panel["interviews"]
    assert (panel["note"], panel["externalUrl"], panel["status"]) == (None, None, "SCHEDULED")
    assert (interview["note"], interview["location"], interview["meetingUrl"]) == (None, None, None)
    assert people(interview) == ["ivo"]


# Rule 6: feedback forms.


async def test_a_form_is_made_with_the_interviewers_template_else_the_interviews_else_not(world: World) -> None:
    own = {"email": world.email("noor"), "feedbackTemplateId": world.templates["values"]}
    asked = world.an_interview("one", "ivo", own, feedbackTemplateId=world.templates["technical"])

    pushed = await world.goodtime.push(**world.a_panel("p", asked, world.an_interview("two", "ivo", own)))

    interviews = interviews_of(pushed["panel"])
    made_with = [
        {name: form and form["template"]["externalId"] for name, form in forms(interviews[each]).items()}
        for each in ("one", "two")
    ]
    assert made_with == [{"ivo": "technical", "noor": "values"}, {"ivo": None, "noor": "values"}]


async def test_a_pending_form_takes_a_new_template_under_the_same_link(world: World) -> None:
    technical = world.an_interview("one", feedbackTemplateId=world.templates["technical"])
    first = await world.goodtime.push(**world.a_panel("p", technical, sequence=1))

    values = technical | {"feedbackTemplateId": world.templates["values"]}
    second = await world.goodtime.push(**world.a_panel("p", values, sequence=2))

    before, after = (forms(it["panel"]["interviews"][0])["ivo"] for it in (first, second))
    assert before
    assert after
    assert (before["id"], before["url"]) == (after["id"], after["url"])
    form = await world.ivo.form(after["id"])
    assert form is not None
    assert (form["template"]["externalId"], [field["label"] for field in form["fields"]]) == ("values", ["Overall"])


async def test_a_submitted_form_stays_as_it_is_with_a_warning(world: World) -> None:
    interview = world.an_interview("one", feedbackTemplateId=world.templates["technical"])
    pushed = await world.goodtime.push(**world.a_panel("p", interview, sequence=1))
    before = forms(pushed["panel"]["interviews"][0])["ivo"]
    assert before
    await world.ivo.fill(before["id"])

    values = interview | {"feedbackTemplateId": world.templates["values"]}
    second = await world.goodtime.push(**world.a_panel("p", values, sequence=2))

    assert told(second["warnings"]) == [("FEEDBACK_ALREADY_SUBMITTED", "input.interviews.0.interviewers.0.email")]
    after = forms(second["panel"]["interviews"][0])["ivo"]
    assert after == before | {"status": "COMPLETED"}


async def test_of_a_submitted_form_whose_template_stays_nothing_is_warned(world: World) -> None:
    interview = world.an_interview("one", feedbackTemplateId=world.templates["values"])
    first = await world.goodtime.push(**world.a_panel("p", interview, sequence=1))
    await world.ivo.fill(first["panel"]["interviews"][0]["interviewers"][0]["feedbackForm"]["id"])

    moved = await world.goodtime.push(**world.a_panel("p", interview | {"startsAt": in_hours(48)}, sequence=2))

    assert (moved["outcome"], moved["warnings"]) == ("UPDATED", [])
    assert moved["panel"]["interviews"][0]["interviewers"][0]["feedbackForm"]["status"] == "COMPLETED"


async def test_a_submitted_form_stays_with_its_interviewer_when_none_is_asked_for_any_more(world: World) -> None:
    interview = world.an_interview("one", "ivo", "noor", feedbackTemplateId=world.templates["values"])
    pushed = await world.goodtime.push(**world.a_panel("p", interview, sequence=1))
    form = forms(pushed["panel"]["interviews"][0])["ivo"]
    assert form
    await world.ivo.fill(form["id"])

    bare = await world.goodtime.push(**world.a_panel("p", world.an_interview("one", "ivo", "noor"), sequence=2))

    after = forms(bare["panel"]["interviews"][0])
    assert after == {"ivo": form | {"status": "COMPLETED"}, "noor": None}
    assert told(bare["warnings"]) == [("FEEDBACK_ALREADY_SUBMITTED", "input.interviews.0.interviewers.0.email")]


async def test_a_removed_interviewers_form_is_voided_and_the_same_is_pending_when_they_are_back(world: World) -> None:
    both = world.an_interview("one", "ivo", "noor", feedbackTemplateId=world.templates["values"])
    one = world.an_interview("one", "noor", feedbackTemplateId=world.templates["values"])
    first = await world.goodtime.push(**world.a_panel("p", both, sequence=1))
    form = forms(first["panel"]["interviews"][0])["ivo"]
    assert form

    await world.goodtime.push(**world.a_panel("p", one, sequence=2))
    away = await world.rita.form(form["id"])
    back = await world.goodtime.push(**world.a_panel("p", both, sequence=3))

    assert away is not None
    assert away["status"] == "VOIDED"
    assert forms(back["panel"]["interviews"][0])["ivo"] == form


@pytest.mark.parametrize("how", ["removed", "interview", "panel"])
async def test_a_submitted_form_is_kept_whatever_is_cancelled(world: World, how: str) -> None:
    template = {"feedbackTemplateId": world.templates["values"]}
    interviews = [world.an_interview("one", "ivo", "noor", **template), world.an_interview("two", "noor", **template)]
    pushed = await world.goodtime.push(**world.a_panel("p", *interviews, sequence=1))
    its = forms(interviews_of(pushed["panel"])["one"])
    assert its["ivo"]
    assert its["noor"]
    await world.ivo.fill(its["ivo"]["id"])

    if how == "removed":
        await world.goodtime.push(**world.a_panel("p", interviews[1], sequence=2))
    elif how == "interview":
        await world.goodtime.cancel_one(panelExternalId="p", externalId="one", sequence=2)
    else:
        await world.goodtime.cancel(externalId="p", sequence=2)

    kept, voided = await world.rita.form(its["ivo"]["id"]), await world.rita.form(its["noor"]["id"])
    assert kept
    assert voided
    assert (kept["status"], len(kept["answers"])) == ("COMPLETED", 1)
    assert voided["status"] == "VOIDED"


async def test_links_stay_the_same_over_reschedules_cancels_and_restores(world: World) -> None:
    interview = world.an_interview("one", "ivo", feedbackTemplateId=world.templates["values"])
    links, statuses = [], []

    for sequence in (1, 2, 4):
        moved = interview | {"startsAt": in_hours(24 * sequence)}
        pushed = await world.goodtime.push(**world.a_panel("p", moved, sequence=sequence))
        canceled = await world.goodtime.cancel(externalId="p", sequence=sequence)
        for answer in (pushed, canceled):
            form = forms(answer["panel"]["interviews"][0])["ivo"]
            assert form
            links.append(form["url"])
            statuses.append(form["status"])

    assert len(set(links)) == 1
    assert statuses == ["PENDING", "VOIDED"] * 3


# Rule 7: times, zones and numbers.


@pytest.mark.parametrize("minutes", [1, 1_440])
async def test_an_interview_lasts_1_to_1440_minutes(world: World, minutes: int) -> None:
    pushed = await world.goodtime.push(**world.a_panel("p", world.an_interview(durationMinutes=minutes)))

    [interview] = pushed["panel"]["interviews"]
    assert interview["durationMinutes"] == minutes
    assert instant(interview["endsAt"]) - instant(interview["startsAt"]) == timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("start", "end", "by_the_clock_there"),
    [
        ("2100-03-14T01:30:00-05:00", "2100-03-14T07:30:00Z", "03:30"),
        ("2100-11-07T01:30:00-04:00", "2100-11-07T06:30:00Z", "01:30"),
    ],
    ids=["into summer time", "out of it"],
)
async def test_an_interview_lasts_its_minutes_whatever_the_clocks_do_meanwhile(
    world: World, start: str, end: str, by_the_clock_there: str
) -> None:
    pushed = await world.goodtime.push(**world.a_panel("p", world.an_interview(startsAt=start, durationMinutes=60)))

    [interview] = pushed["panel"]["interviews"]
    assert (interview["endsAt"], interview["durationMinutes"]) == (end, 60)
    assert pushed["panel"]["endsAt"] == end
    local = instant(end).astimezone(ZoneInfo(pushed["panel"]["timezone"]))
    assert f"{local:%H:%M}" == by_the_clock_there


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("1901-01-01T00:00:00+14:00", "1901-01-01T10:00:00Z"),
        ("9998-12-31T23:59:59-14:00", "9999-01-02T13:59:59Z"),
        ("2100-12-31T23:30:00+05:30", "2101-01-01T18:00:00Z"),
    ],
)
async def test_an_interview_may_be_in_any_year_that_reads(world: World, start: str, end: str) -> None:
    interview = world.an_interview(startsAt=start, durationMinutes=1_440)
    await world.goodtime.push(**world.a_panel("p", interview, timezone="Pacific/Kiritimati"))

    shown = await world.goodtime.ask(
        '{ interviewPanel(externalId: "p") { endsAt interviews { endsAt calendarInvite } } interviewPanels { edges { '
        "node { externalId } } } }"
    )

    panel = shown["interviewPanel"]
    assert (panel["endsAt"], panel["interviews"][0]["endsAt"]) == (end, end)
    [vevent] = Calendar.from_ical(panel["interviews"][0]["calendarInvite"]).walk("VEVENT")
    assert vevent.decoded("dtend").astimezone(UTC) == instant(end)


@pytest.mark.parametrize("minutes", [-1, 0, 1_441])
async def test_no_interview_lasts_shorter_or_longer(world: World, minutes: int) -> None:
    refused = await world.goodtime.push(**world.a_panel("p", world.an_interview(durationMinutes=minutes)))

    assert told(refused["errors"]) == [("INVALID", "input.interviews.0.durationMinutes")]
    assert "1 to 1,440" in refused["errors"][0]["message"]


@pytest.mark.parametrize("count", [0, 51])
async def test_a_panel_has_1_to_50_interviews(world: World, count: int) -> None:
    panel = world.a_panel("p") | {"interviews": [world.an_interview(str(number)) for number in range(count)]}

    refused = await world.goodtime.push(**panel)

    assert told(refused["errors"]) == [("INVALID", "input.interviews")]
    assert "1 to 50" in refused["errors"][0]["message"]


@pytest.mark.parametrize("count", [0, 51])
async def test_an_interview_has_1_to_50_interviewers(world: World, count: int) -> None:
    everybody = await staff(world, count)

    refused = await world.goodtime.push(**world.a_panel("p", world.an_interview(interviewers=everybody)))

    assert told(refused["errors"]) == [("INVALID", "input.interviews.0.interviewers")]
    assert "1 to 50" in refused["errors"][0]["message"]


async def test_the_largest_panel_is_taken(world: World) -> None:
    everybody = await staff(world, 50)
    interviews = [
        world.an_interview(str(n), feedbackTemplateId=world.templates["values"], interviewers=everybody)
        for n in range(50)
    ]

    pushed = await world.goodtime.ask(
        "mutation ($input: UpsertInterviewPanelInput!) { upsertInterviewPanel(input: $input) { "
        "outcome errors { message } panel { interviews { interviewers { feedbackForm { status } } } } } }",
        input=world.a_panel("p", *interviews),
    )

    panel = pushed["upsertInterviewPanel"]["panel"]
    seats = [seat for interview in panel["interviews"] for seat in interview["interviewers"]]
    assert (len(panel["interviews"]), len(seats)) == (50, 2_500)
    assert all(seat["feedbackForm"]["status"] == "PENDING" for seat in seats)


async def staff(world: World, count: int) -> list[dict[str, str]]:
    """So many interviewers, as a push has them."""
    users = [
        {"email": world.email(f"staff-{number}"), "name": f"Staff {number}", "role": "INTERVIEWER"}
        for number in range(count)
    ]
    await world.sam.ask(
        "mutation ($users: [UserInput!]!) { syncUsers(users: $users) { errors { code } } }", users=users
    )
    return [{"email": user["email"]} for user in users]


async def test_far_too_many_of_everything_is_refused_as_such(world: World) -> None:
    crowd = [{"email": f"{number}@x.io"} for number in range(400)]
    many = [world.an_interview(str(number), interviewers=[]) for number in range(400)]

    crowded = await world.goodtime.push(**world.a_panel("p", world.an_interview(interviewers=crowd)))
    long = await world.goodtime.push(**world.a_panel("p", *many))

    assert told(crowded["errors"])[0] == ("INVALID", "input.interviews.0.interviewers")
    assert told(long["errors"])[0] == ("INVALID", "input.interviews")
    assert len(crowded["errors"]) <= 51
    assert len(long["errors"]) <= 51


LONG = "x" * 501
TEXTS = [
    ({"externalId": LONG}, "input.externalId", "500"),
    ({"externalId": "  "}, "input.externalId", "empty"),
    ({"externalId": "a\tb"}, "input.externalId", "control"),
    ({"externalId": "a\u2028b"}, "input.externalId", "control"),
    ({"note": "x" * 20_001}, "input.note", "20,000"),
    ({"note": "a\x1bb"}, "input.note", "control"),
    ({"sequence": -1}, "input.sequence", "0"),
    ({"interviews.0": {"externalId": LONG}}, "input.interviews.0.externalId", "500"),
    ({"interviews.0": {"externalId": ""}}, "input.interviews.0.externalId", "empty"),
    ({"interviews.0": {"subject": LONG}}, "input.interviews.0.subject", "500"),
    ({"interviews.0": {"subject": ""}}, "input.interviews.0.subject", "empty"),
    ({"interviews.0": {"subject": "two\nlines"}}, "input.interviews.0.subject", "control"),
    ({"interviews.0": {"location": LONG}}, "input.interviews.0.location", "500"),
    ({"interviews.0": {"location": "a\x00b".replace("\x00", "\x01")}}, "input.interviews.0.location", "control"),
    ({"interviews.0": {"note": "x" * 20_001}}, "input.interviews.0.note", "20,000"),
]


@pytest.mark.parametrize(("changed", "path", "told_of"), TEXTS)
async def test_a_text_that_can_not_be_is_refused_with_the_limit(
    world: World, changed: dict[str, Any], path: str, told_of: str
) -> None:
    interview = world.an_interview() | changed.pop("interviews.0", {})

    refused = await world.goodtime.push(**world.a_panel("p", interview) | changed)

    assert told(refused["errors"]) == [("INVALID", path)]
    assert told_of in refused["errors"][0]["message"]
    assert await panels_of(world) == []


async def test_line_ends_and_tabs_are_welcome_in_notes_and_any_letter_anywhere(world: World) -> None:
    note, name = "Zeilen:\r\n\t- eins\n\t- zwei", "Ünïcødé 面接 🎉 مقابلة"

    interview = world.an_interview("ид-1", subject=name, note=note, location=name)
    pushed = await world.goodtime.push(**world.a_panel(name, interview, note=note))

    assert (pushed["errors"], pushed["panel"]["note"], pushed["panel"]["externalId"]) == ([], note, name)
    assert pushed["panel"]["interviews"][0]["subject"] == name


UNREADABLE = [
    ("interviews.0.startsAt", "2100-01-01T10:00:00", "offset"),
    ("interviews.0.startsAt", "tomorrow", "ISO 8601"),
    ("interviews.0.startsAt", 4102444800, "ISO 8601"),
    ("interviews.0.startsAt", "2100-02-29T10:00:00Z", "ISO 8601"),
    ("interviews.0.startsAt", "2100-01-01", "offset"),
    ("interviews.0.startsAt", "2100-01-01T10:00:00+24:00", "ISO 8601"),
    ("interviews.0.startsAt", "1900-12-31T23:59:59Z", "1901 and 9998"),
    ("interviews.0.startsAt", "9999-01-01T00:00:00Z", "1901 and 9998"),
    ("interviews.0.meetingUrl", "javascript:alert(1)", "http"),
    ("interviews.0.durationMinutes", 1.5, "Int"),
    ("interviews.0.durationMinutes", 10**12, "Int"),
    ("interviews.0.feedbackReminder", "HOURLY", "FeedbackReminder"),
    ("interviews.0.interviewers.0.responseStatus", "MAYBE", "ResponseStatus"),
    ("interviews.0.interviewers.0.feedbackRequired", "yes", "Boolean"),
    ("interviews.0.subject", None, "null"),
    ("timezone", "Mars/Olympus", "IANA"),
    ("timezone", "", "IANA"),
    ("timezone", "america/new_york", "IANA"),
    ("timezone", "Factory", "IANA"),
    ("timezone", "+02:00", "IANA"),
    ("externalUrl", "goodtime.example/p", "http"),
    ("externalUrl", "https://goodtime.example/" + "x" * 2_000, "2,000"),
    ("externalUrl", "https://goodtime.example:99999/p", "http"),
    ("externalUrl", "https:///p", "http"),
    ("externalUrl", "https://goodtime.example/a b", "http"),
    ("sequence", "7", "Int"),
]


@pytest.mark.parametrize(("path", "value", "told_of"), UNREADABLE)
async def test_a_value_that_does_not_read_is_a_graphql_error_that_names_the_path(
    world: World, path: str, value: object, told_of: str
) -> None:
    push: Any = world.a_panel("p")
    *steps, last = path.split(".")
    target = push
    for step in steps:
        target = target[int(step) if step.isdigit() else step]
    target[last] = value

    answer = await world.goodtime.answer(PUSH, input=push)

    [error] = answer["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert told_of in error["message"]
    for step in steps:
        assert step in error["message"]
    assert last in error["message"]
    assert answer.get("data") is None


async def test_a_push_in_the_past_is_accepted_with_a_warning(world: World) -> None:
    past, future = world.an_interview("one", startsAt=in_hours(-48)), world.an_interview("two", "noor")

    pushed = await world.goodtime.push(**world.a_panel("p", past, future))

    assert pushed["outcome"] == "CREATED"
    assert told(pushed["warnings"]) == [("STARTS_IN_THE_PAST", "input.interviews.0.startsAt")]


# Rule 8: double bookings.


async def test_an_overlap_with_another_panel_is_a_warning_with_its_path(world: World) -> None:
    await world.goodtime.push(**world.a_panel("p", world.an_interview("one", "ivo", startsAt=in_hours(24))))

    half_an_hour_later = (instant(in_hours(24)) + timedelta(minutes=30)).isoformat()
    interview = world.an_interview("one", "noor", "ivo", startsAt=half_an_hour_later)
    pushed = await world.goodtime.push(**world.a_panel("q", interview, candidateExternalId="lea"))

    assert pushed["outcome"] == "CREATED"
    assert told(pushed["warnings"]) == [("INTERVIEWER_DOUBLE_BOOKED", "input.interviews.0.interviewers.1.email")]


async def test_an_overlap_within_the_panel_is_a_warning_at_both_places(world: World) -> None:
    pushed = await world.goodtime.push(**world.a_panel("p", world.an_interview("one"), world.an_interview("two")))

    path = "input.interviews.{}.interviewers.0.email"
    assert told(pushed["warnings"]) == [("INTERVIEWER_DOUBLE_BOOKED", path.format(index)) for index in (0, 1)]


async def test_a_single_event_overlaps_with_its_siblings_too(world: World) -> None:
    await world.goodtime.push(**world.a_panel("p", world.an_interview("one")))

    pushed = await world.goodtime.push_one(panelExternalId="p", interview=world.an_interview("two"))

    assert told(pushed["warnings"]) == [("INTERVIEWER_DOUBLE_BOOKED", "input.interview.interviewers.0.email")]


async def test_a_long_interview_that_began_the_day_before_still_overlaps(world: World) -> None:
    long = world.an_interview("one", startsAt=in_hours(24), durationMinutes=1_440)
    await world.goodtime.push(**world.a_panel("p", long))

    last_hour = world.an_interview("one", startsAt=in_hours(47))
    pushed = await world.goodtime.push(**world.a_panel("q", last_hour))

    assert [warning["code"] for warning in pushed["warnings"]] == ["INTERVIEWER_DOUBLE_BOOKED"]


@pytest.mark.parametrize("how", ["adjacent", "moved", "left", "cancelled panel", "cancelled interview", "elsewhere"])
async def test_no_overlap_no_warning(world: World, running: Server, how: str) -> None:
    first = world if how != "elsewhere" else await World.made(running)
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

    its = world.an_interview("one", startsAt=in_hours(25 if how == "adjacent" else 24))
    pushed = await world.goodtime.push(**world.a_panel("q", its))

    assert pushed["warnings"] == []


# Rule 9: archived candidates.


async def test_a_new_panel_for_an_archived_candidate_is_refused(world: World) -> None:
    refused = await world.goodtime.push(**world.a_panel("p", candidateExternalId="arno"))

    assert told(refused["errors"]) == [("CANDIDATE_ARCHIVED", "input.candidateExternalId")]
    assert await panels_of(world) == []


async def test_changes_of_a_panel_whose_candidate_is_archived_are_accepted_with_a_warning(world: World) -> None:
    await world.goodtime.push(**world.a_panel("p", sequence=1))
    await archive(world, "carla")

    changed = await world.goodtime.push(**world.a_panel("p", sequence=2, note="changed"))

    assert (changed["outcome"], changed["panel"]["note"]) == ("UPDATED", "changed")
    assert told(changed["warnings"]) == [("CANDIDATE_ARCHIVED", "input.candidateExternalId")]


async def test_a_panel_of_an_archived_candidate_can_always_be_cancelled(world: World) -> None:
    for name in ("p", "q"):
        await world.goodtime.push(**world.a_panel(name, sequence=1))
    await archive(world, "carla")

    by_scheduler = await world.goodtime.cancel(externalId="p", sequence=2)
    by_user = await world.rita.cancel(externalId="q")

    assert [it["panel"]["status"] for it in (by_scheduler, by_user)] == ["CANCELED", "CANCELED"]


# One event of a panel: upsertInterview.


async def test_an_event_makes_its_panel_where_there_is_none(world: World) -> None:
    pushed = await world.goodtime.push_one(
        panelExternalId="p",
        candidateExternalId="carla",
        timezone="Europe/Berlin",
        externalUrl="https://goodtime.example/p",
        sequence=3,
        interview=world.an_interview("one", feedbackTemplateId=world.templates["values"]),
    )

    assert (pushed["outcome"], pushed["interview"]["externalId"], pushed["errors"]) == ("CREATED", "one", [])
    panel = pushed["panel"]
    assert (panel["timezone"], panel["externalUrl"], panel["sequence"]) == (
        "Europe/Berlin",
        "https://goodtime.example/p",
        3,
    )
    assert forms(panel["interviews"][0])["ivo"]


async def test_a_new_panels_first_event_says_whose_and_where(world: World) -> None:
    refused = await world.goodtime.push_one(panelExternalId="p", interview=world.an_interview("one", "nobody"))

    assert told(refused["errors"]) == [
        ("INVALID", "input.candidateId"),
        ("INVALID", "input.timezone"),
        ("INTERVIEWER_NOT_FOUND", "input.interview.interviewers.0.email"),
    ]
    assert (refused["panel"], refused["interview"], refused["outcome"]) == (None, None, None)


async def test_an_event_changes_itself_and_leaves_the_others_alone(world: World) -> None:
    both = [world.an_interview("one"), world.an_interview("two", "noor", note="old")]
    pushed = await world.goodtime.push(**world.a_panel("p", *both, note="kept", tentative=True, sequence=1))

    changed = await world.goodtime.push_one(
        panelExternalId="p", sequence=2, interview=world.an_interview("two", "rita", subject="New")
    )

    before, after = interviews_of(pushed["panel"]), interviews_of(changed["panel"])
    assert changed["outcome"] == "UPDATED"
    assert changed["interview"]["id"] == before["two"]["id"]
    assert after["one"] == before["one"]
    assert (after["two"]["subject"], after["two"]["note"], people(after["two"])) == ("New", None, ["rita"])
    assert (changed["panel"]["note"], changed["panel"]["status"]) == ("kept", "TENTATIVE")
    assert changed["panel"]["timezone"] == "America/New_York"


async def test_an_event_is_added_to_its_panel(world: World) -> None:
    await world.goodtime.push(**world.a_panel("p", world.an_interview("one"), sequence=1))

    added = await world.goodtime.push_one(panelExternalId="p", sequence=2, interview=world.an_interview("two", "noor"))

    assert added["outcome"] == "UPDATED"
    assert {name: bool(it["cancellation"]) for name, it in interviews_of(added["panel"]).items()} == {
        "one": False,
        "two": False,
    }


async def test_an_event_may_be_the_50th_of_its_panel_and_not_the_51st(world: World) -> None:
    many = [world.an_interview(str(number), "noor") for number in range(49)]
    await world.goodtime.push(**world.a_panel("p", *many, sequence=1))

    answers = [
        await world.goodtime.push_one(panelExternalId="p", sequence=sequence, interview=world.an_interview(name))
        for sequence, name in ((2, "50th"), (3, "51st"), (4, "50th"))
    ]
    await world.goodtime.cancel_one(panelExternalId="p", externalId="0", sequence=5)
    freed = await world.goodtime.push_one(panelExternalId="p", sequence=6, interview=world.an_interview("51st"))

    assert [it["outcome"] for it in (*answers, freed)] == ["UPDATED", None, "UPDATED", "UPDATED"]
    assert told(answers[1]["errors"]) == [("INVALID", "input.interview")]
    assert "50" in answers[1]["errors"][0]["message"]


async def test_what_an_event_says_of_its_panel_counts(world: World) -> None:
    await world.goodtime.push(**world.a_panel("p", externalUrl="https://goodtime.example/old", sequence=1))

    changed = await world.goodtime.push_one(
        panelExternalId="p",
        sequence=2,
        timezone="Asia/Tokyo",
        externalUrl="https://goodtime.example/new",
        interview=world.an_interview(),
    )

    assert changed["panel"]["timezone"] == "Asia/Tokyo"
    assert changed["panel"]["externalUrl"] == "https://goodtime.example/new"


async def test_an_event_can_be_pushed_again_and_too_late_like_a_panel(world: World) -> None:
    first, second = world.an_interview("one", note="first"), world.an_interview("one", note="second")
    named = {"panelExternalId": "p", "candidateExternalId": "carla", "timezone": "UTC"}

    answers = [
        await world.goodtime.push_one(**named, sequence=sequence, interview=interview)
        for sequence, interview in ((2, second), (2, second), (1, first), (2, first), (3, first))
    ]

    assert [it["outcome"] for it in answers] == ["CREATED", "UNCHANGED", "STALE_IGNORED", None, "UPDATED"]
    assert told(answers[3]["errors"]) == [("SEQUENCE_CONFLICT", "input.sequence")]
    assert [it["interview"] and it["interview"]["externalId"] for it in answers] == ["one", "one", "one", None, "one"]
    assert answers[2]["panel"]["interviews"][0]["note"] == "second"


async def test_an_event_older_than_the_whole_panel_is_ignored_and_answered_with_what_stands(world: World) -> None:
    await world.goodtime.push(**world.a_panel("p", world.an_interview("one", note="new"), sequence=5))

    known = await world.goodtime.push_one(panelExternalId="p", sequence=4, interview=world.an_interview("one"))
    unknown = await world.goodtime.push_one(panelExternalId="p", sequence=4, interview=world.an_interview("two"))

    assert (known["outcome"], unknown["outcome"]) == ("STALE_IGNORED", "STALE_IGNORED")
    assert (known["interview"]["externalId"], unknown["interview"]) == ("one", None)
    assert interviews_of(unknown["panel"]).keys() == {"one"}


async def test_a_whole_panel_leaves_alone_what_a_later_event_has_said(world: World) -> None:
    named = {"panelExternalId": "p", "candidateExternalId": "carla", "timezone": "Asia/Tokyo"}
    await world.goodtime.push_one(**named, sequence=5, interview=world.an_interview("one", note="fifth"))

    late = await world.goodtime.push(
        **world.a_panel("p", world.an_interview("one"), world.an_interview("two", "noor"), sequence=4, note="fourth")
    )

    assert late["outcome"] == "STALE_IGNORED"
    assert (late["panel"]["note"], late["panel"]["timezone"]) == ("fourth", "Asia/Tokyo")
    assert {name: it["note"] for name, it in interviews_of(late["panel"]).items()} == {"one": "fifth", "two": None}


async def test_the_url_and_the_zone_are_of_the_highest_push_that_says_them(world: World) -> None:
    first, second = "https://goodtime.example/1", "https://goodtime.example/2"
    await world.goodtime.push(**world.a_panel("p", sequence=1, timezone="UTC", externalUrl=first))
    silent = world.an_interview("one", note="three")
    await world.goodtime.push_one(panelExternalId="p", sequence=3, interview=silent)

    late = await world.goodtime.push(**world.a_panel("p", sequence=2, timezone="Asia/Tokyo", externalUrl=second))

    its = late["panel"]
    assert (late["outcome"], its["externalUrl"], its["timezone"]) == ("STALE_IGNORED", second, "Asia/Tokyo")


@pytest.mark.parametrize("canceled", [False, True])
@pytest.mark.parametrize("how", ["another interview", "one fewer", "one event"])
async def test_other_content_under_one_revision_conflicts_though_an_interview_was_cancelled(
    world: World, canceled: bool, how: str
) -> None:
    one, two = world.an_interview("one", "ivo"), world.an_interview("two", "noor", startsAt=in_hours(30))
    other = two | {"subject": "Another"}
    await world.goodtime.push(**world.a_panel("p", one, two, sequence=5))
    if canceled:
        await world.goodtime.cancel_one(panelExternalId="p", externalId="two")

    if how == "one event":
        again = await world.goodtime.push_one(panelExternalId="p", sequence=5, interview=other)
    else:
        interviews = [one] if how == "one fewer" else [one, other]
        again = await world.goodtime.push(**world.a_panel("p", *interviews, sequence=5))

    assert told(again["errors"]) == [("SEQUENCE_CONFLICT", "input.sequence")]


async def test_an_email_is_no_user_id_and_a_user_id_no_email_whoever_else_is_named(world: World) -> None:
    first = world.an_interview("one", {"userId": world.ivo.id}, {"email": world.email("noor")})
    second = world.an_interview("two", {"userId": world.email("noor")}, {"email": world.ivo.id.upper()})

    refused = await world.goodtime.push(**world.a_panel("p", first, second))

    assert told(refused["errors"]) == [
        ("INTERVIEWER_NOT_FOUND", "input.interviews.1.interviewers.0.userId"),
        ("INTERVIEWER_NOT_FOUND", "input.interviews.1.interviewers.1.email"),
    ]


async def test_a_whole_panel_has_no_more_than_50_interviews_with_those_that_later_events_have_added(
    world: World,
) -> None:
    its = {"panelExternalId": "p", "candidateExternalId": "carla", "timezone": "UTC"}
    await world.goodtime.push_one(**its, sequence=9, interview=world.an_interview("later"))
    fifty = [world.an_interview(f"{number}", startsAt=in_hours(24 + number)) for number in range(50)]

    refused = await world.goodtime.push(**world.a_panel("p", *fifty, sequence=8))
    taken = await world.goodtime.push(**world.a_panel("p", *fifty[:49], sequence=8))

    assert told(refused["errors"]) == [("INVALID", "input.interviews")]
    assert (taken["outcome"], len(taken["panel"]["interviews"])) == ("STALE_IGNORED", 50)
