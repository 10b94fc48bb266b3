"""People's calendars: what they keep of the invites that GoodTime passes on, as RFC 5546 has it."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from icalendar import Calendar, Component

from simulator.documents import JsonObject
from simulator.lives import Panel

Place = tuple[str, str]
"Somebody's email and the UID of an event: where an event is."


@dataclass
class Arranged:
    """A panel on GoodTime's side: what is meant of it, and what people's calendars have of it."""

    external_id: str
    meant: Panel | None = None
    panel_id: str | None = None
    events: dict[Place, Component] = field(default_factory=dict)
    "What is on the calendars now."
    revisions: dict[Place, tuple[int, str]] = field(default_factory=dict)
    "SEQUENCE and DTSTAMP of the newest that each person was sent of an event."
    uids: dict[str, str] = field(default_factory=dict)
    "By interview."
    links: dict[Place, str] = field(default_factory=dict)
    "Feedback links by email and UID."

    def keep(self, panel: JsonObject) -> Iterator[str]:
        """Pass on the invites that the server answered; yields what is wrong with the answer."""
        self.panel_id = self.panel_id or panel["id"]
        if self.panel_id != panel["id"]:
            yield "has become another panel"
        for interview in panel["interviews"]:
            name, uid = interview["externalId"], interview["calendarUid"]
            if self.uids.setdefault(name, uid) != uid:
                yield f"{name} is another event on calendars"
            for invite in interview["calendarInvites"]:
                yield from self._receive(name, invite)
            yield from self._keep_links(interview)

    def _receive(self, name: str, invite: JsonObject) -> Iterator[str]:
        """Somebody's calendar takes an invite, unless it knows a newer one; yields what is wrong with it."""
        email, calendar = invite["user"]["email"], Calendar.from_ical(invite["text"])
        [event] = calendar.walk("VEVENT")
        place, revision = (email, str(event["UID"])), (int(str(event["SEQUENCE"])), str(event.decoded("DTSTAMP")))
        if calendar["METHOD"] != invite["method"] or event["UID"] != self.uids[name]:
            yield f"{name}: the invite of {email} is not what it is called"
        if revision < self.revisions.get(place, revision):
            yield f"{name}: the invite of {email} has gone back"
            return
        self.revisions[place] = revision
        if calendar["METHOD"] == "CANCEL":
            self.events.pop(place, None)
        else:
            self.events[place] = event

    def _keep_links(self, interview: JsonObject) -> Iterator[str]:
        """Remember feedback links, which must stay the same, each in its person's invite and in no other."""
        name, uid = interview["externalId"], interview["calendarUid"]
        forms = {each["user"]["email"]: each["feedbackForm"] for each in interview["interviewers"]}
        links = {email: form["url"] for email, form in forms.items() if form and form["status"] != "VOIDED"}
        for email, url in links.items():
            if self.links.setdefault((email, uid), url) != url:
                yield f"{name}: the feedback link of {email} has changed"
        for email in forms:
            text = self.events[email, uid].get("DESCRIPTION", "") if (email, uid) in self.events else None
            shown = {other for other, url in links.items() if text is not None and url in text}
            if text is not None and shown != {email} & links.keys():
                yield f"{name}: the invite of {email} lacks their feedback link, or has another's"

    @property
    def meant_places(self) -> set[Place]:
        """Where events must be: on the calendars of those who sit on the interviews."""
        if self.meant is None or self.meant.canceled:
            return set()
        return {
            (seat.person.email, self.uids[event.external_id]) for event in self.meant.events for seat in event.seats
        }
