"""Who reads which answers: docs/rules.md, Feedback and the table of roles."""

import pytest

from models import Role
from tests.feedback import form_ids
from tests.people import Person
from tests.world import World

SYNC_USERS = "mutation ($users: [UserInput!]!) { syncUsers(users: $users) { users { id } errors { code } } }"


async def read_by(person: Person, form_id: str) -> bool:
    """Whether the person sees the form and reads its answers."""
    form = await person.form(form_id)
    return form is not None and form["answers"] is not None


# Who reads which answers.


async def test_ones_own_answers_are_always_read(world: World) -> None:
    forms = await form_ids(world, "ivo", "leo")
    for person, name in ((world.ivo, "ivo"), (world.leo, "leo")):
        await person.fill(forms[name])

        assert await read_by(person, forms[name])


async def test_admins_read_answers_even_before_their_own_are_in(world: World) -> None:
    forms = await form_ids(world, "ivo", "sam", "ada")
    await world.ivo.fill(forms["ivo"])

    assert await read_by(world.sam, forms["ivo"])
    assert await read_by(world.ada, forms["ivo"])


async def test_a_team_member_without_a_form_on_the_panel_reads_answers(world: World) -> None:
    forms = await form_ids(world, "ivo")
    await world.ivo.fill(forms["ivo"])

    assert await read_by(world.rita, forms["ivo"])


@pytest.mark.parametrize("name", ["rita", "leo"])
async def test_a_team_member_reads_others_answers_after_their_own_are_in(world: World, name: str) -> None:
    forms = await form_ids(world, "ivo", name, candidateExternalId="lea")
    person: Person = getattr(world, name)
    await world.ivo.fill(forms["ivo"])

    assert not await read_by(person, forms["ivo"])
    await person.fill(forms[name])
    assert await read_by(person, forms["ivo"])


async def test_a_limited_team_member_reads_the_answers_about_theirs_and_knows_no_others(world: World) -> None:
    theirs = await form_ids(world, "ivo", candidateExternalId="lea")
    others = await form_ids(world, "ivo", externalId="q")
    for forms in (theirs, others):
        await world.ivo.fill(forms["ivo"])

    assert await read_by(world.leo, theirs["ivo"])
    assert await world.leo.form(others["ivo"]) is None


async def test_a_fellow_interviewer_reads_answers_only_after_their_own_is_in(world: World) -> None:
    forms = await form_ids(world, "ivo", "noor")
    await world.ivo.fill(forms["ivo"])

    before = await world.noor.form(forms["ivo"])
    await world.noor.fill(forms["noor"])

    assert before is not None
    assert (before["status"], before["answers"]) == ("COMPLETED", None)
    assert await read_by(world.noor, forms["ivo"])


async def test_a_fellow_interviewer_has_all_their_forms_of_the_panel_in_first(world: World) -> None:
    asked = {"feedbackTemplateId": world.templates["values"]}
    interviews = [world.an_interview("one", "ivo", "noor", **asked), world.an_interview("two", "noor", **asked)]
    pushed = await world.goodtime.push(**world.a_panel("p", *interviews))
    own = {
        interview["externalId"]: [seat["feedbackForm"]["id"] for seat in interview["interviewers"]]
        for interview in pushed["panel"]["interviews"]
    }
    await world.ivo.fill(own["one"][0])
    await world.noor.fill(own["one"][1])

    assert not await read_by(world.noor, own["one"][0])
    await world.noor.fill(own["two"][0])
    assert await read_by(world.noor, own["one"][0])


async def test_an_interviewer_of_whom_no_feedback_is_asked_reads_no_answers(world: World) -> None:
    asked = {"email": world.email("ivo"), "feedbackTemplateId": world.templates["values"]}
    pushed = await world.goodtime.push(**world.a_panel("p", world.an_interview("one", asked, "noor")))
    form = pushed["panel"]["interviews"][0]["interviewers"][0]["feedbackForm"]["id"]
    await world.ivo.fill(form)

    assert await world.noor.form(form) is not None
    assert not await read_by(world.noor, form)


