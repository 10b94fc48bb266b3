"""The sync mutations, with which the ATS keeps people, stages, postings, candidates and templates current here."""

from typing import Annotated, TypeVar

import strawberry

import models
from resolvers import syncs, template_syncs, user_syncs
from schema.context import Info, viewer
from schema.directory import Posting, Stage, User
from schema.errors import UserError
from schema.inputs import as_domain, maps_to, optional
from schema.refs import CandidateRef, FeedbackTemplateRef

Payload = TypeVar("Payload")


@maps_to(user_syncs.UserRow)
@strawberry.input(description="A person. Matched by external id; by email where either has no external id.")
class UserInput:
    external_id: str | None = optional("The user's id in the system that syncs them; left out, it stays as it is.")
    email: str = strawberry.field(description="Trimmed, and kept in lower case; unique in the account.")
    name: str = strawberry.field(description="Full name.")
    role: models.Role = strawberry.field(
        description="What the user may do. Only a Super Admin may make or change a Super Admin."
    )
    deactivated: bool | None = strawberry.field(
        default=False,
        description="True: the user can no longer sign in or be newly assigned. Left out, they can again.",
    )


@maps_to(syncs.PostingRow)
@strawberry.input(description="A job. Matched by external id; what is left out is gone.")
class PostingInput:
    external_id: str = strawberry.field(description="The posting's id in the system that syncs it.")
    title: str = strawberry.field(description="The job's title.")
    hiring_manager_email: str | None = optional("A user's email: who hires for the job, and so sees its candidates.")


@maps_to(syncs.StageRow)
@strawberry.input(description="A step of the hiring process. Matched by name; what is left out is as the default says.")
class StageInput:
    name: str = strawberry.field(description="Unique in the account.")
    position: int = strawberry.field(description="The order of the stages, lowest first.")
    has_interview: bool | None = strawberry.field(
        default=False, description="True: candidates in it are waiting for interviews to be scheduled."
    )


@maps_to(syncs.CandidateRow)
@strawberry.input(description="A candidate. Matched by external id; what is left out is gone.")
class CandidateInput:
    external_id: str = strawberry.field(description="The candidate's id in the system that syncs them.")
    name: str = strawberry.field(description="Full name.")
    headline: str | None = optional("One line about them.")
    emails: list[str] = strawberry.field(default_factory=list, description="Where to reach them, the first one first.")
    stage: str = strawberry.field(description="The stage's name.")
    posting_external_id: str | None = optional("The posting that they apply for.")
    owner_email: str | None = optional("A user's email: who looks after them.")
    follower_emails: list[str] = strawberry.field(default_factory=list, description="Users' emails: who follows them.")
    archived: bool | None = strawberry.field(default=False, description="True: no new panels are taken for them.")
    merged_into_external_id: str | None = optional(
        "The candidate's external id that this one was merged into: panels, forms and followers move there, and this "
        "one is archived, for good."
    )
    restore_erased: bool | None = strawberry.field(
        default=False,
        description=(
            "True: a candidate who was erased is taken as a new one. Left out, a sync doesn't bring them back."
        ),
    )


@strawberry.input(description="A field of a feedback template.")
class FeedbackFieldInput:
    type: models.FeedbackFieldType = strawberry.field(description="How it is filled in.")
    label: str = strawberry.field(description="The question. A field of the same type and label keeps its id.")
    description: str | None = optional("What to know when answering it.")
    required: bool | None = strawberry.field(default=False, description="True: a form can't be submitted without it.")
    options: list[str] = strawberry.field(
        default_factory=list, description="For DROPDOWN and MULTIPLE_SELECT; SCORE and YES_NO have their own."
    )


@maps_to(template_syncs.TemplateRow)
@strawberry.input(
    description="A feedback template: at least one field, exactly one of them SCORE. What is left out is gone."
)
class FeedbackTemplateInput:
    external_id: str = strawberry.field(description="The template's id in the system that syncs it.")
    name: str = strawberry.field(description="What it is called.")
    instructions: str | None = optional("What to know before filling it in.")
    fields: list[FeedbackFieldInput] = strawberry.field(description="The questions, in their order.")
    archived: bool | None = strawberry.field(default=False, description="True: it is not for new interviews.")


