"""Whether this process should get requests: what /readyz says."""

import asyncio
import logging

import database
import logs
from feed.notify import Signals

_log = logging.getLogger("callboard.readiness")

_ANSWER_SECONDS = 5.0
#: So long an answer holds, whoever asks and however often.
_FRESH_SECONDS = 0.5


class Readiness:
    """Finds out what keeps the process from serving; says so in the log whenever that changes."""

    def __init__(self, signals: Signals) -> None:
        #: Whether the process goes down soon: it still serves, but is to get nothing new.
        self.is_leaving = False
        self._signals = signals
        #: What an operator is to do while the process serves, in one line; found with the obstacle.
        self.notice: str | None = None
        self._checks = database.Coalescer()
        self._obstacle: str | None = None
        self._fresh_until = 0.0

    async def obstacle(self) -> str | None:
        """What keeps the process from serving, in one line; None: it is ready."""
        if self.is_leaving:
            return "The process goes down: it serves on, but send nothing new."
        if asyncio.get_running_loop().time() < self._fresh_until:
            return self._obstacle
        return await self._checks.once("obstacle", self._check)

    async def _check(self) -> str | None:
        obstacle = await self._find()
        if obstacle is not None and obstacle != self._obstacle:
            _log.warning("Not ready: %s", obstacle)
        elif obstacle is None and self._obstacle is not None:
            _log.info("Ready again")
        self._obstacle = obstacle
        self._fresh_until = asyncio.get_running_loop().time() + _FRESH_SECONDS
        return obstacle

    async def _find(self) -> str | None:
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                await database.check_ready()
                self.notice = await database.due_repair()
        except database.NotReady as obstacle:
            return str(obstacle)
        except database.UNREACHABLE as error:
            return f"The database can't be reached: {logs.name_of(error)}."
        if not self._signals.connected:
            return "The other processes can't be heard: changes come up to 2 s late."
        return None
