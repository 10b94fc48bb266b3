"""GraphQL over HTTP: JSON in, JSON or server-sent events out, with the status codes that its specification asks for."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from functools import lru_cache
from typing import Any

import anyio
import orjson
from graphql import OperationType
from starlette.requests import ClientDisconnect
from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

import metrics
import settings
from auth.refusals import Code, Refused
from auth.viewer import Viewer
from feed.subscription import Ended
from operations import admission, rates
from operations.admission import admitted
from operations.errors import Invalid
from operations.request import Malformed, Request, decoded
from operations.serve import Answer, answer, answers, in_time, unanswerable
from schema.context import Context

JSON = "application/json"
GRAPHQL_JSON = "application/graphql-response+json"
EVENT_STREAM = "text/event-stream"

_HEADERS = {"cache-control": "no-store"}
_PING_SECONDS = 12.0
_LISTENING_SECONDS = 1.0


async def graphql(request: HttpRequest) -> Response:
    """The endpoint `/graphql`, but for WebSockets and for the page that a browser gets."""
    welcome = _welcome(request.headers.get("accept", "*/*"))
    media = next((its for its in welcome if its != EVENT_STREAM), JSON)
    try:
        if not welcome:
            raise Malformed(f"Accept `{GRAPHQL_JSON}`, `{JSON}` or `{EVENT_STREAM}`.", status=406)
        asked = await _request(request)
        async with in_time():
            return await _answered(request, asked, welcome, media)
    except CutOff as cut_off:
        return LastWord(orjson.dumps(cut_off.payload()), cut_off.status, _HEADERS, f"{media}; charset=utf-8")
    except Malformed as malformed:
        return _json(orjson.dumps(malformed.payload()), malformed.status, media, malformed.headers)


async def _answered(request: HttpRequest, asked: Request, welcome: list[str], media: str) -> Response:
    address = request.client.host if request.client else ""
    signing_in = rates.signed_in(request.headers.get("authorization"), address)
    try:
        context = await Context.of(signing_in, request.scope["request_id"])
        operation, variables, headers = await admitted(asked, context, address)
    except Invalid as invalid:
        given = unanswerable(invalid, context)
        return EventStream(_only(given)) if welcome == [EVENT_STREAM] else _response(given, media)
    except rates.RateLimited as limited:
        raise Malformed(limited.message, 429, limited.code, limited.headers, **limited.extensions) from None
    if operation.kind is OperationType.MUTATION and request.method != "POST":
        raise Malformed("A mutation can't be sent by GET: use POST.", status=405, headers={"allow": "POST"})
    if welcome == [EVENT_STREAM] or (operation.kind is OperationType.SUBSCRIPTION and EVENT_STREAM in welcome):
        try:
            return EventStream(answers(operation, variables, context), headers, context.known)
        except Refused as refused:
            raise Malformed(refused.message, 429, refused.code, headers, **refused.extensions) from None
    if operation.kind is OperationType.SUBSCRIPTION:
        raise Malformed(f"Subscriptions go over WebSocket (graphql-transport-ws), or with `Accept: {EVENT_STREAM}`.")
    return _response(await answer(operation, variables, context), media, headers)


async def _request(request: HttpRequest) -> Request:
    if request.method != "POST":
        its: dict[str, Any] = dict(request.query_params)
        for name in ("variables", "extensions"):
            if its.get(name):
                its[name] = decoded(its[name], f"`{name}`")
        return Request.of(its)
    kind, *parameters = (part.strip().lower() for part in request.headers.get("content-type", "").split(";"))
    if kind != JSON or any(each.startswith("charset=") and "utf-8" not in each for each in parameters):
        raise Malformed(f"Send `Content-Type: {JSON}`, in UTF-8.", status=415)
    return Request.of(decoded(await _body(request), "The body"))


async def _body(request: HttpRequest) -> bytes:
    """The whole body, read no further than the limit, and no longer than a request may take."""
    its = settings.current()
    body = bytearray()
    try:
        async with asyncio.timeout(its.request_seconds):
            _bounded(int(request.headers.get("content-length", 0)))
            async for chunk in request.stream():
                body += chunk
                _bounded(len(body))
    except TimeoutError:
        message = f"The body took longer than {its.request_seconds:g} seconds."
        raise CutOff(message, 408, Code.LIMIT_EXCEEDED, limit=its.request_seconds) from None
    except ClientDisconnect:
        raise Malformed("The body ended early.") from None
    return bytes(body)


def _bounded(length: int) -> None:
    most = settings.current().max_body_bytes
    if length > most:
        raise CutOff(f"The body is larger than {most:,} bytes.", 413, Code.LIMIT_EXCEEDED, limit=most)


class CutOff(Malformed):
    """Raised in the middle of a body, the rest of which nobody wants."""


class LastWord(Response):
    """An answer in the middle of a body, and the end of the connection.

    It ends only when the client has had the time to listen: closed with more of the body coming in, a connection may
    take what was answered with it. A client that sends on regardless is heard for as much again as a body may have.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [*self.raw_headers, (b"connection", b"close")]
        await send({"type": "http.response.start", "status": self.status_code, "headers": headers})
        await send({"type": "http.response.body", "body": self.body, "more_body": True})
        with suppress(TimeoutError):
            async with asyncio.timeout(_LISTENING_SECONDS):
                left = settings.current().max_body_bytes
                while left > 0 and (message := await receive()).get("more_body"):
                    left -= len(message["body"])
                if left <= 0:
                    await asyncio.sleep(_LISTENING_SECONDS)
        await send({"type": "http.response.body", "body": b""})


