"""An operation compiled once: its root fields, and what they select, as parts that complete a whole level at a time.

What can't be compiled (introspection, `@defer`, resolvers that want an `Info`, field extensions) has no plan, and
graphql-core resolves it as ever. The plans are kept beside the parsed documents, by identity: a document that is parsed
again is compiled again, so a parser cache belongs in front.
"""

import keyword
import sys
from collections import OrderedDict
from collections.abc import Callable, Iterable
from datetime import date, datetime, time
from decimal import Decimal
from enum import Flag
from inspect import iscoroutinefunction
from itertools import count
from typing import Any, NamedTuple
from uuid import UUID

from graphql import (
    FieldNode,
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLError,
    GraphQLField,
    GraphQLFloat,
    GraphQLID,
    GraphQLIncludeDirective,
    GraphQLInt,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSkipDirective,
    GraphQLString,
    Node,
    Undefined,
    VariableNode,
    Visitor,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_object_type,
    visit,
)
from graphql.execution import Executor
from graphql.execution.collect_fields import FieldDetailsList, GroupedFieldSet, collect_fields
from graphql.execution.values import VariableValues
from graphql.pyutils import Path
from graphql.type import GRAPHQL_MAX_INT, GRAPHQL_MIN_INT, get_named_type
from strawberry.types.field import StrawberryField

from execution.level import DEFINITION, Scope, Selected, Selection
from execution.run import (
    AtOnce,
    Choice,
    Column,
    Each,
    Leaves,
    Lists,
    Part,
    Position,
    Rows,
    Unusual,
)


class Root(NamedTuple):
    """A root field, and how what its resolver returns is completed."""

    path: Path
    parent: GraphQLObjectType
    definition: GraphQLField
    nodes: list[FieldNode]
    part: Part


class Plan(NamedTuple):
    """How an operation's root fields, and what is selected below them, are answered."""

    #: By their response names, those that are covered.
    roots: dict[str, Root]
    #: Whether all are.
    whole: bool
    #: The variables that the answers below the root fields depend on.
    variables: tuple[str, ...]


NO_PLAN = Plan({}, False, ())


OBEYED = {GraphQLSkipDirective.name, GraphQLIncludeDirective.name}
PLAIN = frozenset({bool, int, float, str, bytes, date, datetime, time, Decimal, UUID})
"""Types that are no exception and nothing to wait for."""

AS_IT_IS = {
    GraphQLString: "type({}) is str",
    GraphQLID: "type({}) is str",
    GraphQLBoolean: "type({}) is bool",
    GraphQLInt: f"type({{}}) is int and {GRAPHQL_MIN_INT} <= v <= {GRAPHQL_MAX_INT}",
    GraphQLFloat: f"type({{}}) is float and -{sys.float_info.max} <= v <= {sys.float_info.max}",
}
"""The test by which a value is its own answer, for the scalars that graphql-core defines."""

DOCUMENT_BYTES, CODE_BYTES = 70, 25
"""What a character of a parsed document, and of a plan's code, takes in memory, as measured."""


class Uncovered(Exception):
    """A part of the operation that only graphql-core can execute."""


class Plans:
    """The plans in use: the least recently used go when there are more than `entries`, or they take over `size` bytes.

    A plan's bytes are estimated from the document that it keeps alive and the code that was written for it.
    """

    def __init__(self, entries: int = 1_000, size: int = 64 * 2**20) -> None:
        self.entries, self.size = entries, size
        self.taken = 0
        self._kept: OrderedDict[tuple[Any, ...], tuple[Any, int, Any]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def of(self, executor: Executor[Any]) -> Plan:
        """The plan of the executor's operation, under what its variables include and skip."""
        nodes = (executor.schema, executor.operation, *executor.fragment_definitions.values())
        key: tuple[Any, ...] = tuple(map(id, nodes))
        conditions = self._kept_or_made(key, executor, lambda: (_conditions(executor), 0))
        given = {name: executor.variable_values.coerced.get(name) for name in conditions}
        key = (key, *given.values())
        plan: Plan = self._kept_or_made(key, executor, lambda: Compilation(executor, given).plan())
        return plan

    def _kept_or_made(self, key: tuple[Any, ...], executor: Executor[Any], make: Callable[[], tuple[Any, int]]) -> Any:
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key][0]
        made, written = make()
        location = executor.operation.loc
        size = DOCUMENT_BYTES * len(location.source.body if location else "") + CODE_BYTES * written
        # The nodes are kept with it, so that their identities stay theirs.
        self._kept[key] = made, size, (executor.schema, executor.operation, executor.fragment_definitions)
        self.taken += size
        while len(self) > self.entries or self.taken > self.size:
            self.taken -= self._kept.popitem(last=False)[1][1]
        return made