async def test_an_interviewer_knows_no_form_of_another_panel(world: World) -> None:
    forms = await form_ids(world, "ivo")

    assert await world.noor.form(forms["ivo"]) is None


async def test_the_integration_never_reads_answers_but_sees_the_status(world: World) -> None:
    forms = await form_ids(world, "ivo")
    await world.ivo.fill(forms["ivo"])

    form = await world.goodtime.form(forms["ivo"])

    assert form is not None
    assert (form["status"], form["answers"]) == ("COMPLETED", None)


@pytest.mark.parametrize("name", ["leo", "ivo"])
async def test_ones_own_form_leads_to_no_answers_of_a_panel_that_one_was_taken_off(world: World, name: str) -> None:
    forms = await form_ids(world, name, "noor", sequence=1)
    person: Person = getattr(world, name)
    await person.fill(forms[name])
    await world.noor.fill(forms["noor"])
    by_way_of_their_own = """query ($id: ID!) { feedbackForm(id: $id) { answers { fieldId } interview {
      interviewers { feedbackForm { id answers { fieldId } } } feedbackForms { id answers { fieldId } } } } }"""

    before = (await person.ask(by_way_of_their_own, id=forms[name]))["feedbackForm"]
    await world.goodtime.push(**world.a_panel("p", world.an_interview("one", "noor"), sequence=2))
    after = (await person.ask(by_way_of_their_own, id=forms[name]))["feedbackForm"]

    assert [seat["feedbackForm"]["answers"] is not None for seat in before["interview"]["interviewers"]] == [True, True]
    assert after["answers"] is not None
    assert [seat["feedbackForm"]["answers"] for seat in after["interview"]["interviewers"]] == [None]
    assert [form["id"] for form in after["interview"]["feedbackForms"]] == [forms[name]]


async def test_a_form_without_answers_has_none_to_read(world: World) -> None:
    forms = await form_ids(world, "ivo")

    for person in (world.sam, world.rita, world.ivo, world.goodtime):
        form = await person.form(forms["ivo"])
        assert form is not None
        assert form["answers"] is None


async def test_whoever_becomes_an_admin_reads_at_once(world: World) -> None:
    forms = await form_ids(world, "ivo", "noor")
    await world.ivo.fill(forms["ivo"])
    assert not await read_by(world.noor, forms["ivo"])

    promoted = {"email": world.email("noor"), "name": "Noor", "role": Role.ADMIN.value}
    await world.sam.ask(SYNC_USERS, users=[promoted])

    assert await read_by(world.noor, forms["ivo"])


@pytest.mark.parametrize("who", ["noor", "leo"])
async def test_whoever_was_taken_off_an_interview_sees_no_more_of_it_through_their_form(world: World, who: str) -> None:
    query = """query ($id: ID!) { feedbackForm(id: $id) { status interview { startsAt panel { note } } }
      viewer { ... on User { feedbackForms { edges { node { interview { id } } } } } } }"""
    person = world.noor if who == "noor" else world.leo
    forms = await form_ids(world, "ivo", who, sequence=1)
    before = await person.answer(query, id=forms[who])

    await world.goodtime.push(**world.a_panel("p", world.an_interview("one", "ivo"), sequence=2, note="Confidential"))
    after = await person.answer(query, id=forms[who])

    assert "errors" not in before
    assert len(before["data"]["viewer"]["feedbackForms"]["edges"]) == 1
    [error] = after["errors"]
    assert (error["extensions"]["code"], error["path"]) == ("FORBIDDEN", ["feedbackForm", "interview"])
    assert after["data"] == {"feedbackForm": None, "viewer": {"feedbackForms": {"edges": []}}}
    form = await person.form(forms[who])
    assert form is not None
    assert form["status"] == "VOIDED"
