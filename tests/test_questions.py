"""What forms ask: kept once for each version of a template, and shown under ids that are of one form alone."""

import asyncio
from typing import Any

import models
from database import upsert
from models import OF_VERSION
from resolvers import questions
from tests.feedback import SYNC, form_ids
from tests.world import World

ASKED = """query ($id: ID!) { feedbackForm(id: $id) { instructions fields { id label options }
  answers { fieldId values } template { fields { id label options } } } }"""
SUBMIT = """mutation ($input: SubmitFeedbackInput!) { submitFeedback(input: $input) {
  form { status } errors { code path } } }"""
SCORE = {"type": "SCORE", "label": "Overall", "required": True}


def a_level(*options: str) -> dict[str, Any]:
    return {"type": "DROPDOWN", "label": "Level", "options": list(options)}


async def sync_leveled(world: World, *options: str) -> str:
    """The id of a template that asks for one of these levels."""
    row = {"externalId": "level", "name": "Level", "instructions": "Be fair", "fields": [SCORE, a_level(*options)]}
    synced = await world.ada.ask(SYNC, rows=[row])
    assert synced["syncFeedbackTemplates"]["errors"] == []
    return str(synced["syncFeedbackTemplates"]["feedbackTemplates"][0]["id"])


async def asked(world: World, form_id: str) -> dict[str, Any]:
    form: dict[str, Any] = (await world.sam.ask(ASKED, id=form_id))["feedbackForm"]
    return form


async def test_no_two_fields_of_one_id_have_different_content(world: World) -> None:
    template = await sync_leveled(world, "Junior", "Senior")
    first = await form_ids(world, "ivo", "noor", template=template)
    await sync_leveled(world, "Low", "High")
    second = await form_ids(world, "ivo", template=template, externalId="q")

    forms = [await asked(world, id) for id in (*first.values(), *second.values())]

    before, after = ["Junior", "Senior"], ["Low", "High"]
    assert [form["fields"][1]["options"] for form in forms] == [before, before, after]
    fields = [field["id"] for form in forms for field in form["fields"]]
    fields += [field["id"] for field in forms[0]["template"]["fields"]]
    assert len(set(fields)) == len(fields) == 8


async def test_answers_name_the_forms_own_fields(world: World) -> None:
    forms = await form_ids(world, "ivo", template=await sync_leveled(world, "Junior", "Senior"))
    [score, level] = (await asked(world, forms["ivo"]))["fields"]
    answers = [{"fieldId": score["id"], "values": ["Hire"]}, {"fieldId": level["id"], "values": ["Senior"]}]

    submitted = await world.ivo.ask(SUBMIT, input={"formId": forms["ivo"], "answers": answers})

    assert submitted["submitFeedback"] == {"form": {"status": "COMPLETED"}, "errors": []}
    assert (await asked(world, forms["ivo"]))["answers"] == answers


async def test_a_field_may_be_named_as_its_template_does(world: World) -> None:
    forms = await form_ids(world, "ivo", template=await sync_leveled(world, "Junior"))
    form = await asked(world, forms["ivo"])
    values = {"values": ["Hire"]}
    by_template = {"formId": forms["ivo"], "answers": [{"fieldId": form["template"]["fields"][0]["id"], **values}]}
    by_form = {"formId": forms["ivo"], "answers": [{"fieldId": form["fields"][0]["id"], **values}]}

    for answers in (by_template, by_form):
        submitted = await world.ivo.ask(SUBMIT, input=answers)
        assert submitted["submitFeedback"] == {"form": {"status": "COMPLETED"}, "errors": []}

    assert (await asked(world, forms["ivo"]))["answers"] == by_form["answers"]


async def test_another_forms_field_is_none_of_this_one(world: World) -> None:
    forms = await form_ids(world, "ivo", "noor", template=await sync_leveled(world, "Junior"))
    foreign = (await asked(world, forms["noor"]))["fields"][0]["id"]

    submitted = await world.ivo.ask(
        SUBMIT, input={"formId": forms["ivo"], "answers": [{"fieldId": foreign, "values": ["Hire"]}]}
    )

    assert ["input", "answers", "0", "fieldId"] in [each["path"] for each in submitted["submitFeedback"]["errors"]]


async def test_what_a_template_asks_is_stored_once_for_all_forms_that_ask_it(world: World) -> None:
    template = await sync_leveled(world, "Junior", "Senior")

    await asyncio.gather(
        *(form_ids(world, "ivo", "noor", "leo", template=template, externalId=f"p{n}") for n in range(4))
    )

    [version] = await models.TemplateVersion.filter(template_id=template)
    stored = await models.FeedbackForm.filter(template_id=template).values_list("version_id", "fields", "instructions")
    assert stored == [(version.id, OF_VERSION, None)] * 12


async def test_a_form_of_an_earlier_release_reads_as_it_did_before_and_after_its_fields_are_moved(world: World) -> None:
    template = await sync_leveled(world, "Junior", "Senior")
    forms = await form_ids(world, "ivo", "noor", template=template)
    await world.ivo.fill(forms["ivo"])
    before = [await asked(world, id) for id in forms.values()]
    await store_as_before(template)

    kept = [await asked(world, id) for id in forms.values()]
    moved = await questions.move_into_versions()

    assert moved >= 2
    assert kept == before == [await asked(world, id) for id in forms.values()]
    assert {form.version_id for form in await models.FeedbackForm.filter(template_id=template)} == {
        version.id for version in await models.TemplateVersion.filter(template_id=template)
    }
    assert await questions.move_into_versions() == 0


async def store_as_before(template: str) -> None:
    """Store the forms of a template as releases without versions did: each with fields of its own."""
    [version] = await models.TemplateVersion.filter(template_id=template)
    forms = await models.FeedbackForm.filter(template_id=template)
    for form in forms:
        form.version_id, form.fields, form.instructions = None, version.fields, version.instructions
    await upsert(forms)
    await version.delete()


async def test_a_process_of_an_earlier_release_can_give_a_form_another_template(world: World) -> None:
    template = await sync_leveled(world, "Junior", "Senior")
    forms = await form_ids(world, "ivo", template=template)
    form = await models.FeedbackForm.get(id=forms["ivo"])
    other = await models.FeedbackTemplate.get(id=world.templates["values"])
    form.template_id, form.fields = other.id, other.fields
    await upsert([form])

    assert [field["label"] for field in (await asked(world, forms["ivo"]))["fields"]] == ["Overall"]
