"""Reading what a viewer may see: compiled statements, rows by name, and the rows that other rows point at.

Every read begins with `access.visible`, or with a row that it has let through.
"""

from collections.abc import Callable, Hashable, Iterable, Sequence
from functools import partial
from typing import Any, Protocol, TypeVar

from tortoise.queryset import QuerySet

import database
import settings
from auth.refusals import Code, Refused
from auth.viewer import Scope, Viewer
from database import NOT_READ, Attributes, Bind, Coalescer, Join, Query, Stored, attached_rows, in_, related_model
from database.row import AnyRow
from models import Role, Row
from resolvers.access import unscoped, visibility_key, visible

WithId = TypeVar("WithId", bound=Row)

COALESCER = Coalescer()


class Wanted(Protocol):
    """What is asked for below: paths are of fields, in GraphQL's names, one within the other."""

    def selects(self, *path: str) -> bool:
        """Whether the field at that path is asked for."""
        ...

    def reads(self, *path: str) -> Attributes:
        """What is taken of the rows at that path."""
        ...


async def select(
    viewer: Viewer,
    query: Query[AnyRow],
    *joins: Join,
    where: str = "",
    order_by: Sequence[str] = (),
    attributes: Attributes = None,
    is_bounded: bool = True,
) -> list[AnyRow]:
    """The rows of a query, as `database.fetch` reads them; `query.build` is handed the viewer's scope first.

    The statement is compiled once for each role, and once more for those in it who are candidates too. Raises
    WorkLimitExceeded where there are more rows than a request may cost, unless they are not bounded by that.
    """
    most = settings.current().max_work // 2 if is_bounded else None
    scoped = Query(_with_scope, query.build, viewer.role, viewer.is_candidate, *query.structure, **query.values)
    scoped = scoped.with_values(account_id=viewer.account_id, viewer_id=viewer.actor_id)
    return await database.fetch(scoped, *joins, where=where, order_by=order_by, attributes=attributes, most=most)


def _with_scope(
    build: Callable[..., QuerySet[AnyRow]],
    role: Role | None,
    is_candidate: bool,
    *structure: Hashable,
    account_id: Bind,
    viewer_id: Bind,
    **values: object,
) -> QuerySet[AnyRow]:
    return build(Scope(role, account_id, viewer_id, is_candidate), *structure, **values)


async def get(viewer: Viewer, model: type[AnyRow], column: str, value: str, *joins: Join) -> AnyRow | None:
    """The visible row that has the value in a column in which no other has it; None where there is none.

    Callers that ask at the same time share one statement, and its rows: they are for reading only.
    """
    group = (model, column, joins, *visibility_key(viewer))
    return await COALESCER.load(group, value, partial(_load_by_name, viewer, model, column, joins))


#: Why a look-up by two names is refused.
CONTRADICTION = "`id` and `externalId` lead to different things: send one of them."


async def get_named(
    viewer: Viewer, model: type[WithId], id: str | None, external_id: str | None, *joins: Join
) -> WithId | None:
    """The visible row of that id or external id; None where neither leads to one.

    Raises Refused(BAD_USER_INPUT) where neither is passed, or where they don't lead to the same row.
    """
    names = {"id": id, "external_id": external_id}
    rows = [await get(viewer, model, name, value, *joins) for name, value in names.items() if value is not None]
    if not rows:
        raise Refused(Code.BAD_USER_INPUT, "Say which one by `id` or by `externalId`.")
    if len({row.id if row else None for row in rows}) > 1:
        raise Refused(Code.BAD_USER_INPUT, CONTRADICTION)
    return rows[0]


