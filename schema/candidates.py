"""Candidates, as lists and profiles show them, and what their Schedule buttons do."""

from datetime import datetime
from typing import Annotated

import strawberry

import models
from execution import Level, breadth
from resolvers import candidates, erasure, panels
from resolvers.listing import Page
from resolvers.queries import load_related
from resolvers.validation import URL
from schema.connections import After, Before, Connection, First, Last, page_request
from schema.context import Info, viewer
from schema.directory import Posting, Stage, User
from schema.errors import UserError
from schema.inputs import as_domain, maps_to, optional, unset_to_none
from schema.node import Node, is_a
from schema.refs import CandidateRef, InterviewPanelRef


@strawberry.type(description="The three places from which a user starts scheduling, and where each one leads.")
class ScheduleAction:
    id: strawberry.ID = strawberry.field(description="For caches: one for each candidate.")
    provider: models.IntegrationProvider | None = strawberry.field(
        description="The scheduler that opens: null means the ATS's own."
    )
    url: URL | None = strawberry.field(
        description="Deep link to the candidate in the scheduler; opens in a new tab. Null with the ATS's own."
    )
    dashboard_label: str | None = strawberry.field(
        description="Label of the dashboard's button, null where it is not shown: `Schedule`."
    )
    banner_label: str | None = strawberry.field(
        description="Label of the profile's banner, null where it is not shown: `Schedule Interview in GoodTime`."
    )
    menu_label: str = strawberry.field(
        description="Label of the profile's ellipsis menu entry, always there: `Schedule in GoodTime`."
    )


@strawberry.type(description="Someone who applies for a job.")
class Candidate(Node):
    is_type_of = is_a(models.Candidate)

    external_id: str | None = strawberry.field(description="The candidate's id in the system that syncs them.")
    name: str = strawberry.field(description="Full name.")
    headline: str | None = strawberry.field(description="One line about them.")
    emails: list[str] = strawberry.field(description="Where to reach them, the first one first.")
    created_at: datetime = strawberry.field(description="When Callboard first heard of them.")
    updated_at: datetime = strawberry.field(description="When they were last synced.")
    archived_at: datetime | None = strawberry.field(description="Set while they are archived: no new panels are taken.")
    erased_at: datetime | None = strawberry.field(
        description=(
            "Set once the candidate's personal data were erased: name, emails, headline, notes and answers are gone "
            "for good."
        )
    )

    @breadth(
        graphql_type=Stage, reads={"stage_id"}, description="The step of the hiring process that they have reached."
    )
    @staticmethod
    async def stage(parents: list[models.Candidate], level: Level) -> list[models.Stage]:
        return await load_related(viewer(level), parents, "stage")

    @breadth(graphql_type=Posting | None, reads={"posting_id"}, description="The job they apply for.")
    @staticmethod
    async def posting(parents: list[models.Candidate], level: Level) -> list[models.Posting | None]:
        return await load_related(viewer(level), parents, "posting")

    @breadth(graphql_type=User | None, reads={"owner_id"}, description="Who looks after them.")
    @staticmethod
    async def owner(parents: list[models.Candidate], level: Level) -> list[models.User | None]:
        return await load_related(viewer(level), parents, "owner")

    @breadth(
        graphql_type=CandidateRef | None,
        reads={"merged_into_id"},
        description=(
            "The candidate who is kept, where this one was a duplicate: panels are found there. Null too where the "
            "viewer may not see them."
        ),
    )
    @staticmethod
    async def merged_into(parents: list[models.Candidate], level: Level) -> list[models.Candidate | None]:
        return await candidates.kept_of(viewer(level), parents)

    @breadth(graphql_type=list[User], reads={"id"}, description="Who follows them, by name.")
    @staticmethod
    async def followers(parents: list[models.Candidate], level: Level) -> list[list[models.User]]:
        return await candidates.followers_of(viewer(level), parents)

    @breadth(
        graphql_type=ScheduleAction | None,
        description=(
            "What the Schedule buttons do for this viewer right now; null where the viewer may not schedule, "
            "or the candidate is archived."
        ),
    )
    @staticmethod
    async def schedule_action(parents: list[models.Candidate], level: Level) -> list[candidates.ScheduleAction | None]:
        return await candidates.schedule_actions(viewer(level), parents)

    @breadth(
        graphql_type=Connection[InterviewPanelRef],
        reads={"id"},
        description="The panels of the profile, by their start. Cancelled ones are left out unless asked for.",
    )
    @staticmethod
    async def interview_panels(
        parents: list[models.Candidate],
        level: Level,
        include_canceled: Annotated[bool | None, strawberry.argument(description="Cancelled ones too.")] = False,
        upcoming_only: Annotated[
            bool | None, strawberry.argument(description="Only those that are neither cancelled nor over.")
        ] = False,
        first: First = 25,
        after: After = strawberry.UNSET,
        last: Last = strawberry.UNSET,
        before: Before = strawberry.UNSET,
    ) -> list[Page[models.Panel]]:
        return await panels.of_candidates(
            viewer(level),
            parents,
            bool(include_canceled),
            bool(upcoming_only),
            page_request(first, after, last, before),
            level,
        )


