"""Pushes and people: rule 4 of docs/rules.md, Pushing a panel, interviewers, templates and the candidate included."""

from typing import Any

import pytest

from tests.people import Server, codes_and_paths
from tests.pushes import forms, kinds, panels_of, people
from tests.world import World, in_hours


async def deactivate(world: World, name: str) -> None:
    """Sam deactivates somebody."""
    users = [{"email": world.email(name), "name": name.title(), "role": "INTERVIEWER", "deactivated": True}]
    await world.sam.ask(
        "mutation ($users: [UserInput!]!) { syncUsers(users: $users) { errors { code } } }", users=users
    )


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
    elsewhere = await World.create(running)
    strangers = [{"email": "who@else.example"}, {"userId": "usr_nobody"}, {"userId": elsewhere.ivo.id}]
    strangers += [
        {"email": elsewhere.email("ivo")},
        {"userId": elsewhere.ivo.id, "email": elsewhere.email("ivo")},
        {"email": ""},
    ]

    refused = await world.goodtime.push(**world.a_panel("p", world.an_interview("one", "ivo", *strangers)))

    where = ["1.email", "2.userId", "3.userId", "4.email", "5.email", "6.email"]
    path = "input.interviews.0.interviewers"
    assert codes_and_paths(refused["errors"]) == [("INTERVIEWER_NOT_FOUND", f"{path}.{each}") for each in where]
    assert "who@else.example" in refused["errors"][0]["message"]


async def test_a_person_sits_on_an_interview_once(world: World) -> None:
    interview = world.an_interview("one", "ivo", {"userId": world.ivo.id})

    refused = await world.goodtime.push(**world.a_panel("p", interview))

    path = "input.interviews.0.interviewers.1.userId"
    assert codes_and_paths(refused["errors"]) == [("DUPLICATE_INTERVIEWER", path)]


async def test_a_deactivated_user_can_not_be_newly_assigned(world: World) -> None:
    await deactivate(world, "noor")

    refused = await world.goodtime.push(**world.a_panel("p", world.an_interview("one", "ivo", "noor")))

    path = "input.interviews.0.interviewers.1.email"
    assert codes_and_paths(refused["errors"]) == [("INTERVIEWER_DEACTIVATED", path)]


async def test_a_deactivated_user_may_stay_where_they_are_with_a_warning(world: World) -> None:
    await world.goodtime.push(**world.a_panel("p", world.an_interview("one", "noor"), sequence=1))
    await deactivate(world, "noor")

    stays = world.a_panel("p", world.an_interview("one", "noor", startsAt=in_hours(48)), sequence=2)
    moves = world.a_panel("p", world.an_interview("one", "noor"), world.an_interview("two", "noor"), sequence=3)
    accepted, refused = await world.goodtime.push(**stays), await world.goodtime.push(**moves)

    path = "input.interviews.{}.interviewers.0.email"
    assert codes_and_paths(accepted["warnings"]) == [("INTERVIEWER_DEACTIVATED", path.format(0))]
    assert codes_and_paths(refused["errors"]) == [("INTERVIEWER_DEACTIVATED", path.format(1))]


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
    assert sorted(codes_and_paths(refused["errors"])) == sorted([
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

    assert codes_and_paths(refused["errors"]) == [("INTERVIEWER_NOT_FOUND", "input.interviews.1.interviewers.0.email")]
    assert await world.goodtime.panel(externalId="p") == pushed["panel"]
    assert await kinds(world) == ["CREATED"]


async def test_a_template_of_another_account_or_an_archived_one_is_unknown(world: World, running: Server) -> None:
    elsewhere = await World.create(running)
    await archive_template(world, "values")

    refused = await world.goodtime.push(
        **world.a_panel(
            "p",
            world.an_interview("one", feedbackTemplateId=elsewhere.templates["values"]),
            world.an_interview("two", feedbackTemplateId=world.templates["values"]),
        )
    )

    path = "input.interviews.{}.feedbackTemplateId"
    assert codes_and_paths(refused["errors"]) == [
        ("FEEDBACK_TEMPLATE_NOT_FOUND", path.format(index)) for index in (0, 1)
    ]


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
        "mutation ($rows: [FeedbackTemplateInput!]!) { syncFeedbackTemplates(feedbackTemplates: $rows) "
        "{ errors { code } } }",
        rows=[template],
    )


@pytest.mark.parametrize("named", [{}, {"candidateId": None}])
async def test_a_panel_names_its_candidate(world: World, named: dict[str, Any]) -> None:
    panel = {name: value for name, value in world.a_panel("p").items() if name != "candidateExternalId"}

    new = await world.goodtime.push(**panel | named)
    await world.goodtime.push(**world.a_panel("p"))
    known = await world.goodtime.push(**panel | named)

    for refused in (new, known):
        assert codes_and_paths(refused["errors"]) == [("INVALID", "input.candidateId")]


async def test_a_candidate_named_twice_is_the_same_one(world: World) -> None:
    carla = world.candidates["carla"]

    accepted = await world.goodtime.push(**world.a_panel("p", candidateExternalId="carla", candidateId=carla))

    assert accepted["outcome"] == "CREATED"


async def test_a_candidate_of_another_account_is_unknown(world: World, running: Server) -> None:
    elsewhere = await World.create(running)

    refused = await world.goodtime.push(**world.a_panel("p", candidateId=elsewhere.candidates["carla"]))

    assert codes_and_paths(refused["errors"]) == [("NOT_FOUND", "input.candidateId")]


async def test_a_panel_stays_with_its_candidate(world: World) -> None:
    await world.goodtime.push(**world.a_panel("p", sequence=1))

    refused = await world.goodtime.push(**world.a_panel("p", candidateExternalId="lea", sequence=2))

    assert codes_and_paths(refused["errors"]) == [("INVALID", "input.candidateExternalId")]
