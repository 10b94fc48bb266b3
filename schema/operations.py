"""An operation from its text to its answers: parsed, validated and kept once, then executed breadth-first.

Here also stands what lets a live change be rendered once for many subscribers: which answers two viewers share.
"""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import AsyncGenerator, Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from graphql import (
    DocumentNode,
    ExecutionResult,
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
from graphql.execution import create_source_event_stream
from strawberry.execution import optimized_is_awaitable

import execution
import models
import settings
from auth.refusals import Code, Refused
from auth.viewer import Viewer
from execution import BreadthFirstExecutor, variables_in
from models.sharing import Company
from resolvers.access import shared_scope
from resolvers.live import Straight
from schema import SCHEMA, limits
from schema.context import Context
from schema.errors import Invalid, printed

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
    cost: limits.Cost

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
        nodes = limits.read(query)
        if errors := validate(SCHEMA._schema, nodes, rules, max_errors=20, hide_suggestions=True):
            raise Invalid(errors)
        costs = limits.Cost.each(SCHEMA._schema, nodes)
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


_COMPANY = Company()


async def result(
    its: Prepared, variables: dict[str, Any] | None, context: Context, root: object = None
) -> dict[str, Any]:
    """Run a query or a mutation, or one event of a subscription as `root`: the answer as clients get it.

    Below its root fields it runs along with others like it, of viewers who see the same.
    """
    known, together = context.known, None
    if known is not None and not its.personal:
        # No more at a time than one operation may ask for.
        scope, most = shared_scope(known), settings.current().max_cost // its.cost.of(variables) or 1

        def together(kind: Hashable, value: object, complete: Any) -> Any:
            return _COMPANY.answer((kind, scope), value, complete, key=id(value), most=most)

    found = await execution.execute(
        SCHEMA,
        its.document,
        root_value=root,
        context_value=context,
        variable_values=variables,
        operation_name=its.name,
        together=together,
    )
    if not found.errors:
        return {"data": found.data}
    errors = printed(found.errors, context.request_id, executed=True)
    # Without `data` nothing was run: the variables don't read.
    never_ran = found.data is None and all(error.path is None for error in found.errors)
    return {"errors": errors} if never_ran else {"data": found.data, "errors": errors}


async def events(its: Prepared, variables: dict[str, Any] | None, context: Context) -> AsyncGenerator[object, None]:
    """What a subscription is about to deliver, each to be rendered by `result`: close it in the end.

    Raises Invalid, and what is wrong with it itself while it is followed, such as Refused.
    """
    executor: Any = BreadthFirstExecutor.build(
        SCHEMA._schema,
        its.document,
        None,
        context,
        variables,
        its.name,
        is_awaitable=optimized_is_awaitable,  # type: ignore[arg-type]
    )
    if isinstance(executor, list):
        raise Invalid([_of_variables(error) for error in executor])
    source: Any = create_source_event_stream(executor)
    if executor.is_awaitable(source):
        source = await source
    if isinstance(source, ExecutionResult):
        raise Invalid(source.errors or [])
    return source  # type: ignore[no-any-return]


def _of_variables(error: GraphQLError) -> GraphQLError:
    error.extensions = {"code": Code.BAD_USER_INPUT, **(error.extensions or {})}
    return error


async def rendered(its: Prepared, variables: dict[str, Any] | None, context: Context, event: object) -> bytes:
    """One event of a subscription as JSON: a change is rendered once for all who share the answer, while it is fresh.

    Raises Refused(SERVICE_UNAVAILABLE): what can't be shown while the database is away must not pass for delivered.
    """
    if its.personal or not isinstance(event, models.Change):
        return await _json(its, variables, context, event)
    key = (event.id, *_shaped(its, variables), *shared_scope(context.viewer))
    if key not in _renderings:
        # The document is held so that its identity stays its own.
        _renderings[key] = its.document, asyncio.ensure_future(_json(its, variables, context, event))
        asyncio.get_running_loop().call_later(_FRESH_SECONDS, _renderings.pop, key)
    return await asyncio.shield(_renderings[key][1])


def straight(
    its: Prepared, variables: dict[str, Any] | None, request_id: str, write: Callable[[Sequence[bytes]], bool]
) -> Straight | None:
    """How the changes of a subscription are written to its socket without waking it; None: each is told by itself."""
    if its.kind is not OperationType.SUBSCRIPTION or its.personal:
        return None
    shaped = _shaped(its, variables)

    async def render(viewer: Viewer, change: models.Change) -> bytes:
        return await rendered(its, variables, Context(request_id, viewer), change)

    return Straight(lambda viewer: (*shaped, *shared_scope(viewer)), render, write)


def _shaped(its: Prepared, variables: dict[str, Any] | None) -> tuple[Any, ...]:
    """What the answer depends on beside the viewer. A variable that isn't given has its default; null is a value."""
    given = variables or {}
    return (id(its.document), its.name, *(repr(given.get(name, _NOT_GIVEN)) for name in sorted(its.shaping)))


_NOT_GIVEN = object()


_FRESH_SECONDS = 0.5

_renderings: dict[tuple[Any, ...], tuple[DocumentNode, asyncio.Future[bytes]]] = {}


async def _json(its: Prepared, variables: dict[str, Any] | None, context: Context, event: object) -> bytes:
    given = await result(its, variables, context, event)
    for error in given.get("errors", ()):
        if error["extensions"]["code"] == Code.SERVICE_UNAVAILABLE:
            raise Refused(Code.SERVICE_UNAVAILABLE, error["message"])
    return orjson.dumps(given)
