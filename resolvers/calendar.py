"""An interview as its guests' calendars read it: RFC 5545 text, in which no value can break out of its line."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from urllib.parse import quote
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, vCalAddress, vDuration, vText, vUri
from icalendar.parser import Contentline, Parameters

#: What people read of an interview that a user has cancelled while its event lives on.
TAKEN_OFF = "The ATS has taken this interview off; the event stays on calendars until it is deleted in the scheduler."

_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_MAX_OCTETS = 75
_URL_UNSAFE = re.compile(r"[\s\x00-\x1f\x7f-\x9f\ud800-\udfff]")
#: Stands in the text of an event for what each reader is told.
_PLACEHOLDER = "-"
#: How often programs are asked to read a feed again.
_REFRESH = timedelta(hours=1)
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


@dataclass(frozen=True)
class Attendee:
    """Whoever is invited. `partstat` is a name of the contract's ResponseStatus, such as NEEDS_ACTION."""

    name: str
    email: str
    partstat: str
    feedback_url: str | None = None


@dataclass(frozen=True)
class CalendarEvent:
    """What is said of an interview. `uid` never changes; times are aware. People read them in `timezone`, an IANA name.

    `meeting_url` is where the video call takes place, `url` the panel in the scheduler. `canceled` is an event that was
    deleted in the scheduler; `taken_off` one that lives on, though the ATS has taken the interview off. `stamp` is the
    instant at which anything of this last changed: asking twice answers the same text. Where the organizer has no
    address that takes replies, `takes_replies` is false and nobody is asked for one.
    """

    uid: str
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
    takes_replies: bool = True


class _Text(vText):
    """A TEXT value escaped as RFC 5545 says. icalendar's own takes a backslash before a capital N for a line break."""

    def to_ical(self) -> bytes:
        return re.sub(r"([\\;,])", r"\\\1", self).replace("\n", r"\n").encode()


def invite(event: CalendarEvent) -> str:
    """The interview as a calendar of one event: METHOD REQUEST, or CANCEL once it was deleted in the scheduler.

    All instants are in UTC: calendar programs take a TZID for the zone that they know by that name, whatever rules
    are sent along, and a local time can't say which of the two hours it means that autumn repeats.
    """
    return next(_single(event, [describe(event, event.attendees)], event.attendees))


def personal_invites(event: CalendarEvent) -> Iterator[str]:
    """The same for each attendee, one after the other, with the feedback link of that one only."""
    return _single(event, (describe(event, (attendee,)) for attendee in event.attendees), event.attendees)


def departure(event: CalendarEvent, attendee: Attendee) -> str:
    """The cancel for somebody who was taken off: RFC 5546, 3.2.5. It says nothing of what became of the interview.

    The event's UID, subject, times, sequence and stamp are those of the departure.
    """
    calendar, bare = _calendar("CANCEL"), replace(event, canceled=True, location=None, meeting_url=None, url=None)
    vevent = _vevent(bare, "You are no longer on this interview.", (attendee,))
    # It would say that the interview takes place for nobody.
    del vevent["status"]
    calendar.add_component(vevent)
    return _written(calendar)


def candidate_invite(event: CalendarEvent, candidate: Attendee) -> str:
    """The interview as its candidate reads it: who interviews, but no note, feedback link or link to the scheduler."""
    names = ", ".join(_line(attendee.name) for attendee in event.attendees)
    people = f"With: {names}" if names else None
    join = f"Join: {_url(event.meeting_url)}" if event.meeting_url else None
    text = "\n\n".join(filter(None, [_local_time(event), people, join]))
    return next(_single(replace(event, url=None), [text], (candidate,)))


