"""Cursors: opaque texts that hold values, and can only be read back as the same kind."""

import base64
from datetime import UTC, datetime
from typing import TypeVar

import orjson

from auth.refusals import Code, Refused

T = TypeVar("T")

_LONGEST = 5_000


def write(kind: str, *values: object) -> str:
    """A cursor of that kind that holds these values."""
    return base64.urlsafe_b64encode(orjson.dumps([kind, *values])).decode().rstrip("=")


def read(kind: str, cursor: str, *types: type[T], argument: str = "after") -> list[T]:
    """The values of a cursor of that kind. Raises Refused(BAD_USER_INPUT) for whatever else the text is.

    `argument` is what the error calls it.
    """
    try:
        if len(cursor) > _LONGEST:
            raise ValueError
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        own_kind, *values = orjson.loads(text)
        if own_kind != kind or len(values) != len(types):
            raise ValueError
        return [_value(value, type_) for value, type_ in zip(values, types, strict=True)]
    except (ValueError, TypeError, OverflowError):
        message = f"`{argument}` is not a cursor of this list: pass one that it gave."
        raise Refused(Code.BAD_USER_INPUT, message) from None


def _value(value: object, type_: type[T]) -> T:
    if type_ is datetime:
        value = _instant(value)
    if not isinstance(value, type_) or value is True or value is False or "\x00" in str(value):
        raise ValueError
    return value


def _instant(value: object) -> datetime:
    instant = datetime.fromisoformat(value) if isinstance(value, str) else None
    if instant is None or instant.tzinfo is None:
        raise ValueError
    return instant.astimezone(UTC)
