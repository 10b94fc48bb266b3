"""The permission table of docs/rules.md: what a viewer may do, and which rows they may see.

Every read and every lock begins with `visible`: what lies outside it is answered as what does not exist.
"""

from collections.abc import Callable, Collection
from enum import Enum
from typing import TypeVar

from tortoise.expressions import Q, Subquery
from tortoise.models import Model
from tortoise.queryset import QuerySet

import models
from auth.refusals import Code, Refused
from auth.viewer import Viewer
from models import Role

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
    LIST_DIRECTORY = "list users, templates, stages or postings"
    SYNC = "sync the directory"


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
    Act.LIST_DIRECTORY: {*_TEAM, KEY},
    Act.SYNC: {*_ADMINS},
}


def may(viewer: Viewer, act: Act) -> bool:
    """Whether the viewer's role allows it."""
    return viewer.role in _ALLOWED[act]


def require(viewer: Viewer, act: Act) -> None:
    """Raises Refused(FORBIDDEN) where the viewer's role may never do it."""
    if not may(viewer, act):
        raise Refused(Code.FORBIDDEN, f"This role may not {act.value}.")


def visible(viewer: Viewer, model: type[AnyModel]) -> QuerySet[AnyModel]:
    """The rows of the model that exist for this viewer."""
    return model.filter(_SCOPES[model](viewer))


def unscoped(model: type[AnyModel], why: str) -> QuerySet[AnyModel]:
    """All rows of the model, for the few reads that no viewer's scope describes; `why` is for who reads the code."""
    assert why
    return model.all()


async def behind(viewer: Viewer, model: type[AnyModel], ids: Collection[str | None]) -> dict[str, AnyModel]:
    """Rows by id that visible rows point at: who sees an interview sees whom it is about. One statement."""
    wanted = {id for id in ids if id is not None}
    if not wanted:
        return {}
    rows = await model.filter(id__in=wanted, **_account_of(model, viewer))
    return {str(row.pk): row for row in rows}


def _account_of(model: type[Model], viewer: Viewer) -> dict[str, str]:
    return {"id": viewer.account_id} if model is models.Account else {"account_id": viewer.account_id}


def _same_account(viewer: Viewer) -> Q:
    return Q(account_id=viewer.account_id)


def _nothing() -> Q:
    return Q(id__in=[])


def _directory(viewer: Viewer) -> Q:
    """Stages, postings and templates: everybody's but an Interviewer's."""
    return _nothing() if viewer.role is Role.INTERVIEWER else _same_account(viewer)


def _users(viewer: Viewer) -> Q:
    return Q(id=viewer.user_id) if viewer.role is Role.INTERVIEWER else _same_account(viewer)


def _theirs(viewer: Viewer) -> Subquery:
    """The ids of a Limited Team Member's candidates: owned, followed, of their posting, or on whose panel they sit."""
    me = viewer.user_id
    sat_with = models.Panel.filter(interviewers__user_id=me, candidate_id__isnull=False)
    mine = (
        Q(owner_id=me)
        | Q(posting_id__in=Subquery(models.Posting.filter(hiring_manager_id=me).values("id")))
        | Q(id__in=Subquery(models.Follower.filter(user_id=me).values("candidate_id")))
        | Q(id__in=Subquery(sat_with.values("candidate_id")))
    )
    return Subquery(models.Candidate.filter(mine, account_id=viewer.account_id).values("id"))


def _sat_on(viewer: Viewer, column: str) -> Subquery:
    """The ids of the interviews, or of their panels, on which the viewer sits."""
    return Subquery(models.Interviewer.filter(user_id=viewer.user_id).values(column))


def _candidates(viewer: Viewer) -> Q:
    match viewer.role:
        case Role.INTERVIEWER:
            return _nothing()
        case Role.LIMITED_TEAM_MEMBER:
            return _same_account(viewer) & Q(id__in=_theirs(viewer))
        case _:
            return _same_account(viewer)


def _panels(viewer: Viewer) -> Q:
    # A panel without a candidate is a tombstone, which nobody sees.
    match viewer.role:
        case Role.INTERVIEWER:
            return _nothing()
        case Role.LIMITED_TEAM_MEMBER:
            return _same_account(viewer) & Q(candidate_id__in=_theirs(viewer))
        case _:
            return _same_account(viewer) & Q(candidate_id__isnull=False)


def _interviews(viewer: Viewer) -> Q:
    match viewer.role:
        case Role.INTERVIEWER:
            return _same_account(viewer) & Q(id__in=_sat_on(viewer, "interview_id"))
        case Role.LIMITED_TEAM_MEMBER:
            return _same_account(viewer) & Q(panel__candidate_id__in=_theirs(viewer))
        case _:
            return _same_account(viewer)


def _forms(viewer: Viewer) -> Q:
    own = Q(user_id=viewer.user_id)
    match viewer.role:
        case Role.INTERVIEWER:
            return _same_account(viewer) & (own | Q(panel_id__in=_sat_on(viewer, "panel_id")))
        case Role.LIMITED_TEAM_MEMBER:
            return _same_account(viewer) & (own | Q(panel__candidate_id__in=_theirs(viewer)))
        case _:
            return _same_account(viewer)


def _changes(viewer: Viewer) -> Q:
    match viewer.role:
        case Role.INTERVIEWER:
            return _same_account(viewer) & Q(panel_id__in=_sat_on(viewer, "panel_id"))
        case Role.LIMITED_TEAM_MEMBER:
            return _same_account(viewer) & Q(candidate_id__in=_theirs(viewer))
        case _:
            return _same_account(viewer)


def _integrations(viewer: Viewer) -> Q:
    if viewer.integration:
        return Q(id=viewer.integration.id)
    return _same_account(viewer) if may(viewer, Act.SEE_INTEGRATIONS) else _nothing()


def _keys(viewer: Viewer) -> Q:
    if viewer.integration:
        return Q(integration_id=viewer.integration.id)
    return _same_account(viewer) if may(viewer, Act.SEE_KEYS) else _nothing()


_SCOPES: dict[type[Model], Callable[[Viewer], Q]] = {
    models.Account: lambda viewer: Q(id=viewer.account_id),
    models.User: _users,
    models.Stage: _directory,
    models.Posting: _directory,
    models.FeedbackTemplate: _directory,
    models.Candidate: _candidates,
    models.Panel: _panels,
    models.Interview: _interviews,
    models.FeedbackForm: _forms,
    models.Change: _changes,
    models.Integration: _integrations,
    models.ApiKey: _keys,
}
