"""The audit trail, for Super Admins."""

from datetime import datetime
from typing import Annotated

import strawberry

import models
from execution import Level, breadth
from resolvers import audit, directory
from resolvers.listing import Page
from resolvers.queries import load_related
from schema.connections import After, Before, Connection, First, Last, page_request
from schema.context import Info, viewer
from schema.inputs import as_domain, maps_to, optional
from schema.integrations import ApiKey
from schema.node import Actor, Node, is_a


@strawberry.type(description="One thing more that is known of an act.")
class AuditDetail:
    name: str = strawberry.field(
        description="What it is: `role`, `was`, `origin`, `panel`, `provider`, `prefix`, `grace`, `into`."
    )
    value: str = strawberry.field(description="Never anything that tells of a person beyond an id.")


@strawberry.type(description="Something that was done, kept for good: no event is ever changed or removed.")
class AuditEvent(Node):
    is_type_of = is_a(models.AuditEvent)

    act: models.AuditAct = strawberry.field(description="What was done.")
    target_id: strawberry.ID = strawberry.field(description="The id of what it was done to.")

    @strawberry.field(description="When it was done.")
    @staticmethod
    def at(parent: strawberry.Parent[models.AuditEvent]) -> datetime:
        return parent.created_at

    @breadth(graphql_type=Actor, description="Who did it.")
    @staticmethod
    async def actor(parents: list[models.AuditEvent], level: Level) -> list[models.User | models.Integration]:
        return await directory.actors(viewer(level), [event.actor_id for event in parents])

    @breadth(graphql_type=ApiKey | None, description="The key with which an integration did it; null for a user.")
    @staticmethod
    async def api_key(parents: list[models.AuditEvent], level: Level) -> list[models.ApiKey | None]:
        return await load_related(viewer(level), parents, "api_key")

    @breadth(graphql_type=Node | None, description="What it was done to, as it stands now; null where nobody sees it.")
    @staticmethod
    async def target(parents: list[models.AuditEvent], level: Level) -> list[models.Row | None]:
        return await audit.targets(viewer(level), parents)

    @strawberry.field(description="What else is known of the act.")
    @staticmethod
    def details(parent: strawberry.Parent[models.AuditEvent]) -> list[AuditDetail]:
        return [AuditDetail(name=name, value=value) for name, value in parent.details.items()]


@maps_to(audit.AuditFilter)
@strawberry.input(description="Which events: all that is given must hold.")
class AuditEventFilter:
    acts: list[models.AuditAct] | None = optional("Only these acts.")
    actor_id: strawberry.ID | None = optional("Only what this user, or this integration, did.")


@strawberry.type
class AuditQuery:
    @strawberry.field(
        graphql_type=Connection[AuditEvent],
        description=(
            "Who switched an integration, made or revoked a key, cancelled, restored, let in a user or changed a role. "
            "Newest first; Super Admins only."
        ),
    )
    async def audit_events(
        self,
        info: Info,
        filter: Annotated[
            AuditEventFilter | None, strawberry.argument(description="Which ones; all without it.")
        ] = strawberry.UNSET,
        first: First = 25,
        after: After = strawberry.UNSET,
        last: Last = strawberry.UNSET,
        before: Before = strawberry.UNSET,
    ) -> Page[models.AuditEvent]:
        domain_filter = as_domain(audit.AuditFilter, filter)
        return await audit.page(viewer(info), domain_filter, page_request(first, after, last, before))
