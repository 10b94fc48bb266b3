"""What the scheduler pushes: whole panels, or one event of them."""

from datetime import datetime

import strawberry

import models
from resolvers import pushes
from resolvers.values import URL, TimeZone
from schema.context import Info, viewer
from schema.errors import UserError, Warning
from schema.inputs import plain
from schema.panels import Interview, InterviewPanel


@strawberry.input(description="By id or by email (trimmed, case-insensitive); the person must have an active account.")
class InterviewerInput:
    user_id: strawberry.ID | None = strawberry.UNSET
    email: str | None = strawberry.UNSET
    feedback_template_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="Instead of the interview's."
    )
    feedback_required: bool | None = True
    response_status: models.ResponseStatus | None = models.ResponseStatus.NEEDS_ACTION


@strawberry.input(description="One event of a panel.")
class InterviewInput:
    external_id: str
    subject: str
    starts_at: datetime
    duration_minutes: int = strawberry.field(description="1 to 1,440.")
    note: str | None = strawberry.UNSET
    location: str | None = strawberry.UNSET
    meeting_url: URL | None = strawberry.UNSET
    feedback_reminder: models.FeedbackReminder | None = models.FeedbackReminder.DAILY
    feedback_template_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="For every interviewer who names none of their own."
    )
    interviewers: list[InterviewerInput] = strawberry.field(description="1 to 50.")


@strawberry.input(description="A whole panel, as the scheduler declares it: what is left out is gone.")
class UpsertInterviewPanelInput:
    external_id: str
    candidate_id: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="Either of the two.")
    candidate_external_id: str | None = strawberry.UNSET
    sequence: int | None = strawberry.field(
        default=strawberry.UNSET,
        description=(
            "The scheduler's revision, counting up per panel. A lower one than stored changes nothing (STALE_IGNORED)."
        ),
    )
    external_url: URL | None = strawberry.UNSET
    timezone: TimeZone
    note: str | None = strawberry.UNSET
    tentative: bool | None = False
    interviews: list[InterviewInput] = strawberry.field(
        description="The whole panel, 1 to 50: an interview that is no longer listed is cancelled."
    )


@strawberry.input(
    description="One event of a panel. The panel is made where it does not exist; its other interviews stay."
)
class UpsertInterviewInput:
    panel_external_id: str
    candidate_id: strawberry.ID | None = strawberry.UNSET
    candidate_external_id: str | None = strawberry.UNSET
    sequence: int | None = strawberry.UNSET
    external_url: URL | None = strawberry.UNSET
    timezone: TimeZone | None = strawberry.UNSET
    interview: InterviewInput


@strawberry.type(description="What a push came to.")
class UpsertInterviewPanelPayload:
    panel: InterviewPanel | None = strawberry.field(
        description="As it stands now, with the feedback links for the calendar invites; null where it was refused."
    )
    outcome: pushes.UpsertOutcome | None = strawberry.field(description="What was done; null where it was refused.")
    warnings: list[Warning] = strawberry.field(description="What was accepted, but deserves a look.")
    errors: list[UserError] = strawberry.field(description="Everything that is wrong, at once: nothing was written.")


@strawberry.type(description="What a push came to.")
class UpsertInterviewPayload:
    interview: Interview | None = strawberry.field(description="As it stands now, with its feedback links.")
    panel: InterviewPanel | None = strawberry.field(description="As it stands now.")
    outcome: pushes.UpsertOutcome | None = strawberry.field(description="What was done; null where it was refused.")
    warnings: list[Warning] = strawberry.field(description="What was accepted, but deserves a look.")
    errors: list[UserError] = strawberry.field(description="Everything that is wrong, at once: nothing was written.")


@strawberry.type
class PushesMutation:
    @strawberry.mutation(
        graphql_type=UpsertInterviewPanelPayload,
        description="Declare a whole panel. Safe to send again, in any order, with a `sequence`.",
    )
    async def upsert_interview_panel(self, info: Info, input: UpsertInterviewPanelInput) -> pushes.Pushed:
        return await pushes.push(viewer(info), plain(pushes.PanelPush, input))

    @strawberry.mutation(
        graphql_type=UpsertInterviewPayload,
        description="Declare one event of a panel. Safe to send again, in any order, with a `sequence`.",
    )
    async def upsert_interview(self, info: Info, input: UpsertInterviewInput) -> pushes.Pushed:
        return await pushes.push_interview(viewer(info), plain(pushes.SinglePush, input))
