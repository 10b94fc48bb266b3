"""Refusals of an operation, for what the caller can not mend by other input. They end as GraphQL errors with a code."""

from enum import StrEnum


class Code(StrEnum):
    """The `extensions.code` of a GraphQL error, as docs/rules.md lists them."""

    UNAUTHENTICATED = "UNAUTHENTICATED"
    FORBIDDEN = "FORBIDDEN"
    INTEGRATION_DISABLED = "INTEGRATION_DISABLED"
    BAD_USER_INPUT = "BAD_USER_INPUT"
    CURSOR_EXPIRED = "CURSOR_EXPIRED"
    TOO_SLOW = "TOO_SLOW"
    LIMIT_EXCEEDED = "LIMIT_EXCEEDED"
    RATE_LIMITED = "RATE_LIMITED"
    GRAPHQL_PARSE_FAILED = "GRAPHQL_PARSE_FAILED"
    GRAPHQL_VALIDATION_FAILED = "GRAPHQL_VALIDATION_FAILED"
    PERSISTED_QUERY_NOT_FOUND = "PERSISTED_QUERY_NOT_FOUND"
    SERVICE_UNAVAILABLE = "SERVICE_UNAVAILABLE"
    INTERNAL_SERVER_ERROR = "INTERNAL_SERVER_ERROR"


class Refused(Exception):
    """Raised to refuse the operation: a code, a sentence that says what to do, and what belongs beside the code."""

    def __init__(self, code: Code, message: str, **extensions: object) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.extensions = extensions
