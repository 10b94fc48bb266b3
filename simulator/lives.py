"""What GoodTime means: panels as a scheduler remembers them, and the lives it leads them through. Nothing here is sent.

Every act says beforehand what may come back, and what must stand once it is answered.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from simulator.documents import JsonObject

ZONES: Final = ("America/New_York", "America/Los_Angeles", "America/Sao_Paulo", "Europe/London", "Europe/Berlin",
                "Asia/Kolkata", "Asia/Tokyo", "Australia/Sydney")  # fmt: skip
SUBJECTS: Final = ("Phone screen", "System design", "Pair programming", "Values", "Hiring manager", "Café chat")
ROOMS: Final = ("Ada Lovelace", "Room 4.12", "Grace Hopper; 2nd floor, left", None)


class Person(NamedTuple):
    id: str
    email: str


@dataclass(frozen=True)
class Seat:
    """One interviewer of an event; `template` is the id of a feedback template given for them alone."""

    person: Person
    template: str | None


@dataclass(frozen=True)
class Event:
    """One interview as GoodTime means it; `starts_at` is in the panel's zone."""

    external_id: str
    subject: str
    starts_at: datetime
    minutes: int
    location: str | None
    meeting_url: str | None
    template: str | None
    seats: tuple[Seat, ...]

    def declared(self) -> dict[str, object]:
        """The event as an `InterviewInput`; people are named by email and by id in turn."""
        return {
            "externalId": self.external_id,
            "subject": self.subject,
            "startsAt": self.starts_at.isoformat(),
            "durationMinutes": self.minutes,
            "location": self.location,
            "meetingUrl": self.meeting_url,
            "feedbackTemplateId": self.template,
            "interviewers": [
                {"userId" if place % 2 else "email": seat.person[place % 2 == 0], "feedbackTemplateId": seat.template}
                for place, seat in enumerate(self.seats)
            ],
        }


@dataclass(frozen=True)
class Panel:
    """One revision of a panel as GoodTime means it."""

    external_id: str
    candidate_id: str
    timezone: str
    tentative: bool
    events: tuple[Event, ...]
    sequence: int = 1
    canceled: bool = False

    def revised(self, **changes: Any) -> "Panel":
        return replace(self, sequence=self.sequence + 1, **changes)

    def without(self, event: Event) -> tuple[Event, ...]:
        return tuple(each for each in self.events if each.external_id != event.external_id)

    def having(self, event: Event) -> "Panel":
        """The next revision, with this event as a new one or in the place of the one with its id."""
        return self.revised(events=(*self.without(event), event))


@dataclass(frozen=True)
class Act:
    """One request: which outcomes may come back, and what the server must show from then on."""

    kind: str
    mutation: str
    input: dict[str, object]
    outcomes: frozenset[str]
    meant: Panel | None
    cut: bool = False
    "The connection is cut before the answer is read, and the request sent again."


def push(kind: str, panel: Panel, *outcomes: str, meant: Panel | None = None) -> Act:
    """The whole panel, declared; `meant` is what stands afterwards if it isn't this."""
    declared = {
        "externalId": panel.external_id,
        "candidateId": panel.candidate_id,
        "sequence": panel.sequence,
        "externalUrl": f"https://app.goodtime.example/panels/{panel.external_id}",
        "timezone": panel.timezone,
        "tentative": panel.tentative,
        "interviews": [event.declared() for event in panel.events],
    }
    return Act(kind, "upsertInterviewPanel", declared, frozenset(outcomes), meant or panel)


def push_event(kind: str, panel: Panel, event: Event, *outcomes: str) -> Act:
    """One event, declared; `panel` is what stands afterwards."""
    declared = {
        "panelExternalId": panel.external_id,
        "candidateId": panel.candidate_id,
        "sequence": panel.sequence,
        "timezone": panel.timezone,
        "interview": event.declared(),
    }
    return Act(kind, "upsertInterview", declared, frozenset(outcomes), panel)


