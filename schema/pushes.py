"""What the scheduler pushes: whole panels, or one event of them."""

from datetime import datetime
from typing import Annotated

import strawberry

import models
from resolvers import pushes
from resolvers.declarations import PanelPush, SinglePush
from resolvers.merge import UpsertOutcome
from resolvers.validation import URL, TimeZone
from schema.context import Info, viewer
from schema.errors import UserError, Warning
from schema.inputs import as_domain, maps_to, optional
from schema.panels import Interview, InterviewPanel


@strawberry.input(description="By id or by email (trimmed, case-insensitive); the person must have an active account.")
class InterviewerInput:
    user_id: strawberry.ID | None = optional("The user's id: this, or `email`.")
    email: str | None = optional("The user's email: trimmed, without regard to case.")
    feedback_template_id: strawberry.ID | None = optional("Instead of the interview's.")
    feedback_required: bool | None = strawberry.field(
        default=True, description="Whether the panel waits for their feedback."
    )
    response_status: models.ResponseStatus | None = strawberry.field(
        default=models.ResponseStatus.NEEDS_ACTION, description="What they answered to the invite."
    )


@strawberry.input(description="One event of a panel.")
class InterviewInput:
    external_id: str = strawberry.field(description="The event's id in the scheduler: unique within the panel.")
    subject: str = strawberry.field(description="What the event is called.")
    starts_at: datetime = strawberry.field(description="When it begins. A past start is accepted with a warning.")
    duration_minutes: int = strawberry.field(description="Its length in minutes, 1 to 1,440.")
    note: str | None = optional("For the interviewers: up to 20,000 characters.")
    location: str | None = optional("The room or the address.")
    meeting_url: URL | None = optional("Where a video call takes place.")
    feedback_reminder: models.FeedbackReminder | None = strawberry.field(
        default=models.FeedbackReminder.DAILY,
        description="How often the scheduler reminds interviewers who owe feedback; Callboard sends nothing.",
    )
    feedback_template_id: strawberry.ID | None = optional("For every interviewer who names none of their own.")
    calendar_uid: str | None = optional(
        "The iCalendar UID of the scheduler's own event, so that it and Callboard's invite are one event on every "
        "calendar. Unique within the integration; may not change once it was sent."
    )
    interviewers: list[InterviewerInput] = strawberry.field(
        description="Who interviews, 1 to 50: whoever is no longer listed is taken off."
    )


@maps_to(PanelPush)
@strawberry.input(description="A whole panel, as the scheduler declares it: what is left out is gone.")
class UpsertInterviewPanelInput:
    external_id: str = strawberry.field(
        description="The panel's id in the scheduler: a push of a known one changes that panel."
    )
    candidate_id: strawberry.ID | None = optional("Who is interviewed: this, or `candidateExternalId`.")
    candidate_external_id: str | None = optional("The candidate's id in the system that syncs them.")
    sequence: int | None = optional(
        "The scheduler's revision, counting up per panel. A lower one than stored changes nothing (STALE_IGNORED)."
    )
    external_url: URL | None = optional("Where View in External App leads.")
    timezone: TimeZone = strawberry.field(description="The zone in which the panel was planned.")
    note: str | None = optional("For everybody on the panel: up to 20,000 characters.")
    tentative: bool | None = strawberry.field(default=False, description="True: it is not confirmed yet.")
    interviews: list[InterviewInput] = strawberry.field(
        description="The whole panel, 1 to 50: an interview that is no longer listed is cancelled."
    )


@maps_to(SinglePush)
@strawberry.input(
    description="One event of a panel. The panel is made where it does not exist; its other interviews stay."
)
class UpsertInterviewInput:
    panel_external_id: str = strawberry.field(description="The panel's id in the scheduler.")
    candidate_id: strawberry.ID | None = optional(
        "Who is interviewed, for a panel that is not known yet: this, or `candidateExternalId`."
    )
    candidate_external_id: str | None = optional("The candidate's id in the system that syncs them.")
    sequence: int | None = optional(
        "The scheduler's revision, counting up per panel over all of its pushes and cancels."
    )
    external_url: URL | None = optional("Where View in External App leads; left out, it stays as it is.")
    timezone: TimeZone | None = optional(
        "The zone in which the panel was planned; needed for one that is not known yet."
    )
    interview: InterviewInput = strawberry.field(description="The event.")


@strawberry.type(description="What a push came to.")
class UpsertInterviewPanelPayload:
    panel: InterviewPanel | None = strawberry.field(
        description=(
            "As it stands now, with the feedback links for the calendar invites; null where the push itself is wrong."
        )
    )
    outcome: UpsertOutcome | None = strawberry.field(description="What was done; null where it was refused.")
    warnings: list[Warning] = strawberry.field(description="What was accepted, but deserves a look.")
    errors: list[UserError] = strawberry.field(description="Everything that is wrong, at once: nothing was written.")


@strawberry.type(description="What a push came to.")
class UpsertInterviewPayload:
    interview: Interview | None = strawberry.field(description="As it stands now, with its feedback links.")
    panel: InterviewPanel | None = strawberry.field(description="As it stands now.")
    outcome: UpsertOutcome | None = strawberry.field(description="What was done; null where it was refused.")
    warnings: list[Warning] = strawberry.field(description="What was accepted, but deserves a look.")
    errors: list[UserError] = strawberry.field(description="Everything that is wrong, at once: nothing was written.")


@strawberry.type
class PushesMutation:
    @strawberry.mutation(
        graphql_type=UpsertInterviewPanelPayload,
        description="Declare a whole panel. The integration only. Safe to send again, in any order, with a `sequence`.",
    )
    async def upsert_interview_panel(
        self,
        info: Info,
        input: Annotated[UpsertInterviewPanelInput, strawberry.argument(description="The whole panel.")],
    ) -> pushes.Pushed:
        return await pushes.push(viewer(info), as_domain(PanelPush, input))

    @strawberry.mutation(
        graphql_type=UpsertInterviewPayload,
        description="Declare one event of a panel. The integration only. Safe to send again, like a whole panel.",
    )
    async def upsert_interview(
        self,
        info: Info,
        input: Annotated[UpsertInterviewInput, strawberry.argument(description="The event, and whose panel it is of.")],
    ) -> pushes.Pushed:
        return await pushes.push(viewer(info), as_domain(SinglePush, input))
