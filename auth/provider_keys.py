"""The public keys of an identity provider: fetched, kept and renewed, and under which algorithms each is good."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
from jwt.algorithms import get_default_algorithms

import clock
from auth import discovery

_KEPT = timedelta(minutes=10)
_PAUSE = timedelta(seconds=3)
_BRIEFLY_SECONDS = 0.25

_RSA = frozenset({f"{family}{bits}" for family in ("RS", "PS") for bits in (256, 384, 512)})
#: RFC 9864 calls `Ed25519` what was a case of `EdDSA`: the same key signs the same under both names.
_ED = frozenset({"EdDSA", "Ed25519"})
#: Under which algorithms a key is good that does not say so itself, by its type and curve.
_BY_KIND: dict[tuple[Any, Any], frozenset[str]] = {
    ("RSA", None): _RSA,
    ("EC", "P-256"): frozenset({"ES256"}),
    ("EC", "P-384"): frozenset({"ES384"}),
    ("EC", "P-521"): frozenset({"ES512"}),
    ("OKP", "Ed25519"): _ED,
}
ALGORITHMS = frozenset().union(*_BY_KIND.values())

_log = logging.getLogger("callboard.provider")


class ProviderUnavailable(Exception):
    """No key of the identity provider could be fetched yet, so no token can be checked. Safe to try again."""


class UnknownKey(Exception):
    """The identity provider has no key of that id."""


@dataclass(frozen=True, eq=False)
class PublicKey:
    """A key of a provider, and the algorithms under which what it signs is good."""

    key: Any
    algorithms: frozenset[str]


class ProviderKeys:
    """The keys of one identity provider, from its JWKS, or where that is None from what its issuer's discovery names.

    An id that is unknown is looked for at once, three seconds after the last look at the earliest; whoever comes
    meanwhile waits for that look. So nobody's made-up ids use up what others need, nor trouble the provider.

    While the provider is down the known keys stay good: signing people in by yesterday's keys is better than not at
    all. While it hangs, whoever has a known key waits only briefly.
    """

    def __init__(self, issuer: str | None, jwks_url: str | None) -> None:
        self._issuer = issuer
        self._jwks_url = jwks_url
        self._keys: dict[str, PublicKey] = {}
        self._fetched: datetime | None = None
        self._fetching: asyncio.Task[None] | None = None
        self._tried = datetime.min.replace(tzinfo=UTC)
        self._failed = False

    async def key(self, kid: str) -> PublicKey:
        """The key of that id. Raises UnknownKey, and ProviderUnavailable while none is known."""
        if kid not in self._keys:
            await self._refresh(None)
        elif self._fetched is None or clock.now() - self._fetched >= _KEPT:
            await self._refresh(_BRIEFLY_SECONDS)
        if not self._keys:
            raise ProviderUnavailable
        if kid not in self._keys:
            raise UnknownKey
        return self._keys[kid]

    async def _refresh(self, within: float | None) -> None:
        """Fetch the keys in a task that all callers share, so that one who leaves does not cancel it for the others.

        Returns after so many seconds, or for None at its end. Does nothing within the pause after a fetch that failed.
        """
        if self._fetching is None or self._fetching.done():
            pause = max(timedelta(), self._tried + _PAUSE - clock.now()) if self._fetching else timedelta()
            if pause and (self._failed or within is not None):
                return
            self._fetching = asyncio.create_task(self._fetch(pause.total_seconds()))
        await asyncio.wait({self._fetching}, timeout=within)

    async def _fetch(self, pause: float) -> None:
        await asyncio.sleep(pause)
        self._tried = clock.now()
        try:
            async with asyncio.timeout(discovery.FETCH_SECONDS):
                url = self._jwks_url or (await discovery.discover(self._issuer or "")).jwks_uri
                keys = _usable(await discovery.get_json(url))
        except Exception as fault:  # whatever a provider may answer, the keys known stay
            self._failed = True
            reason = str(fault) if isinstance(fault, discovery.UnusableProvider) else type(fault).__name__
            _log.warning("The identity provider's keys can't be fetched: %s", reason)
        else:
            self._keys, self._fetched, self._failed = keys, clock.now(), False


def _usable(document: Any) -> dict[str, PublicKey]:
    """The keys of a JWK set that sign by an algorithm of ours, by their ids. Raises where there is none."""
    keys = {jwk["kid"]: key for jwk in document["keys"] if (key := _public_key(jwk)) is not None}
    if not keys:
        raise discovery.UnusableProvider("its JWKS has no usable key")
    return keys


def _public_key(jwk: Any) -> PublicKey | None:
    """A key of a set, or None for one that is not for us: of another use or kind, or without an id."""
    if not isinstance(jwk, Mapping) or not isinstance(jwk.get("kid"), str) or jwk.get("use", "sig") != "sig":
        return None
    algorithms = _BY_KIND.get((jwk.get("kty"), jwk.get("crv")), frozenset()) if _is_plain(jwk) else frozenset()
    alg = jwk.get("alg")
    if alg is not None:
        # RFC 7517, 4.4: that algorithm and no other.
        algorithms = algorithms & (_ED if alg in _ED else {alg})
    if not algorithms:
        return None
    implementation = "EdDSA" if algorithms <= _ED else min(algorithms)
    try:
        return PublicKey(get_default_algorithms()[implementation].from_jwk(dict(jwk)), algorithms)
    except (jwt.PyJWTError, TypeError, ValueError):
        return None


def _is_plain(jwk: Mapping[str, object]) -> bool:
    """Whether what the key says of itself are texts. A private key has no business there, and is not used."""
    return all(isinstance(jwk.get(name, ""), str) for name in ("kty", "crv", "alg")) and "d" not in jwk
