"""How the keys of an identity provider are fetched, kept and renewed."""

import asyncio
import json
from collections.abc import Iterator
from datetime import timedelta

import pytest

import clock
from auth import discovery, provider_keys
from auth.provider_keys import ProviderUnavailable
from auth.refusals import Reason
from tests.identity_provider import OTHER_RSA, RSA, Time, jwk, provided, provider, raw, refused

pytestmark = pytest.mark.once


@pytest.fixture(autouse=True)
def time() -> Iterator[Time]:
    time = Time()
    with clock.reading(lambda: time.now):
        yield time


@pytest.fixture
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """However busy this machine is, whoever has a known key waits for the provider's answer."""
    monkeypatch.setattr(provider_keys, "_BRIEFLY_SECONDS", 5)


@pytest.mark.usefixtures("unhurried")
async def test_the_providers_keys_are_fetched_once_in_ten_minutes(time):
    async with provider(jwk(RSA, "RS256", "rsa")) as idp:
        verifier = idp.verifier()
        await asyncio.gather(*(verifier.verify(provided()) for _ in range(50)))
        time.pass_by(minutes=9, seconds=59)
        await verifier.verify(provided())
        assert idp.asked == 1

        time.pass_by(seconds=1)
        await verifier.verify(provided())
        assert idp.asked == 2


async def test_a_new_key_of_the_provider_is_found_and_the_old_one_forgotten(time):
    async with provider(jwk(RSA, "RS256", "rsa")) as idp:
        verifier = idp.verifier()
        await verifier.verify(provided())

        idp.keys = [jwk(OTHER_RSA, "RS256", "next")]
        time.pass_by(seconds=3)

        assert await verifier.verify(provided("next", OTHER_RSA))
        time.pass_by(seconds=3)
        await refused(verifier, provided())


@pytest.mark.usefixtures("unhurried")
@pytest.mark.parametrize("kid", ["rsa", "next"])
async def test_a_token_that_was_good_is_refused_once_the_provider_has_another_key(kid, time):
    async with provider(jwk(RSA, "RS256", "rsa")) as idp:
        verifier, token = idp.verifier(), provided()
        for _ in range(2):
            await verifier.verify(token)

        idp.keys = [jwk(OTHER_RSA, "RS256", kid)]
        time.pass_by(minutes=11)

        await refused(verifier, token)


async def test_ids_that_are_made_up_share_one_fetch_in_three_seconds(time):
    async with provider(jwk(RSA, "RS256", "rsa")) as idp:
        verifier = idp.verifier()
        await verifier.verify(provided())
        for _ in range(3):
            time.pass_by(seconds=3)
            await asyncio.gather(*(refused(verifier, provided(f"unknown {n}")) for n in range(20)))

        assert idp.asked == 4


async def test_a_rotation_of_all_keys_refuses_nobody_however_many_ids_others_make_up(monkeypatch):
    monkeypatch.setattr(provider_keys, "_PAUSE", timedelta(seconds=0.2))
    async with provider(jwk(RSA, "RS256", "rsa")) as idp:
        verifier = idp.verifier()
        await asyncio.gather(*(refused(verifier, provided(f"unknown {n}")) for n in range(50)))

        idp.keys = [jwk(OTHER_RSA, "RS256", "next")]
        assert await verifier.verify(provided("next", OTHER_RSA))
        assert idp.asked == 2
        assert await refused(verifier, provided()) == Reason.UNKNOWN_KEY


async def test_garbage_asks_the_provider_for_nothing():
    async with provider(jwk(RSA, "RS256", "rsa")) as idp:
        for token in ("", "a.b.c", raw({"alg": "none", "kid": "x"}, {}), raw({"alg": "RS256"}, {}), provided()[:20]):
            await refused(idp.verifier(), token)

        assert idp.asked == 0


async def test_while_the_provider_is_down_the_keys_known_are_good(time):
    async with provider(jwk(RSA, "RS256", "rsa")) as idp:
        verifier = idp.verifier()
        await verifier.verify(provided())
        idp.status = 503
        time.pass_by(minutes=11)
        assert await verifier.verify(provided())
    time.pass_by(days=1)

    assert await verifier.verify(provided())
    await refused(verifier, provided("unknown"))


async def test_while_the_provider_hangs_the_keys_known_are_good_at_once_and_an_unknown_one_is_waited_for(time):
    async with provider(jwk(RSA, "RS256", "rsa")) as idp:
        verifier = idp.verifier()
        await verifier.verify(provided())
        idp.answering.clear()
        idp.keys = [jwk(OTHER_RSA, "RS256", "next")]
        time.pass_by(minutes=11)

        async with asyncio.timeout(2):
            assert await verifier.verify(provided())
        unknown = asyncio.create_task(verifier.verify(provided("next", OTHER_RSA)))
        await asyncio.wait_for(idp.arrived.wait(), 2)
        assert not unknown.done()
        idp.answering.set()
        assert await unknown
        time.pass_by(seconds=3)
        await refused(verifier, provided())


@pytest.mark.parametrize(
    "body",
    [b"no json", b"[]", b"{}", b'{"keys": 7}', b'{"keys": [7, {}]}', b'{"keys": [{"kty": []}]}', b"[" * 100_000,
     b'{"keys": [{"kty": "RSA", "n": 7, "e": null}]}'],
    ids=lambda body: str(body[:30]),
)  # fmt: skip
async def test_a_provider_that_talks_nonsense_is_unavailable(body):
    async with provider() as idp:
        idp.body = body
        with pytest.raises(ProviderUnavailable):
            await idp.verifier().verify(provided())


async def test_a_provider_that_talks_without_end_is_unavailable():
    async with provider() as idp:
        idp.body = b" " * 300_000 + json.dumps({"keys": [jwk(RSA, "RS256", "rsa")]}).encode()
        with pytest.raises(ProviderUnavailable):
            await idp.verifier().verify(provided())


async def test_a_provider_that_can_not_be_reached_is_tried_again_after_three_seconds(time):
    async with provider(jwk(RSA, "RS256", "rsa")) as idp:
        idp.status = 500
        verifier = idp.verifier()
        with pytest.raises(ProviderUnavailable):
            await verifier.verify(provided())
        idp.status = 200
        with pytest.raises(ProviderUnavailable):
            await verifier.verify(provided())
        assert idp.asked == 1

        time.pass_by(seconds=3)
        assert await verifier.verify(provided())


async def test_no_provider_at_all_is_unavailable():
    async with provider() as idp:
        pass
    with pytest.raises(ProviderUnavailable):
        await idp.verifier().verify(provided())


async def test_a_slow_provider_is_given_up(monkeypatch):
    monkeypatch.setattr(discovery, "FETCH_SECONDS", 0.05)
    async with provider(jwk(RSA, "RS256", "rsa")) as idp:
        idp.answering.clear()
        with pytest.raises(ProviderUnavailable):
            await idp.verifier().verify(provided())


async def test_who_goes_away_while_waiting_spoils_the_fetch_for_nobody():
    async with provider(jwk(RSA, "RS256", "rsa")) as idp:
        verifier = idp.verifier()
        idp.answering.clear()
        leaving, staying = (asyncio.create_task(verifier.verify(provided())) for _ in range(2))
        await asyncio.wait_for(idp.arrived.wait(), 5)
        leaving.cancel()
        idp.answering.set()

        assert await staying
        assert idp.asked == 1
        assert leaving.cancelled()
