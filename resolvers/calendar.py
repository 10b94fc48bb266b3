"""An interview as its guests' calendars read it: RFC 5545 text, in which no value can break out of its line."""

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from urllib.parse import quote
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, Timezone, TimezoneDaylight, TimezoneStandard, vCalAddress, vText

_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_URL_UNSAFE = re.compile(r"[\s\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_ZONED_YEARS = range(1970, 2100)
_DAY_MINUTES = 1_440
_UTC_NAMES = frozenset({"UTC", "Etc/UTC", "UCT", "Etc/UCT", "Zulu", "Etc/Zulu", "Universal", "Etc/Universal"})


@dataclass(frozen=True)
class Attendee:
    """An interviewer. `partstat` is a name of the contract's ResponseStatus, such as NEEDS_ACTION."""

    name: str
    email: str
    partstat: str
    feedback_url: str | None = None


@dataclass(frozen=True)
class CalendarEvent:
    """What an invite says. `id` never changes; times are aware and `timezone` is an IANA name.

    `stamp` is the instant of the interview's last change, so that asking twice answers the same text.
    """

    id: str
    sequence: int
    subject: str
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
    tentative: bool = False


class _Text(vText):
    """A TEXT value escaped as RFC 5545 says. icalendar's own takes a backslash before a capital N for a line break."""

    def to_ical(self) -> bytes:
        return re.sub(r"([\\;,])", r"\\\1", self).replace("\n", r"\n").encode()


def invite(event: CalendarEvent) -> str:
    """The interview as a calendar of one event: METHOD REQUEST, or CANCEL once it is cancelled."""
    calendar = Calendar()
    calendar.add("prodid", "-//Callboard//Interviews//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "CANCEL" if event.canceled else "REQUEST")
    years = event.starts_at.astimezone(UTC).year, event.ends_at.astimezone(UTC).year
    if event.timezone in _UTC_NAMES or not all(year in _ZONED_YEARS for year in years):
        calendar.add_component(_vevent(event, UTC))
    else:
        calendar.add_component(_vtimezone(event.timezone, *years))
        calendar.add_component(_vevent(event, ZoneInfo(event.timezone)))
    text: bytes = calendar.to_ical()
    return text.decode()


def _vevent(event: CalendarEvent, zone: tzinfo) -> Event:
    vevent = Event()
    vevent.add("uid", _line(f"{event.id}@callboard"))
    vevent.add("sequence", event.sequence)
    vevent.add("dtstamp", event.stamp.astimezone(UTC))
    vevent.add("last-modified", event.stamp.astimezone(UTC))
    vevent.add("dtstart", event.starts_at.astimezone(zone))
    vevent.add("dtend", event.ends_at.astimezone(zone))
    vevent.add("status", "CANCELLED" if event.canceled else "TENTATIVE" if event.tentative else "CONFIRMED")
    vevent.add("summary", _line(event.subject))
    if description := _description(event):
        vevent.add("description", description)
    if place := event.location or event.meeting_url:
        vevent.add("location", _line(place))
    if event.url:
        vevent.add("url", _url(event.url))
    vevent.add("organizer", _address(event.organizer_name, event.organizer_email))
    for attendee in event.attendees:
        vevent.add("attendee", _guest(attendee, rsvp=not event.canceled))
    return vevent


def _description(event: CalendarEvent) -> _Text:
    links = [f"Join: {_url(event.meeting_url)}"] if event.meeting_url else []
    links += [
        f"Feedback of {_line(attendee.name)}: {_url(attendee.feedback_url)}"
        for attendee in event.attendees
        if attendee.feedback_url
    ]
    return _text("\n\n".join(filter(None, [event.note, "\n".join(links)])))


def _guest(attendee: Attendee, *, rsvp: bool) -> vCalAddress:
    address = _address(attendee.name, attendee.email)
    address.params["ROLE"] = "REQ-PARTICIPANT"
    address.params["PARTSTAT"] = attendee.partstat.replace("_", "-")
    address.params["RSVP"] = str(rsvp).upper()
    return address


def _address(name: str, email: str) -> vCalAddress:
    address = vCalAddress("mailto:" + quote(_line(email), safe="@+!$'*"))
    # No escape in a parameter by the letter of RFC 5545, but readers take it for one and lose what stands behind it.
    address.params["CN"] = str(_line(name) or _line(email)).replace("\\", "/")
    return address


def _text(value: str) -> _Text:
    """Line breaks as they are meant, and no other control character: RFC 5545 has no way to write one."""
    return _Text(_UNPRINTABLE.sub("", value.replace("\r\n", "\n").replace("\r", "\n")))


def _line(value: str) -> _Text:
    return _Text(_UNPRINTABLE.sub("", " ".join(value.split())))


def _url(value: str) -> str:
    return _URL_UNSAFE.sub("", value)


@lru_cache(maxsize=1_000)
def _vtimezone(name: str, first_year: int, last_year: int) -> Timezone:
    """The zone's offsets in those years, and no more: unbounded, it would be a hundred lines to an invite.

    Built here, since icalendar's own begins summer time an hour late.
    """
    zone = ZoneInfo(name)
    start, end = datetime(first_year, 1, 1, tzinfo=UTC) - timedelta(days=1), datetime(last_year + 1, 1, 2, tzinfo=UTC)
    vtimezone = Timezone()
    vtimezone.add("tzid", name)
    offset = _offset(start, zone)
    for onset in [start, *_transitions(zone, start, end)]:
        local = onset.astimezone(zone)
        observance = TimezoneDaylight() if local.dst() else TimezoneStandard()
        observance.add("dtstart", (onset + offset).replace(tzinfo=None))
        observance.add("tzoffsetfrom", offset)
        offset = _offset(onset, zone)
        observance.add("tzoffsetto", offset)
        observance.add("tzname", local.tzname())
        vtimezone.add_component(observance)
    return vtimezone


def _transitions(zone: ZoneInfo, start: datetime, end: datetime) -> Iterator[datetime]:
    """The instants, to the minute, at which the zone's offset changes."""
    while start < end:
        before, day = _offset(start, zone), start
        start += timedelta(days=1)
        if _offset(start, zone) != before:
            yield day + timedelta(minutes=_first_minute(day, zone, before))


def _first_minute(day: datetime, zone: ZoneInfo, before: timedelta) -> int:
    return bisect_left(range(_DAY_MINUTES), True, key=lambda n: _offset(day + timedelta(minutes=n), zone) != before)


def _offset(instant: datetime, zone: ZoneInfo) -> timedelta:
    return instant.astimezone(zone).utcoffset() or timedelta()
