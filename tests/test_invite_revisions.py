"""The revision of an invite: SEQUENCE counts what is significant for this interview, DTSTAMP what its invite says."""

from typing import Any

import pytest

from tests.test_invites import PANEL_ID, Invite, invite, invites
from tests.world import World, in_hours


def revision(event: Invite) -> tuple[int, object]:
    return int(event["SEQUENCE"]), event["DTSTAMP"]


async def push(world: World, sequence: int, *interviews: dict[str, Any], **fields: Any) -> None:
    await world.goodtime.push(**world.a_panel("p", *interviews, sequence=sequence, **fields))


#: What happens to the interview `one`, as a push has it, and whether SEQUENCE counts it.
CHANGES = {
    "another time": ({"startsAt": in_hours(72)}, {}, True),
    "another length": ({"durationMinutes": 90}, {}, True),
    "another room": ({"location": "Room 5"}, {}, True),
    "another video call": ({"meetingUrl": "https://meet.example/other"}, {}, True),
    "no longer firm": ({}, {"tentative": True}, True),
    "another subject": ({"subject": "Values"}, {}, False),
    "another note": ({"note": "Bring a pen."}, {}, False),
    "another zone": ({}, {"timezone": "Asia/Tokyo"}, False),
    "another address in the scheduler": ({}, {"externalUrl": "https://goodtime.example/other"}, False),
}


@pytest.mark.parametrize(("interview", "panel", "is_significant"), CHANGES.values(), ids=CHANGES)
async def test_the_sequence_counts_what_is_significant_and_the_stamp_all_that_is_said(
    interview: dict[str, Any], panel: dict[str, Any], is_significant: bool, world: World
) -> None:
    one = world.an_interview("one", location="Room 4")
    await push(world, 1, one)
    before, before_at = revision(await invite(world))

    await push(world, 2, one | interview, **panel)

    after, after_at = revision(await invite(world))
    assert (after, after_at > before_at) == (before + is_significant, True)


async def test_a_new_person_or_answer_or_form_is_said_but_nobody_is_asked_again(world: World) -> None:
    seen, ivo = [], {"email": world.email("ivo")}
    template = {"feedbackTemplateId": world.templates["values"]}
    for sequence, people in enumerate(
        ([ivo], [ivo, "noor"], [ivo | {"responseStatus": "ACCEPTED"}], [ivo | template]), 1
    ):
        await push(world, sequence, world.an_interview("one", *people))
        seen.append(revision(await invite(world)))

    sequences, stamps = zip(*seen, strict=True)
    assert len(set(sequences)) == 1
    assert sorted(set(stamps)) == list(stamps)


async def test_what_the_invite_does_not_say_leaves_it_as_it_is(world: World) -> None:
    """A sibling's move, the panel's note, somebody's feedback, reminders, or the same under a higher sequence."""
    asked = {"feedbackTemplateId": world.templates["values"]}
    one, two = world.an_interview("one", **asked), world.an_interview("two", "noor")
    pushed = await world.goodtime.push(**world.a_panel("p", one, two, sequence=1))
    before = (await invites(world))["one"]

    await push(world, 2, one, two | {"startsAt": in_hours(99)}, note="For all")
    await push(world, 3, one | {"feedbackReminder": "NONE"}, two)
    await push(world, 4, one)
    await world.ivo.fill(pushed["panel"]["interviews"][0]["interviewers"][0]["feedbackForm"]["id"])

    assert (await invites(world))["one"].text == before.text


async def test_a_panel_called_off_in_the_ats_is_said_but_it_is_no_other_event(world: World) -> None:
    await push(world, 1)
    seen = [await invite(world)]
    await world.rita.cancel(externalId="p")
    seen.append(await invite(world))
    await world.rita.restore(id=(await world.goodtime.ask(PANEL_ID))["interviewPanel"]["id"])
    seen.append(await invite(world))

    assert len({event["SEQUENCE"] for event in seen}) == 1
    assert len({event["DTSTAMP"] for event in seen}) == 3


async def sync_user(world: World, who: str, **columns: Any) -> None:
    row = {"externalId": f"user-{who}", "email": world.email(who), "name": who.title(), "role": "INTERVIEWER"}
    await world.sam.sync("users", [row | columns])


