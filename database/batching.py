"""Work that many callers ask for at the same time and that is done once for all of them."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from itertools import chain
from math import inf
from typing import Any, Protocol, TypeVar

T = TypeVar("T")
Item = TypeVar("Item")

#: A batch that hangs does not hold up the next one of its group any longer.
_PATIENCE_SECONDS = 1.0

BoundValues = Mapping[str, Any]
Rows = list[Any]
"""What a batchable makes of its values: whoever asks knows of what."""


class Batchable(Protocol):
    """What can be run with values, such as a statement: rows for lists of ids."""

    async def run(self, values: BoundValues) -> Rows: ...


async def run_batched(tasks: Sequence[Callable[[], Awaitable[T]]]) -> list[T]:
    """Run the tasks concurrently and return their results. Raises what one of them raises.

    Whenever all of them wait for a statement, each different statement is run once, with the lists of all. A task must
    therefore run one statement after the other, and look up in the rows what it has asked for.
    """
    if len(tasks) == 1:
        return [await tasks[0]()]
    batch = _Batch(len(tasks))

    async def run(task: Callable[[], Awaitable[T]]) -> T:
        _current.set(batch)
        try:
            return await task()
        finally:
            await batch.leave()

    outcomes = await asyncio.gather(*map(run, tasks), return_exceptions=True)
    return [_result(outcome) for outcome in outcomes]


def _result(outcome: T | BaseException) -> T:
    if isinstance(outcome, BaseException):
        raise outcome
    return outcome


async def load(statement: Batchable, values: BoundValues) -> Rows:
    """The rows of the statement for these values; within `run_batched` maybe those for the lists of other tasks too."""
    batch = _current.get()
    return await (batch.load(statement, values) if batch else statement.run(values))


class _Batch:
    """The statements that concurrent tasks wait for."""

    def __init__(self, tasks: int) -> None:
        self._running = tasks
        self._waiting: dict[Hashable, _Group] = {}

    async def load(self, statement: Batchable, values: BoundValues) -> Rows:
        scalars = tuple((name, value) for name, value in values.items() if not isinstance(value, list))
        group = self._waiting.setdefault((id(statement), scalars), _Group(statement))
        rows = group.add(values)
        await self.leave()
        return await rows

    async def leave(self) -> None:
        """Count that one of the tasks waits, or has ended. The last one to do so runs what all of them wait for."""
        self._running -= 1
        if self._running:
            return
        waiting, self._waiting = self._waiting, {}
        outcomes = [await group.outcome() for group in waiting.values()]
        for group, outcome in zip(waiting.values(), outcomes, strict=True):
            self._running += len(group.futures)
            group.resolve(outcome)


@dataclass
class _Group:
    """Those who wait for the same statement, with values that differ in their lists at most."""

    statement: Batchable
    values: list[BoundValues] = field(default_factory=list)
    futures: list[asyncio.Future[Rows]] = field(default_factory=list)

    def add(self, values: BoundValues) -> asyncio.Future[Rows]:
        self.values.append(values)
        self.futures.append(asyncio.get_running_loop().create_future())
        return self.futures[-1]

    async def outcome(self) -> Rows | Exception:
        try:
            return await self.statement.run(self._joined_values())
        except Exception as failure:
            return failure

    def resolve(self, outcome: Rows | Exception) -> None:
        for future in self.futures:
            if isinstance(outcome, Exception):
                future.set_exception(outcome)
            else:
                future.set_result(list(outcome))

    def _joined_values(self) -> BoundValues:
        """The values, where each list has what is in any of them."""
        return {
            name: list(dict.fromkeys(chain.from_iterable(values[name] for values in self.values)))
            if isinstance(value, list)
            else value
            for name, value in self.values[0].items()
        }


_current: ContextVar[_Batch | None] = ContextVar("batch", default=None)


#: By item, or by what stands for it.
_Results = dict[Hashable, Any]


@dataclass
class _Load:
    """The items of one group that are loaded by one call."""

    items: dict[Hashable, object] = field(default_factory=dict)
    #: How many callers wait for it.
    waiting: int = 0
    has_begun: bool = False
    task: asyncio.Task[_Results] = field(init=False)


class Coalescer:
    """Loads things for many callers: what is asked for while some are being loaded goes into the next batch.

    Nobody waits for other callers to come, and no answer is older than its question.
    """

    def __init__(self) -> None:
        #: The latest load of each group.
        self._loads: dict[Hashable, _Load] = {}

    async def load(
        self,
        group: Hashable,
        item: Item,
        batch: Callable[[list[Item]], Awaitable[Sequence[T]]],
        *,
        key: Hashable = None,
        limit: float = inf,
    ) -> T:
        """The result for the item out of `batch(items)`, which is called for at most `limit` items of a group at once.

        `key` stands for an item that is not hashable. Raises what a batch of this item alone raises: the failure of a
        larger batch may be another item's.
        """
        key = item if key is None else key
        load = self._loads.get(group)
        if load is None or load.has_begun or load.task.done() or len(load.items) >= limit:
            before, load = load, _Load()
            self._loads[group] = load
            load.task = asyncio.create_task(self._run(group, load, before, batch))
        load.items.setdefault(key, item)
        load.waiting += 1
        try:
            shared: T = (await asyncio.shield(load.task))[key]
            return shared
        except asyncio.CancelledError:
            if load.waiting == 1:
                # Nobody wants it any more, and nobody may join what is about to end.
                load.has_begun = True
                load.task.cancel()
            raise
        except Exception:
            if len(load.items) == 1:
                raise
        finally:
            load.waiting -= 1
        [result] = await batch([item])
        return result

    async def once(self, key: Hashable, compute: Callable[[], Awaitable[T]]) -> T:
        """The result of `compute()`, which is called once for all who ask with this key at the same time."""

        async def batch(_: list[None]) -> list[T]:
            return [await compute()]

        return await self.load(key, None, batch)

    async def _run(
        self,
        group: Hashable,
        load: _Load,
        before: _Load | None,
        batch: Callable[[list[Any]], Awaitable[Sequence[object]]],
    ) -> _Results:
        try:
            if before is not None:
                await asyncio.wait([before.task], timeout=_PATIENCE_SECONDS)
            load.has_begun = True
            return dict(zip(load.items, await batch(list(load.items.values())), strict=True))
        finally:
            if self._loads.get(group) is load:
                del self._loads[group]
