"""The switch of an integration and its keys: shown once, kept as hashes, rotated with a grace, never more than two."""

import asyncio
import base64
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest

import clock
import models
from auth import keys
from auth.refusals import Refused
from auth.viewer import Viewer, _note_use, authenticate, renew
from resolvers import integrations
from tests.integrations import KEYS, LOOK, REVOKE, generate, live_keys, switch
from tests.people import Person, instant
from tests.sql_log import statements
from tests.world import World


def holder(world: World, secret: str) -> Person:
    """GoodTime with another key."""
    return Person(world.server, f"Bearer {secret}")


@contextmanager
def later(**by: float) -> Iterator[None]:
    """The clock stands still at that much later than now."""
    moment = clock.now() + timedelta(**by)
    with clock.reading(lambda: moment):
        yield


async def test_every_entry_of_the_catalogue_is_listed_on_or_off(world: World) -> None:
    await switch(world, False)
    document = "{ integrations { provider name section description permissions enabled enabledAt enabledBy { name } } }"

    [goodtime] = (await world.leo.ask(document))["integrations"]

    entry = integrations.CATALOGUE[models.IntegrationProvider.GOODTIME]
    assert goodtime == {
        "provider": "GOODTIME",
        "name": "GoodTime",
        "section": "SCHEDULING",
        "description": entry.description,
        "permissions": list(entry.permissions),
        "enabled": False,
        "enabledAt": None,
        "enabledBy": None,
    }


async def test_an_account_of_before_gets_the_row_of_a_new_provider(world: World) -> None:
    await models.Integration.filter(account_id=world.account.id).delete()

    await integrations.ensure_everywhere()
    await integrations.ensure_everywhere()

    assert len((await world.sam.ask("{ integrations { id } }"))["integrations"]) == 1


async def test_a_switch_is_kept_with_who_did_it_and_when(world: World) -> None:
    off = await switch(world, False)
    on = await switch(world, True)
    again = await switch(world, True)

    assert (off["enabled"], off["enabledAt"], off["enabledBy"]) == (False, None, None)
    assert (on["enabled"], on["enabledBy"]) == (True, {"name": "Sam"})
    assert clock.now() - instant(on["enabledAt"]) < timedelta(minutes=1)
    assert again == on


async def test_off_its_key_is_refused_and_on_again_the_same_key_works(world: World) -> None:
    await switch(world, False)
    off = await world.goodtime.error_code(LOOK)
    await switch(world, True)

    assert off == "INTEGRATION_DISABLED"
    assert await world.goodtime.ask(LOOK) == {"account": {"slug": world.slug}}


async def test_off_the_panels_stay_on_the_profile_and_users_cancel_them(world: World) -> None:
    pushed = await world.goodtime.push(**world.a_panel())
    await switch(world, False)

    assert (await world.rita.panel(id=pushed["panel"]["id"])) is not None
    cancelled = await world.rita.cancel(id=pushed["panel"]["id"])
    assert cancelled["errors"] == []
    assert cancelled["calendarEventRemains"]


async def test_a_key_is_shown_once_and_stored_as_its_hash_and_prefix_only(world: World) -> None:
    made = await generate(world)
    secret, key = made["secret"], made["apiKey"]

    [row] = await models.ApiKey.filter(id=key["id"]).values()

    assert re.fullmatch(r"cb_live_[0-9A-Za-z]{49}", secret)
    assert key["prefix"] == secret[:12]
    assert key["createdBy"] == {"name": "Sam"}
    assert (row["digest"], row["public_prefix"]) == (keys.digest(secret), secret[:12])
    assert secret[12:] not in repr({name: value for name, value in row.items() if name != "digest"})
    assert secret[12:] not in repr(await live_keys(world))


async def test_an_older_key_goes_on_working_for_the_grace(world: World) -> None:
    new = holder(world, (await generate(world, grace=2))["secret"])
    [newest, older] = await live_keys(world)

    assert newest["expiresAt"] is None
    assert timedelta(hours=1.9) < instant(older["expiresAt"]) - clock.now() <= timedelta(hours=2)
    await world.goodtime.ask(LOOK)
    with later(hours=1, minutes=59):
        await world.goodtime.ask(LOOK)
    with later(hours=2, seconds=1):
        assert await world.goodtime.error_code(LOOK) == "UNAUTHENTICATED"
        await new.ask(LOOK)


