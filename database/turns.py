"""Connections by turns: those who wait for one get it account by account, and no account has more than half of them.

So the statements of one account, however many, keep another's waiting for no longer than one of them takes.
"""

import asyncio
from collections import Counter, OrderedDict, deque
from typing import Any

from fairness import current_owner


class Turns:
    """A number of places, of which no owner has more than half; whoever waits longest of the next owner is next."""

    def __init__(self, places: int) -> None:
        self._free = places
        self._most = max(1, places // 2)
        self._taken: Counter[str] = Counter()
        #: Those who wait by owner; the owner whose turn it is comes first.
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()

    async def enter(self, owner: str) -> None:
        """Wait for a place. Whoever has one calls `leave` with the same owner."""
        if self._free and self._taken[owner] < self._most and owner not in self._waiting:
            self._take(owner)
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(owner, deque()).append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.leave(owner)
            raise

    def leave(self, owner: str) -> None:
        """Give a place back, and let the next ones in."""
        self._free += 1
        self._taken[owner] -= 1
        if not self._taken[owner]:
            del self._taken[owner]
        while self._free and (following := self._next()) is not None:
            following.set_result(None)

    def _next(self) -> asyncio.Future[None] | None:
        """Take a place for whoever is next, if anybody who waits may have one."""
        for owner, waiting in list(self._waiting.items()):
            while waiting and waiting[0].done():
                waiting.popleft()
            if not waiting:
                del self._waiting[owner]
            elif self._taken[owner] < self._most:
                turn = waiting.popleft()
                if waiting:
                    self._waiting.move_to_end(owner)
                else:
                    del self._waiting[owner]
                self._take(owner)
                return turn
        return None

    def _take(self, owner: str) -> None:
        self._free -= 1
        self._taken[owner] += 1


class PoolByTurns:
    """A pool of asyncpg's whose connections are taken by turns; in all else it is the pool."""

    def __init__(self, pool: Any, places: int) -> None:
        self._pool = pool
        self._turns = Turns(places)
        self._owners: dict[object, str] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._pool, name)

    async def acquire(self) -> Any:
        """A connection, once it is this account's turn."""
        owner = current_owner()
        await self._turns.enter(owner)
        try:
            connection = await self._pool.acquire()
        except BaseException:
            self._turns.leave(owner)
            raise
        self._owners[connection] = owner
        return connection

    async def release(self, connection: Any) -> None:
        """Give the connection back."""
        owner = self._owners.pop(connection)
        try:
            await self._pool.release(connection)
        finally:
            self._turns.leave(owner)
