"""The partner integrations: a catalogue in code, a switch and keys for each account.

docs/architecture.md says what else a second provider needs.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum
from functools import partial
from urllib.parse import quote

from tortoise.expressions import Q

import clock
import models
import settings
from auth import keys
from auth import viewer as auth
from auth.viewer import Viewer
from feed.hub import Hub
from feed.log import LogView
from models import ApiKey, AuditAct, ChangeTopic, Integration, IntegrationProvider
from resolvers import changes, units
from resolvers.access import Act, require, unscoped, visible
from resolvers.errors import ErrorCode, UserError, error
from resolvers.queries import group_by
from resolvers.units import UnitOfWork

MAX_GRACE_HOURS = 24 * 30


class IntegrationSection(Enum):
    SCHEDULING = "SCHEDULING"


@dataclass(frozen=True)
class CatalogueEntry:
    """What the service knows of a provider: the same for all accounts."""

    name: str
    section: IntegrationSection
    description: str
    permissions: tuple[str, ...]
    #: The beginning of `deep_link`, of the settings: a second scheduler has one of its own.
    link_base: Callable[[settings.Settings], str]
    #: The path and query of `deep_link`, with places for the candidate's external id and email.
    link_template: str

    def deep_link(self, candidate: models.Candidate) -> str:
        """The URL at which the provider begins to schedule the candidate."""
        parts = {"candidate": candidate.external_id, "email": candidate.emails[0] if candidate.emails else ""}
        base = self.link_base(settings.current()).rstrip("/")
        return base + self.link_template.format(**{name: quote(value, safe="") for name, value in parts.items()})


CATALOGUE = {
    IntegrationProvider.GOODTIME: CatalogueEntry(
        name="GoodTime",
        section=IntegrationSection.SCHEDULING,
        description=(
            "Schedule interviews in GoodTime and see them here, live: panels appear on the candidate's profile, "
            "with a feedback form for every interviewer."
        ),
        permissions=(
            "Read candidates, stages, postings, users and feedback templates",
            "Create, update and cancel interview panels and their interviews",
            "Create feedback forms, and read whether they are submitted, never what they say",
            "Follow the changes of interview panels",
        ),
        link_base=lambda current: current.goodtime_url,
        link_template="/candidates?id={candidate}&email={email}",
    ),
}


@dataclass(frozen=True)
class SwitchResult:
    """What a switch came to: the integration as it stands, or why it was not switched."""

    integration: Integration | None = None
    errors: list[UserError] = field(default_factory=list)


@dataclass(frozen=True)
class GeneratedKey:
    """A new key with its secret, which is shown this once; or why none was made."""

    api_key: ApiKey | None = None
    secret: str | None = field(default=None, repr=False)
    errors: list[UserError] = field(default_factory=list)


@dataclass(frozen=True)
class RevokedKey:
    """The key that has ended, or why none has."""

    api_key: ApiKey | None = None
    errors: list[UserError] = field(default_factory=list)


async def follow(hub: Hub, viewer: Viewer, provider: IntegrationProvider) -> AsyncIterator[tuple[Viewer, Integration]]:
    """The integration's row whenever it is switched or its keys change, with the viewer as of the delivery.

    Raises Refused as `of_provider` does, or what ends the access.
    """
    integration = await of_provider(viewer, provider)
    view = LogView(
        frozenset({ChangeTopic.INTEGRATIONS}),
        is_personal=False,
        column="subject_id",
        id=integration.id,
        require=partial(require, act=Act.SEE_INTEGRATIONS),
    )
    async with aclosing(changes.follow(hub, viewer, view, None)) as followed:
        async for viewer, _ in followed:
            # The change may be that this key no longer lets anybody in.
            viewer = await auth.renew(viewer)
            yield viewer, await of_provider(viewer, provider)


async def visible_integrations(viewer: Viewer) -> list[Integration]:
    """The rows of all providers, on or off; for an integration its own. Raises Refused(FORBIDDEN) to an Interviewer."""
    require(viewer, Act.SEE_INTEGRATIONS)
    return await visible(viewer, Integration).order_by("provider")


async def of_provider(viewer: Viewer, provider: IntegrationProvider) -> Integration:
    """The account's row of that provider. Raises Refused(FORBIDDEN) to an Interviewer."""
    require(viewer, Act.SEE_INTEGRATIONS)
    return await visible(viewer, Integration).get(provider=provider)


def with_visible_switch(viewer: Viewer, integrations: Sequence[Integration]) -> Sequence[Integration]:
    """The same integrations, once it is checked that the viewer may know whether they are on.

    Raises Refused(FORBIDDEN) to an Interviewer, who sees which integration manages their panels, and no more of it.
    """
    require(viewer, Act.SEE_INTEGRATIONS)
    return integrations


