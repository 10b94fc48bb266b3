"""Tokens: which are good and which not."""

import asyncio
import base64
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st
from jwt.algorithms import get_default_algorithms

import clock
from auth import tokens
from auth.claims import LEEWAY, ClaimNames, InvalidToken
from auth.provider_keys import ProviderUnavailable
from auth.refusals import Reason
from auth.tokens import Verifier
from tests.identity_provider import (
    AUDIENCE,
    ISSUER,
    OTHER_RSA,
    RSA,
    Time,
    good_claims,
    jwk,
    provided,
    provider,
    raw,
    refused,
)

pytestmark = pytest.mark.once

SECRET = "a shared secret of 32 bytes or so"

EC = ec.generate_private_key(ec.SECP256R1())

ED = ed25519.Ed25519PrivateKey.generate()

EC_384 = ec.generate_private_key(ec.SECP384R1())

EC_521 = ec.generate_private_key(ec.SECP521R1())

ALGORITHMS = {"EdDSA": ED, "Ed25519": ED, "ES256": EC, "ES384": EC_384, "ES512": EC_521}
ALGORITHMS |= {f"{family}{bits}": RSA for family in ("RS", "PS") for bits in (256, 384, 512)}


@pytest.fixture(autouse=True)
def time() -> Iterator[Time]:
    time = Time()
    with clock.reading(lambda: time.now):
        yield time


def shared(**claims: Any) -> str:
    return jwt.encode(good_claims(**claims), SECRET, "HS256")


async def test_a_token_of_the_shared_secret_names_the_user_and_the_account():
    claims = await Verifier(secret=SECRET).verify(tokens.sign(SECRET, "rita@acme.example", "acme", hours=12))

    assert (claims.email, claims.account) == ("rita@acme.example", "acme")
    assert claims.expires_at == clock.now() + timedelta(hours=12) + LEEWAY


async def test_a_token_of_another_secret_is_refused():
    await refused(Verifier(secret=SECRET), tokens.sign(SECRET + "!", "rita@acme.example", "acme", hours=1))


def test_a_short_secret_signs_nothing():
    with pytest.raises(ValueError, match="32 bytes"):
        tokens.sign("short", "rita@acme.example", "acme", hours=1)


def test_a_verifier_has_a_secret_or_issuers():
    with pytest.raises(ValueError, match="secret or issuers"):
        Verifier()


async def test_an_expired_token_is_good_for_thirty_seconds_more(time):
    verifier, token = Verifier(secret=SECRET), shared()

    time.pass_by(hours=1, seconds=29)
    claims = await verifier.verify(token)
    time.pass_by(seconds=1)

    assert claims.expires_at == time.now
    assert await refused(verifier, token) == Reason.EXPIRED


@pytest.mark.parametrize("claim", ["nbf", "iat"])
async def test_a_token_of_the_future_is_good_thirty_seconds_before(claim, time):
    verifier, token = Verifier(secret=SECRET), shared(**{claim: clock.now() + timedelta(seconds=31)})

    await refused(verifier, token)
    time.pass_by(seconds=1)

    assert await verifier.verify(token)


@pytest.mark.parametrize("claim", ["email", "account", "exp"])
async def test_a_token_without_a_claim_that_is_needed_is_refused(claim):
    await refused(Verifier(secret=SECRET), shared(**{claim: None}))


@pytest.mark.parametrize("verdict", ["email_verified", "xms_edov"])
@pytest.mark.parametrize("verified", [False, "false", 0, "0"])
async def test_an_email_that_the_provider_has_not_verified_names_nobody(verdict, verified):
    assert await refused(Verifier(secret=SECRET), shared(**{verdict: verified})) == Reason.UNVERIFIED_EMAIL
    for good in (True, 1, "1", "true"):
        assert await Verifier(secret=SECRET).verify(shared(**{verdict: good}))


