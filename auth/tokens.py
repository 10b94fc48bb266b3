"""Users' tokens: JWTs that an identity provider signs, or for development a shared secret.

A token is good only under an algorithm and a key that we chose: its header merely picks among them.
"""

import base64
import json
import logging
from collections import OrderedDict
from collections.abc import Collection, Mapping
from datetime import timedelta
from hashlib import sha256
from typing import Any

import jwt
from jwt.algorithms import OKPAlgorithm

import clock
from auth.claims import ClaimNames, Claims, InvalidToken, read_claims
from auth.provider_keys import ALGORITHMS, ProviderKeys, PublicKey, UnknownKey
from auth.refusals import Reason

#: What RFC 8725, 3.11 asks for: other kinds of JWT that the provider signs, such as for logouts, sign nobody in.
_TYPES = frozenset({"jwt", "at+jwt", "application/at+jwt"})
_LONGEST_TOKEN = 8_192
_LONGEST_DETAIL = 200
_MOST_KNOWN = 10_000
_SHORTEST_SECRET = 32
#: So many tokens, and ten times as many each time after, for others alone: then somebody should look.
_MISSED_AT_FIRST = 3

_log = logging.getLogger("callboard.sign_in")

_JWS = jwt.PyJWS()
if "Ed25519" not in _JWS.get_algorithms():
    _JWS.register_algorithm("Ed25519", OKPAlgorithm())


class Verifier:
    """Checks tokens by a shared `secret` (at least 32 bytes), or else by the keys of `issuers`.

    `issuers` has the address of each issuer's JWKS, or None where its discovery document names it. The one issuer None
    stands for all: then tokens may have any. Without `audiences` tokens may be for anybody.
    """

    def __init__(
        self,
        *,
        secret: str | None = None,
        issuers: Mapping[str | None, str | None] | None = None,
        audiences: Collection[str] = (),
        names: ClaimNames | None = None,
    ) -> None:
        if secret is None and not issuers:
            raise ValueError("A verifier needs the shared secret or issuers.")
        self._shared = None if secret is None else PublicKey(secret.encode(), frozenset({"HS256"}))
        self._issuers = _provider_keys(issuers or {})
        self._audiences = frozenset(audiences)
        self._names = names or ClaimNames()
        self._missed: int | None = 0
        #: The payloads of good tokens, by the digests of their texts, with the keys that they were checked by.
        self._known: OrderedDict[bytes, tuple[PublicKey, Mapping[str, object], Mapping[str, object]]] = OrderedDict()

    async def verify(self, token: str) -> Claims:
        """The claims of a good token. Raises InvalidToken, ProviderUnavailable."""
        return read_claims(await self.payload(token), self._names)

    async def payload(self, token: str) -> Mapping[str, object]:
        """What a token says whose signature, issuer and audience are good. Raises as `verify` does."""
        if len(token) > _LONGEST_TOKEN:
            raise InvalidToken(Reason.TOO_LONG)
        try:
            return await self._payload(token)
        except jwt.InvalidSignatureError:
            raise InvalidToken(Reason.BAD_SIGNATURE) from None
        except (jwt.PyJWTError, KeyError, RecursionError, TypeError, ValueError):
            raise InvalidToken(Reason.MALFORMED) from None

    async def _payload(self, token: str) -> Mapping[str, object]:
        """The payload of the token, whose signature is checked only once by the same key: clients send it often."""
        digest = sha256(token.encode()).digest()
        if digest in self._known:
            key, header, payload = self._known[digest]
            if key is await self._key(header, payload):
                return payload
        header, unverified = _unverified(token)
        key = await self._key(header, unverified)
        payload = _object(_JWS.decode(token, key.key, [str(header["alg"])], {"enforce_minimum_key_length": True}))
        self._check_audience(payload)
        self._known[digest] = key, header, payload
        if len(self._known) > _MOST_KNOWN:
            self._known.popitem(last=False)
        return payload

    async def _key(self, header: Mapping[str, object], payload: Mapping[str, object]) -> PublicKey:
        """The key that the token must be signed by: one of its own issuer. Raises InvalidToken."""
        alg, kid, typ = header.get("alg"), header.get("kid"), header.get("typ", "JWT")
        if not isinstance(typ, str) or typ.lower() not in _TYPES:
            raise InvalidToken(Reason.WRONG_TYPE, typ=_detail(typ))
        provider = self._provider_of(payload)
        key = self._shared
        if key is None:
            assert provider is not None, "a verifier without a secret has issuers"
            if alg not in ALGORITHMS or not isinstance(kid, str):
                raise InvalidToken(Reason.WRONG_ALGORITHM if alg not in ALGORITHMS else Reason.UNKNOWN_KEY)
            try:
                key = await provider.key(kid)
            except UnknownKey:
                raise InvalidToken(Reason.UNKNOWN_KEY, kid=_detail(kid)) from None
        if alg not in key.algorithms:
            raise InvalidToken(Reason.WRONG_ALGORITHM, alg=_detail(alg))
        return key

    def _provider_of(self, payload: Mapping[str, object]) -> ProviderKeys | None:
        """RFC 8725, 3.8: only keys of the issuer, which is compared character by character."""
        if not self._issuers or None in self._issuers:
            return self._issuers.get(None)
        issuer = payload.get("iss")
        if not isinstance(issuer, str) or issuer not in self._issuers:
            raise InvalidToken(Reason.WRONG_ISSUER, issuer=_detail(issuer))
        return self._issuers[issuer]

    def _check_audience(self, payload: Mapping[str, object]) -> None:
        if not self._audiences:
            return
        audience = payload.get("aud")
        values = [audience] if isinstance(audience, str) else audience
        if isinstance(values, list) and any(isinstance(value, str) and value in self._audiences for value in values):
            self._missed = None
            return
        self._notice_miss(_detail(audience))
        raise InvalidToken(Reason.WRONG_AUDIENCE, audience=_detail(audience))

    def _notice_miss(self, audience: str) -> None:
        """Where good signatures come with other audiences alone, it is the setting that is wrong."""
        if self._missed is None:
            return
        self._missed += 1
        if self._missed >= _MISSED_AT_FIRST and str(self._missed).strip("0") == str(_MISSED_AT_FIRST):
            facts = {"expected": sorted(self._audiences), "audience": audience, "tokens": self._missed}
            _log.error("No token has yet had an audience of CALLBOARD_JWT_AUDIENCE, so nobody gets in", extra=facts)


