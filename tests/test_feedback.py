"""Feedback: templates, forms and handing them in: docs/rules.md, Feedback."""

from typing import Any

import pytest

from tests.feedback import SYNC, form_ids, template
from tests.people import SUBMIT, Person, codes_and_paths
from tests.world import World, in_hours

SCORE = {"type": "SCORE", "label": "Overall", "required": True}

EVERY_TYPE = [
    SCORE,
    {"type": "TEXT", "label": "Headline", "required": True},
    {"type": "TEXTAREA", "label": "Notes"},
    {"type": "YES_NO", "label": "Would you work with them?"},
    {"type": "DROPDOWN", "label": "Level", "options": ["Junior", "Senior"]},
    {"type": "MULTIPLE_SELECT", "label": "Strengths", "options": ["Code", "Design", "People"]},
    {"type": "DATE", "label": "Follow up on"},
    {"type": "CODE", "label": "Snippet"},
]


async def answered(person: Person, form_id: str, **by_label: list[str]) -> list[dict[str, Any]]:
    """Answers for the fields whose labels begin so, as they are submitted."""
    form = await person.form(form_id)
    assert form is not None
    ids = {field["label"].partition(" ")[0]: field["id"] for field in form["fields"]}
    return [{"fieldId": ids[label], "values": values} for label, values in by_label.items()]


# Templates.


@pytest.mark.parametrize("scores", [0, 2])
async def test_a_template_has_exactly_one_score_field(world: World, scores: int) -> None:
    fields = [{"type": "TEXT", "label": "Notes"}, *[SCORE] * scores]

    refused = await world.ada.ask(SYNC, rows=[{"externalId": "t", "name": "T", "fields": fields}])

    assert codes_and_paths(refused["syncFeedbackTemplates"]["errors"]) == [("INVALID", "feedbackTemplates.0.fields")]


async def test_a_template_has_at_least_one_field(world: World) -> None:
    refused = await world.ada.ask(SYNC, rows=[{"externalId": "t", "name": "T", "fields": []}])

    assert ("INVALID", "feedbackTemplates.0.fields") in codes_and_paths(refused["syncFeedbackTemplates"]["errors"])


async def test_a_score_has_four_options(world: World) -> None:
    forms = await form_ids(world, "ivo")

    form = await world.ivo.form(forms["ivo"])

    assert form is not None
    assert form["fields"][0]["type"] == "SCORE"
    assert form["fields"][0]["options"] == ["Strong No Hire", "No Hire", "Hire", "Strong Hire"]


async def test_a_form_keeps_a_snapshot_of_the_fields(world: World) -> None:
    made_with = await template(world, SCORE, {"type": "TEXT", "label": "Old question"})
    forms = await form_ids(world, "ivo", template=made_with, sequence=1)
    before = await world.ivo.form(forms["ivo"])

    await template(world, SCORE, {"type": "CODE", "label": "New question"}, {"type": "DATE", "label": "Another"})
    moved = world.an_interview("one", "ivo", feedbackTemplateId=made_with, startsAt=in_hours(48))
    await world.goodtime.push(**world.a_panel("p", moved, sequence=2))

    assert await world.ivo.form(forms["ivo"]) == before
    await world.ivo.fill(forms["ivo"], "Hire", "It was fine")


async def test_a_form_says_what_it_is_about(world: World) -> None:
    forms = await form_ids(world, "ivo", template=await template(world, *EVERY_TYPE))

    form = await world.ivo.form(forms["ivo"])

    assert form is not None
    fields = [{name: field[name] for name in ("type", "label", "required")} for field in form["fields"]]
    assert fields == [{"required": False} | {k: v for k, v in field.items() if k != "options"} for field in EVERY_TYPE]
    assert form["url"].endswith(f"/feedback/{forms['ivo']}")
    assert (form["instructions"], form["status"], form["completedAt"]) == ("Be fair", "PENDING", None)
    assert form["interviewer"]["email"] == world.email("ivo")
    about = await world.ivo.ask(
        "query ($id: ID!) { feedbackForm(id: $id) { interview { externalId } } }", id=form["id"]
    )
    assert about["feedbackForm"]["interview"]["externalId"] == "one"


