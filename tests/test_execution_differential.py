"""Whatever is asked and whatever goes wrong, breadth-first execution answers as graphql-core does."""

import asyncio
import gc
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from graphql import parse, subscribe
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from execution import BreadthFirstExecutor, execute
from execution.testing import ComparedAnswer, Operation, answers, operations
from tests.budgets import examples
from tests.made_up_schema import World, schema, values, worlds
from tests.test_coalescing import alike

# What graphql-core cancels before it began, it never awaits; Python complains of it whenever it collects the rest.
pytestmark = [
    pytest.mark.once,
    pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

made_up = settings(examples(100), phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink])


class HandedOver(logging.Handler):
    """Counts how often a plan gave up."""

    def __enter__(self) -> "HandedOver":
        self.count = 0
        self.logger = logging.getLogger("execution")
        self.logger.addHandler(self)
        self.logger.setLevel(logging.DEBUG)
        return self

    def emit(self, record: logging.LogRecord) -> None:
        self.count += 1

    def __exit__(self, *_: object) -> None:
        self.logger.removeHandler(self)
        self.logger.setLevel(logging.NOTSET)


@pytest.fixture(autouse=True)
def _forgotten_here() -> Iterator[None]:
    yield
    gc.collect()


def copies(world: World) -> Any:
    return lambda: World(world.seed, world.trouble)


@made_up
@given(operations(schema, values), worlds)
def test_every_query_is_answered_as_graphql_core_answers_it(operation: Operation, world: World) -> None:
    reference, ours = asyncio.run(answers(schema, operation, context_value=copies(world)))

    assert ours == reference


@made_up
@given(operations(schema, values, without=frozenset({"Person.path"})), st.integers(0, 10_000))
def test_where_nothing_goes_wrong_no_plan_gives_up(operation: Operation, seed: int) -> None:
    with HandedOver() as handed_over:
        reference, ours = asyncio.run(answers(schema, operation, context_value=copies(World(seed, 0))))

    assert ours == reference
    assert ours.errors or not handed_over.count


@made_up
@given(operations(schema, values), worlds)
def test_every_query_in_a_batch_is_answered_as_it_is_alone(operation: Operation, world: World) -> None:
    async def in_a_batch() -> list[ComparedAnswer]:
        document, us = parse(operation.text), alike("us", 2)
        results = await asyncio.gather(
            *(
                execute(
                    schema,
                    document,
                    context_value=World(world.seed, world.trouble),
                    variable_values=operation.variables,
                    together=us,
                )
                for _ in range(3)
            )
        )
        return list(map(ComparedAnswer.of, results))

    reference, _ = asyncio.run(answers(schema, operation, context_value=copies(world)))

    assert asyncio.run(in_a_batch()) == [reference] * 3


@made_up
@given(operations(schema, values, kind="mutation"), worlds)
def test_every_mutation_is_answered_alike_and_runs_as_often(operation: Operation, world: World) -> None:
    used: list[World] = []

    def context() -> World:
        used.append(World(world.seed, world.trouble))
        return used[-1]

    reference, ours = asyncio.run(answers(schema, operation, context_value=context))

    assert ours == reference
    assert used[0].mutations == used[1].mutations


@made_up
@given(operations(schema, values, kind="subscription"), worlds)
def test_every_event_of_a_subscription_is_answered_alike(operation: Operation, world: World) -> None:
    async def events(executor: Any) -> list[ComparedAnswer]:
        context = World(world.seed, world.trouble)
        stream: Any = subscribe(
            schema._schema,
            parse(operation.text),
            context_value=context,
            variable_values=operation.variables,
            executor_class=executor,
        )
        stream = await stream if hasattr(stream, "__await__") else stream
        return (
            [ComparedAnswer.of(event) async for event in stream]
            if hasattr(stream, "__aiter__")
            else [ComparedAnswer.of(stream)]
        )

    reference = asyncio.run(events(StrawberryGraphQLCoreExecutionContext))
    ours = asyncio.run(events(BreadthFirstExecutor))

    assert ours == reference
