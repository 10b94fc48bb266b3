"""Interview panels, their interviews and interviewers, and the status that follows from them."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from operator import attrgetter
from typing import NotRequired, TypedDict

from tortoise import fields
from tortoise.expressions import Q
from tortoise.indexes import Index

import clock
from database import Bind, derived_from
from models.base import Row, derived_id, nullable
from models.candidates import Candidate
from models.directory import Account, Stage, User
from models.feedback import FeedbackForm, FeedbackTemplate
from models.integrations import Integration

#: An instant (UTC), or what is bound to one at each run of a compiled statement.
Instant = datetime | Bind

#: How the UIDs end that are made here.
OWN_UID = "@callboard"


class InterviewPanelStatus(Enum):
    TENTATIVE = "TENTATIVE"
    SCHEDULED = "SCHEDULED"
    AWAITING_FEEDBACK = "AWAITING_FEEDBACK"
    COMPLETE = "COMPLETE"
    CANCELED = "CANCELED"


class CancelOrigin(Enum):
    ATS = "ATS"
    SCHEDULER = "SCHEDULER"


class FeedbackReminder(Enum):
    ONCE = "ONCE"
    DAILY = "DAILY"
    FREQUENTLY = "FREQUENTLY"
    NONE = "NONE"


class ResponseStatus(Enum):
    NEEDS_ACTION = "NEEDS_ACTION"
    ACCEPTED = "ACCEPTED"
    TENTATIVE = "TENTATIVE"
    DECLINED = "DECLINED"


class Departure(TypedDict):
    """What the calendar of somebody who was taken off an interview is told: a revision, and the event as they knew it.

    Instants are in ISO 8601. Departures from before these were kept have no `uid` and no `subject`.
    """

    sequence: int
    at: str
    starts_at: str
    ends_at: str
    uid: NotRequired[str]
    subject: NotRequired[str]


@dataclass(frozen=True)
class Cancellation:
    """Who called something off, when and where; `by_id` is the global id of a user or an integration.

    `row_id` is that of the panel or the interview that is off.
    """

    at: datetime
    by_id: str
    origin: CancelOrigin
    reason: str | None
    row_id: str = ""

    @property
    def id(self) -> str:
        """The same for as long as that is off."""
        return derived_id("cnl", self.row_id)

    @property
    def calendar_event_remains(self) -> bool:
        """After a cancel in the ATS the event is still on people's calendars."""
        return self.origin is CancelOrigin.ATS


class Cancelable(Row):
    """A row that can be called off: all four are set, or the first three are null."""

    canceled_at = fields.DatetimeField(null=True)
    canceled_by_id = fields.CharField(max_length=40, null=True)
    canceled_origin: CancelOrigin | None = nullable(fields.CharEnumField(CancelOrigin, max_length=20, null=True))
    canceled_reason: str | None = nullable(fields.TextField(null=True))

    class Meta:
        abstract = True

    @property
    @derived_from("id", "canceled_at", "canceled_by_id", "canceled_origin", "canceled_reason")
    def own_cancellation(self) -> Cancellation | None:
        """The cancellation of this row itself."""
        if self.canceled_at is None or self.canceled_by_id is None or self.canceled_origin is None:
            return None
        by, origin, reason = self.canceled_by_id, self.canceled_origin, self.canceled_reason
        return Cancellation(self.canceled_at, by, origin, reason, self.id)

    @property
    def is_deleted(self) -> bool:
        """Whether the scheduler has called it off: it is gone where it was made."""
        return self.canceled_origin is CancelOrigin.SCHEDULER

    def call_off(self, cancellation: Cancellation | None) -> None:
        """Set the cancellation, or take it off again with None."""
        values = (c.at, c.by_id, c.origin, c.reason) if (c := cancellation) else (None, None, None, None)
        self.canceled_at, self.canceled_by_id, self.canceled_origin, self.canceled_reason = values


