"""Strawberry and Tortoise as their documentation has it: `loaders` batches each relation, `plain` asks row by row."""

import sys
from collections.abc import Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import strawberry
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Route
from strawberry.asgi import GraphQL
from strawberry.dataloader import DataLoader
from strawberry.extensions import ParserCache, ValidationCache
from strawberry.schema.config import StrawberryConfig

import clock
import database
import models
from benchmarks.peers import ACCOUNT, DATABASE_URL, FEEDBACK, listening

LOADERS = sys.argv[1:] != ["plain"]

ResponseStatus = strawberry.enum(models.ResponseStatus)
FeedbackFormStatus = strawberry.enum(models.FeedbackFormStatus)
InterviewPanelStatus = strawberry.enum(models.InterviewPanelStatus)


@strawberry.type
class Stage:
    id: strawberry.ID
    name: str


@strawberry.type
class User:
    id: strawberry.ID
    name: str
    email: str


@strawberry.type
class FeedbackForm:
    id: strawberry.ID
    status: FeedbackFormStatus

    @strawberry.field
    def url(self) -> str:
        return FEEDBACK + self.id


@strawberry.type
class Interviewer:
    response_status: ResponseStatus
    feedback_required: bool

    @strawberry.field(graphql_type=User)
    async def user(self, info: strawberry.Info) -> Any:
        return await (info.context["users"].load(self.user_id) if LOADERS else self.user)

    @strawberry.field(graphql_type=FeedbackForm | None)
    async def feedback_form(self, info: strawberry.Info) -> Any:
        if self.form_id is None:
            return None
        return await (info.context["forms"].load(self.form_id) if LOADERS else self.form)


@strawberry.type
class Interview:
    id: strawberry.ID
    subject: str
    location: str | None
    meeting_url: str | None
    starts_at: datetime
    ends_at: datetime
    duration_minutes: int

    @strawberry.field(graphql_type=list[Interviewer])
    async def interviewers(self, info: strawberry.Info) -> Any:
        if LOADERS:
            return await info.context["interviewers"].load(self.id)
        return await self.interviewers.order_by("position", "id")


@strawberry.type
class InterviewPanel:
    id: strawberry.ID
    external_url: str | None
    status: InterviewPanelStatus
    timezone: str
    note: str | None
    starts_at: datetime | None
    ends_at: datetime | None
    version: int

    @strawberry.field(graphql_type=list[Interview])
    async def interviews(self, info: strawberry.Info) -> Any:
        if LOADERS:
            return await info.context["interviews"].load(self.id)
        return await self.interviews.filter(canceled_at=None).order_by("starts_at", "id")


@strawberry.type
class InterviewPanelEdge:
    node: InterviewPanel


@strawberry.type
class InterviewPanelConnection:
    edges: list[InterviewPanelEdge]


@strawberry.type
class Candidate:
    id: strawberry.ID
    name: str
    headline: str | None
    emails: list[str]

    @strawberry.field(graphql_type=Stage)
    async def stage(self, info: strawberry.Info) -> Any:
        return await (info.context["stages"].load(self.stage_id) if LOADERS else self.stage)

    @strawberry.field
    async def interview_panels(
        self, info: strawberry.Info, first: int = 25, upcoming_only: bool = False
    ) -> InterviewPanelConnection:
        if LOADERS:
            panels = await info.context["upcoming" if upcoming_only else "panels"].load(self.id)
        else:
            panels = await standing(upcoming_only).filter(candidate_id=self.id).limit(first)
        return InterviewPanelConnection(edges=[InterviewPanelEdge(node=panel) for panel in panels[:first]])


@strawberry.type
class PageInfo:
    has_next_page: bool


@strawberry.type
class CandidateEdge:
    node: Candidate


@strawberry.type
class CandidateConnection:
    edges: list[CandidateEdge]
    page_info: PageInfo


def standing(upcoming_only: bool) -> Any:
    panels = models.Panel.filter(account_id=ACCOUNT, canceled_at=None).order_by("listed_at", "id")
    return panels.filter(ends_at__gt=clock.now()) if upcoming_only else panels


@strawberry.type
class Query:
    @strawberry.field(graphql_type=Candidate | None)
    async def candidate(self, id: strawberry.ID) -> Any:
        return await models.Candidate.get_or_none(id=id, account_id=ACCOUNT)

    @strawberry.field
    async def candidates(self, first: int = 25) -> CandidateConnection:
        candidates = models.Candidate.filter(account_id=ACCOUNT, archived_at=None)
        rows = await candidates.order_by("name", "id").limit(first + 1)
        edges = [CandidateEdge(node=candidate) for candidate in rows[:first]]
        return CandidateConnection(edges=edges, page_info=PageInfo(has_next_page=len(rows) > first))


def by_id(model: Any) -> DataLoader[str, Any]:
    async def load(ids: list[str]) -> list[Any]:
        by_id = await model.in_bulk(set(ids), "id")
        return [by_id.get(id) for id in ids]

    return DataLoader(load)


def grouped(rows: Callable[[], Any], column: str) -> DataLoader[str, list[Any]]:
    async def load(ids: list[str]) -> list[list[Any]]:
        groups: dict[str, list[Any]] = {id: [] for id in ids}
        for row in await rows().filter(**{f"{column}__in": ids}):
            groups[getattr(row, column)].append(row)
        return list(groups.values())

    return DataLoader(load)


class Served(GraphQL):
    async def get_context(self, request: Any, response: Any = None) -> Any:
        return {
            "stages": by_id(models.Stage),
            "users": by_id(models.User),
            "forms": by_id(models.FeedbackForm),
            "panels": grouped(lambda: standing(False), "candidate_id"),
            "upcoming": grouped(lambda: standing(True), "candidate_id"),
            "interviews": grouped(
                lambda: models.Interview.filter(canceled_at=None).order_by("starts_at", "id"), "panel_id"
            ),
            "interviewers": grouped(lambda: models.Interviewer.all().order_by("position", "id"), "interview_id"),
        }


def printed(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


schema = strawberry.Schema(
    Query,
    extensions=[ParserCache, ValidationCache],
    config=StrawberryConfig(scalar_map={datetime: strawberry.scalar(name="DateTime", serialize=printed)}),
)


@asynccontextmanager
async def lifespan(app: Starlette) -> Any:
    async with database.connect(DATABASE_URL):
        yield


if __name__ == "__main__":
    app = Starlette(routes=[Route("/graphql", Served(schema))], lifespan=lifespan)
    uvicorn.run(app, **listening())
