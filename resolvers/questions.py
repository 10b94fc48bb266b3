"""What forms ask: each the fields of a version of its template, under ids of its own."""

from collections.abc import Sequence
from functools import partial

import database
import models
from auth.viewer import Viewer
from models import OF_VERSION, FeedbackForm, StoredField, TemplateVersion
from resolvers.access import unscoped
from resolvers.queries import load_related
from resolvers.units import UnitOfWork, commit_for_operator

_MOVED_AT_ONCE = 200

_FIELD = "fld_"


def current_version(template: models.FeedbackTemplate) -> TemplateVersion:
    """What the template asks now."""
    return TemplateVersion.of(template.account_id, template.id, template.instructions, template.fields)


async def load_questions(viewer: Viewer, forms: Sequence[FeedbackForm]) -> list[TemplateVersion | FeedbackForm]:
    """Where each form's instructions and fields stand: in its version, or in itself where an earlier release made it.

    One statement where they were not read along.
    """
    versions: list[TemplateVersion | None] = await load_related(viewer, forms, "version")
    return [
        version if version is not None and form.fields == OF_VERSION else form
        for form, version in zip(forms, versions, strict=True)
    ]


def own_fields(form: FeedbackForm, questions: TemplateVersion | FeedbackForm) -> list[StoredField]:
    """The form's fields under ids of their own: no two forms share one, nor a form and its template."""
    return [{**each, "id": own_id(form, each["id"])} for each in questions.fields]


def own_id(form: FeedbackForm, field_id: str) -> str:
    """The id of that field in this form, for an id of its version or one that is the form's own already.

    So answers may name a field as the template does: what was loaded from an earlier release can still be handed in.
    """
    own = _own_prefix(form)
    return field_id if field_id.startswith(own) else own + field_id.removeprefix(_FIELD)


def id_in_version(form: FeedbackForm, field_id: str) -> str:
    """The id in the version for the form's own id of a field: answers are stored by it."""
    return _FIELD + field_id.removeprefix(_own_prefix(form))


def _own_prefix(form: FeedbackForm) -> str:
    return f"{_FIELD}{form.id.partition('_')[2]}_"


async def move_into_versions() -> int:
    """Move the fields of forms that a release without versions has made into versions; returns of how many forms.

    In batches of short transactions. Processes of such a release can't show these forms any more.
    """
    moved: int = 0
    last: str | None = ""
    while last is not None:
        count, last = await commit_for_operator(partial(_move_batch, last))
        moved += count
    return moved


async def _move_batch(after: str, unit: UnitOfWork) -> tuple[int, str | None]:
    """Move the fields of the next forms behind that id; returns of how many, and the last id, None at the end."""
    await database.take_lock(unit.connection, "versions")
    forms = unscoped(FeedbackForm, "how forms are stored is the same for everybody")
    own = forms.filter(version_id__isnull=True, id__gt=after).order_by("id").limit(_MOVED_AT_ONCE)
    # Locked: a push that is changing one of them writes it after this, all of it.
    batch = await own.select_for_update()
    for form in batch:
        version = TemplateVersion.of(form.account_id, form.template_id, form.instructions, form.fields)
        form.ask(version)
        unit.keep(version, form)
    return len(batch), batch[-1].id if batch else None
