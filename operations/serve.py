"""An admitted operation run in time, counted and traced: its answer, or its answers for as long as it is followed."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import orjson
from graphql import GraphQLError, OperationType

import metrics
import settings
import traces
from auth.refusals import Code
from feed.notify import SIGNALS
from feed.subscription import Ended
from operations import admission, execute, rendering
from operations.documents import Prepared
from operations.errors import Invalid, outcome, printed, refused
from operations.request import Malformed
from schema.context import Context


@asynccontextmanager
async def in_time() -> AsyncIterator[None]:
    """The work inside takes no longer than a request may. Raises Malformed where it would."""
    limit = settings.current().request_seconds
    try:
        async with asyncio.timeout(limit) as patience:
            yield
    except TimeoutError:
        if not patience.expired() or not SIGNALS.connected:
            raise  # the database's, which is away or has fallen silent
        message = f"The request took longer than {limit:g} seconds: ask for less at a time."
        raise Malformed(message, status=503, code=Code.LIMIT_EXCEEDED, limit=limit) from None


@dataclass(frozen=True)
class Answer:
    """What a request came to, as JSON; `executed` tells a result, errors and all, from a request that never ran."""

    payload: bytes
    executed: bool


async def answer(operation: Prepared, variables: dict[str, Any], context: Context) -> Answer:
    """Run a query or a mutation."""
    kind, name = operation.kind.value, operation.field
    with traces.span(f"{kind} {name}") as span, metrics.Operation(kind, name) as its:
        async with admission.turn(context.known):
            payload = await execute.result(operation, variables, context)
        its.outcome = outcome(payload.get("errors"))
        span.tell(request_id=context.request_id, outcome=its.outcome, statements=its.statements)
    return Answer(orjson.dumps(payload), "data" in payload)


async def answers(operation: Prepared, variables: dict[str, Any], context: Context) -> AsyncGenerator[Answer, None]:
    """Run any operation and answer as often as it does: a subscription for as long as it is followed."""
    if operation.kind is not OperationType.SUBSCRIPTION:
        yield await _answer_in_time(operation, variables, context)
        return
    ended = "OK"
    try:
        with metrics.subscribed(), admission.following(context.viewer, operation.cost.of(variables)):
            async with aclosing(await execute.events(operation, variables, context)) as events:
                async for event in events:
                    yield Answer(await rendering.rendered(operation, variables, context, event), True)
    except Invalid as invalid:
        errors = printed(invalid.errors, context.request_id, executed=False)
        ended = outcome(errors)
        yield Answer(orjson.dumps({"errors": errors}), False)
    except Ended:
        ended = "CUT_OFF"
        raise
    except Exception as failure:
        errors = printed([GraphQLError(str(failure), original_error=failure)], context.request_id, executed=True)
        ended = outcome(errors)
        yield Answer(orjson.dumps({"data": None, "errors": errors}), True)
    finally:
        metrics.ended("subscription", operation.field, ended)


async def _answer_in_time(operation: Prepared, variables: dict[str, Any], context: Context) -> Answer:
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