async def test_a_guests_new_address_raises_the_sequence_and_a_new_name_is_said(world: World) -> None:
    await push(world, 1, world.an_interview("one"), world.an_interview("two", "noor"))
    before = await invites(world)

    await sync_user(world, "ivo", name="Ivo the Second")
    renamed = await invites(world)
    await sync_user(world, "ivo", name="Ivo the Second", email=f"new-{world.email('ivo')}")
    readdressed = await invites(world)

    assert renamed["one"]["SEQUENCE"] == before["one"]["SEQUENCE"]
    assert renamed["one"]["DTSTAMP"] > before["one"]["DTSTAMP"]
    assert int(readdressed["one"]["SEQUENCE"]) == int(before["one"]["SEQUENCE"]) + 1
    assert readdressed["one"].attendees.keys() == {f"new-{world.email('ivo')}"}
    assert readdressed["two"].text == before["two"].text


async def test_the_organizers_new_address_raises_the_sequence(world: World) -> None:
    lea = {"candidateExternalId": "lea"}
    await push(world, 1, **lea)
    before = await invite(world)

    await sync_user(world, "leo", email=f"new-{world.email('leo')}", role="LIMITED_TEAM_MEMBER")

    after = await invite(world)
    assert str(after.event["ORGANIZER"]) == f"mailto:new-{world.email('leo')}"
    assert int(after["SEQUENCE"]) == int(before["SEQUENCE"]) + 1


async def test_the_candidates_new_address_raises_the_sequence_and_further_ones_say_nothing(world: World) -> None:
    await push(world, 1)
    row = {"externalId": "carla", "name": "Carla Gómez", "stage": "On-site"}
    seen = [await invite(world)]

    for emails in (["carla@mail.example", "c@mail.example"], ["new@mail.example"], ["New@Mail.example"]):
        await world.sam.sync("candidates", [row | {"emails": emails}])
        seen.append(await invite(world))

    before = int(seen[0]["SEQUENCE"])
    assert [int(event["SEQUENCE"]) - before for event in seen] == [0, 0, 1, 1]
    assert (seen[0].text, seen[2].text) == (seen[1].text, seen[3].text)


async def test_a_merger_is_said_in_invites_once(world: World) -> None:
    await push(world, 1)
    seen = [await invite(world)]

    for _ in range(2):
        row = {"externalId": "carla", "name": "Carla", "stage": "On-site", "mergedIntoExternalId": "lea"}
        assert not (await world.sam.sync("candidates", [row]))["errors"]
        seen.append(await invite(world))

    assert seen[1]["DESCRIPTION"].startswith("Candidate: Lea Fontaine\n")
    assert int(seen[1]["SEQUENCE"]) == int(seen[0]["SEQUENCE"]) + 1
    assert seen[2].text == seen[1].text


async def test_a_merger_leaves_the_invites_alone_that_say_the_same_after_it(world: World) -> None:
    """Those of the one who is kept, and those of a duplicate of the same name and address."""
    same = {"name": "Carla Gómez", "emails": ["carla@mail.example"], "stage": "On-site"}
    await world.sam.sync("candidates", [same | {"externalId": "carla-2"}])
    await push(world, 1)
    await world.goodtime.push(**world.a_panel("twin", candidateExternalId="carla-2"))
    await world.goodtime.push(**world.a_panel("other", candidateExternalId="lea"))
    panels = ("p", "twin", "other")
    before = [(await invites(world, panel))["one"] for panel in panels]

    rows = [same | {"externalId": "carla-2"}, {"externalId": "lea", "name": "Lea Fontaine", "stage": "On-site"}]
    merged = await world.sam.sync("candidates", [row | {"mergedIntoExternalId": "carla"} for row in rows])

    assert not merged["errors"]
    after = [(await invites(world, panel))["one"] for panel in panels]
    assert [one.text for one in after[:2]] == [one.text for one in before[:2]]
    assert after[2]["DESCRIPTION"].startswith("Candidate: Carla Gómez\n")
    assert int(after[2]["SEQUENCE"]) == int(before[2]["SEQUENCE"]) + 1


async def test_the_candidates_new_name_is_said(world: World) -> None:
    await push(world, 1)
    before = await invite(world)

    row = {"externalId": "carla", "name": "Carla G.", "emails": ["carla@mail.example"], "stage": "On-site"}
    await world.sam.sync("candidates", [row])
    renamed = await invite(world)
    await world.sam.sync("candidates", [row | {"headline": "Other"}])

    assert renamed["DESCRIPTION"].startswith("Candidate: Carla G.\n")
    assert (renamed["SEQUENCE"], renamed["DTSTAMP"] > before["DTSTAMP"]) == (before["SEQUENCE"], True)
    assert (await invite(world)).text == renamed.text
