"""Pushing a panel: one transaction, and rules 1 (identity) and 5 (the whole panel is declared) of docs/rules.md."""

import re
from pathlib import Path
from typing import Any

from tests.conftest import ON_POSTGRES
from tests.people import PUSH, PUSH_ONE, Server
from tests.pushes import forms, interviews_of, kinds, panels_of, people
from tests.sql_log import statements
from tests.world import World, in_hours


def test_each_rule_of_pushing_has_its_tests_under_its_number() -> None:
    rules = (Path(__file__).parent.parent / "docs" / "rules.md").read_text()
    [section] = re.findall(r"^## Pushing a panel\n(.*?)^## ", rules, re.DOTALL | re.MULTILINE)
    numbers = re.findall(r"^(\d+)\. ", section, re.MULTILINE)

    tests: dict[str, int] = {}
    for path in Path(__file__).parent.glob("test_push*.py"):
        _, *parts = re.split(r"^# (?:Rule (\d+): .+|[A-Z].+)$", path.read_text(), flags=re.MULTILINE)
        sections = zip(parts[::2], parts[1::2], strict=True)
        tests |= {number: part.count("\nasync def test_") for number, part in sections if number}

    assert sorted(tests, key=int) == numbers
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
        assert await person.error_code(PUSH, input=world.a_panel()) == "FORBIDDEN"
        one = {"panelExternalId": "p", "candidateExternalId": "carla", "interview": world.an_interview()}
        assert await person.error_code(PUSH_ONE, input=one) == "FORBIDDEN"


async def test_a_push_takes_at_most_twelve_statements_and_on_sqlite_one_more(world: World) -> None:
    people = {"feedbackTemplateId": world.templates["technical"]}
    interviews = [world.an_interview(name, "ivo", "noor", **people) for name in ("a", "b", "c")]
    moved = [interview | {"startsAt": in_hours(48)} for interview in interviews]
    await world.goodtime.ask("{ viewer { __typename } }")

    created = await statements_of(world, world.a_panel("p", *interviews, sequence=1))
    rescheduled = await statements_of(world, world.a_panel("p", *moved, sequence=2))
    repeated = await statements_of(world, world.a_panel("p", *moved, sequence=2))

    # The two tables of the log are written by one statement on PostgreSQL, as all that is written.
    most = 12 if ON_POSTGRES else 13
    assert len(created) <= most, "\n".join(created)
    assert len(rescheduled) <= most, "\n".join(rescheduled)
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

    assert all(more <= fewer for more, fewer in zip(large, small, strict=True)), (small, large)


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
    elsewhere = await World.create(running)

    here = await world.goodtime.push(**world.a_panel("p", sequence=1, note="here"))
    there = await elsewhere.goodtime.push(**elsewhere.a_panel("p", sequence=1, note="there"))

    assert (here["outcome"], there["outcome"]) == ("CREATED", "CREATED")
    assert here["panel"]["id"] != there["panel"]["id"]
    seen = await world.goodtime.panel(externalId="p")
    assert seen is not None
    assert seen["note"] == "here"


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
