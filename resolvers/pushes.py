"""A push: the scheduler declares a panel, or one event of it. It is applied whole or not at all.

Pushes and cancels may come in any order and any number of times. What makes them end in one state (rule 3): the panel
and each interview keep the revision that gave them their content, and only a higher one replaces it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum

from tortoise.expressions import Q

import clock
import models
from auth.viewer import Viewer
from models import Cancellation, CancelOrigin, FeedbackReminder, Interview, Interviewer, Panel, ResponseStatus
from models import InterviewPanelChangeKind as Kind
from resolvers import changes, values
from resolvers.access import Act, require, unscoped, visible
from resolvers.changes import Commit
from resolvers.errors import ErrorCode, PushWarning, UserError, WarningCode, error, warning
from resolvers.whole import Held, below, held, highest, locked_by_external_id, new_panel, shown, stand

MOST_INTERVIEWS = 50
MOST_INTERVIEWERS = 50
MOST_MINUTES = 1_440

Path = tuple[str | int, ...]


class UpsertOutcome(Enum):
    CREATED = "CREATED"
    UPDATED = "UPDATED"
    UNCHANGED = "UNCHANGED"
    STALE_IGNORED = "STALE_IGNORED"
    RESTORED = "RESTORED"


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


#: Events with where in the input they stand.
Declared = Sequence[tuple[Path, InterviewPush]]


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


@dataclass(frozen=True)
class Pushed:
    """What a push came to: the panel as it stands, or every reason why it was refused."""

    panel: Panel | None = None
    outcome: UpsertOutcome | None = None
    warnings: list[PushWarning] = field(default_factory=list)
    errors: list[UserError] = field(default_factory=list)
    interview: Interview | None = None


@dataclass(frozen=True)
class _Seat:
    """A person on a declared event, found in the directory."""

    user: models.User
    template: models.FeedbackTemplate | None
    push: InterviewerPush
    path: Path


@dataclass(frozen=True)
class _Event:
    """A declared event with its people."""

    push: InterviewPush
    seats: list[_Seat]
    path: Path

    @property
    def starts_at(self) -> datetime:
        return self.push.starts_at.astimezone(UTC)

    @property
    def ends_at(self) -> datetime:
        return self.starts_at + timedelta(minutes=self.push.duration_minutes)


async def push(viewer: Viewer, its: PanelPush) -> Pushed:
    """Declare a whole panel. Raises Refused(FORBIDDEN) to everybody but the integration."""
    declared: Declared = [(("input", "interviews", index), each) for index, each in enumerate(its.interviews)]
    return await _pushed(viewer, its, its.external_id, declared)


async def push_interview(viewer: Viewer, its: SinglePush) -> Pushed:
    """Declare one event; the panel is made where it doesn't exist. Raises Refused(FORBIDDEN) likewise."""
    return await _pushed(viewer, its, its.panel_external_id, [(("input", "interview"), its.interview)])


async def _pushed(viewer: Viewer, its: PanelPush | SinglePush, external_id: str, declared: Declared) -> Pushed:
    require(viewer, Act.PUSH)
    faults = list(_faults(its, external_id, declared))

    async def act(commit: Commit) -> Pushed:
        panel = await locked_by_external_id(viewer, external_id)
        if panel is not None and not faults and below(its.sequence, panel.declared_sequence):
            return Pushed(shown(panel), UpsertOutcome.STALE_IGNORED)
        whole = await held(panel) if panel else Held(new_panel(viewer, external_id))
        directory = await _Directory.of(viewer, its, [it for _, it in declared], panel)
        errors = [*faults, *_panel_faults(whole.panel, its, directory)]
        events = [_event(it, path, whole, directory, errors) for path, it in declared]
        if errors:
            return Pushed(errors=errors)
        if its.sequence is None and whole.panel.canceled_origin is CancelOrigin.SCHEDULER:
            message = "It was deleted in the scheduler: only a push with a higher sequence brings it back."
            return Pushed(shown(whole.panel), errors=[error(ErrorCode.PANEL_CANCELED, message, ("input",))])
        whole.templates |= directory.templates
        return await _apply(viewer, commit, whole, its, events, directory)

    return await changes.committed(viewer, act)


