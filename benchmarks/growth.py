"""Growth: what each query costs at 10,000 and at 1,000,000 panels, at page 1 and at page 1,000."""

import random
import statistics
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, replace
from math import inf
from typing import Any

import uvloop

from benchmarks import data
from benchmarks.contenders import Running, ours, started
from benchmarks.load import Refused, ask, cycle, put, request
from benchmarks.rounds import arguments

CONNECTIONS = 4
PAGE = 10

#: The variables of a query at one size, found by asking the server itself where that takes a cursor.
Variables = Callable[["Size"], Awaitable[list[dict[str, Any]]]]


@dataclass
class Size:
    """Our server over a data set of one size."""

    access: data.Access
    running: Running
    far: int

    def numbers(self, most: int) -> list[int]:
        return random.Random(1).sample(range(1, most + 1), min(most, 1_000))


async def run(sizes: list[data.Shape], rounds: int, seconds: float, far: int) -> None:
    async with AsyncExitStack() as stack:
        both = []
        for shape in sizes:
            access = await stack.enter_async_context(data.ready(shape))
            await data.warm(shape)
            [running] = stack.enter_context(started([ours()], access))
            both.append(Size(access, running, far))
        small, large = (f"{size.access.shape.panels:,} panels" for size in both)
        print(f"| {CONNECTIONS} connections, {rounds} rounds of {seconds:g} s | {small}, ms | {large}, ms | times |")
        print("|---|--:|--:|--:|")
        for title, (name, variables) in QUERIES.items():
            asked = [cycle(size.running, name, await variables(size)) for size in both]
            times = [await _round(both, asked, seconds, number) for number in range(rounds + 1)][1:]
            few, many = (statistics.median(column) for column in zip(*times, strict=True))
            ratio = statistics.median(large / small for small, large in times)
            print(f"| {title.replace('FAR', f'{far:,}')} | {few:.2f} | {many:.2f} | {ratio:.2f} |", flush=True)
    print()


async def _round(both: list[Size], asked: list[Iterator[bytes]], seconds: float, number: int) -> tuple[float, float]:
    """The median latency at either size in milliseconds, taken in turns; infinite where the query fails."""
    taken = [inf, inf]
    for place in (0, 1) if number % 2 else (1, 0):
        with suppress(Refused):
            load = await put(both[place].running.port, asked[place], CONNECTIONS, seconds=seconds)
            taken[place] = load.percentile(0.5)
    return taken[0], taken[1]


async def profiles(size: Size) -> list[dict[str, Any]]:
    return [{"id": data.id_of("cnd", number)} for number in size.numbers(size.access.shape.candidates)]


async def external_ids(size: Size) -> list[dict[str, Any]]:
    return [{"externalId": f"panel-{number}"} for number in size.numbers(size.access.shape.panels)]


def first_page(**variables: Any) -> Variables:
    async def variables_of(size: Size) -> list[dict[str, Any]]:
        return [{"first": PAGE, **variables}]

    return variables_of


def far_page(name: str, of: int = PAGE) -> Variables:
    async def variables_of(size: Size) -> list[dict[str, Any]]:
        left, after = (size.far - 1) * of, None
        while left:
            variables = {"first": min(left, 100), "after": after}
            [page] = (await ask(size.running, request(size.running, name, variables))).values()
            assert len(page["edges"]) == variables["first"], "the list goes on that far"
            left -= variables["first"]
            after = page["pageInfo"]["endCursor"]
        return [{"first": of, "after": after}]

    return variables_of


async def people(size: Size) -> list[dict[str, Any]]:
    users = size.access.shape.users
    return [{"first": PAGE, "filter": {"interviewerId": data.id_of("usr", number)}} for number in size.numbers(users)]


QUERIES: dict[str, tuple[str, Variables]] = {
    "a profile": ("profile", profiles),
    "a panel by its external id": ("panel", external_ids),
    "100 candidates with upcoming panels": ("list", first_page()),
    "candidates, page 1": ("candidates", first_page()),
    "candidates, page FAR of 5": ("candidates", far_page("candidates", 5)),
    "panels, page 1": ("panels", first_page()),
    "panels, page FAR": ("panels", far_page("panels")),
    "interviews, page 1": ("interviews", first_page()),
    "interviews, page FAR": ("interviews", far_page("interviews")),
    "interviews of one person, page 1": ("interviews", people),
    "changes, page 1": ("changes", first_page()),
    "changes, page FAR": ("changes", far_page("changes")),
}


if __name__ == "__main__":
    options = arguments(__doc__, rounds=7, seconds=1)
    if options.quick:
        small, large = (replace(data.grown(panels), users=100, kept=False) for panels in (200, 400))
        uvloop.run(run([small, large], rounds=1, seconds=0.1, far=10))
    else:
        uvloop.run(run([data.grown(10_000), data.grown(1_000_000)], options.rounds, options.seconds, far=1_000))
