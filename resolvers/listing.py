"""Lists by keyset: a page begins behind the values of a row, so rows that come or go elsewhere never shift it."""

from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Generic, TypeVar
from zlib import crc32

from pypika_tortoise.terms import Term, Tuple
from tortoise.expressions import Q, RawSQL, ResolveContext
from tortoise.fields import DatetimeField
from tortoise.models import Model
from tortoise.query_utils import QueryModifier
from tortoise.queryset import QuerySet

import settings
from auth.refusals import Code, Refused
from auth.viewer import Scope, Viewer
from database import Attributes, Join, Query, including
from database.row import AnyRow, related_model
from resolvers import cursors
from resolvers.access import visibility_key
from resolvers.queries import COALESCER, get, select
from resolvers.validation import NAME

T = TypeVar("T")


@dataclass(frozen=True)
class Edge(Generic[T]):
    """A row, and the cursor behind it: the cursor is written only for whoever asks."""

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


@dataclass(frozen=True)
class PageRequest:
    """How many rows, or None for the default, and behind which cursor, or None for the first page."""

    first: int | None = None
    after: str | None = None

    def size(self, default: int = 25, most: int | None = None) -> int:
        """How many rows. Raises Refused(BAD_USER_INPUT) out of bounds; without `most` the setting is the bound."""
        most = most or settings.current().max_page
        size = default if self.first is None else self.first
        if not 1 <= size <= most:
            raise Refused(Code.BAD_USER_INPUT, f"`first` must be between 1 and {most}.")
        return size

    def page(self, edges: Sequence[Edge[T]], size: int, count: Callable[[], Awaitable[int]] | None = None) -> Page[T]:
        """The page of so many edges, from one more than that where there are more."""
        return Page(list(edges[:size]), len(edges) > size, self.after is not None, count)


@dataclass(frozen=True)
class Parameters:
    """What a list is asked with: `structure` decides the text of its statement, `bound` are values it compares with."""

    structure: tuple[Hashable, ...] = ()
    bound: Mapping[str, object] = field(default_factory=dict)

    @classmethod
    def of(cls, *structure: Hashable, **bound: object) -> "Parameters":
        """These parameters, without the values that are null."""
        return cls(structure, {name: value for name, value in bound.items() if value is not None})

    def key(self) -> Hashable:
        """Equal for equal parameters."""
        values = ((name, tuple(value) if isinstance(value, list) else value) for name, value in self.bound.items())
        return (self.structure, tuple(values))