async def _apply(
    viewer: Viewer,
    commit: Commit,
    whole: Held,
    its: PanelPush | SinglePush,
    events: list[_Event],
    directory: "_Directory",
) -> Pushed:
    """Compare the declaration with what stands, and make it stand where it is newer. Rules 2, 3 and 5."""
    panel = whole.panel
    was_known, was_canceled = panel.candidate_id is not None, panel.canceled_at is not None
    late = below(its.sequence, panel.sequence) or not _newer(its.sequence, panel.deleted_sequence)
    taken = _Taken(whole, commit, its)
    for event in events:
        taken.take(event)
    taken.drop_unlisted(events)
    taken.describe(directory)
    if taken.conflicts and not below(its.sequence, panel.sequence):
        message = "Another push of this sequence had other content: send this one with a higher sequence."
        return Pushed(errors=[error(ErrorCode.SEQUENCE_CONFLICT, message, ("input", "sequence"))])
    moved_on = its.sequence is not None and (panel.sequence is None or panel.sequence < its.sequence)
    changed = taken.changed or moved_on
    outcome = UpsertOutcome.STALE_IGNORED if late else UpsertOutcome.UNCHANGED
    if changed or taken.settled:
        panel.sequence = highest(panel.sequence, its.sequence)
        panel.pushed_sequence = highest(panel.pushed_sequence, its.sequence)
        if isinstance(its, PanelPush):
            panel.declared_sequence = highest(panel.declared_sequence, its.sequence)
        stood = stand(whole, commit)
        if changed and (not late or (not was_known and panel.canceled_at is None)):
            outcome = _outcome(was_known, was_canceled, panel)
        await whole.write(commit, _kind(was_known, panel, stood, taken.rescheduled) if changed or stood else None)
    interview = next((it for it in whole.interviews if it.external_id == events[0].push.external_id), None)
    return Pushed(panel, outcome, await _warnings(viewer, whole, events, directory), interview=interview)


def _outcome(was_known: bool, was_canceled: bool, panel: Panel) -> UpsertOutcome:
    if was_canceled and panel.canceled_at is None:
        return UpsertOutcome.RESTORED
    return UpsertOutcome.UPDATED if was_known else UpsertOutcome.CREATED


def _kind(was_known: bool, panel: Panel, stood: Kind | None, rescheduled: bool) -> Kind:
    if not was_known and panel.canceled_at is not None:
        return Kind.CANCELED
    if stood is not None:
        return stood
    if not was_known:
        return Kind.CREATED
    return Kind.RESCHEDULED if rescheduled else Kind.UPDATED


def _newer(sequence: int | None, than: int | None) -> bool:
    """Whether a push of this revision replaces what that one left; without a revision the last write wins."""
    return sequence is None or than is None or sequence > than


