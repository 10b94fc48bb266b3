"""The permission table of docs/rules.md: what a viewer may do, and which rows they may see.

Every read and every lock begins with `visible`: what lies outside it is answered as what does not exist. Rules see of
a viewer no more than their `Scope`, whose ids a compiled statement binds at each run.
"""

from collections.abc import Callable
from enum import Enum
from functools import partial
from typing import Any, TypeVar

from tortoise.expressions import Q, Subquery
from tortoise.models import Model
from tortoise.queryset import QuerySet

import models
from auth.refusals import Code, Refused
from auth.viewer import Scope, Viewer
from database import AnyOf
from database.row import is_nullable
from models import SIGHT_CHANGED, ChangeTopic, ChangeType, LogEntry, Role

AnyModel = TypeVar("AnyModel", bound=Model)

#: Stands for the integration's key, which has no role, among the roles.
KEY = None


class Act(Enum):
    """What the role decides on, whatever the scope; the value ends the sentence `This role may not …`."""

    SEE_INTEGRATIONS = "see the integrations"
    SWITCH = "switch integrations or manage their keys"
    SEE_KEYS = "see the keys of an integration"
    SCHEDULE = "schedule"
    PUSH = "push panels: only the integration does, with its key"
    CANCEL = "cancel"
    RESTORE = "restore panels"
    SUBMIT_FEEDBACK = "submit feedback"
    WAIVE_FEEDBACK = "waive feedback forms or ask for them again"
    SUBSCRIBE_TO_CALENDAR = "subscribe to a calendar: only users have interviews of their own"
    LIST_DIRECTORY = "list users, templates, stages or postings"
    SYNC = "sync the directory"
    ERASE = "erase candidates"
    READ_AUDIT = "read the audit trail"


_ADMINS = {Role.SUPER_ADMIN, Role.ADMIN}
_TEAM = _ADMINS | {Role.TEAM_MEMBER, Role.LIMITED_TEAM_MEMBER}

_ALLOWED: dict[Act, set[Role | None]] = {
    Act.SEE_INTEGRATIONS: {*_TEAM, KEY},
    Act.SWITCH: {Role.SUPER_ADMIN},
    Act.SEE_KEYS: {Role.SUPER_ADMIN, KEY},
    Act.SCHEDULE: {*_TEAM},
    Act.PUSH: {KEY},
    Act.CANCEL: {*_TEAM, KEY},
    Act.RESTORE: {*_TEAM},
    Act.SUBMIT_FEEDBACK: {*Role},
    Act.WAIVE_FEEDBACK: {*_TEAM},
    Act.SUBSCRIBE_TO_CALENDAR: {*Role},
    Act.LIST_DIRECTORY: {*_TEAM, KEY},
    Act.SYNC: {*_ADMINS},
    Act.ERASE: {*_ADMINS},
    Act.READ_AUDIT: {Role.SUPER_ADMIN},
}


def may(viewer: Viewer | Scope, act: Act) -> bool:
    """Whether the viewer's role allows it."""
    return viewer.role in _ALLOWED[act]


def require(viewer: Viewer, act: Act) -> None:
    """Raises Refused(FORBIDDEN) where the viewer's role may never do it."""
    if not may(viewer, act):
        raise Refused(Code.FORBIDDEN, f"This role may not {act.value}.")


def visible(viewer: Viewer | Scope, model: type[AnyModel]) -> QuerySet[AnyModel]:
    """The rows of the model that exist for this viewer. Of those about themselves as a candidate none does."""
    scope = viewer if isinstance(viewer, Scope) else viewer.scope
    return model.filter(_FILTERS[model](scope), *_about_others(scope, model))


def changeable_panels(viewer: Viewer) -> QuerySet[models.Panel]:
    """The visible panels that the viewer may change, by their role: a key only those of the own scheduler."""
    panels = visible(viewer, models.Panel)
    return panels.filter(integration_id=viewer.integration.id) if viewer.integration is not None else panels


def unscoped(model: type[AnyModel], why: str) -> QuerySet[AnyModel]:
    """All rows of the model, for the few reads that no viewer's scope describes; `why` is for who reads the code."""
    assert why
    return model.all()


def is_restricted(viewer: Viewer | Scope) -> bool:
    """Whether the viewer sees only part of the account's changes."""
    return viewer.role in (Role.INTERVIEWER, Role.LIMITED_TEAM_MEMBER) or viewer.is_candidate


def see_alike(role: Role, another: Role) -> bool:
    """Whether users of both roles see the same of an account, as far as it is followed."""
    parts = (Role.INTERVIEWER, Role.LIMITED_TEAM_MEMBER)
    return role is another or not {role, another}.intersection(parts)


def visibility_key(viewer: Viewer) -> tuple[str, ...]:
    """Equal for viewers who see the same of everything that is not personal: one role that sees all."""
    if is_restricted(viewer) or viewer.role is KEY:
        return (viewer.account_id, viewer.actor_id)
    return (viewer.account_id, viewer.role.value)


#: Rows with the columns that say to whom they tie which users.
Tie = tuple[QuerySet[Any], str, str]


