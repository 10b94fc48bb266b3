"""What a push declares, read against the directory: everything that is wrong with it is found at once."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tortoise.expressions import Q
from tortoise.queryset import QuerySet

import models
from auth.viewer import Viewer
from models import FeedbackReminder, Interview, ResponseStatus
from resolvers import values
from resolvers.access import visible
from resolvers.errors import ErrorCode, Path, UserError, error
from resolvers.queries import hot
from resolvers.whole import Held, deleted, newer

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
    """One event, as declared; the start is aware."""

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


@dataclass(frozen=True)
class PanelPush:
    """The whole panel, as declared."""

    external_id: str
    timezone: str
    interviews: Sequence[InterviewPush]
    candidate_id: str | None = None
    candidate_external_id: str | None = None
    sequence: int | None = None
    external_url: str | None = None
    note: str | None = None
    tentative: bool = False


@dataclass(frozen=True)
class SinglePush:
    """One event of a panel; what is said of the panel itself counts where it is given."""

    panel_external_id: str
    interview: InterviewPush
    candidate_id: str | None = None
    candidate_external_id: str | None = None
    sequence: int | None = None
    external_url: str | None = None
    timezone: str | None = None


Push = PanelPush | SinglePush


@dataclass(frozen=True)
class Seat:
    """A person on a declared event, found in the directory."""

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
    """A declared event with its people; times are UTC."""

    push: InterviewPush
    seats: list[Seat]
    path: Path

    @property
    def external_id(self) -> str:
        return self.push.external_id

    @property
    def starts_at(self) -> datetime:
        return self.push.starts_at.astimezone(UTC)

    @property
    def ends_at(self) -> datetime:
        return self.starts_at + timedelta(minutes=self.push.duration_minutes)

    @property
    def details(self) -> dict[str, object]:
        """The content of the interview, beside its people, by the model's names."""
        return {
            "subject": self.push.subject,
            "note": self.push.note,
            "location": self.push.location,
            "meeting_url": self.push.meeting_url,
            "starts_at": self.starts_at,
            "ends_at": self.ends_at,
            "feedback_reminder": self.push.feedback_reminder,
        }


def panel_name(push: Push) -> str:
    """The scheduler's id of the panel."""
    return push.external_id if isinstance(push, PanelPush) else push.panel_external_id


def _interviews(push: Push) -> list[tuple[Path, InterviewPush]]:
    """The declared events, with where in the input they stand; no more than a panel may have."""
    if isinstance(push, SinglePush):
        return [(("input", "interview"), push.interview)]
    return [(("input", "interviews", index), each) for index, each in enumerate(push.interviews[:MOST_INTERVIEWS])]


def faults(push: Push) -> Iterator[UserError]:
    """What is wrong with a push by itself, whatever the database has. Rule 7 of Pushing a panel."""
    own = "externalId" if isinstance(push, PanelPush) else "panelExternalId"
    yield from values.name_faults(panel_name(push), ("input", own))
    yield from values.sequence_faults(push.sequence)
    if isinstance(push, PanelPush):
        yield from values.prose_faults(push.note, ("input", "note"))
        if not 1 <= len(push.interviews) <= MOST_INTERVIEWS:
            message = f"A panel has 1 to {MOST_INTERVIEWS} interviews."
            yield error(ErrorCode.INVALID, message, ("input", "interviews"))
    names: set[str] = set()
    for path, interview in _interviews(push):
        if interview.external_id in names:
            message = "Another interview of this push has the same externalId."
            yield error(ErrorCode.TAKEN, message, (*path, "externalId"))
        names.add(interview.external_id)
        yield from _interview_faults(interview, path)


def _interview_faults(interview: InterviewPush, path: Path) -> Iterator[UserError]:
    yield from values.name_faults(interview.external_id, (*path, "externalId"))
    yield from values.name_faults(interview.subject, (*path, "subject"))
    yield from values.prose_faults(interview.note, (*path, "note"))
    yield from values.name_faults(interview.location, (*path, "location"), required=False)
    if not 1 <= interview.duration_minutes <= MOST_MINUTES:
        message = f"An interview lasts 1 to {MOST_MINUTES:,} minutes."
        yield error(ErrorCode.INVALID, message, (*path, "durationMinutes"))
    if not 1 <= len(interview.interviewers) <= MOST_INTERVIEWERS:
        message = f"An interview has 1 to {MOST_INTERVIEWERS} interviewers."
        yield error(ErrorCode.INVALID, message, (*path, "interviewers"))