class _Taken:
    """What a push takes over from its declaration: only what no later revision has settled.

    `changed`: something that people see. `settled`: a revision that must be remembered. `conflicts`: this very revision
    has been pushed with other content.
    """

    def __init__(self, whole: Held, commit: Commit, its: PanelPush | SinglePush) -> None:
        self.whole, self.commit, self.its = whole, commit, its
        self.known = {interview.external_id: interview for interview in whole.interviews}
        self.seats: dict[str, dict[str, Interviewer]] = {}
        for seat in whole.seats:
            self.seats.setdefault(seat.interview_id, {})[seat.user_id] = seat
        self.changed = self.settled = self.conflicts = self.rescheduled = False

    def take(self, event: _Event) -> None:
        """One declared event."""
        sequence = self.its.sequence
        interview = self.known.get(event.push.external_id)
        if interview is None:
            self.conflicts |= sequence is not None and sequence == self.whole.panel.declared_sequence
            self._add(event)
        elif sequence is not None and sequence == interview.sequence:
            self.conflicts |= not interview.listed or self._differs(interview, event)
        elif _newer(sequence, interview.sequence):
            deleted = interview.canceled_origin is CancelOrigin.SCHEDULER
            if deleted or not interview.listed or self._differs(interview, event):
                self.changed = True
                self.rescheduled |= (interview.starts_at, interview.ends_at) != (event.starts_at, event.ends_at)
                self._fill(interview, event)
                if deleted:
                    interview.call_off(None)
            self._settle(interview)

    def drop_unlisted(self, events: Iterable[_Event]) -> None:
        """An interview that the declaration leaves out is cancelled, not erased. Rule 5."""
        if isinstance(self.its, SinglePush):
            return
        listed = {event.push.external_id for event in events}
        for interview in [it for name, it in self.known.items() if name not in listed]:
            if self.its.sequence is not None and self.its.sequence == interview.sequence:
                self.conflicts |= interview.listed and interview.canceled_at is None
            elif _newer(self.its.sequence, interview.sequence) and interview.listed:
                interview.listed = False
                if interview.canceled_origin is not CancelOrigin.SCHEDULER:
                    self.changed = True
                    interview.call_off(self._deletion())
                self._settle(interview)

    def describe(self, directory: "_Directory") -> None:
        """What is said of the panel itself."""
        panel, its = self.whole.panel, self.its
        if panel.candidate_id is None and directory.candidate is not None:
            panel.candidate_id, panel.stage_id = directory.candidate.id, directory.candidate.stage_id
            self.changed = True
        if isinstance(its, SinglePush):
            if below(its.sequence, panel.sequence):
                return
            said = {"external_url": its.external_url, "timezone": its.timezone}
            said = {name: value for name, value in said.items() if value is not None}
        else:
            if not _newer(its.sequence, panel.declared_sequence) and its.sequence != panel.declared_sequence:
                return
            said = {name: getattr(its, name) for name in ("external_url", "timezone", "note", "tentative")}
            self.settled |= its.sequence is not None and its.sequence != panel.declared_sequence
        different = {name: value for name, value in said.items() if getattr(panel, name) != value}
        if different and isinstance(its, PanelPush) and its.sequence is not None:
            self.conflicts |= its.sequence == panel.declared_sequence
        for name, value in different.items():
            self.changed = True
            setattr(panel, name, value)

    def _add(self, event: _Event) -> None:
        panel = self.whole.panel
        interview = Interview(
            account_id=panel.account_id,
            panel_id=panel.id,
            external_id=event.push.external_id,
            sequence=self.its.sequence,
        )
        self._fill(interview, event)
        canceled = panel.early_cancels.get(interview.external_id)
        if canceled is not None and not _newer(self.its.sequence, canceled):
            interview.call_off(self._deletion())
            interview.sequence = canceled
        self.whole.interviews.append(interview)
        self.changed = True

    def _fill(self, interview: Interview, event: _Event) -> None:
        """Give the interview the declared content and people."""
        for name, value in _details(event).items():
            setattr(interview, name, value)
        interview.listed = True
        interview.updated_at = self.commit.at
        self.whole.touched[interview.id] = interview
        seated = self.seats.setdefault(interview.id, {})
        for position, declared in enumerate(event.seats):
            seat = seated.get(declared.user.id)
            if seat is None:
                seat = Interviewer(panel_id=interview.panel_id, interview_id=interview.id, user_id=declared.user.id)
                self.whole.seats.append(seat)
            seat.position = position
            seat.template_id, seat.feedback_required, seat.response_status = _terms(declared)
            self.whole.touched[seat.id] = seat
        for user_id in seated.keys() - {declared.user.id for declared in event.seats}:
            self.whole.gone.append(seated[user_id])
            self.whole.seats.remove(seated[user_id])

    def _settle(self, interview: Interview) -> None:
        if self.its.sequence is not None:
            interview.sequence = self.its.sequence
            self.settled = True
            self.whole.touched[interview.id] = interview

    def _differs(self, interview: Interview, event: _Event) -> bool:
        seated = {
            seat.user_id: (seat.template_id, seat.feedback_required, seat.response_status)
            for seat in self.seats.get(interview.id, {}).values()
        }
        declared = {seat.user.id: _terms(seat) for seat in event.seats}
        return seated != declared or any(getattr(interview, name) != value for name, value in _details(event).items())

    def _deletion(self) -> Cancellation:
        return Cancellation(self.commit.at, self.commit.actor_id, CancelOrigin.SCHEDULER, None)


