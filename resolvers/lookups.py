"""Whom and what a push names: looked up in the directory, with everything that is wrong with it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from tortoise.queryset import QuerySet

import models
import settings
from auth.viewer import Scope, Viewer
from database import Bind, Join, Query, in_
from models import OWN_UID, Interview, Panel, email_key
from resolvers.access import visible
from resolvers.aggregate import ROW_BYTES, PanelAggregate
from resolvers.declarations import (
    MOST_INTERVIEWERS,
    MOST_INTERVIEWS,
    Declaration,
    Event,
    InterviewerPush,
    InterviewPush,
    Push,
    Seat,
    candidate_path,
)
from resolvers.errors import ErrorCode, Path, UserError, error
from resolvers.queries import known, select
from resolvers.revisions import replaces
from resolvers.validation import byte_faults

#: By which users are the candidate, and who owns them.
_OF_A_CANDIDATE = (
    Join.collection("keys", models.CandidateEmail, "candidate"),
    Join.target("owner", models.User),
)


async def look_up(viewer: Viewer, push: Push, faults: Iterable[UserError], stored: PanelAggregate) -> Declaration:
    """The push with the rows that it names, read against what is stored; `faults` are its own.

    Three statements, and one for UIDs of events that are new.
    """
    candidates = await _find_candidates(viewer, push, stored.panel)
    named = _pick_candidate(push, candidates, stored.panel)
    candidate = await _find_kept(viewer, named, stored.panel)
    users = await _find_users(viewer, push)
    templates_in_use = {seat.template_id for seat in stored.all_seats}
    templates = await _find_templates(viewer, push, templates_in_use)
    assigned = {
        (interview.external_id, user_id)
        for interview in stored.interviews.values()
        for user_id in stored.seats.get(interview.id, ())
    }
    reader = _EventReader(users, templates.keys() | templates_in_use, assigned)
    events = [reader.read(_without_echo(interview, stored), path) for path, interview in push.declared_interviews]
    panel_faults = [
        *(_contradiction_faults(push, candidates) or _candidate_faults(push, named, candidate, stored.panel)),
        *_zone_faults(push, stored.panel),
        *_size_faults(push, stored),
        *_byte_faults(push, stored),
        *await uid_faults(viewer, push, stored),
    ]
    by_id = {user.id: user for user in users}
    errors = _one_a_path([*faults, *panel_faults, *reader.faults])
    return Declaration(
        push, events, candidate, _emails_of(candidate), by_id, templates, errors, is_duplicate=candidate is not named
    )


def _one_a_path(faults: Sequence[UserError]) -> list[UserError]:
    """The first fault of each path, in their order."""
    errors: dict[tuple[str, ...], UserError] = {}
    for fault in faults:
        errors.setdefault(tuple(fault.path), fault)
    return list(errors.values())


async def _find_candidates(viewer: Viewer, push: Push, panel: Panel) -> list[models.Candidate]:
    """The candidates whom the push names, by either name, and the panel's own."""
    ids, external_ids = known(panel.candidate_id, push.candidate_id), known(push.candidate_external_id)
    query = Query(_candidates, _is_new(panel), ids=ids, external_ids=external_ids)
    return await select(viewer, query, *_OF_A_CANDIDATE)


def _pick_candidate(push: Push, candidates: Sequence[models.Candidate], panel: Panel) -> models.Candidate | None:
    """The candidate whom the push names; else the panel's own."""
    own = (candidate for candidate in candidates if candidate.id == panel.candidate_id)
    return next((candidate for candidate in candidates if _names(push, candidate)), next(own, None))


async def _find_kept(viewer: Viewer, candidate: models.Candidate | None, panel: Panel) -> models.Candidate | None:
    """The candidate into whom this one was merged, else this one. A statement more for a duplicate."""
    if candidate is None or candidate.merged_into_id is None:
        return candidate
    query = Query(_candidates, _is_new(panel), ids=[candidate.merged_into_id], external_ids=[])
    kept = await select(viewer, query, *_OF_A_CANDIDATE)
    return next((each for each in kept if each.id == candidate.merged_into_id), None)