@pytest.mark.parametrize("value", ["", "  ", 7, ["rita@acme.example"], {}, True, "a\x00b", "a\nb", "\ud800", "x" * 501])
@pytest.mark.parametrize("claim", ["email", "account"])
async def test_a_name_that_can_be_none_is_refused(claim, value):
    await refused(Verifier(secret=SECRET), shared(**{claim: value}))


@pytest.mark.parametrize("value", ["tomorrow", True, [], -1, 1e300, 10**30, float("inf"), float("nan")])
@pytest.mark.parametrize("claim", ["exp", "nbf", "iat"])
async def test_a_time_that_is_none_is_refused(claim, value):
    await refused(Verifier(secret=SECRET), shared(**{claim: value}))


async def test_under_the_shared_secret_no_other_algorithm_is_taken():
    verifier = Verifier(secret=SECRET)

    await refused(verifier, jwt.encode(good_claims(), SECRET * 2, "HS512"))
    await refused(verifier, jwt.encode(good_claims(), None, "none"))
    await refused(verifier, provided())


@pytest.mark.parametrize("says", [True, False], ids=["a key that says so", "a key that does not"])
@pytest.mark.parametrize("algorithm", ALGORITHMS)
async def test_a_token_of_the_provider_is_good_under_each_of_its_keys(algorithm, says):
    keys = [jwk(key, name, name) | ({"alg": name} if says else {}) for name, key in ALGORITHMS.items()]
    async with provider(*keys) as idp:
        claims = await idp.verifier().verify(provided(algorithm, ALGORITHMS[algorithm], algorithm))

    assert claims.email == "rita@acme.example"


@pytest.mark.parametrize(("key", "token"), [("EdDSA", "Ed25519"), ("Ed25519", "EdDSA")])
async def test_the_old_and_the_new_name_of_an_edwards_curve_are_one(key, token):
    async with provider(jwk(ED, "EdDSA", "ed") | {"alg": key}) as idp:
        assert await idp.verifier().verify(provided("ed", ED, token))


@pytest.mark.parametrize("typ", ["JWT", "at+jwt", "application/at+jwt", "AT+JWT", None])
async def test_an_access_token_may_say_that_it_is_one(typ):
    async with provider(jwk(RSA, "RS256", "rsa")) as idp:
        assert await idp.verifier().verify(provided(header_typ=typ))


@pytest.mark.parametrize("typ", ["logout+jwt", "secevent+jwt", "dpop+jwt", 7])
async def test_another_kind_of_token_signs_nobody_in(typ):
    async with provider(jwk(RSA, "RS256", "rsa")) as idp:
        assert await refused(idp.verifier(), provided(header_typ=typ)) == Reason.WRONG_TYPE


@pytest.mark.parametrize("alg", ["none", "None", "nOnE", "", None, 7])
async def test_a_token_without_a_signature_is_refused(alg):
    async with provider(jwk(RSA, "RS256", "rsa")) as idp:
        claims = good_claims(iss=ISSUER, aud=AUDIENCE, exp=clock.now().timestamp() + 60)
        await refused(idp.verifier(), raw({"alg": alg, "kid": "rsa", "typ": "JWT"}, claims))


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
async def test_the_providers_public_key_is_no_shared_secret(algorithm):
    pem = RSA.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    header = {"alg": algorithm, "kid": "rsa", "typ": "JWT"}
    unsigned = raw(header, good_claims(iss=ISSUER, aud=AUDIENCE, exp=clock.now().timestamp() + 60)).removesuffix(".")
    hmac = get_default_algorithms()[algorithm]
    signature = base64.urlsafe_b64encode(hmac.sign(unsigned.encode(), pem)).decode().rstrip("=")

    async with provider(jwk(RSA, "RS256", "rsa")) as idp:
        await refused(idp.verifier(), f"{unsigned}.{signature}")


