"""Operations in company: what several at once want to have completed in the same way is completed as one level.

Breadth first goes on here beyond one operation. Twenty profiles asked for side by side are twenty parents of a level:
their relations are read with one statement, and their rows built in one comprehension.
"""

import asyncio
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import NamedTuple

from execution.run import Part, Run, Values

PATIENCE_SECONDS = 1.0
"""A level that hangs does not hold up those that come after it any longer."""


class Alike(NamedTuple):
    """Which operations may be in company: their contexts are as good as each other's below the root fields."""

    #: Equal for those that may.
    key: Hashable
    #: So many at most, since nothing else is done while the rows of a level are built.
    most: int


@dataclass
class _Level:
    values: Values = field(default_factory=list)
    at_work: bool = False
    task: asyncio.Task[Values] = field(init=False)

    def takes(self, most: int) -> bool:
        return not self.at_work and not self.task.done() and len(self.values) < most


class Company:
    """Values on their way through a part. Those that come while a level of their kind is at work are the next level.

    So nobody waits for company, and nobody's answer is older than their question.
    """

    def __init__(self) -> None:
        #: The latest level of each kind.
        self._levels: dict[Hashable, _Level] = {}

    async def complete(self, kind: Hashable, most: int, part: Part, value: object, run: Run) -> object:
        """The value completed. All of one kind are the same part's, and any of their runs may stand for all.

        A value that occurs twice is completed once. Raises what completing it alone raises: a failure among others may
        be theirs.
        """
        level = self._levels.get(kind)
        if level is None or not level.takes(most):
            before, level = level, _Level()
            self._levels[kind] = level
            level.task = asyncio.create_task(self._completed(kind, level, before, part, run))
        place = next((place for place, its in enumerate(level.values) if its is value), len(level.values))
        if place == len(level.values):
            level.values.append(value)
        try:
            return (await asyncio.shield(level.task))[place]
        except Exception:
            if len(level.values) == 1:
                raise
        [answer] = await part.complete([value], run)
        return answer

    async def _completed(self, kind: Hashable, level: _Level, before: _Level | None, part: Part, run: Run) -> Values:
        try:
            if before is not None:
                await asyncio.wait([before.task], timeout=PATIENCE_SECONDS)
            level.at_work = True
            return await part.complete(level.values, run)
        finally:
            if self._levels.get(kind) is level:
                del self._levels[kind]
