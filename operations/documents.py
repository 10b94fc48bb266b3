"""Documents that were parsed and found valid, kept by their texts, and what is known of an operation before it runs."""

from collections import OrderedDict
from dataclasses import dataclass

from graphql import (
    DocumentNode,
    FieldNode,
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
from operations.cost import Cost, operation_costs
from operations.errors import InvalidDocument
from operations.limits import fragment_definitions, operation_definitions, parse_document
from operations.request import document_hash
from schema import PERSONAL_FIELDS, SCHEMA


@dataclass(frozen=True)
class PreparedOperation:
    """An operation of a parsed and valid document."""

    document: DocumentNode
    definition: OperationDefinitionNode
    name: str | None
    #: Whether its answers depend on who asks, beyond what their role decides.
    is_personal: bool
    #: The variables on which answers depend, beside those that only choose what a subscription follows.
    answer_variables: frozenset[str]
    cost: Cost

    @property
    def kind(self) -> OperationType:
        return self.definition.operation

    @property
    def root_field(self) -> str:
        """The name of its root field; `several` where it has more than one."""
        match self.definition.selection_set.selections:
            case [FieldNode(name=name)]:
                return name.value
        return "several"

    def declared(self, variables: dict[str, object]) -> dict[str, object]:
        """Those of the variables that the operation declares."""
        names = [node.variable.name.value for node in self.definition.variable_definitions or ()]
        return {name: variables[name] for name in names if name in variables}


_Operations = dict[str | None, PreparedOperation]


class Documents:
    """Valid documents by their texts. The least recently used go where there are too many, or they are too long."""

    def __init__(self, max_documents: int = 1_000, max_characters: int = 4_000_000) -> None:
        self.max_documents, self.max_characters = max_documents, max_characters
        self._characters = 0
        self._operations: OrderedDict[str, _Operations] = OrderedDict()
        self._texts_by_hash: dict[str, str] = {}

    def __contains__(self, query: str) -> bool:
        """Whether the document is kept: then no work is needed to prepare it."""
        return query in self._operations

    def persisted(self, sha256: str) -> str:
        """The text of the document with that hash. Raises InvalidDocument, as Apollo's clients expect."""
        query = self._texts_by_hash.get(sha256)
        if query is None:
            extensions = {"code": Code.PERSISTED_QUERY_NOT_FOUND}
            raise InvalidDocument([GraphQLError("PersistedQueryNotFound", extensions=extensions)])
        return query

    def prepare(self, query: str, name: str | None) -> PreparedOperation:
        """The operation of that name in the document; without a name, its only one. Raises InvalidDocument."""
        operations = self._prepare_all(query)
        operation = operations.get(name)
        if operation is None and name is None and len(operations) == 1:
            [operation] = operations.values()
        if operation is None:
            unknown = "The document has no operation of this name."
            message = unknown if name else "Name one operation of the document to run it."
            raise InvalidDocument([GraphQLError(message, extensions={"code": Code.BAD_USER_INPUT})])
        return operation

    def clear(self) -> None:
        """Forget all documents, as when the limits have changed by which they were found valid."""
        self._operations.clear()
        self._texts_by_hash.clear()
        self._characters = 0

    def _prepare_all(self, query: str) -> _Operations:
        operations = self._operations.get(query)
        if operations is not None:
            self._operations.move_to_end(query)
            return operations
        operations = self._operations[query] = _validate(query)
        self._characters += len(query)
        self._texts_by_hash[document_hash(query)] = query
        while len(self._operations) > self.max_documents or self._characters > self.max_characters:
            oldest, _ = self._operations.popitem(last=False)
            self._characters -= len(oldest)
            del self._texts_by_hash[document_hash(oldest)]
        return operations


def _validate(query: str) -> _Operations:
    """Parse and validate a document; its operations by their names. Raises InvalidDocument."""
    rules = None if settings.current().introspection == "on" else (*specified_rules, NoSchemaIntrospectionCustomRule)
    schema = SCHEMA._schema
    try:
        document = parse_document(query)
        if errors := validate(schema, document, rules, max_errors=20, hide_suggestions=True):
            raise InvalidDocument(errors)
        costs = operation_costs(schema, document)
    except GraphQLError as error:
        raise InvalidDocument([error]) from None
    is_personal = _selects_personal_field(document)
    in_fragments = frozenset(variables_in(*fragment_definitions(document).values()))
    return {
        name: PreparedOperation(
            document, node, name, is_personal, _variables_below_roots(node) | in_fragments, costs[name]
        )
        for node in operation_definitions(document)
        for name in [node.name.value if node.name else None]
    }


def _selects_personal_field(document: DocumentNode) -> bool:
    types, selected = TypeInfo(SCHEMA._schema), set[tuple[str, str]]()

    class Fields(Visitor):
        def enter_field(self, node: FieldNode, *_: object) -> None:
            if (parent := types.get_parent_type()) is not None:
                selected.add((parent.name, node.name.value))

    visit(document, TypeInfoVisitor(types, Fields()))
    return not PERSONAL_FIELDS.isdisjoint(selected)


def _variables_below_roots(operation: OperationDefinitionNode) -> frozenset[str]:
    """The variables of the operation itself, without those in the root fields' arguments alone."""
    below_roots = [
        node
        for root in operation.selection_set.selections
        for node in (*(root.directives or ()), getattr(root, "selection_set", None))
        if node
    ]
    return frozenset(variables_in(*below_roots))
