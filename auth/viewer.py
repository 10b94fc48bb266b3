"""Who is asking: a user by their token, or an integration by its key. Nobody else gets further than the schema."""

import base64
import binascii
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from tortoise.expressions import Q
from tortoise.queryset import QuerySet

import clock
import models
import settings
from auth import keys
from auth.claims import ClaimNames, InvalidToken
from auth.provider_keys import ProviderUnavailable
from auth.refusals import Code, Reason, Refused
from auth.tokens import Verifier
from database import Bind, Coalescer, Join, Query, fetch, in_

_BEARER = re.compile(r"Bearer +(\S+) *", re.IGNORECASE)
_BASIC = re.compile(r"Basic +(\S+) *", re.IGNORECASE)
_LAST_USE_KEPT = timedelta(minutes=1)


@dataclass(frozen=True)
class Scope:
    """All that decides which rows a viewer sees. In a compiled statement the two ids are bound at each run."""

    #: None for an integration, which has no role.
    role: models.Role | None
    account_id: str | Bind
    #: Of the user or the integration.
    viewer_id: str | Bind
    #: Whether the user is a candidate too, who sees nothing of what is about themselves.
    is_candidate: bool = False


@dataclass(frozen=True)
class Viewer:
    """A user or an integration, as the database had them when they were read."""

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

    @property
    def is_candidate(self) -> bool:
        """Whether the user is a candidate of the account too, by any of the candidate's emails."""
        return self.user is not None and bool(self.user.candidacies)

    @property
    def scope(self) -> Scope:
        return Scope(self.role, self.account_id, self.actor_id, self.is_candidate)


async def authenticate(authorization: str | None) -> Viewer:
    """The viewer whose `Authorization` value this is: `Bearer <JWT or key>`, or `Basic <key:>`.

    Raises Refused: UNAUTHENTICATED, INTEGRATION_DISABLED, or SERVICE_UNAVAILABLE where the identity provider is away.
    """
    credential = _credential(authorization or "")
    if credential.startswith(keys.BEGINNING):
        return await _by_key(credential)
    return await _by_token(credential)


async def renew(viewer: Viewer) -> Viewer:
    """The same viewer as of now, for whoever stays connected. Raises Refused where they would no longer get in.

    All who ask at the same time are renewed by the same two statements.
    """
    outcome = await _COALESCER.load("viewers", viewer, _renew_list)
    if isinstance(outcome, Refused):
        raise outcome
    return outcome


async def _renew_list(viewers: list[Viewer]) -> list[Viewer | Refused]:
    return list((await renew_all(viewers)).values())


async def renew_all(viewers: Collection[Viewer]) -> dict[Viewer, Viewer | Refused]:
    """Each viewer as of now, or why they would no longer get in: the same object where nothing has changed.

    Two statements, however many viewers.
    """
    user_ids = [viewer.user.id for viewer in viewers if viewer.user is not None]
    key_ids = [viewer.key.id for viewer in viewers if viewer.key is not None]
    users = await fetch(Query(_users_by_id, ids=user_ids), _ACCOUNT, _CANDIDACIES) if user_ids else []
    keys_ = await fetch(Query(_keys_by_id, ids=key_ids), _INTEGRATION, _ACCOUNT) if key_ids else []
    rows: dict[str, models.User | models.ApiKey] = {user.id: user for user in users}
    rows |= {key.id: key for key in keys_}
    return {viewer: _as_of_now(viewer, rows) for viewer in viewers}


def _as_of_now(viewer: Viewer, rows: dict[str, models.User | models.ApiKey]) -> Viewer | Refused:
    try:
        if viewer.user is not None and viewer.expires_at is not None and viewer.expires_at <= clock.now():
            raise _unauthenticated("The token has expired: sign in again.").because(Reason.EXPIRED)
        row = rows.get(viewer.key.id if viewer.key is not None else viewer.user_id or "")
        now = _viewer_of_key(row) if isinstance(row, models.ApiKey) else _viewer_of_user(row, viewer.expires_at)
        return viewer if _contents(viewer) == _contents(now) else now
    except Refused as refusal:
        return refusal


def _contents(viewer: Viewer) -> list[dict[str, object]]:
    """All that the rows of a viewer hold."""
    rows = (viewer.account, viewer.user, viewer.integration, viewer.key)
    return [row.__dict__ for row in rows if row is not None]


@cache
def verifier() -> Verifier:
    """What checks users' tokens, by the settings of the process."""
    current = settings.current()
    return new_verifier(current, current.issuers)


def new_verifier(current: settings.Settings, issuers: Mapping[str | None, str | None]) -> Verifier:
    """What checks tokens by these settings, with the keys of these issuers."""
    if current.jwt_secret is not None:
        # Whoever has the secret names the claims as we do.
        secret = current.jwt_secret.get_secret_value()
        return Verifier(secret=secret, issuers=issuers, audiences=current.audiences)
    names = ClaimNames(
        current.jwt_email_claim, current.jwt_account_claim, current.jwt_account, current.accounts_by_claim
    )
    return Verifier(issuers=issuers, audiences=current.audiences, names=names)


