"""The append-only logs of what happened: the truth behind what is followed live."""

from enum import Enum

from tortoise import fields
from tortoise.indexes import Index

from database import Stored
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
    """What stands in a log: one committed change, at the next position."""

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


class TopicLog(Stored):
    """How far the log of one topic reaches in one account: the positions of its last entry and of the last pruned."""

    # The account's id and the topic's name, such as `acc_01jd…/integrations`.
    id = fields.CharField(max_length=80, primary_key=True)
    account_id: str
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField("models.Account", related_name="topic_logs")
    position = fields.BigIntField(default=0)
    pruned_position = fields.BigIntField(default=0)

    class Meta:
        table = "topic_log"


class TopicChange(LogEntry):
    """One committed change of whatever a topic is about."""

    log_id: str
    log: fields.ForeignKeyRelation[TopicLog] = fields.ForeignKeyField("models.TopicLog", related_name="changes")
    # The global id of what changed.
    subject_id = fields.CharField(max_length=40)
    # What happened, in the topic's own words.
    kind = fields.CharField(max_length=30)

    class Meta:
        table = "topic_change"
        unique_together = (("log", "position"),)
