"""Whose work it is, and how the event loop is shared: a piece of work each, account by account. A leaf."""

import asyncio
from collections import OrderedDict, deque
from contextvars import ContextVar
from time import monotonic

#: On whose behalf this task works: an account's id; empty for nobody's, and for the process itself.
_owner: ContextVar[str] = ContextVar("owner", default="")

#: Whoever has asked for anything within these seconds is active.
_ACTIVE_SECONDS = 1.0
_MOST_REST_SECONDS = 0.05


def current_owner() -> str:
    """Whose work this task does."""
    return _owner.get()


class LoopTurns:
    """Lets those who have more to compute go on one at a time, each time one of the next account.

    While several accounts are active, each piece of work is followed by as long a rest: the loop is free for half of
    the time for whoever has little to do.
    """

    def __init__(self) -> None:
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._is_scheduled = False
        self._rest_until = 0.0
        #: Who was active last, and who before, with when.
        self._latest, self._other = ("", 0.0), ("", 0.0)

    def note(self, owner: str) -> None:
        """Keep in mind that this account is active."""
        if owner != self._latest[0]:
            self._other = self._latest
        self._latest = (owner, monotonic())

    async def give_way(self) -> None:
        """Let whatever else is ready run, and one piece of each other account's work, before this goes on."""
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._loop, self._is_scheduled, self._rest_until = loop, False, 0.0
            self._waiting.clear()
        turn: asyncio.Future[None] = loop.create_future()
        self._waiting.setdefault(_owner.get(), deque()).append(turn)
        self._schedule(loop)
        await turn

    def _schedule(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._waiting and not self._is_scheduled:
            self._is_scheduled = True
            loop.call_at(self._rest_until, self._resume, loop)

    def _resume(self, loop: asyncio.AbstractEventLoop) -> None:
        """Let the next one go on, and rest behind what that one does."""
        owner, waiting = next(iter(self._waiting.items()))
        turn = waiting.popleft()
        if waiting:
            self._waiting.move_to_end(owner)
        else:
            del self._waiting[owner]
        if not turn.done():
            turn.set_result(None)
        loop.call_soon(self._rest, loop, loop.time())

    def _rest(self, loop: asyncio.AbstractEventLoop, began: float) -> None:
        now = loop.time()
        is_shared = monotonic() - self._other[1] < _ACTIVE_SECONDS
        self._rest_until = now + min(now - began, _MOST_REST_SECONDS) if is_shared else now
        self._is_scheduled = False
        self._schedule(loop)


LOOP_TURNS = LoopTurns()


def run_for(owner: str) -> None:
    """Let the work of this task, and of tasks that it starts from now on, be that account's."""
    _owner.set(owner)
    LOOP_TURNS.note(owner)
