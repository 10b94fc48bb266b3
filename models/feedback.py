"""Feedback templates, and the forms made from them: one for each interviewer of an interview."""

from enum import Enum
from hashlib import sha256
from typing import TYPE_CHECKING, Self, TypedDict, cast

import orjson
from tortoise import fields as columns
from tortoise.indexes import Index

import clock
from models.base import Row, nullable
from models.directory import Account, User

if TYPE_CHECKING:
    from models.panels import Interview, Panel


class FeedbackFieldType(Enum):
    SCORE = "SCORE"
    TEXT = "TEXT"
    TEXTAREA = "TEXTAREA"
    YES_NO = "YES_NO"
    DROPDOWN = "DROPDOWN"
    MULTIPLE_SELECT = "MULTIPLE_SELECT"
    DATE = "DATE"
    CODE = "CODE"


class FeedbackFormStatus(Enum):
    PENDING = "PENDING"
    COMPLETED = "COMPLETED"
    VOIDED = "VOIDED"


class StoredField(TypedDict):
    """A field of a template or of a version of it, as JSON keeps it; `type` is a FeedbackFieldType's value."""

    id: str
    type: str
    label: str
    description: str | None
    required: bool
    options: list[str]


class StoredAnswer(TypedDict):
    """The values given for one field."""

    field_id: str
    values: list[str]


class FeedbackTemplate(Row):
    prefix = "tpl"

    account_id: str
    account: columns.ForeignKeyRelation[Account] = columns.ForeignKeyField("models.Account", related_name="templates")
    external_id = columns.CharField(max_length=500)
    name = columns.CharField(max_length=500)
    instructions: str | None = nullable(columns.TextField(null=True))
    fields: list[StoredField] = columns.JSONField()
    # The version that a sync has stored last; another one than the content's where an earlier release has synced since.
    stored_version_id = columns.CharField(max_length=40, null=True)
    updated_at = columns.DatetimeField(default=clock.now)
    archived_at = columns.DatetimeField(null=True)

    class Meta:
        table = "feedback_template"
        unique_together = (("account", "external_id"),)
        indexes = (Index(fields=("account_id", "name", "id")),)


class TemplateVersion(Row):
    """What a template asked when forms were made from it: kept once for all of them, and never changed.

    Its id follows from its content, so that acts which know nothing of each other make the same row.
    """

    prefix = "tpv"
    is_written_once = True

    account_id: str
    template_id: str
    account: columns.ForeignKeyRelation[Account] = columns.ForeignKeyField(
        "models.Account", related_name="template_versions"
    )
    template: columns.ForeignKeyRelation[FeedbackTemplate] = columns.ForeignKeyField(
        "models.FeedbackTemplate", related_name="versions", on_delete=columns.RESTRICT
    )
    instructions: str | None = nullable(columns.TextField(null=True))
    fields: list[StoredField] = columns.JSONField()

    class Meta:
        table = "template_version"
        indexes = (Index(fields=("template_id",)),)

    @classmethod
    def of(cls, account_id: str, template_id: str, instructions: str | None, fields: list[StoredField]) -> Self:
        """The version of that template with this content."""
        content = orjson.dumps([account_id, template_id, instructions, fields], option=orjson.OPT_SORT_KEYS)
        return cls(
            id=f"{cls.prefix}_{sha256(content).hexdigest()[:32]}",
            account_id=account_id,
            template_id=template_id,
            instructions=instructions,
            fields=fields,
        )


#: Stands in `FeedbackForm.fields` where the questions are those of the form's version. It is no list of fields: a
#: process of an earlier release, which knows no versions, fails over it instead of showing a form without questions.
OF_VERSION = cast(list[StoredField], [None])


class FeedbackForm(Row):
    """One for an interview and a person, whatever happens to either: its id is the link in the calendar invite."""

    prefix = "frm"

    account_id: str
    panel_id: str
    interview_id: str
    user_id: str
    template_id: str
    waived_by_id: str | None
    version_id: str | None
    account: columns.ForeignKeyRelation[Account] = columns.ForeignKeyField("models.Account", related_name="forms")
    panel: columns.ForeignKeyRelation["Panel"] = columns.ForeignKeyField("models.Panel", related_name="forms")
    interview: columns.ForeignKeyRelation["Interview"] = columns.ForeignKeyField(
        "models.Interview", related_name="forms"
    )
    user: columns.ForeignKeyRelation[User] = columns.ForeignKeyField(
        "models.User", related_name="forms", on_delete=columns.RESTRICT
    )
    template: columns.ForeignKeyRelation[FeedbackTemplate] = columns.ForeignKeyField(
        "models.FeedbackTemplate", related_name="forms", on_delete=columns.RESTRICT
    )
    # What it asks. Where a release that knew no versions has made the form or changed its template, the form has
    # instructions and fields of its own, until `callboard prune` moves them into a version.
    version: columns.ForeignKeyNullableRelation[TemplateVersion] = columns.ForeignKeyField(
        "models.TemplateVersion", related_name="forms", null=True, on_delete=columns.RESTRICT
    )
    status = columns.CharEnumField(FeedbackFormStatus, max_length=20, default=FeedbackFormStatus.PENDING)
    instructions: str | None = nullable(columns.TextField(null=True))
    fields: list[StoredField] = columns.JSONField()
    answers: list[StoredAnswer] | None = columns.JSONField(null=True)
    completed_at = columns.DatetimeField(null=True)
    # Set while a recruiter asks for it no longer: it is voided until they ask for it again.
    waived_at = columns.DatetimeField(null=True)
    waived_by: columns.ForeignKeyNullableRelation[User] = columns.ForeignKeyField(
        "models.User", related_name="waived_forms", null=True, on_delete=columns.RESTRICT
    )

    class Meta:
        table = "feedback_form"
        unique_together = (("interview", "user"),)
        indexes = (Index(fields=("user_id", "id")), Index(fields=("panel_id", "user_id")))

    def ask(self, version: TemplateVersion) -> None:
        """Let the form ask what that version of a template asks."""
        self.template_id, self.version_id = version.template_id, version.id
        self.instructions, self.fields = None, OF_VERSION
