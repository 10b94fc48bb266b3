"""An operation compiled once: its root fields, and what completes what they select, a whole level at a time.

What can't be compiled (introspection, `@defer`, resolvers that want an `Info`, field extensions) has no plan, and
graphql-core resolves it as ever.
"""

from collections.abc import Callable
from inspect import iscoroutinefunction
from typing import Any, NamedTuple

from graphql import (
    FieldNode,
    GraphQLError,
    GraphQLField,
    GraphQLIncludeDirective,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSkipDirective,
    Node,
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
from graphql.execution.collect_fields import FieldDetailsList, collect_fields
from graphql.execution.values import VariableValues
from graphql.pyutils import Path
from graphql.type import get_named_type
from strawberry.types.field import StrawberryField

from execution.completers import (
    AbstractCompleter,
    Batched,
    Completer,
    FieldCompleter,
    LeafCompleter,
    ListCompleter,
    NullCompleter,
    ObjectCompleter,
    PerObject,
)
from execution.leaves import level_coercion, usual_type
from execution.level import DEFINITION, DocumentContext, Selected, Selection
from execution.specialised import AttributeCell, Values, attribute_reader

AnyExecutor = Executor[Any]

OBEYED_DIRECTIVES = {GraphQLSkipDirective.name, GraphQLIncludeDirective.name}


class Root(NamedTuple):
    """A root field, and what completes its resolver's value."""

    path: Path
    parent: GraphQLObjectType
    definition: GraphQLField
    nodes: list[FieldNode]
    completer: Completer


class Plan(NamedTuple):
    """How an operation's root fields, and what is selected below them, are answered."""

    #: Those that are covered, by their response names.
    roots: dict[str, Root]
    #: Whether all root fields are covered.
    covers_all: bool
    #: The variables that the answers below the root fields depend on.
    variables: tuple[str, ...]


NO_PLAN = Plan({}, False, ())


class Uncovered(Exception):
    """Raised for a part of the operation that only graphql-core can execute."""


def variables_in(*nodes: Node) -> tuple[str, ...]:
    """The names of all variables in parts of a document."""
    names: dict[str, None] = {}

    class Variables(Visitor):
        def enter_variable(self, node: VariableNode, *_: object) -> None:
            names[node.name.value] = None

    for node in nodes:
        visit(node, Variables())
    return tuple(names)


class Compilation:
    """One operation on its way to a plan. It asks the executor what is selected, so fields merge as they always do."""

    def __init__(self, executor: AnyExecutor, conditions: dict[str, object]) -> None:
        """`conditions` are the values of the variables that decide about `@skip` and `@include`."""
        self.executor = executor
        self.scope = DocumentContext(executor.schema, executor.fragment_definitions, VariableValues({}, conditions))
        self._objects: dict[tuple[object, ...], ObjectCompleter] = {}

    def plan(self) -> Plan:
        executor = self.executor
        schema, operation = executor.schema, executor.operation
        parent: Any = schema.get_root_type(operation.operation)
        try:
            fields, deferred, _ = collect_fields(
                schema, executor.fragments, executor.variable_values, parent, operation
            )
        except (GraphQLError, RecursionError):
            return NO_PLAN
        if deferred:
            return NO_PLAN
        roots = {name: self._root(parent, name, details) for name, details in fields.items()}
        selected = (detail.node.selection_set for details in fields.values() for detail in details)
        below = variables_in(*filter(None, selected), *executor.fragment_definitions.values())
        return Plan({name: root for name, root in roots.items() if root}, None not in roots.values(), below)

    def _root(self, parent: GraphQLObjectType, name: str, details: FieldDetailsList) -> Root | None:
        definition = self.executor.schema.get_field(parent, details[0].node.name.value)
        if definition is None:
            return None
        try:
            _check(details)
            completer = self._completer(definition.type, details)
        except (Uncovered, RecursionError):
            return None
        return Root(Path(None, name, parent.name), parent, definition, [detail.node for detail in details], completer)

    def _completer(self, type_: GraphQLOutputType, details: FieldDetailsList) -> Completer:
        """What completes the values of a field of that type."""
        if is_leaf_type(get_named_type(type_)):
            return LeafCompleter(level_coercion(type_))
        nullable = type_.of_type if is_non_null_type(type_) else type_
        completer = (
            ListCompleter(self._completer(nullable.of_type, details))
            if is_list_type(nullable)
            else self._objects_completer(nullable, details)
        )
        return NullCompleter(is_non_null_type(type_), completer)

    def _objects_completer(self, type_: GraphQLOutputType, details: FieldDetailsList) -> Completer:
        if is_object_type(type_):
            return self._object_completer(type_, details)
        assert is_abstract_type(type_)
        if type_.resolve_type is None:
            raise Uncovered
        possible = self.scope.schema.get_possible_types(type_)
        objects = {each.name: self._object_completer(each, details) for each in possible}
        return AbstractCompleter(type_, type_.resolve_type, objects)

    def _object_completer(self, type_: GraphQLObjectType, details: FieldDetailsList) -> ObjectCompleter:
        # Without this, interfaces within interfaces would be compiled once for every path through their types.
        key = (type_.name, *(id(detail.node) for detail in details))
        if key not in self._objects:
            fields, deferred, _ = self.executor.collect_subfields(type_, details)
            if deferred or iscoroutinefunction(type_.is_type_of):
                raise Uncovered
            completers = {name: self._field(type_, below) for name, below in fields.items()}
            self._objects[key] = ObjectCompleter(type_.name, type_.is_type_of, completers)
        return self._objects[key]

    def _field(self, parent: GraphQLObjectType, details: FieldDetailsList) -> FieldCompleter | AttributeCell | None:
        """What completes a field of an object; None for `__typename`."""
        _check(details)
        name = details[0].node.name.value
        if name == "__typename":
            return None
        definition = parent.fields[name]
        field = definition.extensions.get(DEFINITION)
        if not isinstance(field, StrawberryField) or type(field).get_result is not StrawberryField.get_result:
            raise Uncovered
        if field.extensions:
            raise Uncovered
        if cell := _attribute_cell(field, definition.type):
            return cell
        occurrences = [Selected(definition, detail.node) for detail in details]
        return FieldCompleter(self._source(field, occurrences), self._completer(definition.type, details))

    def _source(self, field: StrawberryField, occurrences: list[Selected]) -> PerObject | Batched:
        """Where the values of a field come from."""
        relation = field.base_resolver and getattr(field.base_resolver.wrapped_func, "relation", None)
        if relation:
            return Batched(relation, Selection(self.scope, occurrences))
        selected = occurrences[0] if occurrences[0].definition.args else None
        return PerObject(_reader(field), selected, field.is_async)


def _attribute_cell(field: StrawberryField, type_: GraphQLOutputType) -> AttributeCell | None:
    """A field that is read from an attribute and of a type that has its usual Python type."""
    is_attribute = field.base_resolver is None and field.default_resolver is getattr
    usual = usual_type(type_) if is_attribute and field.python_name.isidentifier() else None
    return AttributeCell(field.python_name, usual) if usual else None


def _reader(field: StrawberryField) -> Callable[..., Values]:
    """What reads the field's values from objects, given the field's arguments by name."""
    resolver, name = field.base_resolver, field.python_name
    if resolver is None:
        if field.default_resolver is getattr:
            return attribute_reader(name)
        return lambda objects: [field.default_resolver(each, name) for each in objects]
    if resolver.info_parameter:
        raise Uncovered
    function: Any = resolver.wrapped_func
    parents = [parameter.name for parameter in (resolver.parent_parameter, resolver.root_parameter) if parameter]
    if resolver.self_parameter:
        return lambda objects, **arguments: [
            function(each, **dict.fromkeys(parents, each), **arguments) for each in objects
        ]
    return lambda objects, **arguments: [function(**dict.fromkeys(parents, each), **arguments) for each in objects]


def _check(details: FieldDetailsList) -> None:
    """Raises Uncovered for directives that only graphql-core obeys, and for fragments with arguments."""
    directives = [directive.name.value for detail in details for directive in detail.node.directives or ()]
    if not OBEYED_DIRECTIVES.issuperset(directives) or any(detail.fragment_variable_values for detail in details):
        raise Uncovered
