"""Cancelling, in the ATS or by the scheduler, and restoring. Two acts of cancelling, never merged."""

from dataclasses import dataclass, field

from auth.viewer import Viewer
from models import AuditAct, Cancellation, CancelOrigin, Interview, Panel, why_off
from models import InterviewPanelChangeKind as Kind
from resolvers import commits, values
from resolvers.access import Act, require, visible
from resolvers.commits import Commit
from resolvers.errors import ErrorCode, UserError, error
from resolvers.whole import Held, below, deleted, held, highest, locked_by_external_id, new_panel, newer, shown, stand


@dataclass(frozen=True)
class PanelCancel:
    """A cancel of a panel, named by its id or by the scheduler's."""

    id: str | None = None
    external_id: str | None = None
    sequence: int | None = None
    expected_version: int | None = None
    reason: str | None = None


@dataclass(frozen=True)
class InterviewCancel:
    """A cancel of one interview, named by its id or by the scheduler's two."""

    id: str | None = None
    panel_external_id: str | None = None
    external_id: str | None = None
    sequence: int | None = None
    expected_version: int | None = None
    reason: str | None = None


@dataclass(frozen=True)
class Canceled:
    """The panel as it stands after a cancel or a restore, or why that was refused."""

    panel: Panel | None = None
    interview: Interview | None = None
    errors: list[UserError] = field(default_factory=list)

    @property
    def calendar_event_remains(self) -> bool:
        """Whether people's calendars still have it: after a cancel in the ATS."""
        why = why_off(self.interview, self.panel)
        return not self.errors and why is not None and why.calendar_event_remains


async def cancel(viewer: Viewer, its: PanelCancel) -> Canceled:
    """Cancel a panel: by a user, taken off the profile only; by the integration, deleted. Raises Refused(FORBIDDEN)."""
    require(viewer, Act.CANCEL)
    if (its.id is None) == (its.external_id is None):
        return Canceled(errors=[error(ErrorCode.INVALID, "Name the panel by `id` or by `externalId`.", ("input",))])
    if faults := _faults(its, {"externalId": its.external_id}):
        return Canceled(errors=faults)

    async def act(commit: Commit) -> Canceled:
        panel = await _named(viewer, its.id, its.external_id)
        if panel is None and viewer.integration and its.external_id is not None and its.sequence is not None:
            # Rule 3 of Pushing a panel: a cancel that came before its push leaves a tombstone.
            panel = new_panel(viewer, its.external_id)
        if panel is None:
            return Canceled(errors=[_unknown("panel", "id" if its.id is not None else "externalId")])
        if viewer.integration:
            return await _deleted(await held(panel), commit, its)
        if conflict := _version_conflict(panel, its.expected_version):
            return Canceled(panel, errors=[conflict])
        if panel.canceled_at is None or panel.emptied:
            panel.call_off(Cancellation(commit.at, commit.actor_id, CancelOrigin.ATS, its.reason))
            commit.audit(AuditAct.PANEL_CANCELED, panel.id, origin=CancelOrigin.ATS.value)
            await (await held(panel)).write(commit, Kind.CANCELED)
        return Canceled(panel)

    return await commits.committed(viewer, act)


async def _deleted(whole: Held, commit: Commit, its: PanelCancel) -> Canceled:
    """The scheduler has deleted the panel. Rules 2 and 3 of Pushing a panel, and Cancelling."""
    panel = whole.panel
    if not below(its.sequence, panel.pushed_sequence):
        panel.deleted_sequence = highest(panel.deleted_sequence, _revision(panel, its))
        panel.sequence = highest(panel.sequence, its.sequence)
        await whole.write(commit, stand(whole, commit, its.reason))
    return Canceled(shown(panel))


async def cancel_interview(viewer: Viewer, its: InterviewCancel) -> Canceled:
    """Cancel one interview; with a panel's last one the panel is cancelled too. Raises Refused(FORBIDDEN)."""
    require(viewer, Act.CANCEL)
    pair = (its.panel_external_id, its.external_id)
    if pair != (None, None) if its.id is not None else None in pair:
        message = "Name the interview by `id`, or by `panelExternalId` and `externalId`."
        return Canceled(errors=[error(ErrorCode.INVALID, message, ("input",))])
    if faults := _faults(its, {"panelExternalId": its.panel_external_id, "externalId": its.external_id}):
        return Canceled(errors=faults)

    async def act(commit: Commit) -> Canceled:
        panel = await _panel_of_named(viewer, its)
        if panel is None and viewer.integration and its.panel_external_id is not None and its.sequence is not None:
            panel = new_panel(viewer, its.panel_external_id)
        if panel is None:
            return Canceled(errors=[_unknown("interview", "id" if its.id is not None else "panelExternalId")])
        whole = await held(panel)
        interview = next(
            (it for it in whole.interviews.values() if its.id == it.id or its.external_id == it.external_id), None
        )
        if viewer.integration:
            return await _interview_deleted(whole, interview, commit, its)
        if interview is None:
            return Canceled(errors=[_unknown("interview", "externalId")])
        if conflict := _version_conflict(panel, its.expected_version):
            return Canceled(panel, interview, [conflict])
        if panel.canceled_at is None and interview.canceled_at is None:
            cancellation = Cancellation(commit.at, commit.actor_id, CancelOrigin.ATS, its.reason)
            whole.call_off(commit, interview, cancellation)
            if not whole.live:
                panel.call_off(cancellation)
                commit.audit(AuditAct.PANEL_CANCELED, panel.id, origin=CancelOrigin.ATS.value)
            await whole.write(commit, Kind.UPDATED if whole.live else Kind.CANCELED)
        return Canceled(panel, interview)

    return await commits.committed(viewer, act)


