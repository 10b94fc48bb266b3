"""Look for requests that take much CPU for their cost: operations made up from the schema, over the largest data.

Prints the ten worst of them. `--rounds` is how many are made up.
"""

import logging

import uvloop
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from benchmarks import data
from benchmarks.in_process import Asked, Taken, serving
from benchmarks.rounds import arguments
from execution.testing import Operation, operations

_WORST = 10
_IDS = {
    prefix: st.integers(1, 5).map(lambda number, prefix=prefix: data.id_of(prefix, number))  # type: ignore[misc]
    for prefix in ("cnd", "pan", "itv", "frm", "usr")
}


def made_up(count: int) -> list[Operation]:
    """So many queries, with pages of any size and ids that exist."""
    from schema import SCHEMA

    by_text: dict[str, Operation] = {}
    values = {
        "Int": st.sampled_from([1, 20, 50, 100]),
        "DateTime": st.just("2025-01-01T00:00:00Z"),
        "Query.node.id": st.one_of(*_IDS.values()),
        "Query.candidate.id": _IDS["cnd"],
        "Query.interviewPanel.id": _IDS["pan"],
        "Query.feedbackForm.id": _IDS["frm"],
    }

    @settings(max_examples=count, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(operations(SCHEMA, values, depth=7))
    def collect(operation: Operation) -> None:
        by_text[operation.text] = operation

    collect()
    return list(by_text.values())


async def run(shape: data.Shape, count: int) -> None:
    """Print the worst."""
    taken: list[tuple[Taken, Operation]] = []
    async with serving(shape) as server:
        for operation in made_up(count):
            asked = Asked(operation.text, operation.variables)
            # The first time it is parsed too, which has its own price.
            if (await server.ask(asked))[0]:
                taken.append((await server.measure(asked), operation))
    ran = sorted((each for each in taken if each[0].cost), key=lambda each: each[0].per_cost, reverse=True)
    print(
        f"| of {len(ran)} made-up queries | cost | CPU, ms | for 1,000, ms | longest hold, ms |\n|---|--:|--:|--:|--:|"
    )
    for each, operation in ran[:_WORST]:
        text = " ".join(operation.text.split()).replace("|", "\\|")[:300]
        print(f"| `{text}` | {each.cost:,} | {each.cpu * 1000:.2f} | {each.per_cost:.1f} | {each.hold * 1000:.1f} |")


if __name__ == "__main__":
    options = arguments(__doc__, rounds=200)
    logging.disable(logging.INFO)
    uvloop.run(run(data.QUICK if options.quick else data.LARGEST, options.rounds))
