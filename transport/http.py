"""GraphQL over HTTP: JSON in, JSON or server-sent events out, with the status codes that its specification asks for."""

import asyncio
from contextlib import ExitStack, suppress
from functools import partial

import orjson
from graphql import OperationType
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

import database
import settings
from auth.refusals import Code, Refused
from operations.admission import Admitted
from operations.errors import InvalidDocument
from operations.rates import RateLimited
from operations.request import RejectedRequest, Request, decode_json, parse_request
from operations.serve import Answer, refuse
from process import process_of
from resolvers import changes
from schema.context import Context
from transport.negotiation import EVENT_STREAM, GRAPHQL_JSON, JSON, Negotiated, negotiate
from transport.sse import EventStream, only

_NO_STORE = {"cache-control": "no-store"}
_EARLY_RESPONSE_SECONDS = 1.0
_PIECE_BYTES = 262_144


async def graphql(http_request: HttpRequest) -> Response:
    """The endpoint `/graphql`, but for WebSockets and for the page that a browser gets."""
    negotiated = _negotiated(http_request)
    media_type = negotiated.media_type if negotiated else JSON
    try:
        if negotiated is None:
            raise RejectedRequest(f"Accept `{GRAPHQL_JSON}`, `{JSON}` or `{EVENT_STREAM}`.", status=406)
        body = await _read_body(http_request) if http_request.method == "POST" else b""
        async with process_of(http_request.scope).engine.time_limit():
            return await _respond(http_request, body, negotiated)
    except RejectedBody as rejected:
        content_type = f"{media_type}; charset=utf-8"
        return EarlyResponse(orjson.dumps(rejected.answer()), rejected.status, _NO_STORE, content_type)
    except RejectedRequest as rejected:
        return _json_response(orjson.dumps(rejected.answer()), rejected.status, media_type, rejected.headers)


def _negotiated(http_request: HttpRequest) -> Negotiated | None:
    # RFC 9110, section 5.3: a header in several lines is one list.
    return negotiate(", ".join(http_request.headers.getlist("accept")) or "*/*")


async def _respond(http_request: HttpRequest, body: bytes, negotiated: Negotiated) -> Response:
    """Identify the client, admit the operation and answer it. Raises RejectedRequest."""
    engine = process_of(http_request.scope).engine
    address = http_request.client.host if http_request.client else ""
    request_id = http_request.scope["request_id"]
    try:
        authorization = http_request.headers.get("authorization")
        context = await engine.admission.identify(authorization, address, request_id)
        decode = partial(_decode_request, http_request, body)
        request = await engine.admission.decode(decode, len(body), context, address)
        admitted = await engine.admission.admit(request, context, address)
    except InvalidDocument as invalid:
        refusal = refuse(invalid, request_id)
        if negotiated.accepts_only_stream:
            return EventStream(only(refusal))
        return _answer_response(refusal, negotiated.media_type)
    except RateLimited as limited:
        raise RejectedRequest(limited.message, 429, limited.code, limited.headers, **limited.extensions) from None
    if _is_streamed(http_request, admitted, negotiated):
        return await _event_stream(http_request, admitted, context)
    return _answer_response(await engine.answer(admitted, context), negotiated.media_type, admitted.headers)


def _is_streamed(http_request: HttpRequest, admitted: Admitted, negotiated: Negotiated) -> bool:
    """Whether the answer is an event stream. Raises RejectedRequest where the method or the type doesn't fit."""
    kind = admitted.operation.kind
    if kind is OperationType.MUTATION and http_request.method != "POST":
        raise RejectedRequest("A mutation can't be sent by GET: use POST.", status=405, headers={"allow": "POST"})
    if kind is OperationType.SUBSCRIPTION and not negotiated.accepts_stream:
        message = f"Subscriptions go over WebSocket (graphql-transport-ws), or with `Accept: {EVENT_STREAM}`."
        raise RejectedRequest(message)
    return negotiated.accepts_only_stream or kind is OperationType.SUBSCRIPTION


async def _event_stream(http_request: HttpRequest, admitted: Admitted, context: Context) -> Response:
    """The answers as an event stream, which counts among its viewer's connections. Raises RejectedRequest.

    Of a subscription, a header says where the change feed ended before it: whoever is cut off before their first change
    goes on from there.
    """
    engine, connection = process_of(http_request.scope).engine, ExitStack()
    if context.signed_in is not None:
        if admitted.operation.kind is OperationType.SUBSCRIPTION:
            # Where the database is away, the stream itself says so.
            with suppress(*database.UNREACHABLE):
                admitted.headers["change-cursor"] = await changes.head(context.signed_in)
        try:
            connection.enter_context(engine.admission.connection(context.signed_in))
        except Refused as refusal:
            message, extensions = refusal.message, refusal.extensions
            raise RejectedRequest(message, 429, refusal.code, admitted.headers, **extensions) from None
    return EventStream(engine.answers(admitted, context), admitted.headers, connection)


