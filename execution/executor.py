"""Where plans meet graphql-core: it resolves an operation's root fields as ever, and a plan completes what they return.

Root fields therefore run once, mutations in order, and an error in them is graphql-core's. Where a plan fails below a
root field, graphql-core completes the same returned object instead, so that data, errors, paths and locations are its.
"""

import asyncio
import logging
from collections.abc import Awaitable, Hashable
from typing import Any, ClassVar

import strawberry
from graphql import DocumentNode, ExecutionResult
from strawberry.execution import optimized_is_awaitable
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from execution.company import Alike, Company
from execution.level import Scope
from execution.plan import NO_PLAN, Plan, Plans
from execution.run import Position, Run

logger = logging.getLogger(__name__)


class BreadthFirstExecutor(StrawberryGraphQLCoreExecutionContext):
    """For `strawberry.Schema(…, execution_context_class=BreadthFirstExecutor)`. A subclass may bound `plans` anew."""

    plans: ClassVar = Plans()
    company: ClassVar = Company()
    plan: Plan = NO_PLAN
    together: Alike | None = None
    races = False
    optimistic = True

    def execute_operation(self, serially: bool | None = None) -> Any:
        result = super().execute_operation(serially)
        if not self.races:
            return result
        return self._settled(result, serially) if self.is_awaitable(result) else self._judged(result, serially)

    def execute_collected_root_fields(
        self, root_type: Any, root_value: Any, grouped_field_set: Any, serially: bool, new_defer_usages: Any
    ) -> Any:
        if self.optimistic and not new_defer_usages and self._usual():
            self.plan = self.plans.of(self, root_type, grouped_field_set)
            self.races = bool(self.plan.positions) and len(grouped_field_set) > 1 and not serially
        return super().execute_collected_root_fields(
            root_type, root_value, grouped_field_set, serially, new_defer_usages
        )

    def complete_value(
        self, return_type: Any, field_details_list: Any, info: Any, path: Any, result: Any, position_context: Any
    ) -> Any:
        position = self.plan.positions.get(path.key) if path.prev is None else None
        if position is None or position.type is not return_type:
            return super().complete_value(return_type, field_details_list, info, path, result, position_context)
        return self._completed(position, field_details_list, info, path, result, position_context)

    async def _completed(
        self, position: Position, field_details_list: Any, info: Any, path: Any, result: Any, position_context: Any
    ) -> Any:
        run = Run(info, Scope(self.schema, self.fragment_definitions, self.variable_values))
        try:
            if self.together is None:
                [answer] = await position.complete([result], run)
            else:
                kind = self._kind_of(position, self.together)
                answer = await self.company.complete(kind, self.together.most, position, result, run)
        except Exception:
            logger.debug("%s is completed by graphql-core", path.key, exc_info=True)
            answer = super().complete_value(position.type, field_details_list, info, path, result, position_context)
            return await answer if self.is_awaitable(answer) else answer
        return answer

    def _kind_of(self, position: Position, together: Alike) -> Hashable:
        """Equal for what is completed in the same way."""
        coerced = self.variable_values.coerced
        return (id(position), together.key, *(repr(coerced.get(name)) for name in self.plan.variables))

    async def _settled(self, result: Awaitable[Any], serially: bool | None) -> Any:
        judged = self._judged(await result, serially)
        return await judged if self.is_awaitable(judged) else judged

    def _judged(self, result: Any, serially: bool | None) -> Any:
        """The result, if nothing failed.

        Of root fields that fail beside each other, the first one to fail may silence the others. Which one is first
        depends on the clock, so graphql-core runs them all again, at its own pace.
        """
        if not result.errors:
            return result
        again: Any = self.build_per_event_executor(self.root_value)
        again.optimistic, again.plan, again.races = False, NO_PLAN, False
        return again.execute_operation(serially)

    def _usual(self) -> bool:
        middleware = self.middleware_manager and self.middleware_manager.middlewares
        return not middleware and self.abort_signal is None and asyncio._get_running_loop() is not None


async def execute(
    schema: strawberry.Schema,
    document: DocumentNode,
    *,
    root_value: Any = None,
    context_value: Any = None,
    variable_values: dict[str, Any] | None = None,
    operation_name: str | None = None,
    together: Alike | None = None,
) -> ExecutionResult:
    """Execute a document that is parsed and valid, past Strawberry's extensions.

    For a subscription, `root_value` is one event of it, and the answer is that event's: so a hub can render a change
    once for all who asked the same. Operations that run at the same time and are alike are completed `together` below
    their root fields. Never raises what a resolver raises; that stands in the result's errors.
    """
    executor: Any = BreadthFirstExecutor.build(
        schema._schema,
        document,
        root_value,
        context_value,
        variable_values,
        operation_name,
        is_awaitable=optimized_is_awaitable,  # type: ignore[arg-type]
    )
    if isinstance(executor, list):
        return ExecutionResult(None, errors=executor)
    executor.together = together
    result = executor.execute_operation()
    result = await result if executor.is_awaitable(result) else result
    # They lead back to the executor: without them it goes at once, and the garbage collector has less to look for.
    executor.async_helpers = None
    return result  # type: ignore[no-any-return]
