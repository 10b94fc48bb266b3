"""Upserts: rows are written as they are, whether they are new or known; on PostgreSQL all of them by one statement."""

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from itertools import chain
from typing import Any

import orjson
from tortoise.fields import DatetimeField, Field, JSONField
from tortoise.fields.data import CharEnumFieldInstance

from database.connection import client, on_postgres
from database.row import Stored

#: SQLite takes no more than 32,766 values in a statement.
_MOST_VALUES = 32_000


async def upsert(rows: Iterable[Stored]) -> None:
    """Insert the rows; where an id is known, replace all of the row but `created_at`; nothing where it is written once.

    Rows of one model go together, models in the order in which they come: what is pointed at must come first. Raises
    IntegrityError where another unique constraint stands against it.
    """
    by_model: dict[type[Stored], list[Stored]] = {}
    for row in rows:
        by_model.setdefault(type(row), []).append(row)
    if by_model and on_postgres():
        await _upsert_at_once(by_model)
    else:
        for model, some in by_model.items():
            await _grouped(model).upsert(some)
    for row in chain.from_iterable(by_model.values()):
        row._saved_in_db = True


async def _upsert_at_once(by_model: dict[type[Stored], list[Stored]]) -> None:
    tables = tuple(_unnested(model) for model in by_model)
    values = [table.values(rows) for table, rows in zip(tables, by_model.values(), strict=True)]
    await client().execute_query(_statement(tables), list(chain.from_iterable(values)))


class _Table:
    """How rows of a model are written."""

    def __init__(self, model: type[Stored]) -> None:
        columns = {
            name: column
            for name, column in model._meta.fields_db_projection.items()
            if not model._meta.fields_map[name].generated
        }
        self.columns = tuple(columns.values())
        self.attributes = tuple((name, _converter(model._meta.fields_map[name])) for name in columns)
        names = ", ".join(f'"{column}"' for column in self.columns)
        self.into = f'INSERT INTO "{model._meta.db_table}" ({names})'
        changing = [column for column in self.columns if column not in ("id", "created_at")]
        changes = ", ".join(f'"{column}" = excluded."{column}"' for column in changing)
        self.on_conflict = f" ON CONFLICT (id) DO UPDATE SET {changes}" if "id" in self.columns else ""
        if model.is_written_once:
            self.on_conflict = " ON CONFLICT (id) DO NOTHING"


class _UnnestedTable(_Table):
    """On PostgreSQL a column of all rows is one array: the text of the statement is the same for any number of rows."""

    def __init__(self, model: type[Stored]) -> None:
        super().__init__(model)
        types = (model._meta.fields_map[name].get_for_dialect("postgres", "SQL_TYPE") for name, _ in self.attributes)
        # Without its length: a text that is too long is refused, not cut.
        self.types = tuple(type_.partition("(")[0] for type_ in types)

    def values(self, rows: Sequence[Stored]) -> list[list[object]]:
        """An array for each column."""
        attributes = [row.__dict__ for row in rows]
        return [
            [each[name] for each in attributes] if convert is None else [convert(each[name]) for each in attributes]
            for name, convert in self.attributes
        ]

    def insert(self, first: int) -> str:
        """The statement whose first placeholder has that number."""
        arrays = ", ".join(f"${number}::{type_}[]" for number, type_ in enumerate(self.types, first))
        return f"{self.into} SELECT * FROM unnest({arrays}){self.on_conflict}"


@cache
def _statement(tables: tuple[_UnnestedTable, ...]) -> str:
    """One statement for the rows of all tables; foreign keys to rows of the same statement are checked at its end."""
    first, inserts = 1, []
    for table in tables:
        inserts.append(table.insert(first))
        first += len(table.columns)
    *others, last = inserts
    before = ", ".join(f"rows_{number} AS ({insert})" for number, insert in enumerate(others))
    return f"WITH {before} {last}" if before else last


class _GroupedTable(_Table):
    """On SQLite a row is a group of placeholders."""

    async def upsert(self, rows: Sequence[Stored]) -> None:
        at_once = _MOST_VALUES // len(self.columns)
        group = f"({', '.join('?' * len(self.columns))})"
        for start in range(0, len(rows), at_once):
            some = [row.__dict__ for row in rows[start : start + at_once]]
            values = [convert(row[name]) if convert else row[name] for row in some for name, convert in self.attributes]
            statement = f"{self.into} VALUES {', '.join([group] * len(some))}{self.on_conflict}"
            await client().execute_query(statement, values)


_unnested, _grouped = cache(_UnnestedTable), cache(_GroupedTable)


def _converter(field: Field[object]) -> Callable[[Any], object] | None:
    """What makes a value of a model one of the driver; None where they are the same."""
    if isinstance(field, JSONField):
        return lambda value: None if value is None else orjson.dumps(value).decode()
    if isinstance(field, CharEnumFieldInstance):
        return lambda value: None if value is None else value.value
    if isinstance(field, DatetimeField) and not on_postgres():
        return lambda value: None if value is None else value.isoformat(" ")
    return None
