"""Tokens of a shared secret and of an identity provider, which serves its keys here, and a clock that tests move."""

import asyncio
import base64
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
import uvicorn
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import OKPAlgorithm, get_default_algorithms
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import clock
from auth.claims import InvalidToken
from auth.refusals import Reason
from auth.tokens import Verifier

ISSUER = "https://id.acme.example/"

AUDIENCE = "callboard"

RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)

OTHER_RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass
class Time:
    now: datetime = datetime(2026, 7, 1, 12, tzinfo=UTC)

    def pass_by(self, **span: float) -> None:
        self.now += timedelta(**span)


@dataclass
class Provider:
    """An identity provider: what it answers is set by the test, what it was asked is counted."""

    keys: list[dict[str, Any]] = field(default_factory=list)
    body: bytes | None = None
    status: int = 200
    asked: int = 0
    url: str = ""
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    answering: asyncio.Event = field(default_factory=asyncio.Event)
    #: What lies elsewhere, by path, and what answers there.
    documents: dict[str, str] = field(default_factory=dict)
    endpoints: dict[str, Callable[[Request], Awaitable[Response]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.answering.set()

    async def answer(self, request: Request) -> Response:
        self.asked += 1
        self.arrived.set()
        await self.answering.wait()
        return Response(self.body or json.dumps({"keys": self.keys}), self.status)

    async def document(self, request: Request) -> Response:
        if request.url.path in self.endpoints:
            return await self.endpoints[request.url.path](request)
        text = self.documents.get(request.url.path)
        return Response(text, 404 if text is None else 200)

    def verifier(self, **options: Any) -> Verifier:
        return Verifier(**{"issuers": {ISSUER: self.url}, "audiences": [AUDIENCE]} | options)


@asynccontextmanager
async def provider(*keys: dict[str, Any]) -> AsyncIterator[Provider]:
    identity_provider = Provider(list(keys))
    elsewhere = Route("/{path:path}", identity_provider.document, methods=["GET", "POST"])
    app = Starlette(routes=[Route("/jwks", identity_provider.answer), elsewhere])
    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    identity_provider.url = f"http://127.0.0.1:{port}/jwks"
    try:
        yield identity_provider
    finally:
        identity_provider.answering.set()
        server.should_exit = True
        await serving


def jwk(key: Any, algorithm: str, kid: str) -> dict[str, Any]:
    implementation = get_default_algorithms()["EdDSA" if algorithm == "Ed25519" else algorithm]
    return implementation.to_jwk(key.public_key(), as_dict=True) | {"kid": kid, "use": "sig"}


def good_claims(**claims: Any) -> dict[str, Any]:
    """Good claims, but for those given; None leaves one out."""
    good = {"email": "rita@acme.example", "account": "acme", "exp": clock.now() + timedelta(hours=1)}
    return {name: value for name, value in (good | claims).items() if value is not None}


def provided(kid: str = "rsa", key: Any = RSA, algorithm: str = "RS256", header_typ: Any = "JWT", **claims: Any) -> str:
    """A token of the provider; with None for `header_typ` it has no `typ`."""
    payload = good_claims(**{"iss": ISSUER, "aud": AUDIENCE} | claims)
    times = {name: value.timestamp() for name, value in payload.items() if isinstance(value, datetime)}
    jws = jwt.PyJWS()
    if algorithm == "Ed25519":
        jws.register_algorithm("Ed25519", OKPAlgorithm())
    return jws.encode(json.dumps(payload | times).encode(), key, algorithm, {"kid": kid, "typ": header_typ})


def raw(header: Any, claims: Any, signature: bytes = b"") -> str:
    """A token put together by hand, as attackers do."""
    parts = json.dumps(header, default=str).encode(), json.dumps(claims, default=str).encode(), signature
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)


async def refused(verifier: Verifier, token: str) -> Reason:
    """Why the token is refused. What was raised says nothing by itself."""
    with pytest.raises(InvalidToken) as refusal:
        await verifier.verify(token)
    assert str(refusal.value) == ""
    return refusal.value.reason
