"""The bells that wake the followers of a topic after a commit, in this process and in the others.

A ring carries no data and may be lost: the log in the database is the truth, and whoever waits looks now and then.
"""

import asyncio
import logging
import random
from contextlib import suppress
from typing import Any
from weakref import WeakValueDictionary

import asyncpg

_log = logging.getLogger("callboard.feed")

_CHANNEL = "callboard"
_FOLD_SECONDS = 0.003
_CHECK_SECONDS = 5.0
_ANSWER_SECONDS = 2.0
_LONGEST_PAUSE_SECONDS = 2.0


class Bell:
    """Rings once; whoever took it before the ring hears it, however late they begin to wait."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        self._rung.set()

    async def heard(self, within: float) -> None:
        """Returns at the ring, or after so many seconds."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._rung.wait(), within)


_bells: WeakValueDictionary[str, Bell] = WeakValueDictionary()


def bell(topic: str) -> Bell:
    """The bell that the next ring of that topic (such as an account's id) rings."""
    found = _bells.get(topic)
    if found is None:
        found = _bells[topic] = Bell()
    return found


def ring(topic: str) -> None:
    """Wake whoever follows the topic in this process."""
    rung = _bells.pop(topic, None)
    if rung is not None:
        rung.ring()


def wake(topic: str) -> None:
    """Wake whoever follows the topic, in every process. After the commit, never before."""
    ring(topic)
    if _line is not None:
        _line.tell(topic)


class Line:
    """PostgreSQL's NOTIFY between the processes: one connection, outside the pool, that mends itself.

    NOTIFY within the transaction would let all commits of the database queue for one lock. So it is sent after the
    commit, folded over a few milliseconds; what a crash in between swallows, the slow look finds.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: asyncpg.Connection | None = None
        self._topics: set[str] = set()
        self._told = asyncio.Event()
        self._tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._speak())]

    @property
    def connected(self) -> bool:
        """Whether rings come and go right now."""
        return self._connection is not None and not self._connection.is_closed()

    def tell(self, topic: str) -> None:
        """Let the other processes ring that topic soon."""
        self._topics.add(topic)
        self._told.set()

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._connection is not None:
            self._connection.terminate()

    async def _listen(self) -> None:
        pause = 0.1
        while True:
            try:
                self._connection = await asyncpg.connect(self._url, timeout=_ANSWER_SECONDS)
                await self._connection.add_listener(_CHANNEL, self._hear)
                # What rang while nobody listened is lost: everybody looks.
                for topic in list(_bells):
                    ring(topic)
                pause = 0.1
                while True:
                    await asyncio.sleep(_CHECK_SECONDS)
                    await self._connection.execute("SELECT 1", timeout=_ANSWER_SECONDS)
            except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                _log.warning("Not listening: %s. Followers look every second until it is mended.", type(error).__name__)
                if self._connection is not None:
                    self._connection.terminate()
                self._connection = None
            await asyncio.sleep(pause * random.uniform(0.5, 1))
            pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)

    def _hear(self, connection: Any, pid: int, channel: str, topics: object) -> None:
        if pid == connection.get_server_pid():
            return
        for topic in str(topics).split(" "):
            ring(topic)

    async def _speak(self) -> None:
        while True:
            await self._told.wait()
            await asyncio.sleep(_FOLD_SECONDS)
            self._told.clear()
            topics, self._topics = self._topics, set()
            if not self.connected or self._connection is None:
                continue
            with suppress(OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
                for said in _folded(topics):
                    await self._connection.execute("SELECT pg_notify($1, $2)", _CHANNEL, said, timeout=_ANSWER_SECONDS)


def _folded(topics: set[str]) -> list[str]:
    """The topics in as few notifications as fit: one takes less than 8,000 bytes."""
    ordered = sorted(topics)
    return [" ".join(ordered[start : start + 100]) for start in range(0, len(ordered), 100)]


_line: Line | None = None


async def connect(url: str) -> None:
    """From now on rings reach the other processes on this PostgreSQL database, and theirs reach this one."""
    global _line
    _line = Line(url)


async def disconnect() -> None:
    """The end of it, at the shutdown."""
    global _line
    line, _line = _line, None
    if line is not None:
        await line.close()