def cancel(kind: str, meant: Panel) -> Act:
    declared = {"externalId": meant.external_id, "sequence": meant.sequence, "reason": "Deleted in GoodTime"}
    return Act(kind, "cancelInterviewPanel", declared, frozenset({"CANCELED"}), meant)


def cancel_event(panel: Panel, event: Event) -> Act:
    """Cancels one event; with its last one the panel is gone, too."""
    left = panel.without(event)
    meant = panel.revised(events=left) if left else panel.revised(canceled=True)
    declared = {"panelExternalId": panel.external_id, "externalId": event.external_id, "sequence": meant.sequence}
    return Act("cancel interview", "cancelInterview", declared, frozenset({"CANCELED"}), meant)


@dataclass(frozen=True)
class Planner:
    """Makes up panels and their lives; equal random numbers make equal lives."""

    random: Random
    staff: Sequence[Person]
    templates: Sequence[str]
    now: datetime

    def life(self, external_id: str, candidate_id: str) -> Iterator[Act]:
        """All that happens to one panel, from its first request to its meant final state."""
        acts = self.beginning(self.panel(external_id, candidate_id))
        for _ in range(self.random.randint(3, 7)):
            for act in acts:
                yield replace(act, cut=self.random.random() < 0.1)
            meant = acts[-1].meant
            assert meant is not None, "a beginning and a change end with a panel"
            acts = self.change(meant)

    def beginning(self, panel: Panel) -> list[Act]:
        first = panel.events[0]
        alone = replace(panel, events=(first,), tentative=False)
        gone = panel.revised(canceled=True)
        unseen = replace(cancel("cancel unseen", gone), outcomes=frozenset({"UNKNOWN"}), meant=None)
        pushed = [push("push", panel, "CREATED")]
        by_event = [push_event("push interview", alone, first, "CREATED")]
        tombstone = [unseen, push("late", panel, "STALE_IGNORED", meant=gone)]
        return self.random.choice([pushed, pushed, pushed, by_event, tombstone])

    def change(self, panel: Panel) -> list[Act]:
        """One of the things that a scheduler does next with this panel."""
        moved = self.moved(panel)
        if panel.canceled:
            back = [push("bring back", replace(moved, canceled=False), "RESTORED")]
            return self.random.choice([back, back, [cancel("cancel again", panel.revised())]])
        event = self.random.choice(panel.events)
        later = replace(event, starts_at=event.starts_at + timedelta(days=7), location=self.random.choice(ROOMS))
        added = self.event(f"{panel.external_id}-{panel.sequence}", self.day(panel.timezone))
        fewer = panel.revised(events=panel.without(event))
        newest = self.moved(moved)
        gone = panel.revised(canceled=True)
        reschedule = push("reschedule", moved, "UPDATED")
        again = replace(reschedule, kind="send again", outcomes=frozenset({"UNCHANGED"}))
        return self.random.choice([
            [reschedule],
            [push_event("reschedule one", panel.having(later), later, "UPDATED")],
            [push_event("add interview", panel.having(added), added, "CREATED", "UPDATED")],
            [push("change people", panel.having(replace(event, seats=self.seats())), "UPDATED", "UNCHANGED")],
            [push("drop interview", fewer, "UPDATED") if fewer.events else reschedule],
            [cancel_event(panel, event)],
            [cancel("cancel panel", gone)],
            [reschedule, again, push("late", panel, "STALE_IGNORED", meant=moved)],
            [push("reschedule", newest, "UPDATED"), push("late", moved, "STALE_IGNORED", meant=newest)],
            [  # Between the stored content and the cancel: the cancelled panel takes the late content.
                cancel("cancel panel", replace(gone, sequence=newest.sequence)),
                push("late", moved, "STALE_IGNORED", meant=moved.revised(canceled=True)),
            ],
        ])  # fmt: skip

    def panel(self, external_id: str, candidate_id: str) -> Panel:
        zone = self.random.choice(ZONES)
        starts_at, events = self.day(zone), []
        for letter in "abcd"[: self.random.randint(1, 4)]:
            events.append(self.event(f"{external_id}-{letter}", starts_at))
            starts_at += timedelta(minutes=events[-1].minutes)
        return Panel(external_id, candidate_id, zone, self.random.random() < 0.2, tuple(events))

    def day(self, zone: str) -> datetime:
        """Between 9 and 12 o'clock on a working day of the coming two weeks."""
        today = self.now.astimezone(ZoneInfo(zone)).replace(minute=0, second=0, microsecond=0)
        days = (today + timedelta(days=ahead) for ahead in range(1, 15))
        day = self.random.choice([day for day in days if day.weekday() < 5])
        return day.replace(hour=self.random.randint(9, 12))

    def moved(self, panel: Panel) -> Panel:
        """The next revision, on another day or hour, its events as far apart as they were."""
        shift = self.day(panel.timezone) - min(event.starts_at for event in panel.events) or timedelta(days=7)
        return panel.revised(events=tuple(replace(each, starts_at=each.starts_at + shift) for each in panel.events))

    def event(self, external_id: str, starts_at: datetime) -> Event:
        room = self.random.choice(ROOMS)
        video = None if room else f"https://meet.goodtime.example/{external_id}"
        subject, minutes = self.random.choice(SUBJECTS), self.random.choice((30, 45, 60))
        return Event(external_id, subject, starts_at, minutes, room, video, self.template(), self.seats())

    def seats(self) -> tuple[Seat, ...]:
        people = self.random.sample(self.staff, min(len(self.staff), self.random.randint(1, 3)))
        return tuple(Seat(person, self.template()) for person in people)

    def template(self) -> str | None:
        return self.random.choice(self.templates) if self.templates and self.random.random() < 0.6 else None


