"""Rule 3 of pushing as a table: what is stored, what arrives, and what that comes to. No database is asked.

The revisions are those of docs/decisions/0007. A stored panel has one interview, `one`, that was pushed with it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tortoise import Tortoise
from tortoise.context import TortoiseContext

from models import (
    Cancellation,
    CancelOrigin,
    Candidate,
    FeedbackReminder,
    Interview,
    Interviewer,
    Panel,
    ResponseStatus,
    User,
)
from models import InterviewPanelChangeKind as ChangeKind
from resolvers.aggregate import PanelAggregate
from resolvers.declarations import Declaration, Event, InterviewerPush, InterviewPush, PanelPush, Push, Seat, SinglePush
from resolvers.errors import ErrorCode
from resolvers.merge import Field, Merge, UpsertOutcome, merge

# Rows learn which columns they have; nothing is connected to.
with TortoiseContext():
    Tortoise.init_models(["models"], "models")

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
LATER = AT + timedelta(days=1)
IVO, NOOR = User(id="usr_ivo", name="Ivo"), User(id="usr_noor", name="Noor")
CARLA = Candidate(id="can_carla", external_id="carla", name="Carla")
CARLA.stage_id = "stg_onsite"

SCHEDULER, USER = CancelOrigin.SCHEDULER, CancelOrigin.ATS
CREATED, UPDATED, UNCHANGED, STALE, RESTORED = (
    UpsertOutcome.CREATED,
    UpsertOutcome.UPDATED,
    UpsertOutcome.UNCHANGED,
    UpsertOutcome.STALE_IGNORED,
    UpsertOutcome.RESTORED,
)


# What is stored.


@dataclass(frozen=True)
class Stored:
    """A panel as it may be found, by its revisions; `whole` is that of the last declaration of the whole panel."""

    panel_sequence: int | None = 2
    pushed: int | None = None
    deleted: int | None = None
    origin: CancelOrigin | None = None
    known: bool = True
    one: int | None = None
    one_deleted: int | None = None
    one_origin: CancelOrigin | None = None
    listed: bool = True
    early_cancels: dict[str, int] = field(default_factory=dict)
    url: int | None = None

    def made(self) -> PanelAggregate:
        panel = Panel(id="pan_p", external_id="p", timezone="UTC", created_by_id="int_goodtime")
        panel.integration_id, panel.candidate_id = "int_goodtime", CARLA.id if self.known else None
        panel.stage_id = CARLA.stage_id if self.known else None
        panel.declared_sequence = panel.timezone_sequence = self.panel_sequence
        panel.url_sequence = self.panel_sequence if self.url is None else self.url
        panel.pushed_sequence = max(
            [each for each in (self.panel_sequence, self.pushed) if each is not None], default=None
        )
        panel.deleted_sequence, panel.early_cancels = self.deleted, dict(self.early_cancels)
        acts = (panel.pushed_sequence, self.deleted, self.one_deleted, *self.early_cancels.values())
        panel.sequence = max([each for each in acts if each is not None], default=None)
        panel.call_off(called_off(self.origin))
        aggregate = PanelAggregate(panel)
        if self.known:
            interview = Interview(id="itv_one", external_id="one", subject="Interview one", starts_at=AT)
            interview.ends_at, interview.feedback_reminder = AT + timedelta(hours=1), FeedbackReminder.DAILY
            interview.sequence, interview.deleted_sequence = self.one or self.panel_sequence, self.one_deleted
            interview.listed = self.listed
            interview.call_off(called_off(self.one_origin))
            seat = Interviewer(id="ivr_one", position=0, feedback_required=True)
            seat.template_id, seat.response_status = None, ResponseStatus.NEEDS_ACTION
            aggregate.interviews, aggregate.seats = {"one": interview}, {interview.id: {IVO.id: seat}}
        return aggregate


def called_off(origin: CancelOrigin | None) -> Cancellation | None:
    return Cancellation(AT, "usr_rita", origin, None) if origin else None


#: What nobody has told of.
NOTHING = Stored(panel_sequence=None, known=False)
#: The panel as the scheduler pushed it with revision 2.
PUSHED = Stored()
#: Its cancel, revision 4, came before any push.
TOMBSTONE = Stored(panel_sequence=None, known=False, deleted=4, origin=SCHEDULER)
#: Pushed with revision 2, and deleted with revision 4.
DELETED = Stored(deleted=4, origin=SCHEDULER)
#: A user has cancelled it in the ATS.
CANCELED = Stored(origin=USER)
#: Since then the event was pushed alone, with revision 4.
EVENT_LATER = Stored(one=4, pushed=4)
#: Since then the scheduler has deleted the interview with revision 4, and the panel with it.
EMPTY = Stored(one_deleted=4, one_origin=SCHEDULER, origin=SCHEDULER)
#: A whole panel, revision 2, has left the interview out that revision 1 had pushed; nothing else is on it.
LEFT_OUT = Stored(one=1, one_deleted=2, one_origin=SCHEDULER, origin=SCHEDULER, listed=False)


# What arrives.


def interview(name: str = "one", starts_at: datetime = AT, **values: Any) -> InterviewPush:
    return InterviewPush(
        name, f"Interview {name}", starts_at, 60, [InterviewerPush(email="ivo@acme.example")], **values
    )


def panel(sequence: int | None, *interviews: InterviewPush, **values: Any) -> PanelPush:
    return PanelPush("p", "UTC", interviews or (interview(),), candidate_id=CARLA.id, sequence=sequence, **values)


def event(sequence: int | None, pushed: InterviewPush | None = None, **values: Any) -> SinglePush:
    return SinglePush("p", pushed or interview(), candidate_id=CARLA.id, sequence=sequence, **values)


def declared(push: Push, people: Sequence[User] = (IVO,)) -> Declaration:
    events = [
        Event(each, [Seat(user, None, InterviewerPush(user.id), path) for user in people], path)
        for path, each in push.declared_interviews
    ]
    return Declaration(push, events, CARLA)


def merged(stored: Stored, push: Push) -> Merge:
    return merge(stored.made(), declared(push))


#: What is stored, what arrives; the outcome, what the log tells, and who has called the panel off after that.
TABLE = {
    "a new panel": (NOTHING, panel(1), CREATED, ChangeKind.CREATED, None),
    "a new panel without a sequence": (NOTHING, panel(None), CREATED, ChangeKind.CREATED, None),
    "a new panel by one event": (NOTHING, event(1, timezone="UTC"), CREATED, ChangeKind.CREATED, None),
    "lower than its cancel": (TOMBSTONE, panel(3), STALE, ChangeKind.CANCELED, SCHEDULER),
    "as high as its cancel": (TOMBSTONE, panel(4), STALE, ChangeKind.CANCELED, SCHEDULER),
    "higher than its cancel": (TOMBSTONE, panel(5), RESTORED, ChangeKind.RESTORED, None),
    "lower": (PUSHED, panel(1, note="old"), STALE, None, None),
    "the same again": (PUSHED, panel(2), UNCHANGED, None, None),
    "higher, other content": (PUSHED, panel(3, note="new"), UPDATED, ChangeKind.UPDATED, None),
    "higher, same content": (PUSHED, panel(3), UPDATED, ChangeKind.UPDATED, None),
    "higher, other time": (PUSHED, panel(3, interview(starts_at=LATER)), UPDATED, ChangeKind.RESCHEDULED, None),
    "higher, an interview more": (PUSHED, panel(3, interview(), interview("two")), UPDATED, ChangeKind.UPDATED, None),
    "higher, another interview": (PUSHED, panel(3, interview("two")), UPDATED, ChangeKind.UPDATED, None),
    "without a sequence, other content": (PUSHED, panel(None, note="new"), UPDATED, ChangeKind.UPDATED, None),
    "without a sequence, same content": (PUSHED, panel(None), UNCHANGED, None, None),
    "deleted, below the content": (DELETED, panel(1, note="old"), STALE, None, None),
    "deleted, the content again": (DELETED, panel(2), STALE, None, None),
    "deleted, between content and cancel": (DELETED, panel(3, note="new"), STALE, ChangeKind.UPDATED, SCHEDULER),
    "deleted, between, other time": (
        DELETED,
        panel(3, interview(starts_at=LATER)),
        STALE,
        ChangeKind.UPDATED,
        SCHEDULER,
    ),
    "deleted, between, same content": (DELETED, panel(3), STALE, None, SCHEDULER),
    "deleted, as high as the cancel": (DELETED, panel(4, note="new"), STALE, ChangeKind.UPDATED, SCHEDULER),
    "deleted, higher": (DELETED, panel(5), RESTORED, ChangeKind.RESTORED, None),
    "deleted, higher, one event": (DELETED, event(5), RESTORED, ChangeKind.RESTORED, None),
    "cancelled by a user, higher": (CANCELED, panel(3, note="new"), UPDATED, ChangeKind.UPDATED, USER),
    "cancelled by a user, other time": (
        CANCELED,
        event(3, interview(starts_at=LATER)),
        UPDATED,
        ChangeKind.UPDATED,
        USER,
    ),
    "an event more": (PUSHED, event(3, interview("two")), UPDATED, ChangeKind.UPDATED, None),
    "an event again": (EVENT_LATER, event(4), UNCHANGED, None, None),
    "an event, older than its content": (EVENT_LATER, event(3, interview(starts_at=LATER)), STALE, None, None),
    "a panel, older than an event": (
        EVENT_LATER,
        panel(3, interview(starts_at=LATER), note="new"),
        STALE,
        ChangeKind.UPDATED,
        None,
    ),
    "a panel that leaves out a later event": (EVENT_LATER, panel(3, interview("two")), STALE, ChangeKind.UPDATED, None),
    "its only interview is deleted, lower": (
        EMPTY,
        event(3, interview(note="new")),
        STALE,
        ChangeKind.UPDATED,
        SCHEDULER,
    ),
    "its only interview is deleted, as high": (EMPTY, event(4), UNCHANGED, None, SCHEDULER),
    "its only interview is deleted, higher": (EMPTY, event(5), RESTORED, ChangeKind.RESTORED, None),
    "its only interview is deleted, without": (
        replace(EMPTY, origin=None),
        event(None),
        UPDATED,
        ChangeKind.UPDATED,
        None,
    ),
    "left out before, higher": (LEFT_OUT, event(3), RESTORED, ChangeKind.RESTORED, None),
    "cancelled before it came, lower": (
        Stored(early_cancels={"two": 4}),
        event(3, interview("two")),
        STALE,
        ChangeKind.UPDATED,
        None,
    ),
    "cancelled before it came, higher": (
        Stored(early_cancels={"two": 4}),
        event(5, interview("two")),
        UPDATED,
        ChangeKind.UPDATED,
        None,
    ),
}


@pytest.mark.parametrize(("stored", "push", "outcome", "kind", "origin"), TABLE.values(), ids=TABLE)
def test_what_a_push_comes_to(
    stored: Stored, push: Push, outcome: UpsertOutcome, kind: ChangeKind | None, origin: CancelOrigin | None
) -> None:
    answer = merged(stored, push)

    assert answer.refusal is None
    assert (answer.outcome, answer.kind) == (outcome, kind)
    assert answer.is_empty or answer.origin is origin
    assert bool(answer.changed) >= (answer.kind in (ChangeKind.UPDATED, ChangeKind.RESCHEDULED, ChangeKind.CREATED))


#: What is stored, what arrives, and why that is refused. Rule 2.
REFUSED = {
    "the same revision, another note": (PUSHED, panel(2, note="new"), ErrorCode.SEQUENCE_CONFLICT),
    "the same revision, another time": (PUSHED, panel(2, interview(starts_at=LATER)), ErrorCode.SEQUENCE_CONFLICT),
    "the same revision, an interview more": (
        PUSHED,
        panel(2, interview(), interview("two")),
        ErrorCode.SEQUENCE_CONFLICT,
    ),
    "the same revision, another interview": (PUSHED, panel(2, interview("two")), ErrorCode.SEQUENCE_CONFLICT),
    "the same revision, one event more": (PUSHED, event(2, interview("two")), ErrorCode.SEQUENCE_CONFLICT),
    "an event again, with another URL": (
        PUSHED,
        event(2, external_url="https://x.example"),
        ErrorCode.SEQUENCE_CONFLICT,
    ),
    "an event of the same revision, another time": (
        EVENT_LATER,
        event(4, interview(starts_at=LATER)),
        ErrorCode.SEQUENCE_CONFLICT,
    ),
    "a panel that leaves out an event of its revision": (
        EVENT_LATER,
        panel(4, interview("two")),
        ErrorCode.SEQUENCE_CONFLICT,
    ),
    "deleted, without a sequence": (DELETED, panel(None), ErrorCode.PANEL_CANCELED),
}


@pytest.mark.parametrize(("stored", "push", "code"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused(stored: Stored, push: Push, code: ErrorCode) -> None:
    answer = merged(stored, push)

    assert answer.refusal is not None
    assert answer.refusal.code is code
    assert answer.outcome is None
    assert answer.is_empty


#: What is stored, what arrives, and what people then see another value of.
CHANGES: dict[str, tuple[Stored, Push, set[Field]]] = {
    "nothing was known": (
        NOTHING,
        panel(1, note="new", external_url="https://x.example"),
        {Field.CANDIDATE, Field.NOTE, Field.EXTERNAL_URL, Field.SEQUENCE, Field.INTERVIEWS},
    ),
    "only the revision": (PUSHED, panel(3), {Field.SEQUENCE}),
    "the zone": (PUSHED, event(3, timezone="Asia/Tokyo"), {Field.TIMEZONE, Field.SEQUENCE}),
    "a URL that a later push has said stays": (Stored(url=4, pushed=4), panel(3, tentative=True), {Field.TENTATIVE}),
    "a later event stays": (EVENT_LATER, panel(3, interview(starts_at=LATER), note="new"), {Field.NOTE}),
    "another time": (
        PUSHED,
        event(3, interview(starts_at=LATER)),
        {Field.SEQUENCE, Field.INTERVIEWS, Field.TIMES},
    ),
    "a deleted interview gets other times unseen": (EMPTY, event(3, interview(starts_at=LATER)), {Field.INTERVIEWS}),
    "the same": (PUSHED, panel(2), set()),
}


@pytest.mark.parametrize(("stored", "push", "changed"), CHANGES.values(), ids=CHANGES)
def test_what_people_see_of_it(stored: Stored, push: Push, changed: set[Field]) -> None:
    assert merged(stored, push).changed == changed


def test_other_people_on_an_interview_are_other_content() -> None:
    again = merge(PUSHED.made(), declared(panel(2), [NOOR]))
    later = merge(PUSHED.made(), declared(panel(3), [IVO, NOOR]))

    assert again.refusal is not None
    assert later.changed == {Field.SEQUENCE, Field.INTERVIEWS}


def test_the_panel_keeps_the_revision_of_every_field_that_a_push_says() -> None:
    of_panel, alone = merged(PUSHED, panel(3)).columns, merged(PUSHED, event(3, timezone="UTC")).columns
    late = merged(EVENT_LATER, panel(3)).columns

    assert of_panel == dict.fromkeys(
        ("sequence", "pushed_sequence", "declared_sequence", "url_sequence", "timezone_sequence"), 3
    )
    assert alone == dict.fromkeys(("sequence", "pushed_sequence", "timezone_sequence"), 3)
    assert late == dict.fromkeys(("declared_sequence", "url_sequence", "timezone_sequence"), 3)


def test_a_cancel_that_came_first_is_forgotten_once_a_push_has_settled_it() -> None:
    stored = Stored(early_cancels={"two": 4, "three": 6})

    assert merged(stored, event(3, interview("two"))).columns["early_cancels"] == {"three": 6}
    assert merged(stored, panel(5)).columns["early_cancels"] == {"three": 6}


@pytest.mark.parametrize(("stored", "push"), [each[:2] for each in TABLE.values()], ids=TABLE)
def test_a_merge_changes_nothing_itself(stored: Stored, push: Push) -> None:
    aggregate = stored.made()
    rows = [aggregate.panel, *aggregate.interviews.values(), *aggregate.all_seats]
    before = [dict(row.__dict__) for row in rows]
    early_cancels = dict(aggregate.panel.early_cancels)

    merge(aggregate, declared(push))

    assert [row.__dict__ for row in rows] == before
    assert aggregate.panel.early_cancels == early_cancels
