"""Pushes and feedback forms: rule 6 of docs/rules.md, Pushing a panel."""

import pytest

from tests.people import codes_and_paths
from tests.pushes import forms, interviews_of
from tests.world import World, in_hours

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

    before, after = (forms(answer["panel"]["interviews"][0])["ivo"] for answer in (first, second))
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

    assert codes_and_paths(second["warnings"]) == [
        ("FEEDBACK_ALREADY_SUBMITTED", "input.interviews.0.interviewers.0.email")
    ]
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
    assert codes_and_paths(bare["warnings"]) == [
        ("FEEDBACK_ALREADY_SUBMITTED", "input.interviews.0.interviewers.0.email")
    ]


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
    by_name = forms(interviews_of(pushed["panel"])["one"])
    assert by_name["ivo"]
    assert by_name["noor"]
    await world.ivo.fill(by_name["ivo"]["id"])

    if how == "removed":
        await world.goodtime.push(**world.a_panel("p", interviews[1], sequence=2))
    elif how == "interview":
        await world.goodtime.cancel_one(panelExternalId="p", externalId="one", sequence=2)
    else:
        await world.goodtime.cancel(externalId="p", sequence=2)

    kept, voided = await world.rita.form(by_name["ivo"]["id"]), await world.rita.form(by_name["noor"]["id"])
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
