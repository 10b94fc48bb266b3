"""What every stored row is to the ORM: a value that is made, read and written without the ORM's detours."""

from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

from tortoise.models import Model

F = TypeVar("F", bound=Callable[..., Any])


class _NotAwaitable:
    """The ORM lets any row be awaited. A row is a value: whoever answers with one must not begin to wait for it."""

    def __get__(self, row: object, owner: type) -> Any:
        raise AttributeError("__await__")


class Stored(Model):
    """Anything that is stored."""

    __await__ = _NotAwaitable()

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


def fill_new(row: Stored, values: dict[str, Any]) -> bool:
    """Set a new row's columns to these values and their defaults; False, and nothing set, for what are no columns.

    The ORM's own way looks at every field and relation of the model.
    """
    model = type(row)
    if not values.keys() <= model._meta.fields_db_projection.keys():
        return False
    constants, made = _defaults(model)
    fresh = {name: make() for name, make in made if name not in values}
    row.__dict__.update(constants, **fresh, **values, _await_when_save={})
    return True


@cache
def _defaults(model: type[Stored]) -> tuple[dict[str, Any], list[tuple[str, Callable[[], Any]]]]:
    """What a new row of the model has where nothing is given: values, and what makes values."""
    fields_ = {name: model._meta.fields_map[name].default for name in model._meta.fields_db_projection}
    made = [(name, default) for name, default in fields_.items() if callable(default)]
    constants = {name: default for name, default in fields_.items() if not callable(default)}
    return {**constants, "_partial": False, "_saved_in_db": False, "_custom_generated_pk": False}, made
