"""Feedback: forms follow the seats of a panel, keep their link whatever happens, and are final once submitted."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from tortoise.expressions import Q, Subquery
from tortoise.queryset import QuerySet

import models
import settings
from auth.refusals import Code, Refused
from auth.viewer import Scope, Viewer
from database import Texts, attach, in_
from models import (
    FeedbackForm,
    FeedbackFormStatus,
    Interview,
    Interviewer,
    Panel,
    ResponseStatus,
    Role,
    TemplateVersion,
)
from resolvers import units
from resolvers.access import Act, is_restricted, require, unscoped, visible
from resolvers.answers import AnswerGiven, answer_faults, stored_answers, values_by_field
from resolvers.errors import ErrorCode, UserError, error
from resolvers.listing import Listing, Page, PageRequest, Parameters, search_text
from resolvers.queries import get, load_related
from resolvers.questions import load_questions, own_fields, own_id
from resolvers.units import UnitOfWork


@dataclass(frozen=True)
class Submitted:
    """The form as it stands after a submit, or why it was refused."""

    form: FeedbackForm | None = None
    errors: list[UserError] = field(default_factory=list)


async def submit(viewer: Viewer, form_id: str, answers: Sequence[AnswerGiven]) -> Submitted:
    """Hand in the viewer's own form: final, and idempotent for the same answers. Raises Refused(FORBIDDEN) to a key."""
    require(viewer, Act.SUBMIT_FEEDBACK)

    async def act(unit: UnitOfWork) -> Submitted:
        own = visible(viewer, FeedbackForm).filter(id=form_id, user_id=viewer.user_id)
        named = await own.only("id", "panel_id").get_or_none()
        if named is None:
            return Submitted(errors=[error(ErrorCode.NOT_FOUND, "You have no such form.", ("input", "formId"))])
        panel = await lock_panel_of(named)
        form = await own.get()
        own_answers = [replace(answer, field_id=own_id(form, answer.field_id)) for answer in answers]
        filled = stored_answers(form, own_answers)
        if refusal := _refusal(form, filled):
            return Submitted(form, [refusal])
        if form.status is FeedbackFormStatus.COMPLETED:
            return Submitted(form)
        [questions] = await load_questions(viewer, [form])
        if faults := list(answer_faults(own_fields(form, questions), own_answers)):
            return Submitted(form, faults)
        form.status, form.answers, form.completed_at = FeedbackFormStatus.COMPLETED, filled, unit.at
        await form.save(update_fields=["status", "answers", "completed_at"])
        panel.feedback_due = await _due_seats([panel.id]).count()
        unit.record(panel, models.InterviewPanelChangeKind.FEEDBACK_SUBMITTED)
        unit.keep(panel)
        unit.record_form(form, panel.candidate_id or "", models.ChangeType.FORM_SUBMITTED)
        return Submitted(form)

    return await units.commit(viewer, act)


def _due_seats(panel_ids: Sequence[str]) -> QuerySet[Interviewer]:
    """The seats of locked panels for whose feedback these wait; whoever has left or declined is not waited for."""
    return unscoped(Interviewer, "the seats of locked panels").filter(
        ~Q(response_status=ResponseStatus.DECLINED),
        panel_id__in=panel_ids,
        feedback_required=True,
        form__status=FeedbackFormStatus.PENDING,
        user__deactivated_at__isnull=True,
    )


async def recount_due(unit: UnitOfWork, user_ids: Collection[str]) -> None:
    """Count anew for whom the panels wait on which these users, who have left or come back, owe feedback.

    Four statements, however many panels; what changes of one is recorded.
    """
    why = "panels wait for nobody who has left, whoever syncs it"
    owed = unscoped(Interviewer, why).filter(user_id__in=user_ids, form__status=FeedbackFormStatus.PENDING)
    ids = sorted({seat.panel_id for seat in await owed.only("id", "panel_id")})
    panels = await unscoped(Panel, why).filter(id__in=ids).order_by("id").select_for_update()
    due = Counter(seat.panel_id for seat in await _due_seats(ids).only("id", "panel_id"))
    for panel in panels:
        if panel.feedback_due != due[panel.id]:
            panel.feedback_due = due[panel.id]
            unit.record(panel, models.InterviewPanelChangeKind.UPDATED)
            unit.keep(panel)


async def lock_panel_of(form: FeedbackForm) -> Panel:
    """Lock the form's panel: in every transaction the panel is locked before its parts."""
    panels = unscoped(Panel, "a form's own panel, to lock it; nothing of it is shown")
    return await panels.select_for_update().get(id=form.panel_id)


