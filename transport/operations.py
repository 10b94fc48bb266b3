"""One GraphQL request, read with care and answered: the same for every way in."""

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import orjson
from graphql import GraphQLError, OperationType

import feed
import metrics
import settings
import traces
from auth.refusals import Code
from resolvers.live import Ended
from schema import operations
from schema.context import Context
from schema.errors import Invalid, printed
from transport import rates, turns

#: So many characters of a document are read for a cost of 1.
_CHARACTERS_READ = 10

_PARTS = ("query", "variables", "operationName", "extensions")

_NUL = re.compile(r"\x00|\\u0000|\\u\{0+\}")


class Malformed(Exception):
    """What was sent is no GraphQL request: the text says why, the status and the headers are HTTP's."""

    def __init__(
        self,
        message: str,
        status: int = 400,
        code: Code = Code.BAD_USER_INPUT,
        headers: dict[str, str] | None = None,
        **extensions: object,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.headers = headers
        self.extensions = {"code": code, **extensions}

    def payload(self) -> dict[str, Any]:
        """As a GraphQL answer."""
        return {"errors": refused([{"message": self.message, "extensions": self.extensions}])}


class NoRequest(Malformed):
    """What was sent has not even the form of a GraphQL request."""


@asynccontextmanager
async def in_time() -> AsyncIterator[None]:
    """The work inside takes no longer than a request may. Raises Malformed where it would."""
    limit = settings.current().request_seconds
    try:
        async with asyncio.timeout(limit) as patience:
            yield
    except TimeoutError:
        if not patience.expired() or not feed.connected():
            raise  # the database's, which is away or has fallen silent
        message = f"The request took longer than {limit:g} seconds: ask for less at a time."
        raise Malformed(message, status=503, code=Code.LIMIT_EXCEEDED, limit=limit) from None


@dataclass(frozen=True)
class Request:
    """A document and what belongs to it."""

    #: None: the document that was sent before, and is now only named by its hash.
    query: str | None
    variables: dict[str, Any] | None = None
    operation_name: str | None = None
    #: The SHA-256 of the document, in lower-case hex digits, of a client that sends it only when it has to.
    sha256: str | None = None

    @classmethod
    def of(cls, its: object) -> "Request":
        """The request in a decoded JSON body. Raises Malformed."""
        if isinstance(its, list):
            raise NoRequest("Batches are not taken: send one operation a request.")
        if not isinstance(its, dict):
            raise NoRequest("A request is a JSON object with a `query`.")
        query, variables, name, extensions = (its.get(each) for each in _PARTS)
        if not isinstance(variables, dict | None):
            raise NoRequest("`variables` must be an object.")
        if not isinstance(name, str | None):
            raise NoRequest("`operationName` must be a string.")
        if not isinstance(extensions, dict | None):
            raise NoRequest("`extensions` must be an object.")
        sha256 = _sha256_of(extensions or {})
        if not isinstance(query, str) and (query is not None or sha256 is None):
            raise NoRequest("`query` must be a string.")
        if query is not None and sha256 is not None and sha256 != operations.sha256(query):
            raise Malformed("`extensions.persistedQuery.sha256Hash` is not the SHA-256 of the `query`.")
        if query is not None and _NUL.search(query):
            raise Malformed("The document must not contain the character NUL.")
        _check(variables)
        return cls(query, variables, name or None, sha256)

    @property
    def text(self) -> str:
        """The document. Raises Invalid where only its hash was sent, and nobody has sent it here before."""
        return self.query if self.query is not None else operations.persisted(str(self.sha256))


def _sha256_of(extensions: dict[str, Any]) -> str | None:
    """The hash in Apollo's form of automatic persisted queries. Raises Malformed."""
    match extensions.get("persistedQuery"):
        case None:
            return None
        case {"version": 1, "sha256Hash": str(sha256)}:
            return sha256.lower()
    raise Malformed("`extensions.persistedQuery` must be an object with `version` 1 and a `sha256Hash`.")


def decoded(text: bytes | str, its_name: str) -> object:
    """The JSON value of a text. Raises Malformed."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        raise Malformed(f"{its_name} is not JSON.") from None


@dataclass(frozen=True)
class Answer:
    """What a request came to, as JSON; `executed` tells a result, errors and all, from a request that never ran."""

    payload: bytes
    executed: bool


async def answer(operation: operations.Prepared, variables: dict[str, Any], context: Context) -> Answer:
    """Run a query or a mutation."""
    kind, name = operation.kind.value, operation.field
    with traces.span(f"{kind} {name}") as span, metrics.Operation(kind, name) as its:
        async with turns.turn(context.known):
            payload = await operations.result(operation, variables, context)
        its.outcome = _outcome(payload.get("errors"))
        span.tell(request_id=context.request_id, outcome=its.outcome, statements=its.statements)
    return Answer(orjson.dumps(payload), "data" in payload)


def _outcome(errors: list[dict[str, Any]] | None) -> str:
    return str(errors[0]["extensions"]["code"]) if errors else "OK"


def refused(errors: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The errors of what never became an operation, counted."""
    metrics.ended("none", "none", _outcome(errors))
    return errors


async def admitted(
    request: Request, context: Context, address: str
) -> tuple[operations.Prepared, dict[str, Any], dict[str, str]]:
    """The operation, within every limit and every rate; the variables that it declares, for a subscription keeps them
    for as long as it is followed; and the headers that tell what is left of the rate.

    Raises Invalid, and RateLimited. To read a document costs as well, but not twice, so that none is read for nothing.
    """
    query = request.text
    if not operations.kept(query):
        await rates.spend(context.known, address, len(query) // _CHARACTERS_READ)
    operation = operations.prepared(query, request.operation_name)
    given = request.variables or {}
    declared = [its.variable.name.value for its in operation.operation.variable_definitions or ()]
    variables = {name: given[name] for name in declared if name in given}
    return operation, variables, await rates.spend(context.known, address, operation.cost.of(variables))


async def answers(
    operation: operations.Prepared, variables: dict[str, Any], context: Context
) -> AsyncGenerator[Answer, None]:
    """Run any operation and answer as often as it does: a subscription for as long as it is followed."""
    if operation.kind is not OperationType.SUBSCRIPTION:
        yield await _answer_in_time(operation, variables, context)
        return
    outcome = "OK"
    try:
        with metrics.subscribed(), turns.following(context.viewer, operation.cost.of(variables)):
            async with aclosing(await operations.events(operation, variables, context)) as events:
                async for event in events:
                    yield Answer(await operations.rendered(operation, variables, context, event), True)
    except Invalid as invalid:
        errors = printed(invalid.errors, context.request_id, executed=False)
        outcome = _outcome(errors)
        yield Answer(orjson.dumps({"errors": errors}), False)
    except Ended:
        outcome = "CUT_OFF"
        raise
    except Exception as failure:
        errors = printed([GraphQLError(str(failure), original_error=failure)], context.request_id, executed=True)
        outcome = _outcome(errors)
        yield Answer(orjson.dumps({"data": None, "errors": errors}), True)
    finally:
        metrics.ended("subscription", operation.field, outcome)


async def _answer_in_time(operation: operations.Prepared, variables: dict[str, Any], context: Context) -> Answer:
    """Run a query or a mutation whose answer has begun: what it ends in is told in the stream, however it ends."""
    try:
        async with in_time():
            return await answer(operation, variables, context)
    except Malformed as malformed:
        return Answer(orjson.dumps(malformed.payload()), False)
    except Exception as failure:
        errors = refused(printed([GraphQLError("", original_error=failure)], context.request_id, executed=True))
        return Answer(orjson.dumps({"errors": errors}), False)


def unanswerable(invalid: Invalid, context: Context) -> Answer:
    """The answer to a document that can't be run."""
    errors = refused(printed(invalid.errors, context.request_id, executed=False))
    return Answer(orjson.dumps({"errors": errors}), False)


def _check(variables: dict[str, Any] | None) -> None:
    """Raises Malformed where a NUL stands, which no database takes and no text needs, or where nobody can look."""
    try:
        suspicious = b"\\u0000" in orjson.dumps(variables)
    except TypeError:
        raise Malformed("`variables` is nested too deep.", code=Code.LIMIT_EXCEEDED) from None
    if suspicious and (path := next(_with_nul(variables, "variables"), None)) is not None:
        raise Malformed(f"`{path}` must not contain the character NUL.")


def _with_nul(value: object, path: str) -> Iterator[str]:
    if isinstance(value, str) and "\x00" in value:
        yield path
    elif isinstance(value, dict):
        for name, its in value.items():
            yield from _with_nul(name, path)
            yield from _with_nul(its, f"{path}.{name}")
    elif isinstance(value, list):
        for place, its in enumerate(value):
            yield from _with_nul(its, f"{path}.{place}")
