"""Writing rows as they are, whether they are new or known: on PostgreSQL all of them by one statement."""

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any

import orjson
from tortoise import connections
from tortoise.fields import DatetimeField, JSONField
from tortoise.fields.data import CharEnumFieldInstance

from database.connection import on_postgres
from database.row import Stored

#: SQLite takes no more than 32,766 values in a statement.
_MOST_VALUES = 32_000


async def store(rows: Iterable[Stored]) -> None:
    """Insert the rows, or where their ids are known, replace all but what never changes.

    Rows of one model go together, models in the order in which they come: whatever is pointed at comes first.
    Raises IntegrityError where another unique constraint stands against it.
    """
    by_model: dict[type[Stored], list[Stored]] = {}
    for row in rows:
        by_model.setdefault(type(row), []).append(row)
    if not by_model:
        return
    if on_postgres():
        tables = tuple(_columns(model) for model in by_model)
        values = [column for table, its in zip(tables, by_model.values(), strict=True) for column in table.values(its)]
        await connections.get("default").execute_query(_statement(tables), values)
    else:
        for model, its in by_model.items():
            await _groups(model).store(its)
    for its in by_model.values():
        for row in its:
            row._saved_in_db = True


class _Table:
    """How rows of a model are written."""

    def __init__(self, model: type[Stored]) -> None:
        own = {
            name: column
            for name, column in model._meta.fields_db_projection.items()
            if not model._meta.fields_map[name].generated
        }
        self.columns = tuple(own.values())
        self.attributes = tuple((name, _written(model._meta.fields_map[name])) for name in own)
        names = ", ".join(f'"{column}"' for column in self.columns)
        self.into = f'INSERT INTO "{model._meta.db_table}" ({names})'
        changing = [column for column in self.columns if column not in ("id", "created_at")]
        changes = ", ".join(f'"{column}" = excluded."{column}"' for column in changing)
        self.known = f" ON CONFLICT (id) DO UPDATE SET {changes}" if "id" in self.columns else ""


class _Columns(_Table):
    """A column of all rows is one value of the statement: its text is the same for any number of rows."""

    def __init__(self, model: type[Stored]) -> None:
        super().__init__(model)
        types = (model._meta.fields_map[name].get_for_dialect("postgres", "SQL_TYPE") for name, _ in self.attributes)
        # Without its length: a text that is too long is refused, not cut.
        self.types = tuple(type_.partition("(")[0] for type_ in types)

    def values(self, rows: Sequence[Stored]) -> list[list[Any]]:
        given = [row.__dict__ for row in rows]
        return [
            [its[name] for its in given] if write is None else [write(its[name]) for its in given]
            for name, write in self.attributes
        ]

    def insert(self, place: int) -> str:
        """The statement, whose first value stands at that place."""
        columns = ", ".join(f"${number}::{type_}[]" for number, type_ in enumerate(self.types, place))
        return f"{self.into} SELECT * FROM unnest({columns}){self.known}"


@cache
def _statement(tables: tuple[_Columns, ...]) -> str:
    """The rows of all these tables at once; keys that point at rows of the same statement are checked at its end."""
    place, inserts = 1, []
    for table in tables:
        inserts.append(table.insert(place))
        place += len(table.columns)
    *others, last = inserts
    before = ", ".join(f"rows_{number} AS ({insert})" for number, insert in enumerate(others))
    return f"WITH {before} {last}" if before else last


class _Groups(_Table):
    """A row is a group of values."""

    async def store(self, rows: Sequence[Stored]) -> None:
        at_once = _MOST_VALUES // len(self.columns)
        for start in range(0, len(rows), at_once):
            part = [row.__dict__ for row in rows[start : start + at_once]]
            values = [write(its[name]) if write else its[name] for its in part for name, write in self.attributes]
            group = f"({', '.join('?' * len(self.columns))})"
            statement = f"{self.into} VALUES {', '.join([group] * len(part))}{self.known}"
            await connections.get("default").execute_query(statement, values)


_columns, _groups = cache(_Columns), cache(_Groups)


def _written(field: Any) -> Callable[[Any], Any] | None:
    """What a model's value needs to become the driver's; None where nothing."""
    if isinstance(field, JSONField):
        return lambda value: None if value is None else orjson.dumps(value).decode()
    if isinstance(field, CharEnumFieldInstance):
        return lambda value: None if value is None else value.value
    if isinstance(field, DatetimeField) and not on_postgres():
        return lambda value: None if value is None else value.isoformat(" ")
    return None
