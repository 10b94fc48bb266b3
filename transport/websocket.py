"""`graphql-transport-ws`: operations over one WebSocket, each in a task of its own, with the protocol's close codes."""

import asyncio
import logging
import re
import uuid
from collections.abc import AsyncGenerator, Sequence
from contextlib import ExitStack, aclosing, suppress
from functools import partial
from urllib.parse import urlsplit

import orjson
import structlog
from graphql import OperationType
from starlette.websockets import WebSocket, WebSocketDisconnect

import database
import metrics
import settings
import traces
from auth import viewer as auth
from auth.refusals import Code, Refused
from auth.viewer import Viewer
from feed.subscription import Ended
from operations.errors import FormattedError, InvalidDocument, count_refusal, format_errors, format_failure
from operations.request import MalformedRequest, RejectedRequest, parse_request
from operations.serve import Answer
from process import process_of
from resolvers import changes
from schema.context import Context
from transport.uvicorn_protocols import direct_write

PROTOCOL = "graphql-transport-ws"

_CLOSE_SECONDS = 60
_MAX_ID_CHARACTERS = 500
_MAX_REASON_BYTES = 123

_log = logging.getLogger("callboard.websocket")


class Closed(Exception):
    """Raised to close the socket with a code and a reason, which is cut to the 123 bytes that a close can have."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason.encode()[:_MAX_REASON_BYTES].decode(errors="ignore")


class Socket:
    """One connection: who is on it, and the operations that run over it."""

    def __init__(self, websocket: WebSocket) -> None:
        self.websocket = websocket
        self.viewer: Viewer | None = None
        self.is_initialised = False
        self.running: dict[str, asyncio.Task[None]] = {}
        self._engine = process_of(websocket.scope).engine
        self._address = websocket.client.host if websocket.client else ""
        self._sending = asyncio.Lock()
        self._direct_write = direct_write(websocket.scope)
        #: Counts it among its viewer's connections, once it has one.
        self._connection = ExitStack()

    async def serve(self) -> None:
        """Serve the accepted connection until either side closes it."""
        code: int | None = None
        with self._connection:
            try:
                async with asyncio.TaskGroup() as self._operations:
                    await self._receive()
            except* WebSocketDisconnect as group:
                code = next((gone.code for gone in group.exceptions if isinstance(gone, WebSocketDisconnect)), None)
            except* Closed as group:
                [closed, *_] = group.exceptions
                assert isinstance(closed, Closed), "no group within the group"
                code = closed.code
                await self._close(closed)
            finally:
                if self.viewer is not None:
                    _log.info("websocket left", extra={"actor": self.viewer.actor_id, "code": code})

    async def _receive(self) -> None:
        """Receive message after message. Ends by raising Closed or WebSocketDisconnect, and all operations with it."""
        deadline = asyncio.get_running_loop().time() + settings.current().websocket_init_seconds
        while True:
            try:
                async with asyncio.timeout_at(None if self.is_initialised else deadline):
                    text = await self.websocket.receive_text()
            except TimeoutError:
                raise Closed(4408, "Connection initialisation timeout") from None
            except KeyError:
                raise Closed(4400, "A message is JSON text") from None
            await self._handle(text)

    async def _handle(self, text: str) -> None:
        try:
            message = orjson.loads(text)
        except orjson.JSONDecodeError:
            raise Closed(4400, "A message is JSON text") from None
        match message:
            case {"payload": payload} if not isinstance(payload, dict | None):
                raise Closed(4400, "A payload is an object")
            case {"type": "connection_init"}:
                await self._initialise(message.get("payload") or {})
            case {"type": "ping"}:
                await self._send({"type": "pong"})
            case {"type": "pong"}:
                pass
            case {"type": "subscribe", "id": str(id), "payload": dict(payload)} if id:
                await self._start(id, payload, len(text))
            case {"type": "complete", "id": str(id)}:
                if (task := self.running.pop(id, None)) is not None:
                    task.cancel()
            case _:
                raise Closed(4400, "Invalid message")

    async def _initialise(self, payload: dict[str, object]) -> None:
        """Sign the client in, by the payload's `Authorization`, or that of its `headers`, or the header's.

        The acknowledgement says where the change feed ends: whoever is cut off before a first change resumes there.
        """
        if self.is_initialised:
            raise Closed(4429, "Too many initialisation requests")
        self.is_initialised = True
        authorization = _authorization(payload) or self.websocket.headers.get("authorization")
        try:
            viewer = await self._engine.rates.sign_in(authorization, self._address)
            self._connection.enter_context(self._engine.admission.connection(viewer))
            change_cursor = await changes.head(viewer)
        except Refused as refusal:
            may_retry = refusal.code in (Code.SERVICE_UNAVAILABLE, Code.RATE_LIMITED, Code.LIMIT_EXCEEDED)
            # 4401 is final to graphql-ws, on which Apollo, urql and Relay build; it tries 4403 five times more.
            raise Closed(1013 if may_retry else 4401, refusal.code) from None
        except database.UNREACHABLE:
            raise Closed(1013, Code.SERVICE_UNAVAILABLE) from None
        self.viewer = viewer
        _log.info("websocket joined", extra={"actor": viewer.actor_id, "address": self._address})
        await self._send({"type": "connection_ack", "payload": {"changeCursor": change_cursor}})

    async def _start(self, id: str, payload: dict[str, object], size: int) -> None:
        """Begin an operation whose message has that size. Its id is kept, and goes with every answer."""
        if self.viewer is None:
            raise Closed(4401, "Unauthorized")
        if len(id) > _MAX_ID_CHARACTERS:
            raise Closed(4400, f"The id of an operation has at most {_MAX_ID_CHARACTERS} characters")
        if id in self.running:
            raise Closed(4409, f"Subscriber for {id[:80]} already exists")
        limit = settings.current().subscriptions_per_connection
        if len(self.running) >= limit:
            message = f"A connection takes at most {limit} operations at a time."
            refusal = Refused(Code.LIMIT_EXCEEDED, message, limit=limit)
            await self._send_error(id, count_refusal(format_failure(refusal, uuid.uuid4().hex)))
        else:
            self.running[id] = self._operations.create_task(self._run(id, payload, size, self.viewer))

    async def _run(self, id: str, payload: dict[str, object], size: int, viewer: Viewer) -> None:
        """Run one operation, from its subscribe to its complete."""
        try:
            answers = await self._answer(id, payload, size, viewer)
            # It may be large, and a subscription may be followed for days.
            del payload
            if answers is not None:
                await self._follow(id, answers)
        except Ended:
            raise Closed(1012, "Service restart") from None
        finally:
            if self.running.get(id) is asyncio.current_task():
                del self.running[id]

    async def _answer(
        self, id: str, payload: dict[str, object], size: int, viewer: Viewer
    ) -> AsyncGenerator[Answer, None] | None:
        """Answer an operation, or send why it is refused. Of a subscription, returns the answers still to come."""
        request_id = uuid.uuid4().hex
        try:
            answer = await self._execute(id, payload, size, viewer, request_id)
        except MalformedRequest as malformed:
            raise Closed(4400, malformed.message) from None
        except RejectedRequest as rejected:
            await self._send_error(id, rejected.answer()["errors"])
        except InvalidDocument as invalid:
            errors = format_errors(invalid.errors, request_id, executed=False)
            await self._send_error(id, count_refusal(errors))
        except Exception as failure:
            await self._send_error(id, count_refusal(format_failure(failure, request_id)))
        else:
            if not isinstance(answer, Answer):
                return answer
            if await self._send_answer(id, answer):
                await self._send({"type": "complete", "id": id})
        return None

    async def _execute(
        self, id: str, payload: dict[str, object], size: int, viewer: Viewer, request_id: str
    ) -> Answer | AsyncGenerator[Answer, None]:
        """Admit an operation and run it. Of a subscription, returns the answers still to come."""
        async with self._engine.time_limit():
            self.viewer = await auth.renew(viewer)
            context = Context(request_id, self._engine.hub, self.viewer)
            admission = self._engine.admission
            request = await admission.decode(partial(parse_request, payload), size, context, self._address)
            admitted = await admission.admit(request, context, self._address)
            if admitted.operation.kind is not OperationType.SUBSCRIPTION:
                return await self._engine.answer(admitted, context)
        # A copy: orjson's own bytes hold on to the four kilobytes into which they were written.
        json_id = b"%b" % orjson.dumps(id)
        return self._engine.answers(admitted, context, partial(self._write, json_id))

    async def _follow(self, id: str, answers: AsyncGenerator[Answer, None]) -> None:
        """Send what a subscription delivers, and its complete."""
        async with aclosing(answers):
            async for answer in answers:
                if not await self._send_answer(id, answer):
                    return
        await self._send({"type": "complete", "id": id})

    async def _send_answer(self, id: str, answer: Answer) -> bool:
        """Send an answer. False: it was an error, after which an operation has no complete."""
        if answer.executed:
            await self._send({"type": "next", "id": id, "payload": orjson.Fragment(answer.payload)})
        else:
            await self._send_error(id, orjson.loads(answer.payload)["errors"])
        return answer.executed

    async def _send_error(self, id: str, errors: list[FormattedError]) -> None:
        await self._send({"type": "error", "id": id, "payload": errors})

    async def _send(self, message: dict[str, object]) -> None:
        """Raises Closed where the client doesn't take the message in time, WebSocketDisconnect where it is gone."""
        async with self._sending:
            try:
                async with asyncio.timeout(settings.current().send_seconds):
                    await self.websocket.send_text(orjson.dumps(message).decode())
            except TimeoutError:
                _log.info("A client does not read: its connection is closed")
                metrics.count_cut_off("stalled")
                raise Closed(4408, Code.TOO_SLOW) from None
            except RuntimeError:
                raise WebSocketDisconnect(1006) from None

    def _write(self, id: bytes, payloads: Sequence[bytes]) -> bool:
        """Send answers at once. False: that would have to wait, or can't be done, and nothing was sent."""
        if self._sending.locked():
            return False
        return self._direct_write([b'{"type":"next","id":%b,"payload":%b}' % (id, payload) for payload in payloads])

    async def _close(self, closed: Closed) -> None:
        """Close the connection. A client that is stalled learns why when it reads again, if that is soon enough."""
        with suppress(WebSocketDisconnect, RuntimeError, TimeoutError):
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self.websocket.close(closed.code, closed.reason)


