"""When an interview is, in its invite: an instant for calendars, a local time for people."""

import re
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from resolvers.calendar import (
    CalendarEvent,
    invite,
)
from tests.readers.kinds import A_MINUTE, YEARS, changes_of_clocks
from tests.test_calendar import BRIEF, ONSITE, REAL_ZONES, vevent

pytestmark = pytest.mark.once


def at(start: str, zone: str, **length: float) -> CalendarEvent:
    """An interview of an hour, or of that length, in that zone."""
    starts_at = datetime.fromisoformat(start)
    return replace(ONSITE, timezone=zone, starts_at=starts_at, ends_at=starts_at + timedelta(**length or {"hours": 1}))


def local_time(event: CalendarEvent) -> str:
    """When the interview is, as the people who read its invite are told."""
    return vevent(event)["DESCRIPTION"].splitlines()[1]


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Kathmandu"])
def test_every_instant_is_written_in_utc_and_no_zone_is_named(zone):
    text = invite(replace(ONSITE, timezone=zone))

    assert "\r\nDTSTART:20260701T140000Z\r\nDTEND:20260701T150000Z\r\n" in text
    assert "\r\nDTSTAMP:20260620T093000Z\r\n" in text
    assert "\r\nLAST-MODIFIED:20260620T093000Z\r\n" in text
    assert not {"TZID", "VTIMEZONE"} & set(re.split(r"[:;=\r\n]+", text))


@pytest.mark.parametrize(
    ("start", "zone", "expected"),
    [
        ("2026-12-08T15:00Z", "America/New_York", "Tuesday, December 8, 2026, 10:00–11:00 (America/New_York)"),
        ("2027-07-13T14:00Z", "America/New_York", "Tuesday, July 13, 2027, 10:00–11:00 (America/New_York)"),
        ("2026-07-01T14:00Z", "Asia/Kathmandu", "Wednesday, July 1, 2026, 19:45–20:45 (Asia/Kathmandu)"),
        ("2026-07-01T14:00Z", "UTC", "Wednesday, July 1, 2026, 14:00–15:00 (UTC)"),
        ("2026-07-01T11:30Z", "Asia/Kolkata", "Wednesday, July 1, 2026, 17:00–18:00 (Asia/Kolkata)"),
    ],
)
def test_people_read_the_time_in_the_panels_zone(start, zone, expected):
    assert local_time(at(start, zone)) == expected


def test_an_interview_over_midnight_names_both_days():
    event = at("2027-01-01T04:30Z", "America/New_York", hours=10)

    assert local_time(event) == "Thursday, December 31, 2026, 23:30 – Friday, January 1, 2027, 09:30 (America/New_York)"


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        ("2027-11-07T04:30Z", "00:30–01:30 UTC-04:00"),
        ("2027-11-07T05:30Z", "01:30 UTC-04:00–01:30 UTC-05:00"),
        ("2027-11-07T06:30Z", "01:30 UTC-05:00–02:30"),
        ("2027-11-07T07:30Z", "02:30–03:30"),
    ],
)
def test_in_the_hour_that_autumn_repeats_the_time_has_its_offset(start, expected):
    event = at(start, "America/New_York")

    assert local_time(event) == f"Sunday, November 7, 2027, {expected} (America/New_York)"
    assert (vevent(event)["DTSTART"].dt, vevent(event)["DTEND"].dt) == (event.starts_at, event.ends_at)


def test_a_fraction_of_a_second_does_not_hide_the_offset():
    assert "01:30 UTC-05:00–02:30 " in local_time(at("2027-11-07T06:30:00.250Z", "America/New_York"))


@pytest.mark.parametrize(
    "start", ["1901-01-01T00:00Z", "1969-12-31T23:59:59Z", "2100-12-31T22:00Z", "9998-12-31T22:00Z"]
)
@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Etc/GMT+12", "Africa/Monrovia"])
def test_any_year_that_the_contract_takes_is_written(start, zone):
    event = at(start, zone, hours=24)

    assert vevent(event)["DTSTART"].dt == event.starts_at
    assert local_time(event).endswith(f"({zone})")


def read_by_people(text: str) -> tuple[datetime, datetime]:
    """The instants that a local time in an invite means to whoever knows the zone's clock."""
    zone = ZoneInfo(text[text.index("(") + 1 : -1])
    start, end = re.split(" ?– ?", text[: text.index(" (")])
    return instant_read(start, zone), instant_read(end if "," in end else f"{start.rpartition(', ')[0]}, {end}", zone)


def instant_read(text: str, zone: ZoneInfo) -> datetime:
    clock, _, offset = text.partition(" UTC")
    if offset:
        return datetime.strptime(f"{clock} {offset}", "%A, %B %d, %Y, %H:%M %z")
    local = datetime.strptime(clock, "%A, %B %d, %Y, %H:%M").replace(tzinfo=zone)
    assert local.utcoffset() == local.replace(fold=1).utcoffset(), f"{text} is two instants, or none"
    return local


def test_around_every_change_of_clocks_in_every_zone_calendars_and_people_read_the_instant():
    """From half an hour before each change, and from half an hour after it: both of the hours that autumn repeats."""
    changed = 0
    for name in REAL_ZONES:
        changes = list(changes_of_clocks(ZoneInfo(name)))
        changed += len(changes)
        for start in (YEARS[0], *(change + minutes * A_MINUTE for change in changes for minutes in (-30, 30))):
            written = replace(BRIEF, timezone=name, starts_at=start, ends_at=start + timedelta(hours=1))
            event = vevent(written)

            assert (event["DTSTART"].dt, event["DTEND"].dt) == (written.starts_at, written.ends_at)
            assert read_by_people(event["DESCRIPTION"].splitlines()[1]) == (written.starts_at, written.ends_at)
    assert changed > 1_000
