"""The readers from PyPI, each as a function from a text to what it makes of it, by field."""

from typing import Any
from urllib.parse import unquote

import ics
import vobject
from ical.calendar_stream import IcsCalendarStream
from icalendar import Calendar, Component

from tests.readers.kinds import written

Reading = dict[str, Any]


def email(uri: object) -> str:
    return unquote(str(uri)).removeprefix("mailto:")


def with_icalendar(text: str) -> Reading:
    calendar = Calendar.from_ical(text)
    [event] = calendar.walk("VEVENT")
    assert not event.errors
    return {"method": str(calendar["METHOD"]), **event_reading(event)}


def event_reading(event: Component) -> Reading:
    """What icalendar makes of an event."""
    attendees = event.get("ATTENDEE", [])
    return {
        "uid": str(event["UID"]),
        "sequence": int(event["SEQUENCE"]),
        "start": written(event["DTSTART"].dt),
        "end": written(event["DTEND"].dt),
        "summary": str(event["SUMMARY"]),
        "description": str(event["DESCRIPTION"]),
        "location": str(event["LOCATION"]) if "LOCATION" in event else None,
        "url": str(event["URL"]) if "URL" in event else None,
        "status": str(event["STATUS"]) if "STATUS" in event else None,
        "organizer": email(event["ORGANIZER"]),
        "attendees": [
            [email(each), str(each.params["CN"]), each.params["PARTSTAT"]]
            for each in (attendees if isinstance(attendees, list) else [attendees])
        ],
    }


def with_ical(text: str) -> Reading:
    calendar = IcsCalendarStream.calendar_from_ics(text)
    [event] = calendar.events
    organizer = event.organizer
    return {
        "method": calendar.method,
        "uid": event.uid,
        "sequence": event.sequence,
        "start": written(event.dtstart),
        "end": written(event.dtend),
        "summary": event.summary,
        "description": event.description,
        "location": event.location,
        "url": str(event.url) if event.url is not None else None,
        "status": event.status.value if event.status is not None else None,
        "organizer": email(organizer.uri),
        "attendees": [[email(each.uri), each.common_name, each.status] for each in event.attendees],
    }


def with_vobject(text: str) -> Reading:
    calendar = vobject.readOne(text)
    event = calendar.vevent

    def value(name: str) -> Any:
        return getattr(event, name).value if hasattr(event, name) else None

    return {
        "method": calendar.method.value,
        "uid": value("uid"),
        "sequence": int(value("sequence")),
        "start": written(value("dtstart")),
        "end": written(value("dtend")),
        "summary": value("summary"),
        "description": value("description"),
        "location": value("location"),
        "url": value("url"),
        "status": value("status"),
        "organizer": email(value("organizer")),
        "attendees": [
            [email(each.value), each.params["CN"][0], each.params["PARTSTAT"][0]]
            for each in event.contents.get("attendee", [])
        ],
    }


def with_ics(text: str) -> Reading:
    calendar = ics.Calendar(text)
    [event] = calendar.events
    return {
        "method": calendar.method,
        "uid": event.uid,
        "start": written(event.begin.datetime),
        "end": written(event.end.datetime),
        "summary": event.name,
        "description": event.description,
        "location": event.location,
        "url": event.url,
        "status": event.status,
        "organizer": email(event.organizer.email),
        "attendees": sorted([email(each.email), each.common_name, each.partstat] for each in event.attendees),
    }


READERS = {"icalendar": with_icalendar, "ical": with_ical, "vobject": with_vobject, "ics": with_ics}