def _details(event: _Event) -> dict[str, object]:
    """The content of an interview, beside its people, by the model's names."""
    return {
        "subject": event.push.subject,
        "note": event.push.note,
        "location": event.push.location,
        "meeting_url": event.push.meeting_url,
        "starts_at": event.starts_at,
        "ends_at": event.ends_at,
        "feedback_reminder": event.push.feedback_reminder,
    }


def _terms(seat: _Seat) -> tuple[str | None, bool, ResponseStatus]:
    """On what terms a person sits on an interview."""
    return (seat.template.id if seat.template else None, seat.push.feedback_required, seat.push.response_status)


@dataclass(frozen=True)
class _Directory:
    """What the ids and emails of a push lead to. Three statements."""

    candidate: models.Candidate | None
    users: dict[str, models.User]
    templates: dict[str, models.FeedbackTemplate]

    @classmethod
    async def of(
        cls, viewer: Viewer, its: PanelPush | SinglePush, declared: Sequence[InterviewPush], panel: Panel | None
    ) -> "_Directory":
        named = Q(id=panel.candidate_id) if panel and panel.candidate_id else Q(id__in=[])
        if its.candidate_id is not None:
            named |= Q(id=its.candidate_id)
        if its.candidate_external_id is not None:
            named |= Q(external_id=its.candidate_external_id)
        candidates = await visible(viewer, models.Candidate).filter(named)
        people = [person for interview in declared for person in interview.interviewers]
        ids = {person.user_id for person in people if person.user_id is not None}
        emails = {values.email(person.email) for person in people if person.email is not None}
        users = await visible(viewer, models.User).filter(Q(id__in=ids) | Q(email__in=emails))
        template_ids = {interview.feedback_template_id for interview in declared}
        template_ids |= {person.feedback_template_id for person in people}
        template_ids.discard(None)
        templates = await visible(viewer, models.FeedbackTemplate).filter(id__in=template_ids) if template_ids else []
        return cls(
            next((it for it in candidates if _is_named(it, its)), None)
            or next((it for it in candidates if panel and it.id == panel.candidate_id), None),
            {user.id: user for user in users} | {user.email: user for user in users},
            {template.id: template for template in templates},
        )


def _is_named(candidate: models.Candidate, its: PanelPush | SinglePush) -> bool:
    """Whether the push names this candidate, by all that it says."""
    by_id = its.candidate_id is None or its.candidate_id == candidate.id
    by_external_id = its.candidate_external_id is None or its.candidate_external_id == candidate.external_id
    return by_id and by_external_id and not (its.candidate_id is None and its.candidate_external_id is None)


def _faults(its: PanelPush | SinglePush, external_id: str, declared: Declared) -> Iterator[UserError]:
    """What is wrong with the push by itself, whatever the database has. Rule 7."""
    own = "externalId" if isinstance(its, PanelPush) else "panelExternalId"
    yield from values.name_faults(external_id, ("input", own))
    yield from values.sequence_faults(its.sequence)
    if isinstance(its, PanelPush):
        yield from values.prose_faults(its.note, ("input", "note"))
        if not 1 <= len(declared) <= MOST_INTERVIEWS:
            message = f"A panel has 1 to {MOST_INTERVIEWS} interviews."
            yield error(ErrorCode.INVALID, message, ("input", "interviews"))
    names: set[str] = set()
    for path, interview in declared:
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


