"""Panels in memory, which every contender of `execution.py` answers from."""

import enum
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import strawberry

PANELS = 26


@strawberry.enum
class Status(enum.Enum):
    SCHEDULED = "scheduled"
    PENDING = "pending"
    ACCEPTED = "accepted"


@dataclass
class User:
    id: str
    name: str
    email: str


@dataclass
class Form:
    id: str
    url: str
    status: Status


@dataclass(eq=False)
class Interviewer:
    response_status: Status
    feedback_required: bool
    user: User
    form: Form


@dataclass(eq=False)
class Interview:
    id: str
    subject: str
    location: str | None
    starts_at: datetime
    ends_at: datetime
    duration_minutes: int
    interviewers: list[Interviewer]


@dataclass(eq=False)
class Panel:
    id: str
    external_id: str
    note: str | None
    timezone: str
    version: int
    status: Status
    starts_at: datetime
    interviews: list[Interview]


def panel(number: int) -> Panel:
    starts = datetime(2026, 5, 4, 9, tzinfo=UTC) + timedelta(days=number)
    interviews = [interview(f"{number}-{index}", starts + timedelta(hours=index)) for index in range(3)]
    note = f"Panel {number}" if number % 2 else None
    return Panel(f"pan_{number}", f"gt-{number}", note, "Europe/Berlin", number, Status.SCHEDULED, starts, interviews)


def interview(name: str, starts: datetime) -> Interview:
    interviewers = [interviewer(f"{name}-{index}") for index in range(3)]
    return Interview(f"int_{name}", "Onsite", None, starts, starts + timedelta(hours=1), 60, interviewers)


def interviewer(name: str) -> Interviewer:
    user = User(f"usr_{name}", f"Person {name}", f"{name}@example.com")
    return Interviewer(Status.ACCEPTED, True, user, Form(f"form_{name}", f"https://a.example/{name}", Status.PENDING))


panels = [panel(number) for number in range(PANELS)]
