"""Feedback templates and forms, and handing a form in."""

from datetime import datetime
from typing import Annotated

import strawberry

import models
from auth.refusals import Refused
from execution import Level, breadth
from resolvers import feedback, waivers
from resolvers.answers import AnswerGiven
from resolvers.listing import Page
from resolvers.queries import load_related
from resolvers.questions import load_questions, own_fields, own_id
from resolvers.validation import URL
from schema.connections import After, Before, Connection, First, Last, page_request
from schema.context import Info, viewer
from schema.directory import User
from schema.errors import UserError
from schema.inputs import as_domain, maps_to, unset_to_none
from schema.node import Node, is_a
from schema.refs import InterviewRef


@strawberry.type(description="One question of a template or a form.")
class FeedbackField:
    id: strawberry.ID = strawberry.field(
        description="What answers refer to. It is of this template or of this form alone."
    )
    type: models.FeedbackFieldType = strawberry.field(description="How it is filled in.")
    label: str = strawberry.field(description="The question.")
    description: str | None = strawberry.field(description="What to know when answering it.")
    required: bool = strawberry.field(description="Whether a form can't be submitted without it.")
    options: list[str] = strawberry.field(description="What can be chosen; empty where any text may be given.")


@strawberry.type(description="What was filled in for one field.")
class FeedbackAnswer:
    id: strawberry.ID = strawberry.field(description="For caches: one for each field of each form.")
    field_id: strawberry.ID = strawberry.field(description="The field.")
    values: list[str] = strawberry.field(description="One value, or several for MULTIPLE_SELECT.")


def _answer(form: models.FeedbackForm, answer: models.StoredAnswer) -> FeedbackAnswer:
    field_id = own_id(form, answer["field_id"])
    id = models.derived_id("ans", field_id)
    return FeedbackAnswer(id=strawberry.ID(id), field_id=strawberry.ID(field_id), values=answer["values"])


def _fields(stored_fields: list[models.StoredField]) -> list[FeedbackField]:
    return [
        FeedbackField(
            id=strawberry.ID(field["id"]),
            type=models.FeedbackFieldType(field["type"]),
            label=field["label"],
            description=field["description"],
            required=field["required"],
            options=field["options"],
        )
        for field in stored_fields
    ]


@strawberry.type(description="What interviewers are asked; a form takes a snapshot of it.")
class FeedbackTemplate(Node):
    is_type_of = is_a(models.FeedbackTemplate)

    external_id: str | None = strawberry.field(description="The template's id in the system that syncs it.")
    name: str = strawberry.field(description="What it is called.")
    instructions: str | None = strawberry.field(description="What to know before filling it in.")
    archived_at: datetime | None = strawberry.field(description="Set while it is not for new interviews.")
    created_at: datetime = strawberry.field(description="When Callboard first heard of it.")
    updated_at: datetime = strawberry.field(description="When it was last synced.")

    @strawberry.field(description="The questions, in their order; exactly one is a SCORE.")
    @staticmethod
    def fields(parent: strawberry.Parent[models.FeedbackTemplate]) -> list[FeedbackField]:
        return _fields(parent.fields)


@strawberry.type(description="One interviewer's form for one interview. Its fields are a snapshot of the template.")
class FeedbackForm(Node):
    is_type_of = is_a(models.FeedbackForm)

    status: models.FeedbackFormStatus = strawberry.field(description="Whether it is to be filled in, final, or void.")
    completed_at: datetime | None = strawberry.field(description="When it was submitted.")

    @breadth(
        graphql_type=str | None,
        reads={"version_id", "instructions", "fields"},
        description="What to know before filling it in.",
    )
    @staticmethod
    async def instructions(forms: list[models.FeedbackForm], level: Level) -> list[str | None]:
        return [each.instructions for each in await load_questions(viewer(level), forms)]

    waived_at: datetime | None = strawberry.field(
        description="Set while a recruiter no longer asks for it; it is VOIDED until they ask for it again."
    )

    @breadth(
        graphql_type=User | None, reads={"waived_by_id"}, description="Who waived it; null while it is not waived."
    )
    @staticmethod
    async def waived_by(forms: list[models.FeedbackForm], level: Level) -> list[models.User | None]:
        return await load_related(viewer(level), forms, "waived_by")

    @breadth(
        graphql_type=URL,
        reads={"id"},
        description="Stable over reschedules: this is the link that goes into the calendar invite.",
    )
    @staticmethod
    def url(forms: list[models.FeedbackForm]) -> list[str]:
        return [feedback.url(form) for form in forms]

    @breadth(
        graphql_type=list[FeedbackField],
        reads={"version_id", "fields"},
        description="The questions, in their order, under ids of this form alone.",
    )
    @staticmethod
    async def fields(forms: list[models.FeedbackForm], level: Level) -> list[list[FeedbackField]]:
        questions = await load_questions(viewer(level), forms)
        return [_fields(own_fields(form, each)) for form, each in zip(forms, questions, strict=True)]

    @breadth(graphql_type=FeedbackTemplate, reads={"template_id"}, description="The template that it was made with.")
    @staticmethod
    async def template(forms: list[models.FeedbackForm], level: Level) -> list[models.FeedbackTemplate]:
        return await load_related(viewer(level), forms, "template")

    @breadth(
        graphql_type=InterviewRef,
        reads={"interview_id", "status", "user_id"},
        description="The interview it is about; refused to whoever was taken off it with nothing submitted.",
    )
    @staticmethod
    async def interview(forms: list[models.FeedbackForm], level: Level) -> list[models.Interview | Refused]:
        return await feedback.interviews_of(viewer(level), forms)

    @breadth(graphql_type=User, reads={"user_id"}, description="Whose form it is.")
    @staticmethod
    async def interviewer(forms: list[models.FeedbackForm], level: Level) -> list[models.User | None]:
        return await load_related(viewer(level), forms, "user")

    @breadth(
        graphql_type=list[FeedbackAnswer] | None,
        description=(
            "Null where nothing is submitted yet, and where the viewer may not read it: to integrations always, to "
            "fellow interviewers until their own is in."
        ),
    )
    @staticmethod
    async def answers(forms: list[models.FeedbackForm], level: Level) -> list[list[FeedbackAnswer] | None]:
        return [
            [_answer(form, answer) for answer in answers] if answers is not None else None
            for form, answers in zip(forms, await feedback.answers_of(viewer(level), forms), strict=True)
        ]