def _emails_of(candidate: models.Candidate | None) -> frozenset[str]:
    return frozenset(key.email for key in candidate.keys or ()) if candidate else frozenset()


async def _find_users(viewer: Viewer, push: Push) -> list[models.User]:
    people = _people(push)
    ids = known(*(person.user_id for person in people))
    emails = set(map(email_key, known(*(person.email for person in people))))
    return await select(viewer, Query(_users, ids=sorted(ids), emails=sorted(emails)))


async def _find_templates(
    viewer: Viewer, push: Push, in_use: Iterable[str | None]
) -> dict[str, models.FeedbackTemplate]:
    """The templates that the push names and the panel does not use yet, by id. No statement where there is none."""
    of_interviews = (interview.feedback_template_id for _, interview in push.declared_interviews)
    of_people = (person.feedback_template_id for person in _people(push))
    ids = sorted({*known(*of_interviews, *of_people)}.difference(in_use))
    templates = await select(viewer, Query(_templates, ids=ids)) if ids else []
    return {template.id: template for template in templates}


def _people(push: Push) -> list[InterviewerPush]:
    """Whom the push names: no more of each interview than it may have."""
    interviews = [interview for _, interview in push.declared_interviews]
    return [person for interview in interviews for person in interview.interviewers[:MOST_INTERVIEWERS]]


def _candidates(scope: Scope, lock: bool, ids: Bind, external_ids: Bind) -> QuerySet[models.Candidate]:
    rows = visible(scope, models.Candidate).filter(in_("id", ids) | in_("external_id", external_ids))
    # A panel that is stored is locked, and so found by whoever erases, merges or archives; a new one is not there yet.
    return rows.order_by("id").select_for_update(no_key=True) if lock else rows


def _users(scope: Scope, ids: Bind, emails: Bind) -> QuerySet[models.User]:
    return visible(scope, models.User).filter(in_("id", ids) | in_("email", emails))


def _templates(scope: Scope, ids: Bind) -> QuerySet[models.FeedbackTemplate]:
    return visible(scope, models.FeedbackTemplate).filter(in_("id", ids), archived_at__isnull=True)


def _is_new(panel: Panel) -> bool:
    return panel.candidate_id is None


def _names_candidate(push: Push) -> bool:
    return push.candidate_id is not None or push.candidate_external_id is not None


def _names(push: Push, candidate: models.Candidate) -> bool:
    """Whether the push names this candidate, by either name."""
    return candidate.id == push.candidate_id or candidate.external_id == push.candidate_external_id


def _kept_id(candidate: models.Candidate) -> str:
    return candidate.merged_into_id or candidate.id


def _contradiction_faults(push: Push, candidates: Sequence[models.Candidate]) -> list[UserError]:
    """Whether the two names of the candidate lead to different ones, or one of them to nobody."""
    by_id = {_kept_id(each) for each in candidates if each.id == push.candidate_id}
    by_external_id = {_kept_id(each) for each in candidates if each.external_id == push.candidate_external_id}
    if None in (push.candidate_id, push.candidate_external_id) or by_id == by_external_id:
        return []
    message = "`candidateId` and `candidateExternalId` lead to different candidates: send one of them."
    return [error(ErrorCode.INVALID, message, candidate_path(push))]


