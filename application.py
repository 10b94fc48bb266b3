"""The ASGI application: which path leads where, and what begins and ends with the process."""

import asyncio
import contextlib
import logging
import random
import signal
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from types import FrameType
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

import database
import logs
import metrics
import settings
import traces
from feed.hub import HUB
from feed.notify import SIGNALS, PostgresListener
from operations import rates
from resolvers import changes, commits
from transport import http, websocket
from transport.middleware import Requests

CONSOLE = Path(__file__).parent / "console"

_log = logging.getLogger("callboard.application")

_READY_SECONDS = 5
_DAY_SECONDS = 24 * 3600.0
_WATCH_SECONDS = 1.0


def app() -> ASGIApp:
    """The ASGI application, as the settings have it."""
    its = settings.current()
    cors = Middleware(
        CORSMiddleware,
        allow_origins=its.origins,
        allow_methods=["GET", "POST"],
        allow_headers=["authorization", "content-type", "x-request-id"],
        expose_headers=["x-request-id", "retry-after", "ratelimit", "ratelimit-policy"],
    )
    routes = [
        Route("/graphql", graphql, methods=["GET", "POST"]),
        Route("/healthz", alive),
        Route("/readyz", ready),
        Route("/metrics", measured),
        Mount("/console", GZipMiddleware(StaticFiles(directory=CONSOLE))),
        *(Route(path, console) for path in ("/", "/feedback/{id}", "/candidates/{id}")),
        *(Route(path, console) for path in ("/interviews", "/activity", "/settings/integrations")),
    ]
    starlette = Starlette(
        routes=routes,
        middleware=[Middleware(Requests), cors],
        lifespan=lifespan,
        exception_handlers={404: http.not_found},
    )

    async def ways_in(scope: Scope, receive: Receive, send: Send) -> None:
        # Every layer of Starlette would take its kilobyte for as long as somebody follows.
        if scope["type"] == "websocket" and scope["path"] == "/graphql":
            await websocket.serve(WebSocket(scope, receive, send))
        else:
            await starlette(scope, receive, send)

    return ways_in


@contextlib.asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    """The database is open while the application runs; acts under way end before it closes."""
    its = settings.current()
    async with contextlib.AsyncExitStack() as parts:
        await parts.enter_async_context(database.opened(its.database_url))
        if its.on_postgres:
            await parts.enter_async_context(PostgresListener(its.database_url, SIGNALS))
        http.begin_streams()
        _when_told_to_go(http.end_streams)
        metrics.forget_the_dead()
        traces.start()
        asyncio.get_running_loop().set_exception_handler(logs.unhandled)
        beside = [asyncio.create_task(_prune_daily(timedelta(days=its.change_retention_days)))]
        beside += [asyncio.create_task(_watch_the_pool())]
        try:
            async with HUB:
                yield
        finally:
            for task in beside:
                task.cancel()
            await traces.stop()
            await commits.drained()
            await rates.close()


def _when_told_to_go(act: Callable[[], None]) -> None:
    """Do this at SIGTERM or Ctrl-C, ahead of uvicorn: open streams would outlast its patience."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        uvicorns = signal.getsignal(number)

        def told(number: int, frame: FrameType | None, uvicorns: Any = uvicorns) -> None:
            loop.call_soon_threadsafe(act)
            if callable(uvicorns):
                uvicorns(number, frame)

        if callable(uvicorns):
            signal.signal(number, told)


async def _prune_daily(retention: timedelta) -> None:
    """Drop what is past its retention, a first time within the hour, so that processes started together take turns."""
    pause = random.uniform(60, 3600)
    while True:
        await asyncio.sleep(pause)
        pause = _DAY_SECONDS
        try:
            await changes.prune(retention)
        except Exception:
            _log.exception("The old changes can't be dropped: trying again tomorrow")


async def _watch_the_pool() -> None:
    while True:
        metrics.pool(*database.pool())
        await asyncio.sleep(_WATCH_SECONDS)


async def graphql(request: Request) -> Response:
    """The API; for a browser that just looks, the page to explore it with."""
    if request.method == "GET" and "query" not in request.query_params and _is_browser(request):
        return FileResponse(CONSOLE / "graphiql.html")
    return await http.graphql(request)


async def console(request: Request) -> Response:
    """Every screen of the console is the same page."""
    return FileResponse(CONSOLE / "index.html")


async def alive(request: Request) -> Response:
    """The process answers."""
    return JSONResponse({"status": "alive"})


async def ready(request: Request) -> Response:
    """The process can serve: the database is reachable and at the current version, the other processes are heard."""
    try:
        async with asyncio.timeout(_READY_SECONDS):
            current = await database.is_current()
    except database.UNREACHABLE:
        return JSONResponse({"status": "the database can't be reached"}, 503)
    if not current:
        return JSONResponse({"status": "the database is not migrated: run `callboard migrate`"}, 503)
    if not SIGNALS.connected:
        return JSONResponse({"status": "the other processes can't be heard: changes come up to 2 s late"}, 503)
    return JSONResponse({"status": "ready"})


async def measured(request: Request) -> Response:
    """What all processes have counted, for Prometheus."""
    return Response(metrics.printed(), media_type=metrics.CONTENT_TYPE)


def _is_browser(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "")