# Submitting.


async def test_every_type_of_field_takes_what_it_is_for(world: World) -> None:
    forms = await form_ids(world, "ivo", template=await template(world, *EVERY_TYPE))
    answers = await answered(
        world.ivo,
        forms["ivo"],
        Overall=["Strong Hire"],
        Headline=["Clear thinker"],
        Notes=["Line\n\tafter line"],
        Would=["Yes"],
        Level=["Senior"],
        Strengths=["Design", "Code"],
        Follow=["2026-12-24"],
        Snippet=["def f():\n    return 1"],
    )

    submitted = await world.ivo.submit(forms["ivo"], answers)

    assert submitted["errors"] == []
    assert (submitted["form"]["status"], submitted["form"]["answers"]) == ("COMPLETED", answers)
    assert submitted["form"]["completedAt"] is not None


async def test_what_is_not_required_may_stay_empty(world: World) -> None:
    forms = await form_ids(world, "ivo", template=await template(world, *EVERY_TYPE))
    answers = await answered(world.ivo, forms["ivo"], Overall=["Hire"], Headline=["Good"], Notes=[], Snippet=[])

    submitted = await world.ivo.submit(forms["ivo"], answers)

    assert (submitted["errors"], submitted["form"]["answers"]) == ([], answers[:2])


@pytest.mark.parametrize(
    ("label", "values", "path"),
    [
        ("Overall", ["Maybe"], "values.0"),
        ("Overall", ["Hire", "No Hire"], "values"),
        ("Would", ["yes"], "values.0"),
        ("Level", ["Staff"], "values.0"),
        ("Strengths", ["Code", "Charm"], "values.1"),
        ("Strengths", ["Code", "Code"], "values"),
        ("Follow", ["24.12.2026"], "values.0"),
        ("Follow", ["2026-02-30"], "values.0"),
        ("Follow", ["2026-W01-1"], "values.0"),
        ("Headline", ["two\nlines"], "values.0"),
        ("Headline", ["x" * 20_001], "values.0"),
        ("Notes", ["x" * 20_001], "values.0"),
        ("Notes", ["a\x07b"], "values.0"),
        ("Snippet", ["x" * 20_001], "values.0"),
        ("Snippet", ["one", "two"], "values"),
    ],
)
async def test_a_value_that_its_field_does_not_take_is_refused(
    world: World, label: str, values: list[str], path: str
) -> None:
    forms = await form_ids(world, "ivo", template=await template(world, *EVERY_TYPE))
    good = {"Overall": ["Hire"], "Headline": ["Good"]}
    answers = await answered(world.ivo, forms["ivo"], **good | {label: values})

    refused = await world.ivo.submit(forms["ivo"], answers)

    place = list(good | {label: values}).index(label)
    assert codes_and_paths(refused["errors"]) == [("INVALID", f"input.answers.{place}.{path}")]
    assert (refused["form"]["status"], refused["form"]["answers"]) == ("PENDING", None)


async def test_all_that_is_wrong_with_the_answers_is_reported_at_once_and_nothing_is_written(world: World) -> None:
    forms = await form_ids(world, "ivo", template=await template(world, *EVERY_TYPE))
    form = await world.ivo.form(forms["ivo"])
    assert form is not None
    headline = form["fields"][1]["id"]
    wrong = await answered(world.ivo, forms["ivo"], Overall=["Maybe"], Would=["Perhaps"], Follow=["soon"])
    wrong += [{"fieldId": "unknown", "values": ["x"]}, wrong[1]]

    refused = await world.ivo.submit(forms["ivo"], wrong)

    assert codes_and_paths(refused["errors"]) == [
        ("INVALID", "input.answers.0.values.0"),
        ("INVALID", "input.answers.1.values.0"),
        ("INVALID", "input.answers.2.values.0"),
        ("NOT_FOUND", "input.answers.3.fieldId"),
        ("INVALID", "input.answers.4.fieldId"),
        ("INVALID", f"input.answers.{headline}"),
    ]
    assert (await world.ivo.form(forms["ivo"])) == form
    assert [change["kind"] for change in await world.rita.changes()] == ["CREATED"]


