"""The append-only log of what happened to panels: the truth behind the change feed."""

from enum import Enum

from tortoise import fields
from tortoise.indexes import Index

from database.row import Stored
from models.candidates import Candidate
from models.directory import Account
from models.panels import Panel


class InterviewPanelChangeKind(Enum):
    CREATED = "CREATED"
    UPDATED = "UPDATED"
    RESCHEDULED = "RESCHEDULED"
    CANCELED = "CANCELED"
    RESTORED = "RESTORED"
    FEEDBACK_SUBMITTED = "FEEDBACK_SUBMITTED"


class LogEntry(Stored):
    """One committed change, at the next position of its log: gap-free and in commit order."""

    id = fields.BigIntField(primary_key=True)
    position = fields.BigIntField()
    # The global id of the user or integration who did it.
    actor_id = fields.CharField(max_length=40)
    at = fields.DatetimeField()

    class Meta:
        abstract = True


class Change(LogEntry):
    """One committed change of one panel, at the account's next position: gap-free and in commit order."""

    account_id: str
    panel_id: str
    candidate_id: str
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField("models.Account", related_name="changes")
    panel: fields.ForeignKeyRelation[Panel] = fields.ForeignKeyField("models.Panel", related_name="changes")
    candidate: fields.ForeignKeyRelation[Candidate] = fields.ForeignKeyField("models.Candidate", related_name="changes")
    kind = fields.CharEnumField(InterviewPanelChangeKind, max_length=30)

    class Meta:
        table = "change"
        unique_together = (("account", "position"),)
        indexes = (Index(fields=("candidate_id", "position")), Index(fields=("panel_id",)))
