"""What a push makes of a panel: a decision about every field, made in memory only (docs/decisions/0007 and 0014).

Whatever a push can set keeps, beside it, the revision that set it, and only a higher one replaces it. So pushes and
cancels may come in any order and any number of times, and end in one state (rule 3 of Pushing a panel).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from models import CancelOrigin, Interview, Interviewer, Panel, ResponseStatus
from models import InterviewPanelChangeKind as ChangeKind
from resolvers.aggregate import PanelAggregate
from resolvers.declarations import Declaration, Event, InterviewPush, Push
from resolvers.errors import ErrorCode, UserError, error
from resolvers.revisions import Revision, cancel_origin, highest, is_below, replaces
from zones import is_same_zone


class UpsertOutcome(Enum):
    CREATED = "CREATED"
    UPDATED = "UPDATED"
    UNCHANGED = "UNCHANGED"
    STALE_IGNORED = "STALE_IGNORED"
    RESTORED = "RESTORED"


class Field(Enum):
    """What people see of a panel; the values are the panel's columns, but for the last two."""

    CANDIDATE = "candidate_id"
    NOTE = "note"
    TENTATIVE = "tentative"
    EXTERNAL_URL = "external_url"
    TIMEZONE = "timezone"
    SEQUENCE = "sequence"
    INTERVIEWS = "interviews"
    #: When an interview that was known already takes place.
    TIMES = "times"


#: What single interviews may say of the panel too has a revision of its own; all else is as old as the whole panel.
_REVISIONS = {"external_url": "url_sequence", "timezone": "timezone_sequence"}


@dataclass(frozen=True)
class InterviewMerge:
    """What a push makes of one interview."""

    external_id: str
    #: None: the interview is new.
    interview: Interview | None
    #: None: the declaration of the whole panel leaves the interview out.
    event: Event | None
    #: Who has called the interview off, after the push.
    origin: CancelOrigin | None
    #: Whether the push says other content or other people than the interview has.
    differs: bool = True
    #: Whether the interview gets the content and the people of the event.
    takes_content: bool = False
    #: The revisions that the interview gets; none where a later one has settled all of it.
    columns: Mapping[str, object] = field(default_factory=dict)

    @property
    def is_visible(self) -> bool:
        """Whether people see a change of the interview."""
        is_called_off = self.interview is not None and self.origin is not self.interview.canceled_origin
        return self.takes_content or is_called_off or "scheduler_uid" in self.columns

    @property
    def is_moved(self) -> bool:
        """Whether an interview that was known, and that the scheduler has not deleted, gets other times."""
        if self.interview is None or self.event is None or self.origin is CancelOrigin.SCHEDULER:
            return False
        times = (self.event.starts_at, self.event.ends_at)
        return self.takes_content and (self.interview.starts_at, self.interview.ends_at) != times

    @property
    def visible_fields(self) -> set[Field]:
        """What people see another value of, on account of the interview."""
        shown = {Field.INTERVIEWS: self.is_visible, Field.TIMES: self.is_moved}
        return {field for field, is_changed in shown.items() if is_changed}

    def is_of(self, sequence: Revision) -> bool:
        """Whether the interview has its content from that very revision."""
        return self.interview is not None and self.interview.sequence == sequence

    def contradicts(self, sequence: Revision, declared: Revision) -> bool:
        """Whether that revision has said something else of the interview; `declared` is that of the whole panel."""
        if self.interview is None or not self.interview.listed:
            return sequence == declared
        return self.is_of(sequence) and self.differs