async def test_far_too_many_answers_and_values_are_refused_as_such(world: World) -> None:
    forms = await form_ids(world, "ivo", template=await template(world, *EVERY_TYPE))
    many = [str(number) for number in range(400)]
    crowded = await answered(world.ivo, forms["ivo"], Overall=["Hire"], Headline=["Good"], Strengths=many, Notes=many)
    answers = [{"fieldId": number, "values": ["x"]} for number in many]

    too_many_values = await world.ivo.submit(forms["ivo"], crowded)
    too_many_answers = await world.ivo.submit(forms["ivo"], answers)

    path = "input.answers.{}.values"
    assert codes_and_paths(too_many_values["errors"]) == [("INVALID", path.format(2)), ("INVALID", path.format(3))]
    assert codes_and_paths(too_many_answers["errors"])[0] == ("INVALID", "input.answers")
    assert len(too_many_answers["errors"]) < 20


@pytest.mark.parametrize("values", [[], [""], [" \t"]])
async def test_a_required_field_is_not_answered_by_nothing(world: World, values: list[str]) -> None:
    fields = [SCORE, {"type": "TEXTAREA", "label": "Notes", "required": True}]
    forms = await form_ids(world, "ivo", template=await template(world, *fields))
    answers = await answered(world.ivo, forms["ivo"], Overall=["Hire"], Notes=values)

    refused = await world.ivo.submit(forms["ivo"], answers)

    assert codes_and_paths(refused["errors"]) == [("INVALID", f"input.answers.{answers[1]['fieldId']}")]


async def test_a_submitted_form_is_final(world: World) -> None:
    forms = await form_ids(world, "ivo")
    await world.ivo.fill(forms["ivo"], "Hire")

    refused = await world.ivo.fill(forms["ivo"], "No Hire")

    assert codes_and_paths(refused["errors"]) == [("FEEDBACK_ALREADY_SUBMITTED", "input.formId")]
    assert refused["form"]["answers"][0]["values"] == ["Hire"]


async def test_submitting_the_same_answers_again_is_no_error_and_changes_nothing(world: World) -> None:
    forms = await form_ids(world, "ivo")
    first = await world.ivo.fill(forms["ivo"], "Hire", "Notes")

    again = await world.ivo.submit(forms["ivo"], list(reversed(first["form"]["answers"])))

    assert again == first
    assert [change["kind"] for change in await world.rita.changes()] == ["CREATED", "FEEDBACK_SUBMITTED"]


async def test_the_same_options_chosen_in_another_order_are_the_same_answers(world: World) -> None:
    forms = await form_ids(world, "ivo", template=await template(world, *EVERY_TYPE))
    values = {"Overall": ["Hire"], "Headline": ["Good"]}
    first = await world.ivo.submit(
        forms["ivo"], await answered(world.ivo, forms["ivo"], **values, Strengths=["Code", "People"])
    )

    again = await world.ivo.submit(
        forms["ivo"], await answered(world.ivo, forms["ivo"], **values, Strengths=["People", "Code"])
    )
    other = await world.ivo.submit(forms["ivo"], await answered(world.ivo, forms["ivo"], **values, Strengths=["Code"]))

    assert first["errors"] == []
    assert again == first
    assert codes_and_paths(other["errors"]) == [("FEEDBACK_ALREADY_SUBMITTED", "input.formId")]


async def test_a_submitted_form_is_a_change_of_its_panel(world: World) -> None:
    forms = await form_ids(world, "ivo")

    await world.ivo.fill(forms["ivo"])

    assert [change["kind"] for change in await world.rita.changes()] == ["CREATED", "FEEDBACK_SUBMITTED"]
    panel = await world.rita.panel(externalId="p")
    assert panel is not None
    assert (panel["version"], panel["interviews"][0]["interviewers"][0]["feedbackForm"]["status"]) == (2, "COMPLETED")