def _decode_request(http_request: HttpRequest, body: bytes) -> Request:
    """The GraphQL request in the body, or in the query string. Raises RejectedRequest."""
    if http_request.method != "POST":
        parameters: dict[str, object] = dict(http_request.query_params)
        for name in ("variables", "extensions"):
            if text := http_request.query_params.get(name):
                parameters[name] = decode_json(text, f"`{name}`")
        return parse_request(parameters)
    return parse_request(decode_json(body, "The body"))


async def _read_body(http_request: HttpRequest) -> bytes:
    """Read the body, no further than its limit and no longer than a request may take. Raises RejectedRequest."""
    content_type = http_request.headers.get("content-type", "")
    media_type, *options = (part.strip().lower() for part in content_type.split(";"))
    if media_type != JSON or any(option.startswith("charset=") and "utf-8" not in option for option in options):
        raise RejectedRequest(f"Send `Content-Type: {JSON}`, in UTF-8.", status=415)
    seconds = settings.current().request_seconds
    body = bytearray()
    try:
        async with asyncio.timeout(seconds):
            _check_length(int(http_request.headers.get("content-length", 0)))
            async for chunk in http_request.stream():
                body += chunk
                _check_length(len(body))
    except TimeoutError:
        message = f"The body took longer than {seconds:g} seconds."
        raise RejectedBody(message, 408, Code.LIMIT_EXCEEDED, limit=seconds) from None
    except ClientDisconnect:
        raise RejectedRequest("The body ended early.") from None
    return bytes(body)


def _check_length(length: int) -> None:
    limit = settings.current().max_body_bytes
    if length > limit:
        raise RejectedBody(f"The body is larger than {limit:,} bytes.", 413, Code.LIMIT_EXCEEDED, limit=limit)


class RejectedBody(RejectedRequest):
    """Raised in the middle of a body, the rest of which is not read."""


class EarlyResponse(Response):
    """A response in the middle of a body, after which the connection is closed.

    It is closed only when the client has had the time to read: closing while more of the body comes in can discard what
    was sent. A client that goes on sending is read for as many bytes again as a body may have.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [*self.raw_headers, (b"connection", b"close")]
        await send({"type": "http.response.start", "status": self.status_code, "headers": headers})
        await send({"type": "http.response.body", "body": self.body, "more_body": True})
        with suppress(TimeoutError):
            async with asyncio.timeout(_EARLY_RESPONSE_SECONDS):
                left = settings.current().max_body_bytes
                while left > 0 and (message := await receive()).get("more_body"):
                    left -= len(message["body"])
                if left <= 0:
                    await asyncio.sleep(_EARLY_RESPONSE_SECONDS)
        await send({"type": "http.response.body", "body": b""})


class PacedResponse(Response):
    """A response that goes out no faster than it is read: where a piece isn't taken within `send_seconds`, no more."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if len(self.body) <= _PIECE_BYTES:
            await super().__call__(scope, receive, send)
            return
        seconds = settings.current().send_seconds
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        with suppress(TimeoutError):
            for start in range(0, len(self.body), _PIECE_BYTES):
                piece, is_last = self.body[start : start + _PIECE_BYTES], start + _PIECE_BYTES >= len(self.body)
                async with asyncio.timeout(seconds):
                    await send({"type": "http.response.body", "body": piece, "more_body": not is_last})


def _answer_response(answer: Answer, media_type: str, headers: dict[str, str] | None = None) -> Response:
    """A result is 200, errors and all; a request that never ran is 400 for clients of the newer media type."""
    status = 200 if answer.executed or media_type == JSON else 400
    return _json_response(answer.payload, status, media_type, headers)


def _json_response(payload: bytes, status: int, media_type: str, headers: dict[str, str] | None) -> Response:
    return PacedResponse(payload, status, _NO_STORE | (headers or {}), media_type=f"{media_type}; charset=utf-8")


def method_not_allowed(request: HttpRequest, exc: Exception) -> Response:
    """The response to a method that a path doesn't take, as a GraphQL client can read it."""
    assert isinstance(exc, HTTPException), "Starlette's own"
    allowed = (exc.headers or {}).get("Allow", "")
    rejected = RejectedRequest(f"This takes {allowed}; GraphQL is asked by POST, queries also by GET.", status=405)
    negotiated = _negotiated(request)
    media_type = negotiated.media_type if negotiated else JSON
    return _json_response(orjson.dumps(rejected.answer()), 405, media_type, {"allow": allowed})


def rate_limited(request: HttpRequest, exc: Exception) -> Response:
    """The response for what is beyond an address's rate and no operation."""
    assert isinstance(exc, RateLimited), "it is registered for these"
    return JSONResponse({"message": exc.message}, 429, exc.headers)


def not_found(request: HttpRequest, exc: Exception) -> Response:
    """The response for a path that does not exist."""
    return JSONResponse({"message": "There is nothing here. The API is at /graphql, the console at /."}, 404)
