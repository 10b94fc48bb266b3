"""Compiled statements: a query set becomes one flat statement, written down once, and its records become rows.

Rows that are read along hang at the row that leads to them, as the ORM would have it after a prefetch: `seat.user`. Of
a row only some attributes may be read; it then has no others.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any, Generic

import orjson
from pypika_tortoise.context import SqlContext
from pypika_tortoise.terms import Parameterizer, Term
from tortoise.expressions import Q
from tortoise.models import Model
from tortoise.queryset import QuerySet

from database import batching
from database.connection import LAST_ANSWER, client, on_postgres
from database.row import AnyRow, Attributes, Record, RowReader, Stored
from work import TimeSlice, WorkLimitExceeded

BASE = "base"

_RowsById = dict[object, Any]

#: So many records become rows before anybody looks at the clock: a row may have a long text to be read.
_RECORDS_AT_ONCE = 100


class Bind(Term):
    """Stands in a query set for a value that is bound when the statement is run; for a list only within `in_`."""

    def __init__(self, name: str, is_list: bool = False) -> None:
        super().__init__()
        self.name, self.is_list = name, is_list

    def get_sql(self, ctx: SqlContext) -> str:
        if ctx.parameterizer is None:
            return f":{self.name}"
        placeholder = ctx.parameterizer.create_param(self).get_sql(ctx)
        if not self.is_list:
            return placeholder
        return f"ANY({placeholder})" if on_postgres() else f"(SELECT value FROM json_each({placeholder}))"


Texts = Bind | Sequence[str]


def in_(column: str, values: Texts) -> Q:
    """The filter for rows whose column, or that of a row they point at, has one of the values: a list, or bound as one.

    However long the list is, the statement is the same.
    """
    lookup = column if isinstance(values, Bind) and on_postgres() else f"{column}__in"
    filters: dict[str, Any] = {lookup: values}
    return Q(**filters)


@dataclass(frozen=True)
class UnionAll(Generic[AnyRow]):
    """Query sets of several tables whose rows are read as those of one model: what a table lacks is null."""

    model: type[AnyRow]
    query_sets: Sequence[QuerySet[Any]]


Built = QuerySet[AnyRow] | UnionAll[AnyRow]


class Query(Generic[AnyRow]):
    """The query set, or the union of several, `build(*structure, **values)`.

    The structure decides how the statement is written, the values only what is compared, each by `=`, `<` … or `in_`.
    """

    def __init__(self, build: Callable[..., Built[AnyRow]], /, *structure: Hashable, **values: object) -> None:
        self.build, self.structure, self.values = build, structure, values

    def with_values(self, **values: object) -> "Query[AnyRow]":
        """The same, with more values or others."""
        return Query(self.build, *self.structure, **{**self.values, **values})


@dataclass(frozen=True)
class Join:
    """Rows that are read along with those of a statement: each at a row of the alias `of`, under its own alias."""

    alias: str
    model: type[Stored]
    on: str
    of: str = BASE
    #: Whether many of them hang at one row.
    is_collection: bool = False
    attributes: Attributes = None

    @classmethod
    def target(cls, pointer: str, model: type[Stored], of: str = BASE, attributes: Attributes = None) -> "Join":
        """The row that the foreign key `pointer` leads to."""
        return cls(pointer, model, f'"{pointer}".id = "{of}"."{pointer}_id"', of, False, attributes)

    @classmethod
    def collection(cls, attribute: str, model: type[Stored], pointer: str) -> "Join":
        """The rows whose foreign key `pointer` leads to a row of the statement, as a list in that attribute of it."""
        return cls(attribute, model, f'"{attribute}"."{pointer}_id" = "{BASE}".id', is_collection=True)

    def only(self, attributes: Attributes) -> "Join":
        """The same, with only these attributes read."""
        return replace(self, attributes=attributes)


async def fetch(
    query: Query[AnyRow],
    *joins: Join,
    where: str = "",
    order_by: Sequence[str] = (),
    attributes: Attributes = None,
    most: int | None = None,
) -> list[AnyRow]:
    """The rows of the query with those that are read along. Raises WorkLimitExceeded for more than `most` records.

    `order_by` names columns of the rows, or as `alias.column` of those that are read along; `where` is SQL over the
    alias `base`. Within `run_batched` each task gets the rows for the lists of all tasks.
    """
    is_list = tuple((name, isinstance(value, list)) for name, value in query.values.items())
    shape = (query.build, query.structure, is_list, joins, where, tuple(order_by), attributes, most)
    statement: Statement[AnyRow] = _compile(*shape, on_postgres())
    return await statement.rows(query.values)


async def fetch_values(build: Callable[..., Sequence[Any]], **values: object) -> list[Record]:
    """The records of all the queries `build(**values)`, of as many columns each (`values_list`), by one statement."""
    is_list = tuple((name, isinstance(value, list)) for name, value in values.items())
    sql, parameters = _compiled_values(build, is_list, on_postgres())
    records: Any
    _, records = await client().execute_query(sql, _bound(parameters, values))
    LAST_ANSWER.note()
    return [*records]


@lru_cache(maxsize=100)
def _compiled_values(
    build: Callable[..., Sequence[Any]], is_list: tuple[tuple[str, bool], ...], postgres: bool
) -> tuple[str, tuple[object, ...]]:
    parameterizer = _Parameterizer()
    queries = build(**{name: Bind(name, listed) for name, listed in is_list})
    sql = " UNION ALL ".join(_sql(query, parameterizer) for query in queries)
    return sql, tuple(parameterizer.values)


def _bound(parameters: Sequence[object], values: Mapping[str, object]) -> list[object]:
    """The value for each placeholder."""
    if not on_postgres():
        values = {name: _for_sqlite(value) for name, value in values.items()}
    return [values[each.name] if isinstance(each, Bind) else each for each in parameters]


@lru_cache(maxsize=1_000)  # to write a query set down takes longer than to run it
def _compile(
    build: Callable[..., Built[AnyRow]],
    structure: tuple[Hashable, ...],
    is_list: tuple[tuple[str, bool], ...],
    joins: tuple[Join, ...],
    where: str,
    order_by: tuple[str, ...],
    attributes: Attributes,
    most: int | None,
    postgres: bool,
) -> "Statement[AnyRow]":
    built = build(*structure, **{name: Bind(name, listed) for name, listed in is_list})
    parameterizer = _Parameterizer()
    mapper = RowMapper(built.model, attributes, joins, postgres)
    conditions = f" WHERE {where}" if where else ""
    if isinstance(built, UnionAll):
        selects = (mapper.select_from(_sql(rows, parameterizer), rows.model) for rows in built.query_sets)
        sql, columns = " UNION ALL ".join(select + conditions for select in selects), map('"{}"'.format, order_by)
    else:
        sql, columns = mapper.select_from(_sql(built, parameterizer)) + conditions, map(_column, order_by)
    order = f" ORDER BY {', '.join(columns)}" if order_by else ""
    limit = f" LIMIT {most + 1}" if most is not None else ""
    return Statement(sql + order + limit, tuple(parameterizer.values), mapper, most)


def _sql(rows: QuerySet[Any], parameterizer: Parameterizer) -> str:
    # What the ORM does before it writes a query down.
    rows._choose_db_if_not_chosen()
    rows._make_query()
    sql: str = rows.query.get_sql(rows.query.QUERY_CLS.SQL_CONTEXT.copy(parameterizer=parameterizer))
    return sql


class _Parameterizer(Parameterizer):
    """Writes numbers out: a plan that PostgreSQL keeps for all values must know of LIMIT."""

    def should_parameterize(self, value: object) -> bool:
        return type(value) is not int and bool(super().should_parameterize(value))


def _column(path: str) -> str:
    alias, _, column = path.rpartition(".")
    return f'"{alias or BASE}"."{column}"'


@dataclass(frozen=True)
class Statement(Generic[AnyRow]):
    """A flat statement: its text, a value or a Bind for each placeholder, and what makes rows of its records."""

    sql: str
    parameters: tuple[object, ...]
    mapper: "RowMapper[AnyRow]"
    most: int | None

    async def rows(self, values: Mapping[str, object]) -> list[AnyRow]:
        """The rows for these values; within `run_batched` maybe those for the lists of other tasks too."""
        return await batching.load(self, values)

    async def run(self, values: Mapping[str, object]) -> list[AnyRow]:
        """The rows for these values, on the transaction that is open, if one is."""
        records: Any
        _, records = await client().execute_query(self.sql, _bound(self.parameters, values))
        LAST_ANSWER.note()
        if self.most is not None and len(records) > self.most:
            raise WorkLimitExceeded(self.most, len(records))
        if len(records) <= _RECORDS_AT_ONCE:
            return self.mapper.rows(records)
        return await self.mapper.rows_in_slices(records)


def _for_sqlite(value: object) -> object:
    if isinstance(value, list):
        return orjson.dumps(value).decode()
    return value.isoformat(" ") if isinstance(value, datetime) else value


class RowMapper(Generic[AnyRow]):
    """The columns that a flat statement reads, and how its records become rows that lead to one another."""

    def __init__(self, model: type[AnyRow], attributes: Attributes, joins: Sequence[Join], postgres: bool) -> None:
        self._base: RowReader[AnyRow] = RowReader(model, attributes, 0, postgres)
        self._readers: list[RowReader[Any]] = [self._base]
        for join in joins:
            self._readers.append(RowReader(join.model, join.attributes, self._readers[-1].end, postgres))
        self._joins, self._aliases = joins, [BASE, *(join.alias for join in joins)]
        self._links = [_link(join, place, self._aliases.index(join.of)) for place, join in enumerate(joins, 1)]

    def select_from(self, source: str, model: type[Model] | None = None) -> str:
        """The statement over a source, which is a query: of another model where one is named."""
        stored = model._meta.fields_db_projection_reverse if model else None
        columns = ", ".join(
            f'"{alias}"."{column}"' if stored is None or column in stored else "NULL"
            for alias, reader in zip(self._aliases, self._readers, strict=True)
            for column in reader.columns
        )
        tables = [f'({source}) AS "{BASE}"']
        tables += [f'LEFT JOIN "{join.model._meta.db_table}" AS "{join.alias}" ON {join.on}' for join in self._joins]
        return f"SELECT {columns} FROM {' '.join(tables)}"

    def rows(self, records: Sequence[Record]) -> list[AnyRow]:
        """The rows of the records. Those of the same id are one row, and lead to the same rows."""
        if not self._joins:
            return [self._base.row(record) for record in records]
        known = self._no_rows()
        self._add(records, known)
        return list(known[0].values())

    async def rows_in_slices(self, records: Sequence[Record]) -> list[AnyRow]:
        """The same, for many records: others get their turns in between."""
        rows: list[AnyRow] = []
        known, time_slice = self._no_rows(), TimeSlice()
        for start in range(0, len(records), _RECORDS_AT_ONCE):
            some = records[start : start + _RECORDS_AT_ONCE]
            if self._joins:
                self._add(some, known)
            else:
                rows += [self._base.row(record) for record in some]
            if time_slice.is_over:
                await time_slice.give_way()
        return list(known[0].values()) if self._joins else rows

    def _no_rows(self) -> list[_RowsById]:
        return [{} for _ in self._readers]

    def _add(self, records: Sequence[Record], known: list[_RowsById]) -> None:
        """Add the rows of the records to those known, of each alias by their ids, and let them lead to one another."""
        readers = [(reader.key, rows, reader.row) for reader, rows in zip(self._readers, known, strict=True)]
        for record in records:
            linked = []
            for key, rows, make in readers:
                row = rows.get(record[key])
                if row is None and record[key] is not None:
                    row = rows[record[key]] = make(record)
                linked.append(row)
            for link in self._links:
                link(linked)


_Linked = list[Any]
"""The row of each alias that a record has, or None."""


def _link(join: Join, place: int, parent: int) -> Callable[[_Linked], None]:
    """What lets the rows of a record lead to one another, where the joined one and its parent stand in these places."""

    def point(rows: _Linked) -> None:
        if rows[parent] is not None:
            rows[parent].__dict__[attribute] = rows[place]

    def collect(rows: _Linked) -> None:
        collection = rows[parent].__dict__.setdefault(attribute, [])
        if rows[place] is not None:
            collection.append(rows[place])

    attribute = join.alias if join.is_collection else f"_{join.alias}"
    return collect if join.is_collection else point