def differences(meant: Panel | None, shown: JsonObject | None) -> list[str]:
    """What the server shows of a panel otherwise than it was meant; a cancel by a user of the ATS is no difference."""
    if meant is None or shown is None:
        return [] if shown is None and meant is None else [f"meant {meant}, shown {shown}"]
    events = {event.external_id: event for event in meant.events}
    there = {interview["externalId"]: interview for interview in shown["interviews"]}
    if not meant.canceled:
        there = {name: interview for name, interview in there.items() if not deleted(interview)}
    pairs: list[tuple[str, object, object]] = [
        ("sequence", meant.sequence, shown["sequence"]),
        ("canceled", meant.canceled, deleted(shown)),
        ("timezone", meant.timezone, shown["timezone"]),
        ("tentative", meant.tentative and not shown["cancellation"], shown["status"] == "TENTATIVE"),
        ("interviews", events.keys(), there.keys() & events.keys() if meant.canceled else there.keys()),
    ]
    for name in events.keys() & there.keys():
        pairs += _event_pairs(events[name], there[name])
        pairs.append((f"{name} voided forms", 0, 0 if shown["cancellation"] else _voided_forms(there[name])))
    return [f"{what}: meant {this}, shown {that}" for what, this, that in pairs if this != that]


def _event_pairs(event: Event, interview: JsonObject) -> list[tuple[str, object, object]]:
    """What of an event can differ: its name, what is meant, and what is shown."""
    name, people = event.external_id, {each["user"]["email"] for each in interview["interviewers"]}
    return [
        (f"{name} subject", event.subject, interview["subject"]),
        (f"{name} start", event.starts_at, datetime.fromisoformat(interview["startsAt"])),
        (f"{name} minutes", event.minutes, interview["durationMinutes"]),
        (f"{name} place", (event.location, event.meeting_url), (interview["location"], interview["meetingUrl"])),
        (f"{name} people", {seat.person.email for seat in event.seats}, people),
    ]


def _voided_forms(interview: JsonObject) -> int:
    forms = [each["feedbackForm"] for each in interview["interviewers"]]
    return sum(form is not None and form["status"] == "VOIDED" for form in forms)


def deleted(shown: JsonObject) -> bool:
    """Whether this panel or interview is cancelled by the scheduler, as the server has it."""
    return bool(shown["cancellation"]) and shown["cancellation"]["origin"] == "SCHEDULER"
