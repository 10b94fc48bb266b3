"""The change feed: by page for clients that poll or catch up, live for those that stay."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import datetime
from typing import Annotated, Any

import strawberry

import models
from auth.refusals import Code, Refused
from execution import Level, breadth
from feed.log import LogView
from models import ChangeTopic, ChangeType, LogEntry
from resolvers import changes, directory
from resolvers.listing import Page
from resolvers.queries import load_many
from schema.candidates import Candidate
from schema.connections import Uncounted
from schema.context import Context, Info, viewer
from schema.feedback import FeedbackForm
from schema.inputs import unset_to_none
from schema.integrations import Integration
from schema.node import Actor, Node
from schema.panels import InterviewPanel

CandidateId = Annotated[strawberry.ID | None, strawberry.argument(description="Only what belongs to this candidate.")]
Topics = Annotated[list[ChangeTopic] | None, strawberry.argument(description="Only these topics; null: all of them.")]
Resume = Annotated[
    str | None,
    strawberry.argument(
        description="The cursor of the last change that was received: the feed goes on exactly behind it."
    ),
]


@strawberry.interface(
    description=(
        "One committed change of something that this viewer may see. All topics share one log, one order and one "
        "cursor."
    )
)
class Change:
    at: datetime = strawberry.field(description="When it was committed.")

    @strawberry.field(description="Hand it back as `after` to go on exactly behind this change.")
    @staticmethod
    def cursor(parent: strawberry.Parent[LogEntry]) -> str:
        return changes.cursor_of(parent)

    @breadth(graphql_type=Actor, description="Who did it.")
    @staticmethod
    async def actor(parents: list[LogEntry], level: Level) -> list[models.User | models.Integration]:
        return await directory.actors(viewer(level), [change.actor_id for change in parents])

    @breadth(
        graphql_type=ChangeType,
        description="What happened. What has come into the viewer's view by it was made, as far as they can tell.",
    )
    @staticmethod
    async def type(parents: list[LogEntry], level: Level) -> list[ChangeType]:
        return [change.type_for(viewer(level).user_id) for change in parents]


def _is_about(topic: ChangeTopic) -> Any:
    """The `is_type_of` of the changes of a topic, but for what has left the view."""

    def is_type_of(cls: type[object], value: object, info: object) -> bool:
        return isinstance(value, LogEntry) and value.topic is topic and not _is_loss(value)

    return classmethod(is_type_of)


def _is_loss(entry: LogEntry) -> bool:
    return entry.kind == ChangeType.NO_LONGER_VISIBLE.value


async def _subjects(parents: list[LogEntry], level: Level, model: Any) -> list[Any]:
    """What each change is about, as it stands now."""
    rows = await load_many(viewer(level), model, [change.subject_id for change in parents])
    return [rows.get(change.subject_id or "") for change in parents]


@strawberry.type(description="One committed change of one panel.")
class InterviewPanelChange(Change):
    is_type_of = _is_about(ChangeTopic.INTERVIEW_PANELS)

    previous_starts_at: datetime | None = strawberry.field(
        description="Of a RESCHEDULED one: when its first interview started before this change."
    )

    @strawberry.field(description="What happened to the panel, whoever looks.")
    @staticmethod
    def kind(parent: strawberry.Parent[LogEntry]) -> models.InterviewPanelChangeKind:
        return parent.panel_kind

    @breadth(graphql_type=InterviewPanel, description="The panel as it stands when this is delivered.")
    @staticmethod
    async def panel(parents: list[LogEntry], level: Level) -> list[models.Panel]:
        return await _subjects(parents, level, models.Panel)


@strawberry.type(description="One committed change of one candidate.")
class CandidateChange(Change):
    is_type_of = _is_about(ChangeTopic.CANDIDATES)

    @breadth(graphql_type=Candidate, description="The candidate as they stand when this is delivered.")
    @staticmethod
    async def candidate(parents: list[LogEntry], level: Level) -> list[models.Candidate]:
        return await _subjects(parents, level, models.Candidate)


@strawberry.type(description="One committed change of one feedback form.")
class FeedbackFormChange(Change):
    is_type_of = _is_about(ChangeTopic.FEEDBACK_FORMS)

    @breadth(graphql_type=FeedbackForm, description="The form as it stands when this is delivered.")
    @staticmethod
    async def form(parents: list[LogEntry], level: Level) -> list[models.FeedbackForm]:
        return await _subjects(parents, level, models.FeedbackForm)


@strawberry.type(description="An integration was switched, or its keys have changed.")
class IntegrationChange(Change):
    is_type_of = _is_about(ChangeTopic.INTEGRATIONS)

    @breadth(graphql_type=Integration, description="The integration as it stands when this is delivered.")
    @staticmethod
    async def integration(parents: list[LogEntry], level: Level) -> list[models.Integration]:
        return await _subjects(parents, level, models.Integration)


@strawberry.type(description="Something of the directory came in or has changed: a name, for instance.")
class DirectoryChange(Change):
    is_type_of = _is_about(ChangeTopic.DIRECTORY)

    @breadth(
        graphql_type=Node,
        description="The user, stage, posting or feedback template as it stands when this is delivered.",
    )
    @staticmethod
    async def node(parents: list[LogEntry], level: Level) -> list[models.Row]:
        rows = [await _subjects(parents, level, model) for model in _DIRECTORY]
        return [next(filter(None, of_models)) for of_models in zip(*rows, strict=True)]


_DIRECTORY = (models.User, models.Stage, models.Posting, models.FeedbackTemplate)


@strawberry.type(
    description="Something that the viewer saw until this change and sees no longer: take it off the screen."
)
class NoLongerVisible(Change):
    @classmethod
    def is_type_of(cls, value: object, info: object) -> bool:
        return isinstance(value, LogEntry) and _is_loss(value)

    @strawberry.field(description="The id of the candidate, panel, interview or form.")
    @staticmethod
    def node_id(parent: strawberry.Parent[LogEntry]) -> strawberry.ID:
        return strawberry.ID(parent.subject_id or "")


@strawberry.type(description="A page of the change feed, by cursor.")
class InterviewPanelChangeConnection(Uncounted[InterviewPanelChange]):
    pass


@strawberry.type(description="A page of the change feed, of every topic, by cursor.")
class ChangeConnection(Uncounted[Change]):
    pass


@strawberry.type
class ChangesQuery:
    @strawberry.field(
        graphql_type=InterviewPanelChangeConnection,
        description=(
            "Every change of a panel behind `after`, oldest first, without it from the oldest that is kept (30 days): "
            "for clients that poll or catch up. CURSOR_EXPIRED: the log no longer reaches `after`."
        ),
    )
    async def interview_panel_changes(
        self,
        info: Info,
        candidate_id: CandidateId = strawberry.UNSET,
        first: Annotated[int | None, strawberry.argument(description="How many, 1 to 500.")] = 100,
        after: Resume = strawberry.UNSET,
    ) -> Page[LogEntry]:
        view = changes.panel_view(unset_to_none(candidate_id))
        return await changes.page(viewer(info), view, first, unset_to_none(after))

    @strawberry.field(
        description=(
            "The end of the change feed right now. Take it before you load, then follow with `after`: nothing falls in "
            "between."
        )
    )
    async def change_cursor(self, info: Info) -> str:
        return await changes.head(viewer(info))

    @strawberry.field(
        graphql_type=ChangeConnection,
        description=(
            "Every change of every topic. Oldest first with `first`/`after`; newest first with `last`/`before`. "
            "CURSOR_EXPIRED: the log no longer reaches the cursor, or may have gone back since: load afresh."
        ),
    )
    async def changes(
        self,
        info: Info,
        topics: Topics = strawberry.UNSET,
        candidate_id: CandidateId = strawberry.UNSET,
        first: Annotated[
            int | None, strawberry.argument(description="How many, 1 to 500; 100 where nothing is named.")
        ] = strawberry.UNSET,
        after: Resume = strawberry.UNSET,
        last: Annotated[
            int | None, strawberry.argument(description="How many from the end of the feed, 1 to 500.")
        ] = strawberry.UNSET,
        before: Annotated[
            str | None, strawberry.argument(description="The `endCursor` of the page before: older changes follow.")
        ] = strawberry.UNSET,
    ) -> Page[LogEntry]:
        view = changes.view_of(unset_to_none(topics), unset_to_none(candidate_id))
        forwards, backwards = (unset_to_none(first), unset_to_none(after)), (unset_to_none(last), unset_to_none(before))
        if backwards == (None, None):
            return await changes.page(viewer(info), view, *forwards)
        if forwards != (None, None):
            raise Refused(Code.BAD_USER_INPUT, "Page with `first` and `after`, or with `last` and `before`.")
        return await changes.last_page(viewer(info), view, *backwards)


@strawberry.type
class ChangesSubscription:
    @strawberry.subscription(
        graphql_type=AsyncIterator[InterviewPanelChange],
        description=(
            "Changes of panels as they are committed, from now on. With `after`, first every change behind that "
            "cursor: none missed, none twice. Ends with CURSOR_EXPIRED (load afresh, then subscribe) or TOO_SLOW "
            "(subscribe again with the `cursor` in its extensions)."
        ),
    )
    async def interview_panel_changes(
        self,
        info: Info,
        candidate_id: CandidateId = strawberry.UNSET,
        after: Resume = strawberry.UNSET,
    ) -> AsyncIterator[LogEntry]:
        context, view = info.context, changes.panel_view(unset_to_none(candidate_id))
        # All that has executed the operation would wait along.
        del info
        async with aclosing(_follow(context, view, unset_to_none(after))) as followed:
            async for context.signed_in, change in followed:
                yield change

    @strawberry.subscription(
        graphql_type=AsyncIterator[Change],
        description=(
            "Changes of every topic as they are committed; with `after`, first every change behind that cursor. Ends "
            "as `interviewPanelChanges` does, and with CURSOR_EXPIRED where the viewer comes to see another part of "
            "the account by another role."
        ),
    )
    async def changes(
        self,
        info: Info,
        topics: Topics = strawberry.UNSET,
        candidate_id: CandidateId = strawberry.UNSET,
        after: Resume = strawberry.UNSET,
    ) -> AsyncIterator[LogEntry]:
        context, view = info.context, changes.view_of(unset_to_none(topics), unset_to_none(candidate_id))
        del info
        async with aclosing(_follow(context, view, unset_to_none(after))) as followed:
            async for context.signed_in, change in followed:
                yield change


def _follow(context: Context, view: LogView, after: str | None) -> changes.Followed:
    return changes.follow(context.hub, context.viewer, view, after, context.direct_writer)
