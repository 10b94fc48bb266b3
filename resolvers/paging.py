"""Keyset pages: a page goes on behind the values of its last row, so rows that come or go elsewhere never shift it."""

import base64
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any, Generic, TypeVar
from zlib import crc32

import orjson
from pypika_tortoise.terms import Tuple
from tortoise.expressions import Q, RawSQL, ResolveContext
from tortoise.fields import DatetimeField
from tortoise.models import Model
from tortoise.query_utils import QueryModifier
from tortoise.queryset import QuerySet

import settings
from auth.refusals import Code, Refused
from auth.viewer import Scope, Viewer
from database import Attributes, Join, Query, Stored, including
from database.row import AnyRow
from resolvers.access import visibility_key
from resolvers.queries import COALESCER, get, select
from resolvers.values import NAME

T = TypeVar("T")


@dataclass(frozen=True)
class Edge(Generic[T]):
    """A row and the cursor behind it, written only for whoever asks."""

    node: T
    cursor_of: Callable[[T], str] = field(repr=False)

    @property
    def cursor(self) -> str:
        return self.cursor_of(self.node)


@dataclass(frozen=True)
class Page(Generic[T]):
    """Some rows of a list, in its order; `count` tells how many the list has in all."""

    edges: list[Edge[T]]
    has_next_page: bool
    has_previous_page: bool
    count: Callable[[], Awaitable[int]] | None = field(default=None, repr=False)
    #: The end of an empty page, where its list has one to go on from.
    reached: str | None = None

    @property
    def rows(self) -> list[T]:
        return [edge.node for edge in self.edges]

    @property
    def page_info(self) -> "Page[T]":
        """Where the page stands in its list."""
        return self

    @property
    def start_cursor(self) -> str | None:
        return self.edges[0].cursor if self.edges else None

    @property
    def end_cursor(self) -> str | None:
        return self.edges[-1].cursor if self.edges else self.reached


def page_of(
    edges: Sequence[Edge[T]], first: int, after: str | None, count: Callable[[], Awaitable[int]] | None = None
) -> Page[T]:
    """The page from one row more than it has: the surplus row tells that there is a next page."""
    return Page(list(edges[:first]), len(edges) > first, after is not None, count)


def sought(search: str | None) -> str | None:
    """What to look for, or None for everything. Raises Refused(LIMIT_EXCEEDED) for a text longer than any name."""
    if search is not None and len(search) > NAME:
        raise Refused(Code.LIMIT_EXCEEDED, f"`search` takes at most {NAME} characters.", limit=NAME)
    return search or None


def bounded(first: int | None, default: int = 25, most: int | None = None) -> int:
    """`first`, or the default for null. Raises Refused(BAD_USER_INPUT) out of bounds."""
    most = most or settings.current().max_page
    size = default if first is None else first
    if not 1 <= size <= most:
        raise Refused(Code.BAD_USER_INPUT, f"`first` must be between 1 and {most}.")
    return size


async def page(
    viewer: Viewer,
    query: Query[AnyRow],
    order: tuple[str, ...],
    first: int | None,
    after: str | None,
    *joins: Join,
    attributes: Attributes = None,
    by: tuple[str, ...] | None = None,
) -> Page[AnyRow]:
    """The rows of the query behind `after`, in the order of these columns, of which the last is the id.

    One statement, and behind a cursor of a list by name one more. `by` are the same values where other rows that the
    list is filtered by have them in an index. Callers that ask for the same page at the same time get the same.
    """
    size, attributes = bounded(first), including(attributes, *order)

    async def read() -> Page[AnyRow]:
        behind = await _place_of(viewer, query, order, after)
        bounded_query = Query(_page, query.build, by or order, size, *query.structure, **query.values, **behind)
        rows = await select(viewer, bounded_query, *joins, order_by=order, attributes=attributes)
        cursor_of = partial(_cursor, order)
        edges = [Edge(row, cursor_of) for row in rows]
        return page_of(edges, size, after, partial(_counted, viewer, query))

    about = (query.build, query.structure, _hashed(query.values), order, size, after, joins, attributes)
    return await COALESCER.once((*about, *visibility_key(viewer)), read)


def _hashed(values: Mapping[str, Any]) -> Hashable:
    return tuple((name, tuple(value) if isinstance(value, list) else value) for name, value in values.items())


async def pages(
    viewer: Viewer,
    query: Query[AnyRow],
    parent: str,
    order: tuple[str, ...],
    first: int | None,
    after: str | None,
    attributes: Attributes = None,
) -> list[Page[AnyRow]]:
    """Such a page for each of the query's `ids` at once, which the column `parent` has. One statement."""
    size, attributes = bounded(first), including(attributes, parent, *order)
    behind = await _place_of(viewer, query, order, after)
    ranked = Query(_ranked, query.build, parent, order, *query.structure, **query.values, **behind)
    where = f"base.place <= {size + 1}"
    rows = await select(viewer, ranked, where=where, order_by=["place"], attributes=attributes)
    cursor_of = partial(_cursor, order)
    edges: dict[str, list[Edge[AnyRow]]] = {}
    for row in rows:
        edges.setdefault(getattr(row, parent), []).append(Edge(row, cursor_of))
    return [page_of(edges.get(id, []), size, after) for id in query.values["ids"]]


