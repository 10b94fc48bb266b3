"""Where plans meet graphql-core. A query is run by its plan alone, root fields included; where that can't be done, or
anything fails on the way, graphql-core runs it from its start.

The root fields of a mutation are graphql-core's to run, once and in order, and so is a subscription's; a plan completes
what they return. Where it fails, graphql-core completes the same returned object instead. So data, errors, paths and
locations are always those of graphql-core.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Hashable, Iterable, Sequence, Sized
from functools import cached_property, partial
from typing import Any, ClassVar, NamedTuple

import strawberry
from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    GraphQLLeafType,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    OperationType,
)
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
from work import TimeSlice, Work, WorkLimitExceeded, counted, shared_by

logger = logging.getLogger(__name__)

Result = ExecutionResult | ExperimentalIncrementalExecutionResults

#: What is waited for. graphql-core wants a type guard there, which Strawberry's is not.
IS_AWAITABLE: Any = optimized_is_awaitable

#: What an object costs that graphql-core completes by itself, with a task for each of its fields that wait.
_OBJECT_BY_ITSELF = 4
#: So many items of a list are completed before anybody looks at the clock.
_ITEMS_AT_ONCE = 50


class Incomplete(NamedTuple):
    """A value that is still to be completed, and the work that this is a part of."""

    value: object
    work: Work


CompleteAll = Callable[[list[Incomplete]], Awaitable[Values]]
Together = Callable[[Hashable, Incomplete, CompleteAll], Awaitable[object]]
"""Completes a value along with others of its kind: it takes the kind, the value, and what completes several."""


class BreadthFirstExecutor(StrawberryGraphQLCoreExecutionContext):
    """For `strawberry.Schema(…, execution_context_class=BreadthFirstExecutor)`. A subclass may bound `plans` anew."""

    plans: ClassVar = Plans()
    plan: Plan = NO_PLAN
    together: Together | None = None

    @cached_property
    def work(self) -> Work:
        """What is done for the operation."""
        return Work()

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
            roots = [self._answer(root, plan) for root in plan.roots.values()]
            answers = [await roots[0]] if len(roots) == 1 else await gather_with_cancel(*roots)
        except WorkLimitExceeded as exceeded:
            return ExecutionResult(None, [GraphQLError(str(exceeded), original_error=exceeded)])
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
        except WorkLimitExceeded:
            raise
        except Exception:
            logger.debug("%s is completed by graphql-core", path.key, exc_info=True)
            type_ = root.definition.type
            answer = super().complete_value(type_, field_details_list, info, path, result, position_context)
            return await self._awaited(answer)

    def complete_object_value(
        self, return_type: GraphQLObjectType, field_details_list: FieldDetailsList, *arguments: Any
    ) -> AwaitableOrValue[dict[str, Any]]:
        """Complete an object as graphql-core does, and count what that costs."""
        self.work.count(1 if return_type.name.startswith("__") else _OBJECT_BY_ITSELF)
        self.work.count_bytes(sum(map(len, self.collect_subfields(return_type, field_details_list)[0])))
        return super().complete_object_value(return_type, field_details_list, *arguments)

    def complete_leaf_value(self, return_type: GraphQLLeafType, result: Any) -> Any:  # type: ignore[override]
        """Complete a scalar or an enum as graphql-core does, and count its bytes."""
        completed = super().complete_leaf_value(return_type, result)
        if isinstance(completed, str):
            self.work.count_bytes(len(completed))
        return completed

    def complete_iterable_value(
        self,
        item_type: GraphQLOutputType,
        field_details_list: FieldDetailsList,
        info: ResolveInfo,
        path: Path,
        items: Iterable[object],
        position_context: Any,
    ) -> AwaitableOrValue[list[Any]]:
        """Complete a list as graphql-core does; a long one in slices of time, for it takes each item by itself."""
        size = len(items) if isinstance(items, Sized) else 0
        if size <= _ITEMS_AT_ONCE or self.get_stream_usage(field_details_list, path):
            return super().complete_iterable_value(item_type, field_details_list, info, path, items, position_context)
        return self._complete_in_slices(item_type, field_details_list, info, path, items, position_context)

    async def _complete_in_slices(
        self,
        item_type: GraphQLOutputType,
        field_details_list: FieldDetailsList,
        info: ResolveInfo,
        path: Path,
        items: Iterable[object],
        position_context: Any,
    ) -> list[Any]:
        completed: list[Any] = []
        time_slice = TimeSlice()
        try:
            for index, item in enumerate(items):
                arguments = item_type, field_details_list, info, path.add_key(index, None), position_context
                if self.is_awaitable(item):
                    completed.append(self.complete_awaitable_list_item_value(item, *arguments))
                else:
                    self.complete_list_item_value(item, completed, *arguments)
                if time_slice.is_over:
                    await time_slice.give_way()
        except BaseException:
            self.settle_in_background([each for each in completed if self.is_awaitable(each)])
            raise
        awaitables = [place for place, each in enumerate(completed) if self.is_awaitable(each)]
        results = await gather_with_cancel(*(completed[place] for place in awaitables))
        for place, result in zip(awaitables, results, strict=True):
            completed[place] = result
        return completed

    async def _completed(self, completer: Completer, plan: Plan, info: ResolveInfo, value: object) -> object:
        scope = DocumentContext(self.schema, self.fragment_definitions, self.variable_values)
        if self.together is None:
            [answer] = await completer.complete([value], Run(info, scope, self.work))
            return answer
        coerced = self.variable_values.coerced
        kind = (id(completer), *(repr(coerced.get(name)) for name in plan.variables))
        return await self.together(kind, Incomplete(value, self.work), partial(_complete_batch, completer, info, scope))

    async def _awaited(self, value: object) -> Any:
        return await value if self.is_awaitable(value) else value

    def _usual(self) -> bool:
        middleware = self.middleware_manager and self.middleware_manager.middlewares
        return not middleware and self.abort_signal is None and asyncio._get_running_loop() is not None


async def _complete_batch(
    completer: Completer, info: ResolveInfo, scope: DocumentContext, batch: Sequence[Incomplete]
) -> Values:
    """Complete values of several operations that are alike."""
    with shared_by([each.work for each in batch]) as work:
        return await counted(work, completer.complete, [each.value for each in batch], Run(info, scope, work))


def core_schema(schema: strawberry.Schema) -> GraphQLSchema:
    """The schema that Strawberry has made for graphql-core, and keeps to itself."""
    return schema._schema


async def execute(
    schema: strawberry.Schema,
    document: DocumentNode,
    *,
    root_value: object = None,
    context_value: object = None,
    variable_values: dict[str, object] | None = None,
    operation_name: str | None = None,
    together: Together | None = None,
    work: Work | None = None,
) -> ExecutionResult:
    """Execute a document that is parsed and valid, past Strawberry's extensions.

    For a subscription, `root_value` is one event of it, and the answer is that event's: so a hub can render a change
    once for all who asked the same. Operations that run at the same time and are alike are completed `together` below
    their root fields. What is done is counted in `work`; what is beyond its limit ends the operation with an error
    whose original is WorkLimitExceeded. Never raises what a resolver raises; that stands in the result's errors.
    """
    executor: Any = BreadthFirstExecutor.build(
        core_schema(schema),
        document,
        root_value,
        context_value,
        variable_values,
        operation_name,
        is_awaitable=IS_AWAITABLE,
    )
    if isinstance(executor, list):
        return ExecutionResult(None, errors=executor)
    executor.together = together
    executor.work = work or Work()
    result = executor.execute_operation()
    answer: ExecutionResult = await result if executor.is_awaitable(result) else result
    # They lead back to the executor: without them it goes at once, and the garbage collector has less to look for.
    executor.async_helpers = None
    return answer
