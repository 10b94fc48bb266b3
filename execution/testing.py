"""Operations made up by hypothesis for any Strawberry schema, and whether both executors answer them alike.

Not imported by the room itself: hypothesis is needed for tests only.
"""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import strawberry
from graphql import (
    ExecutionResult,
    GraphQLArgument,
    GraphQLBoolean,
    GraphQLCompositeType,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLNonNull,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLUnionType,
    OperationType,
    is_composite_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_required_argument,
    is_required_input_field,
    parse,
    validate,
)
from graphql import execute as graphql_core
from graphql.type import get_named_type
from graphql.utilities import do_types_overlap
from hypothesis import assume
from hypothesis import strategies as st
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from execution.executor import IS_AWAITABLE, core_schema, execute

Strategy = st.SearchStrategy[Any]
_SCALARS: dict[str, Strategy] = {
    "Int": st.integers(-3, 100),
    "Float": st.floats(-9, 9),
    "String": st.text('aé"\\\n', max_size=4),
    "Boolean": st.booleans(),
    "ID": st.text("abc1", min_size=1, max_size=4),
}


@dataclass(frozen=True)
class Operation:
    text: str
    variables: dict[str, object]


def operations(
    schema: strawberry.Schema,
    values: Mapping[str, Strategy] | None = None,
    *,
    kind: str = "query",
    depth: int = 4,
    without: frozenset[str] = frozenset(),
) -> st.SearchStrategy[Operation]:
    """Valid operations over the schema: aliases, fragments within fragments, directives, arguments and variables.

    `values` makes JSON values for a scalar by its name, or for one argument as `Type.field.argument`; fields that need
    others are left out, and so are those named in `without` as `Type.field`.
    """
    core = core_schema(schema)

    @st.composite
    def operation(draw: st.DrawFn) -> Operation:
        root = core.get_root_type(OperationType(kind))
        assert root
        writer = Writer(draw, core, {**_SCALARS, **(values or {})}, without)
        body = writer.fields(root, depth) if kind == "subscription" else writer.selection(root, depth)
        head = f"({', '.join(writer.variables)})" if writer.variables else ""
        text = f"{kind} {head} {body} {' '.join(text for _, text in writer.fragments.values())}"
        # Fields of one name but different types may still meet in two members of a union.
        assume(not validate(core, parse(text)))
        return Operation(text, writer.variable_values)

    return operation()