def seats() -> QuerySet[Any]:
    """The seats of panels that are more than tombstones."""
    return models.Interviewer.filter(panel__candidate_id__isnull=False)


def candidate_ties() -> list[Tie]:
    """What makes a candidate a Limited Team Member's: rows with the column of the candidate and that of the user.

    They own the candidate, manage the posting, follow them, or sit on a panel of theirs.
    """
    return [
        (models.Candidate.all(), "id", "owner_id"),
        (models.Candidate.all(), "id", "posting__hiring_manager_id"),
        (models.Follower.all(), "candidate_id", "user_id"),
        (seats(), "panel__candidate_id", "user_id"),
    ]


def known_by_panels() -> list[Tie]:
    """What of the directory an Interviewer knows: rows with the column of their panel and that of what it leads to."""
    panels = models.Panel.filter(candidate_id__isnull=False)
    leads_to = ("stage_id", "candidate__stage_id", "candidate__posting_id")
    people = ("candidate__owner_id", "candidate__follows__user_id")
    return [
        (models.Interviewer.all(), "panel_id", "user_id"),
        (models.FeedbackForm.all(), "panel_id", "template_id"),
        *((panels, "id", path) for path in (*leads_to, *people)),
    ]


def tied_candidates(scope: Scope) -> Subquery:
    """The ids of the viewer's own candidates: all that a Limited Team Member sees."""
    return AnyOf(
        *(rows.filter(**{user: scope.viewer_id}).values(candidate) for rows, candidate, user in candidate_ties())
    )


def _interviewed_candidates(scope: Scope) -> Subquery:
    """The ids of the candidates on whose panels the user sits."""
    return Subquery(seats().filter(user_id=scope.viewer_id).values("panel__candidate_id"))


def _known_to_seated(scope: Scope) -> Q:
    """The entries about what the panels on which the user sits lead to."""
    seated = _seated_panels(scope)
    known = (rows.filter(**{f"{panel}__in": seated}).values(id) for rows, panel, id in known_by_panels())
    return Q(subject_id__in=AnyOf(*known))


def _seated_panels(scope: Scope) -> Subquery:
    """The ids of the panels on which the user sits, but for those about themselves."""
    seats = models.Interviewer.filter(user_id=scope.viewer_id)
    return Subquery(seats.filter(*_about_others(scope, models.Interviewer)).values("panel_id"))


def _own_interviews(scope: Scope) -> Subquery:
    """The ids of the interviews on which the user sits."""
    return Subquery(models.Interviewer.filter(user_id=scope.viewer_id).values("interview_id"))


#: Entries for one viewer that say what they no longer see.
ALWAYS_TOLD = (ChangeType.NO_LONGER_VISIBLE.value, SIGHT_CHANGED)

FOR_ALL_OF_THE_TEAM = (ChangeTopic.INTEGRATIONS, ChangeTopic.DIRECTORY)


def is_shown(viewer: Viewer, entry: LogEntry) -> bool:
    """Whether a viewer who is not restricted sees the entry: a key no other integration than its own."""
    return viewer.role is not KEY or entry.topic is not ChangeTopic.INTEGRATIONS or entry.subject_id == viewer.actor_id


_Filter = Callable[[Scope], Q]


def _account(scope: Scope, column: str = "account_id") -> Q:
    own: dict[str, Any] = {column: scope.account_id}
    return Q(**own)


def _none(scope: Scope) -> Q:
    return Q(id__in=[])


def _any(scope: Scope) -> Q:
    return Q()


def _by_role(interviewer: _Filter, limited: _Filter, others: _Filter = _any, account: str = "account_id") -> _Filter:
    """What an Interviewer sees of the account's rows, what a Limited Team Member, and what everybody else."""
    filters: dict[Role | None, _Filter] = {Role.INTERVIEWER: interviewer, Role.LIMITED_TEAM_MEMBER: limited}
    return lambda scope: _account(scope, account) & filters.get(scope.role, others)(scope)


def _of_integration(own: _Filter, act: Act) -> _Filter:
    """To an integration its own; to others all that they may see."""
    return lambda scope: own(scope) if scope.role is KEY else _where_allowed(act)(scope)


def _where_allowed(act: Act) -> _Filter:
    return lambda scope: _account(scope) if may(scope, act) else _none(scope)


def _entries_of(scope: Scope) -> Q:
    """Which entries the viewer sees, as far as they are for everybody who sees their subjects."""
    always = Q(kind__in=ALWAYS_TOLD)
    match scope.role:
        case Role.INTERVIEWER:
            own = Q(user_id=scope.viewer_id) | Q(panel_id__in=_seated_panels(scope))
            candidates = Q(topic=ChangeTopic.CANDIDATES, candidate_id__in=_interviewed_candidates(scope))
            return always | own | candidates | (Q(topic=ChangeTopic.DIRECTORY) & _known_to_seated(scope))
        case Role.LIMITED_TEAM_MEMBER:
            own = Q(user_id=scope.viewer_id) | Q(topic__in=FOR_ALL_OF_THE_TEAM)
            return always | own | Q(candidate_id__in=tied_candidates(scope))
        case None:
            return always | ~Q(topic=ChangeTopic.INTEGRATIONS) | Q(subject_id=scope.viewer_id)
        case _:
            return Q()


