"""The kinds of invites that readers are given: zones around the changes of their clocks, and texts that are hard."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import zones
from resolvers.calendar import Attendee, CalendarEvent

zones.use_newest_database()

#: The zones of invites that readers are given; tests/test_calendar_times.py writes and reads back every zone there is.
ZONES = (
    *("Africa/Casablanca", "America/Asuncion", "America/Caracas", "America/Havana", "America/New_York"),
    *("America/Nuuk", "America/Santiago", "America/Sao_Paulo", "America/Vancouver", "Antarctica/Troll"),
    *("Asia/Kathmandu", "Asia/Kolkata", "Asia/Shanghai", "Australia/Lord_Howe", "Europe/Dublin"),
    *("Europe/London", "Pacific/Chatham", "UTC"),
)

#: The years of the changes of clocks that are tried.
YEARS = datetime(2026, 1, 1, tzinfo=UTC), datetime(2029, 1, 1, tzinfo=UTC)
A_WEEK, A_MINUTE, HALF_AN_HOUR = timedelta(days=7), timedelta(minutes=1), timedelta(minutes=30)


def changes_of_clocks(zone: ZoneInfo) -> Iterator[datetime]:
    """The instants of 2026 to 2028, to the minute, at which the zone's offset changes; no two are within a week."""
    week, until = YEARS
    while week < until:
        early, late = week, week + A_WEEK
        before = offset_at(early, zone)
        if offset_at(late, zone) != before:
            while late - early > A_MINUTE:
                middle = early + (late - early) // A_MINUTE // 2 * A_MINUTE
                early, late = (middle, late) if offset_at(middle, zone) == before else (early, middle)
            yield late
        week += A_WEEK


def offset_at(instant: datetime, zone: ZoneInfo) -> timedelta:
    offset = instant.astimezone(zone).utcoffset()
    assert offset is not None
    return offset


PLAIN = CalendarEvent(
    uid="itv_01@callboard",
    sequence=3,
    subject="Onsite: system design",
    candidate="Carla Candidate",
    starts_at=datetime(2026, 12, 8, 15, tzinfo=UTC),
    ends_at=datetime(2026, 12, 8, 16, tzinfo=UTC),
    timezone="America/New_York",
    organizer_name="Rita Recruiter",
    organizer_email="rita@acme.example",
    attendees=(
        Attendee("Ivo", "ivo@acme.example", "NEEDS_ACTION", "https://ats.example/feedback/fbf_1"),
        Attendee("Una", "una+panel@acme.example", "ACCEPTED"),
    ),
    stamp=datetime(2026, 11, 20, 9, 30, tzinfo=UTC),
    note="Bring a laptop.",
    location="Room 4",
    meeting_url="https://meet.example/abc?pwd=1&id=2",
    url="https://app.goodtime.example/panels/7",
)

#: What is hard to read, as changes of the plain one.
HARD: dict[str, dict[str, Any]] = {
    "plain": {},
    "commas and semicolons": {"subject": "Design, part 1; the rest", "location": "Room 4, 2nd floor; left"},
    "colons and quotes": {"subject": 'About: "us"', "note": 'He said: "yes"'},
    "a backslash": {"note": "C:/temp\\x and \\\\server"},
    "a backslash before n": {"note": "C:\\new\\New"},
    "lines": {"note": "First\nSecond\n\n  Fourth, indented"},
    "a long line": {"subject": "x" * 500, "note": "word " * 400 + "end"},
    "letters of four bytes": {"subject": "日本語 🎉 " * 20 + "!", "location": "会議室"},
    "letters that combine": {"subject": "Cafe\u0301 naïve", "note": "שלום عربي"},
    "markup": {"subject": "<b>R&D</b>", "note": "a < b & c"},
    "what looks like a property": {"note": "BEGIN:VEVENT\nSUMMARY:no\nEND:VCALENDAR"},
    "names": {
        "organizer_name": "O'Neil, Ann; Lee: Inc",
        "attendees": (Attendee('Dr. Ann Lee, MD: "A"', "ann.o'neil@acme.example", "DECLINED"),),
    },
    "no video call": {"meeting_url": None},
    "nothing optional": {"note": None, "location": None, "meeting_url": None, "url": None},
    "tentative": {"tentative": True},
    "deleted": {"canceled": True},
    "taken off": {"taken_off": True},
    "the scheduler's UID": {"uid": "040000008200E00074C5B7101A82E00800000000;x@outlook,example"},
    "24 hours": {"ends_at": datetime(2026, 12, 9, 15, tzinfo=UTC)},
    "over midnight": {"starts_at": datetime(2026, 12, 9, 4, 30, tzinfo=UTC)},
    "many people": {
        "attendees": tuple(Attendee(f"Person {n}", f"person{n}@acme.example", "TENTATIVE") for n in range(50))
    },
    "nobody": {"attendees": ()},
}


#: What is read of an invite.
FIELDS = ("method", "uid", "sequence", "start", "end", "summary", "description", "location", "url", "status")
FIELDS += ("organizer", "attendees")


def kinds() -> dict[str, CalendarEvent]:
    """All kinds by their names: around a change of each zone's clocks, half a year from one, and what is hard."""
    october, july = (datetime(year, month, 1, 14, tzinfo=UTC) for year, month in ((2026, 10), (2027, 7)))
    events = {}
    for zone in ZONES:
        near = next((change for change in changes_of_clocks(ZoneInfo(zone)) if change > october), october)
        # In the second of the two hours that autumn repeats.
        events[zone] = at(near + HALF_AN_HOUR, timezone=zone)
    events |= {f"{zone} in July": at(july, timezone=zone) for zone in ZONES}
    return events | {name: at(changes.get("starts_at", PLAIN.starts_at), **changes) for name, changes in HARD.items()}


def at(start: datetime, **changes: Any) -> CalendarEvent:
    """The plain one at another time, an hour long, with these changes."""
    return replace(PLAIN, **{"starts_at": start, "ends_at": start + timedelta(hours=1), **changes})


def expected(event: CalendarEvent, description: str, method: str, status: str) -> dict[str, Any]:
    """What a reader must make of an invite, by field."""
    return {
        "method": method,
        "uid": event.uid,
        "sequence": event.sequence,
        "start": written(event.starts_at),
        "end": written(event.ends_at),
        "summary": event.subject,
        "description": description,
        "location": event.location or event.meeting_url,
        "url": event.meeting_url or event.url,
        "status": status,
        "organizer": event.organizer_email,
        "attendees": [
            [each.email, each.name.replace('"', "'"), each.partstat.replace("_", "-")] for each in event.attendees
        ],
    }


def written(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
