"""Cancelling, in the ATS or by the scheduler, and restoring. Two acts of cancelling, never merged."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import Enum

from tortoise.expressions import Subquery
from tortoise.queryset import QuerySet

import settings
from auth.viewer import Viewer
from models import AuditAct, Cancellation, CancelOrigin, IntegrationProvider, Interview, Panel, why_off
from models import InterviewPanelChangeKind as ChangeKind
from resolvers import units, validation
from resolvers.access import Act, changeable_panels, require, visible
from resolvers.aggregate import PanelAggregate, lock_panel, new_panel
from resolvers.errors import ErrorCode, UserError, error
from resolvers.panels import AMBIGUOUS
from resolvers.revisions import highest, is_below, replaces
from resolvers.units import UnitOfWork


class CancelOutcome(Enum):
    CANCELED = "CANCELED"
    UNCHANGED = "UNCHANGED"
    STALE_IGNORED = "STALE_IGNORED"


@dataclass(frozen=True)
class PanelCancel:
    """A cancel of a panel, named by its id or by the scheduler's."""

    id: str | None = None
    external_id: str | None = None
    sequence: int | None = None
    expected_version: int | None = None
    reason: str | None = None
    provider: IntegrationProvider | None = None


@dataclass(frozen=True)
class InterviewCancel:
    """A cancel of one interview, named by its id or by the scheduler's two."""

    id: str | None = None
    panel_external_id: str | None = None
    external_id: str | None = None
    sequence: int | None = None
    expected_version: int | None = None
    reason: str | None = None
    provider: IntegrationProvider | None = None

    @property
    def is_named_once(self) -> bool:
        """Whether the interview is named in one of the two ways, and in no other."""
        external_ids = (self.panel_external_id, self.external_id)
        return None not in external_ids if self.id is None else external_ids == (None, None)

    def names(self, interview: Interview) -> bool:
        """Whether it is this one, among the interviews of the panel."""
        return self.id == interview.id or self.external_id == interview.external_id


@dataclass(frozen=True)
class Canceled:
    """The panel as it stands after a cancel or a restore, or why that was refused."""

    panel: Panel | None = None
    interview: Interview | None = None
    #: None after a restore, and where it was refused.
    outcome: CancelOutcome | None = None
    errors: list[UserError] = field(default_factory=list)

    @property
    def calendar_event_remains(self) -> bool:
        """Whether people's calendars still have it: after a cancel in the ATS."""
        cancellation = why_off(self.interview, self.panel)
        return not self.errors and cancellation is not None and cancellation.calendar_event_remains


async def cancel(viewer: Viewer, cancel: PanelCancel) -> Canceled:
    """Cancel a panel: by a user, taken off the profile only; by the integration, deleted. Raises Refused(FORBIDDEN)."""
    require(viewer, Act.CANCEL)
    if (cancel.id is None) == (cancel.external_id is None):
        return Canceled(errors=[error(ErrorCode.INVALID, "Name the panel by `id` or by `externalId`.", ("input",))])
    if faults := _faults(viewer, cancel, {"externalId": cancel.external_id}):
        return Canceled(errors=faults)
    cancel = replace(cancel, reason=validation.plain_text(cancel.reason))

    async def act(unit: UnitOfWork) -> Canceled:
        if ambiguity := await _ambiguity(viewer, cancel.external_id, cancel.provider, "externalId"):
            return Canceled(errors=ambiguity)
        panel = await _lock_named(viewer, cancel.id, cancel.external_id, cancel.provider)
        panel = panel or _tombstone(viewer, cancel.external_id, cancel.sequence)
        if panel is None:
            return Canceled(errors=[_unknown("panel", "id" if cancel.id is not None else "externalId")])
        if viewer.integration:
            return await _delete(await PanelAggregate.load(panel), unit, cancel)
        return await _take_off(panel, unit, cancel)

    return await units.commit(viewer, act)