@dataclass(frozen=True)
class Merge:
    """What a push comes to, and what it makes of the rows."""

    outcome: UpsertOutcome | None
    refusal: UserError | None = None
    #: Whether what the push says now stands, but for what later revisions have said: then it may deserve warnings.
    is_accepted: bool = True
    changed: frozenset[Field] = frozenset()
    #: What the log tells of it; None where people see no change.
    kind: ChangeKind | None = None
    #: The values that the panel gets.
    columns: Mapping[str, object] = field(default_factory=dict)
    interviews: Sequence[InterviewMerge] = ()
    #: Who has called the panel off, after the push.
    origin: CancelOrigin | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing is to be written."""
        return not self.columns and not self.interviews


_STALE = Merge(UpsertOutcome.STALE_IGNORED, is_accepted=False)


def is_outdated(push: Push, panel: Panel) -> bool:
    """Whether a later declaration of the whole panel has settled all that the push may say."""
    return is_below(push.sequence, panel.declared_sequence)


def merge(stored: PanelAggregate, declaration: Declaration) -> Merge:
    """What the push makes of what is stored. Rules 2, 3 and 5 of Pushing a panel. Changes nothing itself."""
    push, panel = declaration.push, stored.panel
    if is_outdated(push, panel):
        return _STALE
    if push.sequence is None and panel.is_deleted:
        message = "It was deleted in the scheduler: only a push with a higher sequence brings it back."
        return _refusal(ErrorCode.PANEL_CANCELED, message, "input")
    fields = _newest_fields(push, panel)
    interviews = _merge_interviews(stored, declaration)
    if push.sequence is not None and _contradicts(push, panel, fields, interviews):
        if is_below(push.sequence, panel.sequence):
            return _STALE
        message = "Another push of this sequence had other content: send this one with a higher sequence."
        return _refusal(ErrorCode.SEQUENCE_CONFLICT, message, "input", "sequence")
    if not replaces(push.sequence, panel.declared_sequence):
        return Merge(_outcome(push, panel, frozenset(), panel.canceled_origin))
    return _changes(stored, declaration, fields, interviews)


def _changes(
    stored: PanelAggregate,
    declaration: Declaration,
    fields: Mapping[str, object],
    interviews: Sequence[InterviewMerge],
) -> Merge:
    """The merge of all that no later revision has settled, with what follows from it for the panel."""
    push, panel = declaration.push, stored.panel
    columns = _panel_columns(declaration, panel, fields, interviews)
    changed = _visible_fields(columns, interviews)
    origins = _interview_origins(stored, interviews)
    origin = cancel_origin(panel, highest(panel.pushed_sequence, push.sequence), origins)
    outcome = _outcome(push, panel, changed, origin)
    has_revisions = push.sequence is not None and (bool(columns) or any(each.columns for each in interviews))
    if not changed and not has_revisions:
        return Merge(outcome)
    kind = _change_kind(panel, changed, origin)
    return Merge(outcome, changed=changed, kind=kind, columns=columns, interviews=interviews, origin=origin)


def _refusal(code: ErrorCode, message: str, *path: str) -> Merge:
    return Merge(None, error(code, message, path), is_accepted=False)


def _newest_fields(push: Push, panel: Panel) -> dict[str, object]:
    """What the push says of the panel itself, but for what a later push has said."""
    fields = {
        name: value
        for name, value in push.panel_fields.items()
        if not is_below(push.sequence, _field_revision(panel, name))
    }
    if _is_respelled(push, panel, fields.get("timezone")):
        fields["timezone"] = panel.timezone
    return fields


def _is_respelled(push: Push, panel: Panel, timezone: object) -> bool:
    """Whether the push calls the panel's zone by another of the zone's names, and no higher revision does."""
    if panel.candidate_id is None or not isinstance(timezone, str):
        return False
    is_known = push.sequence is None or push.sequence == panel.timezone_sequence
    return is_known and is_same_zone(timezone, panel.timezone)


def _field_revision(panel: Panel, name: str) -> Revision:
    revision: Revision = getattr(panel, _REVISIONS.get(name, "declared_sequence"))
    return revision


def _merge_interviews(stored: PanelAggregate, declaration: Declaration) -> list[InterviewMerge]:
    """What the push makes of each interview that it declares, or leaves out."""
    sequence = declaration.push.sequence
    left_out = [_leave_out(interview, sequence) for interview in _left_out(stored, declaration)]
    return left_out + [_declare(stored, event, sequence) for event in declaration.events]


def _left_out(stored: PanelAggregate, declaration: Declaration) -> list[Interview]:
    """The listed interviews that a declaration of the whole panel does not name any more."""
    if not declaration.push.is_whole:
        return []
    declared = {event.external_id for event in declaration.events}
    return [each for name, each in stored.interviews.items() if each.listed and name not in declared]


def _declare(stored: PanelAggregate, event: Event, sequence: Revision) -> InterviewMerge:
    interview = stored.interviews.get(event.external_id)
    if interview is None:
        return _add(event, sequence, stored.panel.early_cancels.get(event.external_id))
    return _update(interview, event, sequence, _differs(stored, interview, event))


def _leave_out(interview: Interview, sequence: Revision) -> InterviewMerge:
    """An interview that is left out is cancelled, not erased. Rule 5."""
    name = interview.external_id
    if not replaces(sequence, interview.sequence):
        return InterviewMerge(name, interview, None, interview.canceled_origin)
    columns = {"listed": False, "deleted_sequence": highest(interview.deleted_sequence, sequence)}
    return InterviewMerge(name, interview, None, CancelOrigin.SCHEDULER, columns=columns)


def _add(event: Event, sequence: Revision, canceled: Revision) -> InterviewMerge:
    """A new interview. It is cancelled where a cancel that is not below the push came before it."""
    columns: dict[str, object] = {"sequence": sequence}
    origin = None
    if not replaces(sequence, canceled):
        columns["deleted_sequence"], origin = canceled, CancelOrigin.SCHEDULER
    return InterviewMerge(event.external_id, None, event, origin, takes_content=True, columns=columns)


def _update(interview: Interview, event: Event, sequence: Revision, differs: bool) -> InterviewMerge:
    name, origin = interview.external_id, interview.canceled_origin
    if not replaces(sequence, interview.sequence):
        late_uid = {"scheduler_uid": event.push.calendar_uid} if brings_uid(interview, event.push) else {}
        return InterviewMerge(name, interview, event, origin, differs, columns=late_uid)
    is_back = interview.is_deleted and replaces(sequence, interview.deleted_sequence)
    return InterviewMerge(
        name,
        interview,
        event,
        origin=None if is_back else origin,
        differs=differs,
        takes_content=is_back or differs,
        columns={"listed": True, "sequence": highest(interview.sequence, sequence)},
    )


def brings_uid(interview: Interview, push: InterviewPush) -> bool:
    """Whether the push is the first that says the UID of the interview's event: it is for good, so no later one has."""
    return interview.scheduler_uid is None and push.calendar_uid not in (None, interview.calendar_uid)


