"""The calendar invite of an interview over its life: asked for through the API, read back as a calendar does."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from icalendar import Calendar

from resolvers.calendar import TAKEN_OFF
from tests.people import instant
from tests.world import World, in_hours

INVITES = """query ($externalId: String!) { interviewPanel(externalId: $externalId) {
  interviews(includeCanceled: true) { externalId calendarInvite } } }"""

PANEL_ID = '{ interviewPanel(externalId: "p") { id } }'
REVISION = ("SEQUENCE", "DTSTAMP", "LAST-MODIFIED")


class Invite:
    """An invite as a calendar reads it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.calendar = Calendar.from_ical(text)
        [self.event] = self.calendar.walk("VEVENT")

    @property
    def method(self) -> str:
        return str(self.calendar["METHOD"])

    @property
    def attendees(self) -> dict[str, str]:
        """Who is invited, by address, with what they answered."""
        attendees = self.event.get("ATTENDEE", [])
        each = attendees if isinstance(attendees, list) else [attendees]
        return {str(one).removeprefix("mailto:"): one.params["PARTSTAT"] for one in each}

    def __getitem__(self, name: str) -> Any:
        value = self.event[name]
        return value.dt if name.startswith("DT") else str(value)


async def invites(world: World, panel: str = "p", who: str = "goodtime") -> dict[str, Invite]:
    """The invites of a panel, by the interviews' external ids."""
    shown = await getattr(world, who).ask(INVITES, externalId=panel)
    return {each["externalId"]: Invite(each["calendarInvite"]) for each in shown["interviewPanel"]["interviews"]}


async def invite(world: World) -> Invite:
    """The invite of the only interview of the panel `p`."""
    [only] = (await invites(world)).values()
    return only


async def test_an_invite_says_what_when_where_and_with_whom(world: World) -> None:
    interview = world.an_interview(
        "one",
        {"email": world.email("ivo"), "responseStatus": "ACCEPTED"},
        "noor",
        subject="Systems; design, and \\ more",
        note="First line\nsecond line",
        location="Room 4, Berlin",
        startsAt="2100-07-01T10:00:00-04:00",
        durationMinutes=90,
    )
    await world.goodtime.push(**world.a_panel("p", interview, externalUrl="https://goodtime.example/p"))

    event = await invite(world)

    assert (event.method, event["STATUS"], event["SUMMARY"]) == ("REQUEST", "CONFIRMED", "Systems; design, and \\ more")
    assert event["LOCATION"] == "Room 4, Berlin"
    assert event["URL"] == "https://goodtime.example/p"
    assert event["DESCRIPTION"].startswith(
        "Candidate: Carla Gómez\nThursday, July 1, 2100, 10:00–11:30 (America/New_York)\n\nFirst line\nsecond line"
    )
    zone = ZoneInfo("America/New_York")
    assert event["DTSTART"] == datetime(2100, 7, 1, 10, tzinfo=zone)
    assert event["DTEND"] == datetime(2100, 7, 1, 11, 30, tzinfo=zone)
    assert event.attendees == {world.email("ivo"): "ACCEPTED", world.email("noor"): "NEEDS-ACTION"}


async def test_every_feedback_link_is_in_its_invite_and_in_no_other(world: World) -> None:
    asked = {"feedbackTemplateId": world.templates["technical"]}
    interviews = [world.an_interview("one", "ivo", "noor", "rita", **asked), world.an_interview("two", "ada", **asked)]
    pushed = await world.goodtime.push(**world.a_panel("p", *interviews))

    links = {
        each["externalId"]: {seat["feedbackForm"]["url"] for seat in each["interviewers"]}
        for each in pushed["panel"]["interviews"]
    }
    events = await invites(world)

    for name in ("one", "two"):
        other = "two" if name == "one" else "one"
        assert all(link in events[name]["DESCRIPTION"] for link in links[name])
        assert not any(link in events[name]["DESCRIPTION"] for link in links[other])


