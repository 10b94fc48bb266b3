"""Keyset pages: a page goes on behind the values of its last row, so rows that come or go elsewhere never shift it."""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from tortoise.expressions import Q, RawSQL
from tortoise.fields import DatetimeField
from tortoise.models import Model
from tortoise.queryset import QuerySet

import settings
from auth.refusals import Code, Refused
from models.reading import Joined, flat, read

AnyModel = TypeVar("AnyModel", bound=Model)
T = TypeVar("T")


@dataclass(frozen=True)
class Edge(Generic[T]):
    """A row and the cursor behind it."""

    cursor: str
    node: T


@dataclass(frozen=True)
class PageInfo:
    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


@dataclass(frozen=True)
class Page(Generic[T]):
    """Some rows of a list, in its order; `everything` is the list itself, for whoever wants to count it."""

    edges: list[Edge[T]]
    page_info: PageInfo
    everything: Any = field(default=None, repr=False)

    @property
    def rows(self) -> list[T]:
        return [edge.node for edge in self.edges]


def page_of(edges: Sequence[Edge[T]], first: int, after: str | None, everything: Any = None) -> Page[T]:
    """The page from one row more than it has: the surplus row tells that there is a next page."""
    kept = list(edges[:first])
    info = PageInfo(
        has_next_page=len(edges) > first,
        has_previous_page=after is not None,
        start_cursor=kept[0].cursor if kept else None,
        end_cursor=kept[-1].cursor if kept else None,
    )
    return Page(kept, info, everything)


def bounded(first: int | None, default: int = 25, most: int | None = None) -> int:
    """`first`, or the default for null. Raises Refused(BAD_USER_INPUT) out of bounds."""
    most = most or settings.current().max_page
    size = default if first is None else first
    if not 1 <= size <= most:
        raise Refused(Code.BAD_USER_INPUT, f"`first` must be between 1 and {most}.")
    return size


async def page(
    rows: QuerySet[AnyModel], order: tuple[str, ...], first: int | None, after: str | None, *along: Joined
) -> Page[AnyModel]:
    """The rows behind `after`, in the order of these columns, the last of which is unique. One statement.

    `along` are the rows that they point at and that are read along with them.
    """
    size = bounded(first)
    behind = _behind(rows, order, after).order_by(*order).limit(size + 1)
    found = await read(behind, *along, order=", ".join(f'base."{name}"' for name in order))
    return page_of([Edge(_cursor(row, order), row) for row, *_ in found], size, after, rows)


async def pages(
    rows: QuerySet[AnyModel], parent: str, order: tuple[str, ...], first: int | None, after: str | None
) -> dict[str, Page[AnyModel]]:
    """Such a page for each parent at once, by the value of the column `parent`. One statement, however many parents."""
    size = bounded(first)
    table = rows.model._meta.db_table
    rank = RawSQL(
        f'ROW_NUMBER() OVER (PARTITION BY "{table}"."{parent}" '
        "ORDER BY " + ", ".join(f'"{table}"."{name}"' for name in order) + ")"
    )
    ranked = _behind(rows, order, after).annotate(rank_among_siblings=rank)
    ranked._choose_db_if_not_chosen()
    ranked._make_query()
    sql, parameters = ranked.query.get_parameterized_sql()
    first_ones = f"(SELECT * FROM ({sql}) AS ranked WHERE rank_among_siblings <= {size + 1})"
    edges: dict[str, list[Edge[AnyModel]]] = {}
    for (row,) in await flat(first_ones, parameters, rows.model, order="base.rank_among_siblings"):
        edges.setdefault(getattr(row, parent), []).append(Edge(_cursor(row, order), row))
    return {key: page_of(its, size, after, None) for key, its in edges.items()}


def nothing(after: str | None = None) -> Page[Any]:
    """The empty page."""
    return page_of([], 1, after)


def cursor(kind: str, *values: Any) -> str:
    """An opaque cursor that holds these values and can only be read back as the same kind."""
    plain = [value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value for value in values]
    return base64.urlsafe_b64encode(json.dumps([kind, *plain], separators=(",", ":")).encode()).decode().rstrip("=")


def read_cursor(kind: str, text: str, *types: type) -> list[Any]:
    """The values of a cursor of that kind. Raises Refused(BAD_USER_INPUT) for whatever else the text is."""
    try:
        if len(text) > _LONGEST_CURSOR:
            raise ValueError
        given, *plain = json.loads(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
        if given != kind or len(plain) != len(types):
            raise ValueError
        return [_value(value, wanted) for value, wanted in zip(plain, types, strict=True)]
    except (ValueError, TypeError, binascii.Error, RecursionError):
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


def _cursor(row: Model, order: tuple[str, ...]) -> str:
    return cursor(_kind(type(row), order), *(getattr(row, name) for name in order))


def _behind(rows: QuerySet[AnyModel], order: tuple[str, ...], after: str | None) -> QuerySet[AnyModel]:
    if after is None:
        return rows
    types = [datetime if isinstance(rows.model._meta.fields_map[name], DatetimeField) else str for name in order]
    values = read_cursor(_kind(rows.model, order), after, *types)
    if len(order) == 1:
        return rows.filter(**{f"{order[0]}__gt": values[0]})
    (column, unique), (value, last) = order, values
    # The first condition is implied by the second: it lets the index begin at the right place.
    return rows.filter(Q(**{f"{column}__gte": value}) & (Q(**{f"{column}__gt": value}) | Q(**{f"{unique}__gt": last})))