def _differs(stored: PanelAggregate, interview: Interview, event: Event) -> bool:
    """Whether the event declares other content or other people than the interview has."""
    seats = [(user_id, seat_terms(seat)) for user_id, seat in stored.seats.get(interview.id, {}).items()]
    if seats != [(seat.user.id, seat.terms) for seat in event.seats]:
        return True
    return any(getattr(interview, name) != value for name, value in event.content.items())


def seat_terms(seat: Interviewer) -> tuple[str | None, bool, ResponseStatus]:
    """What a push says of a person's seat."""
    return (seat.template_id, seat.feedback_required, seat.response_status)


def _contradicts(push: Push, panel: Panel, fields: Mapping[str, object], interviews: Sequence[InterviewMerge]) -> bool:
    """Whether this very revision has been pushed with other content. Rule 2."""
    sequence, declared = push.sequence, panel.declared_sequence
    if any(each.contradicts(sequence, declared) for each in interviews):
        return True
    others = [_field_revision(panel, name) for name, value in fields.items() if getattr(panel, name) != value]
    return sequence in others or (bool(others) and _is_repeated(push, panel, interviews))


def _is_repeated(push: Push, panel: Panel, interviews: Sequence[InterviewMerge]) -> bool:
    """Whether this very revision has been pushed before, of the whole panel or of the one interview."""
    is_known_one = not push.is_whole and any(each.is_of(push.sequence) for each in interviews)
    return is_known_one or push.sequence == panel.declared_sequence


def _panel_columns(
    declaration: Declaration, panel: Panel, fields: Mapping[str, object], interviews: Sequence[InterviewMerge]
) -> dict[str, object]:
    """The panel's own columns that get another value, content and revisions."""
    push, candidate = declaration.push, declaration.candidate
    columns = {**fields, "early_cancels": _early_cancels(push, panel, interviews)}
    if panel.candidate_id is None and candidate is not None:
        columns |= {"candidate_id": candidate.id, "stage_id": candidate.stage_id}
    if push.sequence is not None:
        columns |= {_REVISIONS[name]: push.sequence for name in fields.keys() & _REVISIONS.keys()}
        columns["sequence"] = highest(panel.sequence, push.sequence)
        columns["pushed_sequence"] = highest(panel.pushed_sequence, push.sequence)
        columns |= {"declared_sequence": push.sequence} if push.is_whole else {}
    return {name: value for name, value in columns.items() if getattr(panel, name) != value}


def _early_cancels(push: Push, panel: Panel, interviews: Sequence[InterviewMerge]) -> dict[str, int]:
    """The cancels that still wait for their interviews."""
    added = {each.external_id for each in interviews if each.interview is None}
    settled = push.sequence if push.is_whole and push.sequence is not None else -1
    return {name: each for name, each in panel.early_cancels.items() if name not in added and each > settled}


def _interview_origins(stored: PanelAggregate, interviews: Sequence[InterviewMerge]) -> list[CancelOrigin | None]:
    """Who has called each of the panel's interviews off, after the push."""
    merged = {each.external_id for each in interviews}
    others = [each.canceled_origin for name, each in stored.interviews.items() if name not in merged]
    return [*others, *(each.origin for each in interviews)]


def _visible_fields(columns: Mapping[str, object], interviews: Sequence[InterviewMerge]) -> frozenset[Field]:
    """What people see another value of."""
    changed = frozenset(each for each in Field if each.value in columns)
    return changed.union(*(each.visible_fields for each in interviews))


def _outcome(push: Push, panel: Panel, changed: frozenset[Field], origin: CancelOrigin | None) -> UpsertOutcome:
    """What the scheduler is answered."""
    is_behind = is_below(push.sequence, panel.sequence)
    if is_behind or (changed and not replaces(push.sequence, panel.deleted_sequence)):
        return UpsertOutcome.STALE_IGNORED
    if not changed:
        return UpsertOutcome.UNCHANGED
    if panel.canceled_at is not None and origin is None:
        return UpsertOutcome.RESTORED
    return UpsertOutcome.CREATED if panel.candidate_id is None else UpsertOutcome.UPDATED


def _change_kind(panel: Panel, changed: frozenset[Field], origin: CancelOrigin | None) -> ChangeKind | None:
    """What the log tells; a panel that is cancelled before anybody has seen it is told of as cancelled."""
    is_new = panel.candidate_id is None
    if origin is not None and (is_new or origin is not panel.canceled_origin):
        return ChangeKind.CANCELED
    if origin is None and panel.canceled_origin is not None:
        return ChangeKind.RESTORED
    if is_new:
        return ChangeKind.CREATED
    if not changed:
        return None
    return ChangeKind.RESCHEDULED if Field.TIMES in changed and origin is None else ChangeKind.UPDATED
