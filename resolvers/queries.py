"""Reading what a viewer may see: statements that are written down once, rows by name, and the rows that they point at.

Every one begins with `access.visible`, or with a row that it has let through.
"""

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from functools import partial
from typing import Any, Protocol, TypeVar

from tortoise.fields.relational import RelationalField
from tortoise.models import Model
from tortoise.queryset import QuerySet

import models
from auth.viewer import Viewer
from database.batching import Company
from database.compiled import Attributes, Joined, read
from models import Role
from resolvers.access import shared_scope, unscoped, visible

AnyModel = TypeVar("AnyModel", bound=Model)


class Wanted(Protocol):
    """What is asked for below: paths are of fields, in GraphQL's names, one within the other."""

    def selects(self, *path: str) -> bool:
        """Whether the field at that path is asked for."""
        ...

    def reads(self, *path: str) -> Attributes:
        """What is taken of the rows at that path."""
        ...


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
    return await read(_as_role, shape, its, *joined, tail=tail, attributes=attributes)


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
    found = await _LOOKUPS.answer(where, value, partial(_looked_up, viewer, model, name, joined), key=value)
    return found if found and all(getattr(found, each) == its for each, its in given.items()) else None


async def _looked_up(
    viewer: Viewer, model: type[AnyModel], name: str, joined: tuple[Joined, ...], values: list[str]
) -> list[AnyModel | None]:
    found = await hot(viewer, _visible_named, (model, name), {"values": values}, *joined)
    by_name = {getattr(row, name): row for row, *_ in found}
    return [by_name.get(value) for value in values]


def _visible_named(viewer: Viewer, model: type[AnyModel], name: str, values: list[str]) -> QuerySet[AnyModel]:
    return visible(viewer, model).filter(**{f"{name}__in": values})


_LOOKUPS = Company()


async def targets(viewer: Viewer, model: type[AnyModel], ids: Collection[str | None]) -> dict[str, AnyModel]:
    """Rows by id that visible rows point at: who sees an interview sees whom it is about. One statement."""
    wanted = {id for id in ids if id is not None}
    if not wanted:
        return {}
    return {row.id: row for (row,) in await hot(viewer, _by_ids, (model,), {"ids": list(wanted)})}


def _by_ids(viewer: Viewer, model: type[AnyModel], ids: list[str]) -> QuerySet[AnyModel]:
    found = unscoped(model, "who sees a row sees what it points at")
    return found.filter(id__in=ids, account_id=viewer.account_id)


async def pointed(viewer: Viewer, rows: Sequence[Model], pointer: str) -> list[Any]:
    """The row that each row points at, or None: as it was read along, else `behind` them. One statement at most."""
    key, kept = f"{pointer}_id", f"_{pointer}"
    missing = [getattr(row, key) for row in rows if kept not in row.__dict__]
    if not missing:
        return [row.__dict__[kept] for row in rows]
    field = type(rows[0])._meta.fields_map[pointer]
    assert isinstance(field, RelationalField), "only rows are pointed at"
    found = await targets(viewer, field.related_model, missing)
    return [row.__dict__[kept] if kept in row.__dict__ else found.get(getattr(row, key)) for row in rows]


async def parts(
    model: type[Model], why: str, *joined: Joined, lock: bool = False, **named: Any
) -> list[tuple[Any, ...]]:
    """The rows of `unscoped` with these values, a statement written down once; with `lock`, locked until the commit.

    Each stands in a tuple, with those that are read along.
    """
    values = {name: [value] for name, value in named.items()}
    found = await read(_parts, (model, why, lock), values, *joined)
    return [its for its in found if all(getattr(its[0], name) == value for name, value in named.items())]


def _parts(model: type[Model], why: str, lock: bool, **named: list[Any]) -> QuerySet[Any]:
    found = unscoped(model, why).filter(**{f"{name}__in": listed for name, listed in named.items()})
    # In one order, so that nobody waits for whoever waits for them.
    return found.order_by("id").select_for_update() if lock else found
