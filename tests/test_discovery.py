"""What an identity provider says of itself, and how the start compares the issuer with it, character by character."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from auth.discovery import OtherIssuer, UnusableProvider, discover
from tests.identity_provider import AUDIENCE, RSA, Provider, jwk, provided, provider, refused
from tests.processes import Installation, http_client

pytestmark = pytest.mark.once

OPENID = "/.well-known/openid-configuration"
#: RFC 8414's place, for an issuer with a path.
OAUTH = "/.well-known/oauth-authorization-server/tenant"


@asynccontextmanager
async def described(path: str = OPENID, slash: str = "", **facts: str) -> AsyncIterator[Provider]:
    """A provider with a discovery document at that path, whose issuer is its address and what `slash` says."""
    async with provider(jwk(RSA, "RS256", "rsa")) as idp:
        address = idp.url.removesuffix("/jwks")
        idp.documents[path] = json.dumps({"issuer": address + slash, "jwks_uri": idp.url} | facts)
        yield idp


def issuer_of(idp: Provider) -> str:
    return idp.url.removesuffix("/jwks")


async def test_the_keys_are_where_the_issuers_document_says():
    async with described() as idp:
        verifier = idp.verifier(issuers={issuer_of(idp): None})

        assert await verifier.verify(provided(iss=issuer_of(idp)))
        await refused(verifier, provided())


async def test_an_issuer_with_a_path_may_have_its_document_where_rfc_8414_puts_it():
    async with described(OAUTH, "/tenant") as idp:
        assert (await discover(f"{issuer_of(idp)}/tenant")).jwks_uri == idp.url


async def test_a_slash_at_the_end_is_a_difference_and_is_named():
    async with described(slash="/") as idp:
        with pytest.raises(OtherIssuer, match="with a slash at the end"):
            await discover(issuer_of(idp))
    async with described() as idp:
        with pytest.raises(OtherIssuer, match="without a slash at the end"):
            await discover(issuer_of(idp) + "/")


@pytest.mark.parametrize("facts", [{"jwks_uri": "http://id.example/keys"}, {"token_endpoint": "ftp://id.example"}])
async def test_a_provider_whose_endpoints_others_can_read_is_not_used(facts):
    async with described(**facts) as idp:
        with pytest.raises(UnusableProvider, match="without https"):
            await discover(issuer_of(idp))


@pytest.mark.parametrize("document", ["no json", "[]", "{}", '{"issuer": 7}'])
async def test_a_document_that_is_none_is_not_used(document):
    async with described() as idp:
        idp.documents[OPENID] = document
        with pytest.raises(UnusableProvider):
            await discover(issuer_of(idp))


async def test_nothing_is_served_for_an_issuer_that_no_token_will_have(installation: Installation) -> None:
    async with described(slash="/") as idp:
        wrong = {"JWT_SECRET": None, "JWT_ISSUER": issuer_of(idp), "JWT_AUDIENCE": AUDIENCE}
        line = await installation.failure_line("serve", **wrong)

    assert line.startswith(f"callboard: CALLBOARD_JWT_ISSUER: the provider at {issuer_of(idp)} calls itself")
    assert "with a slash at the end" in line


async def test_a_refused_token_says_why_in_the_log_and_to_nobody_else(installation: Installation) -> None:
    async with described() as idp:
        good = {"JWT_SECRET": None, "JWT_ISSUER": issuer_of(idp), "JWT_AUDIENCE": AUDIENCE, "JWT_ACCOUNT": "acme"}
        token = provided(iss=issuer_of(idp), aud="another", exp=4e9)
        async with installation.running("serve", **good) as process:
            async with http_client() as client:
                request = {
                    "json": {"query": "{ viewer { __typename } }"},
                    "headers": {"authorization": f"Bearer {token}"},
                }
                answer = (await client.post(process.graphql, **request)).text
            lines = [line for line in process.logged if line["event"] == "sign-in refused"]

    assert "UNAUTHENTICATED" in answer
    assert "audience" not in answer
    assert [(line["reason"], line["address"], line["audience"]) for line in lines] == [
        ("wrong_audience", "127.0.0.1", "another")
    ]
    assert token not in process.output
