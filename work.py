"""How much work is done for one request, and how long a piece of it may hold the event loop.

Work is counted in the units of docs/limits.md: an object that is completed is 1, and so is a tenth of a millisecond of
CPU, whichever comes to more. So what is forgotten in the counting still has its price.
"""

from collections.abc import Awaitable, Callable, Generator, Sequence
from math import inf
from time import perf_counter, thread_time
from typing import Any, Generic, TypeVar

from fairness import LOOP_TURNS

T = TypeVar("T")

#: What a second of CPU costs.
COST_PER_SECOND = 10_000
#: So long a piece of work holds the event loop before it gives way to others.
SLICE_SECONDS = 0.005
#: So many values are worked on before anybody looks at the clock.
VALUES_AT_ONCE = 500


class WorkLimitExceeded(Exception):
    """Raised where a request does more than it may; `limit` is the most that it may, and `units` were done in vain."""

    def __init__(self, limit: float, units: int = 0) -> None:
        super().__init__(f"more than {limit:,} was done")
        self.limit = limit
        self.units = units


class Work:
    """What has been done for one request so far."""

    __slots__ = ("limit", "seconds", "units")

    def __init__(self, limit: float = inf) -> None:
        self.limit = limit
        #: What was counted.
        self.units = 0.0
        #: Of CPU, as far as it was measured by `timed`.
        self.seconds = 0.0

    @property
    def cost(self) -> int:
        """What it costs."""
        return int(max(self.units, self.seconds * COST_PER_SECOND))

    def add(self, units: float, seconds: float) -> None:
        """Add what has been done, whether or not that was too much."""
        self.units += units
        self.seconds += seconds

    def count(self, units: int) -> None:
        """Count what is about to be done. Raises WorkLimitExceeded where it is too much."""
        self.add(units, 0.0)
        if self.units > self.limit or self.seconds * COST_PER_SECOND > self.limit:
            raise WorkLimitExceeded(self.limit)

    def check(self, units: int) -> None:
        """Raises WorkLimitExceeded where so much more would be too much."""
        if self.units + units > self.limit:
            raise WorkLimitExceeded(self.limit)


class SharedWork(Work):
    """What is done for several requests at once: they are alike, so that each has an equal part in it."""

    __slots__ = ("_parts",)

    def __init__(self, parts: Sequence[Work]) -> None:
        super().__init__(min(part.limit for part in parts))
        self._parts = parts

    def add(self, units: float, seconds: float) -> None:
        super().add(units, seconds)
        for part in self._parts:
            part.add(units / len(self._parts), seconds / len(self._parts))


class TimeSlice:
    """The time for which a piece of work holds the event loop."""

    __slots__ = ("_end",)

    def __init__(self) -> None:
        self._end = perf_counter() + SLICE_SECONDS

    @property
    def is_over(self) -> bool:
        return perf_counter() >= self._end

    async def give_way(self) -> None:
        """Let whatever else is ready run first, and a piece of each other account's work."""
        await LOOP_TURNS.give_way()
        self._end = perf_counter() + SLICE_SECONDS


async def in_slices(
    values: list[Any], function: Callable[[list[Any]], list[T]], at_once: int = VALUES_AT_ONCE
) -> list[T]:
    """`function(values)`, for a function that treats each value by itself: the clock is looked at after so many."""
    results: list[T] = []
    time_slice = TimeSlice()
    for start in range(0, len(values), at_once):
        results += function(values[start : start + at_once])
        if time_slice.is_over:
            await time_slice.give_way()
    return results


async def timed(work: Work, function: Callable[..., Awaitable[T]], *arguments: object) -> T:
    """`await function(*arguments)`, with the CPU of its own steps added to what was done."""
    return await _TimedSteps(work, function(*arguments))


class _TimedSteps(Generic[T]):
    def __init__(self, work: Work, awaitable: Awaitable[T]) -> None:
        self._work = work
        self._awaitable = awaitable

    def __await__(self) -> Generator[Any, Any, T]:
        work, steps = self._work, self._awaitable.__await__()
        thrown: BaseException | None = None
        while True:
            began = thread_time()
            try:
                # What is waited for is handed on to the task, and what is thrown into the task to the steps.
                waited_for = next(steps) if thrown is None else steps.throw(thrown)
            except StopIteration as stop:
                result: T = stop.value
                return result
            finally:
                work.add(0.0, thread_time() - began)
            try:
                thrown = None
                yield waited_for
            except BaseException as exception:
                thrown = exception
