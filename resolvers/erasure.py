"""Erasure: what is personal of a candidate goes for good, and ids and counts stay (docs/privacy.md).

Whoever adds a column that may tell of a candidate clears it here: `tests/test_erasure.py` finds one that is forgotten.
"""

from dataclasses import dataclass, field
from datetime import timedelta

from tortoise.expressions import Q

import clock
import database
import settings
from auth.viewer import Viewer
from models import (
    Account,
    AuditAct,
    Cancellation,
    CancelOrigin,
    Candidate,
    CandidateEmail,
    ChangeType,
    Interview,
    Panel,
    Role,
    User,
    email_key,
)
from models import FeedbackFormStatus as FormStatus
from models import InterviewPanelChangeKind as ChangeKind
from resolvers import units
from resolvers.access import Act, require, unscoped, visible
from resolvers.aggregate import PanelAggregate
from resolvers.errors import ErrorCode, UserError, error
from resolvers.sight import users_with
from resolvers.units import UnitOfWork

#: What stands where a name or a subject was.
ERASED = "Erased"

_AT_ONCE = 100


@dataclass(frozen=True)
class Erased:
    """What is left of the candidate, or why nothing was erased."""

    candidate: Candidate | None = None
    errors: list[UserError] = field(default_factory=list)


async def erase(viewer: Viewer, id: str) -> Erased:
    """Erase the candidate, with duplicates that were merged. Again is no error. Raises Refused(FORBIDDEN)."""
    require(viewer, Act.ERASE)

    async def act(unit: UnitOfWork) -> Erased:
        candidate = await visible(viewer, Candidate).filter(id=id).first()
        if candidate is None:
            return Erased(errors=[error(ErrorCode.NOT_FOUND, "No such candidate.", ("id",))])
        await _erase_person(unit, candidate)
        return Erased(await visible(viewer, Candidate).get(id=id))

    erased = await units.commit(viewer, act)
    await database.empty_log()
    return erased


async def erase_as_operator(slug: str, name: str) -> str:
    """Erase the candidate of that id or external id; returns the id. Raises LookupError where there is none.

    On behalf of the account's first active Super Admin.
    """
    candidate = await candidate_of(slug, name)
    await _erase_on_behalf(candidate, by="operator")
    return candidate.id


async def erase_past_retention() -> int:
    """Erase the candidates who were archived longer ago than the setting says, if it does; returns how many.

    A duplicate stays as long as the candidate who is kept, with whom it is erased.
    """
    days = settings.current().candidate_retention_days
    if days is None:
        return 0
    why = "retention is the same for everybody"
    before = clock.now() - timedelta(days=days)
    expired = Q(erased_at__isnull=True, merged_into_id__isnull=True, archived_at__lt=before)
    gone, last = 0, ""
    while rows := await unscoped(Candidate, why).filter(expired, id__gt=last).order_by("id").limit(_AT_ONCE):
        for candidate in rows:
            await _erase_on_behalf(candidate, by="retention")
        gone, last = gone + len(rows), rows[-1].id
    return gone


async def forget_early_reasons() -> int:
    """Forget why panels were cancelled that nobody has pushed in the days that changes are kept; returns how many.

    Of whom such a reason tells is not known, so that no erasure would find it.
    """
    before = clock.now() - timedelta(days=settings.current().change_retention_days)
    tombstones = unscoped(Panel, "retention is the same for everybody").filter(candidate_id__isnull=True)
    return await tombstones.filter(canceled_reason__isnull=False, updated_at__lt=before).update(canceled_reason=None)


async def candidate_of(slug: str, name: str) -> Candidate:
    """The candidate of that id or external id in the account of that slug.

    Raises LookupError where there is none, and where these are two.
    """
    rows = unscoped(Candidate, "the operator serves every account").filter(account__slug=slug)
    candidates = await rows.filter(Q(id=name) | Q(external_id=name))
    if not candidates:
        raise LookupError(f"There is no candidate {name} in an account {slug}.")
    if len(candidates) > 1:
        message = f"{name} is the id of one candidate and the external id of another"
        raise LookupError(f"{message}: name the one whom you mean by the other of their names.")
    return candidates[0]


async def _erase_on_behalf(candidate: Candidate, by: str) -> None:
    account = await unscoped(Account, "the operator serves every account").get(id=candidate.account_id)
    super_admins = unscoped(User, "somebody answers for what the operator does").filter(
        account_id=account.id, role=Role.SUPER_ADMIN, deactivated_at__isnull=True
    )

    async def act(unit: UnitOfWork) -> None:
        await _erase_person(unit, candidate, by=by)

    await units.commit(Viewer(account, user=await super_admins.order_by("id").first()), act)
    await database.empty_log()


async def _erase_person(unit: UnitOfWork, candidate: Candidate, **details: str) -> None:
    """Erase all rows of candidates that are this person: the one who is kept, and duplicates of theirs."""
    root = candidate.merged_into_id or candidate.id
    same = unscoped(Candidate, "one person").filter(Q(id=root) | Q(merged_into_id=root))
    for each in await same.order_by("id").select_for_update():
        panels = unscoped(Panel, "of somebody who is erased").filter(candidate_id=each.id)
        for panel in await panels.order_by("id").select_for_update():
            # Erased again: only what a push that was under way has written since.
            if each.erased_at is None or panel.updated_at > each.erased_at:
                await _erase_panel(unit, panel)
        if each.erased_at is None:
            unit.audit(AuditAct.CANDIDATE_ERASED, each.id, **details)
            unit.record_candidate(each, ChangeType.CANDIDATE_ERASED)
            # Whoever had one of the emails sees what was about themselves.
            for user_id in await users_with(unit.account_id, set(map(email_key, each.emails))):
                unit.expire_cursors(user_id)
        await _erase_row(unit, each)


async def _erase_row(unit: UnitOfWork, candidate: Candidate) -> None:
    candidate.name, candidate.headline, candidate.emails, candidate.search_text = ERASED, None, [], ERASED.lower()
    if candidate.erased_at is None:
        candidate.archived_at = candidate.archived_at or unit.at
        candidate.erased_at = candidate.updated_at = unit.at
    await candidate.save()
    await unscoped(CandidateEmail, "of somebody who is erased").filter(candidate_id=candidate.id).delete()


async def _erase_panel(unit: UnitOfWork, panel: Panel) -> None:
    """Clear what people wrote; what has still to take place is called off, and no feedback is asked for any more."""
    stored = await PanelAggregate.load(panel)
    _clear(panel, "note", "external_url", "canceled_reason")
    for interview in stored.interviews.values():
        interview.subject = ERASED
        for departure in (interview.departures or {}).values():
            departure["subject"] = ERASED
        _clear(interview, "note", "location", "meeting_url", "canceled_reason")
        stored.touch(interview)
    for form in stored.forms.values():
        if form.answers:
            form.answers = []
            stored.touch(form)
        if form.status is FormStatus.PENDING:
            form.waived_at, form.waived_by_id = unit.at, unit.actor_id
            stored.touch(form)
    is_to_come = panel.canceled_at is None and panel.ends_at is not None and panel.ends_at > unit.at
    if is_to_come:
        panel.call_off(Cancellation(unit.at, unit.actor_id, CancelOrigin.ATS, None))
        unit.audit(AuditAct.PANEL_CANCELED, panel.id, origin=CancelOrigin.ATS.value)
    await stored.save(unit, ChangeKind.CANCELED if is_to_come else ChangeKind.UPDATED)


def _clear(row: Panel | Interview, *columns: str) -> None:
    for column in columns:
        setattr(row, column, None)
