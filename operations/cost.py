"""How much an operation may ask for, told from its document before anything of it is run. docs/limits.md has the rules.

What is written once and spread often counts as often as it is spread. No document takes longer to judge than to read.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    ArgumentNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLField,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    VariableNode,
    Visitor,
    get_named_type,
    get_nullable_type,
    is_list_type,
    parse,
    value_from_ast_untyped,
    visit,
)

import settings
from auth.refusals import Code
from operations.errors import Invalid

#: What a list without pages is taken to hold: the interviews of a panel, the people of an interview.
LIST = 4
#: What a mutation costs beside what it is given and what it gives.
MUTATION = 50
#: What an object costs that is given: a row of a list, an interview of a push.
GIVEN = 3
#: What fields cost that take more work than their answers show.
WORK = {("Interview", "calendarInvite"): 10, ("CandidateConnection", "totalCount"): 10}


def _error(message: str, limit: int, **actual: int) -> GraphQLError:
    return GraphQLError(message, extensions={"code": Code.LIMIT_EXCEEDED, "limit": limit, **actual})


def read(query: str) -> DocumentNode:
    """The document of a text, if it is no more than can be validated. Raises Invalid, or GraphQLError."""
    its = settings.current()
    if len(query) > its.max_characters:
        message = f"A document has at most {its.max_characters:,} characters: put values into variables."
        raise Invalid([_error(message, its.max_characters, characters=len(query))])
    try:
        document = parse(query, max_tokens=its.max_tokens)
    except GraphQLError as error:
        if error.message.endswith("Parsing aborted.") and "tokens" in error.message:
            message = f"A document has at most {its.max_tokens:,} tokens, comments counted."
            raise Invalid([_error(message, its.max_tokens)]) from None
        raise
    if errors := list(_crossed(document)):
        raise Invalid(errors)
    return document


def _crossed(document: DocumentNode) -> Iterator[GraphQLError]:
    its, shapes = settings.current(), _Shapes(document)
    for operation in _operations(document):
        try:
            shape = shapes.of(operation)
        except RecursionError:
            yield _error("The document is nested too deep.", its.max_depth)
            return
        for name, what, actual, most in (
            ("depth", "levels", shape.depth, its.max_depth),
            ("rootFields", "root fields", shape.fields, its.max_root_fields),
            ("aliases", "aliases", shape.aliases, its.max_aliases),
            ("directives", "directives", shape.directives, its.max_directives),
            ("merges", "merges", shape.merges, its.max_merges),
        ):
            if actual > most:
                message = f"An operation has at most {most:,} {what}, with its fragments spread: this one has more."
                yield _error(message, most, **{name: min(actual, _MOST_TOLD)})


#: Fragments that spread others twice come to numbers that no JSON reader takes.
_MOST_TOLD = 10**9


@dataclass(slots=True)
class _Shape:
    """What a selection comes to."""

    #: Those of its first level.
    fields: int = 0
    depth: int = 0
    aliases: int = 0
    directives: int = 0
    #: Pairs of objects under one name in one place: validation compares all that the two of a pair select.
    merges: int = 0
    objects: Counter[str] = field(default_factory=Counter)

    def add(self, other: "_Shape", deeper: int = 0) -> None:
        self.depth = max(self.depth, other.depth + deeper)
        self.aliases += other.aliases
        self.directives += other.directives
        self.merges += other.merges


class _Shapes:
    """The shapes of a document's parts, each looked at once."""

    def __init__(self, document: DocumentNode) -> None:
        self._fragments = _fragments(document)
        self._known: dict[str, _Shape] = {}

    def of(self, node: OperationDefinitionNode | FragmentDefinitionNode | FieldNode) -> _Shape:
        shape = _Shape(directives=len(node.directives or ()))
        if node.selection_set is not None:
            self._fill(shape, node.selection_set)
        shape.merges += sum(count * (count - 1) // 2 for count in shape.objects.values())
        return shape

    def _fill(self, shape: _Shape, selected: SelectionSetNode) -> None:
        for node in selected.selections:
            if isinstance(node, FieldNode):
                # How deep types are wrapped is the schema's choice, not the client's.
                shape.add(self.of(node), deeper=node.name.value != "ofType")
                shape.fields += 1
                shape.aliases += node.alias is not None
                shape.objects[(node.alias or node.name).value] += node.selection_set is not None
            elif isinstance(node, InlineFragmentNode):
                shape.directives += len(node.directives or ())
                self._fill(shape, node.selection_set)
            elif isinstance(node, FragmentSpreadNode):
                shape.directives += len(node.directives or ())
                spread = self._spread(node.name.value)
                shape.add(spread)
                shape.fields += spread.fields
                shape.objects.update(spread.objects)

    def _spread(self, name: str) -> _Shape:
        if name not in self._known:
            # For a fragment that leads back to itself, or that is nowhere: validation refuses both.
            self._known[name] = _Shape()
            if name in self._fragments:
                self._known[name] = self.of(self._fragments[name])
        return self._known[name]


@dataclass(frozen=True)
class Cost:
    """What an operation costs, as far as its document tells; the variables tell the rest."""

    weight: "_Weight"
    #: What the variables are that nobody gives.
    defaults: Mapping[str, Any]

    @classmethod
    def each(cls, schema: GraphQLSchema, document: DocumentNode) -> "dict[str | None, Cost]":
        """What every operation of a valid document costs, by its name. Raises Invalid."""
        arguments: list[object] = []

        class Arguments(Visitor):
            def enter_argument(self, node: ArgumentNode, *_: Any) -> None:
                arguments.append(value_from_ast_untyped(node.value))

        visit(document, Arguments())
        weights = _Weights(schema, document, GIVEN * _objects(arguments))
        return {it.name.value if it.name else None: weights.cost(it) for it in _operations(document)}

    def of(self, variables: Mapping[str, Any] | None) -> int:
        """The whole cost, with these variables. Raises Invalid where it, or a list in them, is too much."""
        given = {**self.defaults, **(variables or {})}
        cost = self.weight.total(given, {}) + GIVEN * _objects(given.values())
        most = settings.current().max_cost
        if cost > most:
            message = f"An operation costs at most {most:,}, and this one {cost:,}: ask for less at a time."
            raise Invalid([_error(message, most, cost=cost)])
        return cost


def _objects(values: Iterable[object]) -> int:
    """How many objects are given in these values. Raises Invalid where a list is too long."""
    objects, most, waiting = 0, settings.current().max_sync_rows, list(values)
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            objects += 1
            waiting.extend(value.values())
        elif isinstance(value, list):
            if len(value) > most:
                raise Invalid([_error(f"A list has at most {most:,} elements.", most, elements=len(value))])
            waiting.extend(value)
    return objects


@dataclass(frozen=True, slots=True)
class _Rows:
    """How many rows a page has, where a variable says so."""

    variable: str
    default: int

    def among(self, variables: Mapping[str, Any]) -> int:
        rows = variables.get(self.variable)
        return self.default if rows is None else _bounded(rows)


@dataclass(slots=True)
class _Weight:
    """The cost of a selection: what is fixed, and what counts as often as a page has rows."""

    fixed: int = 0
    varying: "list[tuple[int | _Rows, _Weight]]" = field(default_factory=list)

    def add(self, times: "int | _Rows", other: "_Weight") -> None:
        if isinstance(times, int) and not other.varying:
            self.fixed += times * other.fixed
        else:
            self.varying.append((times, other))

    def total(self, variables: Mapping[str, Any], known: dict[int, int]) -> int:
        """With these variables. `known` keeps what is spread more than once from being added up again."""
        if id(self) not in known:
            known[id(self)] = self.fixed + sum(
                (times if isinstance(times, int) else times.among(variables)) * other.total(variables, known)
                for times, other in self.varying
            )
        return known[id(self)]


class _Weights:
    """The costs of a document's parts, each looked at once."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode, given: int) -> None:
        self._schema = schema
        self._fragments = _fragments(document)
        self._given = given
        self._known: dict[str, tuple[_Weight, _Weight]] = {}

    def cost(self, operation: OperationDefinitionNode) -> Cost:
        root = self._schema.get_root_type(operation.operation)
        assert root is not None, "the document is valid"
        weight, _ = self._selected(root, operation.selection_set)
        weight.fixed += self._given + (MUTATION if operation.operation is OperationType.MUTATION else 1)
        defaults = {
            its.variable.name.value: value_from_ast_untyped(its.default_value)
            for its in operation.variable_definitions or ()
            if its.default_value is not None
        }
        return Cost(weight, defaults)

    def _selected(self, parent: Any, selected: SelectionSetNode) -> tuple[_Weight, _Weight]:
        """What is selected of a parent: what counts once, and what counts for each row where the parent is a page."""
        once, each = _Weight(), _Weight()
        for node in selected.selections:
            if isinstance(node, FieldNode):
                self._add(parent, node, once, each)
                continue
            found = (
                self._spread(node.name.value) if isinstance(node, FragmentSpreadNode) else self._inline(parent, node)
            )
            once.add(1, found[0])
            each.add(1, found[1])
        return once, each

    def _add(self, parent: Any, node: FieldNode, once: _Weight, each: _Weight) -> None:
        definition = self._schema.get_field(parent, node.name.value)
        assert definition is not None, "the document is valid"
        once.fixed += WORK.get((parent.name, node.name.value), 0)
        if node.selection_set is None:
            return
        below, row = self._selected(get_named_type(definition.type), node.selection_set)
        if node.name.value == "edges":
            each.add(1, below)
            return
        below.fixed += 1
        below.add(_rows(definition, node), row)
        once.add(LIST if is_list_type(get_nullable_type(definition.type)) else 1, below)

    def _inline(self, parent: Any, node: Any) -> tuple[_Weight, _Weight]:
        on = node.type_condition
        return self._selected(self._schema.get_type(on.name.value) if on else parent, node.selection_set)

    def _spread(self, name: str) -> tuple[_Weight, _Weight]:
        if name not in self._known:
            its = self._fragments[name]
            parent = self._schema.get_type(its.type_condition.name.value)
            self._known[name] = self._selected(parent, its.selection_set)
        return self._known[name]


def _rows(definition: GraphQLField, node: FieldNode) -> int | _Rows:
    """How many rows the page has that a field gives; 1 where it gives none."""
    if (argument := definition.args.get("first")) is None:
        return 1
    default = int(argument.default_value)
    given = next((its.value for its in node.arguments or () if its.name.value == "first"), None)
    if isinstance(given, VariableNode):
        return _Rows(given.name.value, default)
    return _bounded(int(given.value)) if isinstance(given, IntValueNode) else default


def _bounded(rows: object) -> int:
    """What can't be the size of a page is refused once it is run: here it counts as the most that can."""
    most = settings.current().max_changes_page
    return rows if type(rows) is int and 0 <= rows <= most else most


def _operations(document: DocumentNode) -> Iterator[OperationDefinitionNode]:
    return (it for it in document.definitions if isinstance(it, OperationDefinitionNode))


def _fragments(document: DocumentNode) -> dict[str, FragmentDefinitionNode]:
    return {it.name.value: it for it in document.definitions if isinstance(it, FragmentDefinitionNode)}