@maps_to(candidates.CandidateFilter)
@strawberry.input(description="Which candidates: all that is given must hold.")
class CandidateFilter:
    search: str | None = optional("Part of a name or an email, case-insensitive.")
    stage_id: strawberry.ID | None = optional("Those in this stage.")
    posting_id: strawberry.ID | None = optional("Those who apply for this posting.")
    owner_id: strawberry.ID | None = optional("Those whom this user looks after.")
    mine: bool | None = strawberry.field(
        default=False,
        description="Only the viewer's own: owned, followed, for a posting they manage, or with a panel they sit on.",
    )
    archived: bool | None = strawberry.field(default=False, description="True: only archived ones; false: only others.")
    has_upcoming_panel: bool | None = optional("True: candidates with an upcoming panel; false: those without one.")
    feedback_due: bool | None = optional("True: those with a panel that awaits feedback; false: those without one.")
    updated_since: datetime | None = optional("Those last synced then or later.")


@strawberry.type
class CandidatesQuery:
    @strawberry.field(
        graphql_type=Candidate | None,
        description="One candidate, by either of the two; null for one that the viewer may not see.",
    )
    async def candidate(
        self,
        info: Info,
        id: Annotated[strawberry.ID | None, strawberry.argument(description="The candidate's id.")] = strawberry.UNSET,
        external_id: Annotated[
            str | None, strawberry.argument(description="The candidate's id in the system that syncs them.")
        ] = strawberry.UNSET,
    ) -> models.Candidate | None:
        return await candidates.find(viewer(info), unset_to_none(id), unset_to_none(external_id), Level.of(info))

    @strawberry.field(graphql_type=Connection[Candidate], description="The candidates that the viewer may see.")
    async def candidates(
        self,
        info: Info,
        filter: Annotated[
            CandidateFilter | None, strawberry.argument(description="Which ones; all who are not archived without it.")
        ] = strawberry.UNSET,
        order_by: Annotated[
            candidates.CandidateOrder | None, strawberry.argument(description="In which order.")
        ] = candidates.CandidateOrder.NAME,
        first: First = 25,
        after: After = strawberry.UNSET,
        last: Last = strawberry.UNSET,
        before: Before = strawberry.UNSET,
    ) -> Page[models.Candidate]:
        order = order_by or candidates.CandidateOrder.NAME
        domain_filter = as_domain(candidates.CandidateFilter, filter)
        return await candidates.page(
            viewer(info), domain_filter, order, page_request(first, after, last, before), Level.of(info)
        )


@strawberry.type(description="What is left of a candidate who was erased.")
class EraseCandidatePayload:
    candidate: Candidate | None = strawberry.field(description="Ids, stage and counts, and nothing personal.")
    errors: list[UserError] = strawberry.field(description="Why nothing was erased.")


@strawberry.type
class CandidatesMutation:
    @strawberry.mutation(
        graphql_type=EraseCandidatePayload,
        description=(
            "Erase what is personal of a candidate, for good, in every table: what is to come is called off, and no "
            "push or sync brings anything back. Admins and Super Admins only."
        ),
    )
    async def erase_candidate(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The candidate.")]
    ) -> erasure.Erased:
        return await erasure.erase(viewer(info), id)
