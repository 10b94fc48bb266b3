"""Cancelling, in the ATS or by the scheduler, and restoring. Two acts of cancelling, never merged."""

from dataclasses import dataclass, field

from auth.viewer import Viewer
from models import Cancellation, CancelOrigin, Interview, Panel
from models import InterviewPanelChangeKind as Kind
from resolvers import changes, values
from resolvers.access import Act, require, visible
from resolvers.changes import Commit
from resolvers.errors import ErrorCode, UserError, error
from resolvers.whole import Held, below, held, highest, locked_by_external_id, new_panel, shown, stand


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
        rows = [row for row in (self.interview, self.panel) if row is not None]
        called_off = next((row.own_cancellation for row in rows if row.own_cancellation), None)
        return not self.errors and called_off is not None and called_off.calendar_event_remains


async def cancel(viewer: Viewer, its: PanelCancel) -> Canceled:
    """Cancel a panel: by a user, taken off the profile only; by the integration, deleted. Raises Refused(FORBIDDEN)."""
    require(viewer, Act.CANCEL)
    if (its.id is None) == (its.external_id is None):
        return Canceled(errors=[error(ErrorCode.INVALID, "Name the panel by `id` or by `externalId`.", ("input",))])
    if faults := _faults(its.sequence, its.reason):
        return Canceled(errors=faults)

    async def act(commit: Commit) -> Canceled:
        panel = await _named(viewer, its.id, its.external_id)
        if viewer.integration:
            if panel is None:
                return await _entombed(viewer, commit, its.external_id, its.sequence)
            return await _deleted(await held(panel), commit, its)
        if panel is None or panel.candidate_id is None:
            return Canceled(errors=[_unknown("panel", "id" if its.id else "externalId")])
        if conflict := _version_conflict(panel, its.expected_version):
            return Canceled(panel, errors=[conflict])
        if panel.canceled_at is None:
            panel.call_off(Cancellation(commit.at, commit.actor_id, CancelOrigin.ATS, its.reason))
            await (await held(panel)).write(commit, Kind.CANCELED)
        return Canceled(panel)

    return await changes.committed(viewer, act)


async def _deleted(whole: Held, commit: Commit, its: PanelCancel) -> Canceled:
    """The scheduler has deleted the panel. Rules 2 and 3 of Pushing a panel, and Cancelling."""
    panel = whole.panel
    if its.sequence is not None and below(its.sequence, panel.pushed_sequence):
        return Canceled(shown(panel))
    revision = its.sequence if its.sequence is not None else -1 if panel.sequence is None else panel.sequence
    panel.deleted_sequence = highest(panel.deleted_sequence, revision)
    panel.sequence = highest(panel.sequence, its.sequence)
    await whole.write(commit, stand(whole, commit, its.reason))
    return Canceled(shown(panel))


async def _entombed(viewer: Viewer, commit: Commit, external_id: str | None, sequence: int | None) -> Canceled:
    """A cancel that came before its push leaves a tombstone, which nobody sees. Rule 3 of Pushing a panel."""
    if external_id is None or sequence is None:
        return Canceled(errors=[_unknown("panel", "id" if external_id is None else "externalId")])
    tomb = new_panel(viewer, external_id)
    tomb.sequence = tomb.deleted_sequence = sequence
    tomb.call_off(Cancellation(commit.at, commit.actor_id, CancelOrigin.SCHEDULER, None))
    await tomb.save(force_create=True)
    return Canceled()


