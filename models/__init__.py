"""What is stored: rows, unique constraints, indexes, and the facts that follow from one row."""

from models.audit import AuditAct, AuditEvent
from models.base import Row, derived_id, new_id
from models.candidates import Candidate, CandidateEmail, Follower
from models.changes import Change, InterviewPanelChangeKind, LogEntry, TopicChange, TopicLog
from models.directory import Account, Posting, Role, Stage, User, email_key
from models.feedback import (
    OF_VERSION,
    FeedbackFieldType,
    FeedbackForm,
    FeedbackFormStatus,
    FeedbackTemplate,
    StoredAnswer,
    StoredField,
    TemplateVersion,
)
from models.integrations import ApiKey, Integration, IntegrationProvider
from models.panels import (
    Cancelable,
    Cancellation,
    CancelOrigin,
    FeedbackReminder,
    Instant,
    Interview,
    Interviewer,
    InterviewPanelStatus,
    Panel,
    ResponseStatus,
    standing,
    why_off,
    with_status,
)

__all__ = [
    "OF_VERSION",
    "Account",
    "ApiKey",
    "AuditAct",
    "AuditEvent",
    "CancelOrigin",
    "Cancelable",
    "Cancellation",
    "Candidate",
    "CandidateEmail",
    "Change",
    "FeedbackFieldType",
    "FeedbackForm",
    "FeedbackFormStatus",
    "FeedbackReminder",
    "FeedbackTemplate",
    "Follower",
    "Instant",
    "Integration",
    "IntegrationProvider",
    "Interview",
    "InterviewPanelChangeKind",
    "InterviewPanelStatus",
    "Interviewer",
    "LogEntry",
    "Panel",
    "Posting",
    "ResponseStatus",
    "Role",
    "Row",
    "Stage",
    "StoredAnswer",
    "StoredField",
    "TemplateVersion",
    "TopicChange",
    "TopicLog",
    "User",
    "derived_id",
    "email_key",
    "new_id",
    "standing",
    "why_off",
    "with_status",
]