class Writer:
    """An operation being written. Every decision is drawn, so that hypothesis can shrink it."""

    def __init__(self, draw: st.DrawFn, schema: GraphQLSchema, values: dict[str, Strategy], without: frozenset[str]):
        self.draw: Any = draw
        self.schema, self.values, self.without = schema, values, without
        self.variables: list[str] = []
        self.variable_values: dict[str, object] = {}
        self.fragments: dict[str, tuple[GraphQLCompositeType, str]] = {}
        self.names = 0

    def chance(self, of: int) -> bool:
        return bool(self.draw(st.integers(1, of)) == of)

    def fresh(self, prefix: str) -> str:
        self.names += 1
        return f"{prefix}{self.names}"

    def selection(self, type_: GraphQLCompositeType, depth: int) -> str:
        few = self.draw(st.integers(1, 4))
        return f"{{ {' '.join(self.selected(type_, depth) for _ in range(few))} }}"

    def selected(self, type_: GraphQLCompositeType, depth: int) -> str:
        what = self.draw(st.sampled_from(["field"] * 5 + ["inline", "spread", "typename"]))
        if what == "inline" and depth:
            narrowed = self.draw(st.sampled_from([None, *self.overlapping(type_)]))
            condition = f"on {narrowed}" if narrowed else ""
            return f"... {condition} {self.directive()} {self.selection(narrowed or type_, depth - 1)}"
        if what == "spread" and depth:
            return f"...{self.fragment(type_, depth - 1)} {self.directive()}"
        return self.field(type_, depth) if what == "field" else "__typename"

    def overlapping(self, type_: GraphQLCompositeType) -> list[GraphQLCompositeType]:
        types = (
            each for name, each in self.schema.type_map.items() if is_composite_type(each) and not name.startswith("__")
        )
        return [each for each in types if do_types_overlap(self.schema, each, type_)]

    def fragment(self, type_: GraphQLCompositeType, depth: int) -> str:
        overlapping = self.overlapping(type_)
        known = [name for name, (condition, _) in self.fragments.items() if condition in overlapping]
        if known and self.draw(st.booleans()):
            return str(self.draw(st.sampled_from(known)))
        condition = self.draw(st.sampled_from(overlapping))
        body = self.selection(condition, depth)
        name = self.fresh("F")
        self.fragments[name] = condition, f"fragment {name} on {condition} {body}"
        return name

    def fields(self, type_: GraphQLCompositeType, depth: int) -> str:
        return f"{{ {self.field(type_, depth)} }}"

    def field(self, type_: GraphQLCompositeType, depth: int) -> str:
        fields = {} if isinstance(type_, GraphQLUnionType) else type_.fields
        known = [name for name, field in fields.items() if self.writable(f"{type_}.{name}", field, depth)]
        if not known:
            return "__typename"
        name = self.draw(st.sampled_from(known))
        definition = fields[name]
        arguments = self.arguments(f"{type_}.{name}", definition)
        alias = f"{self.fresh('a')}: " if arguments or self.chance(4) else ""
        named = get_named_type(definition.type)
        below = self.selection(named, depth - 1) if is_composite_type(named) else ""
        return f"{alias}{name}{arguments} {self.directive()} {below}"

    def writable(self, place: str, definition: GraphQLField, depth: int) -> bool:
        return (
            place not in self.without
            and (depth > 0 or is_leaf_type(get_named_type(definition.type)))
            and None
            not in [self.argument(place, *each) for each in definition.args.items() if is_required_argument(each[1])]
        )

    def argument(self, place: str, name: str, definition: GraphQLArgument) -> Strategy | None:
        return self.values.get(f"{place}.{name}", self.value(definition.type))

    def value(self, type_: GraphQLInputType) -> Strategy | None:
        if is_non_null_type(type_):
            return self.value(type_.of_type)
        if is_list_type(type_):
            item = self.value(type_.of_type)
            return None if item is None else st.lists(item, max_size=3)
        if isinstance(type_, GraphQLEnumType):
            return st.sampled_from(list(type_.values))
        if isinstance(type_, GraphQLInputObjectType):
            return self.input_object(type_)
        assert isinstance(type_, GraphQLScalarType)
        return self.values.get(type_.name)

    def input_object(self, type_: GraphQLInputObjectType) -> Strategy | None:
        values = {name: self.value(field.type) for name, field in type_.fields.items()}
        known = {name: value for name, value in values.items() if value is not None}
        required = [name for name, field in type_.fields.items() if is_required_input_field(field)]
        if not known.keys() >= {*required}:
            return None
        return st.fixed_dictionaries({name: known.pop(name) for name in required}, optional=known)

    def arguments(self, place: str, definition: GraphQLField) -> str:
        written = []
        for name, argument in definition.args.items():
            value = self.argument(place, name, argument)
            if value is not None and (is_required_argument(argument) or self.chance(2)):
                written.append(f"{name}: {self.literal_or_variable(value, argument.type)}")
        return f"({', '.join(written)})" if written else ""

    def literal_or_variable(self, value: Strategy, type_: GraphQLInputType) -> str:
        if not is_non_null_type(type_) and self.chance(6):
            value = st.none()
        drawn = self.draw(value)
        if self.chance(2):
            return literal(drawn, type_)
        name = self.fresh("v")
        default = f" = {literal(drawn, type_)}" if self.chance(3) else ""
        self.variables.append(f"${name}: {type_}{default}")
        if not default or self.chance(2):
            self.variable_values[name] = self.draw(value)
        return f"${name}"

    def directive(self) -> str:
        if not self.chance(6):
            return ""
        name = self.draw(st.sampled_from(["include", "skip"]))
        return f"@{name}(if: {self.literal_or_variable(st.booleans(), GraphQLNonNull(GraphQLBoolean))})"


def literal(value: Any, type_: GraphQLInputType) -> str:
    """A JSON value as GraphQL writes it."""
    if is_non_null_type(type_):
        return literal(value, type_.of_type)
    if value is None:
        return "null"
    if is_list_type(type_):
        return f"[{', '.join(literal(item, type_.of_type) for item in value)}]"
    if isinstance(type_, GraphQLInputObjectType):
        return f"{{{', '.join(f'{name}: {literal(item, type_.fields[name].type)}' for name, item in value.items())}}}"
    return str(value) if isinstance(type_, GraphQLEnumType) else json.dumps(value)


@dataclass(frozen=True)
class ComparedAnswer:
    """What a client can tell apart: the data in its order, and the errors, whose order nobody promises."""

    data: str
    errors: list[str]

    @classmethod
    def of(cls, result: ExecutionResult) -> "ComparedAnswer":
        return cls(
            repr(result.data), sorted(json.dumps(error.formatted, default=repr) for error in result.errors or ())
        )


async def answers(
    schema: strawberry.Schema,
    operation: Operation,
    *,
    context_value: Callable[[], object] = lambda: None,
    root_value: Callable[[], object] = lambda: None,
) -> tuple[ComparedAnswer, ComparedAnswer]:
    """graphql-core's answer and the plan's, each over a context and a root value of its own."""
    document = parse(operation.text)
    reference: Any = graphql_core(
        core_schema(schema),
        document,
        root_value(),
        context_value(),
        operation.variables,
        executor_class=StrawberryGraphQLCoreExecutionContext,
        is_awaitable=IS_AWAITABLE,
    )
    reference = await reference if IS_AWAITABLE(reference) else reference
    ours = await execute(
        schema,
        document,
        root_value=root_value(),
        context_value=context_value(),
        variable_values=operation.variables,
    )
    # What graphql-core has given up waiting for goes on in the background.
    await asyncio.gather(*asyncio.all_tasks() - {asyncio.current_task()}, return_exceptions=True)
    return ComparedAnswer.of(reference), ComparedAnswer.of(ours)
