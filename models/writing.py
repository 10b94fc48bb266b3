"""Writing rows as they are: one statement for all rows of a model, whether they are new or known."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import orjson
from tortoise import connections
from tortoise.fields import DatetimeField, JSONField
from tortoise.fields.data import CharEnumFieldInstance

from models.base import Stored
from models.database import on_postgres

#: No database takes more than 32,766 values in a statement.
_MOST_VALUES = 32_000


async def store(rows: Sequence[Stored]) -> None:
    """Insert the rows of one model, or where their ids are known, replace all but what never changes.

    Raises IntegrityError where another unique constraint stands against it.
    """
    if not rows:
        return
    table = _table(type(rows[0]), on_postgres())
    at_once = _MOST_VALUES // len(table.columns)
    for start in range(0, len(rows), at_once):
        part = rows[start : start + at_once]
        values = [value for row in part for value in table.values(row)]
        await connections.get("default").execute_query(table.statement(len(part)), values)
    for row in rows:
        row._saved_in_db = True


class _Table:
    """How rows of a model are written."""

    def __init__(self, model: type[Stored], postgres: bool) -> None:
        self._name = model._meta.db_table
        self._postgres = postgres
        own = {
            name: column
            for name, column in model._meta.fields_db_projection.items()
            if not model._meta.fields_map[name].generated
        }
        self.columns = tuple(own.values())
        self._attributes = tuple((name, _written(model._meta.fields_map[name], postgres)) for name in own)
        self._changing = [column for column in self.columns if column not in ("id", "created_at")]
        self._statements: dict[int, str] = {}

    def values(self, row: Stored) -> list[Any]:
        """The row's values as the driver takes them."""
        given = row.__dict__
        return [write(given[name]) if write is not None else given[name] for name, write in self._attributes]

    def statement(self, rows: int) -> str:
        """The statement for so many rows."""
        if rows not in self._statements:
            wide = len(self.columns)
            marks = (f"${place}" if self._postgres else "?" for place in range(1, rows * wide + 1))
            groups = ", ".join(f"({', '.join(next(marks) for _ in range(wide))})" for _ in range(rows))
            names = ", ".join(f'"{column}"' for column in self.columns)
            text = f'INSERT INTO "{self._name}" ({names}) VALUES {groups}'
            if "id" in self.columns:
                changes = ", ".join(f'"{column}" = excluded."{column}"' for column in self._changing)
                text += f" ON CONFLICT (id) DO UPDATE SET {changes}"
            self._statements[rows] = text
        return self._statements[rows]


@cache
def _table(model: type[Stored], postgres: bool) -> _Table:
    return _Table(model, postgres)


def _written(field: Any, postgres: bool) -> Callable[[Any], Any] | None:
    """What a model's value needs to become the driver's; None where nothing."""
    if isinstance(field, JSONField):
        return lambda value: None if value is None else orjson.dumps(value).decode()
    if isinstance(field, CharEnumFieldInstance):
        return lambda value: None if value is None else value.value
    if not postgres and isinstance(field, DatetimeField):
        return lambda value: None if value is None else value.isoformat(" ")
    return None
