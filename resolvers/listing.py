"""Lists by keyset: a page begins behind the values of a row, so rows that come or go elsewhere never shift it."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, Generic, TypeVar
from zlib import crc32

from pypika_tortoise.terms import Term, Tuple
from tortoise.expressions import Q, RawSQL, ResolveContext
from tortoise.functions import Count
from tortoise.models import Model
from tortoise.query_utils import QueryModifier
from tortoise.queryset import QuerySet

import settings
from auth.refusals import Code, Refused
from auth.viewer import Scope, Viewer
from database import Attributes, Join, Query, is_instant, related_model, table_name, table_of, with_attributes
from database.row import AnyRow
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


async def _no_count() -> int:
    raise AssertionError("nobody can ask how many rows the list has")


@dataclass(frozen=True)
class Page(Generic[T]):
    """Some rows of a list, in its order; `count` tells how many the list has in all."""

    edges: list[Edge[T]]
    has_next_page: bool
    has_previous_page: bool
    count: Callable[[], Awaitable[int]] = field(default=_no_count, repr=False)
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


async def counts(pages: Sequence[Page[Any]]) -> list[int]:
    """How many rows the list of each page has in all."""
    return list(await asyncio.gather(*(page.count() for page in pages)))


@dataclass(frozen=True)
class PageRequest:
    """The first so many rows of a list, or the last: of those behind the cursor `after` and ahead of `before`.

    `first` has a default in the schema, so what is passed and what is not can't be told apart where it has that value.
    """

    first: int | None = None
    after: str | None = None
    last: int | None = None
    before: str | None = None

    @property
    def backwards(self) -> bool:
        """Whether the page is taken from the end."""
        return self.last is not None

    def size(self, default: int = 25, most: int | None = None) -> int:
        """How many rows. Raises Refused(BAD_USER_INPUT) out of bounds; without `most` the setting is the bound."""
        most = most or settings.current().max_page
        if self.last is not None and self.first not in (None, default):
            raise Refused(Code.BAD_USER_INPUT, "Pass `first` or `last`, not both.")
        name, size = ("first", self.first) if self.last is None else ("last", self.last)
        size = default if size is None else size
        if not 1 <= size <= most:
            raise Refused(Code.BAD_USER_INPUT, f"`{name}` must be between 1 and {most}.")
        return size

    def page(self, edges: Sequence[Edge[T]], size: int, count: Callable[[], Awaitable[int]] = _no_count) -> Page[T]:
        """The page of so many edges, from one more than that where there are more."""
        is_cut = len(edges) > size
        if self.backwards:
            return Page(list(edges[-size:]), self.before is not None, is_cut, count)
        return Page(list(edges[:size]), is_cut, self.after is not None, count)


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
    A list that is `descending` begins with the greatest values.
    """

    model: type[AnyRow]
    select: Callable[..., QuerySet[AnyRow]]
    order: tuple[str, ...]
    index: tuple[str, ...] | None = None
    descending: bool = False

    async def page(
        self,
        viewer: Viewer,
        parameters: Parameters,
        request: PageRequest,
        attributes: Attributes = None,
        joins: Sequence[Join] = (),
    ) -> Page[AnyRow]:
        """The page that is requested. One statement, and one more for each cursor of a list by name.

        `joins` are the rows that are read along. Callers that ask for the same page at the same time get the same.
        """
        size, attributes = request.size(), with_attributes(attributes, *self.order)

        async def read() -> Page[AnyRow]:
            places = await self._places(viewer, request)
            structure = (self, size, request.backwards, *parameters.structure)
            query = Query(_select_page, *structure, **parameters.bound, **places)
            rows = await select(viewer, query, *joins, order_by=self.order, attributes=attributes)
            edges = self._edges(rows)
            return request.page(edges, size, partial(self._count, viewer, parameters))

        key = (self, parameters.key(), request, tuple(joins), attributes, *visibility_key(viewer))
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
        """Such a page for each of the ids, which the column `parent` has; bound as `ids`. One statement for all.

        All that are counted are counted by one statement.
        """
        size, attributes = request.size(), with_attributes(attributes, parent, *self.order)
        places = await self._places(viewer, request)
        structure = (self, parent, request.backwards, *parameters.structure)
        query = Query(_select_ranked, *structure, ids=ids, **parameters.bound, **places)
        where = f"base.place <= {size + 1}"
        rows = await select(viewer, query, where=where, order_by=self.order, attributes=attributes)
        by_parent: dict[str, list[Edge[AnyRow]]] = {}
        for edge in self._edges(rows):
            by_parent.setdefault(getattr(edge.node, parent), []).append(edge)
        count = partial(self._count_of, viewer, parameters, parent)
        return [request.page(by_parent.get(id, []), size, partial(count, id)) for id in ids]

    def select_between(
        self, scope: Scope, structure: tuple[Hashable, ...], order: tuple[str, ...], bound: dict[str, object]
    ) -> QuerySet[AnyRow]:
        """The rows behind the one place and ahead of the other, where these are among the bound values."""
        places = [(name, [bound.pop(each) for each in names if each in bound]) for name, names in _PLACES.items()]
        rows = self.select(scope, *structure, **bound)
        for name, place in places:
            if place:
                rows = rows.filter(_Beyond(order, place, greater=(name == "after") is not self.descending))
        return rows

    def ordering(self, order: tuple[str, ...], backwards: bool) -> list[str]:
        """The columns of an order, read in the direction of the list or against it."""
        return [f"-{name}" for name in order] if backwards is not self.descending else list(order)

    def _edges(self, rows: list[AnyRow]) -> list[Edge[AnyRow]]:
        """The edges of rows that were read with the least values first."""
        return [Edge(row, self._cursor) for row in (reversed(rows) if self.descending else rows)]

    async def _count(self, viewer: Viewer, parameters: Parameters) -> int:
        return await self.select(viewer.scope, *parameters.structure, **parameters.bound).count()

    async def _count_of(self, viewer: Viewer, parameters: Parameters, parent: str, id: str) -> int:
        """How many rows that parent has: parents that are asked about at the same time share one statement."""

        async def count(ids: list[str]) -> list[int]:
            rows = self.select(viewer.scope, *parameters.structure, ids=ids, **parameters.bound)
            counts = await rows.annotate(rows=Count("id")).group_by(parent).values_list(parent, "rows")
            by_parent: dict[str, int] = dict(counts)
            return [by_parent.get(id, 0) for id in ids]

        group = (self, parent, parameters.key(), *visibility_key(viewer))
        return await COALESCER.load(group, id, count)

    @property
    def _cursor_kind(self) -> str:
        return f"{table_name(self.model)}:{','.join(self.order)}"

    def _cursor(self, row: Model) -> str:
        return cursors.write(
            self._cursor_kind, *(_cursor_value(getattr(row, name), row) for name in self.order[:-1]), row.pk
        )

    async def _places(self, viewer: Viewer, request: PageRequest) -> dict[str, object]:
        """The values of the rows between which the page lies. Raises Refused(BAD_USER_INPUT)."""
        places: dict[str, object] = {}
        for name, cursor in (("after", request.after), ("before", request.before)):
            if cursor is not None:
                values = await self._place(viewer, cursor, name)
                places |= dict(zip(_PLACES[name], values, strict=False))
        return places

    async def _place(self, viewer: Viewer, cursor: str, argument: str) -> list[object]:
        """The values of the row that a cursor stands for, its id last."""
        is_plain = [is_instant(self.model, name) for name in self.order[:-1]]
        types = [datetime if plain else int for plain in is_plain]
        *values, id = cursors.read(self._cursor_kind, cursor, *types, str, argument=argument)
        if not all(is_plain):
            values = await self._stored_values(viewer, values, str(id), argument)
        return [*values, id]

    async def _stored_values(self, viewer: Viewer, values: list[object], id: str, argument: str) -> list[object]:
        """The values that a cursor has veiled, as the row itself has them. Raises Refused(BAD_USER_INPUT)."""
        row = await get(viewer, self.model, "id", id)
        if row is not None:
            plain = [getattr(row, name) for name in self.order[:-1]]
            if [_cursor_value(value, row) for value in plain] == values:
                return plain
        message = f"`{argument}` is no cursor of this list, or its row has changed since: begin again without it."
        raise Refused(Code.BAD_USER_INPUT, message)


