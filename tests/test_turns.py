"""Connections by turns: one account's statements keep another's waiting for no longer than one of them takes."""

import asyncio

import pytest

import fairness
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


async def test_what_one_account_computes_goes_on_piece_by_piece_with_the_others() -> None:
    steps: list[str] = []

    async def compute(owner: str, pieces: int) -> None:
        fairness.run_for(owner)
        for _ in range(pieces):
            await fairness.LOOP_TURNS.give_way()
            steps.append(owner)

    await asyncio.gather(*(compute("a", 2) for _ in range(5)), compute("b", 2))

    # One piece of the account with five requests stands between the two of the other one.
    assert "".join(steps).strip("a") == "bab"
    assert len(steps) == 12


async def test_who_has_given_way_may_be_cancelled() -> None:
    waiting = [asyncio.create_task(fairness.LOOP_TURNS.give_way()) for _ in range(3)]
    await asyncio.sleep(0)

    waiting[1].cancel()

    assert await asyncio.gather(waiting[0], waiting[2]) == [None, None]
    await fairness.LOOP_TURNS.give_way()
