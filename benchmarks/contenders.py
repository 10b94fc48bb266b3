"""Contenders: what each is started with, and the processes while they run, with the CPU and the memory they take.

Every contender is one process that listens on a port of its own and has at most ten connections to PostgreSQL.
"""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.data import JWT_SECRET, Access

ROOT = Path(__file__).parent.parent
PEERS = Path(__file__).parent / "peers"
OURS = "Callboard"


@dataclass(frozen=True)
class Contender:
    """Something that answers GraphQL, or what looks like it."""

    name: str
    command: Sequence[str]
    #: What the names of its own texts in `operations/` end with, where it takes other words than ours.
    dialect: str = ""

    @property
    def on_node(self) -> bool:
        return self.command[0] == "node"

    def operation(self, name: str) -> str:
        """The text of an operation, as this contender takes it."""
        return (Path(__file__).parent / "operations" / f"{name}{self.dialect}.graphql").read_text()


@dataclass
class Running:
    """A contender's process."""

    contender: Contender
    port: int
    process: subprocess.Popen[bytes]
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.contender.name

    def cpu(self) -> float:
        """Seconds of CPU so far, of all its threads, in user and system mode."""
        return cpu_seconds(self.process.pid)

    def memory(self) -> int:
        """Bytes of it in memory."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        [line] = [line for line in status.splitlines() if line.startswith("VmRSS")]
        return int(line.split()[1]) * 1024


def python(module: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", f"benchmarks.peers.{module}", *arguments]


def ours() -> Contender:
    """The real server, with its authentication, access rules and limits; only the rate limit is off."""
    return Contender(OURS, [sys.executable, "server.py", "serve", "--port"])


def node(script: str, *arguments: str) -> list[str]:
    return ["node", str(PEERS / script), *arguments]


@contextmanager
def started(contenders: Sequence[Contender], access: Access) -> Iterator[list[Running]]:
    """The contenders, each running and ready. What they say is in var/bench/."""
    with ExitStack() as stack:
        running = [stack.enter_context(_started(each, access)) for each in contenders]
        for each in running:
            _await_listening(each)
        yield running


def available(contenders: Sequence[Contender], install: bool) -> list[Contender]:
    """Those that can run on this machine, with what they need installed if need be; says which can't."""
    left_out = [each.name for each in contenders if each.on_node]
    if not left_out or _node_packages(install):
        return list(contenders)
    print(f"Left out: {', '.join(left_out)} (Node or its packages are not there)\n", file=sys.stderr)
    return [each for each in contenders if not each.on_node]


def _node_packages(install: bool) -> bool:
    if not shutil.which("node") or not shutil.which("npm"):
        return False
    if (PEERS / "node_modules" / ".package-lock.json").exists():
        return True
    return install and subprocess.run(["npm", "ci"], cwd=PEERS, capture_output=True, check=False).returncode == 0


@contextmanager
def _started(contender: Contender, access: Access) -> Iterator[Running]:
    port = _free_port()
    command = [*contender.command, *([str(port)] if contender.command[1] == "server.py" else [])]
    with _log(contender).open("w") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=_environment(access, port), stdout=log, stderr=log)
    try:
        yield Running(contender, port, process, {"authorization": f"Bearer {access.token()}"})
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _log(contender: Contender) -> Path:
    folder = ROOT / "var" / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{contender.name.replace(' ', '-').replace(',', '')}.log"


def _environment(access: Access, port: int) -> dict[str, str]:
    return {
        **os.environ,
        "NODE_ENV": "production",
        "GRAPHILE_ENV": "production",
        "NODE_NO_WARNINGS": "1",
        "BENCH_PORT": str(port),
        "BENCH_DATABASE_URL": access.shape.url,
        "BENCH_ACCOUNT": access.account_id,
        "BENCH_INTEGRATION": access.integration_id,
        "CALLBOARD_DATABASE_URL": access.shape.url,
        "CALLBOARD_JWT_SECRET": JWT_SECRET,
        "CALLBOARD_RATE_LIMIT": "off",
        "CALLBOARD_CHANGE_RETENTION_DAYS": "36500",
        "CALLBOARD_LOG_FORMAT": "json",
    }


def _await_listening(running: Running) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if running.process.poll() is not None:
            raise SystemExit(f"{running.name} doesn't start: {_log(running.contender)} says why")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", running.port)) == 0:
                return
        time.sleep(0.1)
    raise SystemExit(f"{running.name} doesn't listen")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def cpu_seconds(pid: int) -> float:
    """Seconds of CPU that a process's threads have taken, in user and system mode; 0 for one that is gone."""
    nanoseconds = 0
    for thread in Path(f"/proc/{pid}/task").glob("*/schedstat"):
        with suppress(FileNotFoundError, ProcessLookupError):
            nanoseconds += int(thread.read_text().split()[0])
    return nanoseconds / 1e9


class Database:
    """PostgreSQL's own work for a data set: the CPU of the sessions that are connected to its database."""

    def __init__(self, administrator: Any, name: str) -> None:
        self._administrator = administrator
        self._name = name

    async def sessions(self) -> dict[int, float]:
        """Each session's process, with its seconds of CPU so far."""
        processes = await self._administrator.fetch("SELECT pid FROM pg_stat_activity WHERE datname = $1", self._name)
        return {row["pid"]: cpu_seconds(row["pid"]) for row in processes}

    async def since(self, before: dict[int, float]) -> float:
        """Seconds of CPU since then."""
        return sum(cpu - before.get(pid, 0) for pid, cpu in (await self.sessions()).items())
