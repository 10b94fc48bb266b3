"""From GraphQL's inputs to the values that the rules take."""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import cache, partial
from typing import Any, NamedTuple, TypeVar, get_args, get_type_hints

import strawberry
from strawberry.types.base import get_object_definition
from strawberry.utils.str_converters import to_camel_case

T = TypeVar("T")


def optional(description: str) -> Any:
    """An input field that may be left out."""
    return strawberry.field(default=strawberry.UNSET, description=description)


def given(value: T | None) -> T | None:
    """The argument, or None where it was left out."""
    return None if value is strawberry.UNSET else value


def made_as(kind: type) -> Callable[[type[T]], type[T]]:
    """Let an input's values be made as `kind`, the rules' dataclass with fields of the same names, right away.

    What is left out or null takes the default there.
    """

    def of(its: type[T]) -> type[T]:
        get_object_definition(its, strict=True).from_input = lambda _, value, __: _made(kind, value)
        return its

    return of


def plain(kind: type[T], its: object) -> T:
    """An input that is `made_as` the rules take it, told so to Python; one that was left out has all defaults."""
    if its is None or its is strawberry.UNSET:
        return kind()
    assert isinstance(its, kind), "the input is made as this kind"
    return its


class _Field(NamedTuple):
    """A field of a dataclass: how GraphQL calls it, and what makes its values."""

    name: str
    attribute: str
    make: Callable[[Any], Any] | None
    has_default: bool


def _made(kind: type[T], value: Mapping[str, Any]) -> T:
    made: dict[str, Any] = {}
    for name, attribute, make, has_default in _fields(kind):  # type: ignore[arg-type]
        its = value.get(name)
        if its is not None:
            made[attribute] = make(its) if make else its
        elif not has_default:
            made[attribute] = None
    return kind(**made)


@cache
def _fields(kind: Any) -> list[_Field]:
    hints = get_type_hints(kind)
    return [
        _Field(
            to_camel_case(field.name),
            field.name,
            _maker(hints[field.name]),
            field.default is not MISSING or field.default_factory is not MISSING,
        )
        for field in fields(kind)
    ]


def _maker(hint: Any) -> Callable[[Any], Any] | None:
    """What makes the values of dataclasses and of lists of them; all others are taken as they are."""
    if is_dataclass(hint) and isinstance(hint, type):
        return partial(_made, hint)
    item = next((_maker(each) for each in get_args(hint) if each is not type(None)), None)
    return (lambda values: [item(each) for each in values]) if item else None
