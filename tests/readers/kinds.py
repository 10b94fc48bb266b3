"""The kinds of invites that readers are given: zones around the changes of their clocks, and texts that are hard."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from resolvers.calendar import Attendee, CalendarEvent

#: Zones with an instant near a change of their clocks, half an hour before or after it.
ZONES = {
    "Africa/Casablanca": "2027-02-07T02:30Z",
    "America/Asuncion": "2026-12-08T15:00Z",
    "America/Caracas": "2027-07-13T14:00Z",
    "America/Havana": "2026-11-01T05:30Z",
    "America/New_York": "2027-11-07T06:30Z",
    "America/Nuuk": "2027-03-28T00:30Z",
    "America/Santiago": "2027-04-04T02:30Z",
    "America/Sao_Paulo": "2027-02-21T02:30Z",
    "America/Vancouver": "2027-01-12T17:00Z",
    "Antarctica/Troll": "2027-03-28T00:30Z",
    "Asia/Kathmandu": "2026-12-08T15:00Z",
    "Asia/Kolkata": "2027-07-13T14:00Z",
    "Asia/Shanghai": "2026-12-08T02:00Z",
    "Australia/Lord_Howe": "2027-04-03T15:15Z",
    "Europe/Dublin": "2027-10-31T00:30Z",
    "Europe/London": "2027-10-31T01:30Z",
    "Pacific/Chatham": "2027-04-03T14:15Z",
    "UTC": "2026-12-08T15:00Z",
}

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


def kinds() -> dict[str, CalendarEvent]:
    """All kinds by their names: around a change of each zone's clocks, half a year from one, and what is hard."""
    july = datetime(2027, 7, 13, 14, tzinfo=UTC)
    events = {zone: at(datetime.fromisoformat(near), timezone=zone) for zone, near in ZONES.items()}
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
