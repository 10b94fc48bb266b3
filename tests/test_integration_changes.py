"""Following an integration: who gets its row at which change, and the log of its changes."""

import asyncio
from datetime import timedelta

import clock
import models
from resolvers import changes
from tests.integrations import LOOK, REVOKE, generate, live_keys, switch
from tests.sql_log import statements
from tests.world import World

FOLLOW = """subscription { integrationChanges(provider: GOODTIME) { enabled enabledBy { name } } }"""

FOLLOW_KEYS = "subscription { integrationChanges(provider: GOODTIME) { enabled apiKeys { prefix expiresAt } } }"


async def test_whoever_follows_an_integration_gets_its_row_at_every_switch(world: World) -> None:
    async with world.leo.following(FOLLOW) as following:
        await switch(world, False)
        assert await following.next() == {"enabled": False, "enabledBy": None}
        await switch(world, True)
        assert await following.next() == {"enabled": True, "enabledBy": {"name": "Sam"}}
        await switch(world, True)
        await following.expect_nothing()


async def test_whoever_follows_an_integration_gets_its_row_when_its_keys_change(world: World) -> None:
    async with world.sam.following(FOLLOW_KEYS) as following:
        made = await generate(world)
        rotated = await following.next()
        await world.sam.ask(REVOKE, id=made["apiKey"]["id"])
        revoked = await following.next()
        await world.goodtime.ask(LOOK)
        await following.expect_nothing()

    assert rotated["apiKeys"][0]["prefix"] == made["apiKey"]["prefix"]
    assert rotated["apiKeys"][1]["expiresAt"] is not None
    assert len(revoked["apiKeys"]) == 1


async def test_another_accounts_switch_tells_nobody_here(world: World) -> None:
    other = await World.create(world.server)

    async with world.sam.following(FOLLOW) as following:
        await switch(other, False)
        await following.expect_nothing()


async def test_an_interviewer_may_not_follow_an_integration(world: World) -> None:
    async with world.ivo.following(FOLLOW) as following:
        assert (await following.error())["code"] == "FORBIDDEN"


async def test_the_key_of_an_integration_that_is_switched_off_follows_it_no_longer(world: World) -> None:
    async with world.goodtime.following(FOLLOW) as following:
        await switch(world, False)
        assert (await following.error(within=2))["code"] == "INTEGRATION_DISABLED"


async def test_a_revoked_key_follows_the_integration_no_longer(world: World) -> None:
    [key] = await live_keys(world)

    async with world.goodtime.following(FOLLOW) as following:
        await world.sam.ask(REVOKE, id=key["id"])
        assert (await following.error(within=2))["code"] == "UNAUTHENTICATED"


async def test_all_who_follow_an_integration_look_together(world: World) -> None:
    async with world.sam.connected() as one, world.rita.connected() as another:
        for connection in (one, another):
            for number in range(10):
                await connection.follow(f"{FOLLOW} # {number}")
        with statements() as sent:
            await asyncio.sleep(3.1)

    # Each second two for all twenty: how far the log reaches, and who they are by now.
    assert 2 <= len(sent) <= 12


async def test_whoever_becomes_an_interviewer_follows_an_integration_no_longer(world: World) -> None:
    async with world.rita.following(FOLLOW) as following:
        await models.User.filter(id=world.rita.id).update(role=models.Role.INTERVIEWER)
        assert (await following.error(within=3))["code"] == "FORBIDDEN"


async def integration_log(world: World) -> list[int]:
    """The positions of the integrations' changes in the account's log."""
    entries = models.LogEntry.filter(account_id=world.account.id, topic=models.ChangeTopic.INTEGRATIONS)
    return list(await entries.order_by("id").values_list("position", flat=True))


async def test_changes_of_an_integration_are_logged_gap_free_and_in_the_order_of_commits(world: World) -> None:
    await asyncio.gather(*(generate(world) for _ in range(4)), switch(world, False), world.goodtime.answer(LOOK))
    await switch(world, False)

    assert await integration_log(world) == [1, 2, 3, 4, 5]
    assert (await models.Account.get(id=world.account.id)).position == 5


async def test_a_change_of_an_integration_that_nobody_signalled_comes_with_the_slow_look(world: World) -> None:
    """As after a crash between the commit and the signal."""
    integration = await models.Integration.get(account_id=world.account.id)
    async with world.rita.following(FOLLOW) as following:
        columns = {"subject_id": integration.id, "kind": "INTEGRATION_CHANGED", "actor_id": world.sam.id}
        columns |= {"topic": models.ChangeTopic.INTEGRATIONS, "at": clock.now()}
        await models.LogEntry.create(account_id=world.account.id, position=1, **columns)
        await models.Account.filter(id=world.account.id).update(position=1)

        assert (await following.next(within=3))["enabled"]


async def test_retention_drops_old_changes_of_an_integration_and_its_followers_go_on(world: World) -> None:
    await generate(world)
    moment = clock.now() + timedelta(days=31)
    with clock.reading(lambda: moment):
        await changes.prune(timedelta(days=30))
    assert await integration_log(world) == []
    async with world.rita.following(FOLLOW) as following:
        await switch(world, False)

        assert await following.next() == {"enabled": False, "enabledBy": None}
    assert await integration_log(world) == [2]