def _refusal(form: FeedbackForm, filled: list[models.StoredAnswer]) -> UserError | None:
    """Why the form takes no answers any more, if it doesn't."""
    if form.status is FeedbackFormStatus.VOIDED:
        message = "No feedback is asked for any more: it was called off, given to somebody else, or waived."
        return error(ErrorCode.FEEDBACK_VOIDED, message, ("input", "formId"))
    if form.status is FeedbackFormStatus.COMPLETED and values_by_field(form.answers or []) != values_by_field(filled):
        message = "This form has been submitted with other answers, and a submitted form is final."
        return error(ErrorCode.FEEDBACK_ALREADY_SUBMITTED, message, ("input", "formId"))
    return None


def reconcile_forms(
    seats: Iterable[tuple[Interviewer, bool]],
    forms: Mapping[tuple[str, str], FeedbackForm],
    versions: Mapping[str, TemplateVersion],
    panel: Panel,
) -> list[FeedbackForm]:
    """Bring the forms of a panel in line with its seats; returns those made or changed. Rule 6 of Pushing a panel.

    `seats` come with whether their interview takes place; `forms` are by interview and user, `versions` by template. A
    form that is asked for is made once and revived later under the same link; one that is not is voided while it is
    pending.
    """
    changed: list[FeedbackForm] = []
    asked: set[tuple[str, str]] = set()
    for seat, takes_place in seats:
        place = (seat.interview_id, seat.user_id)
        form = forms.get(place)
        if takes_place and seat.template_id is not None:
            asked.add(place)
            form = form or _new_form(panel, seat)
            if _ask_for(form, seat.template_id, versions):
                changed.append(form)
        seat.form_id = form.id if form and _is_shown(form, seat) else None
    return changed + _void(form for place, form in forms.items() if place not in asked)


def _new_form(panel: Panel, seat: Interviewer) -> FeedbackForm:
    return FeedbackForm(
        account_id=panel.account_id, panel_id=panel.id, interview_id=seat.interview_id, user_id=seat.user_id
    )


def _void(forms: Iterable[FeedbackForm]) -> list[FeedbackForm]:
    """Void those of the forms that are pending; returns them."""
    pending = [form for form in forms if form.status is FeedbackFormStatus.PENDING]
    for form in pending:
        form.status = FeedbackFormStatus.VOIDED
    return pending


def _is_shown(form: FeedbackForm, seat: Interviewer) -> bool:
    """Whether the seat has the form: one that nobody asks for any more only where it was submitted."""
    return seat.template_id is not None or form.status is FeedbackFormStatus.COMPLETED


def _ask_for(form: FeedbackForm, template_id: str, versions: Mapping[str, TemplateVersion]) -> bool:
    """Let the form wait to be filled in, with the questions of that template; tells whether that changes it."""
    has_template = form.template_id == template_id
    if form.waived_at is not None:
        return bool(_void([form]))
    if form.status is FeedbackFormStatus.COMPLETED or (has_template and form.status is FeedbackFormStatus.PENDING):
        return False
    form.status = FeedbackFormStatus.PENDING
    if not has_template:
        form.ask(versions[template_id])
        attach(form, "version", versions[template_id])
    return True


def url(form: FeedbackForm) -> str:
    """The link of the calendar invite: the same for as long as the form exists."""
    return f"{settings.current().public_url.rstrip('/')}/feedback/{form.id}"


async def forms_of_users(
    viewer: Viewer,
    users: Sequence[models.User],
    status: FeedbackFormStatus | None,
    request: PageRequest,
) -> list[Page[FeedbackForm] | Refused]:
    """The viewer's own forms, without those of interviews that they were taken off with nothing submitted.

    For anybody else Refused(FORBIDDEN).
    """
    own = {user.id for user in users if user.id == viewer.user_id}
    pages = await _OWN_FORMS.pages(viewer, list(own), Parameters.of(status), request, parent="user_id")
    forms = dict(zip(own, pages, strict=True))
    refusal = Refused(Code.FORBIDDEN, "Only one's own feedback forms can be listed.")
    return [forms.get(user.id, refusal) for user in users]


def _own_forms(scope: Scope, status: FeedbackFormStatus | None, ids: Texts) -> QuerySet[FeedbackForm]:
    own = listed_forms(scope, "user_id", ids)
    return own if status is None else own.filter(status=status)


_OWN_FORMS = Listing(FeedbackForm, _own_forms, ("id",))


def listed_forms(viewer: Viewer | Scope, column: str, ids: Texts) -> QuerySet[FeedbackForm]:
    """The forms of these users or interviews; one that was voided because its person left is history and not listed."""
    seats = unscoped(Interviewer, "ids to narrow what is visible").filter(in_(column, ids), form_id__isnull=False)
    asked_for = ~Q(status=FeedbackFormStatus.VOIDED) | Q(id__in=Subquery(seats.values("form_id")))
    return visible(viewer, FeedbackForm).filter(asked_for, in_(column, ids))


