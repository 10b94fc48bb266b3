"""Pushing one event of a panel: upsertInterview."""

import pytest

from tests.people import codes_and_paths
from tests.pushes import forms, interviews_of, people
from tests.world import World, in_hours

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

    assert codes_and_paths(refused["errors"]) == [
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
    assert {name: bool(interview["cancellation"]) for name, interview in interviews_of(added["panel"]).items()} == {
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

    assert [answer["outcome"] for answer in (*answers, freed)] == ["UPDATED", None, "UPDATED", "UPDATED"]
    assert codes_and_paths(answers[1]["errors"]) == [("INVALID", "input.interview")]
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

    assert [answer["outcome"] for answer in answers] == ["CREATED", "UNCHANGED", "STALE_IGNORED", None, "UPDATED"]
    assert codes_and_paths(answers[3]["errors"]) == [("SEQUENCE_CONFLICT", "input.sequence")]
    assert [answer["interview"] and answer["interview"]["externalId"] for answer in answers] == [
        "one",
        "one",
        "one",
        None,
        "one",
    ]
    assert answers[2]["panel"]["interviews"][0]["note"] == "second"


async def test_an_event_older_than_the_whole_panel_is_ignored_and_answered_with_what_stands(world: World) -> None:
    await world.goodtime.push(**world.a_panel("p", world.an_interview("one", note="new"), sequence=5))

    known = await world.goodtime.push_one(panelExternalId="p", sequence=4, interview=world.an_interview("one"))
    unknown = await world.goodtime.push_one(panelExternalId="p", sequence=4, interview=world.an_interview("two"))

    assert (known["outcome"], unknown["outcome"]) == ("STALE_IGNORED", "STALE_IGNORED")
    assert (known["interview"]["externalId"], unknown["interview"]) == ("one", None)
    assert interviews_of(unknown["panel"]).keys() == {"one"}


async def test_a_push_of_a_panel_leaves_alone_what_a_later_event_has_set(world: World) -> None:
    named = {"panelExternalId": "p", "candidateExternalId": "carla", "timezone": "Asia/Tokyo"}
    await world.goodtime.push_one(**named, sequence=5, interview=world.an_interview("one", note="fifth"))

    late = await world.goodtime.push(
        **world.a_panel("p", world.an_interview("one"), world.an_interview("two", "noor"), sequence=4, note="fourth")
    )

    assert late["outcome"] == "STALE_IGNORED"
    assert (late["panel"]["note"], late["panel"]["timezone"]) == ("fourth", "Asia/Tokyo")
    assert {name: interview["note"] for name, interview in interviews_of(late["panel"]).items()} == {
        "one": "fifth",
        "two": None,
    }


async def test_the_url_and_the_zone_are_of_the_highest_push_that_says_them(world: World) -> None:
    first, second = "https://goodtime.example/1", "https://goodtime.example/2"
    await world.goodtime.push(**world.a_panel("p", sequence=1, timezone="UTC", externalUrl=first))
    silent = world.an_interview("one", note="three")
    await world.goodtime.push_one(panelExternalId="p", sequence=3, interview=silent)

    late = await world.goodtime.push(**world.a_panel("p", sequence=2, timezone="Asia/Tokyo", externalUrl=second))

    panel = late["panel"]
    assert (late["outcome"], panel["externalUrl"], panel["timezone"]) == ("STALE_IGNORED", second, "Asia/Tokyo")


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

    assert codes_and_paths(again["errors"]) == [("SEQUENCE_CONFLICT", "input.sequence")]


async def test_an_email_is_no_user_id_and_a_user_id_no_email_whoever_else_is_named(world: World) -> None:
    first = world.an_interview("one", {"userId": world.ivo.id}, {"email": world.email("noor")})
    second = world.an_interview("two", {"userId": world.email("noor")}, {"email": world.ivo.id.upper()})

    refused = await world.goodtime.push(**world.a_panel("p", first, second))

    assert codes_and_paths(refused["errors"]) == [
        ("INTERVIEWER_NOT_FOUND", "input.interviews.1.interviewers.0.userId"),
        ("INTERVIEWER_NOT_FOUND", "input.interviews.1.interviewers.1.email"),
    ]


async def test_a_whole_panel_has_no_more_than_50_interviews_with_those_that_later_events_have_added(
    world: World,
) -> None:
    event = {"panelExternalId": "p", "candidateExternalId": "carla", "timezone": "UTC"}
    await world.goodtime.push_one(**event, sequence=9, interview=world.an_interview("later"))
    fifty = [world.an_interview(f"{number}", startsAt=in_hours(24 + number)) for number in range(50)]

    refused = await world.goodtime.push(**world.a_panel("p", *fifty, sequence=8))
    taken = await world.goodtime.push(**world.a_panel("p", *fifty[:49], sequence=8))

    assert codes_and_paths(refused["errors"]) == [("INVALID", "input.interviews")]
    assert (taken["outcome"], len(taken["panel"]["interviews"])) == ("STALE_IGNORED", 50)
