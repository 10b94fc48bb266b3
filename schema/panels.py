"""Interview panels, their interviews and interviewers."""

from datetime import datetime
from typing import Annotated

import strawberry

import models
from execution import Level, breadth
from resolvers import directory, invites, panels
from resolvers.listing import Page
from resolvers.queries import load_related
from resolvers.validation import URL, TimeZone
from schema.candidates import Candidate
from schema.connections import After, Before, Connection, First, Last, page_request
from schema.context import Info, viewer
from schema.directory import Stage, User
from schema.inputs import as_domain, maps_to, optional, unset_to_none
from schema.node import Actor, Node, is_a
from schema.refs import FeedbackFormRef, IntegrationRef, InterviewRef


@strawberry.type(description="Who called it off, when and where.")
class Cancellation:
    id: strawberry.ID = strawberry.field(
        description="For caches: one for each panel or interview that is called off, for as long as it is."
    )
    at: datetime = strawberry.field(description="When it was called off.")
    origin: models.CancelOrigin = strawberry.field(description="In the ATS, or where it was made.")
    reason: str | None = strawberry.field(description="What was given as the reason.")
    calendar_event_remains: bool = strawberry.field(
        description=(
            "True after a cancel in the ATS: the event is still on people's calendars until it is deleted in the "
            "scheduler."
        )
    )

    @breadth(graphql_type=Actor, description="Who called it off.")
    @staticmethod
    async def by(parents: list[models.Cancellation], level: Level) -> list[models.User | models.Integration]:
        return await directory.actors(viewer(level), [cancellation.by_id for cancellation in parents])


@strawberry.type(description="The interviews of one candidate that were scheduled together.")
class InterviewPanel(Node):
    is_type_of = is_a(models.Panel)

    external_id: str = strawberry.field(description="The panel's id in the scheduler: unique within the integration.")
    external_url: URL | None = strawberry.field(description="Target of View in External App.")
    status: models.InterviewPanelStatus = strawberry.field(description="Where the panel stands right now.")
    timezone: TimeZone = strawberry.field(description="The zone in which the panel was planned.")
    note: str | None = strawberry.field(description="What the scheduler wrote for everybody on the panel.")
    starts_at: datetime | None = strawberry.field(
        description="Earliest start of the interviews that are not cancelled; null where none is left."
    )
    ends_at: datetime | None = strawberry.field(
        description="Latest end of the interviews that are not cancelled; null where none is left."
    )
    sequence: int | None = strawberry.field(description="The scheduler's revision that this panel reflects.")
    version: int = strawberry.field(description="Counts up with every change; hand it back as expectedVersion.")
    created_at: datetime = strawberry.field(description="When Callboard first heard of it.")
    updated_at: datetime = strawberry.field(description="When it last changed.")

    @breadth(
        graphql_type=Cancellation | None,
        reads={"own_cancellation"},
        description="Who called the whole panel off; null while it stands.",
    )
    @staticmethod
    def cancellation(parents: list[models.Panel]) -> list[models.Cancellation | None]:
        return [panel.own_cancellation for panel in parents]

    @breadth(graphql_type=Candidate, reads={"candidate_id"}, description="Who is interviewed.")
    @staticmethod
    async def candidate(parents: list[models.Panel], level: Level) -> list[models.Candidate]:
        return await load_related(viewer(level), parents, "candidate")

    @breadth(
        graphql_type=IntegrationRef,
        reads={"integration_id"},
        description="The integration that manages the panel. It alone edits or reschedules it.",
    )
    @staticmethod
    async def managed_by(parents: list[models.Panel], level: Level) -> list[models.Integration]:
        return await load_related(viewer(level), parents, "integration")

    @breadth(
        graphql_type=Stage | None, reads={"stage_id"}, description="The candidate's stage when the panel was made."
    )
    @staticmethod
    async def stage(parents: list[models.Panel], level: Level) -> list[models.Stage | None]:
        return await load_related(viewer(level), parents, "stage")

    @breadth(
        graphql_type=list[InterviewRef],
        reads={"id"},
        description="Its events, by their start. Those cancelled one by one are left out unless asked for.",
    )
    @staticmethod
    async def interviews(
        parents: list[models.Panel],
        level: Level,
        include_canceled: Annotated[
            bool | None, strawberry.argument(description="Those too that were cancelled one by one.")
        ] = False,
    ) -> list[list[models.Interview]]:
        return await panels.interviews_of(viewer(level), parents, bool(include_canceled), level)

    @breadth(graphql_type=Actor, reads={"created_by_id"}, description="Who made it.")
    @staticmethod
    async def created_by(parents: list[models.Panel], level: Level) -> list[models.User | models.Integration]:
        return await directory.actors(viewer(level), [panel.created_by_id for panel in parents])