async def test_over_reschedules_and_a_cancel_the_uid_stays_and_the_sequence_rises(world: World) -> None:
    interview = world.an_interview("one", feedbackTemplateId=world.templates["values"])
    seen = []

    for sequence, hours in ((1, 24), (2, 48), (3, 72)):
        moved = interview | {"startsAt": in_hours(hours)}
        await world.goodtime.push(**world.a_panel("p", moved, sequence=sequence))
        seen.append(await invite(world))
    await world.goodtime.cancel(externalId="p", sequence=4)
    seen.append(await invite(world))
    await world.goodtime.push(**world.a_panel("p", interview, sequence=5))
    seen.append(await invite(world))

    assert len({event["UID"] for event in seen}) == 1
    sequences = [int(event["SEQUENCE"]) for event in seen]
    assert sequences == sorted(set(sequences))
    assert [event.method for event in seen] == ["REQUEST", "REQUEST", "REQUEST", "CANCEL", "REQUEST"]
    assert [event["STATUS"] for event in seen] == ["CONFIRMED"] * 3 + ["CANCELLED", "CONFIRMED"]
    assert [event["DTSTART"] for event in seen] == [instant(in_hours(hours)) for hours in (24, 48, 72, 72, 24)]
    links = [event["DESCRIPTION"].splitlines()[-1] for event in seen if event.method == "REQUEST"]
    assert len(set(links)) == 1
    assert links[0].startswith("Feedback of Ivo: ")


async def test_asked_twice_an_invite_is_the_same_text(world: World) -> None:
    await world.goodtime.push(**world.a_panel("p"))

    assert (await invite(world)).text == (await invite(world)).text
    assert (await invite(world)).text == (await invites(world, who="rita"))["one"].text


async def test_a_cancelled_interview_is_cancelled_in_calendars_and_its_siblings_are_not(world: World) -> None:
    interviews = [world.an_interview("one"), world.an_interview("two", "noor")]
    await world.goodtime.push(**world.a_panel("p", *interviews, sequence=1))
    before = await invites(world)

    await world.goodtime.cancel_one(panelExternalId="p", externalId="one", sequence=2)
    after = await invites(world)

    assert {name: event.method for name, event in after.items()} == {"one": "CANCEL", "two": "REQUEST"}
    assert after["one"]["UID"] == before["one"]["UID"]
    assert int(after["one"]["SEQUENCE"]) > int(before["one"]["SEQUENCE"])
    assert after["one"].attendees.keys() == {world.email("ivo")}


async def test_an_interview_left_out_of_a_push_is_cancelled_in_calendars(world: World) -> None:
    interviews = [world.an_interview("one"), world.an_interview("two", "noor")]
    await world.goodtime.push(**world.a_panel("p", *interviews, sequence=1))

    await world.goodtime.push(**world.a_panel("p", interviews[0], sequence=2))

    assert {name: event.method for name, event in (await invites(world)).items()} == {"one": "REQUEST", "two": "CANCEL"}


def kept_by_calendars(event: Invite) -> dict[str, str]:
    """What calendars do with an invite: all of it but the text and what counts its revisions."""
    lines = event.text.replace("\r\n ", "").splitlines()
    named = {line.partition(":")[0]: line for line in lines}
    return {name: line for name, line in named.items() if name not in {"DESCRIPTION", *REVISION}}


async def test_a_panel_taken_off_in_the_ats_stays_on_calendars_until_the_scheduler_deletes_it(world: World) -> None:
    interviews = [world.an_interview("one", note="Bring a laptop."), world.an_interview("two", "noor")]
    await world.goodtime.push(**world.a_panel("p", *interviews, sequence=1))
    before = await invites(world)

    await world.rita.cancel(externalId="p", reason="On hold")
    taken_off = await invites(world)
    await world.goodtime.cancel(externalId="p", sequence=2)
    deleted = await invites(world)

    for name, event in taken_off.items():
        assert (event.method, event["STATUS"]) == ("REQUEST", "CONFIRMED")
        assert event["DESCRIPTION"].count(TAKEN_OFF) == 1
        assert kept_by_calendars(event) == kept_by_calendars(before[name])
        assert event["SEQUENCE"] == before[name]["SEQUENCE"]
        assert (deleted[name].method, deleted[name]["STATUS"]) == ("CANCEL", "CANCELLED")
        assert deleted[name]["UID"] == event["UID"]
        assert int(deleted[name]["SEQUENCE"]) > int(event["SEQUENCE"])
        assert TAKEN_OFF not in deleted[name]["DESCRIPTION"] + before[name]["DESCRIPTION"]


