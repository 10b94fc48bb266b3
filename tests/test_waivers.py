"""An end to waiting: whose feedback a panel waits for, and forms that a recruiter waives."""

import json
from typing import Any

import pytest

import models
from tests.people import Person, codes_and_paths
from tests.test_directory import a_user
from tests.world import World, in_hours

WAIVE = """mutation ($id: ID!) { waiveFeedback(formId: $id) {
  form { status waivedAt waivedBy { id } } errors { code path message } } }"""
REOPEN = WAIVE.replace("waiveFeedback", "reopenFeedback")
PAST = {"startsAt": in_hours(-48)}


async def waiting_panel(world: World, *people: str | dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A panel whose interview is over, with a required form of each of these people."""
    interview = world.an_interview("one", *people, feedbackTemplateId=world.templates["values"], **PAST)
    pushed = await world.goodtime.push(**world.a_panel("p", interview, **fields))
    assert pushed["errors"] == []
    return dict(pushed["panel"])


def form_of(panel: dict[str, Any], place: int = 0) -> str:
    return str(panel["interviews"][0]["interviewers"][place]["feedbackForm"]["id"])


async def status(world: World) -> str:
    panel = await world.rita.panel(externalId="p")
    assert panel is not None
    return str(panel["status"])


async def waive(person: Person, form: str) -> dict[str, Any]:
    return dict((await person.ask(WAIVE, id=form))["waiveFeedback"])


async def reopen(person: Person, form: str) -> dict[str, Any]:
    return dict((await person.ask(REOPEN, id=form))["reopenFeedback"])


async def test_a_panel_waits_for_nobody_who_has_declined(world: World) -> None:
    declined = {"email": world.email("noor"), "responseStatus": "DECLINED"}
    panel = await waiting_panel(world, "ivo", declined)
    waiting = await status(world)

    await world.ivo.fill(form_of(panel))

    form = await world.noor.form(form_of(panel, 1))
    assert (waiting, await status(world)) == ("AWAITING_FEEDBACK", "COMPLETE")
    assert form is not None
    assert form["status"] == "PENDING"


async def test_a_panel_waits_for_nobody_who_has_left_until_they_are_back(world: World) -> None:
    await waiting_panel(world, "ivo")
    seen = [await status(world)]
    before = await world.rita.changes()

    for deactivated in (True, False):
        await world.sam.sync("users", [a_user(world, "ivo", deactivated=deactivated)])
        seen.append(await status(world))
        await world.sam.sync("users", [a_user(world, "ivo", deactivated=deactivated, name="Ivo Again")])

    changes = (await world.rita.changes())[len(before) :]
    assert seen == ["AWAITING_FEEDBACK", "COMPLETE", "AWAITING_FEEDBACK"]
    assert [change["kind"] for change in changes] == ["UPDATED", "UPDATED"]


async def test_an_act_on_the_panel_does_not_forget_who_has_left(world: World) -> None:
    panel = await waiting_panel(world, "ivo", "noor")
    await world.sam.sync("users", [a_user(world, "ivo", deactivated=True)])

    await world.rita.cancel(id=panel["id"])
    await world.rita.restore(id=panel["id"])
    waiting = await status(world)
    await world.noor.fill(form_of(panel, 1))

    assert (waiting, await status(world)) == ("AWAITING_FEEDBACK", "COMPLETE")


async def test_a_waived_form_is_void_until_it_is_asked_for_again_under_the_same_link(world: World) -> None:
    panel = await waiting_panel(world, "ivo", sequence=1)
    form = form_of(panel)
    async with world.rita.following() as following:
        waived = await waive(world.rita, form)
        heard = await following.next()
    done, refused = await status(world), await world.ivo.submit(form, [])
    interview = world.an_interview("one", "ivo", feedbackTemplateId=world.templates["technical"], **PAST)
    pushed = await world.goodtime.push(**world.a_panel("p", interview, sequence=2))

    reopened = await reopen(world.rita, form)
    shown = await world.ivo.form(form)
    await world.ivo.fill(form)

    assert (waived["form"]["status"], waived["form"]["waivedBy"]) == ("VOIDED", {"id": world.rita.id})
    assert waived["form"]["waivedAt"]
    assert (done, heard["kind"]) == ("COMPLETE", "UPDATED")
    assert codes_and_paths(refused["errors"]) == [("FEEDBACK_VOIDED", "input.formId")]
    assert pushed["panel"]["interviews"][0]["interviewers"][0]["feedbackForm"]["status"] == "VOIDED"
    assert reopened == {"form": {"status": "PENDING", "waivedAt": None, "waivedBy": None}, "errors": []}
    assert shown is not None
    assert (shown["status"], shown["template"]) == ("PENDING", {"externalId": "technical"})
    assert await status(world) == "COMPLETE"


async def test_the_link_of_a_waived_form_leaves_the_invite(world: World) -> None:
    panel = await waiting_panel(world, "ivo")
    document = 'query { interviewPanel(externalId: "p") { interviews { calendarInvite } } }'
    invites = [await world.rita.ask(document)]

    for act in (waive, reopen):
        await act(world.rita, form_of(panel))
        invites.append(await world.rita.ask(document))

    assert ["frm_" in json.dumps(each) for each in invites] == [True, False, True]


async def test_waiving_is_audited_and_again_changes_nothing(world: World) -> None:
    form = form_of(await waiting_panel(world, "ivo"))

    for act in (waive, waive, reopen, reopen):
        assert (await act(world.ada, form))["errors"] == []

    events = await models.AuditEvent.filter(account_id=world.account.id, target_id=form).order_by("id")
    assert [(event.act.value, event.actor_id) for event in events] == [
        ("FEEDBACK_WAIVED", world.ada.id),
        ("FEEDBACK_REOPENED", world.ada.id),
    ]


async def test_what_is_in_or_void_is_not_waived(world: World) -> None:
    panel = await waiting_panel(world, "ivo", "noor")
    await world.ivo.fill(form_of(panel))
    submitted = await waive(world.rita, form_of(panel))
    await world.rita.cancel(id=panel["id"])
    void = await waive(world.rita, form_of(panel, 1))

    assert codes_and_paths(submitted["errors"]) == [("FEEDBACK_ALREADY_SUBMITTED", "formId")]
    assert submitted["form"]["status"] == "COMPLETED"
    assert codes_and_paths(void["errors"]) == [("FEEDBACK_VOIDED", "formId")]


async def test_a_form_that_is_reopened_while_its_interview_is_off_waits_for_the_interview(world: World) -> None:
    panel = await waiting_panel(world, "ivo")
    await waive(world.rita, form_of(panel))
    await world.rita.cancel(id=panel["id"])

    reopened = await reopen(world.rita, form_of(panel))
    restored = await world.rita.restore(id=panel["id"])

    assert reopened["form"] == {"status": "VOIDED", "waivedAt": None, "waivedBy": None}
    assert restored["panel"]["interviews"][0]["interviewers"][0]["feedbackForm"]["status"] == "PENDING"


@pytest.mark.parametrize("who", ["earlier", "later"])
async def test_a_declined_seat_is_no_double_booking_on_either_side(who: str, world: World) -> None:
    seats = {name: {"email": world.email("ivo"), "responseStatus": "ACCEPTED"} for name in ("earlier", "later")}
    await world.goodtime.push(**world.a_panel("a", world.an_interview("one", seats["earlier"])))
    booked = await world.goodtime.push(**world.a_panel("b", world.an_interview("one", seats["later"])))

    seats[who]["responseStatus"] = "DECLINED"
    await world.goodtime.push(**world.a_panel("a", world.an_interview("one", seats["earlier"]), sequence=2))
    pushed = await world.goodtime.push(**world.a_panel("b", world.an_interview("one", seats["later"]), sequence=2))
    twice = await world.goodtime.push(
        **world.a_panel("c", *(world.an_interview(name, seats[name], startsAt=in_hours(90)) for name in seats))
    )

    assert [warning["code"] for warning in booked["warnings"]] == ["INTERVIEWER_DOUBLE_BOOKED"]
    assert (pushed["warnings"], twice["warnings"]) == ([], [])