class Panel(Cancelable):
    """A panel as the scheduler declared it. Without a candidate it is a tombstone: its cancel came before its push."""

    prefix = "pan"

    account_id: str
    integration_id: str
    candidate_id: str | None
    stage_id: str | None
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField("models.Account", related_name="panels")
    integration: fields.ForeignKeyRelation[Integration] = fields.ForeignKeyField(
        "models.Integration", related_name="panels"
    )
    candidate: fields.ForeignKeyNullableRelation[Candidate] = fields.ForeignKeyField(
        "models.Candidate", related_name="panels", null=True
    )
    stage: fields.ForeignKeyNullableRelation[Stage] = fields.ForeignKeyField(
        "models.Stage", related_name="panels", null=True, on_delete=fields.RESTRICT
    )
    external_id = fields.CharField(max_length=500)
    external_url = fields.CharField(max_length=2000, null=True)
    timezone = fields.CharField(max_length=100, default="UTC")
    note = fields.TextField(null=True)
    tentative = fields.BooleanField(default=False)
    # The highest revision of the scheduler that is known, by a push or by a cancel.
    sequence = fields.BigIntField(null=True)
    # The highest revision that declared the whole panel, and the highest that pushed anything of it.
    declared_sequence = fields.BigIntField(null=True)
    pushed_sequence = fields.BigIntField(null=True)
    # The revisions that the URL and the zone are from: single events may say them too.
    url_sequence = fields.BigIntField(null=True)
    timezone_sequence = fields.BigIntField(null=True)
    # The highest revision at which the scheduler deleted the panel; -1 for a deletion without one.
    deleted_sequence = fields.BigIntField(null=True)
    # Cancels of interviews that came before the interviews: external id to revision.
    early_cancels: dict[str, int] = fields.JSONField(default=dict)
    version = fields.BigIntField(default=0)
    # Earliest start and latest end of the interviews that are not cancelled; null where none is left.
    starts_at = fields.DatetimeField(null=True)
    ends_at = fields.DatetimeField(null=True)
    # The order of lists: `starts_at`, or what it was when the last interview went.
    listed_at = fields.DatetimeField(default=clock.now)
    # Required forms that are still to be filled in, counted anew by every act on the panel.
    feedback_due = fields.IntField(default=0)
    # The global id of the integration or user that made it.
    created_by_id = fields.CharField(max_length=40)
    updated_at = fields.DatetimeField(default=clock.now)
    # All its interviews by their start, cancelled ones too, where an act has just written or compared them.
    parts: "list[Interview] | None" = None

    class Meta:
        table = "panel"
        unique_together = (("integration", "external_id"),)
        indexes = (
            Index(fields=("account_id", "listed_at", "id")),
            Index(fields=("account_id", "updated_at")),
            Index(fields=("account_id", "external_id")),
            Index(fields=("account_id", "feedback_due")),
            Index(fields=("candidate_id", "listed_at", "id")),
            Index(fields=("candidate_id", "ends_at")),
        )

    @property
    def is_emptied(self) -> bool:
        """Whether it is off because the scheduler took away all that users had left of it: nobody has cancelled it."""
        return self.canceled_origin is CancelOrigin.ATS and self.canceled_by_id == self.integration_id

    @property
    @derived_from("canceled_at", "tentative", "ends_at", "feedback_due")
    def status(self) -> InterviewPanelStatus:
        """Derived from the cancellation, the clock and the feedback; `with_status` is its twin in SQL."""
        if self.canceled_at:
            return InterviewPanelStatus.CANCELED
        if self.tentative:
            return InterviewPanelStatus.TENTATIVE
        if self.ends_at is not None and self.ends_at > clock.now():
            return InterviewPanelStatus.SCHEDULED
        return InterviewPanelStatus.AWAITING_FEEDBACK if self.feedback_due else InterviewPanelStatus.COMPLETE