def _candidate_faults(
    push: Push, named: models.Candidate | None, candidate: models.Candidate | None, panel: Panel
) -> Iterator[UserError]:
    """What is wrong with the candidate, whom the push names or a duplicate of whom. Rule 9 of Pushing a panel."""
    path, is_new = candidate_path(push), _is_new(panel)
    if candidate is not None and candidate.erased_at is not None:
        message = "The candidate was erased: nothing more is taken about them. Cancel the panel."
        yield error(ErrorCode.CANDIDATE_ERASED, message, path)
    elif not _names_candidate(push):
        if is_new or push.is_whole:
            message = "Name the candidate by `candidateId` or by `candidateExternalId`."
            yield error(ErrorCode.INVALID, message, path)
    elif candidate is None or named is None or not _names(push, named):
        yield error(ErrorCode.NOT_FOUND, "No such candidate.", path)
    elif is_new:
        if candidate.archived_at is not None:
            message = "The candidate is archived: no new panels are taken."
            yield error(ErrorCode.CANDIDATE_ARCHIVED, message, path)
    elif candidate.id != panel.candidate_id:
        message = "A panel stays with its candidate: cancel it, and push another one."
        yield error(ErrorCode.INVALID, message, path)


def _zone_faults(push: Push, panel: Panel) -> Iterator[UserError]:
    if _is_new(panel) and push.timezone is None:
        yield error(ErrorCode.INVALID, "The panel is new: say its time zone.", ("input", "timezone"))


def _size_faults(push: Push, stored: PanelAggregate) -> Iterator[UserError]:
    """Whether the panel would have too many interviews, with those that stay."""
    declared = {interview.external_id for _, interview in push.declared_interviews}
    others = sum(_stays(each, push) for name, each in stored.interviews.items() if name not in declared)
    if others and others + len(push.declared_interviews) > MOST_INTERVIEWS:
        message = f"With {others} others the panel would have over {MOST_INTERVIEWS} interviews: cancel some."
        yield error(ErrorCode.INVALID, message, ("input", "interviews" if push.is_whole else "interview"))


def _byte_faults(push: Push, stored: PanelAggregate) -> Iterator[UserError]:
    """Whether the panel would take too many bytes, with what was cancelled or replaced: that is kept too."""
    before, declared = stored.byte_size, {interview.external_id for _, interview in push.declared_interviews}
    replaced = sum(stored.interview_bytes(each) for name, each in stored.interviews.items() if name in declared)
    after = before - replaced + push.byte_size + sum(map(_row_bytes, push.declared_interviews))
    if after > before:
        remedy = "cancel this panel, and push what is to come as a new one"
        path = ("input", "interviews" if push.is_whole else "interview")
        yield from byte_faults(after, settings.current().max_panel_bytes, "The panel with all it has had", remedy, path)


def _row_bytes(declared: tuple[Path, InterviewPush]) -> int:
    _, interview = declared
    return ROW_BYTES * (1 + len(interview.interviewers))


def _stays(interview: Interview, push: Push) -> bool:
    """Whether the interview stays where the push doesn't list it: whoever declares a whole panel takes it off."""
    is_taken_off = push.is_whole and replaces(push.sequence, interview.sequence)
    return not is_taken_off and not interview.is_deleted


async def uid_faults(viewer: Viewer, push: Push, stored: PanelAggregate) -> list[UserError]:
    """What is wrong with the UIDs of the scheduler's events: each is one interview's, for good."""
    faults, new = [], {}
    for path, each in push.declared_interviews:
        at, interview = (*path, "calendarUid"), stored.interviews.get(each.external_id)
        if each.calendar_uid is None or (interview is not None and each.calendar_uid == interview.calendar_uid):
            continue
        if interview is not None and interview.scheduler_uid is not None:
            message = f"The event is {interview.scheduler_uid} on people's calendars, and stays that: send this UID."
            faults.append(error(ErrorCode.INVALID, message, at))
        elif each.calendar_uid.endswith(OWN_UID):
            faults.append(error(ErrorCode.TAKEN, "Another interview's invite has this UID.", at))
        else:
            new[each.calendar_uid] = at
    others = await select(viewer, Query(_interviews_by_uid, uids=sorted(new))) if new else []
    return faults + [
        error(ErrorCode.TAKEN, "Another interview has this UID.", new[each.scheduler_uid])
        for each in others
        if each.scheduler_uid in new
    ]


def _without_echo(push: InterviewPush, stored: PanelAggregate) -> InterviewPush:
    """The event as it was pushed. A UID that stands says nothing, not even where it was only read here."""
    interview = stored.interviews.get(push.external_id)
    is_echo = interview is not None and push.calendar_uid == interview.calendar_uid
    return replace(push, calendar_uid=None) if is_echo else push