Build = Callable[..., QuerySet[AnyRow]]


def _page(
    scope: Scope, build: Build[AnyRow], order: tuple[str, ...], size: int, *structure: Any, **values: Any
) -> QuerySet[AnyRow]:
    return _behind(scope, build, structure, order, values).order_by(*order).limit(size + 1)


def _ranked(
    scope: Scope, build: Build[AnyRow], parent: str, order: tuple[str, ...], *structure: Any, **values: Any
) -> QuerySet[AnyRow]:
    rows = _behind(scope, build, structure, order, values)
    table = rows.model._meta.db_table
    by = ", ".join(f'"{table}"."{name}"' for name in order)
    return rows.annotate(place=RawSQL(f'ROW_NUMBER() OVER (PARTITION BY "{table}"."{parent}" ORDER BY {by})'))


async def _counted(viewer: Viewer, query: Query[Any]) -> int:
    return await query.build(viewer.scope, *query.structure, **query.values).count()


def cursor(kind: str, *values: Any) -> str:
    """An opaque cursor that holds these values and can only be read back as the same kind."""
    return base64.urlsafe_b64encode(orjson.dumps([kind, *values])).decode().rstrip("=")


def read_cursor(kind: str, text: str, *types: type) -> list[Any]:
    """The values of a cursor of that kind. Raises Refused(BAD_USER_INPUT) for whatever else the text is."""
    try:
        if len(text) > _LONGEST_CURSOR:
            raise ValueError
        given, *plain = orjson.loads(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
        if given != kind or len(plain) != len(types):
            raise ValueError
        return [_value(value, wanted) for value, wanted in zip(plain, types, strict=True)]
    except (ValueError, TypeError, OverflowError):
        raise Refused(Code.BAD_USER_INPUT, "`after` is not a cursor of this list: pass one that it gave.") from None


_LONGEST_CURSOR = 5_000


def _value(value: Any, wanted: type) -> Any:
    if wanted is datetime:
        instant = datetime.fromisoformat(value)
        if instant.tzinfo is None:
            raise ValueError
        return instant.astimezone(UTC)
    if type(value) is not wanted or (isinstance(value, str) and "\x00" in value):
        raise ValueError
    return value


def _kind(model: type[Model], order: tuple[str, ...]) -> str:
    return f"{model._meta.db_table}:{','.join(order)}"


def _cursor(order: tuple[str, ...], row: Model) -> str:
    return cursor(_kind(type(row), order), *(_veiled(getattr(row, name), row) for name in order[:-1]), row.pk)


def _veiled(value: Any, row: Model) -> Any:
    """The value as a cursor has it: cursors travel far, and a text may be somebody's name."""
    return crc32(f"{row.pk} {value}".encode()) if isinstance(value, str) else value


_BEHIND, _BEHIND_LAST = "behind", "behind_last"


async def _place_of(viewer: Viewer, query: Query[Any], order: tuple[str, ...], after: str | None) -> dict[str, Any]:
    """The values of the row behind which the page begins. Raises Refused(BAD_USER_INPUT)."""
    if after is None:
        return {}
    model = query.build(viewer.scope, *query.structure, **query.values).model
    is_plain = [isinstance(model._meta.fields_map[name], DatetimeField) for name in order[:-1]]
    types = [datetime if plain else int for plain in is_plain]
    *found, last = read_cursor(_kind(model, order), after, *types, str)
    if not all(is_plain):
        found = await _unveiled(viewer, model, order, found, last)
    return dict(zip((_BEHIND, _BEHIND_LAST), (*found, last), strict=False))


async def _unveiled(
    viewer: Viewer, model: type[Stored], order: tuple[str, ...], found: list[Any], id: str
) -> list[Any]:
    """The values that a cursor has veiled, as the row itself has them. Raises Refused(BAD_USER_INPUT)."""
    row = await get(viewer, model, {"id": id})
    if row is not None:
        values = [getattr(row, name) for name in order[:-1]]
        if [_veiled(value, row) for value in values] == found:
            return values
    message = "`after` is no cursor of this list, or its row has changed since: begin again without it."
    raise Refused(Code.BAD_USER_INPUT, message)


def _behind(
    scope: Scope, build: Build[AnyRow], structure: tuple[Any, ...], order: tuple[str, ...], values: dict[str, Any]
) -> QuerySet[AnyRow]:
    behind = [values.pop(name) for name in (_BEHIND, _BEHIND_LAST) if name in values]
    rows = build(scope, *structure, **values)
    return rows.filter(_Later(order, behind)) if behind else rows


class _Later(Q):
    """`(column, id) > (…, …)`: the index begins right there, however many rows have the same value in the column."""

    def __init__(self, order: tuple[str, ...], place: Sequence[Any]) -> None:
        super().__init__()
        self.order, self.place = order, place

    def resolve(self, resolve_context: ResolveContext) -> QueryModifier:
        columns = (_column(resolve_context, path) for path in self.order)
        return QueryModifier(where_criterion=Tuple(*columns) > Tuple(*self.place))


def _column(context: ResolveContext, path: str) -> Any:
    """A column of the rows themselves, or of those that point at them."""
    relation, _, name = path.rpartition("__")
    field: Any = context.model._meta.fields_map[relation] if relation else None
    return (field.related_model._meta.basetable if field else context.table)[name]
