"""The values of a push: rule 7 of docs/rules.md, Pushing a panel: times, zones, numbers, texts and how many of each."""

from datetime import UTC, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar

from tests.people import PUSH, codes_and_paths, instant
from tests.pushes import panels_of
from tests.world import World, in_hours

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

    assert codes_and_paths(refused["errors"]) == [("INVALID", "input.interviews.0.durationMinutes")]
    assert "1 to 1,440" in refused["errors"][0]["message"]


@pytest.mark.parametrize("count", [0, 51])
async def test_a_panel_has_1_to_50_interviews(world: World, count: int) -> None:
    panel = world.a_panel("p") | {"interviews": [world.an_interview(str(number)) for number in range(count)]}

    refused = await world.goodtime.push(**panel)

    assert codes_and_paths(refused["errors"]) == [("INVALID", "input.interviews")]
    assert "1 to 50" in refused["errors"][0]["message"]


@pytest.mark.parametrize("count", [0, 51])
async def test_an_interview_has_1_to_50_interviewers(world: World, count: int) -> None:
    everybody = await staff(world, count)

    refused = await world.goodtime.push(**world.a_panel("p", world.an_interview(interviewers=everybody)))

    assert codes_and_paths(refused["errors"]) == [("INVALID", "input.interviews.0.interviewers")]
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

    assert codes_and_paths(crowded["errors"])[0] == ("INVALID", "input.interviews.0.interviewers")
    assert codes_and_paths(long["errors"])[0] == ("INVALID", "input.interviews")
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

    assert codes_and_paths(refused["errors"]) == [("INVALID", path)]
    assert told_of in refused["errors"][0]["message"]
    assert await panels_of(world) == []


async def test_line_ends_and_tabs_are_welcome_in_notes_and_any_letter_anywhere(world: World) -> None:
    note, name = "Zeilen:\r\n\t- eins\n\t- zwei", "Ünïcødé 面接 🎉 مقابلة"

    interview = world.an_interview("ид-1", subject=name, note=note, location=name)
    pushed = await world.goodtime.push(**world.a_panel(name, interview, note=note))

    stored = note.replace("\r\n", "\n")
    assert (pushed["errors"], pushed["panel"]["note"], pushed["panel"]["externalId"]) == ([], stored, name)
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
    ("interviews.0.meetingUrl", "https://meet.example@elsewhere.example/", "http"),
    ("interviews.0.meetingUrl", "https://meet.example\\elsewhere", "http"),
    ("interviews.0.meetingUrl", "https://meet.example/\u202egnp.exe", "http"),
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
    ("externalUrl", "https://goodtime.example/" + "\u00e9" * 400, "2,000"),
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
    assert codes_and_paths(pushed["warnings"]) == [("STARTS_IN_THE_PAST", "input.interviews.0.startsAt")]