@dataclass(frozen=True)
class Listing(Generic[AnyRow]):
    """A list of visible rows, `select(scope, *structure, **bound)`, in the order of these columns; the last is the id.

    `index` are the same values where other rows, by which the list is selected, have them in an index.
    """

    model: type[AnyRow]
    select: Callable[..., QuerySet[AnyRow]]
    order: tuple[str, ...]
    index: tuple[str, ...] | None = None

    async def page(
        self,
        viewer: Viewer,
        parameters: Parameters,
        request: PageRequest,
        attributes: Attributes = None,
        joins: Sequence[Join] = (),
    ) -> Page[AnyRow]:
        """The page that is requested. One statement, and behind a cursor of a list by name one more.

        `joins` are the rows that are read along. Callers that ask for the same page at the same time get the same.
        """
        size, attributes = request.size(), including(attributes, *self.order)

        async def read() -> Page[AnyRow]:
            place = await self._place(viewer, request.after)
            query = Query(_select_page, self, size, *parameters.structure, **parameters.bound, **place)
            rows = await select(viewer, query, *joins, order_by=self.order, attributes=attributes)
            edges = [Edge(row, self._cursor) for row in rows]
            return request.page(edges, size, partial(self._count, viewer, parameters))

        key = (self, parameters.key(), size, request.after, tuple(joins), attributes, *visibility_key(viewer))
        return await COALESCER.once(key, read)

    async def pages(
        self,
        viewer: Viewer,
        ids: list[str],
        parameters: Parameters,
        request: PageRequest,
        parent: str,
        attributes: Attributes = None,
    ) -> list[Page[AnyRow]]:
        """Such a page for each of the ids, which the column `parent` has; bound as `ids`. One statement for all."""
        size, attributes = request.size(), including(attributes, parent, *self.order)
        place = await self._place(viewer, request.after)
        query = Query(_select_ranked, self, parent, *parameters.structure, ids=ids, **parameters.bound, **place)
        where = f"base.place <= {size + 1}"
        edges: dict[str, list[Edge[AnyRow]]] = {}
        for row in await select(viewer, query, where=where, order_by=["place"], attributes=attributes):
            edges.setdefault(getattr(row, parent), []).append(Edge(row, self._cursor))
        return [request.page(edges.get(id, []), size) for id in ids]

    def select_behind(
        self, scope: Scope, structure: tuple[Hashable, ...], order: tuple[str, ...], bound: dict[str, object]
    ) -> QuerySet[AnyRow]:
        """The rows behind the place among the bound values, or all of them without one."""
        place = [bound.pop(name) for name in (_BEHIND, _BEHIND_ID) if name in bound]
        rows = self.select(scope, *structure, **bound)
        return rows.filter(_Later(order, place)) if place else rows

    async def _count(self, viewer: Viewer, parameters: Parameters) -> int:
        return await self.select(viewer.scope, *parameters.structure, **parameters.bound).count()

    @property
    def _cursor_kind(self) -> str:
        return f"{self.model._meta.db_table}:{','.join(self.order)}"

    def _cursor(self, row: Model) -> str:
        return cursors.write(self._cursor_kind, *(_veiled(getattr(row, name), row) for name in self.order[:-1]), row.pk)

    async def _place(self, viewer: Viewer, after: str | None) -> dict[str, object]:
        """The values of the row behind which the page begins. Raises Refused(BAD_USER_INPUT)."""
        if after is None:
            return {}
        is_plain = [isinstance(self.model._meta.fields_map[name], DatetimeField) for name in self.order[:-1]]
        types = [datetime if plain else int for plain in is_plain]
        *values, id = cursors.read(self._cursor_kind, after, *types, str)
        if not all(is_plain):
            values = await self._unveiled(viewer, values, str(id))
        return dict(zip((_BEHIND, _BEHIND_ID), (*values, id), strict=False))

    async def _unveiled(self, viewer: Viewer, values: list[object], id: str) -> list[object]:
        """The values that a cursor has veiled, as the row itself has them. Raises Refused(BAD_USER_INPUT)."""
        row = await get(viewer, self.model, "id", id)
        if row is not None:
            plain = [getattr(row, name) for name in self.order[:-1]]
            if [_veiled(value, row) for value in plain] == values:
                return plain
        message = "`after` is no cursor of this list, or its row has changed since: begin again without it."
        raise Refused(Code.BAD_USER_INPUT, message)


#: What the values of the row are called among the bound ones; a list by the id alone has only the first.
_BEHIND, _BEHIND_ID = "behind", "behind_last"


def _select_page(
    scope: Scope, listing: Listing[AnyRow], size: int, *structure: Hashable, **bound: object
) -> QuerySet[AnyRow]:
    order = listing.index or listing.order
    return listing.select_behind(scope, structure, order, bound).order_by(*order).limit(size + 1)


def _select_ranked(
    scope: Scope, listing: Listing[AnyRow], parent: str, *structure: Hashable, **bound: object
) -> QuerySet[AnyRow]:
    rows = listing.select_behind(scope, structure, listing.order, bound)
    table = listing.model._meta.db_table
    order = ", ".join(f'"{table}"."{name}"' for name in listing.order)
    return rows.annotate(place=RawSQL(f'ROW_NUMBER() OVER (PARTITION BY "{table}"."{parent}" ORDER BY {order})'))


def search_text(search: str | None) -> str | None:
    """What to search for, or None for everything. Raises Refused(LIMIT_EXCEEDED) for a text longer than any name."""
    if search is not None and len(search) > NAME:
        raise Refused(Code.LIMIT_EXCEEDED, f"`search` takes at most {NAME} characters.", limit=NAME)
    return search or None


def _veiled(value: object, row: Model) -> object:
    """The value as a cursor has it: cursors travel far, and a text may be somebody's name."""
    return crc32(f"{row.pk} {value}".encode()) if isinstance(value, str) else value


class _Later(Q):
    """`(column, id) > (…, …)`: the index begins right there, however many rows have the same value in the column."""

    def __init__(self, order: tuple[str, ...], place: Sequence[object]) -> None:
        super().__init__()
        self.order, self.place = order, place

    def resolve(self, resolve_context: ResolveContext) -> QueryModifier:
        columns = (_column(resolve_context, path) for path in self.order)
        return QueryModifier(where_criterion=Tuple(*columns) > Tuple(*self.place))


def _column(context: ResolveContext, path: str) -> Term:
    """A column of the rows themselves, or of those that point at them."""
    relation, _, name = path.rpartition("__")
    table = related_model(context.model, relation)._meta.basetable if relation else context.table
    return table.field(name)