def _panel_faults(panel: Panel, its: PanelPush | SinglePush, directory: _Directory) -> Iterator[UserError]:
    """What is wrong with what the push says of the panel itself."""
    named, is_new = directory.candidate, panel.candidate_id is None
    argument = "candidateId" if its.candidate_external_id is None else "candidateExternalId"
    if its.candidate_id is None and its.candidate_external_id is None:
        if is_new or isinstance(its, PanelPush):
            message = "Name the candidate by `candidateId` or by `candidateExternalId`."
            yield error(ErrorCode.INVALID, message, ("input", argument))
    elif named is None or not _is_named(named, its):
        yield error(ErrorCode.NOT_FOUND, "No such candidate.", ("input", argument))
    elif not is_new and named.id != panel.candidate_id:
        message = "A panel stays with its candidate: cancel it, and push another one."
        yield error(ErrorCode.INVALID, message, ("input", argument))
    elif is_new and named.archived_at is not None:
        message = "The candidate is archived: no new panels are taken."
        yield error(ErrorCode.CANDIDATE_ARCHIVED, message, ("input", argument))
    if is_new and its.timezone is None:
        yield error(ErrorCode.INVALID, "The panel is new: say its time zone.", ("input", "timezone"))


def _event(interview: InterviewPush, path: Path, whole: Held, directory: _Directory, errors: list[UserError]) -> _Event:
    """The event with its people; whoever or whatever can't be found is added to the errors."""
    stored = next((it for it in whole.interviews if it.external_id == interview.external_id), None)
    seated = {seat.user_id: seat for seat in whole.seats if stored and seat.interview_id == stored.id}
    used = {seat.template_id for seat in seated.values()}
    default = _template(interview.feedback_template_id, (*path, "feedbackTemplateId"), used, directory, errors)
    seats: dict[str, _Seat] = {}
    for index, person in enumerate(interview.interviewers[:MOST_INTERVIEWERS]):
        at = (*path, "interviewers", index)
        own = _template(person.feedback_template_id, (*at, "feedbackTemplateId"), used, directory, errors)
        user = _user(person, at, seated, directory, errors)
        if user is not None and user.id in seats:
            message = f"{user.name} is on this interview already."
            errors.append(error(ErrorCode.DUPLICATE_INTERVIEWER, message, _said(person, at)))
        elif user is not None:
            seats[user.id] = _Seat(user, own or default, person, _said(person, at))
    return _Event(interview, list(seats.values()), path)


def _user(
    person: InterviewerPush, at: Path, seated: dict[str, Interviewer], directory: _Directory, errors: list[UserError]
) -> models.User | None:
    """The user of the account who is meant. Rule 4."""
    if person.user_id is None and person.email is None:
        errors.append(error(ErrorCode.INVALID, "Name the interviewer by `userId` or by `email`.", at))
        return None
    by_id = directory.users.get(person.user_id) if person.user_id is not None else None
    by_email = directory.users.get(values.email(person.email)) if person.email is not None else None
    user = by_id or by_email
    if user is None or (person.user_id is not None and person.email is not None and by_id is not by_email):
        who = person.email if person.email is not None else person.user_id
        message = f"Nobody in this account is {who}: ask a Super Admin to add them."
        errors.append(error(ErrorCode.INTERVIEWER_NOT_FOUND, message[:600], _said(person, at)))
        return None
    if user.deactivated_at is not None and user.id not in seated:
        message = f"{user.name} is deactivated and can't be newly assigned."
        errors.append(error(ErrorCode.INTERVIEWER_DEACTIVATED, message, _said(person, at)))
    return user


def _said(person: InterviewerPush, at: Path) -> Path:
    """Where the push says who it is."""
    return (*at, "email" if person.email is not None else "userId")


def _template(
    id: str | None, path: Path, used: set[str | None], directory: _Directory, errors: list[UserError]
) -> models.FeedbackTemplate | None:
    """The template; an archived one goes on only where it is in use."""
    if id is None:
        return None
    template = directory.templates.get(id)
    if template is None or (template.archived_at is not None and template.id not in used):
        errors.append(error(ErrorCode.FEEDBACK_TEMPLATE_NOT_FOUND, "No such feedback template is in use.", path))
    return template


