"""Cancelling and restoring."""

from typing import Annotated

import strawberry

import models
from resolvers import cancels
from schema.context import Info, viewer
from schema.errors import UserError
from schema.inputs import as_domain, maps_to, optional, unset_to_none
from schema.panels import Interview, InterviewPanel


@maps_to(cancels.PanelCancel)
@strawberry.input(
    description="By a user: taken off the profile only. By the integration: deleted. Cancelling again is no error."
)
class CancelInterviewPanelInput:
    id: strawberry.ID | None = optional("The panel's id: this, or `externalId`.")
    external_id: str | None = optional("The panel's id in the scheduler.")
    sequence: int | None = optional(
        "The scheduler's revision that deleted it, counting on from its pushes. Users have none."
    )
    expected_version: int | None = optional(
        "The `version` that the user has seen; any other is refused with VERSION_CONFLICT."
    )
    reason: str | None = optional("Why, for people: up to 20,000 characters.")
    provider: models.IntegrationProvider | None = optional("Whose id it is, where two schedulers have it.")


@maps_to(cancels.InterviewCancel)
@strawberry.input(
    description=(
        "One event of a panel. By a user: taken off the profile only. By the integration: deleted. Cancelling again is "
        "no error."
    )
)
class CancelInterviewInput:
    id: strawberry.ID | None = optional("The interview's id: this, or both external ids.")
    panel_external_id: str | None = optional("The panel's id in the scheduler.")
    external_id: str | None = optional("The event's id in the scheduler.")
    sequence: int | None = optional(
        "The scheduler's revision that deleted it, counting on from its pushes. Users have none."
    )
    expected_version: int | None = optional(
        "The panel's `version` that the user has seen; any other is refused with VERSION_CONFLICT."
    )
    reason: str | None = optional("Why, for people: up to 20,000 characters.")
    provider: models.IntegrationProvider | None = optional("Whose ids they are, where two schedulers have them.")


@strawberry.input(description="Undoes a cancel in the ATS.")
class RestoreInterviewPanelInput:
    id: strawberry.ID = strawberry.field(description="The panel.")
    expected_version: int | None = optional(
        "The `version` that the user has seen; any other is refused with VERSION_CONFLICT."
    )


@strawberry.type(description="What a cancel came to.")
class CancelInterviewPanelPayload:
    panel: InterviewPanel | None = strawberry.field(description="As it stands; null for one that nobody knows yet.")
    outcome: cancels.CancelOutcome | None = strawberry.field(description="What came of it; null where it was refused.")
    calendar_event_remains: bool = strawberry.field(
        description="True: the event is still on people's calendars; delete it at the panel's `externalUrl`."
    )
    errors: list[UserError] = strawberry.field(description="Why nothing was cancelled.")


@strawberry.type(description="What a cancel came to.")
class CancelInterviewPayload:
    interview: Interview | None = strawberry.field(description="As it stands.")
    panel: InterviewPanel | None = strawberry.field(description="As it stands: without its last interview, cancelled.")
    outcome: cancels.CancelOutcome | None = strawberry.field(description="What came of it; null where it was refused.")
    calendar_event_remains: bool = strawberry.field(
        description="True: the event is still on people's calendars; delete it at the panel's `externalUrl`."
    )
    errors: list[UserError] = strawberry.field(description="Why nothing was cancelled.")


@strawberry.type(description="What a restore came to.")
class RestoreInterviewPanelPayload:
    panel: InterviewPanel | None = strawberry.field(description="As it stands.")
    errors: list[UserError] = strawberry.field(description="Why nothing was restored.")


@strawberry.type
class CancelsMutation:
    @strawberry.mutation(
        graphql_type=CancelInterviewPanelPayload,
        description=(
            "Cancel a panel. A user takes it off the profile and the calendar event remains; the integration says "
            "that it has deleted it. Everybody but Interviewers."
        ),
    )
    async def cancel_interview_panel(
        self,
        info: Info,
        input: Annotated[CancelInterviewPanelInput, strawberry.argument(description="Which panel, and why.")],
    ) -> cancels.Canceled:
        return await cancels.cancel(viewer(info), as_domain(cancels.PanelCancel, input))

    @strawberry.mutation(
        graphql_type=CancelInterviewPayload,
        description="Cancel one interview; with the last one the panel goes too. Everybody but Interviewers.",
    )
    async def cancel_interview(
        self,
        info: Info,
        input: Annotated[CancelInterviewInput, strawberry.argument(description="Which interview, and why.")],
    ) -> cancels.Canceled:
        return await cancels.cancel_interview(viewer(info), as_domain(cancels.InterviewCancel, input))

    @strawberry.mutation(
        graphql_type=RestoreInterviewPanelPayload,
        description="Undo what users cancelled in the ATS. Users only, and what the scheduler deleted none restores.",
    )
    async def restore_interview_panel(
        self, info: Info, input: Annotated[RestoreInterviewPanelInput, strawberry.argument(description="Which panel.")]
    ) -> cancels.Canceled:
        return await cancels.restore(viewer(info), input.id, unset_to_none(input.expected_version))
