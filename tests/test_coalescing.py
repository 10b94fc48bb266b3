"""Operations side by side: what they have in common is done once, and each gets what it would get alone."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import pytest
import strawberry
from graphql import ExecutionResult, parse
from graphql import execute as graphql_core

from database import batching
from execution import BreadthFirstExecutor, Level, breadth, execute
from tests.world import World

pytestmark = pytest.mark.once

SOON = 5.0


@dataclass
class Player:
    name: str


@dataclass
class Table:
    """A request's context; `asked` and `open` are the same for all of them."""

    asked: list[list[str]] = field(default_factory=list)
    open: asyncio.Event = field(default_factory=asyncio.Event)


@strawberry.type(name="Player")
class PlayerType:
    name: str

    @breadth(graphql_type=str | None)
    async def hand(players: list[Player], level: Level, of: int = 1) -> list[str | Exception]:
        level.context.asked.append([player.name for player in players])
        await level.context.open.wait()
        if any(player.name == "cheat" for player in players):
            raise LookupError("Cards up the sleeve")
        return [f"{player.name}{of}" for player in players]


@strawberry.type
class Query:
    @strawberry.field(graphql_type=PlayerType)
    async def player(self, name: str) -> Any:
        return PLAYERS.setdefault(name, Player(name))


PLAYERS: dict[str, Player] = {}
COALESCER = batching.Coalescer()


def alike(who: str, most: int) -> Any:
    return lambda kind, item, complete: COALESCER.load((kind, who), item, complete, key=id(item.value), limit=most)


US = alike("us", 10)

schema = strawberry.Schema(Query, execution_context_class=BreadthFirstExecutor)
HAND = parse("query($name: String!, $of: Int!) { player(name: $name) { name hand(of: $of) } }")


async def played(table: Table, name: str, of: int = 1, together: Any = US) -> ExecutionResult:
    return await execute(schema, HAND, context_value=table, variable_values={"name": name, "of": of}, together=together)


async def seated(table: Table, *players: asyncio.Task[ExecutionResult]) -> list[ExecutionResult]:
    """What all of them get, with the cards dealt when they have sat down."""
    await asyncio.sleep(0.01)
    table.open.set()
    return list(await asyncio.wait_for(asyncio.gather(*players), SOON))


async def test_operations_side_by_side_are_one_level() -> None:
    table = Table()

    answers = await seated(table, *(asyncio.create_task(played(table, name)) for name in ("ann", "bob", "ann", "cyd")))

    assert [answer.data and answer.data["player"]["hand"] for answer in answers] == ["ann1", "bob1", "ann1", "cyd1"]
    assert table.asked == [["ann", "bob", "cyd"]]


async def test_who_comes_while_a_level_is_at_work_is_in_the_next_one() -> None:
    table = Table()
    first = asyncio.create_task(played(table, "ann"))
    await asyncio.sleep(0.01)

    answers = await seated(table, first, *(asyncio.create_task(played(table, name)) for name in ("bob", "ann")))

    assert [answer.data and answer.data["player"]["hand"] for answer in answers] == ["ann1", "bob1", "ann1"]
    assert table.asked == [["ann"], ["bob", "ann"]]


@pytest.mark.parametrize("alone", [{"of": 2}, {"together": alike("others", 10)}, {"together": None}])
async def test_only_what_is_completed_in_the_same_way_is_joined(alone: dict[str, Any]) -> None:
    table = Table()

    answers = await seated(
        table,
        asyncio.create_task(played(table, "ann")),
        asyncio.create_task(played(table, "bob", **alone)),
        asyncio.create_task(played(table, "cyd")),
    )

    hands = ["ann1", f"bob{alone.get('of', 1)}", "cyd1"]
    assert [answer.data and answer.data["player"]["hand"] for answer in answers] == hands
    assert sorted(table.asked) == [["ann", "cyd"], ["bob"]]


