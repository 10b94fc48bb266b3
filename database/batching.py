"""Reads that are shared: what several ask at the same time is asked once."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from itertools import chain
from math import inf
from typing import Any, Protocol, TypeVar

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


@dataclass
class _Round:
    """What is asked at once."""

    sought: dict[Hashable, Any] = field(default_factory=dict)
    at_work: bool = False
    task: asyncio.Task[dict[Hashable, Any]] = field(init=False)


class Company:
    """Questions of many about things of one kind: those that come while some are being answered are answered next.

    So nobody waits for company, and nobody's answer is older than their question.
    """

    def __init__(self) -> None:
        #: The latest round of each kind.
        self._rounds: dict[Hashable, _Round] = {}

    async def answer(
        self,
        kind: Hashable,
        thing: Any,
        ask: Callable[[list[Any]], Awaitable[Sequence[T]]],
        *,
        key: Hashable = None,
        most: float = inf,
    ) -> T:
        """The answer about the thing, which is known by its key, asked for with so many others at most.

        Raises what asking for it alone raises: a failure among others may be theirs.
        """
        its = self._rounds.get(kind)
        if its is None or its.at_work or its.task.done() or len(its.sought) >= most:
            before, its = its, _Round()
            self._rounds[kind] = its
            its.task = asyncio.create_task(self._asked(kind, its, before, ask))
        its.sought.setdefault(key, thing)
        try:
            return (await asyncio.shield(its.task))[key]  # type: ignore[no-any-return]
        except Exception:
            if len(its.sought) == 1:
                raise
        [answer] = await ask([thing])
        return answer

    async def shared(self, about: Hashable, ask: Callable[[], Awaitable[T]]) -> T:
        """The answer to one question, for all who have it."""

        async def answers(_: list[Any]) -> list[T]:
            return [await ask()]

        return await self.answer(about, None, answers)

    async def _asked(
        self, kind: Hashable, its: _Round, before: _Round | None, ask: Callable[[list[Any]], Awaitable[Sequence[Any]]]
    ) -> dict[Hashable, Any]:
        try:
            if before is not None:
                await asyncio.wait([before.task], timeout=_PATIENCE_SECONDS)
            its.at_work = True
            return dict(zip(its.sought, await ask(list(its.sought.values())), strict=True))
        finally:
            if self._rounds.get(kind) is its:
                del self._rounds[kind]
