"""What every row of ours has: a prefixed global id and the instant at which it was made."""

from typing import Any, ClassVar

from tortoise import fields
from ulid import ULID

import clock
from database import Stored


class Row(Stored):
    """A row whose primary key is its global id: a type prefix and a ULID, such as `pan_01jd…`, ordered by creation."""

    prefix: ClassVar[str]

    id = fields.CharField(max_length=40, primary_key=True)
    created_at = fields.DatetimeField(default=clock.now)

    class Meta:
        abstract = True

    def __init__(self, **values: object) -> None:
        values.setdefault("id", new_id(self.prefix))
        super().__init__(**values)


def nullable(column: object) -> Any:
    """The column, for an annotation that says what it may hold: to Tortoise, no text and no enum is ever null."""
    return column


def derived_id(prefix: str, *ids: str) -> str:
    """The id of what is no row of its own but belongs to rows, for the caches of clients: such as `cnl_pan_01jd…`."""
    return "_".join((prefix, *ids))


def new_id(prefix: str) -> str:
    """A new global id of that type."""
    return f"{prefix}_{ULID.from_datetime(clock.now())}".lower()
