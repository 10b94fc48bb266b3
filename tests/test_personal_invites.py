"""One invite a person, a cancel for whoever left, the organizer, and the scheduler's own UID."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolvers.invite_revisions import InviteFacts, revise_invite
from tests.budgets import examples
from tests.people import instant
from tests.test_invites import Invite, invite
from tests.world import World, in_hours

PERSONAL = """query ($externalId: String!) { interviewPanel(externalId: $externalId) {
  interviews(includeCanceled: true) { calendarUid candidateInvite
    calendarInvites { method text user { email } }
    interviewers { user { email } feedbackForm { url } } } } }"""


async def shown(world: World, who: str = "goodtime", panel: str = "p") -> dict[str, Any]:
    """The only interview of the panel, with what is sent to whom."""
    [interview] = (await getattr(world, who).ask(PERSONAL, externalId=panel))["interviewPanel"]["interviews"]
    return dict(interview)


async def mail(world: World) -> dict[str, Invite]:
    """What each person is sent, by their name."""
    sent = {}
    for each in (await shown(world))["calendarInvites"]:
        name = each["user"]["email"].partition("@")[0]
        sent[name] = Invite(each["text"])
        assert each["method"] == sent[name].method
    return sent


async def push(world: World, sequence: int, *people: Any, **fields: Any) -> dict[str, Any]:
    asked = {"feedbackTemplateId": world.templates["values"], **fields}
    return await world.goodtime.push(
        **world.a_panel("p", world.an_interview("one", *people, **asked), sequence=sequence)
    )


async def test_everybody_is_sent_an_invite_with_their_own_feedback_link_only(world: World) -> None:
    await push(world, 1, "ivo", "noor", "rita")

    interview, sent = await shown(world), await mail(world)

    links = {seat["user"]["email"]: seat["feedbackForm"]["url"] for seat in interview["interviewers"]}
    assert sent.keys() == {"ivo", "noor", "rita"}
    for name, event in sent.items():
        assert event.method == "REQUEST"
        assert event.attendees.keys() == links.keys()
        assert {who for who, link in links.items() if link in event["DESCRIPTION"]} == {world.email(name)}
        assert (event["UID"], event["SEQUENCE"]) == (interview["calendarUid"], "0")


async def test_whoever_was_taken_off_is_sent_a_cancel_until_they_are_back(world: World) -> None:
    await push(world, 1, "ivo", "noor", startsAt=in_hours(24))
    before = await mail(world)

    await push(world, 2, "noor", startsAt=in_hours(48))
    off = await mail(world)
    await push(world, 3, "noor", startsAt=in_hours(48), note="Nothing for Ivo to read")
    still_off = await mail(world)
    await push(world, 4, "noor", "ivo", startsAt=in_hours(48))
    back = await mail(world)

    assert {name: event.method for name, event in off.items()} == {"noor": "REQUEST", "ivo": "CANCEL"}
    assert off["ivo"].attendees.keys() == {world.email("ivo")}
    assert "STATUS" not in off["ivo"].event
    assert off["ivo"]["DTSTART"] == instant(in_hours(24))
    assert still_off["ivo"].text == off["ivo"].text
    assert {event.method for event in back.values()} == {"REQUEST"}
    sequences = [int(each["ivo"]["SEQUENCE"]) for each in (before, off, back)]
    assert sequences == sorted(set(sequences))
    assert len({each["ivo"]["UID"] for each in (before, off, back)}) == 1


async def test_whoever_was_taken_off_reads_of_the_event_that_they_knew(world: World) -> None:
    await push(world, 1, "ivo", "noor")
    before = await mail(world)
    await push(world, 2, "noor")
    off = await mail(world)

    await push(world, 3, "noor", subject="About the offer", startsAt=in_hours(48), calendarUid="late@goodtime.example")

    after = await mail(world)
    assert after["noor"]["UID"] == "late@goodtime.example"
    assert (off["ivo"]["UID"], off["ivo"]["SUMMARY"]) == (before["ivo"]["UID"], before["ivo"]["SUMMARY"])
    assert after["ivo"].text == off["ivo"].text


async def test_once_the_interview_is_deleted_everybody_is_sent_a_cancel(world: World) -> None:
    await push(world, 1, "ivo", "noor")
    await push(world, 2, "noor")
    await world.goodtime.cancel(externalId="p", sequence=3)

    assert {name: event.method for name, event in (await mail(world)).items()} == {"noor": "CANCEL", "ivo": "CANCEL"}


async def test_a_user_called_it_off_and_nobody_is_sent_a_cancel(world: World) -> None:
    await push(world, 1, "ivo", "noor")
    await world.rita.cancel(externalId="p")

    assert {event.method for event in (await mail(world)).values()} == {"REQUEST"}


PEOPLE = ("ivo", "noor", "rita")
NOON = datetime(2026, 12, 8, 12, tzinfo=UTC)
ACTS = st.one_of(
    st.tuples(st.just("people"), st.sets(st.sampled_from(PEOPLE), min_size=1)),
    st.tuples(st.just("event"), st.sampled_from(["at noon", "at one", "CANCELLED"])),
    st.tuples(st.just("text"), st.sampled_from(["", "Bring a laptop."])),
    st.tuples(st.just("subject"), st.sampled_from(["Onsite", "Values"])),
    st.tuples(st.just("uid"), st.sampled_from(["itv_1@callboard", "mine@goodtime.example"])),
    st.tuples(st.just("readdress"), st.none()),
)


@pytest.mark.once
@examples(100)
@given(st.lists(ACTS, max_size=12))
def test_whatever_happens_nobodys_invite_goes_back(acts: list[tuple[str, Any]]) -> None:
    """A cancel, a return or a move counts SEQUENCE up, and what says anything else has a later DTSTAMP."""
    facts = InviteFacts("itv_1@callboard", "Onsite", NOON, NOON, ("at noon",), ("",), frozenset(PEOPLE[:2]))
    interview: Any = SimpleNamespace(calendar_sequence=0, calendar_stamp=NOON, departures=None)
    seen: dict[str, tuple[int, Any, Any]] = {}
    for kind, value in acts:
        before = facts
        if kind == "readdress":
            interview.calendar_sequence += 1
            interview.calendar_stamp += timedelta(seconds=1)
        else:
            values = {"people": frozenset, "event": lambda value: (value,), "text": lambda value: (value,)}
            facts = replace(facts, **{kind: values.get(kind, str)(value)})
            revise_invite(interview, before, facts, NOON)
        for person in PEOPLE:
            if latest := newest(interview, facts, person):
                sequence, stamp, content = seen.get(person, latest)
                assert latest[:2] >= (sequence, stamp)
                assert latest[0] > sequence or latest[2][0] == content[0], "a cancel and a return are counted"
                assert latest[:2] > (sequence, stamp) or latest[2] == content, "what differs is newer"
                seen[person] = latest


def newest(interview: Any, facts: InviteFacts, person: str) -> tuple[int, Any, Any] | None:
    """The revision and the content of what a person is sent, if anything."""
    if person in facts.people:
        content = (facts.event, facts.text, facts.subject, facts.uid)
        return interview.calendar_sequence, interview.calendar_stamp.isoformat(), content
    if interview.departures and person in interview.departures:
        left = interview.departures[person]
        return left["sequence"], left["at"], ("off", left["subject"], left["uid"])
    return None


async def test_the_organizer_stays_who_they_were(world: World) -> None:
    interview = world.an_interview("one", "ivo")
    lea = world.a_panel("p", interview, candidateExternalId="lea", sequence=1)
    await world.goodtime.push(**lea)
    before = await invite(world)

    row = {"externalId": "lea", "name": "Lea Fontaine", "stage": "On-site", "ownerEmail": world.email("rita")}
    await world.sam.sync("candidates", [row])
    await world.goodtime.push(**lea | {"sequence": 2, "interviews": [interview | {"startsAt": in_hours(48)}]})
    after = await invite(world)

    assert str(before.event["ORGANIZER"]) == str(after.event["ORGANIZER"]) == f"mailto:{world.email('leo')}"
    assert after.event["ATTENDEE"].params["RSVP"] == "TRUE"


async def test_where_nobody_takes_replies_nobody_is_asked_for_one(world: World) -> None:
    await push(world, 1)

    event = await invite(world)

    assert event.event["ORGANIZER"].params["CN"] == "Acme"
    assert str(event.event["ORGANIZER"]).endswith(".invalid")
    assert event.event["ATTENDEE"].params["RSVP"] == "FALSE"


async def test_whoever_has_left_the_company_takes_no_replies(world: World) -> None:
    leo = {"externalId": "user-leo", "email": world.email("leo"), "name": "Leo", "role": "LIMITED_TEAM_MEMBER"}
    await world.goodtime.push(**world.a_panel("p", candidateExternalId="lea"))
    seen = [await invite(world)]
    for deactivated in (True, False):
        await world.sam.sync("users", [leo | {"deactivated": deactivated}])
        seen.append(await invite(world))

    assert {str(event.event["ORGANIZER"]) for event in seen} == {f"mailto:{world.email('leo')}"}
    assert [event.event["ATTENDEE"].params["RSVP"] for event in seen] == ["TRUE", "FALSE", "TRUE"]
    assert len({event["SEQUENCE"] for event in seen}) == 1
    assert len({event["DTSTAMP"] for event in seen}) == 3


async def test_whoever_has_left_the_company_invites_to_nothing_new(world: World) -> None:
    leo = {"externalId": "user-leo", "email": world.email("leo"), "name": "Leo", "role": "LIMITED_TEAM_MEMBER"}
    await world.sam.sync("users", [leo | {"deactivated": True}])

    await world.goodtime.push(**world.a_panel("p", candidateExternalId="lea"))

    event = await invite(world)
    assert event.event["ORGANIZER"].params["CN"] == "Acme"
    assert event.event["ATTENDEE"].params["RSVP"] == "FALSE"


async def test_the_candidate_has_a_version_without_feedback_links(world: World) -> None:
    await push(world, 1, "ivo", "noor", note="Be kind.")

    event = Invite((await shown(world))["candidateInvite"])

    assert event.attendees.keys() == {"carla@mail.example"}
    assert "With: Ivo, Noor" in event["DESCRIPTION"]
    assert "/feedback/" not in event["DESCRIPTION"]
    assert "kind" not in event["DESCRIPTION"]
    await world.goodtime.push(**world.a_panel("q", candidateExternalId="lea"))
    assert (await shown(world, panel="q"))["candidateInvite"] is None


async def test_the_schedulers_own_uid_is_the_invites_uid(world: World) -> None:
    await push(world, 1, calendarUid="040000008200E00074C5B7101A82E008@outlook.example")
    interview = await shown(world)
    await push(world, 2, note="The UID is left out")

    assert interview["calendarUid"] == "040000008200E00074C5B7101A82E008@outlook.example"
    assert (await shown(world))["calendarUid"] == interview["calendarUid"]
    for text in [each["text"] for each in interview["calendarInvites"]] + [(await invite(world)).text]:
        assert Invite(text)["UID"] == interview["calendarUid"]


async def test_a_uid_may_be_sent_later_but_not_changed(world: World) -> None:
    await push(world, 1)
    await push(world, 2, calendarUid="first@goodtime.example")
    refused = await push(world, 3, calendarUid="second@goodtime.example")
    again = await push(world, 4, calendarUid="first@goodtime.example")

    [error] = refused["errors"]
    assert (error["code"], error["path"]) == ("INVALID", ["input", "interviews", "0", "calendarUid"])
    assert "first@goodtime.example" in error["message"]
    assert again["errors"] == []


@pytest.mark.parametrize("later", ["the whole panel", "the interview by itself"])
@pytest.mark.parametrize("earlier", ["the whole panel", "the interview by itself"])
async def test_a_uid_that_comes_late_with_an_older_push_is_taken_and_nothing_else_of_it(
    earlier: str, later: str, world: World
) -> None:
    async def send(how: str, sequence: int, **fields: Any) -> dict[str, Any]:
        interview = world.an_interview("one", **fields)
        if how == "the whole panel":
            return await world.goodtime.push(**world.a_panel("p", interview, sequence=sequence))
        panel = {"panelExternalId": "p", "candidateExternalId": "carla", "timezone": "America/New_York"}
        return await world.goodtime.push_one(**panel, interview=interview, sequence=sequence)

    await send(later, 5, subject="Newer")
    before = await invite(world)
    late = await send(earlier, 4, subject="Older", calendarUid="mine@goodtime.example")
    again = await send(earlier, 4, subject="Older", calendarUid="mine@goodtime.example")

    after = await invite(world)
    assert [(each["outcome"], each["errors"]) for each in (late, again)] == [("STALE_IGNORED", [])] * 2
    assert (after["UID"], after["SUMMARY"], after["SEQUENCE"]) == ("mine@goodtime.example", "Newer", before["SEQUENCE"])
    assert after["DTSTAMP"] > before["DTSTAMP"]
    assert [change["kind"] for change in await world.rita.changes()] == ["CREATED", "UPDATED"]


async def test_a_late_uid_is_still_nobody_elses(world: World) -> None:
    await push(world, 5)
    other = world.an_interview("other", calendarUid="mine@goodtime.example")
    await world.goodtime.push(**world.a_panel("q", other))

    refused = await push(world, 4, calendarUid="mine@goodtime.example")

    assert [(each["code"], each["path"]) for each in refused["errors"]] == [
        ("TAKEN", ["input", "interviews", "0", "calendarUid"])
    ]


async def test_a_uid_that_was_read_here_may_be_sent_back_and_says_nothing(world: World) -> None:
    await push(world, 1)
    before = await shown(world)
    own = before["calendarUid"]

    outcomes = [(await push(world, sequence, calendarUid=own))["outcome"] for sequence in (1, 2)]
    assert (outcomes, await shown(world)) == (["UNCHANGED", "UPDATED"], before)

    moved = await push(world, 3, calendarUid=own, startsAt=in_hours(48))
    assert (moved["errors"], (await shown(world))["calendarUid"]) == ([], own)
    assert (await push(world, 4, calendarUid="mine@goodtime.example"))["errors"] == []


@pytest.mark.parametrize("uid", ["mine@goodtime.example", "read here"])
async def test_no_two_interviews_have_one_uid(uid: str, world: World) -> None:
    sent = {} if uid == "read here" else {"calendarUid": uid}
    await push(world, 1, **sent)
    uid = (await shown(world))["calendarUid"]

    refused = await world.goodtime.push(**world.a_panel("q", world.an_interview("other", calendarUid=uid)))

    [error] = refused["errors"]
    assert (error["code"], error["path"]) == ("TAKEN", ["input", "interviews", "0", "calendarUid"])


async def test_within_one_push_too_and_a_bad_uid_is_refused(world: World) -> None:
    twice = [world.an_interview(name, calendarUid="mine@goodtime.example") for name in ("one", "two")]
    bad = world.an_interview("three", calendarUid="a\r\nb")

    refused = await world.goodtime.push(**world.a_panel("p", *twice, bad))

    assert [(error["code"], error["path"][2]) for error in refused["errors"]] == [("TAKEN", "1"), ("INVALID", "2")]
