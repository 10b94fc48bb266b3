"""What a push declares: everything that is wrong with it is reported at once."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import ClassVar

import models
import settings
from models import FeedbackReminder, ResponseStatus
from resolvers import validation
from resolvers.errors import ErrorCode, Path, UserError, error

MOST_INTERVIEWS = 50
MOST_INTERVIEWERS = 50
MOST_MINUTES = 1_440


@dataclass(frozen=True)
class InterviewerPush:
    """A person on an interview, by id or by email."""

    user_id: str | None = None
    email: str | None = None
    feedback_template_id: str | None = None
    feedback_required: bool = True
    response_status: ResponseStatus = ResponseStatus.NEEDS_ACTION


@dataclass(frozen=True)
class InterviewPush:
    """One interview, as declared; the start is aware."""

    external_id: str
    subject: str
    starts_at: datetime
    duration_minutes: int
    interviewers: Sequence[InterviewerPush]
    note: str | None = None
    location: str | None = None
    meeting_url: str | None = None
    feedback_reminder: FeedbackReminder = FeedbackReminder.DAILY
    feedback_template_id: str | None = None
    calendar_uid: str | None = None


@dataclass(frozen=True)
class PanelPush:
    """A whole panel, as declared: what it leaves out is gone."""

    is_whole: ClassVar[bool] = True

    external_id: str
    timezone: str
    interviews: Sequence[InterviewPush]
    candidate_id: str | None = None
    candidate_external_id: str | None = None
    sequence: int | None = None
    external_url: str | None = None
    note: str | None = None
    tentative: bool = False

    @property
    def panel_external_id(self) -> str:
        return self.external_id

    @cached_property
    def byte_size(self) -> int:
        """The bytes of all its texts."""
        return validation.text_bytes(self)

    @property
    def declared_interviews(self) -> list[tuple[Path, InterviewPush]]:
        """The interviews, no more than a panel may have, each with where in the input it stands."""
        return [(("input", "interviews", place), each) for place, each in enumerate(self.interviews[:MOST_INTERVIEWS])]

    @property
    def panel_fields(self) -> dict[str, object]:
        """What the push says of the panel itself, by the model's names."""
        fields = {name: getattr(self, name) for name in ("external_url", "timezone", "tentative")}
        return fields | {"note": validation.plain_text(self.note)}


@dataclass(frozen=True)
class SinglePush:
    """One interview of a panel: all others stay, and so does what is left out of the panel itself."""

    is_whole: ClassVar[bool] = False

    panel_external_id: str
    interview: InterviewPush
    candidate_id: str | None = None
    candidate_external_id: str | None = None
    sequence: int | None = None
    external_url: str | None = None
    timezone: str | None = None

    @cached_property
    def byte_size(self) -> int:
        """The bytes of all its texts."""
        return validation.text_bytes(self)

    @property
    def declared_interviews(self) -> list[tuple[Path, InterviewPush]]:
        """The interview, with where in the input it stands."""
        return [(("input", "interview"), self.interview)]

    @property
    def panel_fields(self) -> dict[str, object]:
        """What the push says of the panel itself, by the model's names."""
        fields = {"external_url": self.external_url, "timezone": self.timezone}
        return {name: value for name, value in fields.items() if value is not None}


Push = PanelPush | SinglePush


@dataclass(frozen=True)
class Seat:
    """A person on a declared interview, as the directory has them."""

    user: models.User
    template_id: str | None
    push: InterviewerPush
    path: Path

    @property
    def terms(self) -> tuple[str | None, bool, ResponseStatus]:
        """With which template, whether feedback is required, and what the person answered to the invite."""
        return (self.template_id, self.push.feedback_required, self.push.response_status)


