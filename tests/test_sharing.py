"""What waits at the same time is done together, in one transaction or by one statement, and nobody notices."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest
from tortoise.exceptions import IntegrityError

import models
from auth.viewer import Viewer
from database import Coalescer, run_batched
from database.batching import load
from database.group_commit import MOST_TOGETHER
from models import InterviewPanelChangeKind as Kind
from resolvers import units
from resolvers.units import UnitOfWork
from tests.processes import until
from tests.sql_log import statements
from tests.world import World


async def test_pushes_that_wait_together_share_their_statements_and_each_hears_its_own(world: World) -> None:
    pushes = [world.a_panel(f"panel {number}", sequence=1) for number in range(9)]
    wrong = world.a_panel("wrong", world.an_interview(interviewers=[{"email": "nobody@elsewhere.example"}]))

    with statements() as alone:
        await world.goodtime.push(**world.a_panel("alone"))
    with statements() as taken:
        *pushed, refused = await asyncio.gather(*(world.goodtime.push(**push) for push in [*pushes, wrong]))

    assert [answer["outcome"] for answer in pushed] == ["CREATED"] * 9
    assert [answer["panel"]["externalId"] for answer in pushed] == [push["externalId"] for push in pushes]
    assert [error["code"] for error in refused["errors"]] == ["INTERVIEWER_NOT_FOUND"]
    assert sorted(change["panel"]["externalId"] for change in await world.rita.changes()) == sorted(
        ["alone", *(push["externalId"] for push in pushes)]
    )
    assert len(taken) < len(alone) * len(pushed) / 2


async def test_pushes_of_one_panel_that_wait_together_come_one_after_the_other(world: World) -> None:
    revisions = [world.a_panel("panel", sequence=number, note=f"revision {number}") for number in range(1, 9)]

    pushed = await asyncio.gather(*(world.goodtime.push(**push) for push in revisions))

    panel = await world.rita.panel(externalId="panel")
    assert {answer["outcome"] for answer in pushed} <= {"CREATED", "UPDATED", "STALE_IGNORED"}
    assert panel is not None
    assert (panel["sequence"], panel["note"]) == (8, "revision 8")


@pytest.fixture
async def scheduler(world: World) -> Viewer:
    """GoodTime, past its key."""
    return Viewer(account=world.account, integration=await models.Integration.get(account_id=world.account.id))


@dataclass
class Acts:
    """Acts on panels of their own, which write down what happens to them."""

    viewer: Viewer
    candidate_id: str
    begun: list[str] = field(default_factory=list)
    #: Those that go no further until they are let go.
    gates: dict[str, asyncio.Event] = field(default_factory=dict)

    async def push(self, name: str, commit: UnitOfWork) -> str:
        assert self.viewer.integration
        self.begun.append(name)
        if name in self.gates:
            await until(self.gates[name].is_set)
        if name.startswith("broken"):
            raise ArithmeticError(name)
        panel = models.Panel(
            account_id=commit.account_id,
            integration_id=self.viewer.integration.id,
            external_id=name.partition(" ")[0],
            candidate_id=self.candidate_id,
            created_by_id=commit.actor_id,
        )
        commit.record(panel, Kind.CREATED)
        commit.keep(panel)
        return name

    def together(self, *names: str) -> list[asyncio.Task[str]]:
        """All at once: the first begins, the others wait for it."""
        return [
            asyncio.create_task(units.commit_in_group(self.viewer, name, partial(self.push, name))) for name in names
        ]


async def test_what_fails_takes_nobody_with_it(world: World, scheduler: Viewer) -> None:
    acts = Acts(scheduler, world.candidates["carla"])

    ended = await asyncio.gather(*acts.together("a", "b", "broken", "c"), return_exceptions=True)

    assert [str(result) for result in ended] == ["a", "b", "broken", "c"]
    assert isinstance(ended[2], ArithmeticError)
    assert sorted(acts.begun) == sorted(["a", "b", "broken", "c"] * 2), "what failed together is tried alone"
    assert sorted(change["panel"]["externalId"] for change in await world.rita.changes()) == ["a", "b", "c"]


async def test_what_clashes_takes_nobody_with_it(world: World, scheduler: Viewer) -> None:
    acts = Acts(scheduler, world.candidates["carla"])

    ended = await asyncio.gather(*acts.together("a", "same 1", "same 2"), return_exceptions=True)

    assert ended[0] == "a"
    assert {type(result) for result in ended[1:]} == {IntegrityError, str}
    assert sorted(change["panel"]["externalId"] for change in await world.rita.changes()) == ["a", "same"]


async def test_whoever_goes_away_takes_nobody_with_them(world: World, scheduler: Viewer) -> None:
    acts = Acts(scheduler, world.candidates["carla"])

    first, gone, last = acts.together("a", "b", "c")
    await asyncio.sleep(0)
    gone.cancel()

    assert (await first, await last) == ("a", "c")
    assert sorted(change["panel"]["externalId"] for change in await world.rita.changes()) == ["a", "b", "c"]


@pytest.mark.postgres
async def test_two_transactions_of_a_key_go_side_by_side(world: World, scheduler: Viewer) -> None:
    acts = Acts(scheduler, world.candidates["carla"], gates={"a": asyncio.Event(), "c": asyncio.Event()})

    first = acts.together("a", "b")
    await until(lambda: acts.begun == ["a", "b"])
    small = acts.together("c")
    another = acts.together("d")
    await until(lambda: acts.begun == ["a", "b", "c", "d"])
    third = acts.together("e", "f")
    acts.gates["c"].set()

    assert await asyncio.gather(*small, *another, *third) == ["c", "d", "e", "f"]
    assert not any(task.done() for task in first)
    acts.gates["a"].set()
    assert await asyncio.gather(*first) == ["a", "b"]


@pytest.mark.postgres
async def test_one_alone_waits_for_the_many_that_are_under_way(world: World, scheduler: Viewer) -> None:
    acts = Acts(scheduler, world.candidates["carla"], gates={"a": asyncio.Event()})

    many = acts.together("a", "b")
    await until(lambda: acts.begun == ["a", "b"])
    [alone] = acts.together("c")
    assert await world.rita.changes() == []
    assert acts.begun == ["a", "b"], "there was time enough"
    acts.gates["a"].set()

    assert await asyncio.gather(*many, alone) == ["a", "b", "c"]


@pytest.mark.postgres
async def test_whoever_has_waited_longest_goes_first_however_often_a_panel_is_pushed(
    world: World, scheduler: Viewer
) -> None:
    acts = Acts(scheduler, world.candidates["carla"], gates={"a": asyncio.Event()})
    others = [f"panel-{number}" for number in range(2 * MOST_TOGETHER)]

    first = acts.together("a", *others[: MOST_TOGETHER - 1])
    await until(lambda: len(acts.begun) == MOST_TOGETHER)
    waiting = acts.together("often", *others[MOST_TOGETHER:], "often")
    await until(lambda: "often" in acts.begun)
    acts.gates["a"].set()

    await asyncio.gather(*first, *waiting, return_exceptions=True)
    begun = acts.begun[MOST_TOGETHER:]
    assert begun[:MOST_TOGETHER] == ["often", *others[MOST_TOGETHER:]][:MOST_TOGETHER]


@pytest.mark.postgres
async def test_an_act_waits_for_the_one_under_way_on_its_panel(world: World, scheduler: Viewer) -> None:
    acts = Acts(scheduler, world.candidates["carla"], gates={"a": asyncio.Event()})

    first = acts.together("a")
    await until(lambda: acts.begun == ["a"])
    other, again = acts.together("b", "a")
    assert await other == "b"
    assert acts.begun == ["a", "b"]
    acts.gates.pop("a").set()

    assert await asyncio.gather(*first) == ["a"]
    with pytest.raises(IntegrityError):
        await again
    assert acts.begun[:3] == ["a", "b", "a"]


@dataclass
class Statement:
    """Answers with the letters that it is asked for, and keeps what it was asked."""

    heard: list[dict[str, Any]] = field(default_factory=list)

    async def run(self, values: Mapping[str, Any]) -> list[str]:
        self.heard.append(dict(values))
        await asyncio.sleep(0)
        return list(values["letters"])


async def test_equal_statements_are_asked_once_with_the_lists_of_all() -> None:
    one, other = Statement(), Statement()

    async def task(letter: str, day: int, again: bool) -> list[str]:
        letters = await load(one, {"letters": [letter], "day": day})
        if again:
            letters += await load(other, {"letters": [letter, "z"]})
        return letters

    def of(*call: Any) -> Callable[[], Any]:
        return partial(task, *call)

    results = await run_batched([of("a", 1, True), of("b", 1, False), of("c", 2, True), of("a", 1, True)])

    assert one.heard == [{"letters": ["a", "b"], "day": 1}, {"letters": ["c"], "day": 2}]
    assert other.heard == [{"letters": ["a", "z", "c"]}]
    assert results == [["a", "b", "a", "z", "c"], ["a", "b"], ["c", "a", "z", "c"], ["a", "b", "a", "z", "c"]]


async def test_one_that_ends_or_fails_does_not_keep_the_others_waiting() -> None:
    statement = Statement()

    async def task(letter: str) -> str:
        if letter == "a":
            raise ArithmeticError
        await load(statement, {"letters": [letter]})
        return letter

    with pytest.raises(ArithmeticError):
        await run_batched([partial(task, letter) for letter in "abc"])

    assert statement.heard == [{"letters": ["b", "c"]}]


async def test_a_question_that_hangs_does_not_hold_up_the_next_one() -> None:
    asked_about, never = 0, asyncio.Event()

    async def ask() -> int:
        nonlocal asked_about
        asked_about += 1
        if asked_about == 1:
            await never.wait()
        return asked_about

    shared = Coalescer()
    hangs = asyncio.create_task(shared.once("key", ask))
    await until(lambda: shared._loads and all(load.has_begun for load in shared._loads.values()))

    async with asyncio.timeout(10):
        assert await shared.once("key", ask) == 2

    never.set()
    assert await hangs == 2


async def test_an_answer_is_never_older_than_the_question() -> None:
    now, answered = [0], asyncio.Event()

    async def ask() -> int:
        state = now[0]
        await answered.wait()
        return state

    shared = Coalescer()
    first = asyncio.create_task(shared.once("key", ask))
    await until(lambda: shared._loads and all(load.has_begun for load in shared._loads.values()))
    now[0] = 1
    others = [asyncio.create_task(shared.once("key", ask)) for _ in range(3)]
    elsewhere = asyncio.create_task(shared.once("other", ask))
    await asyncio.sleep(0)
    answered.set()

    assert await first == 0
    assert [await other for other in others] == [1, 1, 1]
    assert await elsewhere == 1
    assert shared._loads == {}
