"""GraphQL over HTTP: JSON in, JSON or server-sent events out, with the status codes that its specification asks for."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import orjson
from graphql import OperationType
from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

import settings
from auth.refusals import Code
from schema.context import Context
from transport.operations import Answer, Malformed, Request, answer, answers, decoded

JSON = "application/json"
GRAPHQL_JSON = "application/graphql-response+json"
EVENT_STREAM = "text/event-stream"

_PING_SECONDS = 12.0


async def graphql(request: HttpRequest) -> Response:
    """The endpoint `/graphql`, but for WebSockets and for the page that a browser gets."""
    media = _media(request.headers.get("accept", "*/*"))
    try:
        asked = await _request(request)
        context = await Context.of(request.headers.get("authorization"), request.scope["request_id"])
        if media == EVENT_STREAM:
            return EventStream(asked, context)
        kinds = (OperationType.QUERY,) if request.method == "GET" else (OperationType.QUERY, OperationType.MUTATION)
        async with asyncio.timeout(settings.current().request_seconds):
            return _response(await answer(asked, context, kinds), media)
    except Malformed as malformed:
        headers = {"allow": "POST"} if malformed.status == 405 else None
        return _json(orjson.dumps(malformed.payload()), malformed.status, media, headers)
    except TimeoutError:
        limit = settings.current().request_seconds
        message = f"The request took longer than {limit:g} seconds: ask for less at a time."
        extensions = {"code": Code.LIMIT_EXCEEDED, "limit": limit}
        return _json(orjson.dumps({"errors": [{"message": message, "extensions": extensions}]}), 503, media)


async def _request(request: HttpRequest) -> Request:
    if request.method == "GET":
        its: dict[str, Any] = dict(request.query_params)
        for name in ("variables", "extensions"):
            if its.get(name):
                its[name] = decoded(its[name])
        return Request.of(its)
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind != JSON:
        raise Malformed(f"Send `Content-Type: {JSON}`.", status=415)
    return Request.of(decoded(await _body(request)))


async def _body(request: HttpRequest) -> bytes:
    """The whole body, read no further than the limit."""
    most = settings.current().max_body_bytes
    body = bytearray()
    async with asyncio.timeout(settings.current().request_seconds):
        async for chunk in request.stream():
            body += chunk
            if len(body) > most:
                message = f"The body is larger than {most:,} bytes."
                raise Malformed(message, status=413, code=Code.LIMIT_EXCEEDED)
    return bytes(body)


def _media(accept: str) -> str:
    """The media type of the answer: what is asked for, JSON where anything is welcome."""
    wanted = [part.split(";")[0].strip().lower() for part in accept.split(",")]
    for media in (EVENT_STREAM, GRAPHQL_JSON):
        if media in wanted:
            return media
    return JSON


def _response(given: Answer, media: str) -> Response:
    """A result is 200, errors and all; a request that never ran is 400 for those who know the newer media type."""
    status = 200 if given.executed or media == JSON else 400
    return _json(given.payload, status, media)


def _json(payload: bytes, status: int, media: str, headers: dict[str, str] | None = None) -> Response:
    kind = JSON if media == EVENT_STREAM else media
    return Response(payload, status, headers, media_type=f"{kind}; charset=utf-8")


class EventStream(StreamingResponse):
    """Any operation as server-sent events: `next` for each answer, then `complete`; a comment now and then between."""

    def __init__(self, request: Request, context: Context) -> None:
        headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
        super().__init__(_events(request, context), media_type=EVENT_STREAM, headers=headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        limit = settings.current().send_seconds

        async def send_in_time(message: Any) -> None:
            async with asyncio.timeout(limit):
                await send(message)

        await super().__call__(scope, receive, send_in_time)


async def _events(request: Request, context: Context) -> AsyncGenerator[bytes, None]:
    """Without `complete` at its end the stream broke off: the client goes on elsewhere from its last cursor."""
    given: asyncio.Queue[Answer | None] = asyncio.Queue(1)

    async def pump() -> None:
        async with aclosing(answers(request, context)) as found:
            async for each in found:
                await given.put(each)
        await given.put(None)

    pumping = asyncio.create_task(pump())
    try:
        while True:
            next_one = asyncio.ensure_future(given.get())
            while not (done := (await asyncio.wait({next_one, pumping}, timeout=_PING_SECONDS))[0]):
                yield b": ping\n\n"
            if next_one not in done:
                return
            if (answer := next_one.result()) is None:
                yield b"event: complete\ndata:\n\n"
                return
            yield b"event: next\ndata: " + answer.payload + b"\n\n"
    finally:
        # A client that is gone lets no more be awaited here: the task tidies up by itself.
        next_one.cancel()
        pumping.cancel()


def not_found(request: HttpRequest, exc: Exception) -> Response:
    """Whatever has no page."""
    return JSONResponse({"message": "There is nothing here. The API is at /graphql, the console at /."}, 404)
