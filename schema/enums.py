"""The enums of models and rules as clients see them. Imported before any type that has a field of theirs."""

from enum import Enum
from typing import Any

import strawberry

import models
from resolvers import cancels, candidates, errors, integrations, invites, panels
from resolvers.integrations import CATALOGUE
from resolvers.merge import UpsertOutcome


def _show(kind: type[Enum], description: str, **values: str) -> None:
    """Let clients see the enum; every one of its values is described."""
    shown: Any = strawberry.enum(kind, description=description)
    for value in shown.__strawberry_definition__.values:
        assert value.name in values, f"{kind.__name__}.{value.name} is not described in schema/enums.py"
        value.description = values.pop(value.name)
    assert not values, f"{kind.__name__} has no {', '.join(values)}"


_show(
    models.Role,
    "What a user may do.",
    SUPER_ADMIN="All that an Admin may, and switches integrations and manages their keys.",
    ADMIN="Sees everything, and syncs the directory.",
    TEAM_MEMBER="Sees everything, schedules, cancels and restores.",
    LIMITED_TEAM_MEMBER=(
        "The same for their own candidates: those whom they own or follow, whose posting they manage, or on whose "
        "panel they sit."
    ),
    INTERVIEWER="Sees the interviews on which they sit, and fills in their own feedback forms.",
)
_show(
    invites.CalendarMethod,
    "What a text for calendars is, as RFC 5546 has it.",
    REQUEST="An invitation, or a newer revision of it.",
    CANCEL="The event is off for whom the text is for: it was deleted, or they were taken off.",
)
_show(
    candidates.CandidateOrder,
    "What a list of candidates is ordered by, ascending.",
    NAME="By name.",
    STAGE="By the position of their stage, and by name within it.",
    NEXT_INTERVIEW="Whose next interview begins first comes first; who has none to come is not listed.",
    CREATED_AT="Who was synced first comes first.",
    UPDATED_AT="Who was synced last comes last.",
)
_show(
    panels.InterviewPanelOrder,
    "What a list of panels is ordered by, ascending.",
    STARTS_AT="By their start, as `interviewPanel.startsAt` was before its last interview went.",
    UPDATED_AT="By their last change: a panel that changes meanwhile comes once more, at the end.",
)
_show(
    models.InterviewPanelStatus,
    "Derived from the clock, the cancellation and the feedback, never stored stale.",
    TENTATIVE="The scheduler has not confirmed it yet.",
    SCHEDULED="It stands, and not all of its interviews are over.",
    AWAITING_FEEDBACK="All of its interviews are over, and a required feedback form is pending.",
    COMPLETE="All of its interviews are over, and no required feedback form is pending.",
    CANCELED="It was called off: `cancellation` says by whom and where.",
)
_show(
    models.CancelOrigin,
    "ATS: taken off the profile, the calendar event lives on. SCHEDULER: deleted where it was made.",
    ATS="A user took it off the profile. The calendar event lives on; `restoreInterviewPanel` undoes it.",
    SCHEDULER="The scheduler deleted it. Only a push with a higher `sequence` brings it back.",
)
_show(
    models.FeedbackReminder,
    "How often the scheduler reminds interviewers who owe feedback; Callboard keeps it and sends nothing.",
    ONCE="Once.",
    DAILY="Every day until it is in.",
    FREQUENTLY="Several times a day until it is in.",
    NONE="Never.",
)
_show(
    models.ResponseStatus,
    "What an interviewer answered to the invite: RFC 5545's PARTSTAT.",
    NEEDS_ACTION="Nothing yet.",
    ACCEPTED="They will come.",
    TENTATIVE="They may come.",
    DECLINED="They will not come.",
)
_show(
    models.FeedbackFieldType,
    "How a field is filled in. A value is always a string.",
    SCORE="One of Strong No Hire, No Hire, Hire, Strong Hire. A template has exactly one such field.",
    TEXT="One line, up to 20,000 characters.",
    TEXTAREA="Several lines, up to 20,000 characters.",
    YES_NO="Yes or No.",
    DROPDOWN="One of its options.",
    MULTIPLE_SELECT="Any of its options, each one once.",
    DATE="A day, such as 2026-03-31.",
    CODE="Source code, up to 20,000 characters.",
)
_show(
    models.FeedbackFormStatus,
    "What has become of a form.",
    PENDING="To be filled in.",
    COMPLETED="Submitted, and final.",
    VOIDED="Nobody asks for it any more: the interview was called off, or its person left it.",
)
_show(
    models.IntegrationProvider,
    "The applications that Callboard knows.",
    **{provider.value: f"{entry.name}, which schedules interviews." for provider, entry in CATALOGUE.items()},
)
_show(
    integrations.IntegrationSection,
    "Where the settings page lists the integration.",
    SCHEDULING="Applications that schedule interviews.",
)
_show(
    models.AuditAct,
    "What was done.",
    INTEGRATION_ENABLED="An integration was switched on.",
    INTEGRATION_DISABLED="An integration was switched off.",
    API_KEY_GENERATED="A key was made; older ones go on working for the `grace` of the details.",
    API_KEY_REVOKED="A key was ended by hand.",
    PANEL_CANCELED="A panel was taken off the profile (`origin` ATS) or deleted by the scheduler (`origin` SCHEDULER).",
    PANEL_RESTORED="A cancelled panel stands again.",
    INTERVIEW_CANCELED="One interview of a panel was called off.",
    INTERVIEW_RESTORED="One interview of a panel takes place again.",
    USER_ADDED="A user came in with a sync.",
    ROLE_CHANGED="A user got another role.",
    EMAIL_CHANGED="A user got another email, and so another sign-in.",
    USER_DEACTIVATED="A user can no longer sign in.",
    USER_REACTIVATED="A user can sign in again.",
    EXTERNAL_ID_CHANGED="A user whom only the email named got an external id.",
    CANDIDATE_MERGED="A duplicate was merged into the candidate whom the details name.",
    CANDIDATE_ERASED="What is personal of a candidate was erased, for good.",
    FEEDBACK_WAIVED="A recruiter no longer asks for a feedback form.",
    FEEDBACK_REOPENED="A recruiter asks for a waived feedback form again.",
    INTEGRATION_PREFERRED="A scheduler became the one that the Schedule buttons open.",
)
_show(
    models.InterviewPanelChangeKind,
    "What happened to the panel.",
    CREATED="It appeared.",
    UPDATED="Something else of it changed: an interview came or went, so that `startsAt` may differ; a text; a person.",
    RESCHEDULED="An interview moved in time.",
    CANCELED="It was called off, in the ATS or by the scheduler.",
    RESTORED="It stands again.",
    FEEDBACK_SUBMITTED="One of its feedback forms was handed in.",
)
_show(
    cancels.CancelOutcome,
    "What a cancel came to.",
    CANCELED="It stood until now; of what is not known yet, that it is off is kept until it is pushed.",
    UNCHANGED="It was cancelled already.",
    STALE_IGNORED="A later push stands.",
)
_show(
    models.ChangeTopic,
    "What `changes` can be narrowed to.",
    INTERVIEW_PANELS="Panels with their interviews.",
    CANDIDATES="Candidates.",
    FEEDBACK_FORMS="Feedback forms.",
    INTEGRATIONS="Whether integrations are on, and their keys.",
    DIRECTORY="Users, stages, postings and feedback templates.",
)
_show(
    models.ChangeType,
    "What happened, in every topic.",
    PANEL_CREATED="A panel appeared.",
    PANEL_UPDATED="Something else of a panel changed.",
    PANEL_RESCHEDULED="An interview of a panel moved in time.",
    PANEL_CANCELED="A panel was called off, in the ATS or by the scheduler.",
    PANEL_RESTORED="A panel stands again.",
    PANEL_FEEDBACK_SUBMITTED="One of a panel's feedback forms was handed in.",
    CANDIDATE_CREATED="A candidate appeared.",
    CANDIDATE_UPDATED="Something of a candidate changed, or who follows them.",
    CANDIDATE_ARCHIVED="A candidate was archived.",
    CANDIDATE_UNARCHIVED="A candidate is no longer archived.",
    CANDIDATE_ERASED="A candidate's personal data were erased.",
    FORM_CREATED="A form appeared.",
    FORM_SUBMITTED="A form was handed in.",
    FORM_VOIDED="Nobody asks for a form any more.",
    FORM_REOPENED="A form is to be filled in again, or with other fields.",
    INTEGRATION_CHANGED="An integration was switched, or its keys changed.",
    USER_CHANGED="A user came in, or something of them changed.",
    STAGE_CHANGED="A stage came in, or something of it changed.",
    POSTING_CHANGED="A posting came in, or something of it changed.",
    TEMPLATE_CHANGED="A feedback template came in, or something of it changed.",
    NO_LONGER_VISIBLE="Something has left the viewer's view.",
)
_show(
    UpsertOutcome,
    "What a push came to.",
    CREATED="The panel was made.",
    UPDATED="The panel was changed.",
    UNCHANGED="It stood so already: nothing was written, nobody is told.",
    STALE_IGNORED="A later revision counts. The panel comes back as it stands.",
    RESTORED="The panel had been deleted by the scheduler, and stands again.",
)
_show(
    errors.ErrorCode,
    "Why a mutation was refused.",
    NOT_FOUND="There is no such thing, or the viewer may not see it.",
    INVALID="The value can't be: the message says what can.",
    TAKEN="Another one has it already.",
    INTERVIEWER_NOT_FOUND="Nobody in the account has this id or email: ask a Super Admin to add them.",
    INTERVIEWER_DEACTIVATED="The user is deactivated and can't be newly assigned.",
    DUPLICATE_INTERVIEWER="The same user is listed twice on one interview.",
    FEEDBACK_TEMPLATE_NOT_FOUND="There is no such feedback template, or it is archived.",
    CANDIDATE_ARCHIVED="No new panels are taken for an archived candidate.",
    CANDIDATE_ERASED="The candidate was erased: nothing more is taken about them.",
    PANEL_CANCELED="The scheduler has deleted the panel: only a push with a higher `sequence` brings it back.",
    SEQUENCE_CONFLICT="Other content was pushed with this `sequence`: send yours with a higher one.",
    VERSION_CONFLICT="The panel has changed since: look at it, then try again with its `version`.",
    INTEGRATION_DISABLED="Not in use: a key whose integration is off gets the GraphQL error of this name.",
    FEEDBACK_VOIDED="Nobody asks for this feedback any more.",
    FEEDBACK_ALREADY_SUBMITTED="The form was submitted with other answers, and a submitted form is final.",
)
_show(
    errors.WarningCode,
    "What was accepted, but deserves a look.",
    PANEL_CANCELED_IN_ATS="A user has cancelled it in the ATS: the push is stored, and it stays off the profile.",
    INTERVIEWER_DEACTIVATED="The user is deactivated, and stays on the interview on which they were.",
    FEEDBACK_ALREADY_SUBMITTED="The feedback is in: the form keeps the template with which it was submitted.",
    STARTS_IN_THE_PAST="The interview starts in the past.",
    INTERVIEWER_DOUBLE_BOOKED="The interviewer has another interview at that time: the scheduler decides.",
    CANDIDATE_ARCHIVED="The candidate is archived.",
    INTERVIEWER_IS_CANDIDATE="The interviewer is the candidate: they see nothing of the interview, and get no form.",
    CANDIDATE_MERGED="The candidate was merged into another one, to whom this was taken: name that one from now on.",
)
