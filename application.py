"""The ASGI application: which path leads where, and what begins and ends with the process."""

import asyncio
import atexit
import contextlib
import importlib.metadata
import logging
import random
import re
import shutil
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Sequence
from datetime import timedelta
from functools import cache, partial
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

import database
import logs
import metrics
import settings
import traces
from feed.notify import PostgresListener
from operations.rates import RateLimited
from process import Process, new_process, process_of
from resolvers import changes, erasure, integration_health, questions
from transport import http, sign_in, websocket
from transport.calendar_feeds import calendar_feed
from transport.drain import Drain
from transport.middleware import RequestMiddleware
from work import task_factory

CONSOLE = Path(__file__).parent / "console"

#: What pages of allowed origins may send: ours, those of tracing (W3C, Sentry) and those of Apollo's clients and tools.
_CLIENT_HEADERS = (
    *("authorization", "content-type", "x-request-id"),
    *("traceparent", "tracestate", "baggage", "sentry-trace"),
    *("apollographql-client-name", "apollographql-client-version", "apollo-require-preflight"),
    *("x-apollo-operation-name", "x-apollo-operation-type", "x-apollo-operation-id"),
)

_IMPORTED = re.compile(r"""((?:from |import\()["'`])/console/""")
_LINKED = re.compile(r"""((?:href|src)=")/console/""")

_log = logging.getLogger("callboard.application")

#: The endpoint; many clients are set up with a slash at the end, and few follow a redirect of a POST.
_GRAPHQL = ("/graphql", "/graphql/")
_DAY_SECONDS = 24 * 3600.0
_WATCH_SECONDS = 1.0
#: So long the loop waits for Python while a thread reads a document.
_SWITCH_SECONDS = 0.001
_LAG_SECONDS = 0.1
#: What is no operation costs too, by address: to write out all that was counted, and to send a file of the console.
_EXPOSITION_COST, _FILE_COST = 100, 10