def sign(secret: str, email: str, account: str, hours: float) -> str:
    """A token under the shared secret, good from now on for so many hours. Raises `ValueError` below 32 bytes."""
    if len(secret.encode()) < _SHORTEST_SECRET:
        raise ValueError(f"The shared secret needs at least {_SHORTEST_SECRET} bytes.")
    now = clock.now()
    claims = {"email": email, "account": account, "iat": now, "exp": now + timedelta(hours=hours)}
    return jwt.encode(claims, secret, algorithm="HS256")


def _provider_keys(issuers: Mapping[str | None, str | None]) -> dict[str | None, ProviderKeys]:
    """The keys of each issuer: those that share a JWKS share what is fetched from it."""
    by_url: dict[str, ProviderKeys] = {}
    return {
        issuer: ProviderKeys(issuer, None) if url is None else by_url.setdefault(url, ProviderKeys(issuer, url))
        for issuer, url in issuers.items()
    }


def _unverified(token: str) -> tuple[Mapping[str, object], Mapping[str, object]]:
    """Header and payload of a token, nothing of which is proven yet: they say which key would prove it."""
    header = _JWS.get_unverified_header(token)
    payload = token.split(".")[1]
    return header, _object(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


def _object(text: bytes) -> Mapping[str, object]:
    value: Any = json.loads(text)
    if not isinstance(value, dict):
        raise TypeError("a payload is an object")
    return value


def _detail(value: object) -> str:
    """What the log may have of a token: a short text, on one line."""
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    return "".join(filter(str.isprintable, text))[:_LONGEST_DETAIL]