def _conditions(executor: Executor[Any]) -> list[str]:
    """The variables that decide about `@skip` and `@include`."""
    names: dict[str, None] = {}

    class Conditions(Visitor):
        def enter_directive(self, node: Any, *_: object) -> None:
            if node.name.value in OBEYED:
                names.update((it.value.name.value, None) for it in node.arguments if isinstance(it.value, VariableNode))

    for definition in (executor.operation, *executor.fragment_definitions.values()):
        visit(definition, Conditions())
    return list(names)


def variables_in(*parts: Node) -> tuple[str, ...]:
    """The names of all variables in parts of a document."""
    names: dict[str, None] = {}

    class Variables(Visitor):
        def enter_variable(self, node: VariableNode, *_: object) -> None:
            names[node.name.value] = None

    for part in parts:
        visit(part, Variables())
    return tuple(names)


class Compilation:
    """One operation on its way to a plan. It asks the executor what is selected, so fields merge as they always do."""

    def __init__(self, executor: Executor[Any], given: dict[str, Any]) -> None:
        self.executor = executor
        self.scope = Scope(executor.schema, executor.fragment_definitions, VariableValues({}, given))
        self.written = 0
        self._rows: dict[tuple[Any, ...], Rows] = {}

    def plan(self) -> tuple[Plan, int]:
        """The plan, and how many characters of code were written for it."""
        its = self.executor
        parent: Any = its.schema.get_root_type(its.operation.operation)
        try:
            fields, deferred, _ = collect_fields(its.schema, its.fragments, its.variable_values, parent, its.operation)
        except (GraphQLError, RecursionError):
            return NO_PLAN, 0
        if deferred:
            return NO_PLAN, 0
        found = {key: self.root(parent, key, details) for key, details in fields.items()}
        selected = (it.node.selection_set for details in fields.values() for it in details)
        below = variables_in(*filter(None, selected), *its.fragment_definitions.values())
        return Plan({key: root for key, root in found.items() if root}, None not in found.values(), below), self.written

    def root(self, parent: GraphQLObjectType, key: str, details: FieldDetailsList) -> Root | None:
        definition = self.executor.schema.get_field(parent, details[0].node.name.value)
        if definition is None:
            return None
        try:
            _check(details)
            part = self.part(definition.type, details)
        except (Uncovered, RecursionError):
            return None
        return Root(Path(None, key, parent.name), parent, definition, [it.node for it in details], part)

    def part(self, type_: GraphQLOutputType, details: FieldDetailsList) -> Part:
        """What completes the values of a field of that type."""
        return Leaves(coercion(type_)) if is_leaf_type(get_named_type(type_)) else self.position(type_, details)

    def position(self, type_: GraphQLOutputType, details: FieldDetailsList) -> Position:
        nullable = type_.of_type if is_non_null_type(type_) else type_
        if is_list_type(nullable):
            return Position(is_non_null_type(type_), Lists(self.position(nullable.of_type, details)))
        return Position(is_non_null_type(type_), self.objects(nullable, details))

    def objects(self, type_: GraphQLOutputType, details: FieldDetailsList) -> Part:
        if is_object_type(type_):
            return self.rows(type_, details)
        assert is_abstract_type(type_)
        if type_.resolve_type is None:
            raise Uncovered
        return Choice(type_, {it.name: self.rows(it, details) for it in self.scope.schema.get_possible_types(type_)})

    def rows(self, type_: GraphQLObjectType, details: FieldDetailsList) -> Rows:
        # Without this, interfaces within interfaces would be compiled once for every path through their types.
        key = (type_.name, *(id(it.node) for it in details))
        if key not in self._rows:
            fields, deferred, _ = self.executor.collect_subfields(type_, details)
            if deferred or iscoroutinefunction(type_.is_type_of):
                raise Uncovered
            self._rows[key] = RowCompilation(self, type_).rows(fields)
        return self._rows[key]


