"""A push: the scheduler declares a panel, or one event of it. It is applied whole or not at all.

Pushes and cancels may come in any order and any number of times. What makes them end in one state (rule 3, and
docs/decisions/0007): the panel and each interview keep the revision that they have their content from, or that called
them off, and only a higher one replaces it.
"""

from dataclasses import dataclass, field
from enum import Enum

import metrics
from auth.viewer import Viewer
from models import Cancellation, CancelOrigin, Interview, Interviewer, Panel, ResponseStatus
from models import InterviewPanelChangeKind as Kind
from resolvers import commits, declarations, warnings
from resolvers.access import Act, require
from resolvers.commits import Commit
from resolvers.declarations import Declaration, Event, PanelPush, Push, SinglePush
from resolvers.errors import ErrorCode, PushWarning, UserError, error
from resolvers.whole import Held, below, deleted, held, highest, locked_by_external_id, new_panel, newer, shown, stand


class UpsertOutcome(Enum):
    CREATED = "CREATED"
    UPDATED = "UPDATED"
    UNCHANGED = "UNCHANGED"
    STALE_IGNORED = "STALE_IGNORED"
    RESTORED = "RESTORED"


@dataclass(frozen=True)
class Pushed:
    """What a push came to: the panel as it stands, or every reason why it was refused."""

    panel: Panel | None = None
    outcome: UpsertOutcome | None = None
    warnings: list[PushWarning] = field(default_factory=list)
    errors: list[UserError] = field(default_factory=list)
    interview: Interview | None = None


async def push(viewer: Viewer, its: Push) -> Pushed:
    """Declare a whole panel, or one event of it. Raises Refused(FORBIDDEN) to everybody but the integration."""
    require(viewer, Act.PUSH)
    name, well_formed = declarations.panel_name(its), not any(declarations.faults(its))

    async def act(commit: Commit) -> Pushed:
        panel = await locked_by_external_id(viewer, name)
        whole = await held(panel) if panel else Held(new_panel(viewer, name))
        if well_formed and below(its.sequence, whole.panel.declared_sequence):
            return _stale(whole, its)
        declared = await Declaration.read(viewer, its, whole)
        if declared.errors:
            return Pushed(errors=list(declared.errors.values()))
        if its.sequence is None and deleted(whole.panel):
            message = "It was deleted in the scheduler: only a push with a higher sequence brings it back."
            return Pushed(shown(whole.panel), errors=[error(ErrorCode.PANEL_CANCELED, message, ("input",))])
        if _conflicts(whole, declared):
            if below(its.sequence, whole.panel.sequence):
                return _stale(whole, its)
            message = "Another push of this sequence had other content: send this one with a higher sequence."
            refusal = error(ErrorCode.SEQUENCE_CONFLICT, message, ("input", "sequence"))
            return Pushed(shown(whole.panel), errors=[refusal])
        return await _applied(viewer, commit, whole, declared)

    pushed = await commits.committed_together(viewer, name, act)
    metrics.pushed(pushed.outcome.value if pushed.outcome else "REFUSED")
    return pushed


def _stale(whole: Held, its: Push) -> Pushed:
    """The current state, which the push is too old to change."""
    return Pushed(shown(whole.panel), UpsertOutcome.STALE_IGNORED, interview=_asked_about(whole, its))


def _asked_about(whole: Held, its: Push) -> Interview | None:
    return whole.interviews.get(its.interview.external_id) if isinstance(its, SinglePush) else None


def _conflicts(whole: Held, declared: Declaration) -> bool:
    """Whether this very revision has been pushed with other content. Rule 2."""
    its, panel = declared.push, whole.panel
    if its.sequence is None:
        return False
    if any(_contradicts(whole, its, event) for event in declared.events):
        return True
    if any(_is_of(its, interview) for interview in _left_out(whole, declared)):
        return True
    asked_about = _asked_about(whole, its)
    again = its.sequence == panel.declared_sequence or (asked_about is not None and _is_of(its, asked_about))
    return any(
        (again or its.sequence == _said_at(panel, name)) and getattr(panel, name) != value
        for name, value in _said(panel, its).items()
    )


def _contradicts(whole: Held, its: Push, event: Event) -> bool:
    interview = whole.interviews.get(event.external_id)
    if interview is None or not interview.listed:
        left_out: bool = its.sequence == whole.panel.declared_sequence
        return left_out
    return _is_of(its, interview) and _differs(whole, interview, event)