async def _delete(stored: PanelAggregate, unit: UnitOfWork, cancel: PanelCancel) -> Canceled:
    """The scheduler has deleted the panel. Rules 2 and 3 of Pushing a panel, and Cancelling."""
    panel = stored.panel
    if is_below(cancel.sequence, panel.pushed_sequence):
        return Canceled(stored.visible_panel, outcome=_outcome_of_none(panel))
    panel.deleted_sequence = highest(panel.deleted_sequence, _revision(panel, cancel))
    panel.sequence = highest(panel.sequence, cancel.sequence)
    kind = stored.derive_cancellation(unit, cancel.reason)
    await stored.save(unit, kind)
    return Canceled(stored.visible_panel, outcome=_outcome(kind is not None))


async def _take_off(panel: Panel, unit: UnitOfWork, cancel: PanelCancel) -> Canceled:
    """A user takes the panel off the profile."""
    if conflict := _version_conflict(panel, cancel.expected_version):
        return Canceled(panel, errors=[conflict])
    stands = panel.canceled_at is None or panel.is_emptied
    if stands:
        stored = await PanelAggregate.load(panel)
        _cancel_by_user(panel, unit, cancel.reason)
        await stored.save(unit, ChangeKind.CANCELED)
    return Canceled(panel, outcome=_outcome(stands))


def _outcome(was_canceled_now: bool) -> CancelOutcome:
    return CancelOutcome.CANCELED if was_canceled_now else CancelOutcome.UNCHANGED


def _outcome_of_none(*rows: Panel | Interview | None) -> CancelOutcome:
    """What a cancel came to that changed nothing, since later acts count: these are the interview and its panel."""
    return CancelOutcome.STALE_IGNORED if why_off(*rows) is None else CancelOutcome.UNCHANGED


def _cancel_by_user(panel: Panel, unit: UnitOfWork, reason: str | None) -> None:
    panel.call_off(Cancellation(unit.at, unit.actor_id, CancelOrigin.ATS, reason))
    unit.audit(AuditAct.PANEL_CANCELED, panel.id, origin=CancelOrigin.ATS.value)


async def cancel_interview(viewer: Viewer, cancel: InterviewCancel) -> Canceled:
    """Cancel one interview; with a panel's last one the panel is cancelled too. Raises Refused(FORBIDDEN)."""
    require(viewer, Act.CANCEL)
    if not cancel.is_named_once:
        message = "Name the interview by `id`, or by `panelExternalId` and `externalId`."
        return Canceled(errors=[error(ErrorCode.INVALID, message, ("input",))])
    names = {"panelExternalId": cancel.panel_external_id, "externalId": cancel.external_id}
    if faults := _faults(viewer, cancel, names):
        return Canceled(errors=faults)
    cancel = replace(cancel, reason=validation.plain_text(cancel.reason))

    async def act(unit: UnitOfWork) -> Canceled:
        if ambiguity := await _ambiguity(viewer, cancel.panel_external_id, cancel.provider, "panelExternalId"):
            return Canceled(errors=ambiguity)
        panel = await _lock_panel_of(viewer, cancel)
        panel = panel or _tombstone(viewer, cancel.panel_external_id, cancel.sequence)
        if panel is None:
            return Canceled(errors=[_unknown("interview", "id" if cancel.id is not None else "panelExternalId")])
        stored = await PanelAggregate.load(panel)
        interview = next(filter(cancel.names, stored.interviews.values()), None)
        if viewer.integration:
            return await _delete_interview(stored, interview, unit, cancel)
        if interview is None:
            return Canceled(errors=[_unknown("interview", "externalId")])
        return await _take_interview_off(stored, interview, unit, cancel)

    return await units.commit(viewer, act)


async def _take_interview_off(
    stored: PanelAggregate, interview: Interview, unit: UnitOfWork, cancel: InterviewCancel
) -> Canceled:
    """A user takes one interview off the profile, and with the last one the panel."""
    panel = stored.panel
    if conflict := _version_conflict(panel, cancel.expected_version):
        return Canceled(panel, interview, errors=[conflict])
    stands = panel.canceled_at is None and interview.canceled_at is None
    if stands:
        cancellation = Cancellation(unit.at, unit.actor_id, CancelOrigin.ATS, cancel.reason)
        stored.set_interview_cancellation(interview, cancellation, unit)
        if not stored.live_interviews:
            _cancel_by_user(panel, unit, cancel.reason)
        await stored.save(unit, ChangeKind.UPDATED if stored.live_interviews else ChangeKind.CANCELED)
    return Canceled(panel, interview, _outcome(stands))