def _interviews_by_uid(scope: Scope, uids: Bind) -> QuerySet[Interview]:
    return visible(scope, Interview).filter(in_("scheduler_uid", uids), integration_id=scope.viewer_id)


class _EventReader:
    """Reads declared interviews: finds their people among the users, and collects what is wrong in `faults`."""

    def __init__(
        self, users: Sequence[models.User], template_ids: Iterable[str | None], assigned: set[tuple[str, str]]
    ) -> None:
        self.faults: list[UserError] = []
        self._by_id = {user.id: user for user in users}
        self._by_email = {user.email: user for user in users}
        self._template_ids = set(template_ids)
        #: Who is on which interview already, by the interview's external id and the user's id.
        self._assigned = assigned

    def read(self, interview: InterviewPush, path: Path) -> Event:
        """The interview with its people."""
        default = self._template_id(interview.feedback_template_id, path)
        seats: dict[str, Seat] = {}
        for place, person in enumerate(interview.interviewers[:MOST_INTERVIEWERS]):
            at = (*path, "interviewers", place)
            name_path = (*at, "email" if person.email is not None else "userId")
            template_id = self._template_id(person.feedback_template_id, at) or default
            user = self._user(person)
            if user is None:
                self.faults.append(_nobody(person, name_path, self._contradicts(person)))
            elif user.id in seats:
                message = "The same person is on this interview already."
                self.faults.append(error(ErrorCode.DUPLICATE_INTERVIEWER, message, name_path))
            else:
                self._check_active(user, interview, name_path)
                seats[user.id] = Seat(user, template_id, person, name_path)
        return Event(interview, list(seats.values()), path)

    def _check_active(self, user: models.User, interview: InterviewPush, path: Path) -> None:
        """Whoever is deactivated stays where they are, but is put on no other interview."""
        if user.deactivated_at is not None and (interview.external_id, user.id) not in self._assigned:
            message = "The user is deactivated and can't be newly assigned."
            self.faults.append(error(ErrorCode.INTERVIEWER_DEACTIVATED, message, path))

    def _user(self, person: InterviewerPush) -> models.User | None:
        """The user of the account who is meant. Rule 4 of Pushing a panel."""
        by_id, by_email = self._users_named(person)
        return None if self._contradicts(person) else by_id or by_email

    def _contradicts(self, person: InterviewerPush) -> bool:
        """Whether the two names of the person lead to different users, or one of them to nobody."""
        by_id, by_email = self._users_named(person)
        return person.user_id is not None and person.email is not None and by_id is not by_email

    def _users_named(self, person: InterviewerPush) -> tuple[models.User | None, models.User | None]:
        return self._by_id.get(person.user_id or ""), self._by_email.get(email_key(person.email or ""))

    def _template_id(self, id: str | None, path: Path) -> str | None:
        """The id of a template of the account; an archived one goes on only where the panel uses it."""
        if id is not None and id not in self._template_ids:
            message, where = "No such feedback template is in use.", (*path, "feedbackTemplateId")
            self.faults.append(error(ErrorCode.FEEDBACK_TEMPLATE_NOT_FOUND, message, where))
        return id


def _nobody(person: InterviewerPush, path: Path, contradicts: bool) -> UserError:
    if contradicts:
        message = "`userId` and `email` lead to different users: send one of them."
        return error(ErrorCode.INVALID, message, path)
    if person.user_id is None and person.email is None:
        return error(ErrorCode.INVALID, "Name the interviewer by `userId` or by `email`.", path[:-1])
    # Whom the push itself names is repeated by name; everybody else stands at the path only.
    name = person.email if person.email is not None else person.user_id
    message = f"Nobody in this account is {name}"[:600] + ": ask a Super Admin to add them."
    return error(ErrorCode.INTERVIEWER_NOT_FOUND, message, path)