async def _warnings(viewer: Viewer, whole: Held, events: Sequence[_Event], directory: _Directory) -> list[PushWarning]:
    """What was accepted, but deserves the scheduler's look."""
    panel = whole.panel
    found: list[PushWarning] = []
    if directory.candidate is not None and directory.candidate.archived_at is not None:
        found.append(warning(WarningCode.CANDIDATE_ARCHIVED, "The candidate is archived.", ("input", "candidateId")))
    if panel.canceled_origin is CancelOrigin.ATS:
        message = "A user has cancelled the panel in the ATS: it is stored, and stays off the profile."
        found.append(warning(WarningCode.PANEL_CANCELED_IN_ATS, message, ("input",)))
    stored = {interview.external_id: interview for interview in whole.interviews}
    for event in events:
        interview = stored[event.push.external_id]
        if interview.canceled_origin is CancelOrigin.ATS and panel.canceled_origin is not CancelOrigin.ATS:
            message = "A user has cancelled this interview in the ATS: it is stored, and stays off the profile."
            found.append(warning(WarningCode.PANEL_CANCELED_IN_ATS, message, event.path))
        if event.starts_at < clock.now():
            message = "The interview starts in the past."
            found.append(warning(WarningCode.STARTS_IN_THE_PAST, message, (*event.path, "startsAt")))
        for seat in event.seats:
            found.extend(_seat_warnings(whole, interview, seat))
    return found + await _double_bookings(viewer, panel, events)


def _seat_warnings(whole: Held, interview: Interview, seat: _Seat) -> Iterator[PushWarning]:
    if seat.user.deactivated_at is not None:
        message = f"{seat.user.name} is deactivated, and stays on the interview."
        yield warning(WarningCode.INTERVIEWER_DEACTIVATED, message, seat.path)
    form = whole.forms.get((interview.id, seat.user.id))
    if (
        form is not None
        and form.status is models.FeedbackFormStatus.COMPLETED
        and form.template_id != (seat.template.id if seat.template else None)
    ):
        message = f"{seat.user.name} has submitted feedback: the form stays as it is."
        yield warning(WarningCode.FEEDBACK_ALREADY_SUBMITTED, message, seat.path)


async def _double_bookings(viewer: Viewer, panel: Panel, events: Sequence[_Event]) -> list[PushWarning]:
    """Who is somewhere else at the same time, anywhere in the account. Rule 8. One statement."""
    seats = [(event, seat) for event in events for seat in event.seats]
    if not seats or panel.canceled_at is not None:
        return []
    begin, end = min(event.starts_at for event in events), max(event.ends_at for event in events)
    elsewhere = unscoped(Interviewer, "whoever is booked in the account, to tell its own scheduler").filter(
        user_id__in={seat.user.id for _, seat in seats},
        interview__account_id=viewer.account_id,
        interview__starts_at__gt=begin - timedelta(minutes=MOST_MINUTES),
        interview__starts_at__lt=end,
        interview__ends_at__gt=begin,
        interview__canceled_at__isnull=True,
        panel__canceled_at__isnull=True,
    )
    booked: dict[str, list[tuple[datetime, datetime]]] = {}
    for user_id, starts_at, ends_at in await elsewhere.exclude(panel_id=panel.id).values_list(
        "user_id", "interview__starts_at", "interview__ends_at"
    ):
        booked.setdefault(user_id, []).append((starts_at, ends_at))
    for event, seat in seats:
        booked.setdefault(seat.user.id, []).append((event.starts_at, event.ends_at))
    return [
        warning(
            WarningCode.INTERVIEWER_DOUBLE_BOOKED, f"{seat.user.name} has another interview at that time.", seat.path
        )
        for event, seat in seats
        if sum(start < event.ends_at and end > event.starts_at for start, end in booked[seat.user.id]) > 1
    ]