async def test_a_key_signs_under_its_own_algorithm_only():
    plain = jwk(OTHER_RSA, "RS256", "plain")
    async with provider(jwk(RSA, "RS256", "rsa") | {"alg": "RS256"}, jwk(EC, "ES256", "ec"), plain) as idp:
        verifier = idp.verifier()
        for token in (
            provided("rsa", EC, "ES256"),
            provided("ec", RSA, "RS256"),
            provided("rsa", RSA, "PS256"),
            provided("rsa", RSA, "RS512"),
            provided("ec", EC_384, "ES384"),
            provided("plain", EC, "ES256"),
        ):
            assert await refused(verifier, token) == Reason.WRONG_ALGORITHM


async def test_a_secret_in_the_providers_set_is_no_key():
    secret = {"kty": "oct", "k": base64.urlsafe_b64encode(SECRET.encode()).decode().rstrip("="), "kid": "oct"}
    async with provider(secret, jwk(RSA, "RS256", "rsa")) as idp:
        await refused(idp.verifier(), jwt.encode(good_claims(iss=ISSUER, aud=AUDIENCE), SECRET, headers={"kid": "oct"}))


async def test_a_key_for_encryption_signs_nothing():
    async with provider(jwk(OTHER_RSA, "RS256", "other") | {"use": "enc"}, jwk(RSA, "RS256", "rsa")) as idp:
        await refused(idp.verifier(), provided("other", OTHER_RSA))


@pytest.mark.parametrize(
    "iss", ["https://evil.example/", ISSUER.rstrip("/"), ISSUER.upper(), None, [ISSUER], 7], ids=str
)
async def test_a_token_of_another_issuer_is_refused(iss):
    async with provider(jwk(RSA, "RS256", "rsa")) as idp:
        assert await refused(idp.verifier(), provided_raw(iss)) == Reason.WRONG_ISSUER


def provided_raw(iss: Any) -> str:
    """A token whose issuer may be what PyJWT would not write."""
    claims = good_claims(aud=AUDIENCE, iss=iss, exp=clock.now().timestamp() + 60)
    return jwt.PyJWS().encode(json.dumps(claims).encode(), RSA, "RS256", {"kid": "rsa"})


@pytest.mark.parametrize("aud", ["another", None, [], [7], {AUDIENCE: AUDIENCE}], ids=str)
async def test_a_token_for_another_audience_is_refused(aud):
    async with provider(jwk(RSA, "RS256", "rsa")) as idp:
        assert await refused(idp.verifier(), provided(aud=aud)) == Reason.WRONG_AUDIENCE


async def test_each_of_several_issuers_signs_by_its_own_keys_only(time):
    other = "https://login.other.example"
    async with provider(jwk(RSA, "RS256", "rsa")) as idp, provider(jwk(OTHER_RSA, "RS256", "other")) as other_idp:
        verifier = idp.verifier(issuers={ISSUER: idp.url, other: other_idp.url}, audiences=["app", AUDIENCE])

        assert await verifier.verify(provided(aud="app"))
        assert await verifier.verify(provided("other", OTHER_RSA, iss=other))
        time.pass_by(seconds=3)
        assert await refused(verifier, provided("other", OTHER_RSA)) == Reason.UNKNOWN_KEY
        assert await refused(verifier, provided(iss=other)) == Reason.UNKNOWN_KEY


async def test_issuers_that_share_a_jwks_have_it_fetched_once():
    async with provider(jwk(RSA, "RS256", "rsa")) as idp:
        verifier = idp.verifier(issuers={ISSUER: idp.url, "https://b.example": idp.url})

        assert await verifier.verify(provided())
        assert await verifier.verify(provided(iss="https://b.example"))
        assert idp.asked == 1