async def get_many(viewer: Viewer, named: Sequence[tuple[type[WithId] | None, str]]) -> list[WithId | None]:
    """The visible rows of these models and ids, None for each that there is not. One statement for each model.

    Raises Refused(BAD_USER_INPUT) for more than a page may have.
    """
    limit = settings.current().max_page
    if len(named) > limit:
        raise Refused(Code.BAD_USER_INPUT, f"`ids` takes at most {limit} ids.")
    rows: dict[str, WithId] = {}
    for model in dict.fromkeys(model for model, _ in named):
        if model is not None:
            ids = known(*(id for each, id in named if each is model))
            rows |= {row.id: row for row in await select(viewer, Query(_visible_named, model, "id", names=ids))}
    return [rows.get(id) for _, id in named]


async def _load_by_name(
    viewer: Viewer, model: type[AnyRow], column: str, joins: tuple[Join, ...], names: list[str]
) -> list[AnyRow | None]:
    rows = await select(viewer, Query(_visible_named, model, column, names=names), *joins)
    by_name = {getattr(row, column): row for row in rows}
    return [by_name.get(name) for name in names]


def _visible_named(scope: Scope, model: type[AnyRow], column: str, names: Bind) -> QuerySet[AnyRow]:
    return visible(scope, model).filter(in_(column, names))


async def load_many(viewer: Viewer, model: type[WithId], ids: Iterable[str | None]) -> dict[str, WithId]:
    """Rows by id that visible rows point at: who sees an interview sees whom it is about. One statement."""
    wanted = known(*ids)
    rows = await select(viewer, Query(_by_ids, model, ids=wanted)) if wanted else []
    return {row.id: row for row in rows}


def known(*names: str | None) -> list[str]:
    """Those that are not null, each once."""
    return list(dict.fromkeys(name for name in names if name is not None))


def group_by(rows: Iterable[AnyRow], column: str, keys: Sequence[str]) -> list[list[AnyRow]]:
    """For each of the keys the rows that have it in the column, in their order."""
    groups: dict[str, list[AnyRow]] = {key: [] for key in keys}
    for row in rows:
        groups[getattr(row, column)].append(row)
    return [groups[key] for key in keys]


def _by_ids(scope: Scope, model: type[AnyRow], ids: Bind) -> QuerySet[AnyRow]:
    rows = unscoped(model, "who sees a row sees what it points at")
    return rows.filter(in_("id", ids), account_id=scope.account_id)


async def load_related(viewer: Viewer, rows: Sequence[Stored], pointer: str) -> list[Any]:
    """The row that each row's foreign key leads to, or None. One statement for all that were not read along."""
    targets, key = attached_rows(rows, pointer), f"{pointer}_id"
    missing = [getattr(row, key) for row, target in zip(rows, targets, strict=True) if target is NOT_READ]
    if not missing:
        return targets
    loaded = await load_many(viewer, related_model(type(rows[0]), pointer), missing)
    return [
        loaded.get(getattr(row, key)) if target is NOT_READ else target
        for row, target in zip(rows, targets, strict=True)
    ]


async def select_unscoped(model: type[AnyRow], why: str, *joins: Join, **names: object) -> list[AnyRow]:
    """The rows of `unscoped` that have these values, by column."""
    return await _select_named(False, model, why, *joins, **names)


async def select_for_update(model: type[AnyRow], why: str, **names: object) -> list[AnyRow]:
    """The same, locked until the commit."""
    return await _select_named(True, model, why, **names)


async def _select_named(lock: bool, model: type[AnyRow], why: str, *joins: Join, **names: object) -> list[AnyRow]:
    query = Query(_rows_named, model, why, lock, **{column: [value] for column, value in names.items()})
    rows = await database.fetch(query, *joins)
    return [row for row in rows if all(getattr(row, column) == value for column, value in names.items())]


def _rows_named(model: type[AnyRow], why: str, lock: bool, **names: Bind) -> QuerySet[AnyRow]:
    rows = unscoped(model, why).filter(*(in_(column, values) for column, values in names.items()))
    # In one order, so that no two wait for each other.
    return rows.order_by("id").select_for_update() if lock else rows
