"""GraphQL errors as clients get them: each with a code, and with nothing that is none of their business."""

import logging
import re
from collections.abc import Iterable
from typing import Any

from graphql import GraphQLError, GraphQLSyntaxError

import database
import metrics
from auth.refusals import Code, Refused

_log = logging.getLogger("callboard.operations")

_LONGEST_MESSAGE = 1_000

#: What graphql-core quotes of a value, which may be an answer or somebody's name: the error says where it stands. And
#: what it suggests, since no name is.
_QUOTED = [
    (re.compile(r"(?s)\. Did you mean .*"), "."),
    (re.compile(r"(?s)[,;] found: .*"), "."),
    (re.compile(r"(?s)(cannot represent .*?value): .*"), r"\1."),
    (re.compile(r"(?s)Value '.*' does not exist in"), "The value does not exist in"),
    (re.compile(r"(?s)(found|Unexpected) (Name|Int|Float|String|BlockString) '.*"), r"\1 \2."),
]


class Invalid(Exception):
    """A document that can't be run, with every reason why."""

    def __init__(self, errors: list[GraphQLError]) -> None:
        super().__init__(str(errors[0]) if errors else "")
        self.errors = errors


def printed(found: Iterable[GraphQLError], request_id: str, *, executed: bool) -> list[dict[str, Any]]:
    """The errors of an answer as clients get them: each with its code, and nothing that is none of their business.

    `executed` tells errors of the running operation from those of a document that never ran.
    """
    return [_printed(error, request_id, executed) for error in found]


def _printed(error: GraphQLError, request_id: str, executed: bool) -> dict[str, Any]:
    message, extensions = _face(error, request_id, executed)
    shown = dict(error.formatted)
    shown["message"] = message[:_LONGEST_MESSAGE]
    shown["extensions"] = extensions
    return shown


def _face(error: GraphQLError, request_id: str, executed: bool) -> tuple[str, dict[str, Any]]:
    # The outermost message says where: of a variable, it has the path within the input.
    message, given, cause = error.message, error.extensions or {}, error.original_error
    while isinstance(cause, GraphQLError):
        error, cause = cause, cause.original_error
    if isinstance(cause, Refused):
        return cause.message, {"code": cause.code, **cause.extensions}
    if cause is None:
        for quoted, instead in _QUOTED:
            message = quoted.sub(instead, message)
        return message, {"code": _code(error, executed), **given, **(error.extensions or {})}
    if database.is_away(cause):
        _log.error("The database can't be reached: %s", type(cause).__name__, extra={"request_id": request_id})
        message = "The database can't be reached: it is safe to try again."
        return message, {"code": Code.SERVICE_UNAVAILABLE, "requestId": request_id}
    _log.error("Unexpected error", exc_info=cause, extra={"request_id": request_id})
    message = "Something went wrong here. The request id is in the server's log too."
    return message, {"code": Code.INTERNAL_SERVER_ERROR, "requestId": request_id}


def _code(error: GraphQLError, executed: bool) -> Code:
    if isinstance(error, GraphQLSyntaxError):
        return Code.GRAPHQL_PARSE_FAILED
    return Code.BAD_USER_INPUT if executed else Code.GRAPHQL_VALIDATION_FAILED


def outcome(errors: list[dict[str, Any]] | None) -> str:
    return str(errors[0]["extensions"]["code"]) if errors else "OK"


def refused(errors: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The errors of what never became an operation, counted."""
    metrics.ended("none", "none", outcome(errors))
    return errors
