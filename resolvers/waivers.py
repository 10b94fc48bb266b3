"""Waiving: a recruiter no longer asks for a feedback form, so that its panel waits for it no more. It can be undone."""

from auth.viewer import Viewer
from models import AuditAct, FeedbackForm, FeedbackFormStatus
from models import InterviewPanelChangeKind as ChangeKind
from resolvers import units
from resolvers.access import Act, require, visible
from resolvers.aggregate import PanelAggregate
from resolvers.errors import ErrorCode, UserError, error
from resolvers.feedback import Submitted, lock_panel_of
from resolvers.units import UnitOfWork


async def waive(viewer: Viewer, form_id: str) -> Submitted:
    """Ask for the form no longer: it is voided until it is asked for again. Raises Refused(FORBIDDEN).

    Again is no error. `FEEDBACK_ALREADY_SUBMITTED` for one that is in, `FEEDBACK_VOIDED` for one that nobody asks for.
    """
    return await _set_waived(viewer, form_id, True)


async def reopen(viewer: Viewer, form_id: str) -> Submitted:
    """Ask for a waived form again, under the same link. Raises Refused(FORBIDDEN). One that is not waived stays so."""
    return await _set_waived(viewer, form_id, False)


async def _set_waived(viewer: Viewer, form_id: str, waived: bool) -> Submitted:
    require(viewer, Act.WAIVE_FEEDBACK)

    async def act(unit: UnitOfWork) -> Submitted:
        named = await visible(viewer, FeedbackForm).only("id", "panel_id").get_or_none(id=form_id)
        if named is None:
            return Submitted(errors=[error(ErrorCode.NOT_FOUND, "No such form.", ("formId",))])
        stored = await PanelAggregate.load(await lock_panel_of(named))
        form = next(form for form in stored.forms.values() if form.id == form_id)
        if (form.waived_at is not None) is waived:
            return Submitted(form)
        if refusal := _refusal(form, stored):
            return Submitted(form, [refusal])
        form.waived_at = unit.at if waived else None
        form.waived_by_id = viewer.user_id if waived else None
        stored.touch(form)
        unit.audit(AuditAct.FEEDBACK_WAIVED if waived else AuditAct.FEEDBACK_REOPENED, form.id, panel=form.panel_id)
        await stored.save(unit, ChangeKind.UPDATED)
        return Submitted(form)

    return await units.commit(viewer, act)


def _refusal(form: FeedbackForm, stored: PanelAggregate) -> UserError | None:
    """Why the form can't be waived or asked for again, if it can't."""
    if stored.candidate is not None and stored.candidate.erased_at is not None:
        return error(ErrorCode.CANDIDATE_ERASED, "The candidate was erased: nothing is asked about them.", ("formId",))
    if form.status is FeedbackFormStatus.COMPLETED:
        return error(ErrorCode.FEEDBACK_ALREADY_SUBMITTED, "The feedback is in: it needs no waiver.", ("formId",))
    if form.status is FeedbackFormStatus.VOIDED and form.waived_at is None:
        return error(ErrorCode.FEEDBACK_VOIDED, "Nobody asks for this feedback any more.", ("formId",))
    return None
