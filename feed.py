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
_SHORTEST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.1, 2.0


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
        #: Whether rings come and go right now.
        self.connected = False
        self._url = url
        self._topics: set[str] = set()
        self._stirred = asyncio.Event()
        self._working = asyncio.create_task(self._work())

    def tell(self, topic: str) -> None:
        """Let the other processes ring that topic soon."""
        self._topics.add(topic)
        self._stirred.set()

    async def close(self) -> None:
        self._working.cancel()
        await asyncio.gather(self._working, return_exceptions=True)

    async def _work(self) -> None:
        pause = _SHORTEST_PAUSE_SECONDS
        while True:
            try:
                connection = await asyncpg.connect(
                    self._url,
                    timeout=_ANSWER_SECONDS,
                    command_timeout=_ANSWER_SECONDS,
                    server_settings={"application_name": "callboard feed"},
                )
                pause = _SHORTEST_PAUSE_SECONDS
                try:
                    await self._speak_and_listen(connection)
                finally:
                    self.connected = False
                    connection.terminate()
            except Exception as error:  # Whatever it was, the line is mended: nobody else would.
                _log.warning("Not listening: %s. Followers look every second until it is mended.", type(error).__name__)
            await asyncio.sleep(pause * random.uniform(0.5, 1))
            pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)

    async def _speak_and_listen(self, connection: Any) -> None:
        """Until the connection is lost, which raises. Only this task speaks over it: it takes one statement a time."""
        connection.add_termination_listener(lambda _: self._stirred.set())
        await connection.add_listener(_CHANNEL, _hear)
        self.connected = True
        # What rang while nobody listened is lost: everybody looks.
        for topic in list(_bells):
            ring(topic)
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stirred.wait(), _CHECK_SECONDS)
            await asyncio.sleep(_FOLD_SECONDS)
            self._stirred.clear()
            topics, self._topics = sorted(self._topics), set()
            for said in _folded(topics):
                await connection.execute("SELECT pg_notify($1, $2)", _CHANNEL, said)
            if not topics:
                await connection.execute("SELECT 1")


def _hear(connection: Any, pid: int, channel: str, topics: object) -> None:
    if pid != connection.get_server_pid():
        for topic in str(topics).split(" "):
            ring(topic)


def _folded(topics: list[str]) -> list[str]:
    """The topics in as few notifications as fit: one takes less than 8,000 bytes."""
    return [" ".join(topics[start : start + 100]) for start in range(0, len(topics), 100)]


_line: Line | None = None


async def connect(url: str) -> None:
    """From now on rings reach the other processes on this PostgreSQL database, and theirs reach this one."""
    global _line
    _line = Line(url)


def connected() -> bool:
    """Whether rings reach the other processes, as far as there are any."""
    return _line is None or _line.connected


async def disconnect() -> None:
    """The end of it, at the shutdown."""
    global _line
    line, _line = _line, None
    if line is not None:
        await line.close()