@pytest.mark.parametrize("how", ["removed", "interview", "panel", "in the ATS"])
async def test_a_voided_form_takes_no_answers(world: World, how: str) -> None:
    forms = await form_ids(world, "ivo", "noor", sequence=1)
    if how == "removed":
        await world.goodtime.push(**world.a_panel("p", world.an_interview("one", "noor"), sequence=2))
    elif how == "interview":
        await world.goodtime.cancel_one(panelExternalId="p", externalId="one", sequence=2)
    elif how == "panel":
        await world.goodtime.cancel(externalId="p", sequence=2)
    else:
        await world.rita.cancel(externalId="p")

    refused = await world.ivo.fill(forms["ivo"])

    assert codes_and_paths(refused["errors"]) == [("FEEDBACK_VOIDED", "input.formId")]
    assert refused["form"]["status"] == "VOIDED"


async def test_whoever_left_the_interview_still_has_what_they_submitted(world: World) -> None:
    forms = await form_ids(world, "ivo", "noor", sequence=1)
    first = await world.ivo.fill(forms["ivo"])
    await world.goodtime.push(**world.a_panel("p", world.an_interview("one", "noor"), sequence=2))

    again = await world.ivo.submit(forms["ivo"], first["form"]["answers"])

    assert again == first
    listed = await world.rita.ask(
        'query { interviewPanel(externalId: "p") { interviews { feedbackForms { id status } } } }'
    )
    shown = listed["interviewPanel"]["interviews"][0]["feedbackForms"]
    assert {form["id"]: form["status"] for form in shown} == {forms["ivo"]: "COMPLETED"}


async def test_everybody_submits_only_their_own_form(world: World) -> None:
    forms = await form_ids(world, "ivo", "rita")
    form = await world.ivo.form(forms["ivo"])
    assert form is not None
    answers = [{"fieldId": form["fields"][0]["id"], "values": ["Hire"]}]

    for person in (world.sam, world.ada, world.rita, world.leo, world.noor):
        assert codes_and_paths((await person.submit(forms["ivo"], answers))["errors"]) == [
            ("NOT_FOUND", "input.formId")
        ]
    assert (await world.rita.fill(forms["rita"]))["form"]["status"] == "COMPLETED"
    assert await world.goodtime.error_code(SUBMIT, input={"formId": forms["ivo"], "answers": answers}) == "FORBIDDEN"
    assert (await world.ivo.form(forms["ivo"])) == form


@pytest.mark.parametrize("id", ["frm_unknown", "", "x" * 600])
async def test_a_form_that_is_none_is_not_found(world: World, id: str) -> None:
    assert await world.ivo.form(id) is None
    assert codes_and_paths((await world.ivo.submit(id, []))["errors"]) == [("NOT_FOUND", "input.formId")]


async def test_ones_own_forms_are_listed_by_status(world: World) -> None:
    forms = await form_ids(world, "ivo", sequence=1)
    await form_ids(world, "ivo", "noor", externalId="q", sequence=1)
    await world.ivo.fill(forms["ivo"])

    query = """query ($status: FeedbackFormStatus) { viewer { ... on User { feedbackForms(status: $status) {
      edges { node { status interview { panel { externalId } } } } } } } }"""
    listed = {
        status: [
            edge["node"]["interview"]["panel"]["externalId"]
            for edge in (await world.ivo.ask(query, status=status))["viewer"]["feedbackForms"]["edges"]
        ]
        for status in ("PENDING", "COMPLETED", "VOIDED", None)
    }

    assert listed == {"PENDING": ["q"], "COMPLETED": ["p"], "VOIDED": [], None: ["p", "q"]}


async def test_asking_for_somebody_elses_forms_takes_nothing_of_ones_own(world: World) -> None:
    query = "query ($ids: [ID!]!) { nodes(ids: $ids) { ... on User { id feedbackForms { edges { node { id } } } } } }"

    answer = await world.sam.answer(query, ids=[world.ivo.id, world.sam.id])

    assert answer["data"]["nodes"] == [None, {"id": world.sam.id, "feedbackForms": {"edges": []}}]
    assert [(each["path"], each["extensions"]["code"]) for each in answer["errors"]] == [
        (["nodes", 0, "feedbackForms"], "FORBIDDEN")
    ]
