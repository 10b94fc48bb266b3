"""Refusals of an operation, for what the caller can not mend by other input. They end as GraphQL errors with a code."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


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


class Reason(StrEnum):
    """Why a sign-in is refused, as the log and the metrics say; whoever is refused gets one answer for all of them."""

    MALFORMED = "malformed"
    TOO_LONG = "too_long"
    WRONG_TYPE = "wrong_type"
    WRONG_ALGORITHM = "wrong_algorithm"
    UNKNOWN_KEY = "unknown_key"
    BAD_SIGNATURE = "bad_signature"
    WRONG_ISSUER = "wrong_issuer"
    WRONG_AUDIENCE = "wrong_audience"
    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    NO_EMAIL = "no_email"
    UNVERIFIED_EMAIL = "unverified_email"
    NO_ACCOUNT = "no_account"
    UNKNOWN_TENANT = "unknown_tenant"
    UNKNOWN_USER = "unknown_user"
    DEACTIVATED_USER = "deactivated_user"
    UNKNOWN_API_KEY = "unknown_api_key"
    REVOKED_API_KEY = "revoked_api_key"
    EXPIRED_API_KEY = "expired_api_key"
    INTEGRATION_OFF = "integration_off"
    PROVIDER_UNAVAILABLE = "provider_unavailable"


class Refused(Exception):
    """Raised to refuse the operation: a code, a sentence that says what to do, and what belongs beside the code."""

    #: Of a sign-in: why, and what of the credentials the log may have.
    reason: Reason | None = None
    details: Mapping[str, object] = MappingProxyType({})

    def __init__(self, code: Code, message: str, **extensions: object) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.extensions = extensions

    def because(self, reason: Reason, **details: object) -> "Refused":
        """The same refusal of a sign-in, with what only the log and the metrics are to know."""
        self.reason, self.details = reason, details
        return self