def feed(events: Iterable[tuple[CalendarEvent, Attendee]], name: str) -> str:
    """Interviews to subscribe to, each with what its reader is told: METHOD PUBLISH, and so without attendees."""
    calendar = _calendar("PUBLISH")
    for property in ("name", "x-wr-calname"):
        calendar.add(property, _line(name))
    calendar.add("refresh-interval", vDuration(_REFRESH), parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", vDuration(_REFRESH))
    for event, reader in events:
        calendar.add_component(_vevent(event, describe(event, (reader,)), ()))
    return _written(calendar)


def _single(event: CalendarEvent, descriptions: Iterable[str], attendees: Sequence[Attendee]) -> Iterator[str]:
    """The event as a calendar, once for each description: all other lines are written once for all of them."""
    calendar = _calendar("CANCEL" if event.canceled else "REQUEST")
    calendar.add_component(_vevent(event, _PLACEHOLDER, attendees))
    before, after = _written(calendar).split(f"\r\nDESCRIPTION:{_PLACEHOLDER}\r\n")
    for description in descriptions:
        line = Contentline.from_parts("DESCRIPTION", Parameters(), _text(description))
        yield f"{before}\r\n{_folded(line)}\r\n{after}"


def _calendar(method: str) -> Calendar:
    calendar = Calendar()
    calendar.add("prodid", "-//Callboard//Interviews//EN")
    calendar.add("version", "2.0")
    calendar.add("method", method)
    return calendar


def _written(calendar: Calendar) -> str:
    """The calendar as text, as icalendar writes it; its own way over each character takes longer than all the rest."""
    return "".join(f"{_folded(line)}\r\n" for line in calendar.content_lines() if line)


def _folded(line: str) -> str:
    """A content line in lines of less than 75 bytes. No line ends in the middle of a character, or of an escape."""
    octets, parts, start = line.encode(), [], 0
    while len(octets) - start >= _MAX_OCTETS:
        end = start + _MAX_OCTETS - 1
        while octets[end] & 0xC0 == 0x80:
            end -= 1
        if octets[end - 1] in b"\\^" and end - 1 > start:
            end -= 1
        parts.append(octets[start:end])
        start = end
    return b"\r\n ".join([*parts, octets[start:]]).decode()


def _vevent(event: CalendarEvent, description: str, attendees: Sequence[Attendee]) -> Event:
    vevent = Event()
    vevent.add("uid", _text(event.uid))
    vevent.add("sequence", event.sequence)
    vevent.add("dtstamp", event.stamp.astimezone(UTC))
    vevent.add("last-modified", event.stamp.astimezone(UTC))
    vevent.add("dtstart", event.starts_at.astimezone(UTC))
    vevent.add("dtend", event.ends_at.astimezone(UTC))
    vevent.add("status", _status(event))
    vevent.add("summary", _line(event.subject))
    vevent.add("description", _text(description))
    if place := event.location or event.meeting_url:
        vevent.add("location", _line(place))
    if event.meeting_url:
        vevent.add("conference", _conference(event.meeting_url))
    if url := event.meeting_url or event.url:
        vevent.add("url", _url(url))
    vevent.add("organizer", _address(event.organizer_name, event.organizer_email))
    for attendee in attendees:
        vevent.add("attendee", _guest(attendee, asks=event.takes_replies and not event.canceled))
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


def describe(event: CalendarEvent, readers: Iterable[Attendee]) -> str:
    """The text of the event, with the feedback links of these people."""
    head = f"Candidate: {_line(event.candidate)}\n{_local_time(event)}"
    taken_off = TAKEN_OFF if event.taken_off else None
    return "\n\n".join(filter(None, [head, taken_off, event.note, "\n".join(_links(event, readers))]))


def _links(event: CalendarEvent, readers: Iterable[Attendee]) -> Iterator[str]:
    """The lines of the text that lead somewhere; the panel's own only where URL is the meeting's."""
    if event.meeting_url:
        yield f"Join: {_url(event.meeting_url)}"
        if event.url:
            yield f"In the scheduler: {_url(event.url)}"
    for reader in readers:
        if reader.feedback_url:
            yield f"Feedback of {_line(reader.name)}: {_url(reader.feedback_url)}"


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


def _guest(attendee: Attendee, *, asks: bool) -> vCalAddress:
    """An attendee, who is asked for an answer unless there is one already."""
    address = _address(attendee.name, attendee.email)
    address.params["ROLE"] = "REQ-PARTICIPANT"
    address.params["PARTSTAT"] = attendee.partstat.replace("_", "-")
    address.params["RSVP"] = str(asks and attendee.partstat == "NEEDS_ACTION").upper()
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
