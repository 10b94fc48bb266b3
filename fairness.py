"""Whose turn it is on the event loop: fair queueing of accounts, by the CPU that each has used. A leaf."""

import asyncio
from collections import deque
from contextvars import ContextVar
from math import inf
from time import perf_counter

#: On whose behalf this task works: an account's id; empty for nobody's, and for the process itself.
_owner: ContextVar[str] = ContextVar("owner", default="")

#: So long the steps of all accounts take in one pass of the event loop, and one piece of work before it gives way.
SLICE_SECONDS = 0.002
#: The same for one pass where only one account has asked for anything in the last so many seconds: what is alike is
#: answered together, and in a longer pass there is more of it.
_ALONE_SECONDS, _LATELY_SECONDS = 0.008, 0.1
#: Of CPU: so far behind others an account counts at most that has asked for little. It goes first until it has had it.
_MOST_BEHIND_SECONDS = 0.05
#: So many steps are let go on in a pass: those that it has no time for wait again.
_STEPS_AT_ONCE = 32
_KEPT_ACCOUNTS = 1_000


def current_owner() -> str:
    """Whose work this task does."""
    return _owner.get()


def run_for(owner: str) -> None:
    """Let the work of this task, and of tasks that it starts from now on, be that account's."""
    _owner.set(owner)


class LoopTurns:
    """Start-time fair queueing of steps, which are what a task does from one wait to the next.

    A pass of the event loop has time for SLICE_SECONDS of them, and for the rest of the last one; for more while one
    account is alone. The others wait, and the next pass begins with the account that has used the least CPU. So whoever
    asks for little waits for one step of the others', and what may take long is over within a few milliseconds wherever
    it gives way.
    """

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        #: Seconds of CPU, by owner.
        self._used: dict[str, float] = {}
        self._most_used = 0.0
        self._last_owner = ""
        self._shared_until = 0.0
        self._begin(None)

    def _begin(self, loop: asyncio.AbstractEventLoop | None) -> None:
        self._loop = loop
        self._left = SLICE_SECONDS
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}
        #: Those of whom steps may go on in this pass, and what the last of them has used: who has used more waits.
        self._released: set[str] = set()
        self._limit = inf
        self._is_scheduled = False

    def wait(self, owner: str, has_waited: bool) -> asyncio.Future[None] | None:
        """What a step waits for before it may run, and then asks again; None: it may."""
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._begin(loop)
        used, is_released = self._used_by(owner), owner in self._released
        if self._left > 0 and (has_waited if is_released else used <= self._limit and owner not in self._waiting):
            return None
        turn: asyncio.Future[None] = loop.create_future()
        self._waiting.setdefault(owner, deque()).append(turn)
        self._limit = min(self._limit, used)
        self._schedule(loop)
        return turn

    def add(self, owner: str, seconds: float) -> None:
        """Count what a step has taken."""
        if owner != self._last_owner:
            self._last_owner, self._shared_until = owner, perf_counter() + _LATELY_SECONDS
        self._used[owner] = used = self._used_by(owner) + seconds
        self._most_used = max(self._most_used, used)
        self._left -= seconds
        if self._loop is not None:
            self._schedule(self._loop)

    def _used_by(self, owner: str) -> float:
        return max(self._used.get(owner, 0.0), self._most_used - _MOST_BEHIND_SECONDS)

    def _schedule(self, loop: asyncio.AbstractEventLoop) -> None:
        if not self._is_scheduled:
            self._is_scheduled = True
            loop.call_soon(self._next_pass, loop)

    def _next_pass(self, loop: asyncio.AbstractEventLoop) -> None:
        self._is_scheduled = False
        self._left = SLICE_SECONDS if perf_counter() < self._shared_until else _ALONE_SECONDS
        released, limit = 0, inf
        self._released.clear()
        for owner in sorted(self._waiting, key=self._used_by):
            waiting = self._waiting[owner]
            while waiting and released < _STEPS_AT_ONCE:
                turn = waiting.popleft()
                if not turn.done():
                    turn.set_result(None)
                    released += 1
            self._released.add(owner)
            limit = self._used_by(owner)
            if waiting:
                break
            del self._waiting[owner]
        self._limit = limit
        if self._waiting:
            self._schedule(loop)
        elif len(self._used) > _KEPT_ACCOUNTS:
            least = self._most_used - _MOST_BEHIND_SECONDS
            self._used = {owner: used for owner, used in self._used.items() if used > least}


LOOP_TURNS = LoopTurns()