async def _interview_deleted(
    whole: Held, interview: Interview | None, commit: Commit, its: InterviewCancel
) -> Canceled:
    """The scheduler has deleted one interview, perhaps before it told of it."""
    panel = whole.panel
    if below(its.sequence, panel.declared_sequence) or (interview and _overtaken(its, interview)):
        return Canceled(shown(panel), interview)
    if deleted(panel) and its.sequence is None:
        return Canceled(shown(panel), interview)
    stood, was_deleted = None, interview is None or deleted(interview)
    if interview is not None:
        if not was_deleted:
            gone = Cancellation(commit.at, commit.actor_id, CancelOrigin.SCHEDULER, its.reason)
            whole.call_off(commit, interview, gone)
        interview.deleted_sequence = highest(interview.deleted_sequence, _revision(panel, its))
        whole.touched[interview.id] = interview
        stood = stand(whole, commit, its.reason)
    elif its.external_id is not None and its.sequence is not None:
        known = panel.early_cancels.get(its.external_id, its.sequence)
        panel.early_cancels[its.external_id] = max(its.sequence, known)
    else:
        return Canceled(errors=[_unknown("interview", "externalId")])
    panel.sequence = highest(panel.sequence, its.sequence)
    await whole.write(commit, stood or (None if was_deleted else Kind.UPDATED))
    return Canceled(shown(panel), interview)


def _overtaken(its: InterviewCancel, interview: Interview) -> bool:
    return below(its.sequence, interview.sequence) or not newer(its.sequence, interview.deleted_sequence)


async def restore(viewer: Viewer, id: str, expected_version: int | None) -> Canceled:
    """Undo the cancels made in the ATS; what the scheduler deleted no user restores. Raises Refused(FORBIDDEN)."""
    require(viewer, Act.RESTORE)

    async def act(commit: Commit) -> Canceled:
        panel = await _named(viewer, id, None)
        if panel is None:
            return Canceled(errors=[_unknown("panel", "id")])
        if conflict := _version_conflict(panel, expected_version):
            return Canceled(panel, errors=[conflict])
        if deleted(panel):
            message = "It was deleted in the scheduler: only the scheduler brings it back."
            return Canceled(panel, errors=[error(ErrorCode.PANEL_CANCELED, message, ("input", "id"))])
        whole = await held(panel)
        called_off = [it for it in whole.interviews.values() if it.canceled_origin is CancelOrigin.ATS]
        if panel.canceled_at is not None or called_off:
            panel.call_off(None)
            for interview in called_off:
                whole.call_off(commit, interview, None)
            commit.audit(AuditAct.PANEL_RESTORED, panel.id, origin=CancelOrigin.ATS.value)
            await whole.write(commit, Kind.RESTORED)
        return Canceled(panel)

    return await commits.committed(viewer, act)


async def _named(viewer: Viewer, id: str | None, external_id: str | None) -> Panel | None:
    if viewer.integration and external_id is not None:
        return await locked_by_external_id(viewer, external_id)
    named = {"id": id} if id is not None else {"external_id": external_id}
    return await visible(viewer, Panel).filter(**named).select_for_update().first()


async def _panel_of_named(viewer: Viewer, its: InterviewCancel) -> Panel | None:
    if its.id is None:
        return await _named(viewer, None, its.panel_external_id)
    interview = await visible(viewer, Interview).only("id", "panel_id").get_or_none(id=its.id)
    return await _named(viewer, interview.panel_id, None) if interview else None


def _revision(panel: Panel, its: PanelCancel | InterviewCancel) -> int:
    """The revision of a cancel. One without a sequence counts as the last that is known of the panel, or as -1."""
    known = its.sequence if its.sequence is not None else panel.sequence
    return -1 if known is None else known


def _faults(its: PanelCancel | InterviewCancel, names: dict[str, str | None]) -> list[UserError]:
    faults = [fault for name, value in names.items() for fault in values.name_faults(value, ("input", name))]
    return [*faults, *values.prose_faults(its.reason, ("input", "reason")), *values.sequence_faults(its.sequence)]


def _version_conflict(panel: Panel, expected: int | None) -> UserError | None:
    if expected is None or expected == panel.version:
        return None
    message = f"The panel has changed: it is at version {panel.version}. Look at it, then try again with that version."
    return error(ErrorCode.VERSION_CONFLICT, message, ("input", "expectedVersion"))


def _unknown(what: str, argument: str) -> UserError:
    return error(ErrorCode.NOT_FOUND, f"No such {what}.", ("input", argument))
