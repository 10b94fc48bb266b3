"""What an operation is estimated to cost, from its document and its variables. docs/limits.md has the rules.

A fragment counts as often as it is spread. No document takes longer to price than to parse.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    ArgumentNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    Visitor,
    get_named_type,
    get_nullable_type,
    is_list_type,
    value_from_ast_untyped,
    visit,
)

import settings
from execution import field_cost, waits
from operations.errors import InvalidDocument
from operations.limits import fragment_definitions, limit_error, operation_definitions

#: How many objects a list without pages is taken to have: the interviews of a panel, the people of an interview. What
#: it has beyond that is counted while the operation runs (docs/decisions/0023).
_LIST_LENGTH = 4
#: How many rows a page has where the schema names no default.
_PAGE = 100
#: What a mutation costs, beside its input and its answer, and what anything else costs.
_MUTATION_COST, REQUEST_COST = 100, 50
#: What every place costs where objects are selected, however many: they are read by a statement.
_PLACE_COST = 5
#: What each object of the input costs: a row of a sync, an interview of a push.
_INPUT_OBJECT_COST = 3


@dataclass(frozen=True)
class Cost:
    """What an operation costs as a function of its variables."""

    weight: "_Weight"
    #: What variables have that are left out.
    defaults: Mapping[str, object]

    def of(self, variables: Mapping[str, object]) -> int:
        """The cost with these variables. Raises InvalidDocument where it, or a list in them, is beyond its limit."""
        values = {**self.defaults, **variables}
        cost = self.weight.total(values, {}) + _INPUT_OBJECT_COST * _count_objects(values.values())
        limit = settings.current().max_cost
        if cost > limit:
            message = f"An operation costs at most {limit:,}, and this one {cost:,}: ask for less at a time."
            raise InvalidDocument([limit_error(message, limit, cost=cost)])
        return cost


def operation_costs(schema: GraphQLSchema, document: DocumentNode) -> dict[str | None, Cost]:
    """What each operation of a valid document costs, by its name.

    Raises InvalidDocument where a list in its arguments is too long.
    """
    literals: list[object] = []

    class Arguments(Visitor):
        def enter_argument(self, node: ArgumentNode, *_: object) -> None:
            literals.append(value_from_ast_untyped(node.value))

    visit(document, Arguments())
    weights = _Weights(schema, fragment_definitions(document), _INPUT_OBJECT_COST * _count_objects(literals))
    return {
        node.name.value if node.name else None: Cost(weights.of(node), _defaults(node))
        for node in operation_definitions(document)
    }


def _defaults(operation: OperationDefinitionNode) -> dict[str, object]:
    return {
        node.variable.name.value: value_from_ast_untyped(node.default_value)
        for node in operation.variable_definitions or ()
        if node.default_value is not None
    }


def _count_objects(values: Iterable[object]) -> int:
    """How many objects these values have, at any depth. Raises InvalidDocument where a list is too long."""
    objects, limit, waiting = 0, settings.current().max_sync_rows, list(values)
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            objects += 1
            waiting.extend(value.values())
        elif isinstance(value, list):
            if len(value) > limit:
                message = f"A list has at most {limit:,} elements."
                raise InvalidDocument([limit_error(message, limit, elements=len(value))])
            waiting.extend(value)
    return objects


@dataclass(frozen=True, slots=True)
class _PageSize:
    """How many rows a page has, or how many ids are named, where a variable says so."""

    variable: str
    #: Where the variable is null.
    default: "int | _PageSize"

    def value(self, variables: Mapping[str, object]) -> int:
        rows = variables.get(self.variable)
        if rows is None:
            return self.default if isinstance(self.default, int) else self.default.value(variables)
        return len(rows) if isinstance(rows, list) else _as_page_size(rows)


@dataclass(slots=True)
class _Weight:
    """The cost of a selection: a fixed part, and parts that count as often as a page has rows."""

    fixed: int = 0
    multiplied: "list[tuple[int | _PageSize, _Weight]]" = field(default_factory=list)
    #: In how many places of the document objects are selected.
    places: int = 0

    def add(self, times: "int | _PageSize", other: "_Weight") -> None:
        self.places += other.places
        if isinstance(times, int) and not other.multiplied:
            self.fixed += times * other.fixed
        else:
            self.multiplied.append((times, other))

    def total(self, variables: Mapping[str, object], totals: dict[int, int]) -> int:
        """The cost with these variables. `totals` keeps what is spread more than once from being added up again."""
        if id(self) not in totals:
            totals[id(self)] = self.fixed + sum(
                (times if isinstance(times, int) else times.value(variables)) * other.total(variables, totals)
                for times, other in self.multiplied
            )
        return totals[id(self)]


@dataclass(slots=True)
class _Weights:
    """The weights of a document's operations; each of its fragments is looked at once."""

    schema: GraphQLSchema
    fragments: dict[str, FragmentDefinitionNode]
    #: What the objects in its arguments cost.
    literals_cost: int
    _of_fragments: dict[str, tuple[_Weight, _Weight]] = field(default_factory=dict)

    def of(self, operation: OperationDefinitionNode) -> _Weight:
        root = self.schema.get_root_type(operation.operation)
        assert root is not None, "the document is valid"
        weight, _ = self._selected(root, operation.selection_set)
        weight.fixed += self.literals_cost
        weight.fixed += _MUTATION_COST if operation.operation is OperationType.MUTATION else REQUEST_COST
        weight.fixed += _PLACE_COST * weight.places
        return weight

    def _selected(self, parent: Any, selected: SelectionSetNode) -> tuple[_Weight, _Weight]:
        """What is selected of a parent: what counts once, and what counts for each row where the parent is a page."""
        once, per_row = _Weight(), _Weight()
        for node in selected.selections:
            if isinstance(node, FieldNode):
                self._add_field(parent, node, once, per_row)
            else:
                spread_once, spread_per_row = self._spread(parent, node)
                once.add(1, spread_once)
                per_row.add(1, spread_per_row)
        return once, per_row

    def _add_field(self, parent: Any, node: FieldNode, once: _Weight, per_row: _Weight) -> None:
        definition = self.schema.get_field(parent, node.name.value)
        assert definition is not None, "the document is valid"
        once.fixed += (declared := field_cost(definition))
        if node.selection_set is None:
            # What is read by a statement is a place too, unless that is in what it is declared to cost.
            once.places += not declared and waits(definition)
            return
        below, below_per_row = self._selected(get_named_type(definition.type), node.selection_set)
        if node.name.value == "edges":
            per_row.add(1, below)
            return
        below.fixed += 1
        below.places += 1
        below.add(_page_size(definition, node), below_per_row)
        once.add(_list_length(definition, node), below)

    def _spread(self, parent: Any, node: SelectionNode) -> tuple[_Weight, _Weight]:
        """What a fragment selects, of that parent where it doesn't say of which."""
        if isinstance(node, InlineFragmentNode):
            condition = node.type_condition
            narrowed = self.schema.get_type(condition.name.value) if condition else parent
            return self._selected(narrowed, node.selection_set)
        assert isinstance(node, FragmentSpreadNode), "whatever else is selected is a field"
        name = node.name.value
        if name not in self._of_fragments:
            fragment = self.fragments[name]
            condition = fragment.type_condition
            self._of_fragments[name] = self._selected(
                self.schema.get_type(condition.name.value), fragment.selection_set
            )
        return self._of_fragments[name]