@pytest.mark.parametrize(("grace", "hours"), [({}, 24), ({"grace": None}, 24), ({"grace": 720}, 720)])
async def test_the_grace_is_a_day_by_default(grace: dict[str, Any], hours: int, world: World) -> None:
    await generate(world, **grace)

    [_, older] = await live_keys(world)

    left = instant(older["expiresAt"]) - clock.now()
    assert timedelta(hours=hours) - timedelta(minutes=1) < left <= timedelta(hours=hours)


async def test_no_grace_ends_the_older_key_at_once(world: World) -> None:
    await generate(world, grace=0)

    assert await world.goodtime.error_code(LOOK) == "UNAUTHENTICATED"


@pytest.mark.parametrize("grace", [-1, 721, 2**31 - 1])
async def test_a_grace_that_can_not_be_is_refused_and_changes_nothing(grace: int, world: World) -> None:
    refused = await generate(world, grace=grace)

    assert refused == {"apiKey": None, "secret": None, "errors": [{"code": "INVALID", "path": ["graceHours"]}]}
    assert len(await live_keys(world)) == 1
    await world.goodtime.ask(LOOK)


async def test_at_most_two_keys_are_live(world: World) -> None:
    second = holder(world, (await generate(world))["secret"])
    third = holder(world, (await generate(world))["secret"])

    assert await world.goodtime.error_code(LOOK) == "UNAUTHENTICATED"
    await second.ask(LOOK)
    await third.ask(LOOK)


async def test_a_rotation_never_lengthens_the_life_of_a_key(world: World) -> None:
    await generate(world, grace=1)
    [newest, _] = await live_keys(world)
    await world.sam.ask(REVOKE, id=newest["id"])

    await generate(world, grace=48)

    [_, oldest] = await live_keys(world)
    assert instant(oldest["expiresAt"]) - clock.now() <= timedelta(hours=1)


async def test_of_keys_generated_at_once_two_are_live(world: World) -> None:
    made = await asyncio.gather(*(generate(world) for _ in range(5)))

    answers = [await holder(world, each["secret"]).answer(LOOK) for each in made]

    assert len(["live" for answer in answers if "errors" not in answer]) == 2


async def test_revoked_expired_and_unknown_keys_get_one_and_the_same_answer(world: World) -> None:
    revoked, expired = await generate(world), await generate(world)
    await world.sam.ask(REVOKE, id=revoked["apiKey"]["id"])
    await generate(world, grace=0)
    unknown = keys.make().secret
    wrong = unknown[:-1] + ("0" if unknown[-1] != "0" else "1")
    secrets = [revoked["secret"], expired["secret"], unknown, wrong, "cb_live_", "cb_live_" + "x" * 10_000]

    answers = [await holder(world, secret).answer(LOOK) for secret in secrets]

    assert answers[0]["errors"][0]["extensions"] == {"code": "UNAUTHENTICATED"}
    assert [answer == answers[0] for answer in answers] == [True] * len(secrets)


async def test_revoking_again_is_no_error_and_changes_nothing(world: World) -> None:
    [key] = await live_keys(world)

    once = (await world.sam.ask(REVOKE, id=key["id"]))["revokeApiKey"]
    again = (await world.sam.ask(REVOKE, id=key["id"]))["revokeApiKey"]

    assert once["apiKey"]["revokedAt"] is not None
    assert again == once
    assert await live_keys(world) == []
    assert await world.goodtime.error_code(LOOK) == "UNAUTHENTICATED"


async def test_the_keys_that_are_not_revoked_are_listed_newest_first(world: World) -> None:
    [first] = await live_keys(world)
    second, third = await generate(world), await generate(world)
    await world.sam.ask(REVOKE, id=second["apiKey"]["id"])

    seen = await holder(world, third["secret"]).ask(KEYS)

    assert [key["id"] for key in await live_keys(world)] == [third["apiKey"]["id"], first["id"]]
    assert [key["id"] for key in seen["integration"]["apiKeys"]] == [third["apiKey"]["id"], first["id"]]