class Declaration:
    """A push with the rows that it names, or with everything that is wrong with it: one error a path."""

    def __init__(self, push: Push, whole: Held) -> None:
        self.push = push
        self.candidate: models.Candidate | None = None
        self.templates: dict[str, models.FeedbackTemplate] = {}
        self.events: list[Event] = []
        self.errors: dict[tuple[str, ...], UserError] = {}
        self._panel = whole.panel
        #: Whom it names, by id.
        self.users: dict[str, models.User] = {}
        self._by_email: dict[str, models.User] = {}
        self._staying = {it.external_id for it in whole.interviews.values() if not deleted(it) and _stays(it, push)}
        self._templates_in_use = {seat.template_id for seat in whole.everybody}
        self._seated = {
            (interview.external_id, user_id)
            for interview in whole.interviews.values()
            for user_id in whole.seats.get(interview.id, ())
        }

    @classmethod
    async def read(cls, viewer: Viewer, push: Push, whole: Held) -> "Declaration":
        """The push, read against the directory and against what stands. Three statements."""
        its = cls(push, whole)
        await its._look_up(viewer)
        its._refuse(faults(push))
        its._refuse(its._panel_faults())
        its.events = [its._event(interview, path) for path, interview in _interviews(push)]
        return its

    def _refuse(self, found: Iterable[UserError]) -> None:
        for each in found:
            self.errors.setdefault(tuple(each.path), each)

    async def _look_up(self, viewer: Viewer) -> None:
        named = {self._panel.candidate_id, self.push.candidate_id} - {None}
        external = {self.push.candidate_external_id} - {None}
        found = await hot(viewer, _candidates, (), {"ids": list(named), "external_ids": list(external)})
        candidates = [candidate for (candidate,) in found]
        self.candidate = next((it for it in candidates if self._names(it)), None)
        self.candidate = self.candidate or next((it for it in candidates if it.id == self._panel.candidate_id), None)
        interviews = [interview for _, interview in _interviews(self.push)]
        people = [person for interview in interviews for person in interview.interviewers[:MOST_INTERVIEWERS]]
        ids = {person.user_id for person in people if person.user_id is not None}
        emails = {values.email(person.email) for person in people if person.email is not None}
        found = await hot(viewer, _people, (), {"ids": sorted(ids), "emails": sorted(emails)})
        users = [user for (user,) in found]
        self.users = {user.id: user for user in users}
        self._by_email = {user.email: user for user in users}
        templates = {it.feedback_template_id for it in interviews} | {it.feedback_template_id for it in people}
        if templates := templates - self._templates_in_use - {None}:
            found = await hot(viewer, _templates, (), {"ids": sorted(id for id in templates if id)})
            self.templates = {template.id: template for (template,) in found}

    def _names(self, candidate: models.Candidate) -> bool:
        """Whether the push names this candidate, by all that it says."""
        by_id = self.push.candidate_id in (None, candidate.id)
        by_external_id = self.push.candidate_external_id in (None, candidate.external_id)
        return self._says_candidate and by_id and by_external_id

    @property
    def _says_candidate(self) -> bool:
        return self.push.candidate_id is not None or self.push.candidate_external_id is not None

    @property
    def candidate_path(self) -> Path:
        """Where the push says who the candidate is."""
        return ("input", "candidateId" if self.push.candidate_external_id is None else "candidateExternalId")

    def _panel_faults(self) -> Iterator[UserError]:
        """What is wrong with what the push says of the panel itself."""
        candidate, panel, path = self.candidate, self._panel, self.candidate_path
        is_new = panel.candidate_id is None
        if not self._says_candidate:
            if is_new or isinstance(self.push, PanelPush):
                message = "Name the candidate by `candidateId` or by `candidateExternalId`."
                yield error(ErrorCode.INVALID, message, path)
        elif candidate is None or not self._names(candidate):
            yield error(ErrorCode.NOT_FOUND, "No such candidate.", path)
        elif not is_new and candidate.id != panel.candidate_id:
            message = "A panel stays with its candidate: cancel it, and push another one."
            yield error(ErrorCode.INVALID, message, path)
        elif is_new and candidate.archived_at is not None:
            message = "The candidate is archived: no new panels are taken."
            yield error(ErrorCode.CANDIDATE_ARCHIVED, message, path)
        if is_new and self.push.timezone is None:
            yield error(ErrorCode.INVALID, "The panel is new: say its time zone.", ("input", "timezone"))
        declared = _interviews(self.push)
        others = self._staying - {interview.external_id for _, interview in declared}
        if others and len(others) + len(declared) > MOST_INTERVIEWS:
            message = f"With {len(others)} others the panel would have over {MOST_INTERVIEWS} interviews: cancel some."
            name = "interviews" if isinstance(self.push, PanelPush) else "interview"
            yield error(ErrorCode.INVALID, message, ("input", name))

    def _event(self, interview: InterviewPush, path: Path) -> Event:
        """The event with its people."""
        default = self._template_id(interview.feedback_template_id, (*path, "feedbackTemplateId"))
        seats: dict[str, Seat] = {}
        for index, person in enumerate(interview.interviewers[:MOST_INTERVIEWERS]):
            at = (*path, "interviewers", index)
            said = (*at, "email" if person.email is not None else "userId")
            own = self._template_id(person.feedback_template_id, (*at, "feedbackTemplateId"))
            user = self._user(person)
            self._refuse(self._person_faults(person, user, interview.external_id, seats, said))
            if user is not None and user.id not in seats:
                seats[user.id] = Seat(user, own or default, person, said)
        return Event(interview, list(seats.values()), path)

    def _user(self, person: InterviewerPush) -> models.User | None:
        """The user of the account who is meant. Rule 4 of Pushing a panel."""
        by_id = self.users.get(person.user_id or "")
        by_email = self._by_email.get(values.email(person.email or ""))
        if person.user_id is not None and person.email is not None and by_id is not by_email:
            return None
        return by_id or by_email

    def _person_faults(
        self, person: InterviewerPush, user: models.User | None, interview: str, seats: dict[str, Seat], path: Path
    ) -> Iterator[UserError]:
        if person.user_id is None and person.email is None:
            yield error(ErrorCode.INVALID, "Name the interviewer by `userId` or by `email`.", path[:-1])
        elif user is None:
            # Whom the push itself names it is told by name; everybody else stands at the path only.
            who = person.email if person.email is not None else person.user_id
            message = f"Nobody in this account is {who}"[:600] + ": ask a Super Admin to add them."
            yield error(ErrorCode.INTERVIEWER_NOT_FOUND, message, path)
        elif user.id in seats:
            message = "The same person is on this interview already."
            yield error(ErrorCode.DUPLICATE_INTERVIEWER, message, path)
        elif user.deactivated_at is not None and (interview, user.id) not in self._seated:
            message = "The user is deactivated and can't be newly assigned."
            yield error(ErrorCode.INTERVIEWER_DEACTIVATED, message, path)

    def _template_id(self, id: str | None, path: Path) -> str | None:
        """The id of a template of the account; an archived one goes on only where the panel uses it."""
        if id is not None and id not in self.templates and id not in self._templates_in_use:
            self._refuse([error(ErrorCode.FEEDBACK_TEMPLATE_NOT_FOUND, "No such feedback template is in use.", path)])
        return id


def _stays(interview: Interview, push: Push) -> bool:
    """Whether the interview stays where the push doesn't list it."""
    return isinstance(push, SinglePush) or not newer(push.sequence, interview.sequence)


def _candidates(viewer: Viewer, ids: list[str], external_ids: list[str]) -> QuerySet[models.Candidate]:
    return visible(viewer, models.Candidate).filter(Q(id__in=ids) | Q(external_id__in=external_ids))


def _people(viewer: Viewer, ids: list[str], emails: list[str]) -> QuerySet[models.User]:
    return visible(viewer, models.User).filter(Q(id__in=ids) | Q(email__in=emails))


def _templates(viewer: Viewer, ids: list[str]) -> QuerySet[models.FeedbackTemplate]:
    return visible(viewer, models.FeedbackTemplate).filter(id__in=ids, archived_at__isnull=True)
