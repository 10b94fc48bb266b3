"""GraphQL inputs as the dataclasses that the rules take. docs/decisions/0013 says why each is declared twice."""

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


def unset_to_none(value: T | None) -> T | None:
    """The argument, or None where it was left out."""
    return None if value is strawberry.UNSET else value


def maps_to(kind: type) -> Callable[[type[T]], type[T]]:
    """Let resolvers receive an input as `kind`, the rules' dataclass with fields of the same names.

    What is left out or null takes the dataclass's default, or None where there is none.
    """

    def declare(input_class: type[T]) -> type[T]:
        get_object_definition(input_class, strict=True).from_input = lambda _, value, __: _convert(kind, value)
        return input_class

    return declare


def as_domain(kind: type[T], input: object) -> T:
    """An input that `maps_to(kind)`, so typed; the dataclass with all its defaults where the input was left out."""
    if input is None or input is strawberry.UNSET:
        return kind()
    assert isinstance(input, kind), "the input maps to this class"
    return input


_Converter = Callable[[Any], object]


class _Field(NamedTuple):
    """A field of a dataclass."""

    graphql_name: str
    name: str
    #: What makes its values of nested inputs; None: they are taken as they are.
    convert: _Converter | None
    has_default: bool


def _convert(kind: type[T], values: Mapping[str, object]) -> T:
    """The dataclass of an input's coerced values, by their GraphQL names."""
    attributes: dict[str, object] = {}
    for graphql_name, name, convert, has_default in _fields(kind):  # type: ignore[arg-type]
        value = values.get(graphql_name)
        if value is not None:
            attributes[name] = convert(value) if convert else value
        elif not has_default:
            attributes[name] = None
    return kind(**attributes)


@cache
def _fields(kind: Any) -> list[_Field]:
    hints = get_type_hints(kind)
    return [
        _Field(
            to_camel_case(field.name),
            field.name,
            _converter(hints[field.name]),
            field.default is not MISSING or field.default_factory is not MISSING,
        )
        for field in fields(kind)
    ]


def _converter(hint: object) -> _Converter | None:
    """What makes the values of dataclasses and of lists of them; None for all others."""
    if is_dataclass(hint) and isinstance(hint, type):
        return partial(_convert, hint)
    item = next((_converter(argument) for argument in get_args(hint) if argument is not type(None)), None)
    return (lambda values: [item(value) for value in values]) if item else None
