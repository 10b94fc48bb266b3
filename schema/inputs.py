"""From GraphQL's inputs to the values that the rules take."""

from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from functools import cache
from typing import Any, TypeVar, get_args, get_type_hints

import strawberry

T = TypeVar("T")


def optional(description: str) -> Any:
    """An input field that may be left out."""
    return strawberry.field(default=strawberry.UNSET, description=description)


def given(value: T | None) -> T | None:
    """The argument, or None where it was left out."""
    return None if value is strawberry.UNSET else value


def plain(kind: type[T], its: object) -> T:
    """The input's values as `kind`, a dataclass of the rules: what is left out or null takes the default there."""
    hints = _hints(kind)  # type: ignore[arg-type]
    taken: dict[str, Any] = {}
    for field in fields(kind):  # type: ignore[arg-type]
        value = given(getattr(its, field.name))
        has_default = field.default is not MISSING or field.default_factory is not MISSING
        if value is None and has_default:
            continue
        taken[field.name] = _plain(hints[field.name], value)
    return kind(**taken)


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _plain(hint: Any, value: Any) -> Any:
    if isinstance(value, list):
        [item] = [arg for arg in get_args(hint) or (Any,) if arg is not type(None)][:1]
        item = get_args(item)[0] if get_args(item) else item
        return [_plain(item, each) for each in value]
    if is_dataclass(hint) and isinstance(hint, type) and not isinstance(value, Enum):
        return plain(hint, value)
    return value