async def test_an_interview_taken_off_in_the_ats_stays_on_calendars_and_its_siblings_say_nothing(world: World) -> None:
    interviews = [world.an_interview("one"), world.an_interview("two", "noor")]
    await world.goodtime.push(**world.a_panel("p", *interviews, sequence=1))

    await world.rita.cancel_one(panelExternalId="p", externalId="one")
    taken_off = await invites(world)
    await world.goodtime.cancel_one(panelExternalId="p", externalId="one", sequence=2)
    deleted = await invites(world)

    assert {name: event.method for name, event in taken_off.items()} == {"one": "REQUEST", "two": "REQUEST"}
    assert {name: TAKEN_OFF in event["DESCRIPTION"] for name, event in taken_off.items()} == {"one": True, "two": False}
    assert {name: event.method for name, event in deleted.items()} == {"one": "CANCEL", "two": "REQUEST"}


async def test_after_a_cancel_in_the_ats_calendars_follow_the_scheduler(world: World) -> None:
    """Moved, it is moved; left out, it is cancelled; and a restore takes the sentence back."""
    interviews = [world.an_interview("one"), world.an_interview("two", "noor")]
    await world.goodtime.push(**world.a_panel("p", *interviews, sequence=1))
    await world.rita.cancel(externalId="p")

    moved = interviews[0] | {"startsAt": in_hours(72)}
    await world.goodtime.push(**world.a_panel("p", moved, sequence=2))
    taken_off = await invites(world)
    await world.rita.restore(id=(await world.goodtime.ask(PANEL_ID))["interviewPanel"]["id"])
    restored = await invites(world)

    assert {name: event.method for name, event in taken_off.items()} == {"one": "REQUEST", "two": "CANCEL"}
    assert taken_off["one"]["DTSTART"] == instant(in_hours(72))
    assert TAKEN_OFF in taken_off["one"]["DESCRIPTION"]
    assert {name: event.method for name, event in restored.items()} == {"one": "REQUEST", "two": "CANCEL"}
    assert TAKEN_OFF not in restored["one"]["DESCRIPTION"]


async def test_a_voided_forms_link_is_no_longer_given_out(world: World) -> None:
    interview = world.an_interview("one", feedbackTemplateId=world.templates["values"])
    pushed = await world.goodtime.push(**world.a_panel("p", interview, sequence=1))
    link = pushed["panel"]["interviews"][0]["interviewers"][0]["feedbackForm"]["url"]

    await world.rita.cancel(externalId="p")

    assert link not in (await invite(world)).event.to_ical().decode().replace("\r\n ", "")


async def test_a_tentative_panel_is_tentative_in_calendars(world: World) -> None:
    await world.goodtime.push(**world.a_panel("p", tentative=True))

    event = await invite(world)

    assert (event.method, event["STATUS"]) == ("REQUEST", "TENTATIVE")


async def test_an_interviewer_reads_the_invites_of_their_own_interviews(world: World) -> None:
    await world.goodtime.push(**world.a_panel("p"))

    query = "{ interviews { edges { node { calendarInvite } } } }"
    own = (await world.ivo.ask(query))["interviews"]["edges"]
    others = (await world.noor.ask(query))["interviews"]["edges"]

    assert [Invite(edge["node"]["calendarInvite"])["SUMMARY"] for edge in own] == ["Interview one"]
    assert others == []


async def test_on_a_candidates_profile_an_invite_is_the_same_text(world: World) -> None:
    await world.goodtime.push(**world.a_panel("p", world.an_interview("one", meetingUrl="https://meet.example/p")))

    profile = await world.rita.ask(
        "{ candidates(first: 10) { edges { node { interviewPanels(first: 10) { edges { node { "
        "interviews { calendarInvite } } } } } } } }"
    )

    panels = [edge for each in profile["candidates"]["edges"] for edge in each["node"]["interviewPanels"]["edges"]]
    [text] = [interview["calendarInvite"] for edge in panels for interview in edge["node"]["interviews"]]
    assert text == (await invite(world)).text
    assert Invite(text)["URL"] == Invite(text)["CONFERENCE"] == "https://meet.example/p"


async def test_no_value_of_a_push_breaks_out_of_its_line(world: World) -> None:
    evil = "x\r\nATTENDEE:mailto:evil@else.example\r\nEND:VEVENT"
    interview = world.an_interview("one", subject="日本語" * 100, note=evil, location="a;b,c\\n:" * 20)
    await world.goodtime.push(**world.a_panel("p", interview))

    event = await invite(world)

    assert event.attendees.keys() == {world.email("ivo")}
    assert event["SUMMARY"] == "日本語" * 100
    assert event["DESCRIPTION"].splitlines()[3:] == evil.splitlines()
    assert all(len(line.encode()) <= 75 for line in event.text.split("\r\n"))
