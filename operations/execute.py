"""An operation executed breadth-first, along with others like it, and the source of a subscription's events."""

from collections.abc import AsyncGenerator, Hashable
from typing import Any

from graphql import ExecutionResult, GraphQLError
from graphql.execution import create_source_event_stream
from strawberry.execution import optimized_is_awaitable

import execution
import settings
from auth.refusals import Code
from database.batching import Company
from execution import BreadthFirstExecutor
from operations.documents import Prepared
from operations.errors import Invalid, printed
from resolvers.access import shared_scope
from schema import SCHEMA
from schema.context import Context

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
