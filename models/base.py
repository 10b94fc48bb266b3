"""What every stored row has: a prefixed global id and the instant at which it was made."""

from typing import Any, ClassVar

from tortoise import fields
from tortoise.models import Model
from tortoise.validators import MaxLengthValidator
from ulid import ULID

import clock


class _NotAwaited:
    """The ORM lets any row be awaited. A row is a value: whoever answers with one must not begin to wait for it."""

    def __get__(self, row: object, owner: type) -> Any:
        raise AttributeError("__await__")


class Stored(Model):
    """Anything that is stored."""

    __await__ = _NotAwaited()

    class Meta:
        abstract = True


class Row(Stored):
    """A row whose primary key is its global id: a type prefix and a ULID, such as `pan_01jd…`, ordered by creation."""

    prefix: ClassVar[str]

    id = fields.CharField(max_length=40, primary_key=True)
    created_at = fields.DatetimeField(default=clock.now)

    class Meta:
        abstract = True

    def __init_subclass__(cls) -> None:
        # What is too long to be stored is looked for all the same, and not found: the rules check what is written.
        for column in cls._meta.fields_map.values():
            column.validators = [it for it in column.validators if not isinstance(it, MaxLengthValidator)]

    def __init__(self, **values: Any) -> None:
        values.setdefault("id", new_id(self.prefix))
        super().__init__(**values)


def new_id(prefix: str) -> str:
    """A new global id of that type."""
    return f"{prefix}_{ULID.from_datetime(clock.now())}".lower()