class RowCompilation:
    """One object type's selected fields on their way to a comprehension."""

    def __init__(self, compilation: Compilation, type_: GraphQLObjectType) -> None:
        self.compilation = compilation
        self.type = type_
        self.columns: dict[str, Column] = {}
        self.arguments: dict[str, Selected] = {}
        self.names: dict[str, Any] = {"PLAIN": PLAIN, "Undefined": Undefined}
        self._numbers = count()

    def rows(self, fields: GroupedFieldSet) -> Rows:
        cells = ", ".join(f"{key!r}: {self.cell(details)}" for key, details in fields.items())
        names = ", ".join(self.columns)
        each = f"for r, {names} in zip(o, {names})" if names else "for r in o"
        build = self.function(["o", *self.columns, *self.arguments], f"[{{{cells}}} {each}]")
        return Rows(self.type.is_type_of, list(self.columns.values()), list(self.arguments.values()), build)

    def cell(self, details: FieldDetailsList) -> str:
        _check(details)
        node = details[0].node
        if node.name.value == "__typename":
            return repr(self.type.name)
        definition = self.type.fields[node.name.value]
        field = definition.extensions.get(DEFINITION)
        if not isinstance(field, StrawberryField) or type(field).get_result is not StrawberryField.get_result:
            raise Uncovered
        if field.extensions:
            raise Uncovered
        found = [Selected(definition, it.node) for it in details]
        relation = field.base_resolver and getattr(field.base_resolver.wrapped_func, "relation", None)
        if relation:
            source: Any = AtOnce(relation, Selection(self.compilation.scope, found))
        elif is_leaf_type(get_named_type(definition.type)) and not field.is_async:
            passed = self.name(found[0], "a", self.arguments) if definition.args else None
            return self.leaf(self.value(field, passed), definition.type)
        else:
            passed = "a" if definition.args else None
            take = self.function(["o", *filter(None, [passed])], f"[{self.value(field, passed)} for r in o]")
            source = Each(take, found[0] if passed else None, field.is_async)
        part = self.compilation.part(definition.type, details)
        return self.name(Column(source, part), "c", self.columns)

    def value(self, field: StrawberryField, arguments: str | None) -> str:
        """The expression of a field's value, for the object `r`."""
        resolver = field.base_resolver
        if resolver is None:
            name = field.python_name
            if field.default_resolver is getattr and name.isidentifier() and not keyword.iskeyword(name):
                return f"r.{name}"
            return f"{self.name(field.default_resolver, 'd')}(r, {name!r})"
        if resolver.info_parameter:
            raise Uncovered
        parents = {it.name for it in (resolver.parent_parameter, resolver.root_parameter) if it}
        given = [
            *(["r"] if resolver.self_parameter else []),
            *(f"{name}=r" for name in sorted(parents)),
            *([f"**{arguments}"] if arguments else []),
        ]
        return f"{self.name(resolver.wrapped_func, 'm')}({', '.join(given)})"

    def leaf(self, value: str, type_: GraphQLOutputType) -> str:
        """The expression of a scalar's, an enum's or their lists' answer; the unusual case is left to a function."""
        slow = self.name(coercion(type_), "s")
        nullable = type_.of_type if is_non_null_type(type_) else type_
        if is_list_type(nullable):
            item = self.leaf("i", nullable.of_type)
            return f"([{item} for i in v] if type(v := {value}) is list else {slow}(v))"
        if nullable in AS_IT_IS:
            return f"(v if {AS_IT_IS[nullable].format(f'v := {value}')} else {slow}(v))"
        if isinstance(nullable, GraphQLEnumType):
            test = f"type(v := {value}) is {self.name(_plain_enum(nullable), 'e')}"
            return f"(v._name_ if {test} else {slow}(v))"
        coerce = self.name(nullable.coerce_output_value, "k")  # type: ignore[union-attr]
        test = f"type(v := {value}) in PLAIN and (w := {coerce}(v)) is not None and w is not Undefined"
        return f"(w if {test} else {slow}(v))"

    def name(self, thing: Any, prefix: str, names: dict[str, Any] | None = None) -> str:
        names = self.names if names is None else names
        name = f"{prefix}{next(self._numbers)}"
        names[name] = thing
        return name

    def function(self, parameters: Iterable[str], expression: str) -> Callable[..., Any]:
        self.compilation.written += len(expression)
        # Only names that GraphQL's grammar or Python's own have let through stand in the expression.
        return eval(f"lambda {', '.join(parameters)}: {expression}", self.names)  # type: ignore[no-any-return]


def coercion(type_: GraphQLOutputType) -> Callable[[Any], Any]:
    """A function that answers for a value of a leaf type, or a list of such, as graphql-core does; or raises."""
    if is_non_null_type(type_):
        nullable = coercion(type_.of_type)

        def required(value: Any) -> Any:
            if (answer := nullable(value)) is None:
                raise Unusual
            return answer

        return required
    if is_list_type(type_):
        item = coercion(type_.of_type)

        def items(value: Any) -> Any:
            if value is not None and type(value) not in (list, tuple):
                raise Unusual
            return None if value is None else [item(it) for it in value]

        return items
    coerce = type_.coerce_output_value  # type: ignore[union-attr]

    def leaf(value: Any) -> Any:
        if value is None:
            return None
        if value is Undefined or isinstance(value, Exception) or hasattr(value, "__await__"):
            raise Unusual
        answer = coerce(value)
        if answer is None or answer is Undefined:
            raise Unusual
        return answer

    return leaf


def _plain_enum(type_: GraphQLEnumType) -> Any:
    """The Python enum whose members' names are GraphQL's, if it is one."""
    python: Any = getattr(type_, "wrapped_cls", None)
    plain = python and not issubclass(python, Flag) and all(type_.coerce_output_value(it) == it._name_ for it in python)
    return python if plain else None


def _check(details: FieldDetailsList) -> None:
    obeyed = all(directive.name.value in OBEYED for it in details for directive in it.node.directives or ())
    if not obeyed or any(it.fragment_variable_values for it in details):
        raise Uncovered
