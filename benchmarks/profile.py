"""Reads: a candidate's profile and a list of 100 candidates with their upcoming panels, asked over 32 connections."""

import random
from collections.abc import Iterator
from functools import partial

import asyncpg
import uvloop

from benchmarks import data
from benchmarks.contenders import Contender, Database, Running, available, node, ours, python, started
from benchmarks.load import ask, cycle, figures, request
from benchmarks.rounds import Figures, arguments, canonical, leaves, less, more, table, taken

CONNECTIONS = 32

CONTENDERS = [
    ours(),
    Contender("Starlette + asyncpg, json_agg", python("by_hand", "json")),
    Contender("Starlette + asyncpg, flat rows", python("by_hand", "flat")),
    Contender("Mercurius, JIT, flat join", node("mercurius.mjs", "flat")),
    Contender("Mercurius, JIT, loaders", node("mercurius.mjs", "loaders")),
    Contender("PostGraphile 5.1", node("postgraphile.mjs"), dialect=".postgraphile"),
    Contender("Strawberry + Tortoise, DataLoaders", python("stock", "loaders")),
    Contender("Strawberry + Tortoise", python("stock", "plain")),
]


async def run(
    contenders: list[Contender], shape: data.Shape, rounds: int, seconds: float, connections: int = CONNECTIONS
) -> None:
    async with data.ready(shape) as access:
        await _measure(contenders, access, rounds, seconds, connections)


async def _measure(
    contenders: list[Contender], access: data.Access, rounds: int, seconds: float, connections: int
) -> None:
    shape = access.shape
    administrator = await asyncpg.connect(f"{data.POSTGRES}/postgres")
    database = Database(administrator, shape.database)
    numbers = random.Random(1).sample(range(1, shape.candidates + 1), min(shape.candidates, 1_000))
    operations = {
        "profile": [{"id": data.id_of("cnd", number)} for number in numbers],
        "list": [{"account": access.account_id}],  # of use to PostGraphile only, which knows of no viewer
    }
    with started(contenders, access) as running:
        for name, variables in operations.items():
            leaf_count = await _same_answers(running, name, variables[:10])
            asked = {each.name: cycle(each, name, variables) for each in running}
            turn = partial(_turn, asked, connections, seconds, database)
            await taken(running, 2, turn)  # to warm up
            results = await taken(running, rounds, turn)
            title = f"{name}, {leaf_count:,} leaves, {connections} connections, {rounds} rounds of {seconds:g} s"
            print(table(title, results, {"a second": more, "server, ms of CPU": less}), "\n", flush=True)
    await administrator.close()


async def _turn(
    asked: dict[str, Iterator[bytes]], connections: int, seconds: float, database: Database, each: Running
) -> Figures:
    return await figures(each, asked[each.name], connections, seconds, database)


async def _same_answers(running: list[Running], name: str, variables: list[dict[str, str]]) -> int:
    """How many leaves the answers have, once all contenders have given the same ones."""
    count = 0
    for values in variables:
        answers = {each.name: canonical(await ask(each, request(each, name, values))) for each in running}
        mine, *others = answers.items()
        for theirs in others:
            assert theirs[1] == mine[1], f"{theirs[0]} answers {theirs[1]}\nand not as {mine[0]} {mine[1]}"
        count = leaves(mine[1])
    return count


if __name__ == "__main__":
    options = arguments(__doc__, rounds=15, seconds=2)
    if options.quick:
        # A turn ends when every connection has its answer, and stock Strawberry's take a while.
        uvloop.run(run(available(CONTENDERS, install=False), data.QUICK, rounds=1, seconds=0.1, connections=1))
    else:
        uvloop.run(run(available(CONTENDERS, install=True), data.WHOLE, options.rounds, options.seconds))
