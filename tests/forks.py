"""Processes of `server.py` that are forked from one which has imported everything: an import takes seconds of CPU.

A forked process is as real as one that is started afresh: its own pid, signals, folder, environment, standard streams
and event loop, and exactly one command, which `server.main` runs. What depends on the start itself (several workers,
the installed script) is started afresh by the tests concerned.
"""

import array
import asyncio
import atexit
import contextlib
import json
import os
import random
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
#: Output that nobody reads.
NOWHERE = os.open(os.devnull, os.O_WRONLY)
_MOST_BYTES = 1_000_000


class ForkedProcess:
    """A command in a process of its own, with the part of `asyncio.subprocess.Process` that the tests use."""

    def __init__(self, pid: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.pid = pid
        self._writer = writer
        self._ended = asyncio.create_task(self._read_exit_code(reader))

    @property
    def returncode(self) -> int | None:
        """The exit code, minus the number of the signal that killed it, or None while it runs."""
        return self._ended.result() if self._ended.done() else None

    async def _read_exit_code(self, reader: asyncio.StreamReader) -> int:
        line = await reader.readline()
        self._writer.close()
        return int(line)

    async def wait(self) -> int:
        return await asyncio.shield(self._ended)

    def send_signal(self, number: int) -> None:
        # Until its exit code has been read, nobody else can have got its pid: the fork server has not waited for it.
        if self.returncode is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


async def start(
    arguments: Sequence[str],
    cwd: Path,
    environment: Mapping[str, str],
    stdout: int,
    stderr: int,
    program: Sequence[str] = (),
) -> ForkedProcess | asyncio.subprocess.Process:
    """Run `server.py`, or another program, with these arguments; its output goes to the two file descriptors.

    Several workers are spawned from the file that was started: they need a process that is started afresh.
    """
    if program or "--workers" in arguments:
        return await asyncio.create_subprocess_exec(
            *(program or (sys.executable, str(ROOT / "server.py"))),
            *arguments,
            **{"stdin": asyncio.subprocess.DEVNULL, "stdout": stdout, "stderr": stderr, "cwd": cwd, "env": environment},
        )
    reader, writer = await asyncio.open_unix_connection(await asyncio.to_thread(_address))
    connection = writer.get_extra_info("socket")
    request = json.dumps({"arguments": list(arguments), "cwd": str(cwd), "environment": dict(environment)})
    files = array.array("i", [stdout, stderr])
    with socket.socket(fileno=os.dup(connection.fileno())) as raw:
        raw.sendmsg([request.encode() + b"\n"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, files)])
    return ForkedProcess(int(await reader.readline()), reader, writer)


@cache
def _address() -> str:
    """Where this process's fork server listens: it is started at the first call, and ends with this process."""
    folder = tempfile.mkdtemp(prefix="callboard-forks-")
    command = [sys.executable, "-m", "tests.forks", f"{folder}/socket"]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n", "the fork server starts"
    atexit.register(shutil.rmtree, folder)
    atexit.register(process.__exit__, None, None, None)  # closes its standard input, at whose end it ends
    return f"{folder}/socket"


def _serve(path: str) -> Sequence[str] | None:
    """Fork for each request until standard input ends; returns the arguments of the command in each forked process."""
    children: dict[int, socket.socket] = {}
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(path)
    listening.listen(128)
    wake_reader, wake_writer = socket.socketpair()
    wake_writer.setblocking(False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake_writer.fileno())
    print("ready", flush=True)
    with selectors.DefaultSelector() as selector:
        for readable in (listening, wake_reader, sys.stdin):
            selector.register(readable, selectors.EVENT_READ)
        while True:
            ready = [key.fileobj for key, _ in selector.select()]
            if sys.stdin in ready:
                return None
            if wake_reader in ready:
                wake_reader.recv(4096)
                _report_ends(children)
            if listening in ready:
                connection, _ = listening.accept()
                request, files, _, _ = socket.recv_fds(connection, _MOST_BYTES, 2)
                while not request.endswith(b"\n"):
                    request += connection.recv(_MOST_BYTES)
                if pid := os.fork():
                    for file in files:
                        os.close(file)
                    connection.sendall(f"{pid}\n".encode())
                    children[pid] = connection
                else:
                    signal.set_wakeup_fd(-1)
                    for inherited in (listening, wake_reader, wake_writer, connection, *children.values()):
                        inherited.close()
                    return _become(json.loads(request), files)


def _report_ends(children: dict[int, socket.socket]) -> None:
    """Tell whoever started the processes that have ended how they did."""
    for pid in list(children):
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            with children.pop(pid) as connection, contextlib.suppress(OSError):
                connection.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())


def _become(request: Mapping[str, Any], files: Sequence[int]) -> Sequence[str]:
    """Make this process one that has just been started with these arguments, in that folder and environment."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for target, file in enumerate(files, 1):
        os.dup2(file, target)
        os.close(file)
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["environment"])
    random.seed()
    arguments: list[str] = request["arguments"]
    return arguments


if __name__ == "__main__":
    import gc

    import server

    # A collection in a forked process, the one at its end too, would write to every page that it shares with this one.
    gc.collect()
    gc.freeze()
    if (command := _serve(sys.argv[1])) is not None:
        sys.argv = ["server.py", *command]
        server.main()