async def test_a_key_survives_whoever_made_it(world: World) -> None:
    ada = {"externalId": "user-ada", "email": world.email("ada"), "name": "Ada", "role": "SUPER_ADMIN"}
    sam = {"externalId": "user-sam", "email": world.email("sam"), "name": "Sam", "role": "SUPER_ADMIN"}
    await world.sam.sync("users", [ada])
    await world.ada.sync("users", [sam | {"deactivated": True}])

    await world.goodtime.ask(LOOK)

    [key] = (await world.ada.ask(KEYS))["integration"]["apiKeys"]
    assert key["createdBy"] == {"name": "Sam"}


async def test_last_use_is_kept_and_written_at_most_once_a_minute(world: World) -> None:
    async def last_use() -> Any:
        [key] = await live_keys(world)
        return key["lastUsedAt"] and instant(key["lastUsedAt"])

    start = clock.now()
    before = await last_use()
    written = []
    for seconds in (0, 1, 59, 60, 119, 120):
        with clock.reading(lambda: start + timedelta(seconds=seconds)):  # noqa: B023 - it is left before the next
            with statements() as sent:
                await world.goodtime.ask(LOOK)
            written.append(len([statement for statement in sent if statement.startswith("UPDATE")]))
        assert await last_use() == start + timedelta(seconds=seconds - seconds % 60)

    assert before is None
    assert written == [1, 0, 0, 1, 0, 1]


async def test_of_requests_side_by_side_one_writes_the_last_use(world: World) -> None:
    holder = (await authenticate(world.goodtime.authorization)).key
    assert holder is not None
    stale = await models.ApiKey.get(id=holder.id)
    uses = [clock.now() + timedelta(minutes=5, milliseconds=number) for number in range(3)]

    for use in uses:
        with clock.reading(lambda: use):  # noqa: B023 - it is left before the next
            await _note_use(stale)

    assert (await models.ApiKey.get(id=holder.id)).last_used_at == uses[0]


async def test_the_check_of_a_key_is_one_indexed_read_and_no_write(world: World) -> None:
    authorization = world.goodtime.authorization
    await authenticate(authorization)

    with statements() as sent:
        await authenticate(authorization)

    assert len(sent) == 1
    assert sent[0].startswith("SELECT")
    assert models.ApiKey._meta.fields_map["digest"].unique


async def test_what_is_no_key_is_refused_without_asking_the_database(world: World) -> None:
    secret = str(world.goodtime.authorization).removeprefix("Bearer ")
    typo = secret[:20] + ("a" if secret[20] != "a" else "b") + secret[21:]

    with statements() as sent:
        assert await holder(world, typo).error_code(LOOK) == "UNAUTHENTICATED"

    assert sent == []


async def test_a_key_signs_in_as_user_name_with_an_empty_password(world: World) -> None:
    secret = str(world.goodtime.authorization).removeprefix("Bearer ")

    async def basic(text: str) -> Any:
        person = Person(world.server, f"Basic {base64.b64encode(text.encode()).decode()}")
        answer = await person.answer("{ viewer { __typename } }")
        return answer["errors"][0]["extensions"]["code"] if "errors" in answer else answer["data"]["viewer"]

    token = str(world.rita.authorization).removeprefix("Bearer ")
    assert await basic(f"{secret}:") == {"__typename": "Integration"}
    for wrong in (secret, f"{secret}:password", f":{secret}", f"{token}:", ":"):
        assert await basic(wrong) == "UNAUTHENTICATED"


async def test_over_a_connection_too_expired_and_revoked_keys_get_one_and_the_same_answer(world: World) -> None:
    older, newer = await generate(world), await generate(world, grace=1)
    await world.sam.ask(REVOKE, id=newer["apiKey"]["id"])
    # What an open connection had found out before.
    keys_ = {key.id: key for key in await models.ApiKey.filter(account_id=world.account.id)}
    integration = await models.Integration.get(account_id=world.account.id)
    messages, later = [], clock.now() + timedelta(hours=2)
    with clock.reading(lambda: later):
        for made in (older, newer):
            key = keys_[made["apiKey"]["id"]]
            viewer = Viewer(world.account, integration=integration, key=key, expires_at=key.expires_at)
            with pytest.raises(Refused) as refused:
                await renew(viewer)
            messages.append((refused.value.code, refused.value.message))

    assert len(set(messages)) == 1