def _is_of(its: Push, interview: Interview) -> bool:
    """Whether the interview has its content from that very revision."""
    same: bool = interview.sequence == its.sequence
    return same


def _differs(whole: Held, interview: Interview, event: Event) -> bool:
    """Whether the event declares other content or other people than the interview has."""
    seated = [(user_id, _terms(seat)) for user_id, seat in whole.seats.get(interview.id, {}).items()]
    if seated != [(seat.user.id, seat.terms) for seat in event.seats]:
        return True
    return any(getattr(interview, name) != value for name, value in event.details.items())


def _left_out(whole: Held, declared: Declaration) -> list[Interview]:
    """The interviews that a declaration of the whole panel lists no longer."""
    if isinstance(declared.push, SinglePush):
        return []
    names = {event.external_id for event in declared.events}
    return [it for it in whole.interviews.values() if it.listed and it.external_id not in names]


def _said(panel: Panel, its: Push) -> dict[str, object]:
    """What the push says of the panel itself, by the model's names, but for what a later push has said."""
    said: dict[str, object] = {"external_url": its.external_url, "timezone": its.timezone}
    if isinstance(its, PanelPush):
        said |= {"note": its.note, "tentative": its.tentative}
    else:
        said = {name: value for name, value in said.items() if value is not None}
    return {name: value for name, value in said.items() if not below(its.sequence, _said_at(panel, name))}


def _said_at(panel: Panel, name: str) -> int | None:
    """The revision that this of the panel is from."""
    revision: int | None = getattr(panel, _REVISIONS.get(name, "declared_sequence"))
    return revision


#: What single events may say too has a revision of its own.
_REVISIONS = {"external_url": "url_sequence", "timezone": "timezone_sequence"}


def _terms(seat: Interviewer) -> tuple[str | None, bool, ResponseStatus]:
    return (seat.template_id, seat.feedback_required, seat.response_status)


async def _applied(viewer: Viewer, commit: Commit, whole: Held, declared: Declaration) -> Pushed:
    """Make the declaration stand, as far as it is newer than what stands."""
    whole.templates |= declared.templates
    taking = _Taking(whole, commit, declared)
    if newer(declared.push.sequence, whole.panel.declared_sequence):
        taking.take()
    if taking.changed or taking.settled:
        stood = stand(whole, commit)
        await whole.write(commit, taking.kind(stood) if taking.changed or stood else None)
    found = await warnings.of(viewer, whole, declared)
    if isinstance(declared.push, PanelPush):
        whole.answer_for_parts(declared.users)
    return Pushed(whole.panel, taking.outcome, found, interview=_asked_about(whole, declared.push))


