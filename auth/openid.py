"""Signing in at an identity provider: OpenID Connect's authorization code flow with PKCE, and renewal.

OpenID Connect Core 1.0 (3.1, 12), RFC 7636 (PKCE, S256 only), RFC 9207 (`iss` in answers), RFC 7009 (revocation), and
RP-Initiated Logout 1.0, without `id_token_hint`: no token ever stands in an address.
"""

import asyncio
import base64
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from urllib.parse import parse_qsl, quote_plus, urlencode

import httpx

import clock
import settings
from auth import viewer
from auth.claims import Claims, InvalidToken
from auth.discovery import FETCH_SECONDS, Metadata, UnusableProvider, discover, http_client
from auth.provider_keys import ProviderUnavailable

_KEPT = timedelta(minutes=10)
_REMEMBERED_SECONDS = 60


class SignInFailed(Exception):
    """Raised where the provider, or what comes from it, signs nobody in; the text is for the log."""


@dataclass(frozen=True)
class SignInAttempt:
    """What a browser keeps from the way to the provider to the way back."""

    state: str
    nonce: str
    #: PKCE's, which only the browser that began can show.
    code_verifier: str
    #: Where on the console the person wanted to go.
    destination: str


@dataclass(frozen=True)
class SignedIn:
    """What the provider gives for a sign-in: the token for the API, and with what it is renewed where it can be."""

    token: str
    refresh_token: str | None


@dataclass(frozen=True)
class _Tokens:
    """An answer of the token endpoint."""

    id_token: str
    access_token: str | None
    refresh_token: str | None


