"""Calendar invites: every one is read back as a calendar would, and by the letter of RFC 5545."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from urllib.parse import unquote
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar, Event

from resolvers.calendar import Attendee, CalendarEvent, invite
from tests.budgets import examples

pytestmark = pytest.mark.once

#: On a busy machine some example takes long.

ANYTHING = st.text(st.one_of(st.sampled_from('\r\n\t\\,;:"^N n\x00\x0b\x85\u2028'), st.characters()), max_size=200)
REAL_ZONES = sorted(available_timezones() - {"Factory", "localtime"})

ONSITE = CalendarEvent(
    id="int_1",
    sequence=3,
    subject="Onsite: system design",
    starts_at=datetime(2026, 7, 1, 14, tzinfo=UTC),
    ends_at=datetime(2026, 7, 1, 15, tzinfo=UTC),
    timezone="America/New_York",
    organizer_name="Rita Recruiter",
    organizer_email="rita@acme.example",
    attendees=(
        Attendee("Ivo", "ivo@acme.example", "NEEDS_ACTION", "https://ats.example/feedback/fbf_1"),
        Attendee("Una", "una+panel@acme.example", "ACCEPTED", "https://ats.example/feedback/fbf_2"),
        Attendee("Max", "max@acme.example", "DECLINED"),
    ),
    stamp=datetime(2026, 6, 20, 9, 30, tzinfo=UTC),
    note="Bring a laptop.",
    location="Room 4, 2nd floor",
    meeting_url="https://meet.example/abc?pwd=1,2;3",
    url="https://app.goodtime.example/panels/7",
)


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
    assert event["URL"] == "https://app.goodtime.example/panels/7"
    assert event["SEQUENCE"] == 3
    assert event["DTSTART"].dt == ONSITE.starts_at
    assert event["DTSTART"].params["TZID"] == "America/New_York"
    assert event["DTEND"].dt == ONSITE.ends_at
    assert event["DTSTAMP"].dt == event["LAST-MODIFIED"].dt == ONSITE.stamp


def test_a_cancelled_interview_is_a_cancel_with_the_same_uid():
    canceled = replace(ONSITE, canceled=True, tentative=True, sequence=4)

    assert parsed(invite(canceled))["METHOD"] == "CANCEL"
    assert vevent(canceled)["STATUS"] == "CANCELLED"
    assert vevent(canceled)["UID"] == vevent(ONSITE)["UID"]


def test_a_tentative_interview_is_a_tentative_event():
    assert vevent(replace(ONSITE, tentative=True))["STATUS"] == "TENTATIVE"


def test_the_uid_stays_over_reschedules_and_differs_between_interviews():
    later = ONSITE.starts_at + timedelta(days=3)
    moved = replace(ONSITE, sequence=9, starts_at=later, ends_at=later + timedelta(hours=1), timezone="UTC")

    assert vevent(moved)["UID"] == vevent(ONSITE)["UID"]
    assert vevent(replace(ONSITE, id="int_2"))["UID"] != vevent(ONSITE)["UID"]


def test_asking_twice_answers_the_same_text():
    assert invite(ONSITE) == invite(ONSITE)


def test_the_description_has_the_note_the_meeting_and_a_line_for_every_feedback_link():
    assert vevent(ONSITE)["DESCRIPTION"].splitlines() == [
        "Bring a laptop.",
        "",
        "Join: https://meet.example/abc?pwd=1,2;3",
        "Feedback of Ivo: https://ats.example/feedback/fbf_1",
        "Feedback of Una: https://ats.example/feedback/fbf_2",
    ]


def test_an_interview_without_a_room_is_held_at_its_meeting_url():
    assert vevent(replace(ONSITE, location=None))["LOCATION"] == ONSITE.meeting_url


def test_what_an_interview_does_not_have_its_invite_does_not_name():
    bare = vevent(replace(ONSITE, note=None, location=None, meeting_url=None, url=None, attendees=()))

    assert not {"LOCATION", "URL", "ATTENDEE", "DESCRIPTION"} & set(bare)


def test_the_guests_are_named_with_their_answer_and_asked_for_it():
    event = vevent(ONSITE)

    assert event["ORGANIZER"] == "mailto:rita@acme.example"
    assert event["ORGANIZER"].params["CN"] == "Rita Recruiter"
    assert [(str(guest), guest.params["CN"], guest.params["PARTSTAT"]) for guest in event["ATTENDEE"]] == [
        ("mailto:ivo@acme.example", "Ivo", "NEEDS-ACTION"),
        ("mailto:una+panel@acme.example", "Una", "ACCEPTED"),
        ("mailto:max@acme.example", "Max", "DECLINED"),
    ]
    assert {(guest.params["ROLE"], guest.params["RSVP"]) for guest in event["ATTENDEE"]} == {
        ("REQ-PARTICIPANT", "TRUE")
    }


@examples(100)
@given(subject=ANYTHING, note=ANYTHING, location=ANYTHING, name=ANYTHING, email=ANYTHING, url=ANYTHING)
def test_no_value_breaks_out_of_its_line(subject, note, location, name, email, url):
    guest = Attendee(name, email, "ACCEPTED", url)
    hostile = replace(
        ONSITE, id=url, subject=subject, note=note, location=location, meeting_url=url, url=url, attendees=(guest,),
        organizer_name=name, organizer_email=email,
    )  # fmt: skip

    lines = invite(hostile).replace("\r\n ", "").split("\r\n")

    assert lines.pop() == ""
    assert not any("\r" in line or "\n" in line for line in lines)
    inside = lines[lines.index("BEGIN:VEVENT") + 1 : lines.index("END:VEVENT")]
    names = [line.partition(":")[0].partition(";")[0] for line in inside]
    assert set(names) <= {
        "UID", "SEQUENCE", "DTSTAMP", "LAST-MODIFIED", "DTSTART", "DTEND", "STATUS", "SUMMARY", "DESCRIPTION",
        "LOCATION", "URL", "ORGANIZER", "ATTENDEE",
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
    assert event["DESCRIPTION"] == f"{note}\n\nFeedback of {name}: https://ats.example/f"
    assert event["ATTENDEE"].params["CN"] == name.replace("\\", "/")


@pytest.mark.parametrize("name", ["\\", "Ivo\\", "Ivo\\;PARTSTAT=DECLINED", "Ivo \\, of A\\B:\\"])
def test_a_backslash_in_a_name_hides_nothing_that_follows(name):
    event = vevent(replace(ONSITE, attendees=(Attendee(name, "ivo@acme.example", "ACCEPTED"),), organizer_name=name))

    guest = event["ATTENDEE"]
    assert guest.params == {
        "CN": name.replace("\\", "/"), "PARTSTAT": "ACCEPTED", "ROLE": "REQ-PARTICIPANT", "RSVP": "TRUE",
    }  # fmt: skip
    assert (guest, event["ORGANIZER"].params["CN"]) == ("mailto:ivo@acme.example", guest.params["CN"])


def test_a_path_with_a_capital_n_stays_a_path():
    assert r"DESCRIPTION:C:\\New\\x" in invite(replace(ONSITE, note=r"C:\New\x", meeting_url=None, attendees=()))


def test_no_comma_or_semicolon_ends_a_text():
    """By the letter: icalendar reads on where other calendars would cut the text off."""
    text = invite(replace(ONSITE, subject="Design, part 1; the rest", location="Room 4, 2nd floor; left"))

    assert r"SUMMARY:Design\, part 1\; the rest" in text
    assert r"LOCATION:Room 4\, 2nd floor\; left" in text


def test_line_ends_of_every_kind_are_line_breaks_of_the_note():
    note = vevent(replace(ONSITE, note="a\r\nb\rc\nd", meeting_url=None, attendees=()))["DESCRIPTION"]

    assert note == "a\nb\nc\nd"


@examples(100)
@given(st.emails())
def test_an_email_is_a_mailto_uri_that_decodes_to_it(email):
    (only,) = parsed(invite(replace(ONSITE, attendees=(Attendee("Ivo", email, "ACCEPTED"),)))).walk("VEVENT")

    assert unquote(only["ATTENDEE"].removeprefix("mailto:")) == email


@pytest.mark.parametrize("zone", ["UTC", "Etc/UTC"])
def test_in_utc_no_zone_is_spelled_out(zone):
    text = invite(replace(ONSITE, timezone=zone))

    assert "DTSTART:20260701T140000Z" in text
    assert "VTIMEZONE" not in text


def test_a_zone_is_spelled_out_for_the_year_of_the_interview_only():
    text = invite(ONSITE)

    assert "DTSTART:20260308T020000\r\nTZNAME:EDT\r\nTZOFFSETFROM:-0500\r\nTZOFFSETTO:-0400" in text
    assert len(text[: text.index("BEGIN:VEVENT")]) < 600


def test_a_zone_without_summer_time_has_one_offset():
    text = invite(replace(ONSITE, timezone="Asia/Kathmandu"))

    assert "DTSTART;TZID=Asia/Kathmandu:20260701T194500" in text
    assert text.count("TZOFFSETTO:+0545") == text.count("TZOFFSETTO") == 1


@pytest.mark.parametrize("year", [1, 1969, 2100, 9999])
def test_years_for_which_no_zone_has_rules_are_written_in_utc(year):
    start = datetime(year, 12, 31, 22, tzinfo=UTC) if year > 1 else datetime(1, 1, 1, tzinfo=UTC)

    event = vevent(replace(ONSITE, starts_at=start, ends_at=start + timedelta(hours=1)))

    assert event["DTSTART"].dt == start
    assert "TZID" not in event["DTSTART"].params


def offset_spelled_out(calendar: Calendar, local: datetime) -> timedelta:
    """As RFC 5545 3.6.5 says: the observance with the latest onset not after the local time."""
    (zone,) = calendar.walk("VTIMEZONE")
    observances = [part for part in zone.subcomponents if part["DTSTART"].dt <= local]
    return max(observances, key=lambda part: part["DTSTART"].dt)["TZOFFSETTO"].td


@pytest.mark.parametrize("start", [datetime(2026, month, 1, 3, 30, tzinfo=UTC) for month in (1, 3, 7)], ids=str)
def test_every_zone_spelled_out_gives_the_instant_of_the_interview(start):
    for name in REAL_ZONES:
        calendar = parsed(invite(replace(ONSITE, timezone=name, starts_at=start, ends_at=start + timedelta(hours=1))))
        local = start.astimezone(ZoneInfo(name)).replace(tzinfo=None)
        (event,) = calendar.walk("VEVENT")

        assert event["DTSTART"].dt == start
        assert not calendar.get_missing_tzids()
        if calendar.walk("VTIMEZONE"):
            assert local - offset_spelled_out(calendar, local) == start.replace(tzinfo=None)


@examples(100)
@given(
    minutes=st.integers(-180, 180),
    change=st.sampled_from([
        ("America/New_York", datetime(2026, 3, 8, 7, tzinfo=UTC)),
        ("Europe/Berlin", datetime(2026, 3, 29, 1, tzinfo=UTC)),
        ("Australia/Lord_Howe", datetime(2026, 10, 3, 15, 30, tzinfo=UTC)),
        ("Africa/Casablanca", datetime(2026, 3, 22, 2, tzinfo=UTC)),
    ]),
)  # fmt: skip
def test_around_a_spring_forward_the_zone_spelled_out_gives_the_instant(minutes, change):
    name, onset = change
    start = onset + timedelta(minutes=minutes)
    calendar = parsed(invite(replace(ONSITE, timezone=name, starts_at=start, ends_at=start + timedelta(minutes=5))))
    local = start.astimezone(ZoneInfo(name)).replace(tzinfo=None)

    assert local - offset_spelled_out(calendar, local) == start.replace(tzinfo=None)


def test_an_interview_over_new_year_has_the_offsets_of_both_years():
    start = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
    calendar = parsed(invite(replace(ONSITE, starts_at=start, ends_at=start + timedelta(hours=10))))

    assert calendar.walk("VTIMEZONE")[0].walk("DAYLIGHT")[-1]["DTSTART"].dt.date() == date(2027, 3, 14)
    assert not calendar.get_missing_tzids()