async def _by_token(token: str) -> Viewer:
    try:
        claims = await verifier().verify(token)
    except InvalidToken as invalid:
        raise _unauthenticated().because(invalid.reason, **invalid.details) from None
    except ProviderUnavailable:
        message = "The identity provider can't be reached: try again."
        raise Refused(Code.SERVICE_UNAVAILABLE, message).because(Reason.PROVIDER_UNAVAILABLE) from None
    slug, email = claims.account, models.email_key(claims.email)
    query = Query(_users_by_email, slug=slug, email=email)
    users = await _COALESCER.once(("user", slug, email), lambda: fetch(query, _ACCOUNT, _CANDIDACIES))
    return _viewer_of_user(next(iter(users), None), claims.expires_at)


async def _by_key(secret: str) -> Viewer:
    if not keys.well_formed(secret):
        raise _unauthenticated().because(Reason.UNKNOWN_API_KEY)
    digest = keys.digest(secret)
    query = Query(_keys_by_digest, digest=digest)
    rows = await _COALESCER.once(("key", digest), lambda: fetch(query, _INTEGRATION, _ACCOUNT))
    key = next(iter(rows), None)
    if key is None or not keys.same(key.digest, digest):
        raise _unauthenticated().because(Reason.UNKNOWN_API_KEY)
    viewer = _viewer_of_key(key)
    await _note_use(key)
    return viewer


_ACCOUNT = Join.target("account", models.Account)
_CANDIDACIES = Join(
    "candidacies",
    models.CandidateEmail,
    '"candidacies".account_id = "base".account_id AND "candidacies".email = "base".email',
    is_collection=True,
    attributes=frozenset({"id"}),
)
_INTEGRATION = Join.target("integration", models.Integration)


def _users_by_email(slug: Bind, email: Bind) -> QuerySet[models.User]:
    return models.User.filter(account__slug=slug, email=email)


def _users_by_id(ids: Bind) -> QuerySet[models.User]:
    return models.User.filter(in_("id", ids))


def _keys_by_digest(digest: Bind) -> QuerySet[models.ApiKey]:
    return models.ApiKey.filter(digest=digest)


def _keys_by_id(ids: Bind) -> QuerySet[models.ApiKey]:
    return models.ApiKey.filter(in_("id", ids))


# A user's console, or a scheduler at work, asks many things at a time: who they are is then read once.
_COALESCER = Coalescer()


def _viewer_of_key(key: models.ApiKey) -> Viewer:
    if key.revoked_at is not None:
        raise _unauthenticated().because(Reason.REVOKED_API_KEY, key=key.id)
    if key.expires_at is not None and key.expires_at <= clock.now():
        raise _unauthenticated().because(Reason.EXPIRED_API_KEY, key=key.id)
    if not key.integration.enabled:
        message = "The integration is switched off: a Super Admin can switch it on."
        raise Refused(Code.INTEGRATION_DISABLED, message).because(Reason.INTEGRATION_OFF, key=key.id)
    return Viewer(account=key.account, integration=key.integration, key=key, expires_at=key.expires_at)


async def _note_use(key: models.ApiKey) -> None:
    """Keep `lastUsedAt`, at most once a minute: the check of a key itself writes nothing."""
    now = clock.now()
    if key.last_used_at and now - key.last_used_at < _LAST_USE_KEPT:
        return
    # Of concurrent requests one writes: the others find it written.
    due = Q(last_used_at__isnull=True) | Q(last_used_at__lte=now - _LAST_USE_KEPT)
    await models.ApiKey.filter(due, id=key.id).update(last_used_at=now)


def _viewer_of_user(user: models.User | None, expires_at: datetime | None) -> Viewer:
    if user is None:
        raise _unauthenticated().because(Reason.UNKNOWN_USER)
    if user.deactivated_at:
        raise _unauthenticated().because(Reason.DEACTIVATED_USER, user=user.id)
    return Viewer(account=user.account, user=user, expires_at=expires_at)


def _credential(authorization: str) -> str:
    if bearer := _BEARER.fullmatch(authorization):
        return bearer[1]
    if basic := _BASIC.fullmatch(authorization):
        try:
            name, colon, password = base64.b64decode(basic[1], validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            raise _unauthenticated().because(Reason.MALFORMED) from None
        if colon and not password and name.startswith(keys.BEGINNING):
            return name
    raise _unauthenticated().because(Reason.MALFORMED)


def _unauthenticated(
    message: str = "Sign in: send `Authorization: Bearer` with a valid token or API key.",
) -> Refused:
    return Refused(Code.UNAUTHENTICATED, message)