def _page_size(definition: GraphQLField, node: FieldNode) -> int | _PageSize:
    """How many rows the page has that a field gives; 1 where the field has no pages."""
    if (argument := definition.args.get("first")) is None:
        return 1
    default = argument.default_value
    size: int | _PageSize = default if isinstance(default, int) else _PAGE
    for name in ("first", "last"):  # where both are passed, the last one counts
        value = _argument(node, name)
        if isinstance(value, VariableNode):
            size = _PageSize(value.name.value, size)
        elif isinstance(value, IntValueNode):
            size = _as_page_size(int(value.value))
    return size


def _list_length(definition: GraphQLField, node: FieldNode) -> int | _PageSize:
    """How many objects a field gives: as many as it names by their ids, else what lists are taken to have; or one."""
    if not is_list_type(get_nullable_type(definition.type)):
        return 1
    ids = _argument(node, "ids")
    if isinstance(ids, VariableNode):
        return _PageSize(ids.name.value, 1)
    return _LIST_LENGTH if ids is None else len(getattr(ids, "values", "1"))


def _argument(node: FieldNode, name: str) -> ValueNode | None:
    return next((argument.value for argument in node.arguments or () if argument.name.value == name), None)


def _as_page_size(rows: object) -> int:
    """What can't be the size of a page is refused when it is run: here it counts as the largest page."""
    limit = settings.current().max_changes_page
    return rows if type(rows) is int and 0 <= rows <= limit else limit
