"""Operations executed breadth-first, and the events of subscriptions."""

from collections.abc import AsyncGenerator, Awaitable, Hashable
from typing import Any

from graphql import ExecutionResult, GraphQLError
from graphql.execution import create_source_event_stream

import execution
import settings
from auth.refusals import Code
from database import Coalescer
from execution import IS_AWAITABLE, BreadthFirstExecutor, Incomplete
from operations.admission import BYTES_PER_COST, Admitted
from operations.encoding import encode_response
from operations.errors import InvalidDocument, Response, format_errors, format_failure
from resolvers.access import visibility_key
from schema import CORE_SCHEMA, SCHEMA
from schema.context import Context
from work import AnswerTooLong, Work


def new_work() -> Work:
    """For what is done for one operation, or one event of a subscription."""
    limits = settings.current()
    return Work(limits.max_work, limits.max_response_bytes)


async def execute_operation(
    admitted: Admitted, context: Context, coalescer: Coalescer, work: Work, event: object = None
) -> tuple[Response, bytes]:
    """Run a query or a mutation, or answer for one event of a subscription: the response, and as clients get it.

    What is done is counted in `work`, and ended where that is beyond its limit. Below the root fields it is completed
    together with operations like it, for viewers who see the same.
    """
    response = await _execute(admitted, context, coalescer, work, event)
    try:
        payload = encode_response(response, work)
    except AnswerTooLong as failure:
        # What a mutation has done stays done.
        response = {"data": None, "errors": format_failure(failure, context.request_id)}
        payload = encode_response(response, work)
    work.units += len(payload) // BYTES_PER_COST
    return response, payload


async def _execute(admitted: Admitted, context: Context, coalescer: Coalescer, work: Work, event: object) -> Response:
    operation = admitted.operation
    result = await execution.execute(
        SCHEMA,
        operation.document,
        root_value=event,
        context_value=context,
        variable_values=admitted.variables,
        operation_name=operation.name,
        together=_coalesced(admitted, context, coalescer),
        work=work,
    )
    if not result.errors:
        return {"data": result.data}
    errors = format_errors(result.errors, context.request_id, executed=True)
    # Without `data` nothing was run: the variables can't be read.
    never_ran = result.data is None and all(error.path is None for error in result.errors)
    return {"errors": errors} if never_ran else {"data": result.data, "errors": errors}


def _coalesced(admitted: Admitted, context: Context, coalescer: Coalescer) -> execution.Together | None:
    """How root fields are completed together with those of others; None where nobody else sees the same."""
    if context.signed_in is None or admitted.operation.is_personal:
        return None
    scope = visibility_key(context.signed_in)
    # As many together as cost no more than one operation may: nothing else is done while their rows are built.
    limit = settings.current().max_cost // admitted.cost or 1

    def complete(kind: Hashable, item: Incomplete, complete_all: execution.CompleteAll) -> Awaitable[object]:
        return coalescer.load((kind, scope), item, complete_all, key=id(item.value), limit=limit)

    return complete


async def source_events(admitted: Admitted, context: Context) -> AsyncGenerator[object, None]:
    """The events of a subscription, each still to be answered by `execute_operation`. The caller closes it.

    Raises InvalidDocument. Iterating raises what ends the subscription, such as Refused.
    """
    operation = admitted.operation
    executor: Any = BreadthFirstExecutor.build(
        CORE_SCHEMA,
        operation.document,
        None,
        context,
        admitted.variables,
        operation.name,
        is_awaitable=IS_AWAITABLE,
    )
    if isinstance(executor, list):
        raise InvalidDocument([_as_bad_input(error) for error in executor])
    source: Any = create_source_event_stream(executor)
    if executor.is_awaitable(source):
        source = await source
    if isinstance(source, ExecutionResult):
        raise InvalidDocument(source.errors or [])
    events: AsyncGenerator[object, None] = source
    return events


def _as_bad_input(error: GraphQLError) -> GraphQLError:
    error.extensions = {"code": Code.BAD_USER_INPUT, **(error.extensions or {})}
    return error
