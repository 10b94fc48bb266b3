"""Settings > Integrations: the switch, the keys, and the row as it changes."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated

import strawberry

import models
from execution import Level, breadth
from resolvers import errors, integration_health, integrations
from resolvers.integrations import CATALOGUE
from resolvers.listing import Page
from resolvers.queries import load_related
from schema.connections import After, Before, Connection, First, Last, page_request
from schema.context import Info, viewer
from schema.directory import User
from schema.errors import UserError
from schema.inputs import unset_to_none
from schema.node import Node, is_a

Provider = Annotated[models.IntegrationProvider, strawberry.argument(description="Which application.")]


@strawberry.type(description="A key of an integration. The key itself was shown once, and is stored only as a hash.")
class ApiKey(Node):
    is_type_of = is_a(models.ApiKey)

    created_at: datetime = strawberry.field(description="When it was generated.")
    last_used_at: datetime | None = strawberry.field(description="When it was last used, to the minute.")
    expires_at: datetime | None = strawberry.field(description="When it ends by rotation; null: not by itself.")
    revoked_at: datetime | None = strawberry.field(description="When it was ended by hand.")

    @strawberry.field(description="The public beginning of the key, by which people recognise it.")
    @staticmethod
    def prefix(parent: strawberry.Parent[models.ApiKey]) -> str:
        return parent.public_prefix

    @breadth(graphql_type=User, description="Who generated it. The key outlives them: it is the integration's.")
    @staticmethod
    async def created_by(keys: list[models.ApiKey], level: Level) -> list[models.User | None]:
        return await load_related(viewer(level), keys, "created_by")


@strawberry.type(description="What was wrong with a push: `UserError` without its message, which may name people.")
class RefusedPushError:
    code: errors.ErrorCode = strawberry.field(description="What kind of refusal it was.")
    path: list[str] = strawberry.field(description="Where in the input.")


@strawberry.type(description="A push that was answered with errors; kept for seven days.")
class RefusedPush:
    id: strawberry.ID = strawberry.field(description="Opaque, and unique among all types.")

    @strawberry.field(description="When it came.")
    @staticmethod
    def at(parent: strawberry.Parent[models.RefusedPush]) -> datetime:
        return parent.created_at

    @strawberry.field(graphql_type=list[RefusedPushError], description="The first ten of them.")
    @staticmethod
    def errors(parent: strawberry.Parent[models.RefusedPush]) -> list[RefusedPushError]:
        return [RefusedPushError(code=errors.ErrorCode(each["code"]), path=each["path"]) for each in parent.errors]


@strawberry.type(description="A row of Settings > Integrations > Partner Integrations.")
class Integration(Node):
    is_type_of = is_a(models.Integration)

    provider: models.IntegrationProvider = strawberry.field(description="Which scheduler it is.")

    @strawberry.field(description="What people call it.")
    @staticmethod
    def name(parent: strawberry.Parent[models.Integration]) -> str:
        return CATALOGUE[parent.provider].name

    @strawberry.field(description="Where the settings page lists it.")
    @staticmethod
    def section(parent: strawberry.Parent[models.Integration]) -> integrations.IntegrationSection:
        return CATALOGUE[parent.provider].section

    @strawberry.field(description="What it is good for.")
    @staticmethod
    def description(parent: strawberry.Parent[models.Integration]) -> str:
        return CATALOGUE[parent.provider].description

    @strawberry.field(description="What the application may do once enabled; shown in the expanded row.")
    @staticmethod
    def permissions(parent: strawberry.Parent[models.Integration]) -> list[str]:
        return list(CATALOGUE[parent.provider].permissions)

    @breadth(
        graphql_type=bool,
        description="Whether the Schedule buttons open this scheduler while it is on. Refused to Interviewers.",
    )
    @staticmethod
    async def preferred(parents: list[models.Integration], level: Level) -> list[bool]:
        return [integration.preferred for integration in integrations.with_visible_switch(viewer(level), parents)]

    @breadth(graphql_type=bool, description="Whether it is switched on. Refused to Interviewers.")
    @staticmethod
    async def enabled(parents: list[models.Integration], level: Level) -> list[bool]:
        return [integration.enabled for integration in integrations.with_visible_switch(viewer(level), parents)]

    @breadth(graphql_type=datetime | None, description="Since when; null while it is off. Refused to Interviewers.")
    @staticmethod
    async def enabled_at(parents: list[models.Integration], level: Level) -> list[datetime | None]:
        return [integration.enabled_at for integration in integrations.with_visible_switch(viewer(level), parents)]

    @breadth(graphql_type=User | None, description="Who switched it on; null while it is off. Refused to Interviewers.")
    @staticmethod
    async def enabled_by(parents: list[models.Integration], level: Level) -> list[models.User | None]:
        return await load_related(viewer(level), integrations.with_visible_switch(viewer(level), parents), "enabled_by")

    @breadth(
        graphql_type=datetime | None,
        reads={"id"},
        description="When any of its keys was last used, to the minute; null before its first call.",
    )
    @staticmethod
    async def last_call_at(parents: list[models.Integration], level: Level) -> list[datetime | None]:
        return await integration_health.last_calls_of(viewer(level), parents)

    @breadth(
        graphql_type=datetime | None,
        reads={"id"},
        description="When a push of its last changed a panel, as far back as the log goes. Refused to Interviewers.",
    )
    @staticmethod
    async def last_push_at(parents: list[models.Integration], level: Level) -> list[datetime | None]:
        return await integration_health.last_pushes_of(viewer(level), parents)

    @breadth(
        graphql_type=Connection[RefusedPush],
        reads={"id"},
        description="The pushes of the last seven days that were refused, newest first. Refused to Interviewers.",
    )
    @staticmethod
    async def refused_pushes(
        parents: list[models.Integration],
        level: Level,
        since: Annotated[datetime | None, strawberry.argument(description="Only those since then.")] = strawberry.UNSET,
        first: First = 25,
        after: After = strawberry.UNSET,
        last: Last = strawberry.UNSET,
        before: Before = strawberry.UNSET,
    ) -> list[Page[models.RefusedPush]]:
        request = page_request(first, after, last, before)
        return await integration_health.refusals_of(viewer(level), parents, unset_to_none(since), request)

    @breadth(
        graphql_type=list[ApiKey],
        description=(
            "Super Admins only, and the integration itself: the keys that are not revoked, newest first. "
            "Never a secret."
        ),
    )
    @staticmethod
    async def api_keys(parents: list[models.Integration], level: Level) -> list[list[models.ApiKey]]:
        return await integrations.keys_of(viewer(level), parents)


@strawberry.type(description="What a switch came to.")
class SetIntegrationEnabledPayload:
    integration: Integration | None = strawberry.field(description="As it stands now.")
    errors: list[UserError] = strawberry.field(description="Why it was not switched.")


@strawberry.type(description="The scheduler that is preferred now.")
class PreferIntegrationPayload:
    integration: Integration | None = strawberry.field(description="As it stands now.")
    errors: list[UserError] = strawberry.field(description="Why it was not preferred.")


@strawberry.type(description="A key just made.")
class GenerateApiKeyPayload:
    api_key: ApiKey | None = strawberry.field(description="What is kept of it.")
    secret: str | None = strawberry.field(
        description="The whole key, this once. It is stored only as a hash and cannot be read again."
    )
    errors: list[UserError] = strawberry.field(description="Why none was made.")


@strawberry.type(description="A key just ended.")
class RevokeApiKeyPayload:
    api_key: ApiKey | None = strawberry.field(description="As it stands now.")
    errors: list[UserError] = strawberry.field(description="Why it was not revoked.")


@strawberry.type
class IntegrationsQuery:
    @strawberry.field(
        graphql_type=list[Integration], description="Every integration that there is, on or off; to a key its own."
    )
    async def integrations(self, info: Info) -> list[models.Integration]:
        return await integrations.visible_integrations(viewer(info))

    @strawberry.field(graphql_type=Integration, description="The integration with that scheduler.")
    async def integration(self, info: Info, provider: Provider) -> models.Integration:
        return await integrations.of_provider(viewer(info), provider)


@strawberry.type
class IntegrationsMutation:
    @strawberry.mutation(
        graphql_type=PreferIntegrationPayload,
        description="Let the Schedule buttons open this scheduler, of several that are on. Super Admins only.",
    )
    async def prefer_integration(self, info: Info, provider: Provider) -> integrations.SwitchResult:
        return await integrations.prefer(viewer(info), provider)

    @strawberry.mutation(
        graphql_type=SetIntegrationEnabledPayload,
        description="Switch an integration on or off. Super Admins only. Its keys stay, panels too.",
    )
    async def set_integration_enabled(
        self,
        info: Info,
        provider: Provider,
        enabled: Annotated[bool, strawberry.argument(description="True switches it on, false off.")],
    ) -> integrations.SwitchResult:
        return await integrations.switch(viewer(info), provider, enabled)

    @strawberry.mutation(
        graphql_type=GenerateApiKeyPayload,
        description=(
            "Rotation: an older key goes on working for `graceHours` more (24 by default, 0 ends it at once). At most "
            "two are live: any key older than these two ends at once."
        ),
    )
    async def generate_api_key(
        self,
        info: Info,
        provider: Provider,
        grace_hours: Annotated[
            int | None, strawberry.argument(description="How long older keys go on working: 0 to 720 hours.")
        ] = 24,
    ) -> integrations.GeneratedKey:
        grace = 24 if grace_hours is None else grace_hours
        return await integrations.generate_key(viewer(info), provider, grace)

    @strawberry.mutation(
        graphql_type=RevokeApiKeyPayload, description="End a key at once. Super Admins only. Again is no error."
    )
    async def revoke_api_key(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The key's id, not the key.")]
    ) -> integrations.RevokedKey:
        return await integrations.revoke_key(viewer(info), id)


@strawberry.type
class IntegrationsSubscription:
    @strawberry.subscription(
        graphql_type=AsyncIterator[Integration],
        description="The integration's row whenever it is switched or its keys change.",
    )
    async def integration_changes(self, info: Info, provider: Provider) -> AsyncIterator[models.Integration]:
        async for as_of_now, integration in integrations.follow(info.context.hub, viewer(info), provider):
            info.context.signed_in = as_of_now
            yield integration
