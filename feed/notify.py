"""Signals that wake whoever waits for a name after a commit, in this process and, over PostgreSQL, in the others.

A signal carries no data and may be lost: the log in the database is the truth, and whoever waits looks now and then.
"""

import asyncio
import logging
import random
from contextlib import suppress
from types import TracebackType
from weakref import WeakValueDictionary

import asyncpg

import logs
from database import PostgresServers, listener_name

_log = logging.getLogger("callboard.feed")

_CHANNEL = "callboard"
_FOLD_SECONDS = 0.003
_CHECK_SECONDS = 5.0
_ANSWER_SECONDS = 2.0
_SHORTEST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.1, 2.0

#: One notification takes less than 8,000 bytes.
_NAMES_PER_NOTIFICATION = 100


class Signal:
    """Is sent once; whoever took it before it was sent gets it, however late they begin to wait."""

    def __init__(self) -> None:
        self._sent = asyncio.Event()

    def send(self) -> None:
        self._sent.set()

    async def wait(self, seconds: float) -> None:
        """Return when the signal is sent, or after so many seconds."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._sent.wait(), seconds)


class Signals:
    """The signals that somebody in this process waits for, by name, and the way to the other processes."""

    def __init__(self) -> None:
        self._awaited: WeakValueDictionary[str, Signal] = WeakValueDictionary()
        #: What carries signals to the other processes and back; None where there are none.
        self.listener: PostgresListener | None = None

    def signal(self, name: str) -> Signal:
        """The signal that the next `notify` of that name sends."""
        signal = self._awaited.get(name)
        if signal is None:
            signal = self._awaited[name] = Signal()
        return signal

    def notify(self, name: str) -> None:
        """Wake whoever waits for the name in this process."""
        signal = self._awaited.pop(name, None)
        if signal is not None:
            signal.send()

    def notify_all(self) -> None:
        """Wake whoever waits for anything in this process."""
        for name in list(self._awaited):
            self.notify(name)

    def publish(self, name: str) -> None:
        """Wake whoever waits for the name, in every process. After the commit, never before."""
        self.notify(name)
        if self.listener is not None:
            self.listener.publish(name)

    @property
    def connected(self) -> bool:
        """Whether signals reach the other processes, as far as there are any."""
        return self.listener is None or self.listener.connected


#: Those of this process.
SIGNALS = Signals()


class PostgresListener:
    """Carries signals between the processes on one PostgreSQL database, inside an `async with` block.

    It uses LISTEN and NOTIFY on one connection outside the pool, which it opens again whenever it is lost. NOTIFY
    within the transaction would let all commits of the database queue for one lock. So it is sent after the commit,
    folded over a few milliseconds; what a crash in between swallows, followers see in the log within a second.
    """

    def __init__(self, url: str, signals: Signals) -> None:
        #: Whether signals come and go right now.
        self.connected = False
        self._servers = PostgresServers(url)
        self._signals = signals
        self._own_pid = 0
        self._names: set[str] = set()
        self._stirred = asyncio.Event()
        self._tried = asyncio.Event()

    async def __aenter__(self) -> "PostgresListener":
        """Returns when it listens, or has once failed to: a process that begins is not told to be deaf meanwhile."""
        self._signals.listener = self
        self._working = asyncio.create_task(self._work())
        with suppress(TimeoutError):
            await asyncio.wait_for(self._tried.wait(), _ANSWER_SECONDS)
        return self

    async def __aexit__(
        self, type_: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._signals.listener = None
        self._working.cancel()
        await asyncio.gather(self._working, return_exceptions=True)

    def publish(self, name: str) -> None:
        """Let the other processes notify that name soon."""
        self._names.add(name)
        self._stirred.set()

    async def _work(self) -> None:
        """Connect, listen and notify; when that fails, begin again after a pause that grows."""
        failures = 0
        while True:
            try:
                connection = await self._servers.connect(
                    command_timeout=_ANSWER_SECONDS, server_settings={"application_name": listener_name()}
                )
                try:
                    await self._listen_and_notify(connection)
                finally:
                    connection.terminate()
            except Exception as error:  # Whatever it was, connect again: nobody else would.
                failures = 1 if self.connected else failures + 1
                self.connected = False
                self._tried.set()
                pause = min(_SHORTEST_PAUSE_SECONDS * 2 ** min(failures, 10), _LONGEST_PAUSE_SECONDS)
                self._log_failure(error, failures, pause)
                await asyncio.sleep(pause * random.uniform(0.5, 1))

    def _log_failure(self, error: Exception, failures: int, pause: float) -> None:
        """Say it the first time, and then ever more rarely: the 2nd, 4th, 8th … in a row."""
        if failures & (failures - 1) == 0:
            message = (
                "Not listening: %s (%s in a row). Trying again every %s s; followers look every second until then."
            )
            _log.warning(message, logs.name_of(error), failures, pause)

    async def _listen_and_notify(self, connection: asyncpg.Connection) -> None:
        """Run until the connection is lost, which raises. Only this task uses it: it takes one statement at a time."""
        connection.add_termination_listener(lambda _: self._stirred.set())
        # A notification may still be handed out when the connection is closed already.
        self._own_pid = connection.get_server_pid()
        await connection.add_listener(_CHANNEL, self._receive)
        self.connected = True
        self._tried.set()
        # What was sent while nobody listened is lost: everybody looks.
        self._signals.notify_all()
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stirred.wait(), _CHECK_SECONDS)
            await asyncio.sleep(_FOLD_SECONDS)
            self._stirred.clear()
            names, self._names = sorted(self._names), set()
            for start in range(0, len(names), _NAMES_PER_NOTIFICATION):
                payload = " ".join(names[start : start + _NAMES_PER_NOTIFICATION])
                await connection.execute("SELECT pg_notify($1, $2)", _CHANNEL, payload)
            if not names:
                await connection.execute("SELECT 1")

    def _receive(self, connection: asyncpg.Connection, pid: int, channel: str, payload: object) -> None:
        if pid != self._own_pid:
            for name in str(payload).split(" "):
                self._signals.notify(name)
