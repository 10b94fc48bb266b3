"""Admitted operations, run and answered: counted, traced, and within the time that a request has."""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from time import perf_counter

import orjson
from graphql import OperationType

import metrics
import settings
import traces
from auth.refusals import Code
from database import Coalescer
from feed.hub import Hub
from feed.notify import Signals
from feed.subscription import Ended
from operations.admission import Admission, Admitted
from operations.documents import Documents
from operations.errors import FormattedError, InvalidDocument, count_refusal, format_errors, format_failure, outcome
from operations.execute import execute_operation, new_work, source_events
from operations.rates import RateLimiter
from operations.rendering import Renderings
from operations.request import RejectedRequest
from resolvers import integration_health
from schema.context import Context
from work import counted

_MAX_NAME_CHARACTERS = 100
_PUSHES = {"upsertInterviewPanel", "upsertInterview"}

_log = logging.getLogger("callboard.operations")


@dataclass(frozen=True)
class Answer:
    """A GraphQL response as JSON; `executed` tells a result, errors and all, from a request that never ran."""

    payload: bytes
    executed: bool


class Engine:
    """What one process keeps to run GraphQL operations, and how they are run."""

    def __init__(self, hub: Hub, signals: Signals, redis_url: str | None = None) -> None:
        self.hub = hub
        self._signals = signals
        self.documents = Documents()
        self.rates = RateLimiter(redis_url)
        self.admission = Admission(self.documents, self.rates, hub)
        self._coalescer = Coalescer()
        self._renderings = Renderings(self._coalescer, self.admission)

    @asynccontextmanager
    async def time_limit(self) -> AsyncIterator[None]:
        """Let what is inside take no longer than a request may. Raises RejectedRequest where it takes longer."""
        seconds = settings.current().request_seconds
        try:
            async with asyncio.timeout(seconds) as timeout:
                yield
        except TimeoutError:
            if not timeout.expired() or not self._signals.connected:
                raise  # the database's, which is away or does not answer
            message = f"The request took longer than {seconds:g} seconds: ask for less at a time."
            raise RejectedRequest(message, status=503, code=Code.LIMIT_EXCEEDED, limit=seconds) from None

    async def answer(self, admitted: Admitted, context: Context) -> Answer:
        """Run a query or a mutation."""
        kind, field = admitted.operation.kind.value, admitted.operation.root_field
        began, timer = perf_counter(), metrics.OperationTimer(kind, field)
        work = new_work()
        try:
            with traces.span(f"{kind} {field}") as span, timer:
                try:
                    async with self.admission.slot(context.signed_in):
                        response, payload = await counted(
                            work, execute_operation, admitted, context, self._coalescer, work
                        )
                        await _remember_unreadable_push(admitted, context, response.get("errors", []))
                    timer.outcome = outcome(response.get("errors"))
                finally:
                    _report_end(span, admitted, context, timer.outcome, began, statements=timer.statements)
        finally:
            await self.admission.charge_work(admitted, context, work)
        return Answer(payload, "data" in response)

    def answers(
        self, admitted: Admitted, context: Context, write: Callable[[Sequence[bytes]], bool] | None = None
    ) -> AsyncGenerator[Answer, None]:
        """Run any operation: one answer, or those of a subscription for as long as it is followed.

        With `write`, which returns whether a socket took them at once, answers of a subscription may go there instead.
        """
        if admitted.operation.kind is OperationType.SUBSCRIPTION:
            return self._follow(admitted, context, write)
        return self._single(admitted, context)

    async def _single(self, admitted: Admitted, context: Context) -> AsyncGenerator[Answer, None]:
        """The answer to a query or a mutation in a stream that has begun: whatever it ends with is told there."""
        try:
            async with self.time_limit():
                answer = await self.answer(admitted, context)
        except RejectedRequest as rejected:
            answer = Answer(orjson.dumps(rejected.answer()), False)
        except Exception as failure:
            answer = _refusal(count_refusal(format_failure(failure, context.request_id)))
        yield answer

    async def _follow(
        self, admitted: Admitted, context: Context, write: Callable[[Sequence[bytes]], bool] | None
    ) -> AsyncGenerator[Answer, None]:
        ended_with, began = "OK", perf_counter()
        # Active only by moments: whoever takes the answers meanwhile is not part of it.
        span = traces.start(f"subscription {admitted.operation.root_field}")
        try:
            if write is not None:
                context.direct_writer = self._renderings.direct_writer(admitted, context, write)
            with metrics.subscriber(), self.admission.followed(context.viewer, admitted.cost):
                async with aclosing(await source_events(admitted, context)) as events:
                    async for event in events:
                        with span.active():
                            payload = await self._renderings.render(admitted, context, event)
                        yield Answer(payload, True)
        except InvalidDocument as invalid:
            errors = format_errors(invalid.errors, context.request_id, executed=False)
            ended_with = outcome(errors)
            yield _refusal(errors)
        except Ended:
            ended_with = "CUT_OFF"
            raise
        except Exception as failure:
            with span.active():
                errors = format_failure(failure, context.request_id)
            ended_with = outcome(errors)
            yield _refusal(errors)
        finally:
            metrics.count_operation("subscription", admitted.operation.root_field, ended_with)
            with span.active():
                _report_end(span, admitted, context, ended_with, began)
            span.end()


async def _remember_unreadable_push(admitted: Admitted, context: Context, errors: Sequence[FormattedError]) -> None:
    """Let people see that pushes of their integration can't be read: no rule has seen them."""
    viewer = context.signed_in
    paths = [tuple(each["extensions"]["path"]) for each in errors if "path" in each["extensions"]]
    if paths and viewer is not None and viewer.integration is not None and admitted.operation.root_field in _PUSHES:
        await integration_health.remember_unreadable_push(viewer, paths)


def _report_end(
    span: traces.Span, admitted: Admitted, context: Context, outcome: str, began: float, **facts: int
) -> None:
    """Tell the log and the span of an operation that has ended: which, and how; the log also whose, by id.

    Nothing that it was asked with.
    """
    operation, viewer = admitted.operation, context.signed_in
    name = (operation.name or "")[:_MAX_NAME_CHARACTERS]
    facts_of_all: dict[str, object] = {
        "kind": operation.kind.value,
        "field": operation.root_field,
        "operation": name,
        "actor": viewer.actor_id if viewer else None,
        "outcome": outcome,
        "ms": round((perf_counter() - began) * 1000, 1),
        "request_id": context.request_id,
    }
    _log.info("operation", extra=facts_of_all | facts)
    span.set(
        {
            "graphql.operation.type": operation.kind.value,
            "graphql.operation.name": name or None,
            "callboard.field": operation.root_field,
            "callboard.request_id": context.request_id,
            **{f"callboard.{name}": number for name, number in facts.items()},
        }
    )
    if outcome != "OK":
        span.fail(outcome)


def refuse(invalid: InvalidDocument, request_id: str) -> Answer:
    """The answer to a document that can't be run. Counts the refusal."""
    return _refusal(count_refusal(format_errors(invalid.errors, request_id, executed=False)))


def _refusal(errors: list[FormattedError]) -> Answer:
    return Answer(orjson.dumps({"errors": errors}), False)
