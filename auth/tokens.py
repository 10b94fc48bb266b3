"""Users' tokens: JWTs that the identity provider signs, or for development a shared secret.

A token is good only under an algorithm and a key that we chose: its header merely picks among them.
"""

import asyncio
import base64
import json
import logging
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import httpx
import jwt

import clock

LEEWAY = timedelta(seconds=30)

_PUBLIC_KEY_ALGORITHMS = frozenset({"RS256", "ES256", "EdDSA"})
_KEPT = timedelta(minutes=10)
_PAUSE = timedelta(minutes=1)
_FETCH_SECONDS = 5
_BRIEFLY_SECONDS = 0.25
_MOST_BYTES = 262_144
_LONGEST_TOKEN = 8_192
_MOST_KNOWN = 10_000
_LONGEST_CLAIM = 500
_SHORTEST_SECRET = 32
_END_OF_TIME = datetime(9999, 1, 1, tzinfo=UTC).timestamp()

_log = logging.getLogger(__name__)


class InvalidToken(Exception):
    """The token is not good. Nobody outside learns why."""


class ProviderUnavailable(Exception):
    """No key of the identity provider could be fetched yet, so no token can be checked. Safe to try again."""


@dataclass(frozen=True)
class Claims:
    """The claims of a good token. `expires_at` is the first instant at which it is refused, leeway included."""

    email: str
    account: str
    expires_at: datetime


class Verifier:
    """Checks tokens by the shared `secret` (at least 32 bytes), or by the keys that the provider has at `jwks_url`."""

    def __init__(
        self,
        *,
        secret: str | None = None,
        jwks_url: str | None = None,
        issuer: str | None = None,
        audience: str | None = None,
    ) -> None:
        if (secret is None) == (jwks_url is None):
            raise ValueError("A verifier needs either the shared secret or the JWKS url.")
        self._shared = None if secret is None else _shared(secret)
        self._provider = None if jwks_url is None else _Provider(jwks_url)
        self._issuer = issuer
        self._audience = audience
        #: The payloads of good tokens, by the digests of their texts, with the keys that they were checked by.
        self._known: OrderedDict[bytes, tuple[jwt.PyJWK, Mapping[str, object]]] = OrderedDict()

    async def verify(self, token: str) -> Claims:
        """The claims of a good token. Raises `InvalidToken`, `ProviderUnavailable`."""
        try:
            if len(token) > _LONGEST_TOKEN:
                raise InvalidToken
            return _claims(await self._payload(token))
        except (jwt.PyJWTError, KeyError, RecursionError, TypeError, ValueError) as fault:
            raise InvalidToken from fault

    async def _payload(self, token: str) -> Mapping[str, object]:
        """The payload of the token, whose signature is checked only once by the same key: clients send it often."""
        digest = sha256(token.encode()).digest()
        if digest in self._known:
            key, payload = self._known[digest]
            if self._shared or key is await self._provider_key({"alg": key.algorithm_name, "kid": key.key_id}):
                return payload
        key = self._shared or await self._provider_key(jwt.get_unverified_header(token))
        payload = self._decode(token, key)
        self._known[digest] = key, payload
        if len(self._known) > _MOST_KNOWN:
            self._known.popitem(last=False)
        return payload

    async def _provider_key(self, header: Mapping[str, object]) -> jwt.PyJWK:
        assert self._provider is not None
        kid = header.get("kid")
        if header.get("alg") not in _PUBLIC_KEY_ALGORITHMS or not isinstance(kid, str):
            raise InvalidToken
        return await self._provider.key(kid)

    def _decode(self, token: str, key: jwt.PyJWK) -> Mapping[str, object]:
        """The payload of the token. Checks signature, issuer and audience, but no times: PyJWT knows no clock but the
        system's, so `_claims` compares them with ours.
        """
        return jwt.decode(
            token,
            key,
            algorithms=[key.algorithm_name],
            issuer=self._issuer,
            audience=self._audience,
            options={
                "enforce_minimum_key_length": True,
                "verify_aud": self._audience is not None,
                "verify_exp": False,
                "verify_nbf": False,
                "verify_iat": False,
            },
        )