async def cancel_interview(viewer: Viewer, its: InterviewCancel) -> Canceled:
    """Cancel one interview; with a panel's last one the panel is cancelled too. Raises Refused(FORBIDDEN)."""
    require(viewer, Act.CANCEL)
    by_pair = its.panel_external_id is not None and its.external_id is not None
    if (its.id is None) != by_pair:
        message = "Name the interview by `id`, or by `panelExternalId` and `externalId`."
        return Canceled(errors=[error(ErrorCode.INVALID, message, ("input",))])
    if faults := _faults(its.sequence, its.reason):
        return Canceled(errors=faults)

    async def act(commit: Commit) -> Canceled:
        panel = await _panel_of_named(viewer, its)
        if panel is None and viewer.integration and its.panel_external_id and its.sequence is not None:
            panel = new_panel(viewer, its.panel_external_id)
        if panel is None or (panel.candidate_id is None and viewer.user):
            return Canceled(errors=[_unknown("interview", "id" if its.id else "panelExternalId")])
        whole = await held(panel)
        interview = next(
            (it for it in whole.interviews if its.id == it.id or (by_pair and its.external_id == it.external_id)), None
        )
        if viewer.integration:
            return await _interview_deleted(whole, interview, commit, its)
        if interview is None:
            return Canceled(errors=[_unknown("interview", "id" if its.id else "externalId")])
        if conflict := _version_conflict(panel, its.expected_version):
            return Canceled(panel, interview, [conflict])
        if panel.canceled_at is None and interview.canceled_at is None:
            cancellation = Cancellation(commit.at, commit.actor_id, CancelOrigin.ATS, its.reason)
            whole.call_off(interview, cancellation)
            if not whole.live:
                panel.call_off(cancellation)
            await whole.write(commit, Kind.UPDATED if whole.live else Kind.CANCELED)
        return Canceled(panel, interview)

    return await changes.committed(viewer, act)


async def _interview_deleted(
    whole: Held, interview: Interview | None, commit: Commit, its: InterviewCancel
) -> Canceled:
    """The scheduler has deleted one interview, perhaps before it told of it."""
    panel = whole.panel
    if interview is None:
        if its.external_id is None or its.sequence is None:
            return Canceled(errors=[_unknown("interview", "id" if its.id else "externalId")])
        known = panel.early_cancels.get(its.external_id)
        panel.early_cancels = {**panel.early_cancels, its.external_id: max(its.sequence, known or its.sequence)}
        panel.sequence = highest(panel.sequence, its.sequence)
        await panel.save()
        return Canceled(shown(panel))
    if below(its.sequence, interview.sequence) or below(its.sequence, panel.declared_sequence):
        return Canceled(shown(panel), interview)
    was_live = interview.canceled_at is None or interview.canceled_origin is CancelOrigin.ATS
    if was_live:
        whole.call_off(interview, Cancellation(commit.at, commit.actor_id, CancelOrigin.SCHEDULER, its.reason))
    interview.sequence = highest(interview.sequence, its.sequence)
    whole.touched[interview.id] = interview
    panel.sequence = highest(panel.sequence, its.sequence)
    stood = stand(whole, commit, its.reason)
    await whole.write(commit, stood or (Kind.UPDATED if was_live else None))
    return Canceled(shown(panel), interview)


async def restore(viewer: Viewer, id: str, expected_version: int | None) -> Canceled:
    """Undo the cancels made in the ATS; what the scheduler deleted no user restores. Raises Refused(FORBIDDEN)."""
    require(viewer, Act.RESTORE)

    async def act(commit: Commit) -> Canceled:
        panel = await _named(viewer, id, None)
        if panel is None:
            return Canceled(errors=[_unknown("panel", "id")])
        if conflict := _version_conflict(panel, expected_version):
            return Canceled(panel, errors=[conflict])
        if panel.canceled_origin is CancelOrigin.SCHEDULER:
            message = "It was deleted in the scheduler: only the scheduler brings it back."
            return Canceled(panel, errors=[error(ErrorCode.PANEL_CANCELED, message, ("input", "id"))])
        whole = await held(panel)
        called_off = [it for it in whole.interviews if it.canceled_origin is CancelOrigin.ATS]
        if panel.canceled_at is not None or called_off:
            panel.call_off(None)
            for interview in called_off:
                whole.call_off(interview, None)
            await whole.write(commit, Kind.RESTORED)
        return Canceled(panel)

    return await changes.committed(viewer, act)


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


def _faults(sequence: int | None, reason: str | None) -> list[UserError]:
    faults = list(values.prose_faults(reason, ("input", "reason")))
    return faults + values.sequence_faults(sequence)


def _version_conflict(panel: Panel, expected: int | None) -> UserError | None:
    if expected is None or expected == panel.version:
        return None
    message = f"The panel has changed: it is at version {panel.version}. Look at it, then try again with that version."
    return error(ErrorCode.VERSION_CONFLICT, message, ("input", "expectedVersion"))


def _unknown(what: str, argument: str) -> UserError:
    return error(ErrorCode.NOT_FOUND, f"No such {what}.", ("input", argument))