@maps_to(AnswerGiven)
@strawberry.input(description="A form's answers.")
class FeedbackAnswerInput:
    field_id: strawberry.ID = strawberry.field(description="The field of the form.")
    values: list[str] = strawberry.field(
        description="One value, or several for MULTIPLE_SELECT; none leaves the field empty."
    )


@strawberry.input(description="A form, filled in.")
class SubmitFeedbackInput:
    form_id: strawberry.ID = strawberry.field(description="A form of the user who asks.")
    answers: list[FeedbackAnswerInput] = strawberry.field(description="One for each field that is filled in.")


@strawberry.type(description="What a submit came to.")
class SubmitFeedbackPayload:
    form: FeedbackForm | None = strawberry.field(description="As it stands now.")
    errors: list[UserError] = strawberry.field(
        description=(
            "Everything that is wrong, at once: nothing was written. A path leads to an answer by its place, and to a "
            "required field that is not answered by the field's id: `input`, `answers`, `fld_…`."
        )
    )


@strawberry.type(description="What became of a form that was waived, or asked for again.")
class WaiveFeedbackPayload:
    form: FeedbackForm | None = strawberry.field(description="As it stands now.")
    errors: list[UserError] = strawberry.field(description="Why nothing was changed.")


FormId = Annotated[strawberry.ID, strawberry.argument(description="The form.")]


@strawberry.type
class FeedbackQuery:
    @strawberry.field(graphql_type=Connection[FeedbackTemplate], description="What interviewers can be asked, by name.")
    async def feedback_templates(
        self,
        info: Info,
        search: Annotated[str | None, strawberry.argument(description="Part of the name.")] = strawberry.UNSET,
        include_archived: Annotated[
            bool | None, strawberry.argument(description="Those too that are not for new interviews.")
        ] = False,
        first: First = 25,
        after: After = strawberry.UNSET,
        last: Last = strawberry.UNSET,
        before: Before = strawberry.UNSET,
    ) -> Page[models.FeedbackTemplate]:
        return await feedback.templates(
            viewer(info), unset_to_none(search), bool(include_archived), page_request(first, after, last, before)
        )

    @strawberry.field(
        graphql_type=FeedbackForm | None,
        description="Where a feedback link leads; null for a form that the viewer may not see.",
    )
    async def feedback_form(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The form: the last part of its link.")],
    ) -> models.FeedbackForm | None:
        return await feedback.find(viewer(info), id)


@strawberry.type
class FeedbackMutation:
    @strawberry.mutation(
        graphql_type=SubmitFeedbackPayload,
        description="Hand in one's own form. Final; the same answers again are no error.",
    )
    async def submit_feedback(
        self, info: Info, input: Annotated[SubmitFeedbackInput, strawberry.argument(description="The form, filled in.")]
    ) -> feedback.Submitted:
        answers = [as_domain(AnswerGiven, answer) for answer in input.answers]
        return await feedback.submit(viewer(info), input.form_id, answers)

    @strawberry.mutation(
        graphql_type=WaiveFeedbackPayload,
        description=(
            "No longer ask for a form: it is voided, and its panel waits for it no more. Everybody but Interviewers, "
            "in their scope; `reopenFeedback` undoes it."
        ),
    )
    async def waive_feedback(self, info: Info, form_id: FormId) -> feedback.Submitted:
        return await waivers.waive(viewer(info), form_id)

    @strawberry.mutation(
        graphql_type=WaiveFeedbackPayload,
        description="Ask for a waived form again, under the same link. Everybody but Interviewers, in their scope.",
    )
    async def reopen_feedback(self, info: Info, form_id: FormId) -> feedback.Submitted:
        return await waivers.reopen(viewer(info), form_id)
