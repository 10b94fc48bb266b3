"""Hot reads: rows of one flat statement turned into models, each once, without the ORM's detour over every field.

A row that is read along with others hangs where the ORM would have put it had it been prefetched: `seat.user`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Generic, TypeVar

import ciso8601
import orjson
from tortoise import connections
from tortoise.fields import BooleanField, DatetimeField, Field, JSONField
from tortoise.fields.data import CharEnumFieldInstance
from tortoise.models import Model
from tortoise.queryset import QuerySet

from models.database import on_postgres

AnyModel = TypeVar("AnyModel", bound=Model)

Record = Sequence[Any]


class Reader(Generic[AnyModel]):
    """Makes models of one class from the columns of records."""

    def __init__(self, model: type[AnyModel], converters: dict[str, Callable[[Any], Any]]) -> None:
        self.model = model
        projection = model._meta.fields_db_projection
        self.columns = tuple(projection.values())
        self._attributes = tuple(projection)
        self._converted = tuple(converters.items())

    def selected(self, table: str) -> str:
        """The columns as a statement lists them."""
        return ", ".join(f'{table}."{column}"' for column in self.columns)

    def made(self, values: Record) -> AnyModel:
        """The model of these values, as the database has it."""
        attributes = dict(zip(self._attributes, values, strict=True))
        for name, convert in self._converted:
            if attributes[name] is not None:
                attributes[name] = convert(attributes[name])
        row = self.model.__new__(self.model)
        row.__dict__.update(attributes, **_AS_READ)
        return row


_AS_READ = {"_partial": False, "_saved_in_db": True, "_custom_generated_pk": True, "_await_when_save": {}}


def reader(model: type[AnyModel]) -> Reader[AnyModel]:
    """The reader of that model on the open database."""
    return _reader(model, on_postgres())


@cache
def _reader(model: type[AnyModel], postgres: bool) -> Reader[AnyModel]:
    found = {name: _converter(model._meta.fields_map[name], postgres) for name in model._meta.fields_db_projection}
    return Reader(model, {name: convert for name, convert in found.items() if convert is not None})


def _converter(field: Field[Any], postgres: bool) -> Callable[[Any], Any] | None:
    """What a value of the driver needs to become the model's; None where nothing."""
    if isinstance(field, JSONField):
        return lambda value: orjson.loads(value) if isinstance(value, str | bytes) else value
    if isinstance(field, CharEnumFieldInstance):
        return field.enum_type
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


async def records(sql: str, values: Sequence[Any]) -> Sequence[Record]:
    """The records of a statement, on the transaction that is open, if one is."""
    _, found = await connections.get("default").execute_query(sql, list(values))
    return found


async def read(rows: QuerySet[AnyModel], *joined: Joined, order: str = "") -> list[tuple[Any, ...]]:
    """The rows of the query set and what is read along with them: a tuple for each record, each row made once.

    Without anything joined the records have one row each. `order` is SQL over the aliases; the query set's is `base`.
    """
    rows._choose_db_if_not_chosen()
    rows._make_query()
    inner, values = rows.query.get_parameterized_sql()
    return await flat(f"({inner})", values, rows.model, *joined, order=order)


async def flat(
    source: str, values: Sequence[Any], model: type[AnyModel], *joined: Joined, order: str = ""
) -> list[tuple[Any, ...]]:
    """The same for any source of the model's rows: the text of a sub-query in brackets, or a table."""
    readers = [reader(model), *(reader(join.model) for join in joined)]
    aliases = ["base", *(join.alias for join in joined)]
    columns = ", ".join(each.selected(alias) for each, alias in zip(readers, aliases, strict=True))
    joins = " ".join(f'LEFT JOIN "{join.model._meta.db_table}" AS {join.alias} ON {join.on}' for join in joined)
    found = await records(f"SELECT {columns} FROM {source} AS base {joins} {order and f'ORDER BY {order}'}", values)
    return _linked(found, readers, aliases, joined)


def _linked(
    found: Sequence[Record], readers: Sequence[Reader[Any]], aliases: Sequence[str], joined: Sequence[Joined]
) -> list[tuple[Any, ...]]:
    starts = [sum(len(each.columns) for each in readers[:place]) for place in range(len(readers) + 1)]
    keys = [start + each.columns.index("id") for start, each in zip(starts, readers, strict=False)]
    known: list[dict[Any, Any]] = [{} for _ in readers]
    linked = []
    for record in found:
        row = []
        for place, each in enumerate(readers):
            key = record[keys[place]]
            made = known[place].get(key)
            if made is None and key is not None:
                made = known[place][key] = each.made(record[starts[place] : starts[place + 1]])
            row.append(made)
        for place, join in enumerate(joined, 1):
            if join.pointer is not None:
                parent = row[aliases.index(join.pointer[0])]
                if parent is not None:
                    parent.__dict__[f"_{join.pointer[1]}"] = row[place]
        linked.append(tuple(row))
    return linked
