"""Scalars and enums: how the values of a field become its answers, for a whole level at once."""

import math
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from enum import Flag
from functools import partial
from operator import attrgetter
from typing import Any
from uuid import UUID

from graphql import (
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLFloat,
    GraphQLID,
    GraphQLInt,
    GraphQLOutputType,
    GraphQLString,
    Undefined,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
)
from graphql.pyutils import UndefinedType
from graphql.type import GRAPHQL_MAX_INT, GRAPHQL_MIN_INT

from execution.specialised import Coerce, UsualType, Values

CoerceLevel = Callable[[Values], Values]

NULL = type(None)

#: Types whose values are neither exceptions nor awaitable.
_PLAIN = frozenset({bool, int, float, str, bytes, date, datetime, time, Decimal, UUID})

#: The Python type whose values are their own answers.
_OWN_ANSWERS: dict[object, type] = {GraphQLString: str, GraphQLID: str, GraphQLBoolean: bool}

_name = attrgetter("_name_")


class Unusual(Exception):
    """Raised for a value that a plan does not know how to complete."""


def usual_type(type_: GraphQLOutputType) -> UsualType | None:
    """What values of a leaf type usually are, where they need nothing but a look at their type to become answers."""
    nullable = type_.of_type if is_non_null_type(type_) else type_
    kind = _plain_enum(nullable) if isinstance(nullable, GraphQLEnumType) else _OWN_ANSWERS.get(nullable)
    return UsualType(kind, isinstance(nullable, GraphQLEnumType), coercion(type_)) if kind else None


def level_coercion(type_: GraphQLOutputType) -> CoerceLevel:
    """A function that answers for values of a leaf type, or of a list of such, as graphql-core does; or raises.

    Whether all are of usual Python types is told by one look at the level; where one is not, each is coerced with care.
    """
    coerce = coercion(type_)
    nullable = type_.of_type if is_non_null_type(type_) else type_
    if is_list_type(nullable):
        return lambda values: list(map(coerce, values))
    usual, convert = _usual(nullable)
    if nullable is type_:
        usual |= {NULL}

    def answers(values: Values) -> Values:
        kinds = set(map(type, values))
        if not kinds <= usual:
            return list(map(coerce, values))
        if NULL in kinds:
            present = iter(convert([value for value in values if value is not None]))
            return [None if value is None else next(present) for value in values]
        return convert(values)

    def careful_answers(values: Values) -> Values:
        try:
            return answers(values)
        except Unusual:
            return list(map(coerce, values))

    return careful_answers


def _usual(type_: Any) -> tuple[frozenset[type], CoerceLevel]:
    """The Python types that values of a leaf type usually have, and what answers for those, or raises Unusual."""
    if type_ is GraphQLInt:
        return frozenset({int}), _integers
    if type_ is GraphQLFloat:
        return frozenset({float}), _floats
    if type_ in _OWN_ANSWERS:
        return frozenset({_OWN_ANSWERS[type_]}), lambda values: values
    if isinstance(type_, GraphQLEnumType):
        kind = _plain_enum(type_)
        return frozenset({kind} if kind else ()), lambda values: list(map(_name, values))
    return _PLAIN, partial(_scalars, type_.coerce_output_value)


def _integers(values: Values) -> Values:
    if values and (min(values) < GRAPHQL_MIN_INT or max(values) > GRAPHQL_MAX_INT):
        raise Unusual
    return values


def _floats(values: Values) -> Values:
    if not all(map(math.isfinite, values)):
        raise Unusual
    return values


def _scalars(coerce: Coerce, values: Values) -> Values:
    answers = list(map(coerce, values))
    if not {NULL, UndefinedType}.isdisjoint(map(type, answers)):
        raise Unusual
    return answers


def coercion(type_: GraphQLOutputType) -> Coerce:
    """The same for a single value."""
    if is_non_null_type(type_):
        nullable = coercion(type_.of_type)

        def required(value: object) -> object:
            if (answer := nullable(value)) is None:
                raise Unusual
            return answer

        return required
    if is_list_type(type_):
        item = coercion(type_.of_type)

        def items(value: Any) -> object:
            if value is not None and type(value) not in (list, tuple):
                raise Unusual
            return None if value is None else list(map(item, value))

        return items
    assert is_leaf_type(type_), "it is the type of a scalar or an enum"
    coerce = type_.coerce_output_value

    def leaf(value: object) -> object:
        if value is None:
            return None
        if value is Undefined or isinstance(value, Exception) or hasattr(value, "__await__"):
            raise Unusual
        answer = coerce(value)
        if answer is None or answer is Undefined:
            raise Unusual
        return answer

    return leaf


def _plain_enum(type_: GraphQLEnumType) -> type | None:
    """The Python enum whose members' names are GraphQL's, if it is one."""
    python: Any = getattr(type_, "wrapped_cls", None)
    is_plain = (
        python
        and not issubclass(python, Flag)
        and all(type_.coerce_output_value(each) == each._name_ for each in python)
    )
    return python if is_plain else None
