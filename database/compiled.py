"""Hot reads: rows of one flat statement turned into models, each once, without the ORM's detour over every field.

A row that is read along with others hangs where the ORM would have put it had it been prefetched: `seat.user`. Of a
row may be read only what is asked for; it then has nothing else.
"""

import re
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import ciso8601
import orjson
from tortoise import connections
from tortoise.expressions import RawSQL
from tortoise.fields import BooleanField, DatetimeField, Field, JSONField
from tortoise.fields.data import CharEnumFieldInstance
from tortoise.models import Model
from tortoise.queryset import QuerySet

from database import batching
from database.connection import on_postgres
from database.row import follows_from

Record = Sequence[Any]


Attributes = frozenset[str] | None
"""What is read of rows, by the names of their columns and of what follows from these; None: everything."""


def along(attributes: Attributes, *others: str) -> Attributes:
    """These, and others."""
    return None if attributes is None else attributes.union(others)


def hang(row: Model, pointer: str, target: Model) -> None:
    """Let the pointer lead to a row that is there already, if it was read whole: more may be asked of it there."""
    if not target._partial:
        row.__dict__[f"_{pointer}"] = target


class Reader:
    """Makes models of one class from the columns of records that begin at a place."""

    def __init__(self, model: type[Model], attributes: Attributes, start: int, postgres: bool) -> None:
        projection = model._meta.fields_db_projection
        names = _names(model, attributes)
        self.columns = [projection[name] for name in names]
        self.key = start + names.index("id")
        self.end = start + len(names)
        self._model = model
        self._values = _values_of(model, names, start, postgres)

    def selected(self, table: str) -> str:
        """The columns as a statement lists them."""
        return ", ".join(f'{table}."{column}"' for column in self.columns)

    def made(self, record: Record) -> Model:
        """The model of these values, as the database has it."""
        row = self._model.__new__(self._model)
        row.__dict__ = self._values(record)
        return row


def _names(model: type[Model], attributes: Attributes) -> list[str]:
    """The columns to read, in the model's order: the id always, and all where something else may need any of them."""
    columns = list(model._meta.fields_db_projection)
    needed = {"id"}
    for name in columns if attributes is None else attributes:
        needed |= {name} if name in columns else set(follows_from(model, name) or columns)
    return [name for name in columns if name in needed]


def _values_of(
    model: type[Model], names: Sequence[str], start: int, postgres: bool
) -> Callable[[Record], dict[str, Any]]:
    """What makes a model's attributes of a record: written out as one expression, since it runs for every row."""
    known: dict[str, Any] = {"nothing": {}}
    items = []
    for place, name in enumerate(names):
        value, convert = f"r[{start + place}]", _converter(model._meta.fields_map[name], postgres)
        if convert is not None:
            known[f"c{place}"] = convert
            value = f"None if (v := {value}) is None else c{place}(v)"
        items.append(f"{name!r}: {value}")
    partial = len(names) < len(model._meta.fields_db_projection)
    as_read = f"'_partial': {partial}, '_saved_in_db': True, '_custom_generated_pk': True, '_await_when_save': nothing"
    return eval(f"lambda r: {{{', '.join(items)}, {as_read}}}", known)  # type: ignore[no-any-return]


def _converter(field: Field[Any], postgres: bool) -> Callable[[Any], Any] | None:
    """What a value of the driver needs to become the model's; None where nothing."""
    if isinstance(field, JSONField):
        return lambda value: orjson.loads(value) if isinstance(value, str | bytes) else value
    if isinstance(field, CharEnumFieldInstance):
        return field.enum_type._value2member_map_.__getitem__
    if not postgres and isinstance(field, DatetimeField):
        return ciso8601.parse_datetime
    if not postgres and isinstance(field, BooleanField):
        return bool
    return None


@dataclass(frozen=True)
class Joined:
    """Rows read along with those of the statement: `on` joins them, and `attribute` of the row `of` leads to them."""

    alias: str
    model: type[Model]
    on: str
    #: The alias of the row that points at this one, and the name of the pointer; None: only the order tells.
    pointer: tuple[str, str] | None = None
    attributes: Attributes = None


