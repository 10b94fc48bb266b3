"""Who is asking: a user by their token, or an integration by its key. Nobody else gets further than the schema."""

import base64
import binascii
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from tortoise.expressions import Q

import clock
import models
import settings
from auth import keys
from auth.refusals import Code, Refused
from auth.tokens import InvalidToken, ProviderUnavailable, Verifier
from database.batching import Company
from database.compiled import Joined, read

_BEARER = re.compile(r"Bearer +(\S+) *", re.IGNORECASE)
_BASIC = re.compile(r"Basic +(\S+) *", re.IGNORECASE)
_LAST_USE_KEPT = timedelta(minutes=1)


@dataclass(frozen=True)
class Viewer:
    """A user or an integration, as the database had them when they were asked for."""

    account: models.Account
    user: models.User | None = None
    integration: models.Integration | None = None
    key: models.ApiKey | None = None
    #: When the credentials run out by themselves (UTC); None: not by themselves.
    expires_at: datetime | None = None

    @property
    def account_id(self) -> str:
        return self.account.id

    @property
    def actor(self) -> models.User | models.Integration:
        """The row behind the viewer."""
        actor = self.user or self.integration
        assert actor is not None, "a viewer is a user or an integration"
        return actor

    @property
    def actor_id(self) -> str:
        """The global id that the log keeps of who did something."""
        return self.actor.id

    @property
    def user_id(self) -> str | None:
        return self.user.id if self.user else None

    @property
    def role(self) -> models.Role | None:
        """The user's role; None for an integration, which has none."""
        return self.user.role if self.user else None


async def authenticate(authorization: str | None) -> Viewer:
    """The viewer whose `Authorization` value this is: `Bearer <JWT or key>`, or `Basic <key:>`.

    Raises Refused: UNAUTHENTICATED, INTEGRATION_DISABLED, or SERVICE_UNAVAILABLE where the identity provider is away.
    """
    credential = _credential(authorization or "")
    if credential.startswith(keys.BEGINNING):
        return await _by_key(credential)
    return await _by_token(credential)


async def renewed(viewer: Viewer) -> Viewer:
    """The same viewer as of now, for whoever stays connected. Raises Refused where they would no longer get in.

    All who ask at the time are renewed at once.
    """
    now = await _renewing.answer("viewers", viewer, _renewed_each, key=viewer)
    if isinstance(now, Refused):
        raise now
    return now


async def _renewed_each(viewers: list[Viewer]) -> list[Viewer | Refused]:
    return list((await renewed_all(viewers)).values())


async def renewed_all(viewers: Collection[Viewer]) -> dict[Viewer, Viewer | Refused]:
    """Each viewer as of now, or why they would no longer get in: the same one where nothing has changed.

    Two statements, however many viewers.
    """
    user_ids = [viewer.user.id for viewer in viewers if viewer.user is not None]
    key_ids = [viewer.key.id for viewer in viewers if viewer.key is not None]
    found: dict[str, models.User | models.ApiKey] = {user.id: user for user in await _users(id__in=user_ids)}
    found |= {key.id: key for key in await _keys(id__in=key_ids)}
    return {viewer: _as_of_now(viewer, found) for viewer in viewers}


def _as_of_now(viewer: Viewer, found: dict[str, models.User | models.ApiKey]) -> Viewer | Refused:
    try:
        if viewer.user is not None and viewer.expires_at is not None and viewer.expires_at <= clock.now():
            raise _unauthenticated("The token has expired: sign in again.")
        row = found.get(viewer.key.id if viewer.key is not None else viewer.user_id or "")
        now = _holder(row) if isinstance(row, models.ApiKey) else _active(row, viewer.expires_at)
        return viewer if _said(viewer) == _said(now) else now
    except Refused as refused:
        return refused


def _said(viewer: Viewer) -> list[dict[str, Any]]:
    """All that the rows of a viewer say."""
    rows = (viewer.account, viewer.user, viewer.integration, viewer.key)
    return [row.__dict__ for row in rows if row is not None]