async def _delete_interview(
    stored: PanelAggregate, interview: Interview | None, unit: UnitOfWork, cancel: InterviewCancel
) -> Canceled:
    """The scheduler has deleted one interview, perhaps before it has pushed it."""
    panel = stored.panel
    if _is_overtaken(cancel, panel, interview):
        return Canceled(stored.visible_panel, interview, _outcome_of_none(interview, panel))
    kind = None
    if interview is not None:
        kind = _delete_known_interview(stored, interview, unit, cancel)
        outcome = _outcome(kind is not None)
    elif cancel.external_id is not None and cancel.sequence is not None:
        if too_many := list(_early_faults(stored, cancel.external_id)):
            return Canceled(stored.visible_panel, errors=too_many)
        outcome = _outcome(cancel.external_id not in panel.early_cancels)
        earlier = panel.early_cancels.get(cancel.external_id, cancel.sequence)
        panel.early_cancels[cancel.external_id] = max(cancel.sequence, earlier)
    else:
        return Canceled(errors=[_unknown("interview", "externalId")])
    panel.sequence = highest(panel.sequence, cancel.sequence)
    await stored.save(unit, kind)
    return Canceled(stored.visible_panel, interview, outcome)


def _early_faults(stored: PanelAggregate, external_id: str) -> Iterator[UserError]:
    """Whether one more cancel of an interview that nobody has pushed can be remembered."""
    if external_id not in stored.panel.early_cancels:
        size, most = stored.byte_size + len(external_id), settings.current().max_panel_bytes
        remedy = "push the interviews that were cancelled, or the whole panel"
        yield from validation.byte_faults(size, most, "The panel", remedy, ("input", "externalId"))


def _is_overtaken(cancel: InterviewCancel, panel: Panel, interview: Interview | None) -> bool:
    """Whether later acts of the scheduler have settled what becomes of the interview."""
    if is_below(cancel.sequence, panel.declared_sequence) or (cancel.sequence is None and panel.is_deleted):
        return True
    return interview is not None and (
        is_below(cancel.sequence, interview.sequence) or not replaces(cancel.sequence, interview.deleted_sequence)
    )


def _delete_known_interview(
    stored: PanelAggregate, interview: Interview, unit: UnitOfWork, cancel: InterviewCancel
) -> ChangeKind | None:
    """Cancel the interview, and with the last one the panel; returns what people see of it."""
    was_deleted = interview.is_deleted
    if not was_deleted:
        cancellation = Cancellation(unit.at, unit.actor_id, CancelOrigin.SCHEDULER, cancel.reason)
        stored.set_interview_cancellation(interview, cancellation, unit)
    interview.deleted_sequence = highest(interview.deleted_sequence, _revision(stored.panel, cancel))
    stored.touch(interview)
    return stored.derive_cancellation(unit, cancel.reason) or (None if was_deleted else ChangeKind.UPDATED)


async def restore(viewer: Viewer, id: str, expected_version: int | None) -> Canceled:
    """Undo the cancels made in the ATS; what the scheduler deleted no user restores. Raises Refused(FORBIDDEN)."""
    require(viewer, Act.RESTORE)

    async def act(unit: UnitOfWork) -> Canceled:
        panel = await _lock_named(viewer, id, None)
        if panel is None:
            return Canceled(errors=[_unknown("panel", "id")])
        if conflict := _version_conflict(panel, expected_version):
            return Canceled(panel, errors=[conflict])
        if panel.is_deleted:
            message = "It was deleted in the scheduler: only the scheduler brings it back."
            return Canceled(panel, errors=[error(ErrorCode.PANEL_CANCELED, message, ("input", "id"))])
        await _restore(await PanelAggregate.load(panel), unit)
        return Canceled(panel)

    return await units.commit(viewer, act)


