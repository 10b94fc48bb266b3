"""The permission table of docs/rules.md: what a viewer may do, and which rows they may see.

Every read and every lock begins with `visible`: what lies outside it is answered as what does not exist.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeVar

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
    Act.LIST_DIRECTORY: {*_TEAM, KEY},
    Act.SYNC: {*_ADMINS},
    Act.READ_AUDIT: {Role.SUPER_ADMIN},
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


def _ties() -> list[tuple[QuerySet[Any], str, str]]:
    """What makes a candidate a Limited Team Member's: rows with the column of the candidate and that of the user.

    They own the candidate, manage the posting, follow them, or sit on a panel of theirs.
    """
    return [
        (models.Candidate.all(), "id", "owner_id"),
        (models.Candidate.all(), "id", "posting__hiring_manager_id"),
        (models.Follower.all(), "candidate_id", "user_id"),
        (models.Interviewer.filter(panel__candidate_id__isnull=False), "panel__candidate_id", "user_id"),
    ]


def _theirs(viewer: Viewer) -> Subquery:
    """The ids of a Limited Team Member's candidates."""
    mine = Q(
        *(
            Q(id__in=Subquery(rows.filter(**{user: viewer.user_id}).values(candidate)))
            for rows, candidate, user in _ties()
        ),
        join_type=Q.OR,
    )
    return Subquery(models.Candidate.filter(mine, account_id=viewer.account_id).values("id"))


async def audiences(changes: Collection[models.Change]) -> "dict[int, Audience]":
    """Which restricted viewers may see each change, by its position: `visible` seen from the other side.

    For those who deliver a change to many: five statements, however many viewers there are.
    """
    by_candidate = await _users_by([change.candidate_id for change in changes], _ties())
    seats = [(models.Interviewer.all(), "panel_id", "user_id")]
    by_panel = await _users_by([change.panel_id for change in changes], seats)
    return {
        change.position: Audience(by_candidate[change.candidate_id], by_panel[change.panel_id]) for change in changes
    }


async def _users_by(keys: Collection[str], ties: list[tuple[QuerySet[Any], str, str]]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {key: set() for key in keys}
    for rows, column, user in ties:
        for key, user_id in await rows.filter(**{f"{column}__in": list(found)}).values_list(column, user):
            found[key].add(user_id)
    return found


@dataclass(frozen=True)
class Audience:
    """The users to whom a change is visible beside those who see everything."""

    tied: set[str]
    seated: set[str]

    def has(self, viewer: Viewer) -> bool:
        """Whether the viewer may see the change."""
        match viewer.role:
            case Role.INTERVIEWER:
                return viewer.user_id in self.seated
            case Role.LIMITED_TEAM_MEMBER:
                return viewer.user_id in self.tied
            case _:
                return True


def restricted(viewer: Viewer) -> bool:
    """Whether the viewer sees only part of the account's changes."""
    return viewer.role in (Role.INTERVIEWER, Role.LIMITED_TEAM_MEMBER)


def shared_scope(viewer: Viewer) -> tuple[str, ...]:
    """Equal for viewers who see the same of everything that is not personal: one role that sees all."""
    if restricted(viewer):
        return (viewer.account_id, viewer.actor_id)
    return (viewer.account_id, viewer.role.value if viewer.role else viewer.actor_id)


def _sat_on(viewer: Viewer) -> Subquery:
    """The ids of the panels on which the viewer sits."""
    return Subquery(models.Interviewer.filter(user_id=viewer.user_id).values("panel_id"))


_Scope = Callable[[Viewer], Q]


def _of_the_account(viewer: Viewer) -> Q:
    return Q(account_id=viewer.account_id)


def _none(viewer: Viewer) -> Q:
    return Q(id__in=[])


def _any(viewer: Viewer) -> Q:
    return Q()


def _by_role(interviewer: _Scope, limited: _Scope, others: _Scope = _any) -> _Scope:
    """What an Interviewer sees of the account's rows, what a Limited Team Member, and what everybody else."""
    scopes: dict[Role | None, _Scope] = {Role.INTERVIEWER: interviewer, Role.LIMITED_TEAM_MEMBER: limited}
    return lambda viewer: _of_the_account(viewer) & scopes.get(viewer.role, others)(viewer)


def _of_integration(column: str, act: Act) -> _Scope:
    """To an integration its own, by that column; to others all that they may see."""
    return lambda viewer: Q(**{column: viewer.integration.id}) if viewer.integration else _where_may(act)(viewer)


def _where_may(act: Act) -> _Scope:
    return lambda viewer: _of_the_account(viewer) if may(viewer, act) else _none(viewer)


_SCOPES: dict[type[Model], _Scope] = {
    models.Account: lambda viewer: Q(id=viewer.account_id),
    models.User: _by_role(lambda viewer: Q(id=viewer.user_id), _any),
    models.Stage: _by_role(_none, _any),
    models.Posting: _by_role(_none, _any),
    models.FeedbackTemplate: _by_role(_none, _any),
    models.Candidate: _by_role(_none, lambda viewer: Q(id__in=_theirs(viewer))),
    # A panel without a candidate is a tombstone, which nobody sees.
    models.Panel: _by_role(
        _none, lambda viewer: Q(candidate_id__in=_theirs(viewer)), lambda _: Q(candidate_id__isnull=False)
    ),
    # An Interviewer's by their one seat on each, along which a list is read.
    models.Interview: _by_role(
        lambda viewer: Q(interviewers__user_id=viewer.user_id),
        lambda viewer: Q(panel__candidate_id__in=_theirs(viewer)),
    ),
    models.FeedbackForm: _by_role(
        lambda viewer: Q(user_id=viewer.user_id) | Q(panel_id__in=_sat_on(viewer)),
        lambda viewer: Q(user_id=viewer.user_id) | Q(panel__candidate_id__in=_theirs(viewer)),
    ),
    models.Change: _by_role(
        lambda viewer: Q(panel_id__in=_sat_on(viewer)), lambda viewer: Q(candidate_id__in=_theirs(viewer))
    ),
    # Their topics say which subjects of the account a viewer sees.
    models.TopicChange: lambda viewer: Q(log__account_id=viewer.account_id),
    models.Integration: _of_integration("id", Act.SEE_INTEGRATIONS),
    models.ApiKey: _of_integration("integration_id", Act.SEE_KEYS),
    models.AuditEvent: _where_may(Act.READ_AUDIT),
}