@lru_cache(maxsize=32)
def _welcome(accept: str) -> list[str]:
    """Our media types that an `Accept` value takes, the most welcome first."""
    weights = {}
    for offered in (GRAPHQL_JSON, JSON, EVENT_STREAM):
        # Whoever takes anything waits for an answer that ends: a stream has to be asked for by its name.
        ranges = [offered] if offered == EVENT_STREAM else [offered, "application/*", "*/*"]
        found = [(range_, weight) for range_, weight in _ranges(accept) if range_ in ranges]
        range_, weight = min(found, key=lambda each: ranges.index(each[0]), default=("", 0.0))
        if weight > 0:
            # And whoever takes anything gets plain JSON; whoever names the newer type knows it.
            weights[offered] = (weight, range_ == offered, offered == (GRAPHQL_JSON if range_ == offered else JSON))
    return sorted(weights, key=lambda offered: weights[offered], reverse=True)


def _ranges(accept: str) -> list[tuple[str, float]]:
    """The media ranges of an `Accept` value, each with its weight."""
    ranges = []
    for part in accept.lower().split(","):
        media, *parameters = (piece.strip() for piece in part.split(";"))
        weight = 1.0
        for parameter in parameters:
            if parameter.startswith("q="):
                with suppress(ValueError):
                    weight = float(parameter[2:])
        ranges.append((media, weight))
    return ranges


def _response(given: Answer, media: str, headers: dict[str, str] | None = None) -> Response:
    """A result is 200, errors and all; a request that never ran is 400 for those who know the newer media type."""
    status = 200 if given.executed or media == JSON else 400
    return _json(given.payload, status, media, headers)


def _json(payload: bytes, status: int, media: str, headers: dict[str, str] | None = None) -> Response:
    return Response(payload, status, _HEADERS | (headers or {}), media_type=f"{media}; charset=utf-8")


_streaming: set[asyncio.Task[None]] = set()
_ended = False


def begin_streams() -> None:
    """The process serves."""
    global _ended
    _ended = False


def end_streams() -> None:
    """The process goes down: every event stream breaks off, and its client goes on elsewhere from its last cursor.

    So does each that begins from here on, for a request that was still coming in.
    """
    global _ended
    _ended = True
    for task in _streaming:
        task.cancel()


class EventStream(StreamingResponse):
    """Answers as server-sent events: `next` for each, then `complete`; a comment now and then between."""

    def __init__(
        self, given: AsyncGenerator[Answer, None], headers: dict[str, str] | None = None, viewer: Viewer | None = None
    ) -> None:
        """For a viewer: it is among the connections that they have open. Raises Refused where these are too many."""
        headers = _HEADERS | {"x-accel-buffering": "no"} | (headers or {})
        self._events = _events(given)
        super().__init__(self._events, media_type=EVENT_STREAM, headers=headers)
        self._viewer = viewer
        if viewer is not None:
            admission.enter(viewer)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        limit = settings.current().send_seconds

        async def send_in_time(message: Any) -> None:
            async with asyncio.timeout(limit):
                await send(message)

        try:
            # Where sending ends early nobody else closes the events, and whoever follows would never be let go of.
            async with aclosing(self._events):
                await super().__call__(scope, receive, send_in_time)
        except TimeoutError:
            # A client that stalls is given up, and so is its connection.
            metrics.cut_off("stalled")
        finally:
            if self._viewer is not None:
                admission.leave(self._viewer)


async def _only(given: Answer) -> AsyncGenerator[Answer, None]:
    yield given


async def _events(given: AsyncGenerator[Answer, None]) -> AsyncGenerator[bytes, None]:
    """Without `complete` at its end the stream broke off."""
    if _ended:
        return
    into, out_of = anyio.create_memory_object_stream[bytes](0)

    async def pour() -> None:
        with suppress(Ended, anyio.BrokenResourceError):
            async with aclosing(given):
                async for each in given:
                    await into.send(b"event: next\ndata: " + each.payload + b"\n\n")
            await into.send(b"event: complete\ndata:\n\n")

    # A task of its own: where the client is gone, nothing more can be awaited here, and it tidies up by itself.
    pouring = asyncio.create_task(pour())
    _streaming.add(pouring)
    pouring.add_done_callback(_streaming.discard)
    # Not in the task, which may be cancelled before it has begun.
    pouring.add_done_callback(lambda _: into.close())
    with out_of, suppress(anyio.EndOfStream):
        try:
            while True:
                event = b": ping\n\n"
                with anyio.move_on_after(_PING_SECONDS):
                    event = await out_of.receive()
                yield event
        finally:
            pouring.cancel()


def not_found(request: HttpRequest, exc: Exception) -> Response:
    """Whatever has no page."""
    return JSONResponse({"message": "There is nothing here. The API is at /graphql, the console at /."}, 404)
