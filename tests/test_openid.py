"""Signing in at an identity provider, answer by answer: what the browser keeps, what is believed, and what is refused.

The provider stands here, so that it can answer anything; tests/console/test_openid.py has a real one.
"""

import base64
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

import clock
from auth import viewer
from auth.openid import OpenIdClient
from settings import Settings
from tests.identity_provider import RSA, Provider, jwk, provided, provider
from tests.world import World

pytestmark = pytest.mark.once

CLIENT = "callboard"


class Company:
    """A provider with a token endpoint, and a browser that signs in there."""

    def __init__(self, idp: Provider, world: World) -> None:
        self.idp, self.world = idp, world
        self.issuer = idp.url.removesuffix("/jwks")
        self.forms: list[dict[str, str]] = []
        self.claims: dict[str, Any] = {}
        self.answer: dict[str, Any] | None = None
        self.nonce = ""
        self.issued: list[str] = []
        self.http = httpx.AsyncClient(base_url=world.server.address, follow_redirects=False, verify=False)

    def id_token(self, **claims: Any) -> str:
        good = {"iss": self.issuer, "aud": CLIENT, "email": self.world.rita.email, "account": self.world.slug}
        times = {"iat": clock.now().timestamp(), "exp": (clock.now() + timedelta(hours=1)).timestamp()}
        return provided("rsa", **(good | times | {"nonce": self.nonce} | self.claims | claims))

    async def tokens(self, request: Request) -> Response:
        self.forms.append(dict(parse_qsl((await request.body()).decode())))
        self.issued.append(self.id_token())
        good = {"id_token": self.issued[-1], "refresh_token": f"refresh {len(self.forms)}/+=~", "token_type": "Bearer"}
        answer = good if self.answer is None else self.answer
        return JSONResponse(answer, 400 if "error" in answer else 200)

    async def begin(self, destination: str = "/feedback/frm_1") -> dict[str, str]:
        """Go to the provider; what it is asked."""
        response = await self.http.get("/auth/sign-in", params={"to": destination})
        address = urlsplit(response.headers["location"])
        assert address.path == "/authorize"
        asked = {name: value for name, [value] in parse_qs(address.query).items()}
        self.nonce = asked["nonce"]
        return asked

    async def come_back(self, **parameters: str) -> str:
        """Come back from the provider; where that leads."""
        response = await self.http.get("/auth/callback", params=parameters)
        assert response.status_code == 303
        assert response.headers["cache-control"] == "no-store"
        return str(response.headers["location"]).removeprefix(self.home)

    home = "http://127.0.0.1:8000"

    async def post(self, act: str, **headers: str) -> httpx.Response:
        return await self.http.post(f"/auth/{act}", headers=headers)


@pytest.fixture
async def company(world: World, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Company]:
    """The world's server with a provider to sign in at."""
    async with provider(jwk(RSA, "RS256", "rsa")) as idp:
        company = Company(idp, world)
        idp.endpoints["/token"] = company.tokens
        idp.documents["/.well-known/openid-configuration"] = json.dumps(
            {
                "issuer": company.issuer,
                "jwks_uri": idp.url,
                "authorization_endpoint": f"{company.issuer}/authorize",
                "token_endpoint": f"{company.issuer}/token",
                "end_session_endpoint": f"{company.issuer}/end",
                "scopes_supported": ["openid", "offline_access"],
            }
        )
        settings = Settings(jwt_secret=None, oidc_issuer=company.issuer, oidc_client_id=CLIENT)
        verifier = viewer.new_verifier(settings, settings.issuers)
        monkeypatch.setattr(viewer, "verifier", lambda: verifier)
        process = world.server.process
        object.__setattr__(process, "openid", OpenIdClient(company.issuer, settings))
        async with company.http:
            yield company
        object.__setattr__(process, "openid", None)


async def test_the_way_to_the_provider_is_that_of_the_code_flow_with_pkce(company: Company) -> None:
    asked = await company.begin()
    ends = await company.come_back(code="a code", state=asked["state"])

    [form] = company.forms
    challenge = base64.urlsafe_b64encode(sha256(form["code_verifier"].encode()).digest()).decode().rstrip("=")
    assert {name: asked[name] for name in ("response_type", "client_id", "scope", "code_challenge_method")} == {
        "response_type": "code",
        "client_id": CLIENT,
        "scope": "openid email profile offline_access",
        "code_challenge_method": "S256",
    }
    assert asked["code_challenge"] == challenge
    assert form["redirect_uri"] == asked["redirect_uri"] == f"{company.home}/auth/callback"
    assert (form["grant_type"], form["code"], form["client_id"]) == ("authorization_code", "a code", CLIENT)
    assert ends == "/feedback/frm_1"
    answer = (await company.post("token")).json()
    assert answer["token"] == company.issued[-1]
    assert 3500 < answer["renewIn"] <= 3540


@pytest.mark.parametrize(
    "claims",
    [{"nonce": "another"}, {"nonce": None}, {"aud": "another"}, {"iss": "https://evil.example"}, {"azp": "another"},
     {"exp": 1}],
    ids=str,
)  # fmt: skip
async def test_an_id_token_that_is_not_for_this_sign_in_signs_nobody_in(company: Company, claims: Any) -> None:
    asked = await company.begin()
    company.claims = claims

    assert await company.come_back(code="x", state=asked["state"]) == "/feedback/frm_1?sign-in=failed"
    assert (await company.post("token")).status_code == 401