async def switch(viewer: Viewer, provider: IntegrationProvider, enabled: bool) -> SwitchResult:
    """Switch the integration on or off; its keys stay. Raises Refused(FORBIDDEN) to all but Super Admins."""
    require(viewer, Act.SWITCH)

    async def act(unit: UnitOfWork) -> SwitchResult:
        integration = await visible(viewer, Integration).select_for_update().get(provider=provider)
        if integration.enabled is not enabled:
            integration.enabled = enabled
            integration.enabled_at = unit.at if enabled else None
            integration.enabled_by_id = viewer.user_id if enabled else None
            await integration.save()
            unit.audit(
                AuditAct.INTEGRATION_ENABLED if enabled else AuditAct.INTEGRATION_DISABLED,
                integration.id,
                provider=provider.value,
            )
            unit.record_integration(integration.id)
        return SwitchResult(integration)

    return await units.commit(viewer, act)


async def prefer(viewer: Viewer, provider: IntegrationProvider) -> SwitchResult:
    """Let the Schedule buttons open this scheduler while it is on. Raises Refused(FORBIDDEN): Super Admins only."""
    require(viewer, Act.SWITCH)

    async def act(unit: UnitOfWork) -> SwitchResult:
        integrations = await visible(viewer, Integration).order_by("id").select_for_update()
        for integration in integrations:
            is_preferred = integration.provider is provider
            if integration.preferred is not is_preferred:
                integration.preferred = is_preferred
                await integration.save(update_fields=["preferred"])
                unit.record_integration(integration.id)
                if is_preferred:
                    unit.audit(AuditAct.INTEGRATION_PREFERRED, integration.id, provider=provider.value)
        return SwitchResult(next(each for each in integrations if each.provider is provider))

    return await units.commit(viewer, act)


async def generate_key(viewer: Viewer, provider: IntegrationProvider, grace_hours: int) -> GeneratedKey:
    """Make a key; older ones go on working for so many hours. Raises Refused(FORBIDDEN) to all but Super Admins."""
    require(viewer, Act.SWITCH)
    if not 0 <= grace_hours <= MAX_GRACE_HOURS:
        message = f"`graceHours` must be between 0 and {MAX_GRACE_HOURS}."
        return GeneratedKey(errors=[error(ErrorCode.INVALID, message, ("graceHours",))])
    new_key = keys.make()

    async def act(unit: UnitOfWork) -> GeneratedKey:
        integration = await visible(viewer, Integration).select_for_update().get(provider=provider)
        await _expire_older(viewer, integration, unit, timedelta(hours=grace_hours))
        key = await ApiKey.create(
            account_id=viewer.account_id,
            integration_id=integration.id,
            public_prefix=new_key.prefix,
            digest=new_key.digest,
            created_by_id=viewer.user_id,
        )
        unit.audit(AuditAct.API_KEY_GENERATED, key.id, prefix=key.public_prefix, grace=f"{grace_hours} h")
        unit.record_integration(integration.id)
        return GeneratedKey(key, new_key.secret)

    return await units.commit(viewer, act)


async def _expire_older(viewer: Viewer, integration: Integration, unit: UnitOfWork, grace: timedelta) -> None:
    """Let the newest live key end after the grace, and any older one now: at most two are live."""
    ends_at = unit.at + grace
    live = visible(viewer, ApiKey).filter(_live(), integration_id=integration.id).order_by("-id")
    for place, key in enumerate(await live):
        ends = ends_at if place == 0 else unit.at
        key.expires_at = min(ends, key.expires_at or ends)
        await key.save(update_fields=["expires_at"])


async def revoke_key(viewer: Viewer, id: str) -> RevokedKey:
    """End a key at once and for good; again is no error. Raises Refused(FORBIDDEN) to all but Super Admins."""
    require(viewer, Act.SWITCH)

    async def act(unit: UnitOfWork) -> RevokedKey:
        key = await visible(viewer, ApiKey).select_for_update().get_or_none(id=id)
        if key is None:
            return RevokedKey(errors=[error(ErrorCode.NOT_FOUND, "No such key.", ("id",))])
        if key.revoked_at is None:
            key.revoked_at = unit.at
            await key.save(update_fields=["revoked_at"])
            unit.audit(AuditAct.API_KEY_REVOKED, key.id, prefix=key.public_prefix)
            unit.record_integration(key.integration_id)
        return RevokedKey(key)

    return await units.commit(viewer, act)


async def keys_of(viewer: Viewer, integrations: Sequence[Integration]) -> list[list[ApiKey]]:
    """The keys of each that are not revoked, newest first. Raises Refused(FORBIDDEN) to all but those who may."""
    require(viewer, Act.SEE_KEYS)
    ids = [integration.id for integration in integrations]
    unrevoked = await visible(viewer, ApiKey).filter(integration_id__in=ids, revoked_at__isnull=True).order_by("-id")
    return group_by(unrevoked, "integration_id", ids)


async def ensure(account_id: str) -> None:
    """Create the rows that the account lacks: it has one for every entry of the catalogue."""
    rows = [Integration(account_id=account_id, provider=provider) for provider in CATALOGUE]
    await Integration.bulk_create(rows, ignore_conflicts=True)


async def ensure_everywhere() -> None:
    """Create the rows that any account lacks, after an upgrade that brought a provider."""
    for account in await unscoped(models.Account, "an upgrade serves every account").only("id"):
        await ensure(account.id)


def _live() -> Q:
    """Matches keys that let somebody in."""
    return Q(revoked_at__isnull=True) & (Q(expires_at__isnull=True) | Q(expires_at__gt=clock.now()))
