"""The permission table of docs/rules.md: what a viewer may do, and which rows they may see.

Every read and every lock begins with `visible`: what lies outside it is answered as what does not exist.
"""

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import partial
from typing import Any, Protocol, TypeVar

from tortoise.expressions import Q, Subquery
from tortoise.fields.relational import RelationalField
from tortoise.models import Model
from tortoise.queryset import QuerySet

import models
from auth.refusals import Code, Refused
from auth.viewer import Viewer
from models import Role
from models.reading import Attributes, Joined, Kept
from models.sharing import Lookups

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


class Wanted(Protocol):
    """What is asked for below: paths are of fields, in GraphQL's names, one within the other."""

    def selects(self, *path: str) -> bool:
        """Whether the field at that path is asked for."""
        ...

    def reads(self, *path: str) -> Attributes:
        """What is taken of the rows at that path."""
        ...


_KEPT = Kept()


async def hot(
    viewer: Viewer,
    build: Callable[..., QuerySet[Any]],
    shape: tuple[Hashable, ...],
    values: Mapping[str, Any],
    *joined: Joined,
    tail: str = "",
    attributes: Attributes = None,
) -> list[tuple[Any, ...]]:
    """The rows of `build(viewer, *shape, **values)`, a statement written down once for each role and shape.

    Its scope is that of `visible`, compiled with a viewer of the role whose ids are put in at each call.
    """
    its = {**values, "account_id": viewer.account_id, "viewer_id": viewer.actor_id}
    shape = (build, viewer.role, *shape)
    return await _KEPT.rows(_as_role, shape, its, *joined, tail=tail, attributes=attributes)


async def one(
    viewer: Viewer, model: type[AnyModel], named: Mapping[str, str | None], *joined: Joined
) -> AnyModel | None:
    """The visible row of all these names that are given; None where there is none, or no name.

    It is asked for together with what others look up: rows that are read so are for reading only.
    """
    given = {name: value for name, value in named.items() if value is not None}
    if not given:
        return None
    name, value = next(iter(given.items()))
    where = (model, name, joined, *shared_scope(viewer))
    found = await _LOOKUPS.found(where, value, partial(_looked_up, viewer, model, name, joined))
    return found if found and all(getattr(found, each) == its for each, its in given.items()) else None


async def _looked_up(
    viewer: Viewer, model: type[AnyModel], name: str, joined: tuple[Joined, ...], values: list[str]
) -> Mapping[Hashable, Any]:
    found = await hot(viewer, _visible_named, (model, name), {"values": values}, *joined)
    return {getattr(row, name): row for row, *_ in found}


def _visible_named(viewer: Viewer, model: type[AnyModel], name: str, values: list[str]) -> QuerySet[AnyModel]:
    return visible(viewer, model).filter(**{f"{name}__in": values})


_LOOKUPS = Lookups[Any]()


def _as_role(
    build: Callable[..., QuerySet[Any]],
    role: Role | None,
    *shape: Any,
    account_id: Any,
    viewer_id: Any,
    **values: Any,
) -> QuerySet[Any]:
    """What `build` makes for anybody of that role."""
    account = models.Account()
    actor = models.Integration() if role is None else models.User(role=role)
    account.id, actor.id = account_id, viewer_id
    user, integration = (actor, None) if isinstance(actor, models.User) else (None, actor)
    return build(Viewer(account, user, integration), *shape, **values)


def unscoped(model: type[AnyModel], why: str) -> QuerySet[AnyModel]:
    """All rows of the model, for the few reads that no viewer's scope describes; `why` is for who reads the code."""
    assert why
    return model.all()


async def parts(
    model: type[Model], why: str, *joined: Joined, lock: bool = False, **named: Any
) -> list[tuple[Any, ...]]:
    """The rows of `unscoped` with these values, a statement written down once; with `lock`, locked until the commit.

    Each stands in a tuple, with those that are read along.
    """
    assert why
    found = await _KEPT.rows(_parts, (model, lock), {name: [value] for name, value in named.items()}, *joined)
    return [its for its in found if all(getattr(its[0], name) == value for name, value in named.items())]


def _parts(model: type[Model], lock: bool, **named: list[Any]) -> QuerySet[Any]:
    found = model.filter(**{f"{name}__in": listed for name, listed in named.items()})
    # In one order, so that nobody waits for whoever waits for them.
    return found.order_by("id").select_for_update() if lock else found


async def behind(viewer: Viewer, model: type[AnyModel], ids: Collection[str | None]) -> dict[str, AnyModel]:
    """Rows by id that visible rows point at: who sees an interview sees whom it is about. One statement."""
    wanted = {id for id in ids if id is not None}
    if not wanted:
        return {}
    return {row.id: row for (row,) in await hot(viewer, _by_ids, (model,), {"ids": list(wanted)})}


def _by_ids(viewer: Viewer, model: type[AnyModel], ids: list[str]) -> QuerySet[AnyModel]:
    return model.filter(id__in=ids, **_account_of(model, viewer))


async def pointed(viewer: Viewer, rows: Sequence[Model], pointer: str) -> list[Any]:
    """The row that each row points at, or None: as it was read along, else `behind` them. One statement at most."""
    key, kept = f"{pointer}_id", f"_{pointer}"
    missing = [getattr(row, key) for row in rows if kept not in row.__dict__]
    if not missing:
        return [row.__dict__[kept] for row in rows]
    field = type(rows[0])._meta.fields_map[pointer]
    assert isinstance(field, RelationalField), "only rows are pointed at"
    found = await behind(viewer, field.related_model, missing)
    return [row.__dict__[kept] if kept in row.__dict__ else found.get(getattr(row, key)) for row in rows]


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
            # By their one seat on each, along which a list is read.
            return _same_account(viewer) & Q(interviewers__user_id=viewer.user_id)
        case Role.LIMITED_TEAM_MEMBER:
            return _same_account(viewer) & Q(panel__candidate_id__in=_theirs(viewer))
        case _:
            return _same_account(viewer)


def _forms(viewer: Viewer) -> Q:
    own = Q(user_id=viewer.user_id)
    match viewer.role:
        case Role.INTERVIEWER:
            return _same_account(viewer) & (own | Q(panel_id__in=_sat_on(viewer)))
        case Role.LIMITED_TEAM_MEMBER:
            return _same_account(viewer) & (own | Q(panel__candidate_id__in=_theirs(viewer)))
        case _:
            return _same_account(viewer)


def _changes(viewer: Viewer) -> Q:
    match viewer.role:
        case Role.INTERVIEWER:
            return _same_account(viewer) & Q(panel_id__in=_sat_on(viewer))
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


def _audit_events(viewer: Viewer) -> Q:
    return _same_account(viewer) if may(viewer, Act.READ_AUDIT) else _nothing()


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
    models.AuditEvent: _audit_events,
}
