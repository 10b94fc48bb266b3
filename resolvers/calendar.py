"""An interview as its guests' calendars read it: RFC 5545 text, in which no value can break out of its line."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, vCalAddress, vText, vUri

#: What people read of an interview that a user has cancelled while its event lives on.
TAKEN_OFF = "The ATS has taken this interview off; the event stays on calendars until it is deleted in the scheduler."

_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_URL_UNSAFE = re.compile(r"[\s\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


@dataclass(frozen=True)
class Attendee:
    """An interviewer. `partstat` is a name of the contract's ResponseStatus, such as NEEDS_ACTION."""

    name: str
    email: str
    partstat: str
    feedback_url: str | None = None


@dataclass(frozen=True)
class CalendarEvent:
    """What an invite says. `id` never changes; times are aware. `timezone` is an IANA name: people read the time in it.

    `meeting_url` is where the video call takes place, `url` the panel in the scheduler. `canceled` is an event that was
    deleted in the scheduler; `taken_off` one that lives on, though the ATS has taken the interview off. `stamp` is the
    instant of the interview's last change: asking twice answers the same text.
    """

    id: str
    sequence: int
    subject: str
    candidate: str
    starts_at: datetime
    ends_at: datetime
    timezone: str
    organizer_name: str
    organizer_email: str
    attendees: tuple[Attendee, ...]
    stamp: datetime
    note: str | None = None
    location: str | None = None
    meeting_url: str | None = None
    url: str | None = None
    canceled: bool = False
    taken_off: bool = False
    tentative: bool = False


class _Text(vText):
    """A TEXT value escaped as RFC 5545 says. icalendar's own takes a backslash before a capital N for a line break."""

    def to_ical(self) -> bytes:
        return re.sub(r"([\\;,])", r"\\\1", self).replace("\n", r"\n").encode()


def invite(event: CalendarEvent) -> str:
    """The interview as a calendar of one event: METHOD REQUEST, or CANCEL once it was deleted in the scheduler.

    All instants are in UTC: calendar programs take a TZID for the zone that they know by that name, whatever rules
    are sent along, and a local time can't say which of the two hours it means that autumn repeats.
    """
    calendar = Calendar()
    calendar.add("prodid", "-//Callboard//Interviews//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "CANCEL" if event.canceled else "REQUEST")
    calendar.add_component(_vevent(event))
    text: bytes = calendar.to_ical()
    return text.decode()


def _vevent(event: CalendarEvent) -> Event:
    vevent = Event()
    vevent.add("uid", _line(f"{event.id}@callboard"))
    vevent.add("sequence", event.sequence)
    vevent.add("dtstamp", event.stamp.astimezone(UTC))
    vevent.add("last-modified", event.stamp.astimezone(UTC))
    vevent.add("dtstart", event.starts_at.astimezone(UTC))
    vevent.add("dtend", event.ends_at.astimezone(UTC))
    vevent.add("status", _status(event))
    vevent.add("summary", _line(event.subject))
    vevent.add("description", _description(event))
    if place := event.location or event.meeting_url:
        vevent.add("location", _line(place))
    if event.meeting_url:
        vevent.add("conference", _conference(event.meeting_url))
    if url := event.meeting_url or event.url:
        vevent.add("url", _url(url))
    vevent.add("organizer", _address(event.organizer_name, event.organizer_email))
    for attendee in event.attendees:
        vevent.add("attendee", _guest(attendee, rsvp=not event.canceled))
    return vevent


def _status(event: CalendarEvent) -> str:
    if event.canceled:
        return "CANCELLED"
    return "TENTATIVE" if event.tentative else "CONFIRMED"


def _conference(meeting_url: str) -> vUri:
    """The video call as RFC 7986 has it: the type of its value must be named."""
    conference = vUri(_url(meeting_url))
    conference.params["VALUE"] = "URI"
    conference.params["FEATURE"] = "VIDEO"
    return conference


def _description(event: CalendarEvent) -> _Text:
    head = f"Candidate: {_line(event.candidate)}\n{_local_time(event)}"
    taken_off = TAKEN_OFF if event.taken_off else None
    return _text("\n\n".join(filter(None, [head, taken_off, event.note, "\n".join(_links(event))])))


def _links(event: CalendarEvent) -> Iterator[str]:
    """The lines of the text that lead somewhere; the panel's own only where URL is the meeting's."""
    if event.meeting_url:
        yield f"Join: {_url(event.meeting_url)}"
        if event.url:
            yield f"In the scheduler: {_url(event.url)}"
    for attendee in event.attendees:
        if attendee.feedback_url:
            yield f"Feedback of {_line(attendee.name)}: {_url(attendee.feedback_url)}"


def _local_time(event: CalendarEvent) -> str:
    """When the interview is in the panel's zone: `Tuesday, December 8, 2026, 10:00–11:00 (America/New_York)`."""
    zone = ZoneInfo(event.timezone)
    start, end = event.starts_at.astimezone(zone), event.ends_at.astimezone(zone)
    until = f"–{_clock(end)}" if end.date() == start.date() else f" – {_day(end)}, {_clock(end)}"
    return f"{_day(start)}, {_clock(start)}{until} ({event.timezone})"


def _day(local: datetime) -> str:
    return f"{_DAYS[local.weekday()]}, {_MONTHS[local.month - 1]} {local.day}, {local.year}"


def _clock(local: datetime) -> str:
    """The time of day, with its offset where the clock shows it twice that day.

    No name of the offset: Vancouver's is PDT and then MST in 2026, and both are -07:00.
    """
    is_repeated = local.replace(fold=1 - local.fold).utcoffset() != local.utcoffset()
    return f"{local:%H:%M}" + (f" UTC{local.isoformat(timespec='seconds')[19:]}" if is_repeated else "")


def _guest(attendee: Attendee, *, rsvp: bool) -> vCalAddress:
    address = _address(attendee.name, attendee.email)
    address.params["ROLE"] = "REQ-PARTICIPANT"
    address.params["PARTSTAT"] = attendee.partstat.replace("_", "-")
    address.params["RSVP"] = str(rsvp).upper()
    return address


def _address(name: str, email: str) -> vCalAddress:
    address = vCalAddress("mailto:" + quote(_line(email), safe="@+!$'*"))
    # RFC 5545 has no escapes in a parameter, but readers take a backslash for one and lose what stands behind it; and
    # most show the ^' that RFC 6868 has for a quotation mark as it is.
    address.params["CN"] = str(_line(name) or _line(email)).replace("\\", "/").replace('"', "'")
    return address


def _text(value: str) -> _Text:
    """Line breaks as they are meant, and no other control character: RFC 5545 has no way to write one."""
    return _Text(_UNPRINTABLE.sub("", value.replace("\r\n", "\n").replace("\r", "\n")))


def _line(value: str) -> _Text:
    return _Text(_UNPRINTABLE.sub("", " ".join(value.split())))


def _url(value: str) -> str:
    return _URL_UNSAFE.sub("", value)
