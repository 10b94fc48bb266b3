"""The append-only log of what happened in an account: the truth behind what is followed live."""

from enum import Enum

from tortoise import fields
from tortoise.indexes import Index

from database import Stored
from models.base import nullable
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


class ChangeTopic(Enum):
    INTERVIEW_PANELS = "INTERVIEW_PANELS"
    CANDIDATES = "CANDIDATES"
    FEEDBACK_FORMS = "FEEDBACK_FORMS"
    INTEGRATIONS = "INTEGRATIONS"
    DIRECTORY = "DIRECTORY"


class ChangeType(Enum):
    PANEL_CREATED = "PANEL_CREATED"
    PANEL_UPDATED = "PANEL_UPDATED"
    PANEL_RESCHEDULED = "PANEL_RESCHEDULED"
    PANEL_CANCELED = "PANEL_CANCELED"
    PANEL_RESTORED = "PANEL_RESTORED"
    PANEL_FEEDBACK_SUBMITTED = "PANEL_FEEDBACK_SUBMITTED"
    CANDIDATE_CREATED = "CANDIDATE_CREATED"
    CANDIDATE_UPDATED = "CANDIDATE_UPDATED"
    CANDIDATE_ARCHIVED = "CANDIDATE_ARCHIVED"
    CANDIDATE_UNARCHIVED = "CANDIDATE_UNARCHIVED"
    CANDIDATE_ERASED = "CANDIDATE_ERASED"
    FORM_CREATED = "FORM_CREATED"
    FORM_SUBMITTED = "FORM_SUBMITTED"
    FORM_VOIDED = "FORM_VOIDED"
    FORM_REOPENED = "FORM_REOPENED"
    INTEGRATION_CHANGED = "INTEGRATION_CHANGED"
    USER_CHANGED = "USER_CHANGED"
    STAGE_CHANGED = "STAGE_CHANGED"
    POSTING_CHANGED = "POSTING_CHANGED"
    TEMPLATE_CHANGED = "TEMPLATE_CHANGED"
    NO_LONGER_VISIBLE = "NO_LONGER_VISIBLE"


#: The kind of an entry that ends what its viewer follows: they see another part of the account from here on.
SIGHT_CHANGED = "SIGHT_CHANGED"

#: By which type of each topic something comes into view.
CREATED = {
    ChangeTopic.INTERVIEW_PANELS: ChangeType.PANEL_CREATED,
    ChangeTopic.CANDIDATES: ChangeType.CANDIDATE_CREATED,
    ChangeTopic.FEEDBACK_FORMS: ChangeType.FORM_CREATED,
}

_PANEL = "PANEL_"


class Change(Stored):
    """One committed change of one panel, at the account's next position: gap-free and in commit order.

    It is read as a `LogEntry`, together with those: an account's position stands in one of the two tables.
    """

    account_id: str
    panel_id: str
    candidate_id: str
    id = fields.BigIntField(primary_key=True)
    position = fields.BigIntField()
    # The global id of the user or integration who did it.
    actor_id = fields.CharField(max_length=40)
    at = fields.DatetimeField()
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField("models.Account", related_name="changes")
    panel: fields.ForeignKeyRelation[Panel] = fields.ForeignKeyField("models.Panel", related_name="changes")
    candidate: fields.ForeignKeyRelation[Candidate] = fields.ForeignKeyField("models.Candidate", related_name="changes")
    kind = fields.CharEnumField(InterviewPanelChangeKind, max_length=30)
    # When the panel's first interview started before it was rescheduled.
    previous_starts_at = fields.DatetimeField(null=True)
    # The ids of the users to whom the panel came into view by this change.
    newcomers: list[str] | None = fields.JSONField(null=True)

    class Meta:
        table = "change"
        unique_together = (("account", "position"),)
        indexes = (Index(fields=("candidate_id", "position")), Index(fields=("panel_id",)))


class LogEntry(Stored):
    """One committed change of anything but a panel, or one that concerns a single viewer. A `Change` is read as one.

    docs/decisions/0015 says why the log stands in two tables.
    """

    account_id: str
    id = fields.BigIntField(primary_key=True)
    position = fields.BigIntField()
    # The global id of the user or integration who did it.
    actor_id = fields.CharField(max_length=40)
    at = fields.DatetimeField()
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField("models.Account", related_name="entries")
    topic: ChangeTopic | None = nullable(
        fields.CharEnumField(ChangeTopic, max_length=30, null=True, description="a value of ChangeTopic")
    )
    # A ChangeType, or SIGHT_CHANGED; read from a `Change` an InterviewPanelChangeKind.
    kind = fields.CharField(max_length=30)
    # The global id of what changed.
    subject_id = fields.CharField(max_length=40, null=True)
    # The candidate and the panel that it belongs to, where there are any.
    candidate_id = fields.CharField(max_length=40, null=True)
    panel_id = fields.CharField(max_length=40, null=True)
    # Of a form: whose it is; of a user, they themselves.
    user_id = fields.CharField(max_length=40, null=True)
    # The only user who is told.
    viewer_id = fields.CharField(max_length=40, null=True)
    # The ids of the users to whom the subject came into view by this change.
    newcomers: list[str] | None = fields.JSONField(null=True)
    previous_starts_at = fields.DatetimeField(null=True)
    # The account's epoch in which it was read.
    epoch = ""

    class Meta:
        table = "log_entry"
        unique_together = (("account", "position"),)
        indexes = (Index(fields=("candidate_id", "position")),)

    def complete(self, epoch: str) -> None:
        """Fill in what only those have that were read from this table, and the epoch."""
        self.epoch = epoch
        if self.topic is None and self.panel_id is not None:
            self.topic, self.subject_id = ChangeTopic.INTERVIEW_PANELS, self.panel_id
            self.kind = _PANEL + self.kind

    def type_for(self, viewer_id: str | None) -> ChangeType:
        """What happened, as a user sees it: to whom the subject came into view, it was just made."""
        if self.newcomers and viewer_id in self.newcomers:
            return CREATED[ChangeTopic(self.topic)]
        return ChangeType(self.kind)

    @property
    def panel_kind(self) -> InterviewPanelChangeKind:
        """What happened to the panel."""
        return InterviewPanelChangeKind(self.kind.removeprefix(_PANEL))


class LogOrigin(Stored):
    """The database in which the current epoch of all logs began: one row."""

    id = fields.CharField(max_length=20, primary_key=True)
    # What `database/identity.py` made of the database: another one means that the log may have gone back.
    identity = fields.CharField(max_length=200)

    class Meta:
        table = "log_origin"
