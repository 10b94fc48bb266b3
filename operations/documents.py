"""Documents that were parsed and found valid, kept by their texts, and what is known of an operation before it runs."""

import asyncio
import re
from collections import Counter, OrderedDict, defaultdict
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
    validate,
    visit,
)

import settings
from auth.refusals import Code
from database.turns import Turns
from execution import variables_in
from operations.cost import Cost, operation_costs
from operations.errors import InvalidDocument
from operations.limits import fragment_definitions, operation_definitions, parse_document
from operations.literals import VALIDATION_RULES
from operations.request import document_hash
from schema import CORE_SCHEMA, PERSONAL_FIELDS


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

#: The owner of what is asked for by those who are not signed in.
NOBODY = ""
#: They have this part of all that is kept.
_SHARE_OF_NOBODY = 16
_TOKEN = re.compile(r'#.*|"""[^"]*"""|"[^"\n]*"|\w+|[^\w\s,]')


@dataclass
class _Kept:
    """A valid document: its operations, about how many bytes it takes, and the account that it is counted for."""

    operations: _Operations
    size: int
    owner: str


class Documents:
    """Valid documents by their texts, within so many bytes of memory in all.

    Those of an account, or of all who are not signed in, are counted together. Where there are too many, the least
    recently used one goes of whoever has most; those who are not signed in have a small share of their own.
    """

    def __init__(self) -> None:
        self._kept: dict[str, _Kept] = {}
        self._texts_by_hash: dict[str, str] = {}
        #: The texts of each owner, the least recently used first.
        self._texts: defaultdict[str, OrderedDict[str, None]] = defaultdict(OrderedDict)
        self.sizes: Counter[str] = Counter()
        self._reading = Turns(1)

    def __contains__(self, query: str) -> bool:
        """Whether the document is kept: then no work is needed to prepare it."""
        return query in self._kept

    def persisted(self, sha256: str) -> str:
        """The text of the document with that hash. Raises InvalidDocument, as Apollo's clients expect."""
        query = self._texts_by_hash.get(sha256)
        if query is None:
            extensions = {"code": Code.PERSISTED_QUERY_NOT_FOUND}
            raise InvalidDocument([GraphQLError("PersistedQueryNotFound", extensions=extensions)])
        return query

    async def read(self, query: str, owner: str) -> None:
        """Keep the document, so that no work is left to prepare it. Raises InvalidDocument.

        graphql-core takes up to 30 ms and can't give way, so it works in a thread: on one document at a time, owner by
        owner.
        """
        await self._reading.enter(owner)
        try:
            if query not in self._kept:
                self._keep(query, await asyncio.to_thread(_validate, query), owner)
        finally:
            self._reading.leave(owner)

    def prepare(self, query: str, name: str | None, owner: str = NOBODY) -> PreparedOperation:
        """The operation of that name in the document; without a name, its only one. Raises InvalidDocument.

        `owner` is the account of whoever asks for it, NOBODY where they are not signed in.
        """
        operations = self._prepare_all(query, owner)
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
        for query in list(self._kept):
            self._forget(query)

    def _prepare_all(self, query: str, owner: str = NOBODY) -> _Operations:
        kept = self._kept.get(query)
        if kept is None:
            return self._keep(query, _validate(query), owner)
        if kept.owner == NOBODY != owner:
            self._discount(query, kept)
            kept.owner = owner
            self._count(query, kept)
        else:
            self._texts[kept.owner].move_to_end(query)
        return kept.operations

    def _keep(self, query: str, operations: _Operations, owner: str) -> _Operations:
        kept = self._kept[query] = _Kept(operations, _memory_size(query, operations), owner)
        self._texts_by_hash[document_hash(query)] = query
        self._count(query, kept)
        self._shrink()
        return operations

    def _shrink(self) -> None:
        """Forget documents until all are within their shares."""
        most = settings.current().document_cache_bytes
        while self.sizes[NOBODY] > most // _SHARE_OF_NOBODY:
            self._forget(next(iter(self._texts[NOBODY])))
        while self.sizes.total() > most:
            [(largest, _)] = self.sizes.most_common(1)
            self._forget(next(iter(self._texts[largest])))

    def _forget(self, query: str) -> None:
        self._discount(query, self._kept.pop(query))
        del self._texts_by_hash[document_hash(query)]

    def _count(self, query: str, kept: _Kept) -> None:
        self._texts[kept.owner][query] = None
        self.sizes[kept.owner] += kept.size

    def _discount(self, query: str, kept: _Kept) -> None:
        del self._texts[kept.owner][query]
        self.sizes[kept.owner] -= kept.size
        if not self._texts[kept.owner]:
            del self._texts[kept.owner], self.sizes[kept.owner]


def _memory_size(query: str, operations: _Operations) -> int:
    """About how many bytes a document takes, rather more than less: measured with `tracemalloc` on many kinds."""
    tokens = sum(1 for _ in _TOKEN.finditer(query))
    return 700 * tokens + 2_000 * len(operations) + 4 * len(query)


def _validate(query: str) -> _Operations:
    """Parse and validate a document; its operations by their names. Raises InvalidDocument."""
    is_open = settings.current().introspection == "on"
    rules = VALIDATION_RULES if is_open else (*VALIDATION_RULES, NoSchemaIntrospectionCustomRule)
    try:
        document = parse_document(query)
        if errors := validate(CORE_SCHEMA, document, rules, max_errors=20, hide_suggestions=True):
            raise InvalidDocument(errors)
        costs = operation_costs(CORE_SCHEMA, document)
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
    types, selected = TypeInfo(CORE_SCHEMA), set[tuple[str, str]]()

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
