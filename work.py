"""How much work is done for one request, and how long a piece of it may hold the event loop.

Work is counted in the units of docs/limits.md: an object that is completed is 1, and so is 0.04 milliseconds of CPU,
whichever comes to more. So what is forgotten in the counting still has its price.
"""

import asyncio
from collections.abc import Callable, Coroutine, Generator, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from math import inf
from time import perf_counter, thread_time
from typing import Any, TypeVar

from fairness import LOOP_TURNS, SLICE_SECONDS, current_owner

T = TypeVar("T")

#: What a second of CPU costs.
COST_PER_SECOND = 25_000
#: So many values are worked on before anybody looks at the clock.
VALUES_AT_ONCE = 500


class WorkLimitExceeded(Exception):
    """Raised where a request does more than it may; `limit` is the most that it may, and `units` were done in vain."""

    def __init__(self, limit: float, units: int = 0) -> None:
        super().__init__(f"more than {limit:,} was done")
        self.limit = limit
        self.units = units


class AnswerTooLong(WorkLimitExceeded):
    """Raised where an answer would have more bytes than it may; `limit` is the most that it may."""


class Work:
    """What has been done for one request so far."""

    __slots__ = ("bytes", "limit", "most_bytes", "seconds", "units")

    def __init__(self, limit: float = inf, most_bytes: float = inf) -> None:
        self.limit = limit
        self.most_bytes = most_bytes
        #: Of the answer, as far as it is there: its names and texts, of which each character is one byte or more.
        self.bytes = 0
        #: What was counted.
        self.units = 0.0
        #: Of CPU, as far as it was measured by `counted`.
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

    def count_bytes(self, count: int) -> None:
        """Count what the answer will have. Raises AnswerTooLong."""
        self.bytes += count
        if self.bytes > self.most_bytes:
            raise AnswerTooLong(self.most_bytes)


@contextmanager
def shared_by(parts: Sequence[Work]) -> Iterator[Work]:
    """The work that the block does for several requests at once. They are alike, so that each has an equal part in it,
    which is added to theirs at the end of the block.
    """
    if len(parts) == 1:
        yield parts[0]
        return
    work = Work(min(part.limit for part in parts), sum(part.most_bytes - part.bytes for part in parts))
    try:
        yield work
    finally:
        for part in parts:
            part.add(work.units / len(parts), work.seconds / len(parts))


class TimeSlice:
    """The time for which a piece of work holds the event loop."""

    __slots__ = ("_end",)

    def __init__(self) -> None:
        self._end = perf_counter() + SLICE_SECONDS

    @property
    def is_over(self) -> bool:
        return perf_counter() >= self._end

    async def give_way(self) -> None:
        """Let whatever else is ready run first; of counted work, what has used less."""
        await asyncio.sleep(0)
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


#: What the steps of this task count to, and those of the tasks that it starts.
_current: ContextVar[Work | None] = ContextVar("work", default=None)
#: The time of the steps that have run within the step under way; None while none is under way.
_within: float | None = None


class _Cpu:
    """How much CPU the steps of a thread take of the time that they take.

    To ask for the CPU is a system call, which may take as long as a short step. It is asked for once in ten
    milliseconds, or in so much time of steps, and the steps until the next time are taken to be like these.
    """

    __slots__ = ("_at", "_read", "_seconds", "_share")

    _READ_EVERY = 0.01

    def __init__(self) -> None:
        self._at = -inf
        self._read = self._seconds = 0.0
        self._share = 1.0

    def begin(self, now: float) -> None:
        """A step begins."""
        if now - self._at > self._READ_EVERY:
            self._ask(now)

    def of(self, seconds: float) -> float:
        """The CPU of a step that took so long."""
        self._seconds += seconds
        if self._seconds > self._READ_EVERY:
            self._ask(perf_counter())
        return seconds * self._share

    def _ask(self, now: float) -> None:
        read = thread_time()
        self._share = min(max(read - self._read, 0.0) / self._seconds, 1.0) if self._seconds else 1.0
        self._at, self._read, self._seconds = now, read, 0.0


_CPU = _Cpu()


def current_work() -> Work | None:
    """What this task counts to."""
    return _current.get()


async def counted(work: Work, function: Callable[..., Coroutine[Any, Any, T]], *arguments: object) -> T:
    """`await function(*arguments)`, with the CPU of its steps added to the work, and of the tasks that it starts.

    Its steps take turns with those of other accounts.
    """
    if _current.get() is work:
        return await function(*arguments)
    before = _current.set(work)
    try:
        return await _Counted(work, function(*arguments))
    finally:
        _current.reset(before)


def task_factory(
    loop: asyncio.AbstractEventLoop, coroutine: Coroutine[Any, Any, T] | Generator[Any, None, T], **options: Any
) -> "asyncio.Task[T]":
    """For `loop.set_task_factory`: what a counted task starts is counted as well."""
    work = _current.get()
    if work is not None and isinstance(coroutine, Coroutine):
        # Those that are started together begin together: what they ask for at the same time is asked for once.
        coroutine = _Counted(work, coroutine, is_free=True)
    return asyncio.Task(coroutine, loop=loop, **options)


class _Counted(Coroutine[Any, Any, T]):
    """A coroutine whose steps wait for their turns and are measured. Of steps within steps each counts its own part."""

    __slots__ = ("_coroutine", "_has_waited", "_is_free", "_work")

    def __init__(self, work: Work, coroutine: Coroutine[Any, Any, T], is_free: bool = False) -> None:
        self._work = work
        self._coroutine = coroutine
        self._has_waited = False
        #: Whether it begins at once, and has not begun yet.
        self._is_free = is_free

    def __await__(self) -> Generator[Any, Any, T]:
        return self

    def __iter__(self) -> "_Counted[T]":
        return self

    def __next__(self) -> Any:
        return self.send(None)

    def send(self, value: Any) -> Any:
        is_free = self._is_free or _within is not None
        if not is_free and (turn := LOOP_TURNS.wait(current_owner(), self._has_waited)) is not None:
            self._has_waited = True
            # As `await turn` would have it.
            return next(iter(turn))
        self._has_waited = self._is_free = False
        return self._step(self._coroutine.send, value)

    def throw(self, *exception: Any) -> Any:
        if self._is_free:
            # Cancelled before it has begun, it would leave coroutines behind that nobody waits for.
            self._is_free = False
            self._step(self._coroutine.send, None)
        return self._step(self._coroutine.throw, *exception)

    def close(self) -> None:
        self._coroutine.close()

    def _step(self, go_on: Callable[..., Any], *values: Any) -> Any:
        global _within
        around, _within = _within, 0.0
        began = perf_counter()
        _CPU.begin(began)
        try:
            return go_on(*values)
        finally:
            seconds = perf_counter() - began
            self._work.add(0.0, _CPU.of(seconds - _within))
            _within = None if around is None else around + seconds
            if around is None:
                LOOP_TURNS.add(current_owner(), seconds)
