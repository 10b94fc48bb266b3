"""The change feed: by page for clients that poll or catch up, live for those that stay."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import datetime
from typing import Annotated

import strawberry

import models
from execution import Level, breadth
from resolvers import changes, directory
from resolvers.listing import Page
from resolvers.queries import load_related
from schema.connections import Uncounted
from schema.context import Info, viewer
from schema.inputs import unset_to_none
from schema.node import Actor
from schema.panels import InterviewPanel

CandidateId = Annotated[strawberry.ID | None, strawberry.argument(description="Only the panels of this candidate.")]
Resume = Annotated[
    str | None,
    strawberry.argument(
        description="The cursor of the last change that was received: the feed goes on exactly behind it."
    ),
]


@strawberry.type(description="One committed change of one panel.")
class InterviewPanelChange:
    kind: models.InterviewPanelChangeKind = strawberry.field(description="What happened.")
    at: datetime = strawberry.field(description="When it was committed.")

    @strawberry.field(description="Hand it back as `after` to go on exactly behind this change.")
    @staticmethod
    def cursor(parent: strawberry.Parent[models.Change]) -> str:
        return changes.cursor_of(parent)

    @breadth(graphql_type=Actor, description="Who did it.")
    @staticmethod
    async def actor(parents: list[models.Change], level: Level) -> list[models.User | models.Integration]:
        return await directory.actors(viewer(level), [change.actor_id for change in parents])

    @breadth(graphql_type=InterviewPanel, description="The panel as it stands when this is delivered.")
    @staticmethod
    async def panel(parents: list[models.Change], level: Level) -> list[models.Panel]:
        return await load_related(viewer(level), parents, "panel")


@strawberry.type(description="A page of the change feed, by cursor.")
class InterviewPanelChangeConnection(Uncounted[InterviewPanelChange]):
    pass


@strawberry.type
class ChangesQuery:
    @strawberry.field(
        graphql_type=InterviewPanelChangeConnection,
        description=(
            "Every change behind `after`, oldest first, without it from the oldest that is kept (30 days): for clients "
            "that poll or catch up. CURSOR_EXPIRED: the log no longer reaches `after`."
        ),
    )
    async def interview_panel_changes(
        self,
        info: Info,
        candidate_id: CandidateId = strawberry.UNSET,
        first: Annotated[int | None, strawberry.argument(description="How many, 1 to 500.")] = 100,
        after: Resume = strawberry.UNSET,
    ) -> Page[models.Change]:
        return await changes.page(viewer(info), unset_to_none(candidate_id), first, unset_to_none(after))


@strawberry.type
class ChangesSubscription:
    @strawberry.subscription(
        graphql_type=AsyncIterator[InterviewPanelChange],
        description=(
            "Changes as they are committed, from now on. With `after`, first every change behind that cursor: none "
            "missed, none twice. Ends with CURSOR_EXPIRED (load afresh, then subscribe) or TOO_SLOW (subscribe again "
            "with the `cursor` in its extensions)."
        ),
    )
    async def interview_panel_changes(
        self,
        info: Info,
        candidate_id: CandidateId = strawberry.UNSET,
        after: Resume = strawberry.UNSET,
    ) -> AsyncIterator[models.Change]:
        context = info.context
        # All that has executed the operation would wait along.
        del info
        followed = changes.follow(
            context.hub, context.viewer, unset_to_none(candidate_id), unset_to_none(after), context.direct_writer
        )
        async with aclosing(followed):
            async for context.signed_in, change in followed:
                yield change
