"""How a process goes down without a failed request: unready first, then without new connections, then without any."""

import asyncio
import contextlib
import ctypes
import logging
import signal
import socket
import struct
import time
from collections.abc import Callable, Sequence
from types import FrameType

from uvicorn.supervisors import Multiprocess
from uvicorn.supervisors.multiprocess import Process

import settings
from transport.readiness import Readiness

_log = logging.getLogger("callboard.drain")

_SignalHandler = Callable[[int, FrameType | None], object]

#: So long the connections that were begun have to be accepted, once no new one can begin.
_CLOSING_SECONDS = 0.2

#: So often a supervisor that waits for a worker looks for signals.
_HEED_SECONDS = 0.1

_SO_ATTACH_FILTER = 26
#: Classic BPF over the head of a TCP packet: a SYN that is no SYN-ACK is dropped, all else passes.
_DROP_SYN = (
    *((0x30, 0, 0, 13), (0x54, 0, 0, 0x12), (0x15, 0, 1, 0x02)),
    *((0x06, 0, 0, 0), (0x06, 0, 0, 0xFFFFFFFF)),
)


def begin_no_connections(listening: Sequence[socket.socket]) -> None:
    """Let no new connection begin, while those that have begun can still be accepted.

    The kernel resets whatever waits for a listening socket that is closed, and what a proxy has sent into it is lost.
    A SYN without an answer is sent again a second later; by then the socket is closed, and the proxy goes elsewhere.
    Where there are no such filters, as on other systems than Linux, the socket stays as it is.
    """
    code = b"".join(struct.pack("HBBI", *instruction) for instruction in _DROP_SYN)
    buffer = ctypes.create_string_buffer(code)
    program = struct.pack("HL", len(_DROP_SYN), ctypes.addressof(buffer))
    for each in listening:
        with contextlib.suppress(OSError):
            each.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, program)


class Drain:
    """Stands before uvicorn's handling of SIGTERM and SIGINT.

    At SIGTERM the process is no longer ready, and serves on for `seconds`: so long a proxy has to notice. Then no new
    connection can begin, and then `end` is called, which ends all streams, and uvicorn goes down. A second signal, and
    Ctrl-C, ends it at once.
    """

    def __init__(
        self, readiness: Readiness, listening: Sequence[socket.socket], seconds: float, end: Callable[[], None]
    ) -> None:
        self._readiness = readiness
        self._listening = listening
        self._seconds = seconds
        self._end = end
        self._loop = asyncio.get_running_loop()

    def handle_signals(self) -> None:
        """Put this before the handlers that uvicorn has set, if it has."""
        for number in (signal.SIGTERM, signal.SIGINT):
            uvicorn_handler = signal.getsignal(number)
            if callable(uvicorn_handler):
                signal.signal(number, self._ahead_of(uvicorn_handler))

    def _ahead_of(self, uvicorn_handler: _SignalHandler) -> _SignalHandler:
        def handle(number: int, frame: FrameType | None) -> None:
            def exit_now() -> None:
                self._end()
                uvicorn_handler(number, frame)

            is_first, self._readiness.is_leaving = not self._readiness.is_leaving, True
            act = self._leave if number == signal.SIGTERM and is_first else (lambda exit_now: exit_now())
            self._loop.call_soon_threadsafe(act, exit_now)

        return handle

    def _leave(self, exit_now: Callable[[], None]) -> None:
        _log.info("going down", extra={"drain_seconds": self._seconds})
        self._loop.call_later(self._seconds, begin_no_connections, self._listening)
        self._loop.call_later(self._seconds + _CLOSING_SECONDS, exit_now)


class Supervisor(Multiprocess):
    """uvicorn's, but that it lets go of the socket when its workers do: nobody would accept what waits there.

    And that it heeds signals while it waits for a worker that only begins on a busy machine, or hangs.
    """

    def keep_subprocess_alive(self) -> None:
        if self.should_exit.is_set():
            return
        for process in self.processes:
            if not self._has_answered(process):
                if self.signal_queue:
                    return
                process.process.kill()
                process.process.join()
        super().keep_subprocess_alive()

    def _has_answered(self, process: Process) -> bool:
        """Whether a worker answers, or has ended. Returns within a moment of a signal."""
        deadline = time.monotonic() + self.config.timeout_worker_healthcheck
        process.parent_conn.send(b"ping")
        while process.process.is_alive():
            if process.parent_conn.poll(_HEED_SECONDS):
                process.parent_conn.recv()
                return True
            if self.signal_queue or time.monotonic() > deadline:
                return False
        return True

    def terminate_all(self) -> None:
        super().terminate_all()
        time.sleep(settings.current().drain_seconds)
        begin_no_connections(self.sockets)
        time.sleep(_CLOSING_SECONDS)
        for listening in self.sockets:
            listening.close()