async def test_where_the_id_token_names_nobody_the_access_token_does(company: Company) -> None:
    """A provider by the letter has the email in its UserInfo, and what an API needs in access tokens for it."""
    asked = await company.begin()
    company.claims = {"email": None}
    access_token = company.id_token(email=company.world.rita.email, nonce=None, aud=[CLIENT, "another"])
    company.answer = {"id_token": company.id_token(), "access_token": access_token}

    assert await company.come_back(code="x", state=asked["state"]) == "/feedback/frm_1"
    assert (await company.post("token")).json()["token"] == access_token

    company.answer = {"id_token": company.id_token(), "access_token": "opaque"}
    asked = await company.begin()
    company.answer["id_token"] = company.id_token()
    assert await company.come_back(code="x", state=asked["state"]) == "/feedback/frm_1?sign-in=failed"


async def test_who_comes_back_with_what_this_browser_did_not_ask_for_is_not_signed_in(company: Company) -> None:
    asked = await company.begin()

    assert await company.come_back(code="x", state="another") == "/?sign-in=failed"
    assert await company.come_back(code="x", state=asked["state"][:12] + "y") == "/?sign-in=failed"
    assert await company.come_back(error="access_denied", state=asked["state"]) == "/feedback/frm_1?sign-in=failed"
    again = await company.begin()
    foreign = await company.come_back(code="x", state=again["state"], iss="https://evil.example")
    assert foreign == "/feedback/frm_1?sign-in=failed"
    assert company.forms == []
    assert await company.come_back(code="x", state=again["state"]) == "/?sign-in=failed"


@pytest.mark.parametrize(
    ("wanted", "leads"),
    [("/interviews?day=2", "/interviews?day=2"), ("//evil.example", "/"), ("https://evil.example/", "/"),
     ("/\\evil.example", "/"), ("evil", "/"), ("/auth/sign-in", "/"), ("/a\nb", "/"), ("/" + "x" * 3000, "/")],
    ids=lambda text: text[:20],
)  # fmt: skip
async def test_one_lands_where_one_wanted_to_go_and_nowhere_else(company: Company, wanted: str, leads: str) -> None:
    asked = await company.begin(wanted)

    assert await company.come_back(code="x", state=asked["state"]) == leads


async def test_whom_nobody_knows_here_is_told_so_and_not_signed_in(company: Company) -> None:
    asked = await company.begin()
    company.claims = {"email": "stranger@anywhere.example"}

    assert await company.come_back(code="x", state=asked["state"]) == "/feedback/frm_1?sign-in=unknown"
    assert (await company.post("token")).status_code == 401


async def test_a_token_is_renewed_shortly_before_its_end_and_not_twice_with_one_refresh_token(company: Company) -> None:
    asked, start = await company.begin(), clock.now()
    await company.come_back(code="x", state=asked["state"])
    first = (await company.post("token")).json()["token"]

    company.nonce = ""
    with clock.reading(lambda: start + timedelta(minutes=59, seconds=30)):
        kept = list(company.http.cookies.jar)
        renewed = (await company.post("token")).json()
        for cookie in kept:  # another tab, which asked before it had the new cookie
            company.http.cookies.jar.set_cookie(cookie)
        again = (await company.post("token")).json()

    assert renewed["token"] not in (first, None)
    assert again["token"] == renewed["token"]
    assert [form["grant_type"] for form in company.forms] == ["authorization_code", "refresh_token"]
    assert company.forms[1]["refresh_token"] == "refresh 1/+=~"


async def test_a_refused_renewal_ends_the_session_and_a_provider_that_is_away_does_not(company: Company) -> None:
    asked, start = await company.begin(), clock.now()
    await company.come_back(code="x", state=asked["state"])

    with clock.reading(lambda: start + timedelta(hours=2)):
        company.idp.endpoints["/token"] = unavailable
        assert (await company.post("token")).status_code == 503
        company.idp.endpoints["/token"] = company.tokens
        company.answer = {"error": "invalid_grant"}
        over = await company.post("token")
        assert (over.status_code, over.json()) == (401, {"signIn": None})
        assert (await company.post("token")).status_code == 401
    assert [form["grant_type"] for form in company.forms] == ["authorization_code", "refresh_token"]


async def unavailable(request: Request) -> Response:
    return Response(status_code=503)


async def test_no_other_site_gets_at_the_session(company: Company) -> None:
    asked = await company.begin()
    await company.come_back(code="x", state=asked["state"])

    for act in ("token", "keep", "end"):
        assert (await company.post(act, origin="https://evil.example")).status_code == 403
        assert (await company.post(act, **{"sec-fetch-site": "cross-site"})).status_code == 403
    assert (await company.post("token", **{"sec-fetch-site": "same-origin"})).status_code == 200


async def test_a_long_token_is_kept_in_several_cookies_and_none_is_left_behind(company: Company) -> None:
    asked = await company.begin()
    company.claims = {"groups": ["0123456789"] * 350}
    await company.come_back(code="x", state=asked["state"])

    sizes = [len(cookie.value or "") for cookie in company.http.cookies.jar if "session" in cookie.name]
    assert len(sizes) == 2
    assert max(sizes) < 4000
    assert (await company.post("token")).json()["token"] == company.issued[-1]
    ended = (await company.post("end")).json()
    assert ended["address"].startswith(f"{company.issuer}/end?client_id={CLIENT}&post_logout_redirect_uri=")
    assert [cookie.name for cookie in company.http.cookies.jar] == []


async def test_a_users_token_can_be_kept_for_all_tabs_and_nothing_else(world: World, company: Company) -> None:
    good = f"Bearer {company.id_token()}"
    for refused in ("Bearer nonsense", str(world.goodtime.authorization)):
        assert (await company.post("keep", authorization=refused)).status_code == 401

    assert (await company.post("keep", authorization=good)).status_code == 204

    answer = (await company.post("token")).json()
    assert answer == {"token": good.removeprefix("Bearer "), "renewIn": None, "signIn": None}