async def test_claims_have_the_names_that_the_provider_gives_them():
    names = ClaimNames("https://callboard.example/email", "org_id", accounts={"org_7": "acme", "org_8": "beta"})
    claims = {"email": None, "account": None, "https://callboard.example/email": "rita@acme.example"}
    async with provider(jwk(RSA, "RS256", "rsa")) as idp:
        verifier = idp.verifier(names=names)
        good = await verifier.verify(provided(**claims, org_id="org_8"))

        assert (good.email, good.account) == ("rita@acme.example", "beta")
        assert await refused(verifier, provided(**claims, org_id="org_9")) == Reason.UNKNOWN_TENANT
        assert await refused(verifier, provided(**claims, org_id="acme")) == Reason.UNKNOWN_TENANT
        assert await refused(verifier, provided(**claims)) == Reason.NO_ACCOUNT
        assert await refused(verifier, provided(org_id="org_8")) == Reason.NO_EMAIL
        unverified = claims | {"https://callboard.example/email_verified": False}
        assert await refused(verifier, provided(**unverified, org_id="org_8")) == Reason.UNVERIFIED_EMAIL


async def test_all_tokens_may_be_for_one_account_whatever_they_say():
    async with provider(jwk(RSA, "RS256", "rsa")) as idp:
        verifier = idp.verifier(names=ClaimNames(fixed_account="acme"))

        assert (await verifier.verify(provided(account=None))).account == "acme"
        assert (await verifier.verify(provided(account="beta"))).account == "acme"


async def test_an_audience_that_no_token_has_is_noticed(caplog):
    async with provider(jwk(RSA, "RS256", "rsa")) as idp:
        verifier = idp.verifier(audiences=["callbord"])
        for _ in range(5):
            await refused(verifier, provided())
    [record] = [record for record in caplog.records if "CALLBOARD_JWT_AUDIENCE" in record.message]

    assert record.levelname == "ERROR"
    assert (record.expected, record.audience) == (["callbord"], AUDIENCE)


async def test_an_audience_that_some_tokens_have_is_no_matter(caplog):
    async with provider(jwk(RSA, "RS256", "rsa")) as idp:
        verifier = idp.verifier()
        await verifier.verify(provided())
        for _ in range(5):
            await refused(verifier, provided(aud="another"))

    assert [record for record in caplog.records if "CALLBOARD_JWT_AUDIENCE" in record.message] == []


async def test_a_token_for_several_audiences_is_good_when_ours_is_among_them():
    async with provider(jwk(RSA, "RS256", "rsa")) as idp:
        assert await idp.verifier().verify(provided(aud=["another", AUDIENCE]))


async def test_issuer_and_audience_are_not_asked_for_when_not_set():
    assert await Verifier(secret=SECRET).verify(shared(iss="anyone", aud="anybody"))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)

HEADERS = st.dictionaries(st.sampled_from(["alg", "kid", "typ", "crit", "b64", "x"]), JSON | st.just("HS256"))

CLAIMS = st.dictionaries(st.sampled_from(["exp", "nbf", "iat", "iss", "aud", "sub", "jti", "email", "account"]), JSON)


@given(st.one_of(st.text(), st.builds(raw, HEADERS | JSON, CLAIMS | JSON, st.binary(max_size=40))))
def test_garbage_is_an_invalid_token_and_nothing_worse(token):
    asyncio.run(refused(Verifier(secret=SECRET), token))
    asyncio.run(refused_or_unavailable(Verifier(issuers={None: "http://127.0.0.1:9/"}), token))


async def refused_or_unavailable(verifier: Verifier, token: str) -> None:
    with pytest.raises((InvalidToken, ProviderUnavailable)):
        await verifier.verify(token)


@given(CLAIMS)
def test_whatever_a_signed_token_says_it_is_good_or_invalid(claims):
    token = jwt.PyJWS().encode(json.dumps(claims).encode(), SECRET, "HS256")
    try:
        good = asyncio.run(Verifier(secret=SECRET).verify(token))
    except InvalidToken:
        return
    assert good.email == claims["email"]


@pytest.mark.parametrize("part", [0, 1])
async def test_a_bottomless_token_is_refused(part):
    deep = base64.urlsafe_b64encode(b"[" * 6_000).decode()
    parts = shared().split(".")
    parts[part] = deep[:7_900]

    await refused(Verifier(secret=SECRET), ".".join(parts))


async def test_a_token_of_a_megabyte_is_not_even_read():
    await refused(Verifier(secret=SECRET), shared(more="x" * 1_000_000))
