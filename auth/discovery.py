"""What an identity provider says of itself: its discovery document, by OpenID Connect Discovery 1.0 and RFC 8414."""

import json
import logging
import ssl
from functools import cache
from urllib.parse import urlsplit

import httpx
from pydantic import BaseModel, ValidationError

from settings import LOOPBACK

FETCH_SECONDS = 5
_MOST_BYTES = 262_144

_log = logging.getLogger("callboard.provider")


class UnusableProvider(Exception):
    """Raised where the provider can't be reached, or says nothing that can be used.

    The text is safe to log: an address may have a password in it.
    """


class OtherIssuer(UnusableProvider):
    """Raised where the provider calls itself otherwise than we do: every token of it would be refused."""


class Metadata(BaseModel):
    """The parts of a discovery document that are used here, under the names that they have there."""

    issuer: str
    jwks_uri: str
    authorization_endpoint: str | None = None
    token_endpoint: str | None = None
    end_session_endpoint: str | None = None
    revocation_endpoint: str | None = None
    scopes_supported: list[str] = []
    token_endpoint_auth_methods_supported: list[str] = ["client_secret_basic"]


async def discover(issuer: str) -> Metadata:
    """What the provider of that issuer says of itself. Raises UnusableProvider, OtherIssuer."""
    try:
        metadata = Metadata.model_validate(await _document(issuer))
    except ValidationError:
        raise UnusableProvider("its discovery document is none") from None
    # RFC 8414, 3.3: identical, so without any normalisation.
    if metadata.issuer != issuer:
        raise OtherIssuer(_difference(issuer, metadata.issuer[:500]))
    urls = metadata.jwks_uri, metadata.authorization_endpoint, metadata.token_endpoint, metadata.revocation_endpoint
    if not all(is_private(url) for url in urls if url is not None):
        raise UnusableProvider("it names endpoints without https")
    return metadata


async def compare(issuer: str, is_needed: bool) -> None:
    """Compare an issuer with what the provider calls itself, where it can be reached. Raises OtherIssuer.

    Whoever names the keys' address needs no discovery.
    """
    try:
        await discover(issuer)
    except OtherIssuer:
        raise
    except UnusableProvider as unusable:
        message = "The issuer can't be compared with what the provider calls itself"
        level = logging.WARNING if is_needed else logging.INFO
        _log.log(level, message, extra={"issuer": issuer, "why": str(unusable)})


async def _document(issuer: str) -> object:
    """OpenID Connect puts the well-known part behind the path, RFC 8414 before it."""
    parts = urlsplit(issuer)
    path = parts.path.rstrip("/")
    try:
        return await get_json(issuer.rstrip("/") + "/.well-known/openid-configuration")
    except UnusableProvider:
        url = parts._replace(path=f"/.well-known/oauth-authorization-server{path}", query="").geturl()
        return await get_json(url)


def is_private(url: str) -> bool:
    """Whether nobody can read or change on the way what is fetched from there."""
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)


def http_client(url: str) -> httpx.AsyncClient:
    """A client for that address. To read all certificates of the machine takes a tenth of a second of CPU."""
    return httpx.AsyncClient(timeout=FETCH_SECONDS, verify=_certificates() if url.startswith("https:") else False)


@cache
def _certificates() -> ssl.SSLContext:
    return httpx.create_ssl_context()


async def get_json(url: str) -> object:
    """The JSON at that address, at most 256 KiB of it. Raises UnusableProvider."""
    body = bytearray()
    try:
        async with (
            http_client(url) as client,
            # Raw bytes, so that nothing compressed grows beyond the bound.
            client.stream("GET", url, headers={"Accept-Encoding": "identity"}) as response,
        ):
            response.raise_for_status()
            async for piece in response.aiter_raw():
                body += piece
                if len(body) > _MOST_BYTES:
                    raise UnusableProvider("its answer is too large")
        return json.loads(bytes(body))
    except httpx.HTTPStatusError as refused:
        raise UnusableProvider(f"it answers {refused.response.status_code}") from None
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError, RecursionError) as fault:
        raise UnusableProvider(f"it can't be read ({type(fault).__name__})") from None


def _difference(ours: str, theirs: str) -> str:
    """One line that names both, and points to what is easily overlooked."""
    hint = ""
    if ours.rstrip("/") == theirs.rstrip("/"):
        hint = f", {'with' if theirs.endswith('/') else 'without'} a slash at the end"
    elif ours.casefold() == theirs.casefold():
        hint = ", in other upper and lower case"
    return f"the provider at {ours} calls itself {theirs}{hint}: set exactly that, as its tokens carry it"
