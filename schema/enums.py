"""The enums of models and rules as clients see them. Imported before any type that has a field of theirs."""

import strawberry

import models
from resolvers import candidates, errors, integrations, pushes

strawberry.enum(candidates.CandidateOrder, description="Ascending, all of them.")
strawberry.enum(
    models.InterviewPanelChangeKind, description="What happened to the panel. RESCHEDULED: an interview moved in time."
)
strawberry.enum(models.Role, description="What a user may do; docs/rules.md has the table.")
strawberry.enum(
    models.FeedbackFormStatus,
    description="PENDING: to be filled in. COMPLETED: final. VOIDED: nobody asks for it any more.",
)
strawberry.enum(errors.ErrorCode, description="Why a mutation was refused.")
strawberry.enum(errors.WarningCode, description="What was accepted, but deserves a look.")
strawberry.enum(models.FeedbackFieldType, description="How a field is filled in.")
strawberry.enum(models.IntegrationProvider, description="The schedulers that Callboard knows.")
strawberry.enum(integrations.IntegrationSection, description="Where the settings page lists the integration.")
strawberry.enum(
    models.InterviewPanelStatus,
    description="Derived from the clock, the cancellation and the feedback, never stored stale.",
)
strawberry.enum(
    models.CancelOrigin,
    description="ATS: taken off the profile, the calendar event lives on. SCHEDULER: deleted where it was made.",
)
strawberry.enum(models.FeedbackReminder, description="How often interviewers who owe feedback are reminded.")
strawberry.enum(models.ResponseStatus, description="RFC 5545's PARTSTAT.")
strawberry.enum(
    pushes.UpsertOutcome,
    description=(
        "CREATED, UPDATED, RESTORED: applied. UNCHANGED: it stood so already. STALE_IGNORED: a later revision counts."
    ),
)