async def test_no_level_has_more_than_may_be_together() -> None:
    table = Table()
    few = alike("us", 2)
    names = ("ann", "bob", "cyd", "dee", "eve")

    answers = await seated(table, *(asyncio.create_task(played(table, name, together=few)) for name in names))

    assert [answer.data and answer.data["player"]["hand"] for answer in answers] == [f"{name}1" for name in names]
    assert table.asked == [["ann", "bob"], ["cyd", "dee"], ["eve"]]


async def test_a_failure_is_only_theirs_who_fail_alone_too() -> None:
    table = Table()

    ann, cheat, bob = await seated(
        table, *(asyncio.create_task(played(table, name)) for name in ("ann", "cheat", "bob"))
    )
    reference: Any = graphql_core(schema._schema, HAND, None, table, {"name": "cheat", "of": 1})

    assert [answer.data and answer.data["player"]["hand"] for answer in (ann, bob)] == ["ann1", "bob1"]
    assert cheat == await reference


async def test_who_leaves_does_not_take_the_answer_of_the_others_along() -> None:
    table = Table()
    leaves, stays = (asyncio.create_task(played(table, name)) for name in ("ann", "bob"))
    await asyncio.sleep(0.01)
    leaves.cancel()

    [answer] = await seated(table, stays)

    assert answer.data == {"player": {"name": "bob", "hand": "bob1"}}


async def test_a_level_that_hangs_does_not_hold_up_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batching, "_PATIENCE_SECONDS", 0.01)
    hangs, table = Table(), Table()
    first = asyncio.create_task(played(hangs, "ann"))
    await asyncio.sleep(0.01)

    [answer] = await seated(table, asyncio.create_task(played(table, "bob")))

    assert answer.data == {"player": {"name": "bob", "hand": "bob1"}}
    assert not first.done()
    hangs.open.set()
    assert (await first).data == {"player": {"name": "ann", "hand": "ann1"}}


LISTED = """
  query($id: ID!, $first: Int) {
    candidate(id: $id) {
      id name scheduleAction { url menuLabel } owner { name }
      interviewPanels(first: $first) { edges { node {
        id status interviews { subject interviewers { user { name } feedbackForm { id%s } } }
      } } }
    }
    candidates(first: $first) { edges { cursor node { id interviewPanels { edges { node { id } } } } } }
    interviews(first: 2) { edges { node { id subject } } }
  }
"""
EVERYBODY = ("sam", "ada", "rita", "leo", "ivo", "noor", "goodtime", "nobody")


@pytest.mark.parametrize("personal", ["", " answers { fieldId values }"])
async def test_whatever_is_asked_side_by_side_is_answered_as_if_asked_alone(personal: str, world: World) -> None:
    """Everybody asks for the same and for different things, all at once, and people of another account with them."""
    form = {"feedbackTemplateId": world.templates["technical"]}
    people = [{"email": world.email(name), **form} for name in ("ivo", "noor", "leo")]
    one = world.a_panel("one", world.an_interview("one", *people), world.an_interview("two"))
    pushed = (await world.goodtime.push(**one))["panel"]
    await world.goodtime.push(**world.a_panel("two", world.an_interview("one", "noor"), candidateExternalId="lea"))
    await world.ivo.fill(pushed["interviews"][0]["interviewers"][0]["feedbackForm"]["id"])
    others = await World.create(world.server)
    asked = [
        (getattr(each, name), {"id": id, "first": first})
        for each in (world, others)
        for name in EVERYBODY
        for id in (world.candidates["carla"], world.candidates["lea"], "cnd_none")
        for first in (1, 5)
    ]
    query = LISTED % personal
    alone = [_without_request(await who.answer(query, **variables)) for who, variables in asked]

    for _ in range(3):
        answers = await asyncio.gather(*(who.answer(query, **variables) for who, variables in asked))
        assert list(map(_without_request, answers)) == alone


def _without_request(answer: dict[str, Any]) -> dict[str, Any]:
    for error in answer.get("errors", ()):
        error["extensions"].pop("requestId", None)
    return answer
