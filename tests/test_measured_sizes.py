"""Amounts of work that once stopped a process, at the sizes at which they were measured (docs/decisions/0023)."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.rates import Use, rates_on, sent
from tests.world import World

pytestmark = pytest.mark.once

#: Of CPU; the client's part is in it.
MOST_HOLD_SECONDS = 0.2


@asynccontextmanager
async def watched() -> AsyncIterator[list[float]]:
    """The CPU of each pass of the event loop while the block runs; the CPU of all of it is their sum."""
    passes: list[float] = []

    async def watch() -> None:
        while True:
            began = time.thread_time()
            await asyncio.sleep(0)
            passes.append(time.thread_time() - began)

    watching = asyncio.create_task(watch())
    try:
        yield passes
    finally:
        watching.cancel()


@pytest.fixture
async def limited(world: World, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Use]:
    async with rates_on(world, monkeypatch) as use:
        yield use


async def fifty_people(world: World) -> list[dict[str, Any]]:
    """Their seats."""
    emails = [f"{number}@{world.slug}.example" for number in range(50)]
    rows = [{"externalId": email, "email": email, "name": email, "role": "INTERVIEWER"} for email in emails]
    assert (await world.sam.sync("users", rows))["errors"] == []
    return [{"email": email} for email in emails]


async def push_the_largest_panel(world: World) -> None:
    people = await fifty_people(world)
    interviews = [
        world.an_interview(str(number), *people, startsAt=f"2046-01-{number % 28 + 1:02}T{number // 28 + 9:02}:00:00Z")
        for number in range(50)
    ]
    for interview in interviews[:20]:
        interview["note"] = "n" * 20_000
    pushed = await world.goodtime.push(**world.a_panel("largest", *interviews))
    assert (pushed["outcome"], pushed["errors"]) == ("CREATED", [])


async def test_a_document_of_395_tiny_operations_is_refused_before_it_is_worked_out(world: World) -> None:
    document = "".join(f"query q{number}{{__typename}}" for number in range(395))

    async with watched() as passes:
        answer = await world.nobody.answer(document)

    assert answer["errors"][0]["extensions"] == {"code": "LIMIT_EXCEEDED", "limit": 50, "operations": 395}
    assert sum(passes) < 1


async def test_variables_of_a_long_key_with_many_elements_and_a_nul_are_read_once(world: World, limited: Use) -> None:
    limited(address_cost_per_minute=60_000)
    variables = {"k" * 100_000: ["x"] * 180_000 + ["a\0"]}
    await sent(world.nobody)

    async with watched() as passes:
        answer = await sent(world.nobody, **variables)

    assert answer.json()["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    assert sum(passes) < 1
    left = (await sent(world.nobody)).headers["ratelimit"]
    # Its bytes were charged, and that it was no request.
    assert int(left.split("r=")[1].split(";")[0]) <= 60_000 - 820 - 3 * 50


async def test_the_invites_of_the_largest_panel_are_charged_and_hold_nobody_up(world: World, limited: Use) -> None:
    await push_the_largest_panel(world)
    limited(user_cost_per_minute=600_000)
    query = "{ interviewPanels(first: 20) { edges { node { interviews { calendarInvite } } } } }"

    async with watched() as passes:
        answer = await sent(world.rita, query)

    assert len(answer.json()["data"]["interviewPanels"]["edges"][0]["node"]["interviews"]) == 50
    charged = 600_000 - int(answer.headers["ratelimit"].split("r=")[1].split(";")[0])
    # Each invite, each of its guests, and its bytes.
    assert charged >= 50 * (10 + 2 * 50)
    assert max(passes) < MOST_HOLD_SECONDS


async def test_ten_subscriptions_that_share_nothing_are_charged_for_what_a_delivery_takes(
    world: World, limited: Use
) -> None:
    await push_the_largest_panel(world)
    limited(user_cost_per_minute=600_000)
    spent = world.server.process.engine.rates.counters.add
    people = "{ interviewers { user { id } } }"
    documents = [
        f"subscription {{ a{number}: interviewPanelChanges {{ panel {{ interviews {people} }} }} }}"
        for number in range(10)
    ]
    async with world.rita.connected() as connection:
        for document in documents:
            await connection.follow(document)
        before = await spent(world.rita.id, 0)
        async with watched() as passes:
            await world.goodtime.push_one(panelExternalId="largest", interview=world.an_interview("0", "ivo"))
            delivered = [await connection.receive(30) for _ in documents]
        charged = await spent(world.rita.id, 0) - before

    assert {(each["type"], *each["payload"]) for each in delivered} == {("next", "data")}
    # 2,451 people, each with their user, for each of the ten.
    assert charged >= 10 * 2 * 2_400
    assert max(passes) < MOST_HOLD_SECONDS


async def test_forty_pushes_of_two_interviews_a_month_apart_of_the_same_fifty_people_take_little_memory(
    world: World,
) -> None:
    people = await fifty_people(world)

    def a_panel(number: int) -> dict[str, Any]:
        days = f"2046-03-01T{number % 20:02}:00:00Z", f"2046-03-31T{number % 20:02}:00:00Z"
        interviews = [
            world.an_interview(str(place), *people, startsAt=at, note="n" * 20_000) for place, at in enumerate(days)
        ]
        return world.a_panel(f"apart-{number}", *interviews)

    before = memory()

    pushed = await asyncio.gather(*(world.goodtime.push(**a_panel(number)) for number in range(40)))

    assert [each["outcome"] for each in pushed] == ["CREATED"] * 40
    assert memory() - before < 200 * 2**20


def memory() -> int:
    """Bytes of this process's memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4_096
