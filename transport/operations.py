"""One GraphQL request, read with care and answered: the same for every way in."""

import re
from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

import orjson
from graphql import GraphQLError, OperationType
from strawberry.exceptions import MissingQueryError
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types.execution import PreExecutionError
from strawberry.types.graphql import OperationType as Kind

from auth.refusals import Code, Refused
from schema import SCHEMA
from schema.context import Context
from schema.errors import printed

_NUL = re.compile(r"\x00|\\u0000|\\u\{0+\}")


class Malformed(Exception):
    """What was sent is no GraphQL request: the text says why, the status is HTTP's."""

    def __init__(self, message: str, status: int = 400, code: Code = Code.BAD_USER_INPUT) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.code = code

    def payload(self) -> dict[str, Any]:
        """As a GraphQL answer."""
        return {"errors": [{"message": self.message, "extensions": {"code": self.code}}]}


@dataclass(frozen=True)
class Request:
    """A document and what belongs to it."""

    query: str
    variables: dict[str, Any] | None = None
    operation_name: str | None = None
    extensions: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, its: object) -> "Request":
        """The request in a decoded JSON body. Raises Malformed."""
        if isinstance(its, list):
            raise Malformed("Batches are not taken: send one operation a request.")
        if not isinstance(its, dict):
            raise Malformed("A request is a JSON object with a `query`.")
        query = its.get("query")
        if not isinstance(query, str):
            raise Malformed("`query` must be a string.")
        variables, name, extensions = its.get("variables"), its.get("operationName"), its.get("extensions")
        if not isinstance(variables, dict | None):
            raise Malformed("`variables` must be an object.")
        if not isinstance(name, str | None):
            raise Malformed("`operationName` must be a string.")
        if not isinstance(extensions, dict | None):
            raise Malformed("`extensions` must be an object.")
        if _NUL.search(query):
            raise Malformed("The document must not contain the character NUL.")
        if (path := _nul_in(variables, "variables")) is not None:
            raise Malformed(f"`{path}` must not contain the character NUL.")
        return cls(query, variables, name or None, extensions or {})


def decoded(body: bytes | str) -> object:
    """The JSON value of a body. Raises Malformed."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        raise Malformed("The body is not JSON.") from None


@dataclass(frozen=True)
class Answer:
    """What a request came to; `executed` tells a result, errors and all, from a request that never ran."""

    payload: dict[str, Any]
    executed: bool


async def answer(request: Request, context: Context, kinds: Iterable[Kind]) -> Answer:
    """Run a query or a mutation. Raises Malformed for an operation that may not come this way."""
    try:
        result = await SCHEMA.execute(
            request.query,
            variable_values=request.variables,
            context_value=context,
            operation_name=request.operation_name,
            allowed_operation_types=list(kinds),
        )
    except InvalidOperationTypeError as refused:
        raise _not_this_way(refused.operation_type) from None
    except (CannotGetOperationTypeError, MissingQueryError):
        raise Malformed("The document has no such operation: name one of its own in `operationName`.") from None
    return _answer(result, context)


async def answers(request: Request, context: Context) -> AsyncGenerator[Answer, None]:
    """Run any operation and answer as often as it does: a subscription for as long as it is followed."""
    stream = await SCHEMA.stream(
        request.query,
        variable_values=request.variables,
        context_value=context,
        operation_name=request.operation_name,
    )
    async with aclosing(stream):
        async for result in stream:
            yield _answer(result, context)


def _answer(result: Any, context: Context) -> Answer:
    executed = not isinstance(result, PreExecutionError) and not _never_ran(result)
    payload: dict[str, Any] = {"data": result.data} if executed else {}
    if result.errors:
        payload["errors"] = printed(result.errors, context.request_id, executed=_has_begun(result))
    return Answer(payload, executed)


def _has_begun(result: Any) -> bool:
    """Whether the document was good, so that what is wrong is its values or its run."""
    return not isinstance(result, PreExecutionError)


def _never_ran(result: Any) -> bool:
    """Variables that don't read are found by the executor, before it runs anything."""
    errors: list[GraphQLError] = result.errors or []
    return result.data is None and bool(errors) and all(e.path is None and e.original_error is None for e in errors)


def _not_this_way(kind: OperationType | Kind | str) -> Malformed:
    name = getattr(kind, "value", str(kind)).lower()
    if name == "subscription":
        return Malformed("Subscriptions go over WebSocket (graphql-transport-ws), or with `Accept: text/event-stream`.")
    return Malformed(f"A {name} can't be sent by GET: use POST.", status=405)


def _nul_in(value: object, path: str) -> str | None:
    """Where a NUL stands, if one does: no database takes it, and no text needs it."""
    if isinstance(value, str):
        return path if "\x00" in value else None
    if isinstance(value, Mapping):
        return next((found for key, its in value.items() if (found := _nul_in(its, f"{path}.{key}")) is not None), None)
    if isinstance(value, list):
        return next((found for i, its in enumerate(value) if (found := _nul_in(its, f"{path}.{i}")) is not None), None)
    return None


def refusal(refused: Refused) -> dict[str, Any]:
    """A refusal of everything as a GraphQL answer."""
    return {"errors": [{"message": refused.message, "extensions": {"code": refused.code, **refused.extensions}}]}
