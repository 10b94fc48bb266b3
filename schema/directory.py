"""The account and its people, stages and postings."""

from datetime import datetime
from typing import Annotated

import strawberry

import models
from auth.refusals import Refused
from execution import Level, breadth
from resolvers import calendar_feeds, directory, feedback
from resolvers.listing import Page
from resolvers.queries import load_related
from resolvers.validation import URL
from schema.connections import After, Before, Connection, First, Last, page_request
from schema.context import Info, viewer
from schema.errors import UserError
from schema.inputs import unset_to_none
from schema.node import Node, is_a
from schema.refs import FeedbackFormRef


@strawberry.type(description="The company. Everything is inside one account; nothing ever crosses.")
class Account(Node):
    is_type_of = is_a(models.Account)

    name: str = strawberry.field(description="The company's name.")
    slug: str = strawberry.field(description="The short name that tokens carry in their `account` claim.")


@strawberry.type(description="A person of the account.")
class User(Node):
    is_type_of = is_a(models.User)

    name: str = strawberry.field(description="Full name.")
    email: str = strawberry.field(description="In lower case; unique in the account.")
    role: models.Role = strawberry.field(description="What the user may do.")
    deactivated_at: datetime | None = strawberry.field(
        description="Set once the account is deactivated: the user can no longer sign in or be newly assigned."
    )
    external_id: str | None = strawberry.field(description="The user's id in the system that syncs them.")
    calendar_feed_url: URL | None = strawberry.field(
        description=(
            "A secret address at which any calendar program subscribes to this user's interviews; the viewer's own "
            "only. Answered once, by `resetCalendarFeed`: only its hash is stored, so it cannot be read again."
        )
    )

    @breadth(
        graphql_type=Connection[FeedbackFormRef],
        reads={"id"},
        description="The viewer's own forms only; refused for anybody else's.",
    )
    @staticmethod
    async def feedback_forms(
        users: list[models.User],
        level: Level,
        status: Annotated[
            models.FeedbackFormStatus | None, strawberry.argument(description="Only forms of this status.")
        ] = strawberry.UNSET,
        first: First = 25,
        after: After = strawberry.UNSET,
        last: Last = strawberry.UNSET,
        before: Before = strawberry.UNSET,
    ) -> list[Page[models.FeedbackForm] | Refused]:
        return await feedback.forms_of_users(
            viewer(level), users, unset_to_none(status), page_request(first, after, last, before)
        )


@strawberry.type(description="A step of the hiring process.")
class Stage(Node):
    is_type_of = is_a(models.Stage)

    name: str = strawberry.field(description="Unique in the account.")
    position: int = strawberry.field(description="The order of the stages, lowest first.")
    has_interview: bool = strawberry.field(
        description="Candidates in this stage are waiting for interviews to be scheduled."
    )


@strawberry.type(description="A job that candidates apply for.")
class Posting(Node):
    is_type_of = is_a(models.Posting)

    external_id: str | None = strawberry.field(description="The posting's id in the system that syncs it.")
    title: str = strawberry.field(description="The job's title.")

    @breadth(
        graphql_type=User | None,
        reads={"hiring_manager_id"},
        description="Who hires for the job; they see its candidates.",
    )
    @staticmethod
    async def hiring_manager(postings: list[models.Posting], level: Level) -> list[models.User | None]:
        return await load_related(viewer(level), postings, "hiring_manager")


@strawberry.type
class DirectoryQuery:
    @strawberry.field(graphql_type=Account, description="The viewer's account.")
    async def account(self, info: Info) -> models.Account:
        return viewer(info).account

    @strawberry.field(
        graphql_type=Connection[User],
        description="The scheduler's pre-check: which of these emails have an account. By name.",
    )
    async def users(
        self,
        info: Info,
        emails: Annotated[
            list[str] | None, strawberry.argument(description="Only these; trimmed, without regard to case.")
        ] = strawberry.UNSET,
        search: Annotated[
            str | None, strawberry.argument(description="Part of a name or an email, case-insensitive.")
        ] = strawberry.UNSET,
        include_deactivated: Annotated[
            bool | None, strawberry.argument(description="Those too who can no longer sign in.")
        ] = False,
        first: First = 25,
        after: After = strawberry.UNSET,
        last: Last = strawberry.UNSET,
        before: Before = strawberry.UNSET,
    ) -> Page[models.User]:
        return await directory.users(
            viewer(info),
            unset_to_none(emails),
            unset_to_none(search),
            bool(include_deactivated),
            page_request(first, after, last, before),
        )

    @strawberry.field(graphql_type=list[Stage], description="The steps of the hiring process, in their order.")
    async def stages(self, info: Info) -> list[models.Stage]:
        return await directory.stages(viewer(info))

    @strawberry.field(graphql_type=list[Posting], description="The jobs that candidates apply for, by title.")
    async def postings(self, info: Info) -> list[models.Posting]:
        return await directory.postings(viewer(info))


@strawberry.type(description="What became of the reset.")
class ResetCalendarFeedPayload:
    user: User | None = strawberry.field(description="The viewer, with the new `calendarFeedUrl`, this once.")
    errors: list[UserError] = strawberry.field(description="Why it was refused; nothing is.")


@strawberry.type
class DirectoryMutation:
    @strawberry.mutation(
        graphql_type=ResetCalendarFeedPayload,
        description="Gives the viewer's own calendar feed a new address; the old one ends at once.",
    )
    async def reset_calendar_feed(self, info: Info) -> calendar_feeds.FeedReset:
        return await calendar_feeds.reset(viewer(info))
