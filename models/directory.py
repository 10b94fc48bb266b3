"""The account and its people, stages and postings. Everything hangs below one account; nothing ever crosses."""

from enum import Enum

from tortoise import fields
from tortoise.indexes import Index

from models.base import Row


class Role(Enum):
    SUPER_ADMIN = "SUPER_ADMIN"
    ADMIN = "ADMIN"
    TEAM_MEMBER = "TEAM_MEMBER"
    LIMITED_TEAM_MEMBER = "LIMITED_TEAM_MEMBER"
    INTERVIEWER = "INTERVIEWER"


class Account(Row):
    prefix = "acc"

    name = fields.CharField(max_length=500)
    slug = fields.CharField(max_length=100, unique=True)
    # The last position given out in the account's change log.
    position = fields.BigIntField(default=0, db_default=0)
    # The last position that retention has removed from the log; older cursors have expired.
    pruned_position = fields.BigIntField(default=0, db_default=0)
    # Changes whenever the log may have gone back, as after a restore; empty in the first epoch.
    epoch = fields.CharField(max_length=16, default="", db_default="")

    class Meta:
        table = "account"


def email_key(email: str) -> str:
    """An email as users are found by it: trimmed, lower case.

    A letter that is not ASCII stays as it is where its lower case is, such as the Kelvin sign, which is no `k`.
    """
    email = email.strip()
    if email.isascii():
        return email.lower()
    return "".join(letter if letter.lower().isascii() and not letter.isascii() else letter.lower() for letter in email)


class User(Row):
    prefix = "usr"

    account_id: str
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField("models.Account", related_name="users")
    external_id = fields.CharField(max_length=500, null=True)
    # Lower case: emails name people without regard to case.
    email = fields.CharField(max_length=500)
    name = fields.CharField(max_length=500)
    role = fields.CharEnumField(Role, max_length=30)
    deactivated_at = fields.DatetimeField(null=True)
    # The rows of candidates that have this email, where they were read along: an internal candidate has some.
    candidacies: "list[Row] | None" = None
    # The address of the calendar feed, where an act has just made it: only its digest is stored.
    calendar_feed_url: str | None = None

    class Meta:
        table = "user"
        unique_together = (("account", "email"), ("account", "external_id"))
        indexes = (Index(fields=("account_id", "name", "id")),)


class CalendarFeed(Row):
    """The secret address at which calendar programs read a user's interviews: one at a time, ended by the next."""

    prefix = "cal"

    user_id: str
    user: fields.OneToOneRelation[User] = fields.OneToOneField("models.User", related_name="calendar_feed")
    # SHA-256 of the secret, in hex.
    digest = fields.CharField(max_length=64, unique=True)

    class Meta:
        table = "calendar_feed"


class Stage(Row):
    prefix = "stg"

    account_id: str
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField("models.Account", related_name="stages")
    name = fields.CharField(max_length=500)
    position = fields.IntField()
    has_interview = fields.BooleanField(default=False)

    class Meta:
        table = "stage"
        unique_together = (("account", "name"),)


class Posting(Row):
    prefix = "pst"

    account_id: str
    hiring_manager_id: str | None
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField("models.Account", related_name="postings")
    external_id = fields.CharField(max_length=500)
    title = fields.CharField(max_length=500)
    hiring_manager: fields.ForeignKeyNullableRelation[User] = fields.ForeignKeyField(
        "models.User", related_name="managed_postings", null=True, on_delete=fields.RESTRICT
    )

    class Meta:
        table = "posting"
        unique_together = (("account", "external_id"),)
        indexes = (Index(fields=("hiring_manager_id",)),)
