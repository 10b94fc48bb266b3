"""Look for requests that take much CPU for their cost, over the largest data: every field of the schema by itself and
many times, and operations made up from the schema.

Prints the ten worst of them; fails where one takes more for its cost than 20 times what a profile takes. `--rounds` is
how many are made up.
"""

import logging
import sys
from collections.abc import Iterator

import uvloop
from graphql import GraphQLField, GraphQLObjectType, get_named_type, is_composite_type, is_required_argument
from graphql.type import GraphQLInterfaceType, GraphQLNamedType
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from benchmarks import data
from benchmarks.costs import MOST_TIMES_A_PROFILE, REQUESTS
from benchmarks.in_process import Asked, Taken, serving
from benchmarks.rounds import arguments
from execution.testing import Operation, operations
from schema import CORE_SCHEMA, SCHEMA

_WORST = 10
_IDS = {
    prefix: st.integers(1, 5).map(lambda number, prefix=prefix: data.id_of(prefix, number))  # type: ignore[misc]
    for prefix in ("cnd", "pan", "itv", "frm", "usr")
}
#: What arguments are that a field must be given, or is better given, by their places or their types.
_LITERALS = {
    "Query.candidate.id": f'"{data.id_of("cnd", 1)}"',
    "Query.interviewPanel.id": f'"{data.id_of("pan", 1)}"',
    "Query.feedbackForm.id": f'"{data.id_of("frm", 1)}"',
    "Query.nodes.ids": f'["{data.id_of("itv", 1)}"]',
    "ID": f'"{data.id_of("itv", 1)}"',
    "IntegrationProvider": "GOODTIME",
    "DateTime": '"2025-01-01T00:00:00Z"',
    "String": '"a"',
}


def every_field() -> Iterator[str]:
    """Queries for each field of each type, by the shortest way there: once, and as often as aliases allow."""
    schema = CORE_SCHEMA
    assert schema.query_type is not None
    ways: dict[str, tuple[str, str]] = {schema.query_type.name: ("", "")}
    waiting: list[GraphQLNamedType] = [schema.query_type]
    while waiting:
        parent = waiting.pop(0)
        before, after = ways[parent.name]
        if is_composite_type(parent) and not isinstance(parent, GraphQLObjectType):
            for kind in schema.get_possible_types(parent):
                if kind.name not in ways:
                    ways[kind.name] = (f"{before} ... on {kind.name} {{", f"}} {after}")
                    waiting.append(kind)
        for name, field in (
            parent.fields.items() if isinstance(parent, GraphQLObjectType | GraphQLInterfaceType) else ()
        ):
            called, below = f"{name}{_arguments(f'{parent.name}.{name}', field)}", get_named_type(field.type)
            selected = f"{called} {{ __typename }}" if is_composite_type(below) else called
            many = " ".join(f"a{place}: {selected}" for place in range(30 if before else 20))
            yield from (f"{{ {before} {fields} {after} }}" for fields in (selected, many))
            if is_composite_type(below) and below.name not in ways:
                ways[below.name] = (f"{before} {called} {{", f"}} {after}")
                waiting.append(below)


def _arguments(place: str, field: GraphQLField) -> str:
    written = []
    for name, argument in field.args.items():
        literal = _LITERALS.get(f"{place}.{name}")
        if name == "first":
            written.append("first: 1")
        elif literal or is_required_argument(argument):
            written.append(f"{name}: {literal or _LITERALS[get_named_type(argument.type).name]}")
    return f"({', '.join(written)})" if written else ""


def made_up(count: int) -> list[Operation]:
    """So many queries, with pages of any size and ids that exist."""
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


async def run(shape: data.Shape, count: int) -> bool:
    """Print the worst; returns whether none takes too much."""
    queries = [Operation(text, {}) for text in every_field()] + made_up(count)
    taken: list[tuple[Taken, Operation]] = []
    async with serving(shape) as server:
        profile = await server.measure(REQUESTS["a profile"])
        for operation in queries:
            asked = Asked(operation.text, operation.variables)
            # The first time it is parsed too, which has its own price.
            if (await server.ask(asked))[0]:
                taken.append((await server.measure(asked), operation))
        profile = max(profile, await server.measure(REQUESTS["a profile"]), key=lambda each: each.per_cost)
    ran = sorted((each for each in taken if each[0].cost), key=lambda each: each[0].per_cost, reverse=True)
    print(f"| of {len(ran)} queries | cost | CPU, ms | for 1,000, ms | profiles | longest hold, ms |")
    print("|---|--:|--:|--:|--:|--:|")
    for each, operation in ran[:_WORST]:
        text = " ".join(operation.text.split()).replace("|", "\\|")[:200]
        times = each.per_cost / profile.per_cost
        figures = f"{each.cost:,} | {each.cpu * 1000:.2f} | {each.per_cost:.1f} | {times:.1f} | {each.hold * 1000:.1f}"
        print(f"| `{text}` | {figures} |")
    return ran[0][0].per_cost <= MOST_TIMES_A_PROFILE * profile.per_cost


if __name__ == "__main__":
    options = arguments(__doc__, rounds=200)
    logging.disable(logging.INFO)
    sys.exit(not uvloop.run(run(data.QUICK if options.quick else data.LARGEST, options.rounds)))
