"""Documents that were parsed and found valid, kept by their texts; and what of an operation is known before it runs."""

import hashlib
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    OperationType,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    specified_rules,
    validate,
    visit,
)

import settings
from auth.refusals import Code
from execution import variables_in
from operations import cost
from operations.errors import Invalid
from schema import SCHEMA

#: Fields whose answer depends on who asks, beyond their role.
_PERSONAL = {("FeedbackForm", "answers"), ("User", "feedbackForms")}

_MOST_KEPT, _MOST_KEPT_CHARACTERS = 1_000, 4_000_000


@dataclass(frozen=True)
class Prepared:
    """A parsed and valid document, with the operation of it that was asked for."""

    document: DocumentNode
    operation: OperationDefinitionNode
    name: str | None
    #: Whether its answers depend on who asks, beyond what their role decides.
    personal: bool
    #: The variables that its answers depend on, beside those that only choose what is followed.
    shaping: frozenset[str]
    cost: cost.Cost

    @property
    def kind(self) -> OperationType:
        return self.operation.operation

    @property
    def field(self) -> str:
        """The name of its root field; `several` where it has more."""
        match self.operation.selection_set.selections:
            case [FieldNode(name=name)]:
                return name.value
        return "several"


#: The operations of a valid document, by their names.
_Operations = dict[str | None, Prepared]


class _Kept:
    """Documents that were parsed and found valid, the latest used last; bounded in number and in size."""

    def __init__(self) -> None:
        self._documents: OrderedDict[str, _Operations] = OrderedDict()
        self._characters = 0
        #: Their texts by SHA-256.
        self.texts: dict[str, str] = {}

    def __contains__(self, query: str) -> bool:
        return query in self._documents

    def operations(self, query: str) -> _Operations:
        """Those of the document of that text. Raises Invalid."""
        operations = self._documents.get(query)
        if operations is not None:
            self._documents.move_to_end(query)
            return operations
        operations = _validated(query)
        self._documents[query] = operations
        self._characters += len(query)
        self.texts[sha256(query)] = query
        while len(self._documents) > _MOST_KEPT or self._characters > _MOST_KEPT_CHARACTERS:
            gone, _ = self._documents.popitem(last=False)
            self._characters -= len(gone)
            del self.texts[sha256(gone)]
        return operations


_kept = _Kept()


def _validated(query: str) -> _Operations:
    rules = None if settings.current().introspection == "on" else (*specified_rules, NoSchemaIntrospectionCustomRule)
    try:
        nodes = cost.read(query)
        if errors := validate(SCHEMA._schema, nodes, rules, max_errors=20, hide_suggestions=True):
            raise Invalid(errors)
        costs = cost.Cost.each(SCHEMA._schema, nodes)
    except GraphQLError as error:
        raise Invalid([error]) from None
    operations = [node for node in nodes.definitions if isinstance(node, OperationDefinitionNode)]
    named = {node.name.value if node.name else None: node for node in operations}
    return {name: Prepared(nodes, node, name, *_sharing(nodes, node), costs[name]) for name, node in named.items()}


def kept(query: str) -> bool:
    """Whether the document has been read before: then it takes no work to be prepared."""
    return query in _kept


def persisted(sha256: str) -> str:
    """The document of that hash, as it was read before. Raises Invalid, by the words that Apollo's clients wait for."""
    query = _kept.texts.get(sha256)
    if query is None:
        code = Code.PERSISTED_QUERY_NOT_FOUND
        raise Invalid([GraphQLError("PersistedQueryNotFound", extensions={"code": code})])
    return query


def sha256(query: str) -> str:
    """What a document is named by, once it was sent: in lower-case hex digits."""
    return hashlib.sha256(query.encode(errors="surrogatepass")).hexdigest()


def prepared(query: str, name: str | None) -> Prepared:
    """The operation of that name in the document, ready to run. Raises Invalid."""
    operations = _kept.operations(query)
    its = next(iter(operations.values())) if name is None and len(operations) == 1 else operations.get(name)
    if its is None:
        message = (
            "The document has no operation of this name." if name else "Name one operation of the document to run it."
        )
        raise Invalid([GraphQLError(message, extensions={"code": Code.BAD_USER_INPUT})])
    return its


def _sharing(document: DocumentNode, operation: OperationDefinitionNode) -> tuple[bool, frozenset[str]]:
    """Whether the answers are personal, and which variables shape them: the root field's arguments don't."""
    types = TypeInfo(SCHEMA._schema)
    personal = False

    class Fields(Visitor):
        def enter_field(self, node: FieldNode, *_: Any) -> None:
            nonlocal personal
            parent = types.get_parent_type()
            personal |= parent is not None and (parent.name, node.name.value) in _PERSONAL

    visit(document, TypeInfoVisitor(types, Fields()))
    roots = operation.selection_set.selections
    parts = [
        part for node in roots for part in (*(node.directives or ()), getattr(node, "selection_set", None)) if part
    ]
    fragments = [it for it in document.definitions if isinstance(it, FragmentDefinitionNode)]
    return personal, frozenset(variables_in(*parts, *fragments))