async def _restore(stored: PanelAggregate, unit: UnitOfWork) -> None:
    """Let all take place again that users have called off, if there is any of it."""
    panel = stored.panel
    canceled = [each for each in stored.interviews.values() if each.canceled_origin is CancelOrigin.ATS]
    if panel.canceled_at is None and not canceled:
        return
    panel.call_off(None)
    for interview in canceled:
        stored.set_interview_cancellation(interview, None, unit)
    unit.audit(AuditAct.PANEL_RESTORED, panel.id, origin=CancelOrigin.ATS.value)
    await stored.save(unit, ChangeKind.RESTORED)


def _tombstone(viewer: Viewer, external_id: str | None, sequence: int | None) -> Panel | None:
    """The panel that a cancel leaves which came before its push. Rule 3 of Pushing a panel."""
    if viewer.integration is None or external_id is None or sequence is None:
        return None
    return new_panel(viewer, external_id)


async def _lock_named(
    viewer: Viewer, id: str | None, external_id: str | None, provider: IntegrationProvider | None = None
) -> Panel | None:
    """The panel of that id, or of the scheduler's, locked until the commit."""
    if viewer.integration and external_id is not None:
        return await lock_panel(viewer, external_id)
    panels = changeable_panels(viewer)
    named = _of_provider(panels, provider).filter(**({"id": id} if id is not None else {"external_id": external_id}))
    return await panels.filter(id__in=Subquery(named.values("id"))).select_for_update().first()


def _of_provider(panels: QuerySet[Panel], provider: IntegrationProvider | None) -> QuerySet[Panel]:
    return panels if provider is None else panels.filter(integration__provider=provider)


async def _ambiguity(
    viewer: Viewer, external_id: str | None, provider: IntegrationProvider | None, argument: str
) -> list[UserError]:
    """Whether two schedulers have a panel of that id. A key means its own."""
    if external_id is None or viewer.integration is not None:
        return []
    named = _of_provider(visible(viewer, Panel), provider).filter(external_id=external_id)
    is_ambiguous = await named.count() > 1
    return [error(ErrorCode.INVALID, AMBIGUOUS, ("input", argument))] if is_ambiguous else []


async def _lock_panel_of(viewer: Viewer, cancel: InterviewCancel) -> Panel | None:
    if cancel.id is None:
        return await _lock_named(viewer, None, cancel.panel_external_id, cancel.provider)
    interview = await visible(viewer, Interview).only("id", "panel_id").get_or_none(id=cancel.id)
    return await _lock_named(viewer, interview.panel_id, None, cancel.provider) if interview else None


def _revision(panel: Panel, cancel: PanelCancel | InterviewCancel) -> int:
    """The revision of a cancel. One without a sequence counts as the last that is known of the panel, or as -1."""
    revision = cancel.sequence if cancel.sequence is not None else panel.sequence
    return -1 if revision is None else revision


def _faults(viewer: Viewer, cancel: PanelCancel | InterviewCancel, names: dict[str, str | None]) -> list[UserError]:
    """What is wrong with a cancel by itself; `names` are its external ids, by argument."""
    faults = [fault for name, value in names.items() for fault in validation.name_faults(value, ("input", name))]
    if viewer.integration and cancel.provider not in (None, viewer.integration.provider):
        message = "A key cancels what is its own scheduler's, and no other's."
        faults.append(error(ErrorCode.INVALID, message, ("input", "provider")))
    return [
        *faults,
        *validation.prose_faults(cancel.reason, ("input", "reason")),
        *validation.sequence_faults(cancel.sequence),
    ]


def _version_conflict(panel: Panel, expected: int | None) -> UserError | None:
    if expected is None or expected == panel.version:
        return None
    message = f"The panel has changed: it is at version {panel.version}. Look at it, then try again with that version."
    return error(ErrorCode.VERSION_CONFLICT, message, ("input", "expectedVersion"))


def _unknown(what: str, argument: str) -> UserError:
    return error(ErrorCode.NOT_FOUND, f"No such {what}.", ("input", argument))
