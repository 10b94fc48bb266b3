"""What every stored row has: a prefixed global id and the instant at which it was made."""

from collections.abc import Callable
from functools import cache
from typing import Any, ClassVar, TypeVar

from tortoise import fields
from tortoise.models import Model
from tortoise.validators import MaxLengthValidator
from ulid import ULID

import clock

F = TypeVar("F", bound=Callable[..., Any])


class _NotAwaited:
    """The ORM lets any row be awaited. A row is a value: whoever answers with one must not begin to wait for it."""

    def __get__(self, row: object, owner: type) -> Any:
        raise AttributeError("__await__")


class Stored(Model):
    """Anything that is stored."""

    __await__ = _NotAwaited()

    # The ORM's own looks for what no row of ours has: defaults that are waited for.
    __setattr__ = object.__setattr__  # type: ignore[assignment]

    class Meta:
        abstract = True


def following(*columns: str) -> Callable[[F], F]:
    """Says of a property from which columns of its row it follows: whoever asks for it has only these read."""

    def mark(follows: F) -> F:
        follows.columns = columns  # type: ignore[attr-defined]
        return follows

    return mark


def follows_from(model: type[Model], name: str) -> tuple[str, ...] | None:
    """The columns from which a property of the model is said to follow, if it is."""
    return getattr(getattr(getattr(model, name, None), "fget", None), "columns", None)


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
        if values.keys() <= self._meta.fields_db_projection.keys():
            # Values of columns need not take the ORM's way over every field.
            constants, made = _defaults(type(self))
            fresh = {name: make() for name, make in made if name not in values}
            self.__dict__.update(constants, **fresh, **values, _await_when_save={})
        else:
            super().__init__(**values)


@cache
def _defaults(model: type[Row]) -> tuple[dict[str, Any], list[tuple[str, Callable[[], Any]]]]:
    """What a new row of the model has where nothing is given: values, and what makes values."""
    fields_ = {name: model._meta.fields_map[name].default for name in model._meta.fields_db_projection}
    made = [(name, default) for name, default in fields_.items() if callable(default)]
    constants = {name: default for name, default in fields_.items() if not callable(default)}
    return {**constants, "_partial": False, "_saved_in_db": False, "_custom_generated_pk": False}, made


def new_id(prefix: str) -> str:
    """A new global id of that type."""
    return f"{prefix}_{ULID.from_datetime(clock.now())}".lower()