async def interviews_of(viewer: Viewer, forms: Sequence[FeedbackForm]) -> list[Interview | Refused]:
    """What each form is about; Refused(FORBIDDEN) to whoever was taken off the interview with nothing submitted."""
    interviews: list[Interview] = await load_related(viewer, forms, "interview")
    left = {form.id: form.interview_id for form in forms if _is_own(viewer, form) and _is_voided(form)}
    hidden = await _hidden_interviews(viewer, set(left.values()))
    message = "You were taken off this interview: the form needs no answer."
    return [
        Refused(Code.FORBIDDEN, message) if left.get(form.id) in hidden else interview
        for form, interview in zip(forms, interviews, strict=True)
    ]


async def _hidden_interviews(viewer: Viewer, ids: set[str]) -> set[str]:
    """The ids of those that the viewer no longer sees. A statement where there may be any."""
    if not ids or not is_restricted(viewer):
        return set()
    return ids - {interview.id for interview in await visible(viewer, Interview).filter(id__in=ids).only("id")}


def _is_own(viewer: Viewer, form: FeedbackForm) -> bool:
    return form.user_id == viewer.user_id


def _is_voided(form: FeedbackForm) -> bool:
    return form.status is FeedbackFormStatus.VOIDED


async def find(viewer: Viewer, id: str) -> FeedbackForm | None:
    """The form, where the viewer may see it."""
    return await get(viewer, FeedbackForm, "id", id)


async def templates(
    viewer: Viewer, search: str | None, include_archived: bool, request: PageRequest
) -> Page[models.FeedbackTemplate]:
    """The account's templates by name. Raises Refused(FORBIDDEN) to an Interviewer."""
    require(viewer, Act.LIST_DIRECTORY)
    parameters = Parameters.of(search_text(search), include_archived)
    return await _TEMPLATES.page(viewer, parameters, request)


def _templates(scope: Scope, search: str | None, include_archived: bool) -> QuerySet[models.FeedbackTemplate]:
    rows = visible(scope, models.FeedbackTemplate)
    if search is not None:
        rows = rows.filter(name__icontains=search)
    return rows if include_archived else rows.filter(archived_at__isnull=True)


_TEMPLATES = Listing(models.FeedbackTemplate, _templates, ("name", "id"))


async def answers_of(viewer: Viewer, forms: Sequence[FeedbackForm]) -> list[list[models.StoredAnswer] | None]:
    """The answers of each form, or null where there are none or the viewer may not read them (yet).

    One's own always. Others' of panels in scope: Admins always, the rest once their own forms of the panel are in, of
    which an Interviewer must have had one. No key, ever.
    """
    if viewer.user is None:
        return [None] * len(forms)
    others = {form.panel_id for form in forms if form.answers is not None and not _is_own(viewer, form)}
    readable = await _readable_panels(viewer, others)
    return [form.answers if _is_own(viewer, form) or form.panel_id in readable else None for form in forms]


async def _readable_panels(viewer: Viewer, panel_ids: set[str]) -> set[str]:
    """The panels of which the viewer may read others' answers. Two statements at most."""
    in_scope = await _in_scope(viewer, panel_ids)
    own = await _own_statuses(viewer, in_scope)
    return {panel_id for panel_id in in_scope if _may_read_others(viewer, own.get(panel_id, set()))}


async def _in_scope(viewer: Viewer, panel_ids: set[str]) -> set[str]:
    """The panels of which the viewer sees others' forms. One's own form leads to one that is no longer in scope."""
    if not panel_ids or not is_restricted(viewer):
        return panel_ids
    forms = visible(viewer, FeedbackForm).filter(~Q(user_id=viewer.user_id), panel_id__in=panel_ids)
    return {panel_id for (panel_id,) in await forms.distinct().values_list("panel_id")}


def _may_read_others(viewer: Viewer, own: set[FeedbackFormStatus]) -> bool:
    if viewer.role in (Role.SUPER_ADMIN, Role.ADMIN):
        return True
    if FeedbackFormStatus.PENDING in own:
        return False
    return viewer.role is not Role.INTERVIEWER or FeedbackFormStatus.COMPLETED in own


async def _own_statuses(viewer: Viewer, panel_ids: set[str]) -> dict[str, set[FeedbackFormStatus]]:
    if not panel_ids:
        return {}
    mine: dict[str, set[FeedbackFormStatus]] = {}
    own = visible(viewer, FeedbackForm).filter(user_id=viewer.user_id, panel_id__in=panel_ids)
    for form in await own.only("id", "panel_id", "status"):
        mine.setdefault(form.panel_id, set()).add(form.status)
    return mine
