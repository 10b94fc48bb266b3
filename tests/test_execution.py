"""What the room promises: a relation is asked once a level, nothing is remembered, a mutation runs once."""

import asyncio
import gc
import sys
from typing import Any

import pytest
import strawberry
from graphql import DocumentNode, ExecutionResult, parse
from graphql import execute as graphql_core
from strawberry.extensions import SchemaExtension
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from execution import BreadthFirstExecutor, execute
from execution.plans import Plans
from tests.library import SOON, Library, Query, Shelf, Taste, schema

pytestmark = pytest.mark.once


async def reference(schema: strawberry.Schema, document: DocumentNode, **options: Any) -> ExecutionResult:
    result: Any = graphql_core(
        schema._schema, document, executor_class=StrawberryGraphQLCoreExecutionContext, **options
    )
    answer: ExecutionResult = await result
    return answer


both = pytest.mark.parametrize("by", [execute, reference])


def ask(text: str, by: Any = execute, library: Library | None = None, **variables: Any) -> tuple[Any, Library]:
    library = library or Library()
    result = asyncio.run(by(schema, parse(text), context_value=library, variable_values=variables))
    assert not result.errors, result.errors
    return result.data, library


def errors(text: str, by: Any = execute, library: Library | None = None) -> list[dict[str, Any]]:
    result = asyncio.run(by(schema, parse(text), context_value=library or Library()))
    return [{"message": error.message, "path": error.path} for error in result.errors]


@both
def test_a_relation_is_asked_once_for_all_parents_of_a_level(by: Any) -> None:
    data, library = ask('{ shelves(names: ["a", "b", "c"]) { books(first: 2) { title shelf { name } } } }', by)

    assert data["shelves"][2]["books"][1] == {"title": "c1", "shelf": {"name": "c"}}
    assert library.calls == [("books", 3, 2, strawberry.UNSET, None), ("shelf", 6)]


def test_graphql_core_asks_once_for_parents_of_several_branches() -> None:
    text = '{ one: shelves(names: "a") { books { title } } two: shelves(names: ["b", "c"]) { books { title loans } } }'

    _, library = ask(text, reference)

    assert [call[:2] for call in library.calls] == [("books", 3), ("loans", 4)]


@both
def test_arguments_arrive_as_strawberry_passes_them(by: Any) -> None:
    text = """query ($by: String, $words: [String!]!) {
        shelves(names: "a") { a: books(first: 1, by: $by) { title } b: books(taste: {words: $words}) { title } }
    }"""

    _, library = ask(text, by, words=["x"])

    first, second = library.calls
    assert first == ("books", 1, 1, strawberry.UNSET, None)
    assert second == ("books", 1, 2, strawberry.UNSET, Taste(words=["x"]))


def test_the_schema_shows_arguments_but_neither_parents_nor_level() -> None:
    described = '  """Left to right."""\n  books(\n    """So many."""\n    first: Int = 2\n'

    assert described + "    by: String\n    taste: Taste = null\n  ): [Book!]!" in str(schema)


@both
def test_a_level_knows_what_is_selected_below_it(by: Any) -> None:
    text = """query ($yes: Boolean!, $no: Boolean!, $first: Int) {
        catalogue {
            shelves { ...Books again: books(first: $first) @include(if: $yes) { title @skip(if: $yes) loans } }
        }
    }
    fragment Books on Shelf { books(by: "me") { ... on Book { shelf { name } } } ... @include(if: $no) { name } }"""

    _, library = ask(text, by, yes=True, no=False, first=1)

    assert library.calls[0] == (True, False, True)


@both
@pytest.mark.parametrize(
    ("selected", "of_the_book", "of_its_shelf"),
    [
        ("__typename title", {"title"}, set()),
        ("title again: title ... on Book { shelf { name } }", {"title", "shelf"}, {"name"}),
        ("shelf { books { title } } title @skip(if: true)", {"shelf"}, None),
        ("title place", None, set()),
    ],
)
def test_a_level_knows_what_is_taken_of_its_objects(
    selected: str, of_the_book: set[str] | None, of_its_shelf: set[str] | None, by: Any
) -> None:
    _, library = ask(f"{{ lost {{ {selected} }} }}", by)

    assert library.reads == (of_the_book, of_its_shelf)


