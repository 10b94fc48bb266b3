"""A push: the scheduler declares a panel, or one interview of it. A push is taken whole or not at all.

It is a load, a merge and a save (docs/decisions/0014): `merge` decides, in memory, what the push makes of what is
stored.
"""

from dataclasses import dataclass, field

import metrics
from auth.viewer import Viewer
from models import Cancellation, CancelOrigin, Interview, Interviewer, Panel
from models import InterviewPanelChangeKind as ChangeKind
from resolvers import declarations, integration_health, units, warnings
from resolvers.access import Act, require
from resolvers.aggregate import PanelAggregate
from resolvers.declarations import Declaration, Event, Push, SinglePush
from resolvers.errors import PushWarning, UserError
from resolvers.lookups import look_up, uid_faults
from resolvers.merge import InterviewMerge, Merge, UpsertOutcome, brings_uid, is_outdated, merge, seat_terms
from resolvers.units import UnitOfWork
from work import TimeSlice


@dataclass(frozen=True)
class Pushed:
    """What a push came to: the panel as it stands, or every reason why it was refused."""

    panel: Panel | None = None
    outcome: UpsertOutcome | None = None
    warnings: list[PushWarning] = field(default_factory=list)
    errors: list[UserError] = field(default_factory=list)
    interview: Interview | None = None


async def push(viewer: Viewer, push: Push) -> Pushed:
    """Declare a whole panel, or one interview of it. Raises Refused(FORBIDDEN) to everybody but the integration."""
    require(viewer, Act.PUSH)
    faults = declarations.faults(push)

    async def act(unit: UnitOfWork) -> Pushed:
        stored = await PanelAggregate.load_for_update(viewer, push.panel_external_id)
        if not faults and is_outdated(push, stored.panel):
            return await _take_late_uids(viewer, unit, stored, push)
        declaration = await look_up(viewer, push, faults, stored)
        if declaration.errors:
            unit.keep(integration_health.refused_push(viewer, declaration.errors))
            return Pushed(errors=declaration.errors)
        merged = merge(stored, declaration)
        if merged.refusal is not None:
            unit.keep(integration_health.refused_push(viewer, [merged.refusal]))
            return Pushed(stored.visible_panel, errors=[merged.refusal])
        if merged.is_accepted:
            return await _save_push(viewer, unit, stored, declaration, merged)
        return _answer(stored, push, merged.outcome)

    pushed = await units.commit_in_group(viewer, push.panel_external_id, act)
    metrics.count_push(pushed.outcome.value if pushed.outcome else "REFUSED")
    return pushed


async def _take_late_uids(viewer: Viewer, unit: UnitOfWork, stored: PanelAggregate, push: Push) -> Pushed:
    """Take of an outdated push the UIDs that no other has said, and nothing else. Rule 3 of Pushing a panel."""
    known = [(stored.interviews.get(each.external_id), each) for _, each in push.declared_interviews]
    late = [(interview, each) for interview, each in known if interview is not None and brings_uid(interview, each)]
    if late and stored.candidate is not None and stored.candidate.erased_at is None:
        if errors := await uid_faults(viewer, push, stored):
            return Pushed(stored.visible_panel, errors=errors)
        for interview, each in late:
            interview.scheduler_uid = each.calendar_uid
            stored.touch(interview)
        await stored.save(unit, ChangeKind.UPDATED)
    return _answer(stored, push, UpsertOutcome.STALE_IGNORED)


def _answer(
    stored: PanelAggregate, push: Push, outcome: UpsertOutcome | None, warnings: list[PushWarning] | None = None
) -> Pushed:
    """The panel as it stands, with the interview that was pushed alone."""
    interview = stored.interviews.get(push.interview.external_id) if isinstance(push, SinglePush) else None
    return Pushed(stored.visible_panel, outcome, warnings or [], interview=interview)


async def _save_push(
    viewer: Viewer, unit: UnitOfWork, stored: PanelAggregate, declaration: Declaration, merged: Merge
) -> Pushed:
    """Write what the push changes, and say what of it deserves a look."""
    stored.templates |= declaration.templates
    stored.users |= declaration.users
    stored.candidate = declaration.candidate
    stored.candidate_emails |= declaration.candidate_emails
    if not merged.is_empty:
        await _apply(merged, stored, declaration, unit)
        await stored.save(unit, merged.kind)
    push_warnings = await warnings.of(viewer, stored, declaration)
    if declaration.push.is_whole:
        stored.attach_parts(declaration.users)
    return _answer(stored, declaration.push, merged.outcome, push_warnings)


async def _apply(merged: Merge, stored: PanelAggregate, declaration: Declaration, unit: UnitOfWork) -> None:
    """Give the rows the values that were decided on. Whoever owns the candidate now invites to what is new."""
    owner = declaration.candidate.owner if declaration.candidate else None
    organizer_id = owner.id if owner is not None and owner.deactivated_at is None else None
    for name, value in merged.columns.items():
        setattr(stored.panel, name, value)
    time_slice = TimeSlice()
    for each in merged.interviews:
        if each.columns:
            interview = each.interview or _new_interview(stored, each.external_id, organizer_id)
            _apply_to_interview(interview, each, stored, unit)
            if time_slice.is_over:
                await time_slice.give_way()
    stored.set_origin(merged.origin, unit)


def _new_interview(stored: PanelAggregate, external_id: str, organizer_id: str | None) -> Interview:
    panel = stored.panel
    interview = Interview(
        account_id=panel.account_id,
        panel_id=panel.id,
        integration_id=panel.integration_id,
        external_id=external_id,
        organizer_id=organizer_id,
    )
    stored.interviews[external_id] = interview
    return interview


def _apply_to_interview(interview: Interview, merged: InterviewMerge, stored: PanelAggregate, unit: UnitOfWork) -> None:
    for name, value in merged.columns.items():
        setattr(interview, name, value)
    if merged.event is not None and merged.takes_content:
        _fill(interview, merged.event, stored, unit)
    if merged.origin is not interview.canceled_origin:
        deletion = Cancellation(unit.at, unit.actor_id, CancelOrigin.SCHEDULER, None)
        stored.set_interview_cancellation(interview, deletion if merged.origin else None, unit)
    stored.touch(interview)


def _fill(interview: Interview, event: Event, stored: PanelAggregate, unit: UnitOfWork) -> None:
    """Give the interview the declared content and people."""
    for name, value in event.content.items():
        setattr(interview, name, value)
    interview.updated_at = unit.at
    before, seats = stored.seats.get(interview.id, {}), {}
    for position, declared in enumerate(event.seats):
        seat = before.get(declared.user.id) or Interviewer(
            panel_id=interview.panel_id, interview_id=interview.id, user_id=declared.user.id
        )
        if (seat.position, seat.starts_at, seat_terms(seat)) != (position, interview.starts_at, declared.terms):
            seat.position, seat.starts_at = position, interview.starts_at
            seat.template_id, seat.feedback_required, seat.response_status = declared.terms
            stored.touch(seat)
        seats[declared.user.id] = seat
    stored.replace_seats(interview, seats)