class Slot(RawSQL):
    """Stands for a value while a statement is written down."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{{{{{name}}}}}")


def slots(name: str) -> list[str]:
    """Stands for all values of a list, as its only item."""
    return [f"{{{{{name}}}}}"]


@dataclass(frozen=True)
class Statement:
    """A query set with what is read along, written down once: the text, and what goes into each of its places."""

    sql: str
    #: The name of a value for each place, or in a tuple of one the value itself.
    places: tuple[str | tuple[Any], ...]
    links: "Links"
    postgres: bool

    async def rows(self, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """A tuple for each record, each row made once."""
        if not self.postgres:
            values = {name: _as_sqlite_takes_it(value) for name, value in values.items()}
        given = [values[place] if isinstance(place, str) else place[0] for place in self.places]
        return self.links.rows(await records(self.sql, given))


def _as_sqlite_takes_it(value: Any) -> Any:
    if isinstance(value, list):
        return orjson.dumps(value).decode()
    return value.isoformat(" ") if isinstance(value, datetime) else value


_MARK = re.compile(r"IN \((\$\d+|\?)\)|(\$\d+|\?)|\{\{(\w+)\}\}")
_SLOT = re.compile(r"\{\{(\w+)\}\}")


def _placed(sql: str, values: Sequence[Any]) -> tuple[str, tuple[str | tuple[Any], ...]]:
    """The text with each list in one place, and with numbers written out: a generic plan must see its LIMIT."""
    postgres, left = on_postgres(), iter(values)
    places: list[str | tuple[Any]] = []

    def marked(its: str | tuple[Any]) -> str:
        places.append(its)
        return f"${len(places)}" if postgres else "?"

    def place(found: re.Match[str]) -> str:
        if name := found[3]:
            return marked(name)
        value = next(left)
        listed = _SLOT.fullmatch(value) if isinstance(value, str) else None
        if found[1] and listed:
            return (
                f"= ANY({marked(listed[1])})" if postgres else f"IN (SELECT value FROM json_each({marked(listed[1])}))"
            )
        text = str(value) if type(value) is int else marked((value,))
        return f"IN ({text})" if found[1] else text

    return _MARK.sub(place, sql), tuple(places)


async def read(
    build: Callable[..., QuerySet[Any]],
    shape: tuple[Hashable, ...],
    values: Mapping[str, Any],
    *joined: Joined,
    tail: str = "",
    attributes: Attributes = None,
) -> list[tuple[Any, ...]]:
    """The rows of `build(*shape, **values)`: written down once for each shape, run with these values each time.

    Of those who ask `side_by_side` each gets the rows of all: to be looked up by what was asked for.
    `values` must not decide anything but what is compared; whatever shapes the statement belongs to the shape.
    """
    kinds = tuple((name, isinstance(value, list)) for name, value in values.items())
    return await batching.asked(_written(build, shape, kinds, joined, tail, attributes), values)


@lru_cache(maxsize=1_000)  # query sets cost more to write down than to run
def _written(
    build: Callable[..., QuerySet[Any]],
    shape: tuple[Hashable, ...],
    kinds: tuple[tuple[str, bool], ...],
    joined: tuple[Joined, ...],
    tail: str,
    attributes: Attributes,
) -> Statement:
    """The query set and what is read along as one flat statement; `tail` is SQL behind it, its alias `base`."""
    rows = build(*shape, **{name: slots(name) if is_list else Slot(name) for name, is_list in kinds})
    rows._choose_db_if_not_chosen()
    rows._make_query()
    inner, values = rows.query.get_parameterized_sql()
    links = Links(rows.model, attributes, joined)
    return Statement(*_placed(links.sql(f"({inner})", tail), values), links, on_postgres())


async def records(sql: str, values: Sequence[Any]) -> Sequence[Record]:
    """The records of a statement, on the transaction that is open, if one is."""
    found: Sequence[Record]
    _, found = await connections.get("default").execute_query(sql, list(values))
    return found


class Links:
    """Which tables a flat statement has, and how its records become models that lead to one another."""

    def __init__(self, model: type[Model], attributes: Attributes, joined: Sequence[Joined]) -> None:
        self._joined = joined
        self._aliases = ["base", *(join.alias for join in joined)]
        self._readers: list[Reader] = []
        end, postgres = 0, on_postgres()
        for its, read in [(model, attributes), *((join.model, join.attributes) for join in joined)]:
            self._readers.append(Reader(its, read, end, postgres))
            end = self._readers[-1].end
        self._pointers = [
            (place, self._aliases.index(join.pointer[0]), f"_{join.pointer[1]}")
            for place, join in enumerate(joined, 1)
            if join.pointer is not None
        ]

    def sql(self, source: str, tail: str) -> str:
        """The statement over `source`, a sub-query in brackets."""
        columns = ", ".join(each.selected(alias) for each, alias in zip(self._readers, self._aliases, strict=True))
        joins = " ".join(
            f'LEFT JOIN "{join.model._meta.db_table}" AS {join.alias} ON {join.on}' for join in self._joined
        )
        return f"SELECT {columns} FROM {source} AS base {joins} {tail}"

    def rows(self, found: Sequence[Record]) -> list[tuple[Any, ...]]:
        """A tuple of models for each record."""
        known: list[dict[Any, Any]] = [{} for _ in self._readers]
        parts = [(its, each.made, each.key) for its, each in zip(known, self._readers, strict=True)]
        linked = []
        for record in found:
            row = []
            for its, make, key in parts:
                id = record[key]
                model = its.get(id)
                if model is None and id is not None:
                    model = its[id] = make(record)
                row.append(model)
            for place, parent, kept in self._pointers:
                if row[parent] is not None:
                    row[parent].__dict__[kept] = row[place]
            linked.append(tuple(row))
        return linked