class _Taking:
    """Takes over from a declaration what no later revision has settled. Rules 2, 3 and 5.

    `changed`: something that people see. `settled`: a revision that must be remembered.
    """

    def __init__(self, whole: Held, commit: Commit, declared: Declaration) -> None:
        self.whole, self.commit, self.declared = whole, commit, declared
        self.panel, self.its = whole.panel, declared.push
        self.was_known, self.was_canceled = shown(self.panel) is not None, self.panel.canceled_at is not None
        self.behind = below(self.its.sequence, self.panel.sequence)
        self.late = self.behind or not newer(self.its.sequence, self.panel.deleted_sequence)
        self.changed = self.settled = self.rescheduled = False

    def take(self) -> None:
        for interview in _left_out(self.whole, self.declared):
            self._drop(interview)
        for event in self.declared.events:
            self._take(event)
        self._describe()
        self._count()

    def _take(self, event: Event) -> None:
        interview = self.whole.interviews.get(event.external_id)
        if interview is None:
            self._add(event)
        elif newer(self.its.sequence, interview.sequence):
            back = deleted(interview) and newer(self.its.sequence, interview.deleted_sequence)
            if back or _differs(self.whole, interview, event):
                moved = (interview.starts_at, interview.ends_at) != (event.starts_at, event.ends_at)
                self.rescheduled |= moved and (back or not deleted(interview))
                self._fill(interview, event)
            if back:
                self.whole.call_off(self.commit, interview, None)
            interview.listed, interview.sequence = True, highest(interview.sequence, self.its.sequence)
            self._settle(interview)

    def _drop(self, interview: Interview) -> None:
        """An interview that is left out is cancelled, not erased. Rule 5."""
        if newer(self.its.sequence, interview.sequence):
            if not deleted(interview):
                self.whole.call_off(self.commit, interview, self._deletion())
                self.changed = True
            interview.listed = False
            interview.deleted_sequence = highest(interview.deleted_sequence, self.its.sequence)
            self._settle(interview)

    def _add(self, event: Event) -> None:
        panel = self.panel
        interview = Interview(
            account_id=panel.account_id, panel_id=panel.id, external_id=event.external_id, sequence=self.its.sequence
        )
        self._fill(interview, event)
        early = panel.early_cancels.pop(interview.external_id, None)
        if not newer(self.its.sequence, early):
            self.whole.call_off(self.commit, interview, self._deletion())
            interview.deleted_sequence = early
        self.whole.interviews[interview.external_id] = interview

    def _fill(self, interview: Interview, event: Event) -> None:
        """Give the interview the declared content and people."""
        for name, value in event.details.items():
            setattr(interview, name, value)
        interview.updated_at = self.commit.at
        before, seated = self.whole.seats.get(interview.id, {}), {}
        for position, declared in enumerate(event.seats):
            seat = before.pop(declared.user.id, None)
            said = (position, interview.starts_at, declared.terms)
            if seat is None or (seat.position, seat.starts_at, _terms(seat)) != said:
                seat = seat or Interviewer(
                    panel_id=interview.panel_id, interview_id=interview.id, user_id=declared.user.id
                )
                seat.position, seat.starts_at = position, interview.starts_at
                seat.template_id, seat.feedback_required, seat.response_status = declared.terms
                self.whole.touched[seat.id] = seat
            seated[declared.user.id] = seat
        self.whole.seats[interview.id] = seated
        self.whole.gone.extend(before.values())
        self.whole.touched[interview.id] = interview
        self.changed = True

    def _settle(self, interview: Interview) -> None:
        """Keep the revisions that the interview now has its content and its end from."""
        self.whole.touched[interview.id] = interview
        self.settled |= self.its.sequence is not None

    def _describe(self) -> None:
        """What is said of the panel itself."""
        panel, candidate = self.panel, self.declared.candidate
        if not self.was_known and candidate is not None:
            panel.candidate_id, panel.stage_id = candidate.id, candidate.stage_id
            self.changed = True
        for name, value in _said(panel, self.its).items():
            if getattr(panel, name) != value:
                setattr(panel, name, value)
                self.changed = True
            if name in _REVISIONS and self.its.sequence not in (None, _said_at(panel, name)):
                setattr(panel, _REVISIONS[name], self.its.sequence)
                self.settled = True

    def _count(self) -> None:
        """Keep the panel's own revisions."""
        panel, sequence = self.panel, self.its.sequence
        if sequence is None:
            return
        self.changed |= newer(sequence, panel.sequence)
        self.settled |= newer(sequence, panel.pushed_sequence)
        panel.sequence = highest(panel.sequence, sequence)
        panel.pushed_sequence = highest(panel.pushed_sequence, sequence)
        if isinstance(self.its, PanelPush):
            self.settled = True
            panel.declared_sequence = sequence
            panel.early_cancels = {name: at for name, at in panel.early_cancels.items() if at > sequence}

    def _deletion(self) -> Cancellation:
        return Cancellation(self.commit.at, self.commit.actor_id, CancelOrigin.SCHEDULER, None)

    @property
    def outcome(self) -> UpsertOutcome:
        """What the scheduler is told."""
        if not self.changed:
            return UpsertOutcome.STALE_IGNORED if self.behind else UpsertOutcome.UNCHANGED
        if self.late:
            return UpsertOutcome.STALE_IGNORED
        if self.was_canceled and self.panel.canceled_at is None:
            return UpsertOutcome.RESTORED
        return UpsertOutcome.UPDATED if self.was_known else UpsertOutcome.CREATED

    def kind(self, stood: Kind | None) -> Kind:
        """What the log tells, where the panel has come to stand or to fall in that way."""
        is_canceled = self.panel.canceled_at is not None
        if is_canceled and not self.was_known:
            return Kind.CANCELED
        if stood is not None:
            return stood
        if not self.was_known:
            return Kind.CREATED
        return Kind.RESCHEDULED if self.rescheduled and not is_canceled else Kind.UPDATED