#: What the values of a row are called among the bound ones, in their order: as many as the order has columns.
_PLACES = {"after": ("behind", "behind_second", "behind_third"), "before": ("ahead", "ahead_second", "ahead_third")}


def _select_page(
    scope: Scope, listing: Listing[AnyRow], size: int, backwards: bool, *structure: Hashable, **bound: object
) -> QuerySet[AnyRow]:
    order = listing.index or listing.order
    rows = listing.select_between(scope, structure, order, bound)
    return rows.order_by(*listing.ordering(order, backwards)).limit(size + 1)


def _select_ranked(
    scope: Scope, listing: Listing[AnyRow], parent: str, backwards: bool, *structure: Hashable, **bound: object
) -> QuerySet[AnyRow]:
    rows = listing.select_between(scope, structure, listing.order, bound)
    table = table_name(listing.model)
    direction = " DESC" if backwards is not listing.descending else ""
    order = ", ".join(f'"{table}"."{name}"{direction}' for name in listing.order)
    return rows.annotate(place=RawSQL(f'ROW_NUMBER() OVER (PARTITION BY "{table}"."{parent}" ORDER BY {order})'))


def search_text(search: str | None) -> str | None:
    """What to search for, or None for everything. Raises Refused(LIMIT_EXCEEDED) for a text longer than any name."""
    if search is not None and len(search) > NAME:
        raise Refused(Code.LIMIT_EXCEEDED, f"`search` takes at most {NAME} characters.", limit=NAME)
    return search or None


def _cursor_value(value: object, row: Model) -> object:
    """The value as a cursor has it: cursors travel far, and a text may be somebody's name."""
    return crc32(f"{row.pk} {value}".encode()) if isinstance(value, str) else value


class _Beyond(Q):
    """`(column, id) > (…, …)`: the index begins right there, however many rows have the same value in the column.

    Or `<`, where it is not the greater values that lie beyond.
    """

    def __init__(self, order: tuple[str, ...], place: Sequence[object], greater: bool) -> None:
        super().__init__()
        self.order, self.place, self.greater = order, place, greater

    def resolve(self, resolve_context: ResolveContext) -> QueryModifier:
        row, place = Tuple(*(_column(resolve_context, path) for path in self.order)), Tuple(*self.place)
        return QueryModifier(where_criterion=row > place if self.greater else row < place)


def _column(context: ResolveContext, path: str) -> Term:
    """A column of the rows themselves, or of those that point at them."""
    relation, _, name = path.rpartition("__")
    table = table_of(related_model(context.model, relation)) if relation else context.table
    return table.field(name)