@cache
def verifier() -> Verifier:
    """What checks users' tokens, as the settings have it."""
    its = settings.current()
    return Verifier(
        secret=its.jwt_secret.get_secret_value() if its.jwt_secret else None,
        jwks_url=its.jwks_url,
        issuer=its.jwt_issuer,
        audience=its.jwt_audience,
    )


async def _by_token(token: str) -> Viewer:
    try:
        claims = await verifier().verify(token)
    except InvalidToken:
        raise _unauthenticated() from None
    except ProviderUnavailable:
        raise Refused(Code.SERVICE_UNAVAILABLE, "The identity provider can't be reached: try again.") from None
    named = {"account__slug": claims.account, "email": claims.email.lower()}
    user = next(iter(await _named_users.shared(tuple(named.values()), lambda: _users(**named))), None)
    return _active(user, claims.expires_at)


async def _by_key(secret: str) -> Viewer:
    if not keys.well_formed(secret):
        raise _unauthenticated()
    digest = keys.digest(secret)
    key = next(iter(await _digested_keys.shared(digest, lambda: _keys(digest=digest))), None)
    if key is None or not keys.same(key.digest, digest):
        raise _unauthenticated()
    viewer = _holder(key)
    await _note_use(key)
    return viewer


_ACCOUNT = Joined("account", models.Account, "account.id = base.account_id", ("base", "account"))
_INTEGRATION = Joined(
    "integration", models.Integration, "integration.id = base.integration_id", ("base", "integration")
)


async def _users(**named: Any) -> list[models.User]:
    """The users of that description, each with their account. One statement, none for an empty list."""
    found = await read(models.User.filter, (), named, _ACCOUNT) if all(named.values()) else []
    return [user for user, _ in found]


async def _keys(**named: Any) -> list[models.ApiKey]:
    """The keys of that description, each with its integration and account. Likewise."""
    found = await read(models.ApiKey.filter, (), named, _INTEGRATION, _ACCOUNT) if all(named.values()) else []
    return [key for key, *_ in found]


# A user's console, or a scheduler at work, asks many things at a time: who they are is then read once.
_named_users, _digested_keys, _renewing = Company(), Company(), Company()


def _holder(key: models.ApiKey) -> Viewer:
    if key.revoked_at is not None or (key.expires_at is not None and key.expires_at <= clock.now()):
        raise _unauthenticated()
    if not key.integration.enabled:
        raise Refused(Code.INTEGRATION_DISABLED, "The integration is switched off: a Super Admin can switch it on.")
    return Viewer(account=key.account, integration=key.integration, key=key, expires_at=key.expires_at)


async def _note_use(key: models.ApiKey) -> None:
    """Keep `lastUsedAt`, at most once a minute: the check of a key itself writes nothing."""
    now = clock.now()
    if key.last_used_at and now - key.last_used_at < _LAST_USE_KEPT:
        return
    # Of requests side by side one writes: the others find it written.
    due = Q(last_used_at__isnull=True) | Q(last_used_at__lte=now - _LAST_USE_KEPT)
    await models.ApiKey.filter(due, id=key.id).update(last_used_at=now)


def _active(user: models.User | None, expires_at: datetime | None) -> Viewer:
    if user is None or user.deactivated_at:
        raise _unauthenticated()
    return Viewer(account=user.account, user=user, expires_at=expires_at)


def _credential(authorization: str) -> str:
    if bearer := _BEARER.fullmatch(authorization):
        return bearer[1]
    if basic := _BASIC.fullmatch(authorization):
        try:
            name, colon, password = base64.b64decode(basic[1], validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            raise _unauthenticated() from None
        if colon and not password and name.startswith(keys.BEGINNING):
            return name
    raise _unauthenticated()


def _unauthenticated(
    message: str = "Sign in: send `Authorization: Bearer` with a valid token or API key.",
) -> Refused:
    return Refused(Code.UNAUTHENTICATED, message)