class Application:
    """The root ASGI application: it puts its process into every request, and leaves all but the API to Starlette.

    `listening` are the sockets that nobody but this process accepts connections from.
    """

    def __init__(self, listening: Sequence[socket.socket] = ()) -> None:
        self.process = new_process()
        cors = partial(
            CORSMiddleware,
            allow_origin_regex=settings.current().origins,
            allow_methods=["GET", "POST"],
            allow_headers=[*_CLIENT_HEADERS, *settings.current().headers],
            expose_headers=["x-request-id", "retry-after", "ratelimit", "ratelimit-policy", "change-cursor"],
        )
        self._posted_operations = RequestMiddleware(cors(_posted_operation))
        self._public_path = settings.current().public_path
        self._starlette = Starlette(
            routes=_routes(_console_files(self._public_path)),
            middleware=[Middleware(RequestMiddleware), Middleware(cors)],
            lifespan=lambda _: lifespan(self.process, listening),
            exception_handlers={
                404: http.not_found,
                405: http.method_not_allowed,
                RateLimited: http.rate_limited,
            },
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["process"] = self.process
        if self._public_path and scope["type"] != "lifespan":
            # Whether the proxy leaves it in the path or not.
            scope["path"] = _without(self._public_path, scope["path"])
        # Every layer of Starlette takes its time of each request, and a kilobyte for as long as somebody follows.
        if scope["type"] == "websocket" and scope["path"] in _GRAPHQL:
            await websocket.serve(WebSocket(scope, receive, send))
        elif scope["type"] == "http" and scope["method"] == "POST" and scope["path"] in _GRAPHQL:
            await self._posted_operations(scope, receive, send)
        else:
            await self._starlette(scope, receive, send)


async def _posted_operation(scope: Scope, receive: Receive, send: Send) -> None:
    scope["route"] = _GRAPHQL_ROUTES[scope["path"]]
    response = await http.graphql(Request(scope, receive, send))
    await response(scope, receive, send)


def _without(public_path: str, path: str) -> str:
    return path[len(public_path) :] or "/" if f"{path}/".startswith(f"{public_path}/") else path


@cache
def _console_files(public_path: str) -> Path:
    """The folder of the console's files, which know the path that Callboard is under."""
    if not public_path:
        return CONSOLE
    folder = Path(tempfile.mkdtemp(prefix="callboard-console-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    for file in CONSOLE.iterdir():
        copy = folder / file.name
        if file.suffix in (".js", ".html"):
            # Of the scripts only what is imported: links get the path from `base.js`.
            what = _IMPORTED if file.suffix == ".js" else _LINKED
            copy.write_text(what.sub(rf"\1{public_path}/console/", file.read_text()))
        else:
            shutil.copy(file, copy)
    return folder


def _routes(files: Path) -> list[BaseRoute]:
    return [
        *_GRAPHQL_ROUTES.values(),
        Route("/healthz", health),
        Route("/readyz", readiness),
        *([] if settings.current().metrics_address else [Route("/metrics", exposition)]),
        Route("/auth/sign-in", sign_in.begin),
        Route("/auth/callback", sign_in.finish),
        *(Route(f"/auth/{act.__name__}", act, methods=["POST"]) for act in (sign_in.token, sign_in.keep, sign_in.end)),
        Route("/calendars/{secret}.ics", calendar_feed),
        Mount("/console", _ChargedFiles(GZipMiddleware(StaticFiles(directory=files)))),
        *(Route(path, console) for path in ("/", "/feedback/{id}", "/candidates/{id}")),
        *(
            Route(path, console)
            for path in ("/interviews", "/activity", "/settings/integrations", "/settings/users", "/settings/audit")
        ),
    ]


@contextlib.asynccontextmanager
async def lifespan(process: Process, listening: Sequence[socket.socket] = ()) -> AsyncIterator[None]:
    """Start every part of the process, and end them in the reverse order: acts under way before the database."""
    current = settings.current()
    asyncio.get_running_loop().set_exception_handler(logs.log_unhandled)
    asyncio.get_running_loop().set_task_factory(task_factory)
    sys.setswitchinterval(_SWITCH_SECONDS)
    metrics.forget_dead_processes()
    metrics.set_build_info(version())
    async with contextlib.AsyncExitStack() as parts:
        parts.callback(_log.info, "went down")
        await parts.enter_async_context(database.connect(current.pool_url, is_pooler=current.has_pooler))
        parts.push_async_callback(process.engine.rates.close)
        if current.on_postgres:
            await parts.enter_async_context(PostgresListener(current.database_url, process.signals))
        await parts.enter_async_context(process.transactions)
        await parts.enter_async_context(traces.exporting(version()))
        # Processes that were started together differ in when they begin.
        prune = partial(changes.prune, timedelta(days=current.change_retention_days))
        parts.enter_context(_in_background(_daily(prune, random.uniform(60, 3600))))
        parts.enter_context(_in_background(_daily(integration_health.prune, random.uniform(60, 3600))))
        parts.enter_context(_in_background(_daily(erasure.erase_past_retention, random.uniform(60, 3600))))
        parts.enter_context(_in_background(_daily(erasure.forget_early_reasons, random.uniform(60, 3600))))
        # Not before the processes of the release before, which know no versions, are gone.
        parts.enter_context(_in_background(_daily(questions.move_into_versions, _DAY_SECONDS)))
        parts.enter_context(_in_background(_watch_pool()))
        parts.enter_context(_in_background(_watch_loop()))
        await parts.enter_async_context(process.hub)
        Drain(process.readiness, listening, current.drain_seconds, process.hub.end).handle_signals()
        yield


def version() -> str:
    """Which Callboard this is; `unknown` where it runs from a checkout and is not installed."""
    try:
        return importlib.metadata.version("callboard")
    except importlib.metadata.PackageNotFoundError:
        return "unknown"


@contextlib.contextmanager
def _in_background(work: Coroutine[object, None, None]) -> Iterator[None]:
    """Run the work beside what is inside the block."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()


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


async def _watch_loop() -> None:
    """Measure how late the event loop comes round: work that holds it keeps everybody waiting."""
    while True:
        asked = time.perf_counter()
        await asyncio.sleep(_LAG_SECONDS)
        metrics.observe_loop_lag(time.perf_counter() - asked - _LAG_SECONDS)


async def graphql(request: Request) -> Response:
    """The API; for a browser that just looks, the page to explore it with."""
    if request.method == "GET" and "query" not in request.query_params and _is_browser(request):
        return FileResponse(_console_files(settings.current().public_path) / "explorer.html")
    return await http.graphql(request)


_GRAPHQL_ROUTES = {path: Route(path, graphql, methods=["GET", "POST"]) for path in _GRAPHQL}


async def console(request: Request) -> Response:
    """Every screen of the console is the same page."""
    await _charge(request.scope, _FILE_COST)
    return FileResponse(_console_files(settings.current().public_path) / "index.html")


async def health(request: Request) -> Response:
    """The process answers."""
    return JSONResponse({"status": "alive"})


async def readiness(request: Request) -> Response:
    """The process can serve, and is to get requests; a notice says what an operator is to do meanwhile."""
    ready = process_of(request.scope).readiness
    obstacle = await ready.obstacle()
    notice = {"notice": ready.notice} if ready.notice else {}
    return JSONResponse({"status": obstacle or "ready", **notice}, 503 if obstacle else 200)


async def exposition(request: Request) -> Response:
    """What all processes have counted, for Prometheus."""
    await _charge(request.scope, _EXPOSITION_COST)
    return Response(metrics.exposition(), media_type=metrics.CONTENT_TYPE)


class _ChargedFiles:
    """The files of the console, each charged to the address that asks for it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await _charge(scope, _FILE_COST)
        await self.app(scope, receive, send)


async def _charge(scope: Scope, cost: int) -> None:
    """Raises RateLimited."""
    client = scope.get("client")
    await process_of(scope).engine.rates.spend(None, client[0] if client else "", cost)


def _is_browser(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "")