@strawberry.type(description="A user's seat on an interview.")
class Interviewer(Node):
    is_type_of = is_a(models.Interviewer)

    response_status: models.ResponseStatus = strawberry.field(description="What they answered to the invite.")
    feedback_required: bool = strawberry.field(description="Whether the panel waits for their feedback.")

    @breadth(graphql_type=User, reads={"user_id"}, description="Who it is.")
    @staticmethod
    async def user(parents: list[models.Interviewer], level: Level) -> list[models.User]:
        return await load_related(viewer(level), parents, "user")

    @breadth(
        graphql_type=FeedbackFormRef | None,
        reads={"form_id"},
        description="The form to fill in; null where no feedback is asked for.",
    )
    @staticmethod
    async def feedback_form(parents: list[models.Interviewer], level: Level) -> list[models.FeedbackForm | None]:
        return await load_related(viewer(level), parents, "form")


@strawberry.type(description="What to send to one person about one interview.")
class CalendarInvite:
    user: User = strawberry.field(description="Who it is for.")
    method: invites.CalendarMethod = strawberry.field(description="What the text is: RFC 5546.")
    text: str = strawberry.field(description="RFC 5545/5546, with this person's own feedback link.")


@strawberry.type(description="One event of a panel: people, a time and a place.")
class Interview(Node):
    is_type_of = is_a(models.Interview)

    external_id: str = strawberry.field(description="The event's id in the scheduler: unique within the panel.")
    subject: str = strawberry.field(description="What the event is called.")
    note: str | None = strawberry.field(description="What the scheduler wrote for the interviewers.")
    location: str | None = strawberry.field(description="The room or the address.")
    meeting_url: URL | None = strawberry.field(description="Where a video call takes place.")
    starts_at: datetime = strawberry.field(description="When it begins.")
    ends_at: datetime = strawberry.field(description="When it ends.")
    duration_minutes: int = strawberry.field(description="Its length in minutes, 1 to 1,440.")
    feedback_reminder: models.FeedbackReminder = strawberry.field(
        description="How often the scheduler reminds interviewers who owe feedback."
    )
    calendar_uid: str = strawberry.field(
        description="The UID of the event on people's calendars: the scheduler's own where it said one."
    )

    @breadth(graphql_type=InterviewPanel, reads={"panel_id"}, description="The panel it belongs to.")
    @staticmethod
    async def panel(parents: list[models.Interview], level: Level) -> list[models.Panel]:
        return await load_related(viewer(level), parents, "panel")

    @breadth(graphql_type=Candidate, reads={"panel_id"}, description="Who is interviewed.")
    @staticmethod
    async def candidate(parents: list[models.Interview], level: Level) -> list[models.Candidate]:
        who = viewer(level)
        return await load_related(who, await load_related(who, parents, "panel"), "candidate")

    @breadth(graphql_type=TimeZone, reads={"panel_id"}, description="The zone in which the panel was planned.")
    @staticmethod
    async def timezone(parents: list[models.Interview], level: Level) -> list[str]:
        return [panel.timezone for panel in await load_related(viewer(level), parents, "panel")]

    @breadth(graphql_type=list[Interviewer], reads={"id"}, description="Who interviews, in the scheduler's order.")
    @staticmethod
    async def interviewers(parents: list[models.Interview], level: Level) -> list[list[models.Interviewer]]:
        return await panels.seats_of(viewer(level), parents, level)

    @breadth(
        graphql_type=list[FeedbackFormRef],
        reads={"id"},
        description="Its forms; those of people who left the interview only where they had submitted them.",
    )
    @staticmethod
    async def feedback_forms(parents: list[models.Interview], level: Level) -> list[list[models.FeedbackForm]]:
        return await panels.forms_of(viewer(level), parents)

    @breadth(
        graphql_type=Cancellation | None,
        reads={"own_cancellation", "panel_id"},
        description="Why it doesn't take place: its own cancellation, else its panel's; null while it stands.",
    )
    @staticmethod
    async def cancellation(parents: list[models.Interview], level: Level) -> list[models.Cancellation | None]:
        return await panels.cancellations_of(viewer(level), parents)

    @breadth(
        graphql_type=str,
        cost=10,
        description=(
            "RFC 5545, with one feedback link per interviewer in the description; METHOD:CANCEL once it was deleted in "
            "the scheduler."
        ),
    )
    @staticmethod
    async def calendar_invite(parents: list[models.Interview], level: Level) -> list[str]:
        return await invites.invites_of(viewer(level), parents, level.work)

    @breadth(
        graphql_type=list[CalendarInvite],
        cost=20,
        description=(
            "One invitation a person: what to send to each of them now, with a CANCEL for whoever is no longer on the "
            "interview."
        ),
    )
    @staticmethod
    async def calendar_invites(parents: list[models.Interview], level: Level) -> list[list[invites.CalendarInvite]]:
        return await invites.personal_invites_of(viewer(level), parents, level.work)

    @breadth(
        graphql_type=str | None,
        cost=10,
        description=(
            "RFC 5545 for the candidate: without the note, the feedback links and the link to the scheduler. Null "
            "where no email of theirs is known."
        ),
    )
    @staticmethod
    async def candidate_invite(parents: list[models.Interview], level: Level) -> list[str | None]:
        return await invites.candidate_invites_of(viewer(level), parents, level.work)


