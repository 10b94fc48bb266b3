"""GoodTime's pages, played by a small web application: what a user of GoodTime would click, on a port of its own.

It knows Callboard only through the public API and the key that somebody pastes into its settings. Every page says that
it is a simulation, and shows each operation beside what came back.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any, Final

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from simulator import client

_PAGES: Final = Path(__file__).parent / "pages"

_HEADERS: Final = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
}

_WHO: Final = "{ viewer { __typename ... on Integration { name } } account { name } }"

_log = logging.getLogger(__name__)


class Site:
    """The pages and what stands behind them: the API's URL, the key once there is one, and the endless simulation.

    `public_url` is where the pages are: panels that are pushed lead back there. With a `key` the simulation is at work
    from the start. `rate` is its number of acts a second.
    """

    def __init__(self, api_url: str, public_url: str, key: str | None = None, rate: float = 0.5) -> None:
        self._api_url, self._public_url, self._rate = api_url, public_url, rate
        self._key, self._account = key, ""
        self._going_on = asyncio.Event()
        self._simulation: asyncio.Task[object] | None = None
        self.app = Starlette(
            routes=[
                *(Route(path, _page) for path in ("/", "/settings", "/candidates", "/panels/{external_id}")),
                Route("/state", self._state),
                Route("/key", self._save_key, methods=["POST"]),
                Route("/graphql", self._pass_on, methods=["POST"]),
                Route("/simulation", self._pause, methods=["POST"]),
                Mount("/pages", StaticFiles(directory=_PAGES)),
            ],
            middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"])],
            lifespan=self._lifespan,
        )

    @asynccontextmanager
    async def _lifespan(self, app: Starlette) -> AsyncIterator[None]:
        async with httpx.AsyncClient(timeout=30) as self._http:
            if self._key is not None:
                self._begin()
            try:
                yield
            finally:
                if self._simulation is not None:
                    self._simulation.cancel()

    def _begin(self) -> None:
        """Start the endless simulation with the key that there is now, in the place of the one with the last key."""
        if self._simulation is not None:
            self._simulation.cancel()
        self._going_on.set()
        self._simulation = asyncio.create_task(self._simulate(self._key or ""))

    def _is_at_work(self) -> bool:
        return self._simulation is not None and not self._simulation.done()

    async def _simulate(self, key: str) -> None:
        try:
            await client.simulate(self._api_url, key, rate=self._rate, going_on=self._going_on)
        except client.Stopped as stopped:
            _log.warning("GoodTime's simulator has stopped: %s", stopped)

    async def _state(self, request: Request) -> Response:
        """What the pages show of themselves. Never the key, but for how it begins."""
        if self._key is not None and not self._account:
            with suppress(httpx.HTTPError, ValueError):
                self._account = _account_of((await self._ask(self._key, {"query": _WHO})).json())
        return JSONResponse(
            {
                "api": self._api_url,
                "panels": f"{self._public_url}/panels/",
                "connected": self._account or None,
                "key": self._key and f"{self._key[:12]}…",
                "simulation": ("running" if self._going_on.is_set() else "paused") if self._is_at_work() else "off",
            }
        )

    async def _save_key(self, request: Request) -> Response:
        """Try the key, and keep it where the ATS takes it for an integration's."""
        key = str((await _body(request)).get("key", "")).strip()
        if not key:
            return JSONResponse({"error": "Paste the key that the ATS has shown."}, 422)
        try:
            response = await self._ask(key, {"query": _WHO})
            answer = response.json()
            account, error = _account_of(answer), _error_of(answer)
        except (httpx.HTTPError, ValueError):
            account, error = "", f"Nothing that speaks GraphQL answers at {self._api_url}."
        if not account:
            return JSONResponse({"error": error or "This is no key of an integration."}, 422)
        self._key, self._account = key, account
        if self._is_at_work():
            self._begin()
        return JSONResponse({"connected": account})

    async def _pass_on(self, request: Request) -> Response:
        """Send an operation to the API with the key, and answer what came back."""
        operation = await _body(request)
        if self._key is None:
            message = "No ATS is connected: paste a key under Company Settings, ATS Integrations."
            return JSONResponse({"errors": [{"message": message}]}, 409)
        try:
            response = await self._ask(self._key, operation)
        except httpx.HTTPError:
            return JSONResponse({"errors": [{"message": f"The ATS does not answer at {self._api_url}."}]}, 502)
        return Response(response.content, response.status_code, media_type="application/json")

    async def _pause(self, request: Request) -> Response:
        """Let the endless simulation start, pause or go on."""
        if (await _body(request)).get("paused"):
            self._going_on.clear()
        elif self._key is not None and not self._is_at_work():
            self._begin()
        else:
            self._going_on.set()
        return await self._state(request)

    async def _ask(self, key: str, operation: dict[str, Any]) -> httpx.Response:
        return await self._http.post(self._api_url, json=operation, headers={"Authorization": f"Bearer {key}"})


class _BesideAnother(uvicorn.Server):
    """A server beside another one of the same process, which has the signals."""

    def capture_signals(self) -> AbstractContextManager[None]:  # type: ignore[override]
        return nullcontext()


def config(site: Site) -> uvicorn.Config:
    """How the pages are served."""
    return uvicorn.Config(site.app, log_config=None, access_log=False, server_header=False, ws="none")


def server(site: Site) -> uvicorn.Server:
    """What serves the pages beside another server: ends once `should_exit` is set."""
    return _BesideAnother(config(site))


async def _page(request: Request) -> Response:
    return FileResponse(_PAGES / "index.html", headers=_HEADERS)


async def _body(request: Request) -> dict[str, Any]:
    """The JSON object of the request. Another site can't send that type without asking, and is answered nothing."""
    if request.headers.get("content-type", "").partition(";")[0] != "application/json":
        return {}
    try:
        body = await request.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _account_of(answer: dict[str, Any]) -> str:
    """The account's name where the answer is one to an integration, else nothing."""
    data = answer.get("data") or {}
    is_integration = (data.get("viewer") or {}).get("__typename") == "Integration"
    return str(data["account"]["name"]) if is_integration else ""


def _error_of(answer: dict[str, Any]) -> str:
    return " ".join(str(error.get("message", "")) for error in answer.get("errors", ()))
