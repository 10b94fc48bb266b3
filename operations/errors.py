"""GraphQL errors as clients get them: each with a code, and with nothing in it that is confidential."""

import logging
import re
from collections.abc import Iterable
from typing import TypedDict

from graphql import GraphQLEnumType, GraphQLError, GraphQLFormattedError, GraphQLSyntaxError

import database
import logs
import metrics
import settings
from auth.refusals import Code, Refused
from schema import CORE_SCHEMA
from work import AnswerTooLong, WorkLimitExceeded

FormattedError = GraphQLFormattedError


class Response(TypedDict, total=False):
    """What clients get: without `data` nothing was run."""

    data: dict[str, object] | None
    errors: list[FormattedError]


_log = logging.getLogger("callboard.operations")

_MAX_MESSAGE_CHARACTERS = 1_000

#: Where graphql-core's messages quote a value, which may be an answer or a person's name, and what stands there
#: instead: the error's path says where the value is. Suggested names go too. tests/test_error_messages.py has an
#: example of each.
_CONFIDENTIAL = [
    (re.compile(r"(?s)\. Did you mean .*"), "."),
    (re.compile(r"(?s)[,;] found: .*"), "."),
    (re.compile(r"(?s)(cannot represent .*?value): .*"), r"\1."),
    (re.compile(r"(?s)Value '.*' does not exist in"), "The value does not exist in"),
    (re.compile(r"(?s)(found|Unexpected) (Name|Int|Float|String|BlockString) '.*"), r"\1 \2."),
]


#: graphql-core's, and that of operations/literals.py, about a value that can't be read, with its place.
_UNREADABLE = re.compile(r"(?:Variable '\$|Argument ')(?P<name>\w+)' has invalid value(?: at (?P<below>[\w.\[\]]+))?: ")
_ENUM = re.compile(r"(?:exist in '|Enum ')(\w+)'")


class InvalidDocument(Exception):
    """Raised for a document that can't be run; `errors` has every reason."""

    def __init__(self, errors: list[GraphQLError]) -> None:
        super().__init__(str(errors[0]) if errors else "")
        self.errors = errors


def format_errors(errors: Iterable[GraphQLError], request_id: str, *, executed: bool) -> list[FormattedError]:
    """The errors as the answer has them: with codes, without confidential values. Logs the unexpected.

    `executed` is whether the operation began to run; without it the errors are those of a document that never ran.
    """
    return [_format(error, request_id, executed) for error in errors]


def format_failure(failure: Exception, request_id: str) -> list[FormattedError]:
    """What was raised instead of an answer, as the answer's only error."""
    error = failure if isinstance(failure, GraphQLError) else GraphQLError("", original_error=failure)
    return format_errors([error], request_id, executed=True)


def count_refusal(errors: list[FormattedError]) -> list[FormattedError]:
    """Count a request that never became an operation, by the code of its errors. Returns the errors."""
    metrics.count_operation("none", "none", outcome(errors))
    return errors


def outcome(errors: list[FormattedError] | None) -> str:
    """What an operation with these errors is counted as: the first one's code, or OK."""
    return str(errors[0]["extensions"]["code"]) if errors else "OK"


def _format(error: GraphQLError, request_id: str, executed: bool) -> FormattedError:
    message, extensions = _message_and_extensions(error, request_id, executed)
    return {**error.formatted, "message": message[:_MAX_MESSAGE_CHARACTERS], "extensions": extensions}


def _message_and_extensions(error: GraphQLError, request_id: str, executed: bool) -> tuple[str, dict[str, object]]:
    innermost, cause = _innermost(error)
    if isinstance(cause, Refused):
        return cause.message, {"code": cause.code, **cause.extensions}
    if isinstance(cause, AnswerTooLong):
        message = f"The answer takes more than {cause.limit:,} bytes: ask for less at a time."
        return message, {"code": Code.LIMIT_EXCEEDED, "limit": cause.limit}
    if isinstance(cause, WorkLimitExceeded):
        message = f"What is asked for turned out to cost more than {cause.limit:,}: ask for less at a time."
        return message, {"code": Code.LIMIT_EXCEEDED, "limit": cause.limit}
    if cause is not None:
        return _masked(cause, request_id)
    # The outermost message says where: for a variable, it has the path within the input.
    message = error.message
    for quoted, replacement in _CONFIDENTIAL:
        message = quoted.sub(replacement, message)
    extensions = {"code": _code(innermost, executed), **(error.extensions or {}), **(innermost.extensions or {})}
    if place := _UNREADABLE.match(message):
        extensions["path"] = [place["name"], *re.findall(r"[^.\[\]]+", place["below"] or "")]
    return _with_values(message), extensions


def _with_values(message: str) -> str:
    """The message with the values that an enum has, where it is about one that it has not."""
    named = _ENUM.search(message)
    kind = CORE_SCHEMA.get_type(named[1]) if named and settings.current().introspection == "on" else None
    return f"{message} It takes {', '.join(kind.values)}." if isinstance(kind, GraphQLEnumType) else message


def _innermost(error: GraphQLError) -> tuple[GraphQLError, Exception | None]:
    """The innermost of GraphQL errors that wrap each other, and what it wraps, if that is none."""
    cause = error.original_error
    while isinstance(cause, GraphQLError):
        error, cause = cause, cause.original_error
    return error, cause


def _masked(cause: Exception, request_id: str) -> tuple[str, dict[str, object]]:
    """What clients learn of a failure that is no error of GraphQL's. Logs it under the request's id."""
    if database.is_too_slow(cause):
        _log.warning("A statement took too long", extra={"request_id": request_id})
        message = "The database needs too long for this, while it answers others: ask for less at a time."
        return message, {"code": Code.LIMIT_EXCEEDED, "requestId": request_id}
    if database.is_unavailable(cause):
        _log.error("The database can't be reached: %s", logs.name_of(cause), extra={"request_id": request_id})
        message = "The database can't be reached: it is safe to try again."
        return message, {"code": Code.SERVICE_UNAVAILABLE, "requestId": request_id}
    _log.error("Unexpected error", exc_info=cause, extra={"request_id": request_id})
    message = "Something went wrong here. The request id is in the server's log too."
    return message, {"code": Code.INTERNAL_SERVER_ERROR, "requestId": request_id}


def _code(error: GraphQLError, executed: bool) -> Code:
    if isinstance(error, GraphQLSyntaxError):
        return Code.GRAPHQL_PARSE_FAILED
    return Code.BAD_USER_INPUT if executed else Code.GRAPHQL_VALIDATION_FAILED
