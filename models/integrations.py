"""The integrations of an account and the keys that belong to them."""

from enum import Enum
from typing import TypedDict

from tortoise import fields
from tortoise.indexes import Index

from models.base import Row
from models.directory import Account, User


class IntegrationProvider(Enum):
    """The schedulers of the catalogue (`resolvers/integrations.py`), where each has its entry."""

    GOODTIME = "GOODTIME"


class Integration(Row):
    prefix = "int"

    account_id: str
    enabled_by_id: str | None
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField("models.Account", related_name="integrations")
    # Described in words: one more provider changes nothing of the column.
    provider = fields.CharEnumField(IntegrationProvider, max_length=30, description="a value of IntegrationProvider")
    enabled = fields.BooleanField(default=False)
    # Which of several schedulers the Schedule buttons open; one of an account at most.
    preferred = fields.BooleanField(default=False, db_default=False)
    enabled_at = fields.DatetimeField(null=True)
    enabled_by: fields.ForeignKeyNullableRelation[User] = fields.ForeignKeyField(
        "models.User", related_name="enabled_integrations", null=True, on_delete=fields.RESTRICT
    )

    class Meta:
        table = "integration"
        unique_together = (("account", "provider"),)


class ApiKey(Row):
    """A key is stored as its SHA-256 and its public beginning, never as itself."""

    prefix = "key"

    account_id: str
    integration_id: str
    created_by_id: str
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField("models.Account", related_name="api_keys")
    integration: fields.ForeignKeyRelation[Integration] = fields.ForeignKeyField(
        "models.Integration", related_name="api_keys"
    )
    # The first characters of the key, by which people recognise it.
    public_prefix = fields.CharField(max_length=12)
    digest = fields.CharField(max_length=64, unique=True)
    created_by: fields.ForeignKeyRelation[User] = fields.ForeignKeyField(
        "models.User", related_name="created_keys", on_delete=fields.RESTRICT
    )
    last_used_at = fields.DatetimeField(null=True)
    expires_at = fields.DatetimeField(null=True)
    revoked_at = fields.DatetimeField(null=True)

    class Meta:
        table = "api_key"
        indexes = (Index(fields=("integration_id", "id")),)


class StoredRefusal(TypedDict):
    """One error of a refused push: its code, and where in the input it lies. Not its message, which may name people."""

    code: str
    path: list[str]


class RefusedPush(Row):
    """A push that was answered with errors, kept for a week so that people see what is wrong."""

    prefix = "rfp"
    is_written_once = True

    account_id: str
    integration_id: str
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "models.Account", related_name="refused_pushes"
    )
    integration: fields.ForeignKeyRelation[Integration] = fields.ForeignKeyField(
        "models.Integration", related_name="refused_pushes"
    )
    # The first of them: a push may have thousands.
    errors: list[StoredRefusal] = fields.JSONField()

    class Meta:
        table = "refused_push"
        indexes = (Index(fields=("integration_id", "id")), Index(fields=("created_at",)))
