"""Whose work it is, and how the event loop is shared: a piece of work each, account by account. A leaf."""

import asyncio
from collections import OrderedDict, deque
from contextvars import ContextVar

#: On whose behalf this task works: an account's id; empty for nobody's, and for the process itself.
_owner: ContextVar[str] = ContextVar("owner", default="")


def run_for(owner: str) -> None:
    """Let the work of this task, and of tasks that it starts from now on, be that account's."""
    _owner.set(owner)


def current_owner() -> str:
    """Whose work this task does."""
    return _owner.get()


class LoopTurns:
    """Lets those who have more to compute go on one at a time, each time one of the next account."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()
        self._loop: asyncio.AbstractEventLoop | None = None

    async def give_way(self) -> None:
        """Let whatever else is ready run, and one piece of each other account's work, before this goes on."""
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._loop = loop
            self._waiting.clear()
        if not self._waiting:
            loop.call_soon(self._resume)
        turn: asyncio.Future[None] = loop.create_future()
        self._waiting.setdefault(_owner.get(), deque()).append(turn)
        await turn

    def _resume(self) -> None:
        """Let the next one go on, and come again behind what that one does."""
        if not self._waiting:
            return
        owner, waiting = next(iter(self._waiting.items()))
        turn = waiting.popleft()
        if waiting:
            self._waiting.move_to_end(owner)
        else:
            del self._waiting[owner]
        if not turn.done():
            turn.set_result(None)
        if self._waiting and self._loop is not None:
            self._loop.call_soon(self._resume)


LOOP_TURNS = LoopTurns()
