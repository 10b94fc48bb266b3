"""Operations in company: what several at once want to have completed in the same way is completed as one level.

Breadth first goes on here beyond one operation. Twenty profiles asked for side by side are twenty parents of a level:
their relations are read with one statement, and their rows built in one comprehension.
"""

import asyncio
from collections.abc import Hashable, Sequence

from execution.run import Part, Run, Values

PATIENCE_SECONDS = 1.0
"""A level that hangs does not hold up those that come after it any longer."""


class Company:
    """Values on their way through a part. Those that come while a level of their kind is at work are the next level.

    So nobody waits for company, and nobody's answer is older than their question.
    """

    def __init__(self) -> None:
        self._at_work: dict[Hashable, asyncio.Task[Values]] = {}
        self._next: dict[Hashable, tuple[Values, asyncio.Task[Values]]] = {}

    async def complete(self, kind: Hashable, part: Part, value: object, run: Run) -> object:
        """The value completed. All of one kind are the same part's, and any of their runs may stand for all.

        A value that occurs twice is completed once. Raises what completing it alone raises: a failure among others may
        be theirs.
        """
        if kind not in self._next or self._next[kind][1].done():
            values: Values = []
            self._next[kind] = values, asyncio.create_task(self._level(kind, part, values, run))
        values, level = self._next[kind]
        place = next((place for place, its in enumerate(values) if its is value), len(values))
        if place == len(values):
            values.append(value)
        try:
            return (await asyncio.shield(level))[place]
        except Exception:
            if len(values) == 1:
                raise
        [answer] = await part.complete([value], run)
        return answer

    async def _level(self, kind: Hashable, part: Part, values: Sequence[object], run: Run) -> Values:
        if kind in self._at_work:
            await asyncio.wait([self._at_work[kind]], timeout=PATIENCE_SECONDS)
        _, level = self._next.pop(kind)
        self._at_work[kind] = level
        try:
            return await part.complete(list(values), run)
        finally:
            if self._at_work.get(kind) is level:
                del self._at_work[kind]