class Interview(Cancelable):
    prefix = "itv"

    account_id: str
    panel_id: str
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField("models.Account", related_name="interviews")
    organizer_id: str | None
    integration_id: str | None
    panel: fields.ForeignKeyRelation[Panel] = fields.ForeignKeyField("models.Panel", related_name="interviews")
    external_id = fields.CharField(max_length=500)
    subject = fields.CharField(max_length=500)
    note = fields.TextField(null=True)
    location = fields.CharField(max_length=500, null=True)
    meeting_url = fields.CharField(max_length=2000, null=True)
    starts_at = fields.DatetimeField()
    ends_at = fields.DatetimeField()
    feedback_reminder = fields.CharEnumField(FeedbackReminder, max_length=20)
    # Who sits on it, where that was read along.
    seats: "list[Interviewer] | None" = None
    # The revision that the interview has its content from.
    sequence = fields.BigIntField(null=True)
    # The highest revision at which the scheduler called it off or left it out; -1 for a deletion without one.
    deleted_sequence = fields.BigIntField(null=True)
    # Whether the declaration that counts lists it; what is no longer listed is cancelled too.
    listed = fields.BooleanField(default=True)
    updated_at = fields.DatetimeField(default=clock.now)
    # The UID of the scheduler's own event, once it has said one, and the integration within which that is unique.
    scheduler_uid = fields.CharField(max_length=500, null=True)
    integration: fields.ForeignKeyNullableRelation[Integration] = fields.ForeignKeyField(
        "models.Integration", related_name="interviews", null=True, on_delete=fields.RESTRICT
    )
    # The invite's SEQUENCE, which never goes back, and when what it says last changed. Null in no row, but a column
    # that is added to a table must allow it.
    calendar_sequence = fields.BigIntField(default=0, db_default=0)
    calendar_stamp = fields.DatetimeField(null=True)
    # Who invites: the candidate's owner when the interview was made; null for the account.
    organizer: fields.ForeignKeyNullableRelation[User] = fields.ForeignKeyField(
        "models.User", related_name="organized", null=True, on_delete=fields.RESTRICT
    )
    # The cancels of those who were taken off and are not back, by user id; null for none.
    departures: dict[str, Departure] | None = fields.JSONField(null=True)

    class Meta:
        table = "interview"
        unique_together = (("panel", "external_id"), ("integration", "scheduler_uid"))
        indexes = (Index(fields=("account_id", "starts_at", "id")), Index(fields=("panel_id", "starts_at", "id")))

    @property
    @derived_from("id", "scheduler_uid")
    def calendar_uid(self) -> str:
        """The UID of the event on people's calendars: the scheduler's own where it has said one."""
        return self.scheduler_uid or f"{self.id}{OWN_UID}"

    @property
    @derived_from("starts_at", "ends_at")
    def duration_minutes(self) -> int:
        """Length in minutes."""
        return int((self.ends_at - self.starts_at).total_seconds()) // 60


class Interviewer(Row):
    """A user's seat on an interview, gone when the scheduler no longer lists the person."""

    prefix = "ivr"

    panel_id: str
    interview_id: str
    user_id: str
    template_id: str | None
    form_id: str | None
    panel: fields.ForeignKeyRelation[Panel] = fields.ForeignKeyField("models.Panel", related_name="interviewers")
    interview: fields.ForeignKeyRelation[Interview] = fields.ForeignKeyField(
        "models.Interview", related_name="interviewers"
    )
    user: fields.ForeignKeyRelation[User] = fields.ForeignKeyField(
        "models.User", related_name="seats", on_delete=fields.RESTRICT
    )
    # The order in which the scheduler lists them, from 0.
    position = fields.IntField()
    # The interview's own: a person's interviews are found by it, and read in its order. Null in no row, but a column
    # that is added to a table must allow it.
    starts_at = fields.DatetimeField(null=True)
    response_status = fields.CharEnumField(ResponseStatus, max_length=20)
    feedback_required = fields.BooleanField()
    template: fields.ForeignKeyNullableRelation[FeedbackTemplate] = fields.ForeignKeyField(
        "models.FeedbackTemplate", related_name="seats", null=True, on_delete=fields.RESTRICT
    )
    form: fields.ForeignKeyNullableRelation[FeedbackForm] = fields.ForeignKeyField(
        "models.FeedbackForm", related_name="seats", null=True
    )

    class Meta:
        table = "interviewer"
        unique_together = (("interview", "user"),)
        indexes = (Index(fields=("user_id", "starts_at", "interview_id")), Index(fields=("panel_id",)))


def why_off(*rows: Cancelable | None) -> Cancellation | None:
    """Why the first of these rows doesn't take place, if it doesn't; the others are what it belongs to.

    What the scheduler has deleted comes first: that is in nobody's calendar any more.
    """
    cancellations = [row.own_cancellation for row in rows if row is not None and row.own_cancellation is not None]
    return min(cancellations, key=attrgetter("calendar_event_remains"), default=None)


def stands_at(at: Instant) -> Q:
    """Panels that are not cancelled and not over at that instant (UTC): what `upcoming` means."""
    return Q(canceled_at__isnull=True, ends_at__gt=at)


def with_status(status: InterviewPanelStatus, at: Instant) -> Q:
    """The panels of that status at that instant (UTC): the filter twin of `Panel.status`."""
    live = Q(canceled_at__isnull=True)
    firm = live & Q(tentative=False)
    over = firm & (Q(ends_at__isnull=True) | Q(ends_at__lte=at))
    match status:
        case InterviewPanelStatus.CANCELED:
            return Q(canceled_at__isnull=False)
        case InterviewPanelStatus.TENTATIVE:
            return live & Q(tentative=True)
        case InterviewPanelStatus.SCHEDULED:
            return firm & Q(ends_at__gt=at)
        case InterviewPanelStatus.AWAITING_FEEDBACK:
            return over & Q(feedback_due__gt=0)
        case InterviewPanelStatus.COMPLETE:
            return over & Q(feedback_due=0)
