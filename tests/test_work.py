"""Work is counted as it is done: what is more than its estimate is charged, and what is too much is ended."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

import database
from database import connection as database_connection
from operations.errors import format_failure
from tests.limits import cost
from tests.rates import Use, rates_on, sent
from tests.world import World
from work import TimeSlice, Work, WorkLimitExceeded, counted, in_slices, shared_by

pytestmark = pytest.mark.once

EVERYBODY = ("sam", "ada", "rita", "leo", "noor")
PEOPLE = "{interviewPanels(first:1){edges{node{interviews{interviewers{user{id}}}}}}}"
INVITES = "{interviewPanels(first:1){edges{node{interviews{calendarInvite}}}}}"


@pytest.fixture
async def limited(world: World, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Use]:
    async with rates_on(world, monkeypatch) as use:
        yield use


async def push_a_large_panel(world: World) -> None:
    await world.goodtime.push(
        **world.a_panel("large", *(world.an_interview(str(number), *EVERYBODY) for number in range(20)))
    )


async def left(world: World, query: str) -> int:
    """What is left of Rita's minute behind a query."""
    return int((await sent(world.rita, query)).headers["ratelimit"].split("r=")[1].split(";")[0])


async def test_what_turns_out_to_be_more_than_the_estimate_is_charged_and_the_answer_says_so(
    world: World, limited: Use
) -> None:
    await push_a_large_panel(world)
    await sent(world.rita, PEOPLE)
    limited(user_cost_per_minute=10_000)

    objects = 3 + 20 * (1 + 5 * 2)

    assert cost(PEOPLE) < objects <= 10_000 - await left(world, PEOPLE) <= objects + 10


async def test_what_turns_out_to_be_less_costs_its_estimate(world: World, limited: Use) -> None:
    await world.goodtime.push(**world.a_panel("small", world.an_interview("only", "ivo")))
    await sent(world.rita, PEOPLE)
    limited(user_cost_per_minute=10_000)

    assert await left(world, PEOPLE) == 10_000 - cost(PEOPLE)


@pytest.mark.parametrize("query", [PEOPLE, INVITES])
async def test_what_turns_out_to_be_too_much_is_ended_and_charged(world: World, limited: Use, query: str) -> None:
    await push_a_large_panel(world)
    await sent(world.rita, query)
    limited(user_cost_per_minute=10_000, max_work=150)

    refused = await sent(world.rita, query)

    [error] = refused.json()["errors"]
    assert "data" not in refused.json()
    assert error["extensions"] == {"code": "LIMIT_EXCEEDED", "limit": 150}
    assert "r=10000" not in refused.headers["ratelimit"]


async def test_a_request_is_charged_by_its_bytes_before_it_is_decoded(world: World, limited: Use) -> None:
    await sent(world.rita, "{account{id}}")
    limited(user_cost_per_minute=1_000)

    assert (await sent(world.rita, "{account{id}}", text="x" * 500_000)).headers["ratelimit"] == '"cost";r=444;t=60'
    assert (await sent(world.rita, "{account{id}}", text="x" * 500_000)).status_code == 429


async def test_what_turns_out_to_be_no_request_costs_as_much_as_one(world: World, limited: Use) -> None:
    limited(user_cost_per_minute=100)
    post = world.server.http.post

    statuses = [
        (await post(world.server.graphql, json={"query": 5}, headers=world.rita.headers)).status_code for _ in range(3)
    ]

    assert statuses == [400, 400, 429]


async def test_the_counters_and_the_consoles_files_cost_their_address(world: World, limited: Use) -> None:
    limited(address_cost_per_minute=115)
    get, address = world.server.http.get, world.server.address

    paths = ("/metrics", "/console/app.js", "/metrics", "/console/app.js", "/healthz")

    assert [(await get(address + path)).status_code for path in paths] == [200, 200, 429, 429, 200]


async def test_long_work_gives_way_to_others_before_it_is_done() -> None:
    order: list[str] = []

    def burn(values: list[int]) -> list[int]:
        until = time.perf_counter() + 0.006
        while time.perf_counter() < until:
            pass
        return values

    async def other() -> None:
        order.append("other")

    waiting = asyncio.create_task(other())
    assert await in_slices(list(range(5)), burn, at_once=1) == list(range(5))
    order.append("long")
    await waiting

    assert order == ["other", "long"]
    assert not TimeSlice().is_over


async def test_cpu_counts_where_it_comes_to_more_than_what_was_counted() -> None:
    work = Work(limit=1_000)

    async def burn() -> None:
        until = time.thread_time() + 0.01
        while time.thread_time() < until:
            pass
        await asyncio.sleep(0)

    await counted(work, burn)

    assert work.cost >= 100
    work.seconds = 1.0
    with pytest.raises(WorkLimitExceeded):
        work.count(1)


async def test_what_is_done_for_several_costs_each_an_equal_part() -> None:
    parts = [Work(100), Work(50)]

    with shared_by(parts) as shared:
        shared.count(40)
        with pytest.raises(WorkLimitExceeded):
            shared.count(20)

    assert [part.units for part in parts] == [30, 30]


async def test_a_step_that_stands_still_costs_its_cpu_and_not_its_time() -> None:
    work = Work()

    async def stand_still() -> None:
        threading.Event().wait(0.02)

    await counted(work, stand_still)

    assert work.seconds < 0.01


@pytest.mark.parametrize(("is_recent", "code"), [(True, "LIMIT_EXCEEDED"), (False, "SERVICE_UNAVAILABLE")])
def test_a_slow_statement_is_no_outage_while_the_database_answers_others(
    is_recent: bool, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_connection, "LAST_ANSWER", database_connection.LastAnswer())
    if is_recent:
        database_connection.LAST_ANSWER.note()

    [error] = format_failure(TimeoutError(), "request")

    assert database.is_too_slow(TimeoutError()) is is_recent
    assert dict(error["extensions"])["code"] == code


async def test_a_push_far_apart_reads_only_the_bookings_of_its_days(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from resolvers import warnings

    read: list[Any] = []
    select = warnings.select

    async def recorded(*arguments: Any, **options: Any) -> Any:
        rows = await select(*arguments, **options)
        read.extend(rows)
        return rows

    monkeypatch.setattr(warnings, "select", recorded)
    days = [f"2046-01-{day:02d}T10:00:00Z" for day in (1, 15, 28)]
    others = [world.an_interview(str(n), "noor", startsAt=at, note="x" * 5_000) for n, at in enumerate(days)]
    await world.goodtime.push(**world.a_panel("others", *others))
    read.clear()
    ends = [world.an_interview(str(n), "noor", startsAt=days[n]) for n in (0, 2)]

    pushed = await world.goodtime.push(**world.a_panel("ends", *ends))

    assert [each["code"] for each in pushed["warnings"]] == ["INTERVIEWER_DOUBLE_BOOKED"] * 2
    of_others = [seat.interview for seat in read if seat.interview.starts_at.day in (1, 15, 28)]
    assert {interview.starts_at.day for interview in of_others} == {1, 28}
    assert not any("note" in vars(interview) for interview in of_others)