def _authorization(payload: dict[str, object]) -> str | None:
    """What the payload of `connection_init` says in place of the header: itself, or in `headers` as some clients do."""
    headers = payload.get("headers")
    for names in (payload, headers if isinstance(headers, dict) else {}):
        for name in ("Authorization", "authorization"):
            if isinstance(value := names.get(name), str):
                return value
    return None


async def serve(websocket: WebSocket) -> None:
    """The endpoint `/graphql` for WebSockets."""
    if not _is_allowed_origin(websocket):
        await websocket.close()
        return
    if PROTOCOL not in websocket.scope["subprotocols"]:
        await websocket.accept()
        await websocket.close(4406, "Subprotocol not acceptable")
        return
    await websocket.accept(PROTOCOL)
    structlog.contextvars.bind_contextvars(**traces.callers_ids(websocket.headers))
    with traces.below(websocket.headers):
        await Socket(websocket).serve()


def _is_allowed_origin(websocket: WebSocket) -> bool:
    """Whether a browser's page may connect; clients other than browsers send no `Origin`."""
    origin = websocket.headers.get("origin")
    if origin is None or re.fullmatch(settings.current().origins, origin):
        return True
    try:
        return urlsplit(origin).netloc == websocket.headers.get("host")
    except ValueError:  # the origin is no URL
        return False
