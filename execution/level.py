"""`Level`: what a breadth function may know about the request beside its parents and its arguments.

A level sees the selection below its field as one tree of GraphQL field names: fragments and type conditions are merged,
`@skip` and `@include` are obeyed, aliases don't matter. It guides what is loaded; it never decides what is answered.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from typing import Any, NamedTuple

import strawberry
from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLIncludeDirective,
    GraphQLNamedType,
    GraphQLSchema,
    GraphQLSkipDirective,
    SelectionNode,
    get_directive_values,
    get_named_type,
)
from graphql.execution import get_argument_values
from graphql.execution.values import VariableValues
from strawberry.types.arguments import convert_arguments

from work import Work

DEFINITION = "strawberry-definition"


class DocumentContext(NamedTuple):
    """What gives an operation's nodes their meaning."""

    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: VariableValues


def included(node: SelectionNode, variables: VariableValues) -> bool:
    """Whether `@skip` and `@include` let the node stand."""
    if not node.directives:
        return True
    skip = get_directive_values(GraphQLSkipDirective, node, variables)
    include = get_directive_values(GraphQLIncludeDirective, node, variables)
    return not (skip and skip["if"]) and not (include and not include["if"])


class Selected(NamedTuple):
    """One occurrence of a field in the document."""

    definition: GraphQLField
    node: FieldNode

    def arguments(self, scope: DocumentContext) -> dict[str, object]:
        """Coerced, and named as its Python function takes them. Raises GraphQLError where that can't be."""
        if not self.definition.args:
            return {}
        schema = scope.schema._strawberry_schema  # type: ignore[attr-defined]
        return convert_arguments(
            get_argument_values(*self, scope.variables),
            self.definition.extensions[DEFINITION].arguments,
            schema.schema_converter.scalar_registry,
            schema.config,
        )


@dataclass
class Selection:
    """All occurrences of one field, and below it, computed when asked for, those of the fields it selects."""

    scope: DocumentContext
    occurrences: list[Selected]

    def at(self, path: Iterable[str]) -> "Selection | None":
        selection: Selection | None = self
        for name in path:
            selection = selection.below.get(name) if selection else None
        return selection

    @cached_property
    def below(self) -> dict[str, "Selection"]:
        below, spread = dict[str, Selection](), set[str]()
        for definition, node in self.occurrences:
            for selected in self._fields(get_named_type(definition.type), node, spread):
                below.setdefault(selected.node.name.value, Selection(self.scope, [])).occurrences.append(selected)
        return below

    @cached_property
    def attributes(self) -> frozenset[str] | None:
        """What the fields that it selects take from their objects; None where that may be anything."""
        attributes = [_attributes(each) for selection in self.below.values() for each in selection.occurrences]
        return None if None in attributes else frozenset(chain.from_iterable(filter(None, attributes)))

    def _fields(self, parent: GraphQLNamedType, node: Any, spread: set[str]) -> Iterator[Selected]:
        schema, fragments, variables = self.scope
        for child in node.selection_set.selections if node.selection_set else ():
            if not included(child, variables):
                continue
            if isinstance(child, FieldNode):
                definition = schema.get_field(parent, child.name.value)  # type: ignore[arg-type]
                if definition:
                    yield Selected(definition, child)
                continue
            fragment: Any = child
            if isinstance(child, FragmentSpreadNode):
                # Once is enough, and fragments that spread others twice would double with every step.
                if child.name.value in spread:
                    continue
                spread.add(child.name.value)
                fragment = fragments[child.name.value]
            condition = fragment.type_condition
            narrowed = schema.get_type(condition.name.value) if condition else None
            yield from self._fields(narrowed or parent, fragment, spread)


def _attributes(selected: Selected) -> Iterable[str] | None:
    """The attributes that a field takes from its object, where that can be told."""
    field = selected.definition.extensions.get(DEFINITION)
    if field is None:
        return () if selected.node.name.value == "__typename" else None
    if field.base_resolver is None:
        return (field.python_name,) if field.default_resolver is getattr else None
    relation = getattr(field.base_resolver.wrapped_func, "relation", None)
    return relation.reads if relation else None


@dataclass(frozen=True, slots=True)
class Level:
    """The request that a breadth function serves: its context, and what is selected below the function's field."""

    context: Any
    selection: Selection
    #: What is done for the operation; a function that does more than its answers show counts it here.
    work: Work = field(default_factory=Work, compare=False)

    @classmethod
    def of(cls, info: strawberry.Info[Any, Any], nodes: Iterable[FieldNode] | None = None) -> "Level":
        """The level of an ordinary resolver, such as a root field's, that is guided by what is selected below it.

        `nodes` are all occurrences of the field, where there are more than the info knows of.
        """
        raw: Any = info._raw_info
        scope = DocumentContext(raw.schema, raw.fragments, VariableValues({}, info.variable_values))
        definition = raw.parent_type.fields[raw.field_name]
        occurrences = [Selected(definition, node) for node in nodes or raw.field_nodes]
        return cls(raw.context, Selection(scope, occurrences))

    def selects(self, *path: str) -> bool:
        """Whether the fields of this path, in GraphQL's names, are selected below, one within the other."""
        return self.selection.at(path) is not None

    def reads(self, *path: str) -> frozenset[str] | None:
        """The attributes that what is selected at this path takes from the objects there; None: maybe any of them.

        A field takes the attribute of its name, a breadth function those that it is declared to read.
        """
        selection = self.selection.at(path)
        return selection.attributes if selection else frozenset()
