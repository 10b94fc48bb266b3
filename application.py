"""The ASGI application: which path leads where, and what begins and ends with the process."""

import asyncio
import contextlib
import logging
import random
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from types import FrameType

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

import database
import logs
import metrics
import settings
import traces
from feed.notify import PostgresListener
from process import Process, new_process, process_of
from resolvers import changes, questions
from transport import http, websocket
from transport.middleware import RequestMiddleware

CONSOLE = Path(__file__).parent / "console"

_log = logging.getLogger("callboard.application")

_SignalHandler = Callable[[int, FrameType | None], object]

_READY_SECONDS = 5
_DAY_SECONDS = 24 * 3600.0
_WATCH_SECONDS = 1.0


class Application:
    """The root ASGI application: it puts its process into every request, and leaves all but WebSockets to Starlette."""

    def __init__(self) -> None:
        self.process = new_process()
        cors = Middleware(
            CORSMiddleware,
            allow_origins=settings.current().origins,
            allow_methods=["GET", "POST"],
            allow_headers=["authorization", "content-type", "x-request-id"],
            expose_headers=["x-request-id", "retry-after", "ratelimit", "ratelimit-policy"],
        )
        self._starlette = Starlette(
            routes=_routes(),
            middleware=[Middleware(RequestMiddleware), cors],
            lifespan=lambda _: lifespan(self.process),
            exception_handlers={404: http.not_found},
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["process"] = self.process
        # Every layer of Starlette would take its kilobyte for as long as somebody follows.
        if scope["type"] == "websocket" and scope["path"] == "/graphql":
            await websocket.serve(WebSocket(scope, receive, send))
        else:
            await self._starlette(scope, receive, send)


def _routes() -> list[BaseRoute]:
    return [
        Route("/graphql", graphql, methods=["GET", "POST"]),
        Route("/healthz", health),
        Route("/readyz", readiness),
        Route("/metrics", exposition),
        Mount("/console", GZipMiddleware(StaticFiles(directory=CONSOLE))),
        *(Route(path, console) for path in ("/", "/feedback/{id}", "/candidates/{id}")),
        *(Route(path, console) for path in ("/interviews", "/activity", "/settings/integrations")),
    ]


@contextlib.asynccontextmanager
async def lifespan(process: Process) -> AsyncIterator[None]:
    """Start every part of the process, and end them in the reverse order: acts under way before the database."""
    current = settings.current()
    asyncio.get_running_loop().set_exception_handler(logs.log_unhandled)
    metrics.forget_dead_processes()
    async with contextlib.AsyncExitStack() as parts:
        await parts.enter_async_context(database.connect(current.database_url))
        parts.push_async_callback(process.engine.rates.close)
        if current.on_postgres:
            await parts.enter_async_context(PostgresListener(current.database_url, process.signals))
        await parts.enter_async_context(process.transactions)
        await parts.enter_async_context(traces.exporting())
        # Processes that were started together differ in when they begin.
        prune = partial(changes.prune, timedelta(days=current.change_retention_days))
        parts.enter_context(_in_background(_daily(prune, random.uniform(60, 3600))))
        # Not before the processes of the release before, which know no versions, are gone.
        parts.enter_context(_in_background(_daily(questions.move_into_versions, _DAY_SECONDS)))
        parts.enter_context(_in_background(_watch_pool()))
        await parts.enter_async_context(process.hub)
        _at_signal(process.hub.end)
        yield


@contextlib.contextmanager
def _in_background(work: Coroutine[object, None, None]) -> Iterator[None]:
    """Run the work beside what is inside the block."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()


def _at_signal(act: Callable[[], None]) -> None:
    """Do this at SIGTERM and Ctrl-C, ahead of what uvicorn does: it would wait for open streams until it gives up."""
    for number in (signal.SIGTERM, signal.SIGINT):
        uvicorn_handler = signal.getsignal(number)
        if callable(uvicorn_handler):
            signal.signal(number, _ahead_of(uvicorn_handler, act))


def _ahead_of(handler: _SignalHandler, act: Callable[[], None]) -> _SignalHandler:
    """A handler that has the running loop do this, and then handles the signal as the other one does."""
    loop = asyncio.get_running_loop()

    def handle(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(act)
        handler(number, frame)

    return handle


async def _daily(work: Callable[[], Awaitable[object]], pause: float) -> None:
    """Do the work once a day, first after so many seconds."""
    while True:
        await asyncio.sleep(pause)
        pause = _DAY_SECONDS
        try:
            await work()
        except Exception:
            _log.exception("What is done once a day failed: trying again tomorrow")


async def _watch_pool() -> None:
    while True:
        metrics.set_pool(*database.pool_sizes())
        await asyncio.sleep(_WATCH_SECONDS)


async def graphql(request: Request) -> Response:
    """The API; for a browser that just looks, the page to explore it with."""
    if request.method == "GET" and "query" not in request.query_params and _is_browser(request):
        return FileResponse(CONSOLE / "explorer.html")
    return await http.graphql(request)


async def console(request: Request) -> Response:
    """Every screen of the console is the same page."""
    return FileResponse(CONSOLE / "index.html")


async def health(request: Request) -> Response:
    """The process answers."""
    return JSONResponse({"status": "alive"})


async def readiness(request: Request) -> Response:
    """The process can serve: the database is reachable and at the current version, the other processes are heard."""
    try:
        async with asyncio.timeout(_READY_SECONDS):
            current = await database.is_current()
    except database.UNREACHABLE:
        return JSONResponse({"status": "the database can't be reached"}, 503)
    if not current:
        return JSONResponse({"status": "the database is not migrated: run `callboard migrate`"}, 503)
    if not process_of(request.scope).signals.connected:
        return JSONResponse({"status": "the other processes can't be heard: changes come up to 2 s late"}, 503)
    return JSONResponse({"status": "ready"})


async def exposition(request: Request) -> Response:
    """What all processes have counted, for Prometheus."""
    return Response(metrics.exposition(), media_type=metrics.CONTENT_TYPE)


def _is_browser(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "")