@maps_to(panels.InterviewFilter)
@strawberry.input(description="Which interviews: all that is given must hold.")
class InterviewFilter:
    interviewer_id: strawberry.ID | None = optional("Those on which this user sits.")
    candidate_id: strawberry.ID | None = optional("Those of this candidate.")
    starts_after: datetime | None = optional("Those that start then or later.")
    starts_before: datetime | None = optional("Those that start earlier than that.")
    include_canceled: bool | None = strawberry.field(
        default=False, description="Cancelled ones too, one by one or with their panel."
    )


@maps_to(panels.PanelFilter)
@strawberry.input(description="Which panels: all that is given must hold.")
class InterviewPanelFilter:
    candidate_id: strawberry.ID | None = optional("Those of this candidate.")
    external_ids: list[str] | None = optional("Those with one of these ids in the scheduler.")
    status: list[models.InterviewPanelStatus] | None = optional("Those with one of these statuses.")
    starts_after: datetime | None = optional("Those whose first interview starts then or later.")
    starts_before: datetime | None = optional("Those whose first interview starts earlier than that.")
    updated_since: datetime | None = optional("Those that changed then or later.")
    include_canceled: bool | None = strawberry.field(
        default=False, description="Cancelled ones too; asking for the status CANCELED does the same."
    )


@strawberry.type
class PanelsQuery:
    @strawberry.field(
        graphql_type=InterviewPanel | None,
        description="One panel, by either of the two, cancelled or not; null for one that the viewer may not see.",
    )
    async def interview_panel(
        self,
        info: Info,
        id: Annotated[strawberry.ID | None, strawberry.argument(description="The panel's id.")] = strawberry.UNSET,
        external_id: Annotated[
            str | None, strawberry.argument(description="The panel's id in the scheduler.")
        ] = strawberry.UNSET,
        provider: Annotated[
            models.IntegrationProvider | None,
            strawberry.argument(description="Whose id it is, where two schedulers have it; a key means its own."),
        ] = strawberry.UNSET,
    ) -> models.Panel | None:
        return await panels.find(viewer(info), unset_to_none(id), unset_to_none(external_id), unset_to_none(provider))

    @strawberry.field(graphql_type=Connection[InterviewPanel], description="The panels that the viewer may see.")
    async def interview_panels(
        self,
        info: Info,
        filter: Annotated[
            InterviewPanelFilter | None,
            strawberry.argument(description="Which ones; all that are not cancelled without it."),
        ] = strawberry.UNSET,
        order_by: Annotated[
            panels.InterviewPanelOrder | None, strawberry.argument(description="In which order.")
        ] = panels.InterviewPanelOrder.STARTS_AT,
        first: First = 25,
        after: After = strawberry.UNSET,
        last: Last = strawberry.UNSET,
        before: Before = strawberry.UNSET,
    ) -> Page[models.Panel]:
        domain_filter = as_domain(panels.PanelFilter, filter)
        return await panels.page(
            viewer(info),
            domain_filter,
            order_by or panels.InterviewPanelOrder.STARTS_AT,
            page_request(first, after, last, before),
            Level.of(info),
        )

    @strawberry.field(
        graphql_type=Connection[Interview], description="The interviews that the viewer may see, by their start."
    )
    async def interviews(
        self,
        info: Info,
        filter: Annotated[
            InterviewFilter | None,
            strawberry.argument(description="Which ones; all that are not cancelled without it."),
        ] = strawberry.UNSET,
        first: First = 25,
        after: After = strawberry.UNSET,
        last: Last = strawberry.UNSET,
        before: Before = strawberry.UNSET,
    ) -> Page[models.Interview]:
        domain_filter = as_domain(panels.InterviewFilter, filter)
        return await panels.interviews_page(
            viewer(info), domain_filter, page_request(first, after, last, before), Level.of(info)
        )