@both
def test_fragments_that_spread_others_twice_cost_no_more_than_their_length(by: Any) -> None:
    doubling = " ".join(f"fragment F{number} on Shelf {{ ...F{number + 1} ...F{number + 1} }}" for number in range(40))

    _, library = ask(f"{{ catalogue {{ shelves {{ ...F0 }} }} }} {doubling} fragment F40 on Shelf {{ name }}", by)

    assert library.calls == [(False, False, False)]


@both
def test_a_plan_serves_other_variables_than_those_it_was_made_for(by: Any) -> None:
    text = """query ($yes: Boolean!, $first: Int) {
        catalogue { shelves { books(first: $first) { title @include(if: $yes) __typename } } }
    }"""
    document = parse(text)
    seen = []
    for yes, first in [(True, 1), (False, 1), (True, 2), (False, 0)]:
        library = Library()
        variables = {"yes": yes, "first": first}
        result = asyncio.run(by(schema, document, context_value=library, variable_values=variables))
        books = result.data["catalogue"]["shelves"][1]["books"]
        seen.append((books[-1:], library.calls[0][1], library.calls[1][2]))

    assert seen == [
        ([{"title": "b0", "__typename": "Book"}], True, 1),
        ([{"__typename": "Book"}], False, 1),
        ([{"title": "b1", "__typename": "Book"}], True, 2),
        ([], False, 0),
    ]


@both
def test_an_ordinary_resolver_may_ask_for_its_level(by: Any) -> None:
    _, library = ask("{ lost { shelf { name } } }", by)

    assert library.calls[0] == ("lost", True, False)


@both
def test_an_answer_that_is_an_exception_is_its_parents_error_alone(by: Any) -> None:
    result = asyncio.run(
        by(schema, parse('{ lost { loans } shelves(names: "a") { books { loans } } }'), context_value=Library())
    )

    assert result.data == {"lost": None, "shelves": [{"books": [{"loans": 0}, {"loans": 0}]}]}
    assert [(error.message, error.path) for error in result.errors] == [("No loans", ["lost", "loans"])]


@both
def test_a_null_where_none_may_be_is_an_error_that_takes_its_parent_along(by: Any) -> None:
    result = asyncio.run(by(schema, parse("{ unshelved { title shelf { name } } }"), context_value=Library()))

    assert result.data == {"unshelved": None}
    assert [error.path for error in result.errors] == [["unshelved", "shelf"]]


@both
def test_a_raised_exception_is_everybodys(by: Any) -> None:
    assert errors('{ shelves(names: ["a"]) { books(by: "nobody") { title } } }', by) == [
        {"message": "Nobody", "path": ["shelves", 0, "books"]}
    ]


@both
def test_as_many_answers_as_parents_are_due(by: Any) -> None:
    [error] = errors('{ shelves(names: ["short", "b"]) { selected } }', by)

    assert error["message"] == "ShelfType.selected gave 1 answers for 2 parents"


@both
def test_relations_of_one_level_are_read_side_by_side(by: Any) -> None:
    async def met() -> ExecutionResult:
        library = Library(meeting=asyncio.Barrier(2))
        text = '{ shelves(names: "a") { one: books(first: 0) { title } two: books(first: 1, by: "me") { title } } }'
        return await by(schema, parse(text), context_value=library)

    assert not asyncio.run(met()).errors


@both
def test_nothing_is_remembered_between_the_operations_of_a_context(by: Any) -> None:
    library = Library()

    for _ in range(3):
        ask('{ shelves(names: "a") { books { title } } }', by, library)

    assert len(library.calls) == 3
    gc.collect()
    assert not sys.modules["execution.breadth"]._loaders


def test_nothing_is_remembered_between_the_deliveries_of_a_subscription() -> None:
    library = Library()

    async def deliveries() -> list[Any]:
        stream = await schema.subscribe("subscription { shelves { books { title } } }", context_value=library)
        return [delivery.data async for delivery in stream]

    delivered = asyncio.run(deliveries())

    assert delivered == [{"shelves": {"books": [{"title": "a0"}, {"title": "a1"}]}}] * 2
    assert len(library.calls) == 2