@dataclass(frozen=True)
class Event:
    """A declared interview with its people; times are UTC."""

    push: InterviewPush
    seats: Sequence[Seat] = ()
    path: Path = ("input", "interview")

    @property
    def external_id(self) -> str:
        return self.push.external_id

    @cached_property
    def starts_at(self) -> datetime:
        return self.push.starts_at.astimezone(UTC)

    @cached_property
    def ends_at(self) -> datetime:
        return self.starts_at + timedelta(minutes=self.push.duration_minutes)

    @cached_property
    def content(self) -> dict[str, object]:
        """All but the people, by the model's names. A UID that is left out stays what it was."""
        texts = {name: validation.plain_text(getattr(self.push, name)) for name in ("subject", "note", "location")}
        fields = {name: getattr(self.push, name) for name in ("meeting_url", "feedback_reminder")}
        if self.push.calendar_uid is not None:
            fields["scheduler_uid"] = self.push.calendar_uid
        return texts | fields | {"starts_at": self.starts_at, "ends_at": self.ends_at}


@dataclass(frozen=True)
class Declaration:
    """A push with the rows that it names, and with everything that is wrong with it: one error a path."""

    push: Push
    events: Sequence[Event]
    candidate: models.Candidate | None = None
    #: By which users are the candidate.
    candidate_emails: frozenset[str] = frozenset()
    #: By id.
    users: Mapping[str, models.User] = field(default_factory=dict)
    templates: Mapping[str, models.FeedbackTemplate] = field(default_factory=dict)
    errors: list[UserError] = field(default_factory=list)
    #: Whether the push names a duplicate, who was merged into the candidate.
    is_duplicate: bool = False


def faults(push: Push) -> list[UserError]:
    """What is wrong with a push by itself, whatever the database has. Rule 7 of Pushing a panel."""
    errors = [*_panel_faults(push), *_byte_faults(push)]
    names: set[tuple[str, str]] = set()
    for path, interview in push.declared_interviews:
        unique = {"externalId": interview.external_id, "calendarUid": interview.calendar_uid}
        for argument, name in unique.items():
            if name is not None and (argument, name) in names:
                message = f"Another interview of this push has the same {argument}."
                errors.append(error(ErrorCode.TAKEN, message, (*path, argument)))
            names.add((argument, name or ""))
        errors += _interview_faults(interview, path)
    return errors


def _panel_faults(push: Push) -> Iterator[UserError]:
    argument = "externalId" if isinstance(push, PanelPush) else "panelExternalId"
    yield from validation.name_faults(push.panel_external_id, ("input", argument))
    yield from validation.sequence_faults(push.sequence)
    if isinstance(push, PanelPush):
        yield from validation.prose_faults(push.note, ("input", "note"))
        if not 1 <= len(push.interviews) <= MOST_INTERVIEWS:
            message = f"A panel has 1 to {MOST_INTERVIEWS} interviews."
            yield error(ErrorCode.INVALID, message, ("input", "interviews"))


def _byte_faults(push: Push) -> Iterator[UserError]:
    path = ("input", "interviews" if push.is_whole else "interview")
    remedy = "shorten notes, or push fewer interviews a panel"
    yield from validation.byte_faults(push.byte_size, settings.current().max_push_bytes, "The push", remedy, path)


def _interview_faults(interview: InterviewPush, path: Path) -> Iterator[UserError]:
    yield from validation.name_faults(interview.external_id, (*path, "externalId"))
    yield from validation.name_faults(interview.subject, (*path, "subject"))
    yield from validation.prose_faults(interview.note, (*path, "note"))
    yield from validation.name_faults(interview.location, (*path, "location"), required=False)
    yield from validation.name_faults(interview.calendar_uid, (*path, "calendarUid"))
    if not 1 <= interview.duration_minutes <= MOST_MINUTES:
        message = f"An interview lasts 1 to {MOST_MINUTES:,} minutes."
        yield error(ErrorCode.INVALID, message, (*path, "durationMinutes"))
    if not 1 <= len(interview.interviewers) <= MOST_INTERVIEWERS:
        message = f"An interview has 1 to {MOST_INTERVIEWERS} interviewers."
        yield error(ErrorCode.INVALID, message, (*path, "interviewers"))


def candidate_path(push: Push) -> Path:
    """Where the push says who the candidate is."""
    return ("input", "candidateId" if push.candidate_external_id is None else "candidateExternalId")
