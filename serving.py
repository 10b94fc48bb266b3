"""How the application is served: the socket, the processes, and what uvicorn and the interpreter are set to."""

import contextlib
import errno
import gc
import logging
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp
from uvicorn.config import STARTUP_FAILURE

import logs
import metrics
import settings
import zones
from application import Application
from transport.drain import Supervisor
from transport.uvicorn_protocols import HttpProtocol, WebSocketProtocol

_log = logging.getLogger("callboard.serving")

_IDLE_SECONDS = 75
"""So long an idle connection is kept. Whoever closes first must be the other side, or a request may be under way just
then and be lost: proxies keep theirs for 60 seconds, HTTP libraries for 4 or 5."""


class Failure(Exception):
    """Raised for what a user can mend: shown as one line on stderr, with exit code 1."""


def configure() -> settings.Settings:
    """Let the process log as the settings say and compute with the newest zones; return them. Raises BadSetting."""
    current = settings.current()
    logs.configure(current.log_format, current.log_level)
    zones.use_newest_database()
    return current


def run(listening: socket.socket, workers: int) -> None:
    """Serve what comes to the socket, in one process or several, until a signal ends it. Raises Failure."""
    if workers == 1:
        # First: what a signal's handler raises while a finalizer runs is lost, and the signal with it.
        collect_garbage_rarely()
        exit_well_at_signals()
        with metrics_served():
            _log_start(listening)
            uvicorn.Server(config(lambda: Application([listening]))).run(sockets=[listening])
        return
    with metrics.shared_between_processes(), metrics_served():
        _log_start(listening)
        supervisor = Supervisor(config("serving:worker", workers=workers), sockets=[listening])
        supervisor.run()
    if any(process.process.exitcode == STARTUP_FAILURE for process in supervisor.processes):
        raise Failure("The workers can't start: the log says why.")


def _log_start(listening: socket.socket) -> None:
    _log.info("listening", extra={"address": address(listening), "tz_database": zones.use_newest_database()})


@contextlib.contextmanager
def metrics_served() -> Iterator[None]:
    """Serve metrics inside the block where they have an address of their own. Raises Failure."""
    at = settings.current().metrics_host_and_port
    if at is None:
        yield
        return
    with contextlib.ExitStack() as stack:
        try:
            port = stack.enter_context(metrics.served(*at))
        except OSError as error:
            why = (error.strerror or str(error)).partition(" (")[0]
            raise Failure(f"CALLBOARD_METRICS_ADDRESS: can't listen on {at[0]}:{at[1]} ({why}).") from None
        _log.info("metrics are served", extra={"address": _url(at[0], port)})
        yield


def worker() -> ASGIApp:
    """The application in a process of its own, which has still to read how it logs."""
    configure()
    collect_garbage_rarely()
    return Application()


def collect_garbage_rarely() -> None:
    """What a request leaves behind goes by itself, and what was imported stays: to look through it all takes long."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def config(application: Callable[[], ASGIApp] | str, workers: int = 1) -> uvicorn.Config:
    """What uvicorn is set to for an application, which is made by a callable or one of that name, `module:name`."""
    current = settings.current()
    return uvicorn.Config(
        application,
        factory=True,
        workers=workers,
        http=HttpProtocol,
        ws=WebSocketProtocol,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=8,
        timeout_keep_alive=_IDLE_SECONDS,
        # A worker that is only just starting on a busy machine must not be taken for one that hangs.
        timeout_worker_healthcheck=30,
        ws_max_size=current.websocket_message_bytes,
        ws_per_message_deflate=False,
        ws_ping_interval=current.keep_alive_seconds,
        ws_ping_timeout=current.keep_alive_seconds,
        forwarded_allow_ips=current.forwarded_allow_ips,
    )


def exit_well_at_signals() -> None:
    """SIGTERM and Ctrl-C are how a server is meant to end: uvicorn raises them again when all is done."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))


def bind(host: str, port: int) -> socket.socket:
    """The socket to listen on: a port in use is one clear line, before anything is started."""
    try:
        listening = socket.create_server(
            (host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=2048
        )
    except OSError as error:
        why = (error.strerror or "").partition(" (")[0]
        raise Failure(f"Can't listen on {host}:{port} ({why}): choose another with --port.") from None
    # asyncio's own loop, unlike uvloop, leaves it off: a small body would wait 40 ms for the headers' acknowledgement.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        # Whoever takes nothing for so long is gone, or stalled for good: the kernel lets go of what they didn't take.
        patience = int(2_000 * settings.current().keep_alive_seconds)
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, patience)
    return listening


def bind_path(path: Path) -> socket.socket:
    """The Unix socket to listen on, for the owner and the group. One that nobody listens on any more is replaced."""
    listening = socket.socket(socket.AF_UNIX)
    try:
        with contextlib.suppress(FileNotFoundError):
            if listening.connect_ex(str(path)) == errno.ECONNREFUSED:
                path.unlink()
        listening.close()
        listening = socket.socket(socket.AF_UNIX)
        listening.bind(str(path))
        path.chmod(0o660)
        listening.listen(2048)
    except OSError as error:
        raise Failure(f"Can't listen on {path} ({error.strerror or error}): choose another with --uds.") from None
    return listening


def bind_next(host: str, port: int) -> socket.socket:
    """The socket of what is served beside: on that port, or on any where it is in use."""
    try:
        return bind(host, port if port <= 65_535 else 0)
    except Failure:
        return bind(host, 0)


def address(listening: socket.socket) -> str:
    """The URL of what is served at the socket; `unix:` and the path of a Unix socket."""
    if listening.family is socket.AF_UNIX:
        return f"unix:{listening.getsockname()}"
    return _url(*listening.getsockname()[:2])


def _url(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
