"""The audit trail: who did what that others must be able to ask about later. Rows are added and never touched again."""

from enum import Enum

from tortoise import fields
from tortoise.indexes import Index

from models.base import Row
from models.directory import Account
from models.integrations import ApiKey


class AuditAct(Enum):
    INTEGRATION_ENABLED = "INTEGRATION_ENABLED"
    INTEGRATION_DISABLED = "INTEGRATION_DISABLED"
    API_KEY_GENERATED = "API_KEY_GENERATED"
    API_KEY_REVOKED = "API_KEY_REVOKED"
    PANEL_CANCELED = "PANEL_CANCELED"
    PANEL_RESTORED = "PANEL_RESTORED"
    INTERVIEW_CANCELED = "INTERVIEW_CANCELED"
    INTERVIEW_RESTORED = "INTERVIEW_RESTORED"
    USER_ADDED = "USER_ADDED"
    ROLE_CHANGED = "ROLE_CHANGED"
    EMAIL_CHANGED = "EMAIL_CHANGED"
    USER_DEACTIVATED = "USER_DEACTIVATED"
    USER_REACTIVATED = "USER_REACTIVATED"
    EXTERNAL_ID_CHANGED = "EXTERNAL_ID_CHANGED"
    CANDIDATE_MERGED = "CANDIDATE_MERGED"
    CANDIDATE_ERASED = "CANDIDATE_ERASED"
    FEEDBACK_WAIVED = "FEEDBACK_WAIVED"
    FEEDBACK_REOPENED = "FEEDBACK_REOPENED"
    INTEGRATION_PREFERRED = "INTEGRATION_PREFERRED"


class AuditEvent(Row):
    """One act, written in the transaction of the act itself: either both are there or neither."""

    prefix = "aud"

    account_id: str
    api_key_id: str | None
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "models.Account", related_name="audit_events", on_delete=fields.RESTRICT
    )
    # Described in words: a new value of the enum changes nothing of the column.
    act = fields.CharEnumField(AuditAct, max_length=30, description="a value of AuditAct")
    # The global id of the user or integration who did it, and the key with which an integration did.
    actor_id = fields.CharField(max_length=40)
    api_key: fields.ForeignKeyNullableRelation[ApiKey] = fields.ForeignKeyField(
        "models.ApiKey", related_name="audit_events", null=True, on_delete=fields.RESTRICT
    )
    # The global id of what it was done to.
    target_id = fields.CharField(max_length=40)
    # Names and values beyond that, ids among them, never anything that tells of a person.
    details: dict[str, str] = fields.JSONField()

    class Meta:
        table = "audit_event"
        indexes = (Index(fields=("account_id", "id")), Index(fields=("account_id", "actor_id", "id")))