def test_one_event_of_a_subscription_is_rendered_for_all_who_asked_the_same() -> None:
    document = parse("subscription { shelves { name books(first: 1) { title } } }")

    result = asyncio.run(execute(schema, document, root_value=Shelf("z"), context_value=Library()))

    assert result == ExecutionResult({"shelves": {"name": "z", "books": [{"title": "z0"}]}}, None)


def test_a_mutation_runs_once_whatever_fails_below_it() -> None:
    library = Library()

    messages = errors('mutation { add(name: "a") { name books(by: "nobody") { title } } }', library=library)

    assert messages == [{"message": "Nobody", "path": ["add", "books"]}]
    assert library.calls.count(("add begins", "a")) == 1


def test_mutations_run_one_after_the_other() -> None:
    _, library = ask('mutation { a: add(name: "a") { books { title } } b: add(name: "b") { name } }')

    assert [call[0] for call in library.calls] == ["add begins", "add ends", "books", "add begins", "add ends"]


def test_what_has_no_plan_is_answered_by_graphql_core() -> None:
    data, library = ask('{ __schema { queryType { name } } shelves(names: "a") { books { place } } }')

    assert data["__schema"] == {"queryType": {"name": "Query"}}
    assert data["shelves"][0]["books"][1] == {"place": "shelves.0.books.1.place"}
    assert len(library.calls) == 1


def test_extensions_that_watch_every_field_go_on_doing_so() -> None:
    watched = []

    class Watching(SchemaExtension):
        def resolve(self, next_: Any, root: Any, info: Any, *args: Any, **kwargs: Any) -> Any:
            watched.append(info.field_name)
            return next_(root, info, *args, **kwargs)

    watching = strawberry.Schema(Query, extensions=[Watching], execution_context_class=BreadthFirstExecutor)
    text = '{ shelves(names: "a") { name books { title } } }'
    result = asyncio.run(watching.execute(text, context_value=Library()))

    assert not result.errors
    assert watched == ["shelves", "name", "books", "title", "title"]


def test_who_gives_up_waiting_ends_what_was_asked() -> None:
    async def given_up() -> int:
        library = Library(meeting=asyncio.Barrier(3))
        text = '{ shelves(names: "a") { one: books(first: 0) { title } two: books(first: 1) { title } } }'
        asked = asyncio.create_task(execute(schema, parse(text), context_value=library))
        await asyncio.wait_for(library.busy.wait(), SOON)
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked
        return len(asyncio.all_tasks())

    assert asyncio.run(given_up()) == 1


def test_a_document_is_compiled_once_and_the_least_recently_used_plan_goes_first() -> None:
    class Executor(BreadthFirstExecutor):
        plans = Plans(entries=4)

    bounded = strawberry.Schema(Query, execution_context_class=Executor)
    one, two, three = (parse(f"{{ {name}: catalogue {{ __typename }} }}") for name in ("one", "two", "three"))

    def plan(document: DocumentNode) -> Any:
        executor: Any = Executor.build(bounded._schema, document)
        asyncio.run(_executed(executor))
        return Executor.plans.of(executor)

    kept, dropped = plan(one), plan(two)

    assert plan(one) is kept
    assert plan(three) is not kept
    assert len(Executor.plans) == 4
    assert plan(one) is kept
    assert plan(two) is not dropped


def test_plans_that_take_too_many_bytes_are_not_kept() -> None:
    class Executor(BreadthFirstExecutor):
        plans = Plans(size=5_000)

    bounded = strawberry.Schema(Query, execution_context_class=Executor)
    for number in range(20):
        executor: Any = Executor.build(bounded._schema, parse(f"{{ catalogue {{ a{number}: __typename }} }}"))
        asyncio.run(_executed(executor))

    assert 0 < len(Executor.plans) < 5
    assert 0 < Executor.plans.taken <= 5_000


async def _executed(executor: Any) -> ExecutionResult:
    result: ExecutionResult = await executor.execute_operation()
    return result
