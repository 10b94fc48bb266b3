"""Erasure beside a push that is under way: whichever comes first, nothing of the candidate is written after it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from tests.conftest import DATABASE_URL
from tests.subscribers import eventually
from tests.test_duplicates import merge
from tests.test_erasure import erase, mark_of, marked_columns
from tests.world import World

pytestmark = pytest.mark.postgres

_WAITING = """SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE $1"""


class Commits:
    """The commits of an account, which are kept back until they are let go: each waits to be given its position."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    async def have(self, many: int, statement: str) -> None:
        """Return once so many transactions wait in such a statement."""

        async def wait() -> bool:
            # Within a transaction PostgreSQL shows what was under way when it was first asked.
            await self._connection.execute("SELECT pg_stat_clear_snapshot()")
            return int(await self._connection.fetchval(_WAITING, f"{statement}%")) == many

        await eventually(wait)


@contextlib.asynccontextmanager
async def kept_back(world: World) -> AsyncIterator[Commits]:
    connection = await asyncpg.connect(DATABASE_URL)
    try:
        async with connection.transaction():
            await connection.execute("SELECT 1 FROM account WHERE id = $1 FOR NO KEY UPDATE", world.account.id)
            yield Commits(connection)
    finally:
        await connection.close()


def marked_push(world: World, **fields: Any) -> dict[str, Any]:
    mark = mark_of(world)
    interview = world.an_interview("one", subject=mark, note=mark, location=mark)
    return world.a_panel("p", interview, note=mark, **fields)


@pytest.mark.parametrize("named", ["carla", "lea"], ids=["the candidate", "a duplicate"])
async def test_what_a_push_writes_that_was_under_way_before_the_erasure_is_erased_too(named: str, world: World) -> None:
    await merge(world, ("lea", "carla"))
    async with kept_back(world) as commits:
        pushing = asyncio.create_task(world.goodtime.push(**marked_push(world, candidateExternalId=named)))
        await commits.have(1, "UPDATE account SET position")
        erasing = asyncio.create_task(erase(world, world.candidates["carla"]))
        await commits.have(1, 'SELECT%"candidate"%FOR UPDATE')

    pushed, erased = await pushing, await erasing

    assert (pushed["outcome"], erased["errors"]) == ("CREATED", [])
    assert await marked_columns(world) == []
    panel = await world.rita.panel(externalId="p")
    assert panel is not None
    assert (panel["status"], panel["interviews"][0]["subject"]) == ("CANCELED", "Erased")


@pytest.mark.parametrize("named", ["carla", "lea"], ids=["the candidate", "a duplicate"])
async def test_a_push_that_comes_while_the_erasure_is_under_way_is_refused(named: str, world: World) -> None:
    await merge(world, ("lea", "carla"))
    async with kept_back(world) as commits:
        erasing = asyncio.create_task(erase(world, world.candidates["carla"]))
        await commits.have(1, "UPDATE account SET position")
        pushing = asyncio.create_task(world.goodtime.push(**marked_push(world, candidateExternalId=named)))
        await commits.have(1, 'SELECT%"candidate"%FOR NO KEY UPDATE%')

    pushed, erased = await pushing, await erasing

    assert erased["errors"] == []
    assert [each["code"] for each in pushed["errors"]] == ["CANDIDATE_ERASED"]
    assert await marked_columns(world) == []
