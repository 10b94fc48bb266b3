"""What a caller of a mutation can act on: errors and warnings, collected with their paths, returned, never raised."""

from dataclasses import dataclass
from enum import Enum

#: Where in a mutation's arguments something stands, by GraphQL's names and by places in lists.
Path = tuple[str | int, ...]


class ErrorCode(Enum):
    NOT_FOUND = "NOT_FOUND"
    INVALID = "INVALID"
    TAKEN = "TAKEN"
    INTERVIEWER_NOT_FOUND = "INTERVIEWER_NOT_FOUND"
    INTERVIEWER_DEACTIVATED = "INTERVIEWER_DEACTIVATED"
    DUPLICATE_INTERVIEWER = "DUPLICATE_INTERVIEWER"
    FEEDBACK_TEMPLATE_NOT_FOUND = "FEEDBACK_TEMPLATE_NOT_FOUND"
    CANDIDATE_ARCHIVED = "CANDIDATE_ARCHIVED"
    CANDIDATE_ERASED = "CANDIDATE_ERASED"
    PANEL_CANCELED = "PANEL_CANCELED"
    SEQUENCE_CONFLICT = "SEQUENCE_CONFLICT"
    VERSION_CONFLICT = "VERSION_CONFLICT"
    INTEGRATION_DISABLED = "INTEGRATION_DISABLED"
    FEEDBACK_VOIDED = "FEEDBACK_VOIDED"
    FEEDBACK_ALREADY_SUBMITTED = "FEEDBACK_ALREADY_SUBMITTED"


class WarningCode(Enum):
    PANEL_CANCELED_IN_ATS = "PANEL_CANCELED_IN_ATS"
    INTERVIEWER_DEACTIVATED = "INTERVIEWER_DEACTIVATED"
    FEEDBACK_ALREADY_SUBMITTED = "FEEDBACK_ALREADY_SUBMITTED"
    STARTS_IN_THE_PAST = "STARTS_IN_THE_PAST"
    INTERVIEWER_DOUBLE_BOOKED = "INTERVIEWER_DOUBLE_BOOKED"
    CANDIDATE_ARCHIVED = "CANDIDATE_ARCHIVED"
    INTERVIEWER_IS_CANDIDATE = "INTERVIEWER_IS_CANDIDATE"
    CANDIDATE_MERGED = "CANDIDATE_MERGED"


@dataclass(frozen=True)
class UserError:
    """A refusal, with where in the input: `["input", "interviews", "0", "subject"]`."""

    code: ErrorCode
    message: str
    path: list[str]


@dataclass(frozen=True)
class PushWarning:
    """What was accepted but deserves a look, with where in the input."""

    code: WarningCode
    message: str
    path: list[str]


def error(code: ErrorCode, message: str, path: Path) -> UserError:
    """A refusal at that path."""
    return UserError(code, message, [str(step) for step in path])


def warning(code: WarningCode, message: str, path: Path) -> PushWarning:
    """A warning at that path."""
    return PushWarning(code, message, [str(step) for step in path])
