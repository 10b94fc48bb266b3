"""Reads that are shared: what several ask at the same time is asked once."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from contextvars import ContextVar
from itertools import chain
from typing import Any, Generic, Protocol, TypeVar

T = TypeVar("T")

#: A question that hangs does not hold up those that come after it any longer.
_PATIENCE_SECONDS = 1.0

Values = Mapping[str, Any]
Rows = list[tuple[Any, ...]]


class Asks(Protocol):
    """What can be asked with values: a statement."""

    async def rows(self, values: Values) -> Rows: ...


async def side_by_side(tasks: Sequence[Callable[[], Awaitable[T]]]) -> list[T]:
    """What each of the tasks comes to, for tasks that ask one thing after the other. Raises what one of them does.

    When all of them wait, what they ask is asked: equal statements once, with the lists of all.
    """
    if len(tasks) == 1:
        return [await tasks[0]()]
    side = _Side(len(tasks))

    async def run(task: Callable[[], Awaitable[T]]) -> T:
        _side.set(side)
        try:
            return await task()
        finally:
            await side.rest()

    ended = await asyncio.gather(*map(run, tasks), return_exceptions=True)
    for each in ended:
        if isinstance(each, BaseException):
            raise each
    return ended  # type: ignore[return-value]


async def asked(statement: Asks, values: Values) -> Rows:
    """The rows of the statement; within `side_by_side` maybe those of others as well."""
    side = _side.get()
    return await (side.asked(statement, values) if side else statement.rows(values))


class _Side:
    """Where tasks meet that go on side by side."""

    def __init__(self, tasks: int) -> None:
        self._busy = tasks
        self._waiting: dict[Hashable, tuple[Asks, list[Values], list[asyncio.Future[Rows]]]] = {}

    async def asked(self, statement: Asks, values: Values) -> Rows:
        single = tuple((name, value) for name, value in values.items() if not isinstance(value, list))
        _, given, answers = self._waiting.setdefault((id(statement), single), (statement, [], []))
        answer: asyncio.Future[Rows] = asyncio.get_running_loop().create_future()
        given.append(values)
        answers.append(answer)
        await self.rest()
        return await answer

    async def rest(self) -> None:
        """One of the tasks waits, or has ended. The last to do so asks for all."""
        self._busy -= 1
        if self._busy:
            return
        waiting, self._waiting = self._waiting, {}
        found = [await _outcome(statement, _joined(given)) for statement, given, _ in waiting.values()]
        for (_, _, answers), outcome in zip(waiting.values(), found, strict=True):
            self._busy += len(answers)
            for answer in answers:
                if isinstance(outcome, Exception):
                    answer.set_exception(outcome)
                else:
                    answer.set_result(list(outcome))


async def _outcome(statement: Asks, values: Values) -> Rows | Exception:
    try:
        return await statement.rows(values)
    except Exception as failure:
        return failure


def _joined(given: Sequence[Values]) -> Values:
    """The values, each list with what is in that of any; what is no list is the same for all."""
    first = given[0]
    return {name: _all(its[name] for its in given) if isinstance(first[name], list) else first[name] for name in first}


def _all(lists: Any) -> list[Any]:
    return list(dict.fromkeys(chain.from_iterable(lists)))


_side: ContextVar[_Side | None] = ContextVar("side", default=None)


class Shared(Generic[T]):
    """Questions that many ask. Whoever asks while one is being answered shares the next answer with all who do.

    So nobody gets an answer that is older than their question.
    """

    def __init__(self) -> None:
        self._asking: dict[Hashable, asyncio.Task[T]] = {}
        self._next: dict[Hashable, asyncio.Task[T]] = {}

    async def answer(self, about: Hashable, ask: Callable[[], Awaitable[T]]) -> T:
        """Of those who ask about the same, one asks for all. Raises what asking raises."""
        answer = self._next.get(about)
        if answer is None:
            answer = self._next[about] = asyncio.create_task(self._answer(about, ask))
        return await asyncio.shield(answer)

    async def _answer(self, about: Hashable, ask: Callable[[], Awaitable[T]]) -> T:
        if about in self._asking:
            await asyncio.wait([self._asking[about]], timeout=_PATIENCE_SECONDS)
        asking = self._asking[about] = self._next.pop(about)
        try:
            return await ask()
        finally:
            if self._asking.get(about) is asking:
                del self._asking[about]


class Lookups(Generic[T]):
    """What many look up, each by a key of their own, in one place: asked for together, as `Shared` does."""

    def __init__(self) -> None:
        self._shared = Shared[Mapping[Hashable, T]]()
        self._sought: dict[Hashable, dict[Hashable, None]] = {}

    async def found(
        self, where: Hashable, key: Hashable, look_up: Callable[[list[Any]], Awaitable[Mapping[Hashable, T]]]
    ) -> T | None:
        """What that key leads to, if to anything; of those who look in the same place, one looks up the keys of all."""
        self._sought.setdefault(where, {})[key] = None
        return (await self._shared.answer(where, lambda: look_up(list(self._sought.pop(where))))).get(key)
