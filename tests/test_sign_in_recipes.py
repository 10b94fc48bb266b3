"""The recipes of docs/sign-in.md: with the settings of each, a token with the claims of each is good."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from auth import viewer
from auth.claims import InvalidToken
from auth.refusals import Reason
from settings import Settings
from tests.identity_provider import RSA, jwk, provided, provider, refused

pytestmark = pytest.mark.once

PAGE = (Path(__file__).parent.parent / "docs" / "sign-in.md").read_text()
RECIPES = {
    title: (dict(line.split("=", 1) for line in settings.replace("'", "").splitlines()), json.loads(claims))
    for title, settings, claims in re.findall(
        r"^### ([^\n]+)\n.*?^```sh\n(CALLBOARD.+?)^```\n\n^```json\n(.+?)^```", PAGE, re.M | re.S
    )
}


def settings_of(recipe: dict[str, str]) -> Settings:
    values: dict[str, Any] = {name.removeprefix("CALLBOARD_").lower(): value for name, value in recipe.items()}
    return Settings(**{"jwt_secret": None} | values)


def test_there_is_a_recipe_for_each_of_the_great_providers() -> None:
    assert list(RECIPES) == ["Auth0", "Entra ID", "Okta", "Google", "Keycloak"]


@pytest.mark.parametrize("name", RECIPES)
async def test_a_token_as_the_provider_documents_it_names_user_and_account(name: str) -> None:
    recipe, claims = RECIPES[name]
    issuers = settings_of(recipe).issuers
    async with provider(jwk(RSA, "RS256", "key")) as idp:
        verifier = viewer.new_verifier(settings_of(recipe), dict.fromkeys(issuers, idp.url))
        good = await verifier.verify(provided("key", **no_defaults(claims)))

        assert (good.email, good.account) == ("rita@acme.example", "acme")
        other = claims | {"iss": claims["iss"].rstrip("/") if claims["iss"].endswith("/") else claims["iss"] + "/"}
        assert await refused(verifier, provided("key", **no_defaults(other))) == Reason.WRONG_ISSUER
        assert await refused(verifier, provided("key", **no_defaults(claims | {"aud": "x"}))) == Reason.WRONG_AUDIENCE


@pytest.mark.parametrize(("name", "claim"), [("Auth0", "org_id"), ("Entra ID", "tid"), ("Google", "hd")])
async def test_a_tenant_that_is_not_listed_has_no_account(name: str, claim: str) -> None:
    recipe, claims = RECIPES[name]
    async with provider(jwk(RSA, "RS256", "key")) as idp:
        verifier = viewer.new_verifier(settings_of(recipe), dict.fromkeys(settings_of(recipe).issuers, idp.url))
        for value, reason in (("another", Reason.UNKNOWN_TENANT), (None, Reason.NO_ACCOUNT)):
            with pytest.raises(InvalidToken) as invalid:
                await verifier.verify(provided("key", **no_defaults(claims | {claim: value})))
            assert invalid.value.reason == reason


def no_defaults(claims: dict[str, Any]) -> dict[str, Any]:
    """The claims without those that tokens of the tests have by themselves."""
    return {"email": None, "account": None} | claims