@strawberry.type(description="All of the users, in the order of the input, or all that is wrong.")
class SyncUsersPayload:
    users: list[User] = strawberry.field(description="As they stand now; empty where anything was refused.")
    errors: list[UserError] = strawberry.field(description="Why nothing was taken.")


@strawberry.type(description="All of the stages, in the order of the input, or all that is wrong.")
class SyncStagesPayload:
    stages: list[Stage] = strawberry.field(description="As they stand now; empty where anything was refused.")
    errors: list[UserError] = strawberry.field(description="Why nothing was taken.")


@strawberry.type(description="All of the postings, in the order of the input, or all that is wrong.")
class SyncPostingsPayload:
    postings: list[Posting] = strawberry.field(description="As they stand now; empty where anything was refused.")
    errors: list[UserError] = strawberry.field(description="Why nothing was taken.")


@strawberry.type(description="All of the candidates, in the order of the input, or all that is wrong.")
class SyncCandidatesPayload:
    candidates: list[CandidateRef] = strawberry.field(
        description="As they stand now; empty where anything was refused."
    )
    errors: list[UserError] = strawberry.field(description="Why nothing was taken.")


@strawberry.type(description="All of the templates, in the order of the input, or all that is wrong.")
class SyncFeedbackTemplatesPayload:
    feedback_templates: list[FeedbackTemplateRef] = strawberry.field(
        description="As they stand now; empty where anything was refused."
    )
    errors: list[UserError] = strawberry.field(description="Why nothing was taken.")


def _payload(kind: type[Payload], rows: str, synced: syncs.Synced[syncs.AnyRow]) -> Payload:
    """What a sync came to, as the payload that has the rows under that name."""
    return kind(**{rows: synced.rows, "errors": synced.errors})


@strawberry.type
class SyncsMutation:
    @strawberry.mutation(description="Take people over. One transaction, at most 500. Admins and Super Admins only.")
    async def sync_users(
        self,
        info: Info,
        users: Annotated[list[UserInput], strawberry.argument(description="One row each, at most 500.")],
    ) -> SyncUsersPayload:
        synced = await user_syncs.sync_users(viewer(info), [as_domain(user_syncs.UserRow, row) for row in users])
        return _payload(SyncUsersPayload, "users", synced)

    @strawberry.mutation(description="Take stages over. One transaction, at most 500. Admins and Super Admins only.")
    async def sync_stages(
        self,
        info: Info,
        stages: Annotated[list[StageInput], strawberry.argument(description="One row each, at most 500.")],
    ) -> SyncStagesPayload:
        synced = await syncs.sync_stages(viewer(info), [as_domain(syncs.StageRow, row) for row in stages])
        return _payload(SyncStagesPayload, "stages", synced)

    @strawberry.mutation(description="Take postings over. One transaction, at most 500. Admins and Super Admins only.")
    async def sync_postings(
        self,
        info: Info,
        postings: Annotated[list[PostingInput], strawberry.argument(description="One row each, at most 500.")],
    ) -> SyncPostingsPayload:
        synced = await syncs.sync_postings(viewer(info), [as_domain(syncs.PostingRow, row) for row in postings])
        return _payload(SyncPostingsPayload, "postings", synced)

    @strawberry.mutation(
        description="Take candidates over. One transaction, at most 500. Admins and Super Admins only."
    )
    async def sync_candidates(
        self,
        info: Info,
        candidates: Annotated[list[CandidateInput], strawberry.argument(description="One row each, at most 500.")],
    ) -> SyncCandidatesPayload:
        rows = [as_domain(syncs.CandidateRow, row) for row in candidates]
        synced = await syncs.sync_candidates(viewer(info), rows)
        return _payload(SyncCandidatesPayload, "candidates", synced)

    @strawberry.mutation(
        description="Take feedback templates over. One transaction, at most 500. Admins and Super Admins only."
    )
    async def sync_feedback_templates(
        self,
        info: Info,
        feedback_templates: Annotated[
            list[FeedbackTemplateInput], strawberry.argument(description="One row each, at most 500.")
        ],
    ) -> SyncFeedbackTemplatesPayload:
        rows = [as_domain(template_syncs.TemplateRow, row) for row in feedback_templates]
        synced = await template_syncs.sync_templates(viewer(info), rows)
        return _payload(SyncFeedbackTemplatesPayload, "feedback_templates", synced)