_FILTERS: dict[type[Model], _Filter] = {
    models.Account: lambda scope: Q(id=scope.account_id),
    models.User: _by_role(lambda scope: Q(id=scope.viewer_id), _any),
    models.Stage: _by_role(_none, _any),
    models.Posting: _by_role(_none, _any),
    models.FeedbackTemplate: _by_role(_none, _any),
    models.Candidate: _by_role(_none, lambda scope: Q(id__in=tied_candidates(scope))),
    # A panel without a candidate is a tombstone, which nobody sees.
    models.Panel: _by_role(
        _none, lambda scope: Q(candidate_id__in=tied_candidates(scope)), lambda _: Q(candidate_id__isnull=False)
    ),
    # An Interviewer's by their one seat on each, along which a list is read.
    models.Interview: _by_role(
        lambda scope: Q(interviewers__user_id=scope.viewer_id),
        lambda scope: Q(panel__candidate_id__in=tied_candidates(scope)),
    ),
    # Who sees an interview sees who sits on it.
    models.Interviewer: _by_role(
        lambda scope: Q(interview_id__in=_own_interviews(scope)),
        lambda scope: Q(panel__candidate_id__in=tied_candidates(scope)),
        account="panel__account_id",
    ),
    models.FeedbackForm: _by_role(
        lambda scope: Q(user_id=scope.viewer_id) | Q(panel_id__in=_seated_panels(scope)),
        lambda scope: Q(user_id=scope.viewer_id) | Q(panel__candidate_id__in=tied_candidates(scope)),
    ),
    models.Change: _by_role(
        lambda scope: Q(panel_id__in=_seated_panels(scope)),
        lambda scope: Q(candidate_id__in=tied_candidates(scope)),
    ),
    models.LogEntry: lambda scope: (
        _account(scope) & (Q(viewer_id__isnull=True) | Q(viewer_id=scope.viewer_id)) & _entries_of(scope)
    ),
    models.Integration: _of_integration(lambda scope: Q(id=scope.viewer_id), Act.SEE_INTEGRATIONS),
    models.ApiKey: _of_integration(lambda scope: Q(integration_id=scope.viewer_id), Act.SEE_KEYS),
    models.RefusedPush: _of_integration(lambda scope: Q(integration_id=scope.viewer_id), Act.SEE_INTEGRATIONS),
    models.AuditEvent: _where_allowed(Act.READ_AUDIT),
}


def _own_candidates(scope: Scope) -> QuerySet[Any]:
    """The candidates who are the viewer, by email."""
    emails = Subquery(models.User.filter(id=scope.viewer_id).values("email"))
    candidacies = models.CandidateEmail.filter(account_id=scope.account_id, email__in=emails)
    return models.Candidate.filter(id__in=Subquery(candidacies.values("candidate_id")))


def _own_panels(scope: Scope) -> QuerySet[Any]:
    """The panels on which the viewer is the one who is interviewed."""
    return models.Panel.filter(candidate_id__in=_ids(_own_candidates(scope)))


def _ids(rows: QuerySet[Any]) -> Subquery:
    return Subquery(rows.values("id"))


def _of_own_panels(model: type[Model], scope: Scope) -> QuerySet[Any]:
    return model.filter(panel_id__in=_ids(_own_panels(scope)))


#: What a global id may name that is about a candidate.
_SUBJECTS: tuple[Callable[[Scope], QuerySet[Any]], ...] = (
    *(_own_candidates, _own_panels),
    *(partial(_of_own_panels, model) for model in (models.Interview, models.FeedbackForm)),
)

#: How each model's rows about a candidate are known by those who are the candidate: columns, and the rows they name.
_ABOUT_CANDIDATES: dict[type[Model], dict[str, tuple[Callable[[Scope], QuerySet[Any]], ...]]] = {
    models.Candidate: {"id": (_own_candidates,)},
    models.Panel: {"candidate_id": (_own_candidates,)},
    models.Interview: {"panel_id": (_own_panels,)},
    models.Interviewer: {"panel_id": (_own_panels,)},
    models.FeedbackForm: {"panel_id": (_own_panels,)},
    models.Change: {"candidate_id": (_own_candidates,)},
    models.LogEntry: {"candidate_id": (_own_candidates,)},
    models.AuditEvent: {"target_id": _SUBJECTS},
}


def _about_others(scope: Scope, model: type[Model]) -> list[Q]:
    """The filters that leave out what is about the viewer as a candidate, whatever their role."""
    own = _ABOUT_CANDIDATES.get(model, {}) if scope.is_candidate else {}
    return [_not_among(model, column, _ids(rows(scope))) for column, named in own.items() for rows in named]


def _not_among(model: type[Model], column: str, ids: Subquery) -> Q:
    """The rows that have none of the ids there: in SQL what is null would be neither among them nor not."""
    among: dict[str, Any] = {f"{column}__in": ids}
    missing: dict[str, Any] = {f"{column}__isnull": True}
    return Q(**missing) | ~Q(**among) if is_nullable(model, column) else ~Q(**among)
