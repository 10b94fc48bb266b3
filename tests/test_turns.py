"""Connections by turns: one account's statements keep another's waiting for no longer than one of them takes."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

import fairness
import work
from database.turns import Turns

pytestmark = pytest.mark.once


async def waiting(turns: Turns, entered: list[str], *owners: str) -> list[asyncio.Task[None]]:
    """Tasks of these owners, each of which has entered or waits."""

    async def enter(owner: str) -> None:
        await turns.enter(owner)
        entered.append(owner)

    tasks = [asyncio.create_task(enter(owner)) for owner in owners]
    await asyncio.sleep(0)
    return tasks


async def test_no_account_has_more_than_half_of_the_places() -> None:
    entered: list[str] = []

    await waiting(Turns(4), entered, *"aaaaab")

    assert entered == ["a", "a", "b"]


async def test_a_place_goes_to_the_next_account_in_turn() -> None:
    turns, entered = Turns(2), list[str]()
    await waiting(turns, entered, *"ab", *"aaabc")
    del entered[:]

    for owner in "abcaa":
        turns.leave(owner)
        await asyncio.sleep(0)

    assert entered == ["a", "b", "c", "a", "a"]


async def test_who_no_longer_waits_takes_no_place() -> None:
    turns, entered = Turns(2), list[str]()
    tasks = await waiting(turns, entered, *"ab", *"ab")

    tasks[2].cancel()
    await asyncio.sleep(0)
    turns.leave("a")
    await asyncio.sleep(0)
    turns.leave("b")
    await asyncio.sleep(0)
    assert entered == ["a", "b", "b"]

    await waiting(turns, entered, "a")
    assert entered[-1] == "a"


async def test_who_is_cancelled_as_their_turn_comes_gives_the_place_back() -> None:
    turns, entered = Turns(2), list[str]()
    tasks = await waiting(turns, entered, *"ab", "a")

    turns.leave("a")
    tasks[2].cancel()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await waiting(turns, entered, "a")

    assert entered == ["a", "b", "a"]


@pytest.fixture
async def turns_of_the_loop() -> AsyncIterator[None]:
    """As the application has it: what a counted task starts is counted too."""
    loop = asyncio.get_running_loop()
    loop.set_task_factory(work.task_factory)
    yield
    loop.set_task_factory(None)


def burn(seconds: float) -> None:
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        pass


async def compute(steps: list[str], owner: str, pieces: int, seconds: float = 0.003) -> None:
    fairness.run_for(owner)

    async def pieces_of_work() -> None:
        for _ in range(pieces):
            burn(seconds)
            steps.append(owner)
            await asyncio.sleep(0)

    await work.counted(work.Work(), pieces_of_work)


async def test_the_account_that_has_used_least_goes_next(turns_of_the_loop: None) -> None:
    steps: list[str] = []

    await asyncio.gather(*(compute(steps, "a", 3) for _ in range(5)), compute(steps, "b", 3))

    # Of the account with five tasks, one or two pieces stand between two of the other one.
    last = len(steps) - 1 - steps[::-1].index("b")
    assert steps[: last + 1].count("a") <= 6
    assert len(steps) == 18


@pytest.mark.parametrize(("is_alone", "most"), [(False, {1}), (True, {2, 3})])
async def test_a_pass_of_the_loop_has_time_for_a_few_steps_only(
    is_alone: bool, most: set[int], turns_of_the_loop: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For a few more while one account is alone, so that what is alike is answered together."""
    turns = fairness.LoopTurns()
    monkeypatch.setattr(work, "LOOP_TURNS", turns)
    monkeypatch.setattr(fairness, "_LATELY_SECONDS", 0 if is_alone else 60)
    steps: list[str] = []
    await compute([], "b", 1)
    everybody = [asyncio.create_task(compute(steps, "a", 1)) for _ in range(10)]
    at_once: list[int] = []

    while len(steps) < 10:
        before = len(steps)
        await asyncio.sleep(0)
        at_once.append(len(steps) - before)

    # The first step of the account is what shows that two are there.
    assert max(at_once[1:]) in most
    await asyncio.gather(*everybody)


async def test_who_has_asked_for_little_goes_first_for_a_while_and_no_longer(turns_of_the_loop: None) -> None:
    steps: list[str] = []
    busy = [asyncio.create_task(compute(steps, "a", 20, 0.01)) for _ in range(2)]
    for _ in range(20):
        await asyncio.sleep(0)

    await compute(steps, "b", 20, 0.01)

    first = steps.index("b")
    # 50 ms at most are made up for; from then on they take turns.
    assert steps[first : first + 5].count("b") >= 3
    assert steps[first : first + 20].count("a") >= 5
    await asyncio.gather(*busy)


async def test_tasks_that_a_counted_task_starts_count_to_its_work(turns_of_the_loop: None) -> None:
    total, part = work.Work(), work.Work()

    async def some(seconds: float) -> None:
        await asyncio.sleep(0)
        burn(seconds)

    async def all_of_it() -> None:
        await asyncio.gather(some(0.005), some(0.005), work.counted(part, some, 0.02))

    await work.counted(total, all_of_it)

    # What is measured once in ten milliseconds is about right.
    assert 0.005 <= total.seconds < part.seconds
    assert part.seconds >= 0.01


async def test_what_is_started_together_begins_together(turns_of_the_loop: None) -> None:
    begun: list[int] = []

    async def begin(number: int) -> None:
        burn(0.003)
        begun.append(number)
        await asyncio.sleep(0)

    async def all_of_it() -> None:
        tasks = [asyncio.create_task(begin(number)) for number in range(3)]
        await asyncio.sleep(0)
        assert begun == [0, 1, 2]
        await asyncio.gather(*tasks)

    await work.counted(work.Work(), all_of_it)
