"""What is stored: rows, unique constraints, indexes, and the facts that follow from one row."""

from tortoise.models import Model

from models.audit import AuditAct, AuditEvent
from models.base import Row, new_id
from models.candidates import Candidate, Follower
from models.changes import Change, InterviewPanelChangeKind
from models.directory import Account, Posting, Role, Stage, User
from models.feedback import (
    FeedbackFieldType,
    FeedbackForm,
    FeedbackFormStatus,
    FeedbackTemplate,
    StoredAnswer,
    StoredField,
)
from models.integrations import ApiKey, Integration, IntegrationProvider
from models.panels import (
    Cancelable,
    Cancellation,
    CancelOrigin,
    FeedbackReminder,
    Interview,
    Interviewer,
    InterviewPanelStatus,
    Panel,
    ResponseStatus,
    standing,
    with_status,
)

__all__ = [
    "Account",
    "ApiKey",
    "AuditAct",
    "AuditEvent",
    "CancelOrigin",
    "Cancelable",
    "Cancellation",
    "Candidate",
    "Change",
    "FeedbackFieldType",
    "FeedbackForm",
    "FeedbackFormStatus",
    "FeedbackReminder",
    "FeedbackTemplate",
    "Follower",
    "Integration",
    "IntegrationProvider",
    "Interview",
    "InterviewPanelChangeKind",
    "InterviewPanelStatus",
    "Interviewer",
    "Panel",
    "Posting",
    "ResponseStatus",
    "Role",
    "Row",
    "Stage",
    "StoredAnswer",
    "StoredField",
    "User",
    "new_id",
    "standing",
    "with_status",
]

# Texts are checked where they come in, and the database has the last word. As a filter, a text that is too long finds
# nothing, as any other that isn't there; the ORM would raise.
for _kind in list(globals().values()):
    if isinstance(_kind, type) and issubclass(_kind, Model):
        for _field in _kind._meta.fields_map.values():
            _field.validators.clear()