class OpenIdClient:
    """Callboard as a client of the identity provider that people sign in at."""

    def __init__(self, issuer: str, current: settings.Settings) -> None:
        self.issuer = issuer
        self._client_id = current.oidc_client_id or ""
        self._secret = current.oidc_client_secret.get_secret_value() if current.oidc_client_secret else None
        self._scope = current.oidc_scope
        self._parameters = current.oidc_parameters or ""
        self._home = current.public_url.rstrip("/")
        self._metadata: Metadata | None = None
        self._fetched = datetime.min.replace(tzinfo=UTC)
        #: Renewals under way and just done, by the digests of what they were asked with.
        self._renewals: dict[bytes, asyncio.Task[SignedIn]] = {}

    @property
    def redirect_uri(self) -> str:
        """Where the provider sends people back to: to be registered there."""
        return f"{self._home}/auth/callback"

    async def begin(self, destination: str) -> tuple[str, SignInAttempt]:
        """The address at the provider to send somebody to, and what their browser is to keep meanwhile.

        Raises SignInFailed.
        """
        state, nonce, code_verifier = (secrets.token_urlsafe(32) for _ in range(3))
        attempt = SignInAttempt(state, nonce, code_verifier, destination)
        metadata = await self._discover()
        challenge = base64.urlsafe_b64encode(sha256(code_verifier.encode()).digest()).decode().rstrip("=")
        parameters = {
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": self.redirect_uri,
            "scope": self._scope or _default_scope(metadata),
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        return _with_query(metadata.authorization_endpoint, dict(parse_qsl(self._parameters)) | parameters), attempt

    async def finish(self, attempt: SignInAttempt, code: str) -> SignedIn:
        """What the provider gives for the code that somebody came back with. Raises SignInFailed."""
        answer = await self._ask_for_tokens(
            grant_type="authorization_code",
            code=code,
            redirect_uri=self.redirect_uri,
            code_verifier=attempt.code_verifier,
        )
        payload = await self._check_id_token(answer.id_token)
        if payload.get("nonce") != attempt.nonce:
            raise SignInFailed("the ID token has another nonce")
        return await self._signed_in(answer)

    async def renew(self, signed_in: SignedIn) -> SignedIn:
        """The sign-in with a new ID token. Raises SignInFailed where it is over, ProviderUnavailable.

        Tabs that ask at once, or again because an answer was lost, get one answer: a refresh token may be good only
        once, and using it twice may end the session.
        """
        if signed_in.refresh_token is None:
            raise SignInFailed("the provider gave no refresh token")
        digest = sha256(signed_in.refresh_token.encode()).digest()
        if digest not in self._renewals:
            self._renewals[digest] = asyncio.create_task(self._renew(signed_in.refresh_token))
            asyncio.get_running_loop().call_later(_REMEMBERED_SECONDS, self._renewals.pop, digest, None)
        renewal = self._renewals[digest]
        try:
            return await asyncio.shield(renewal)
        except ProviderUnavailable:
            if self._renewals.get(digest) is renewal:
                del self._renewals[digest]
            raise

    async def _renew(self, refresh_token: str) -> SignedIn:
        answer = await self._ask_for_tokens(grant_type="refresh_token", refresh_token=refresh_token)
        await self._check_id_token(answer.id_token)
        signed_in = await self._signed_in(answer)
        return SignedIn(signed_in.token, signed_in.refresh_token or refresh_token)

    async def _signed_in(self, answer: _Tokens) -> SignedIn:
        """The ID token names the user, or else the access token does.

        OpenID Connect Core 5.4 lets a provider leave the email out of the ID token where there is an access token.
        """
        try:
            await viewer.verifier().verify(answer.id_token)
        except InvalidToken as invalid:
            try:
                await viewer.verifier().verify(answer.access_token or "")
            except InvalidToken as other:
                raise SignInFailed(f"the ID token: {invalid.reason}; the access token: {other.reason}") from None
            return SignedIn(answer.access_token or "", answer.refresh_token)
        return SignedIn(answer.id_token, answer.refresh_token)

    async def revoke(self, signed_in: SignedIn) -> None:
        """Tell the provider that the sign-in is not renewed any more, where it wants to know."""
        try:
            metadata = await self._discover()
            if signed_in.refresh_token is not None and metadata.revocation_endpoint is not None:
                form = {"token": signed_in.refresh_token, "token_type_hint": "refresh_token"}
                await self._post(metadata, metadata.revocation_endpoint, form)
        except (ProviderUnavailable, SignInFailed):
            return  # whoever signs out here is signed out here

    async def sign_out_address(self) -> str | None:
        """Where somebody signs out of the provider too; None: it has no such place."""
        try:
            metadata = await self._discover()
        except ProviderUnavailable:
            return None
        if metadata.end_session_endpoint is None:
            return None
        parameters = {"client_id": self._client_id, "post_logout_redirect_uri": f"{self._home}/"}
        return _with_query(metadata.end_session_endpoint, parameters)

    async def _discover(self) -> Metadata:
        if self._metadata is None or clock.now() - self._fetched >= _KEPT:
            try:
                self._metadata = await discover(self.issuer)
            except UnusableProvider:
                if self._metadata is None:
                    raise ProviderUnavailable from None
            self._fetched = clock.now()
        return self._metadata

    async def _ask_for_tokens(self, **form: str) -> _Tokens:
        metadata = await self._discover()
        answer = await self._post(metadata, metadata.token_endpoint or "", form)
        try:
            body = answer.json()
            tokens = [body.get(name) for name in ("id_token", "access_token", "refresh_token")]
        except (ValueError, AttributeError):
            raise SignInFailed("the provider's answer is not JSON") from None
        if not isinstance(tokens[0], str) or not all(isinstance(token, str | None) for token in tokens):
            raise SignInFailed("the provider's answer has no ID token")
        return _Tokens(*tokens)

    async def _post(self, metadata: Metadata, url: str, form: dict[str, str]) -> httpx.Response:
        """What the provider answers to a form, as this client."""
        credentials: httpx.Auth = httpx.Auth()
        if self._secret is None:
            form |= {"client_id": self._client_id}
        elif "client_secret_basic" in metadata.token_endpoint_auth_methods_supported:
            credentials = httpx.BasicAuth(quote_plus(self._client_id), quote_plus(self._secret))  # RFC 6749, 2.3.1
        else:
            form |= {"client_id": self._client_id, "client_secret": self._secret}
        try:
            async with asyncio.timeout(FETCH_SECONDS), http_client(url) as client:
                answer = await client.post(url, data=form, auth=credentials, headers={"accept": "application/json"})
        except (httpx.HTTPError, httpx.InvalidURL, OSError):
            raise ProviderUnavailable from None
        if answer.status_code >= 500 or answer.status_code == 429:
            raise ProviderUnavailable
        if not answer.is_success:
            raise SignInFailed(f"the provider answers {answer.status_code}{_error_code(answer)}")
        return answer

    async def _check_id_token(self, id_token: str) -> Mapping[str, object]:
        """What an ID token says that is of this issuer and for this client: OpenID Connect Core 3.1.3.7."""
        try:
            payload = await viewer.verifier().payload(id_token)
        except InvalidToken as invalid:
            raise SignInFailed(f"the ID token is refused: {invalid.reason}") from None
        audience, party = payload.get("aud"), payload.get("azp", self._client_id)
        audiences = audience if isinstance(audience, list) else [audience]
        if payload.get("iss") != self.issuer or self._client_id not in audiences or party != self._client_id:
            raise SignInFailed("the ID token is not for this client")
        return payload


def seconds_until_renewal(signed_in: SignedIn, claims: Claims) -> float | None:
    """How long the token is still handed out; None: to its end, since it can't be renewed.

    A fifth of its life before the end, and a minute at most.
    """
    if signed_in.refresh_token is None:
        return None
    issued, expires = claims.payload.get("iat"), claims.payload.get("exp")
    assert isinstance(expires, int | float), "a good token has one"
    left = expires - clock.now().timestamp()
    life = expires - issued if isinstance(issued, int | float) else left
    return max(0.0, left - min(60.0, life / 5))


def _default_scope(metadata: Metadata) -> str:
    """OpenID Connect Core 11 has `offline_access` for refresh tokens; who does not know it may refuse it."""
    return "openid email profile" + (" offline_access" if "offline_access" in metadata.scopes_supported else "")


def _error_code(answer: httpx.Response) -> str:
    """The error's code by RFC 6749, 5.2, of which there are few."""
    try:
        code = answer.json()["error"]
    except (ValueError, KeyError, TypeError):
        return ""
    return f" {code}" if isinstance(code, str) and code.isidentifier() and len(code) < 50 else ""


def _with_query(endpoint: str | None, parameters: dict[str, str]) -> str:
    """RFC 6749, 3.1: an endpoint may have a query of its own."""
    if endpoint is None:
        raise SignInFailed("the provider's discovery document has no authorization_endpoint")
    return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(parameters)}"
