"""Candidates, and the users who follow them."""

from tortoise import fields
from tortoise.indexes import Index

import clock
from models.base import Row
from models.directory import Account, Posting, Stage, User


class Candidate(Row):
    prefix = "cnd"

    account_id: str
    stage_id: str
    posting_id: str | None
    owner_id: str | None
    merged_into_id: str | None
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField("models.Account", related_name="candidates")
    external_id = fields.CharField(max_length=500)
    name = fields.CharField(max_length=500)
    headline = fields.CharField(max_length=500, null=True)
    emails: list[str] = fields.JSONField()
    # Name and emails, folded to lower case by Python: what `search` looks through, alike on every database.
    search_text = fields.TextField()
    stage: fields.ForeignKeyRelation[Stage] = fields.ForeignKeyField(
        "models.Stage", related_name="candidates", on_delete=fields.RESTRICT
    )
    # The stage's own: lists by stage are read along it, since an index can't span two tables.
    stage_position = fields.IntField(default=0, db_default=0)
    posting: fields.ForeignKeyNullableRelation[Posting] = fields.ForeignKeyField(
        "models.Posting", related_name="candidates", null=True, on_delete=fields.RESTRICT
    )
    owner: fields.ForeignKeyNullableRelation[User] = fields.ForeignKeyField(
        "models.User", related_name="owned_candidates", null=True, on_delete=fields.RESTRICT
    )
    updated_at = fields.DatetimeField(default=clock.now)
    archived_at = fields.DatetimeField(null=True)
    # Set once what is personal was erased, for good: the row is left so that ids and counts stay right.
    erased_at = fields.DatetimeField(null=True)
    # The candidate with whom this duplicate was merged: pushes that name this one are about that one.
    merged_into: fields.ForeignKeyNullableRelation["Candidate"] = fields.ForeignKeyField(
        "models.Candidate", related_name="merged", null=True, on_delete=fields.RESTRICT
    )

    # The emails by which users are the candidate, where they were read along.
    keys: "list[CandidateEmail] | None" = None

    class Meta:
        table = "candidate"
        unique_together = (("account", "external_id"),)
        indexes = (
            Index(fields=("account_id", "name", "id")),
            Index(fields=("account_id", "created_at", "id")),
            Index(fields=("account_id", "updated_at", "id")),
            Index(fields=("account_id", "stage_position", "name", "id")),
            Index(fields=("stage_id",)),
            Index(fields=("posting_id",)),
            Index(fields=("owner_id",)),
        )


class CandidateEmail(Row):
    """An email of a candidate as users are found by theirs: a user who has it is the candidate, an internal one."""

    prefix = "cem"

    account_id: str
    candidate_id: str
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "models.Account", related_name="candidate_emails"
    )
    candidate: fields.ForeignKeyRelation[Candidate] = fields.ForeignKeyField(
        "models.Candidate", related_name="email_keys"
    )
    email = fields.CharField(max_length=500)

    class Meta:
        table = "candidate_email"
        unique_together = (("candidate", "email"),)
        indexes = (Index(fields=("account_id", "email")),)


class Follower(Row):
    prefix = "flw"

    candidate_id: str
    user_id: str
    candidate: fields.ForeignKeyRelation[Candidate] = fields.ForeignKeyField("models.Candidate", related_name="follows")
    user: fields.ForeignKeyRelation[User] = fields.ForeignKeyField("models.User", related_name="follows")

    class Meta:
        table = "follower"
        unique_together = (("candidate", "user"),)
        indexes = (Index(fields=("user_id",)),)
