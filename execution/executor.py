"""Where plans meet graphql-core. A query is run by its plan alone, root fields included; where that can't be done, or
anything fails on the way, graphql-core runs it from its start.

The root fields of a mutation are graphql-core's to run, once and in order, and so is a subscription's; a plan completes
what they return. Where it fails, graphql-core completes the same returned object instead. So data, errors, paths and
locations are always those of graphql-core.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Hashable
from functools import partial
from typing import Any, ClassVar

import strawberry
from graphql import DocumentNode, ExecutionResult, GraphQLOutputType, OperationType
from graphql.execution import ExperimentalIncrementalExecutionResults, get_argument_values
from graphql.execution.collect_fields import FieldDetailsList
from graphql.pyutils import AwaitableOrValue, Path, gather_with_cancel
from strawberry.execution import optimized_is_awaitable
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from execution.completers import Completer, NullCompleter, ResolveInfo, Run
from execution.level import DocumentContext
from execution.plan import NO_PLAN, Plan, Root
from execution.plans import Plans
from execution.specialised import Values

logger = logging.getLogger(__name__)

Result = ExecutionResult | ExperimentalIncrementalExecutionResults

CompleteAll = Callable[[Values], Awaitable[Values]]
Together = Callable[[Hashable, object, CompleteAll], Awaitable[object]]
"""Completes a value along with others of its kind: it takes the kind, the value, and what completes several."""


class BreadthFirstExecutor(StrawberryGraphQLCoreExecutionContext):
    """For `strawberry.Schema(…, execution_context_class=BreadthFirstExecutor)`. A subclass may bound `plans` anew."""

    plans: ClassVar = Plans()
    plan: Plan = NO_PLAN
    together: Together | None = None

    def execute_operation(self, serially: bool | None = None) -> AwaitableOrValue[Result]:
        if not self._usual():
            return super().execute_operation(serially)
        plan = self.plans.of(self)
        if self.operation.operation is not OperationType.QUERY:
            self.plan = plan
        elif plan.covers_all:
            return self._answered(plan, serially)
        return super().execute_operation(serially)

    async def _answered(self, plan: Plan, serially: bool | None) -> Result:
        try:
            work = [self._answer(root, plan) for root in plan.roots.values()]
            answers = [await work[0]] if len(work) == 1 else await gather_with_cancel(*work)
        except Exception:
            logger.debug("The query is run by graphql-core", exc_info=True)
            result: Result = await self._awaited(super().execute_operation(serially))
            return result
        return ExecutionResult(dict(zip(plan.roots, answers, strict=True)), None)

    async def _answer(self, root: Root, plan: Plan) -> object:
        path, parent, definition, nodes, completer = root
        info = self.build_resolve_info(definition, nodes, parent, path)
        arguments = get_argument_values(definition, nodes[0], self.variable_values) if definition.args else {}
        value = (definition.resolve or self.field_resolver)(self.root_value, info, **arguments)
        return await self._completed(completer, plan, info, await value if self.is_awaitable(value) else value)

    def complete_value(
        self,
        return_type: GraphQLOutputType,
        field_details_list: FieldDetailsList,
        info: ResolveInfo,
        path: Path,
        result: object,
        position_context: Any,
    ) -> object:
        root = self.plan.roots.get(str(path.key)) if path.prev is None else None
        if root is None or not isinstance(root.completer, NullCompleter) or root.definition.type is not return_type:
            return super().complete_value(return_type, field_details_list, info, path, result, position_context)
        return self._completed_or_else(root, field_details_list, info, path, result, position_context)

    async def _completed_or_else(
        self,
        root: Root,
        field_details_list: FieldDetailsList,
        info: ResolveInfo,
        path: Path,
        result: object,
        position_context: Any,
    ) -> object:
        try:
            return await self._completed(root.completer, self.plan, info, result)
        except Exception:
            logger.debug("%s is completed by graphql-core", path.key, exc_info=True)
            type_ = root.definition.type
            answer = super().complete_value(type_, field_details_list, info, path, result, position_context)
            return await self._awaited(answer)

    async def _completed(self, completer: Completer, plan: Plan, info: ResolveInfo, value: object) -> object:
        run = Run(info, DocumentContext(self.schema, self.fragment_definitions, self.variable_values))
        if self.together is None:
            [answer] = await completer.complete([value], run)
            return answer
        coerced = self.variable_values.coerced
        kind = (id(completer), *(repr(coerced.get(name)) for name in plan.variables))
        return await self.together(kind, value, partial(completer.complete, run=run))

    async def _awaited(self, value: object) -> Any:
        return await value if self.is_awaitable(value) else value

    def _usual(self) -> bool:
        middleware = self.middleware_manager and self.middleware_manager.middlewares
        return not middleware and self.abort_signal is None and asyncio._get_running_loop() is not None


async def execute(
    schema: strawberry.Schema,
    document: DocumentNode,
    *,
    root_value: object = None,
    context_value: object = None,
    variable_values: dict[str, object] | None = None,
    operation_name: str | None = None,
    together: Together | None = None,
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
    answer: ExecutionResult = await result if executor.is_awaitable(result) else result
    # They lead back to the executor: without them it goes at once, and the garbage collector has less to look for.
    executor.async_helpers = None
    return answer
