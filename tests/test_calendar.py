"""Calendar invites: every one is read back as a calendar would, and by the letter of RFC 5545."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote
from zoneinfo import available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar, Event

from resolvers.calendar import (
    TAKEN_OFF,
    Attendee,
    CalendarEvent,
    candidate_invite,
    departure,
    feed,
    invite,
    personal_invites,
)
from tests.budgets import examples
from tests.readers import kinds

pytestmark = pytest.mark.once

ANYTHING = st.text(st.one_of(st.sampled_from('\r\n\t\\,;:"^N n\x00\x0b\x85\u2028'), st.characters()), max_size=200)
REAL_ZONES = sorted(available_timezones() - {"Factory", "localtime"})

ONSITE = kinds.at(
    datetime(2026, 7, 1, 14, tzinfo=UTC),
    uid="itv_1@callboard",
    attendees=(
        Attendee("Ivo", "ivo@acme.example", "NEEDS_ACTION", "https://ats.example/feedback/fbf_1"),
        Attendee("Una", "una+panel@acme.example", "ACCEPTED", "https://ats.example/feedback/fbf_2"),
        Attendee("Max", "max@acme.example", "DECLINED"),
    ),
    stamp=datetime(2026, 6, 20, 9, 30, tzinfo=UTC),
    location="Room 4, 2nd floor",
    meeting_url="https://meet.example/abc?pwd=1,2;3",
)

BRIEF = replace(ONSITE, attendees=(), note=None, location=None, meeting_url=None, url=None)
HEAD = "Candidate: Carla Candidate\nWednesday, July 1, 2026, 10:00–11:00 (America/New_York)"


def parsed(text: str) -> Calendar:
    return Calendar.from_ical(text)


def vevent(event: CalendarEvent) -> Event:
    (only,) = parsed(invite(event)).walk("VEVENT")
    assert not only.errors
    return only


def test_an_invite_asks_for_a_confirmed_event_with_its_time_place_and_address():
    calendar, event = parsed(invite(ONSITE)), vevent(ONSITE)

    assert (calendar["METHOD"], calendar["VERSION"], event["STATUS"]) == ("REQUEST", "2.0", "CONFIRMED")
    assert event["SUMMARY"] == "Onsite: system design"
    assert event["LOCATION"] == "Room 4, 2nd floor"
    assert event["URL"] == "https://meet.example/abc?pwd=1,2;3"
    assert event["CONFERENCE"] == "https://meet.example/abc?pwd=1,2;3"
    assert event["CONFERENCE"].params == {"VALUE": "URI", "FEATURE": "VIDEO"}
    assert event["SEQUENCE"] == 3
    assert event["DTSTART"].dt == ONSITE.starts_at
    assert event["DTEND"].dt == ONSITE.ends_at
    assert event["DTSTAMP"].dt == event["LAST-MODIFIED"].dt == ONSITE.stamp


def test_a_cancelled_interview_is_a_cancel_with_the_same_uid():
    canceled = replace(ONSITE, canceled=True, tentative=True, sequence=4)

    assert parsed(invite(canceled))["METHOD"] == "CANCEL"
    assert vevent(canceled)["STATUS"] == "CANCELLED"
    assert vevent(canceled)["UID"] == vevent(ONSITE)["UID"]


def test_an_interview_that_the_ats_has_taken_off_is_still_asked_for_and_its_text_says_so():
    taken_off = replace(ONSITE, taken_off=True)
    before, after = vevent(ONSITE), vevent(taken_off)

    assert parsed(invite(taken_off))["METHOD"] == "REQUEST"
    assert after["DESCRIPTION"] == before["DESCRIPTION"].replace("Bring", f"{TAKEN_OFF}\n\nBring")
    assert {name for name in before | after if before.get(name) != after.get(name)} == {"DESCRIPTION"}


def test_a_tentative_interview_is_a_tentative_event():
    assert vevent(replace(ONSITE, tentative=True))["STATUS"] == "TENTATIVE"


def test_the_uid_stays_over_reschedules_and_differs_between_interviews():
    later = ONSITE.starts_at + timedelta(days=3)
    moved = replace(ONSITE, sequence=9, starts_at=later, ends_at=later + timedelta(hours=1), timezone="UTC")

    assert vevent(moved)["UID"] == vevent(ONSITE)["UID"]
    assert vevent(replace(ONSITE, uid="itv_2@callboard"))["UID"] != vevent(ONSITE)["UID"]


def test_asking_twice_answers_the_same_text():
    assert invite(ONSITE) == invite(ONSITE)


def test_without_a_video_call_the_address_is_the_panels_in_the_scheduler():
    on_site = vevent(replace(ONSITE, meeting_url=None))

    assert on_site["URL"] == "https://app.goodtime.example/panels/7"
    assert "CONFERENCE" not in on_site
    assert "scheduler" not in on_site["DESCRIPTION"]


def test_the_description_has_the_candidate_the_time_the_note_the_meeting_and_a_line_for_every_feedback_link():
    assert vevent(ONSITE)["DESCRIPTION"].splitlines() == [
        "Candidate: Carla Candidate",
        "Wednesday, July 1, 2026, 10:00–11:00 (America/New_York)",
        "",
        "Bring a laptop.",
        "",
        "Join: https://meet.example/abc?pwd=1,2;3",
        "In the scheduler: https://app.goodtime.example/panels/7",
        "Feedback of Ivo: https://ats.example/feedback/fbf_1",
        "Feedback of Una: https://ats.example/feedback/fbf_2",
    ]


def test_an_interview_without_a_room_takes_place_at_its_meeting_url():
    assert vevent(replace(ONSITE, location=None))["LOCATION"] == ONSITE.meeting_url


def test_what_an_interview_does_not_have_its_invite_does_not_name():
    bare = vevent(replace(ONSITE, note=None, location=None, meeting_url=None, url=None, attendees=()))

    assert not {"LOCATION", "URL", "CONFERENCE", "ATTENDEE"} & set(bare)
    assert bare["DESCRIPTION"] == HEAD


def test_the_guests_are_named_with_their_answer_and_asked_for_it():
    event = vevent(ONSITE)

    assert event["ORGANIZER"] == "mailto:rita@acme.example"
    assert event["ORGANIZER"].params["CN"] == "Rita Recruiter"
    assert [(str(guest), guest.params["CN"], guest.params["PARTSTAT"]) for guest in event["ATTENDEE"]] == [
        ("mailto:ivo@acme.example", "Ivo", "NEEDS-ACTION"),
        ("mailto:una+panel@acme.example", "Una", "ACCEPTED"),
        ("mailto:max@acme.example", "Max", "DECLINED"),
    ]
    assert {guest.params["ROLE"] for guest in event["ATTENDEE"]} == {"REQ-PARTICIPANT"}


def asked(event: Event) -> list[str]:
    return [guest.params["RSVP"] for guest in event["ATTENDEE"]]


def test_only_who_has_not_answered_is_asked_for_a_reply_and_only_where_somebody_reads_it():
    assert asked(vevent(ONSITE)) == ["TRUE", "FALSE", "FALSE"]
    assert asked(vevent(replace(ONSITE, takes_replies=False))) == ["FALSE", "FALSE", "FALSE"]
    assert asked(vevent(replace(ONSITE, canceled=True))) == ["FALSE", "FALSE", "FALSE"]


def test_a_persons_own_invite_has_their_link_and_nobody_elses():
    shared, own = parsed(invite(ONSITE)), parsed(list(personal_invites(ONSITE))[1])

    [before], [after] = shared.walk("VEVENT"), own.walk("VEVENT")
    ivos, _ = (f"Feedback of {each.name}: {each.feedback_url}\n" for each in ONSITE.attendees[:2])
    assert after["DESCRIPTION"] == before["DESCRIPTION"].replace(ivos, "")
    assert {name for name in before | after if before.get(name) != after.get(name)} == {"DESCRIPTION"}


def test_whoever_left_is_sent_a_cancel_with_themselves_as_the_attendee_and_nothing_of_the_interview():
    calendar = parsed(departure(ONSITE, ONSITE.attendees[0]))

    [event] = calendar.walk("VEVENT")
    assert (calendar["METHOD"], event["UID"]) == ("CANCEL", ONSITE.uid)
    assert "STATUS" not in event, "only a cancel of the entire event has one: RFC 5546, 3.2.5"
    assert event["ATTENDEE"] == "mailto:ivo@acme.example"
    assert event["DESCRIPTION"] == "You are no longer on this interview."
    assert not {"LOCATION", "URL", "CONFERENCE"} & set(event)


def test_the_candidates_version_has_no_note_no_feedback_link_and_no_link_to_the_scheduler():
    text = candidate_invite(ONSITE, Attendee("Carla Candidate", "carla@mail.example", "NEEDS_ACTION"))

    [event] = parsed(text).walk("VEVENT")
    assert event["DESCRIPTION"].splitlines() == [
        "Wednesday, July 1, 2026, 10:00–11:00 (America/New_York)",
        "",
        "With: Ivo, Una, Max",
        "",
        "Join: https://meet.example/abc?pwd=1,2;3",
    ]
    assert event["ATTENDEE"] == "mailto:carla@mail.example"
    unfolded = text.replace("\r\n ", "")
    assert not [word for word in ("laptop", "/feedback/", "goodtime", "ivo@", "una+panel@") if word in unfolded]


def test_a_feed_is_published_without_attendees_and_says_how_often_to_look():
    calendar = parsed(feed([(ONSITE, ONSITE.attendees[0]), (BRIEF, ONSITE.attendees[2])], "Interviews of Ivo"))

    assert (calendar["METHOD"], calendar["NAME"], calendar["X-WR-CALNAME"]) == (
        "PUBLISH", "Interviews of Ivo", "Interviews of Ivo",
    )  # fmt: skip
    assert calendar["REFRESH-INTERVAL"].dt == timedelta(hours=1)
    assert calendar["REFRESH-INTERVAL"].params == {"VALUE": "DURATION"}
    first, second = calendar.walk("VEVENT")
    assert "ATTENDEE" not in first | second
    assert first["DESCRIPTION"].endswith("Feedback of Ivo: https://ats.example/feedback/fbf_1")
    assert second["DESCRIPTION"] == HEAD


@examples(100)
@given(subject=ANYTHING, note=ANYTHING, location=ANYTHING, name=ANYTHING, email=ANYTHING, url=ANYTHING)
def test_no_value_breaks_out_of_its_line(subject, note, location, name, email, url):
    guest = Attendee(name, email, "ACCEPTED", url)
    hostile = replace(
        ONSITE, uid=url, subject=subject, candidate=name, note=note, location=location, meeting_url=url, url=url,
        attendees=(guest,), organizer_name=name, organizer_email=email,
    )  # fmt: skip

    lines = invite(hostile).replace("\r\n ", "").split("\r\n")

    assert lines.pop() == ""
    assert not any("\r" in line or "\n" in line for line in lines)
    inside = lines[lines.index("BEGIN:VEVENT") + 1 : lines.index("END:VEVENT")]
    names = [line.partition(":")[0].partition(";")[0] for line in inside]
    assert set(names) <= {
        "UID", "SEQUENCE", "DTSTAMP", "LAST-MODIFIED", "DTSTART", "DTEND", "STATUS", "SUMMARY", "DESCRIPTION",
        "LOCATION", "URL", "CONFERENCE", "ORGANIZER", "ATTENDEE",
    }  # fmt: skip
    assert len(names) == len(set(names))


@examples(100)
@given(subject=ANYTHING, note=ANYTHING)
def test_no_line_is_longer_than_75_octets(subject, note):
    text = invite(replace(ONSITE, subject=subject, note=note))

    assert max(len(line.encode()) for line in text.split("\r\n")) <= 75


WORDS = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zs", "Zl", "Zp"]), min_size=1, max_size=80)


@examples(100)
@given(subject=WORDS, note=st.lists(WORDS, min_size=1).map("\n".join), name=WORDS)
def test_what_people_write_is_read_back_as_they_wrote_it(subject, note, name):
    guest = Attendee(name, "ivo@acme.example", "ACCEPTED", "https://ats.example/f")
    event = vevent(replace(ONSITE, subject=subject, note=note, meeting_url=None, attendees=(guest,)))

    assert event["SUMMARY"] == subject
    assert event["DESCRIPTION"] == f"{HEAD}\n\n{note}\n\nFeedback of {name}: https://ats.example/f"
    assert event["ATTENDEE"].params["CN"] == name.replace("\\", "/").replace('"', "'")


@pytest.mark.parametrize("name", ["\\", "Ivo\\", "Ivo\\;PARTSTAT=DECLINED", "Ivo \\, of A\\B:\\"])
def test_a_backslash_in_a_name_hides_nothing_that_follows(name):
    event = vevent(replace(ONSITE, attendees=(Attendee(name, "ivo@acme.example", "ACCEPTED"),), organizer_name=name))

    guest = event["ATTENDEE"]
    assert guest.params == {
        "CN": name.replace("\\", "/"), "PARTSTAT": "ACCEPTED", "ROLE": "REQ-PARTICIPANT", "RSVP": "FALSE",
    }  # fmt: skip
    assert (guest, event["ORGANIZER"].params["CN"]) == ("mailto:ivo@acme.example", guest.params["CN"])


def test_a_quotation_mark_in_a_name_is_an_apostrophe_and_needs_no_escape():
    """By the letter: icalendar decodes what most calendars would show as carets."""
    lee = Attendee('Ann "Annie" Lee', "ann@acme.example", "ACCEPTED", "https://ats.example/f")
    text = invite(replace(ONSITE, attendees=(lee,), organizer_name='"Rita"')).replace("\r\n ", "")

    assert "ATTENDEE;CN=\"Ann 'Annie' Lee\";" in text
    assert "ORGANIZER;CN=\"'Rita'\":" in text
    assert 'Feedback of Ann "Annie" Lee: ' in text
    assert "^" not in text


def test_a_path_with_a_capital_n_stays_a_path():
    text = invite(replace(ONSITE, note=r"C:\New\x", meeting_url=None, attendees=()))

    assert r"\n\nC:\\New\\x" in text.replace("\r\n ", "")


def test_no_comma_or_semicolon_ends_a_text():
    """By the letter: icalendar reads on where other calendars would cut the text off."""
    text = invite(replace(ONSITE, subject="Design, part 1; the rest", location="Room 4, 2nd floor; left"))

    assert r"SUMMARY:Design\, part 1\; the rest" in text
    assert r"LOCATION:Room 4\, 2nd floor\; left" in text


def test_line_ends_of_every_kind_are_line_breaks_of_the_note():
    note = vevent(replace(ONSITE, note="a\r\nb\rc\nd", meeting_url=None, attendees=()))["DESCRIPTION"]

    assert note == f"{HEAD}\n\na\nb\nc\nd"


@examples(100)
@given(st.emails())
def test_an_email_is_a_mailto_uri_that_decodes_to_it(email):
    (only,) = parsed(invite(replace(ONSITE, attendees=(Attendee("Ivo", email, "ACCEPTED"),)))).walk("VEVENT")

    assert unquote(only["ATTENDEE"].removeprefix("mailto:")) == email