def sign(secret: str, email: str, account: str, hours: float) -> str:
    """A token under the shared secret, good from now on for so many hours. Raises `ValueError` below 32 bytes."""
    if len(secret.encode()) < _SHORTEST_SECRET:
        raise ValueError(f"The shared secret needs at least {_SHORTEST_SECRET} bytes.")
    now = clock.now()
    claims = {"email": email, "account": account, "iat": now, "exp": now + timedelta(hours=hours)}
    return jwt.encode(claims, secret, algorithm="HS256")


def _shared(secret: str) -> jwt.PyJWK:
    key = base64.urlsafe_b64encode(secret.encode()).decode()
    return jwt.PyJWK({"kty": "oct", "k": key}, "HS256")


def _claims(payload: Mapping[str, object]) -> Claims:
    now = clock.now()
    claims = Claims(_text(payload["email"]), _text(payload["account"]), _instant(payload["exp"]) + LEEWAY)
    begins = [_instant(payload[name]) for name in ("nbf", "iat") if name in payload]
    if now >= claims.expires_at or any(now + LEEWAY < begin for begin in begins):
        raise InvalidToken
    # OpenID Connect Core 5.1. Anybody may sign up at a provider with an address that is not theirs.
    if payload.get("email_verified") in (False, "false"):
        raise InvalidToken
    return claims


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > _LONGEST_CLAIM or not value.isprintable():
        raise InvalidToken
    return value


def _instant(value: object) -> datetime:
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value < _END_OF_TIME:
        raise InvalidToken
    return datetime.fromtimestamp(value, UTC)


class _Provider:
    """The public keys of the identity provider, fetched at most once a minute however often they are asked for.

    While the provider is down the known keys stay good: signing people in by yesterday's keys is better than not at
    all. While it hangs, whoever has a known key waits only briefly.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._keys: dict[str, jwt.PyJWK] = {}
        self._fetched: datetime | None = None
        self._fetching: asyncio.Task[None] | None = None
        self._tried = datetime.min.replace(tzinfo=UTC)

    async def key(self, kid: str) -> jwt.PyJWK:
        """The key of that id. Raises `InvalidToken` for an unknown one, `ProviderUnavailable` while none is known."""
        if kid not in self._keys or self._fetched is None or clock.now() - self._fetched >= _KEPT:
            await self._refresh(_BRIEFLY_SECONDS if kid in self._keys else None)
        if not self._keys:
            raise ProviderUnavailable
        if kid not in self._keys:
            raise InvalidToken
        return self._keys[kid]

    async def _refresh(self, within: float | None) -> None:
        """Fetch the keys in a task that all callers share, so that one who leaves does not cancel it for the others.

        Returns after so many seconds, or for None at its end.
        """
        if self._fetching is None or (self._fetching.done() and clock.now() - self._tried >= _PAUSE):
            self._tried = clock.now()
            self._fetching = asyncio.create_task(self._fetch())
        await asyncio.wait({self._fetching}, timeout=within)

    async def _fetch(self) -> None:
        try:
            async with asyncio.timeout(_FETCH_SECONDS):
                keys = _usable(json.loads(await self._body()))
        except Exception as fault:  # whatever a provider may answer, the keys known stay
            _log.warning("The identity provider's keys can't be fetched: %s", type(fault).__name__)
        else:
            self._keys, self._fetched = keys, clock.now()

    async def _body(self) -> bytes:
        """Raw bytes, so that nothing compressed grows beyond the bound."""
        body = bytearray()
        async with (
            httpx.AsyncClient(timeout=_FETCH_SECONDS) as client,
            client.stream("GET", self._url, headers={"Accept-Encoding": "identity"}) as response,
        ):
            response.raise_for_status()
            async for piece in response.aiter_raw():
                body += piece
                if len(body) > _MOST_BYTES:
                    raise ValueError("too large")
        return bytes(body)


def _usable(document: dict[str, object]) -> dict[str, jwt.PyJWK]:
    keys = {
        key.key_id: key
        for key in jwt.PyJWKSet.from_dict(document)
        if key.key_id and key.public_key_use != "enc" and key.algorithm_name in _PUBLIC_KEY_ALGORITHMS
    }
    if not keys:
        raise ValueError("no usable key")
    return keys
