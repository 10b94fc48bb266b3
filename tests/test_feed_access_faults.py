"""Streams end or narrow on every process within two seconds of the loss of what they stood on."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

import settings
from auth import claims, tokens
from tests.people import Person
from tests.postgres_processes import PostgresDatabase, Process
from tests.subscribers import at, eventually
from tests.world import World

#: Several processes need PostgreSQL. The processes that no test harms are started once: by one worker of the run.
pytestmark = [pytest.mark.postgres, pytest.mark.xdist_group("processes on PostgreSQL")]

SYNC = "mutation ($users: [UserInput!]!) { syncUsers(users: $users) { errors { code message } } }"

SWITCH = "mutation ($on: Boolean!) { setIntegrationEnabled(provider: GOODTIME, enabled: $on) { errors { code } } }"

KEYS = "{ integration(provider: GOODTIME) { apiKeys { id } } }"

REVOKE = "mutation ($id: ID!) { revokeApiKey(id: $id) { errors { code } } }"


async def synced(world: World, person: Person, role: str, deactivated: bool = False) -> None:
    row = {"email": person.email, "name": person.name, "role": role, "deactivated": deactivated}
    answer = await world.sam.ask(SYNC, users=[row])
    assert answer["syncUsers"]["errors"] == []


@contextlib.asynccontextmanager
async def followed_on(pair: tuple[Process, Process], person: Person) -> AsyncIterator[list[Any]]:
    """The person follows both processes."""
    async with at(person, pair[0].server).following() as one, at(person, pair[1].server).following() as two:
        yield [one, two]


async def test_a_deactivated_user_s_streams_end_on_every_process_within_two_seconds(
    postgres: PostgresDatabase, pair: tuple[Process, Process]
) -> None:
    world = await postgres.world(pair[0].server)
    async with followed_on(pair, world.rita) as streams:
        await synced(world, world.rita, "TEAM_MEMBER", deactivated=True)

        assert await codes(streams) == ["UNAUTHENTICATED"] * 2


async def codes(streams: list[Any]) -> list[str]:
    """The codes of the errors that end the streams, each within two seconds."""
    return [error["code"] for error in await asyncio.gather(*(stream.error(within=2) for stream in streams))]


async def test_a_revoked_key_s_streams_end_on_every_process_within_two_seconds(
    postgres: PostgresDatabase, pair: tuple[Process, Process]
) -> None:
    world = await postgres.world(pair[0].server)
    [key] = (await world.sam.ask(KEYS))["integration"]["apiKeys"]
    async with followed_on(pair, world.goodtime) as streams:
        await world.sam.ask(REVOKE, id=key["id"])

        assert await codes(streams) == ["UNAUTHENTICATED"] * 2


async def test_switching_the_integration_off_ends_its_streams_on_every_process_within_two_seconds(
    postgres: PostgresDatabase, pair: tuple[Process, Process]
) -> None:
    world = await postgres.world(pair[0].server)
    async with followed_on(pair, world.goodtime) as streams:
        await world.sam.ask(SWITCH, on=False)

        assert await codes(streams) == ["INTEGRATION_DISABLED"] * 2


async def test_a_token_s_streams_end_within_two_seconds_of_its_expiry(
    postgres: PostgresDatabase, pair: tuple[Process, Process]
) -> None:
    world = await postgres.world(pair[0].server)
    secret = settings.current().jwt_secret
    assert secret is not None
    seconds = 3
    expires = timedelta(seconds=seconds) - claims.LEEWAY
    token = tokens.sign(secret.get_secret_value(), world.rita.email, world.slug, expires / timedelta(hours=1))
    async with followed_on(pair, Person(world.server, f"Bearer {token}")) as streams:
        ended = [await stream.error(within=seconds + 2) for stream in streams]

        assert [error["code"] for error in ended] == ["UNAUTHENTICATED"] * 2


async def test_a_changed_role_narrows_and_widens_the_streams_of_every_process_within_two_seconds(
    postgres: PostgresDatabase, pair: tuple[Process, Process]
) -> None:
    world = await postgres.world(pair[0].server)
    async with followed_on(pair, world.rita) as streams:

        async def get_others(expected: bool) -> bool:
            """Whether both streams get, or don't, a change of a panel on which Rita doesn't sit before one of hers."""
            for name, who in (("others'", "ivo"), ("hers", "rita")):
                note = str(len(await postgres.log(world)))
                await world.goodtime.push(**world.a_panel(name, world.an_interview("one", who), note=note))
            got = []
            for stream in streams:
                first = (await stream.next())["panel"]["externalId"]
                got.append(first == "others'" and (await stream.next())["panel"]["externalId"] == "hers")
            return got == [expected, expected]

        assert await get_others(True)
        await synced(world, world.rita, "INTERVIEWER")
        await eventually(lambda: get_others(False), within=2)
        await synced(world, world.rita, "TEAM_MEMBER")
        await eventually(lambda: get_others(True), within=2)
