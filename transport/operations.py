"""One GraphQL request, read with care and answered: the same for every way in."""

import re
from collections.abc import AsyncGenerator, Collection, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

import orjson
from graphql import GraphQLError, OperationType

from auth.refusals import Code
from schema import operations
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
    """What a request came to, as JSON; `executed` tells a result, errors and all, from a request that never ran."""

    payload: bytes
    executed: bool


async def answer(request: Request, context: Context, kinds: Collection[OperationType]) -> Answer:
    """Run a query or a mutation. Raises Malformed for an operation that may not come this way."""
    try:
        operation = operations.prepared(request.query, request.operation_name)
    except operations.Invalid as invalid:
        return _invalid(invalid, context)
    if operation.kind not in kinds:
        raise _not_this_way(operation.kind)
    payload = await operations.result(operation, request.variables, context)
    return Answer(orjson.dumps(payload), "data" in payload)


async def answers(request: Request, context: Context) -> AsyncGenerator[Answer, None]:
    """Run any operation and answer as often as it does: a subscription for as long as it is followed."""
    try:
        operation = operations.prepared(request.query, request.operation_name)
        if operation.kind is not OperationType.SUBSCRIPTION:
            yield await answer(request, context, [operation.kind])
            return
        async with aclosing(operations.events(operation, request.variables, context)) as events:
            async for event in events:
                yield Answer(await operations.rendered(operation, request.variables, context, event), True)
    except operations.Invalid as invalid:
        yield _invalid(invalid, context)
    except operations.Ended:
        raise
    except Exception as failure:
        errors = printed([GraphQLError(str(failure), original_error=failure)], context.request_id, executed=True)
        yield Answer(orjson.dumps({"data": None, "errors": errors}), True)


def _invalid(invalid: operations.Invalid, context: Context) -> Answer:
    errors = printed(invalid.errors, context.request_id, executed=False)
    return Answer(orjson.dumps({"errors": errors}), False)


def _not_this_way(kind: OperationType) -> Malformed:
    if kind is OperationType.SUBSCRIPTION:
        return Malformed("Subscriptions go over WebSocket (graphql-transport-ws), or with `Accept: text/event-stream`.")
    return Malformed(f"A {kind.value} can't be sent by GET: use POST.", status=405)


def _nul_in(value: object, path: str) -> str | None:
    """Where a NUL stands, if one does: no database takes it, and no text needs it."""
    if isinstance(value, str):
        return path if "\x00" in value else None
    if isinstance(value, Mapping):
        return next((found for key, its in value.items() if (found := _nul_in(its, f"{path}.{key}")) is not None), None)
    if isinstance(value, list):
        return next((found for i, its in enumerate(value) if (found := _nul_in(its, f"{path}.{i}")) is not None), None)
    return None
