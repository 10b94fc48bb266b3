"""Syncs of feedback templates: which fields a template may have, and how these keep their ids."""

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import settings
from auth.viewer import Viewer
from database import upsert
from models import FeedbackFieldType, FeedbackTemplate, StoredField
from resolvers import validation
from resolvers.answers import choices
from resolvers.contents import Contents
from resolvers.errors import ErrorCode, Path, UserError, error
from resolvers.questions import current_version
from resolvers.syncs import Synced, load_by, repeat_faults, save_directory, sync
from resolvers.units import UnitOfWork
from resolvers.validation import plain_text


@dataclass(frozen=True)
class TemplateFieldRow:
    type: FeedbackFieldType
    label: str
    description: str | None = None
    required: bool = False
    options: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class TemplateRow:
    external_id: str
    name: str
    fields: Sequence[TemplateFieldRow]
    instructions: str | None = None
    archived: bool = False


async def sync_templates(viewer: Viewer, rows: Sequence[TemplateRow]) -> Synced[FeedbackTemplate]:
    """Take the feedback templates over, matched by external id. Raises Refused(FORBIDDEN).

    Forms keep the fields with which they were made.
    """

    async def act(unit: UnitOfWork) -> Synced[FeedbackTemplate]:
        faults = list(_template_faults(rows))
        stored = await load_by(viewer, FeedbackTemplate, "external_id", [row.external_id for row in rows])
        before, templates = Contents(stored.values()), []
        for row in rows:
            template = stored.get(row.external_id) or FeedbackTemplate(
                account_id=viewer.account_id, external_id=row.external_id, fields=[]
            )
            template.name = plain_text(row.name) or ""
            template.instructions = plain_text(row.instructions)
            template.fields = _stored_fields(row.fields, template.fields)
            template.archived_at = (template.archived_at or unit.at) if row.archived else None
            if before.has_changed(template):
                template.updated_at = unit.at
            templates.append(template)
        versions = {template.id: current_version(template) for template in templates}
        for template in templates:
            template.stored_version_id = versions[template.id].id
        synced = await save_directory(unit, templates, faults, before)
        await upsert([versions[template.id] for template in before.changed(synced.rows)])
        return synced

    return await sync(viewer, act)


def _template_faults(rows: Sequence[TemplateRow]) -> Iterator[UserError]:
    yield from repeat_faults([row.external_id for row in rows], "feedbackTemplates", "externalId")
    for index, row in enumerate(rows):
        path = ("feedbackTemplates", index)
        yield from validation.name_faults(row.external_id, (*path, "externalId"))
        yield from validation.name_faults(row.name, (*path, "name"))
        yield from validation.prose_faults(row.instructions, (*path, "instructions"))
        yield from _fields_faults(row.fields, (*path, "fields"))
        most, remedy = settings.current().max_template_bytes, "shorten its descriptions and options"
        yield from validation.byte_faults(validation.text_bytes(row), most, "The template", remedy, path)


def _fields_faults(fields: Sequence[TemplateFieldRow], path: Path) -> Iterator[UserError]:
    if not 1 <= len(fields) <= 100:
        yield error(ErrorCode.INVALID, "A template has 1 to 100 fields.", path)
    elif [each.type for each in fields].count(FeedbackFieldType.SCORE) != 1:
        yield error(ErrorCode.INVALID, "A template has exactly one SCORE field.", path)
    for place, each in enumerate(fields):
        yield from _field_faults(each, (*path, place))


def _field_faults(row: TemplateFieldRow, path: Path) -> Iterator[UserError]:
    yield from validation.name_faults(row.label, (*path, "label"))
    yield from validation.prose_faults(row.description, (*path, "description"))
    yield from _option_faults(row, (*path, "options"))


def _option_faults(row: TemplateFieldRow, path: Path) -> Iterator[UserError]:
    for place, option in enumerate(row.options):
        yield from validation.name_faults(option, (*path, place))
    if len(set(_plain_options(row))) != len(row.options):
        yield error(ErrorCode.INVALID, "An option stands there twice.", path)
    fixed = choices(row.type, [])
    if row.type in (FeedbackFieldType.DROPDOWN, FeedbackFieldType.MULTIPLE_SELECT):
        if not 1 <= len(row.options) <= 100:
            yield error(ErrorCode.INVALID, f"A {row.type.value} field has 1 to 100 options.", path)
    elif row.options and _plain_options(row) != fixed:
        message = f"A {row.type.value} field has the options {', '.join(fixed)}." if fixed else "It takes no options."
        yield error(ErrorCode.INVALID, message, path)


def _plain_options(row: TemplateFieldRow) -> list[str]:
    return [plain_text(option) or "" for option in row.options]


def _stored_fields(rows: Sequence[TemplateFieldRow], before: Sequence[StoredField]) -> list[StoredField]:
    """The fields as they are kept; one of the same type and label keeps its id."""
    ids: dict[tuple[str, str], list[str]] = {}
    for stored in before:
        ids.setdefault((stored["type"], stored["label"]), []).append(stored["id"])
    labels = [plain_text(row.label) or "" for row in rows]
    return [
        {
            "id": (ids.get((row.type.value, label)) or [f"fld_{secrets.token_hex(8)}"]).pop(0),
            "type": row.type.value,
            "label": label,
            "description": plain_text(row.description),
            "required": row.required,
            "options": choices(row.type, _plain_options(row)),
        }
        for row, label in zip(rows, labels, strict=True)
    ]
