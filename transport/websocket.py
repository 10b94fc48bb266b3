"""`graphql-transport-ws`: operations over one WebSocket, each in a task of its own, with the protocol's close codes."""

import asyncio
import logging
import uuid
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, suppress
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import orjson
from graphql import GraphQLError, OperationType
from starlette.websockets import WebSocket, WebSocketDisconnect

import database
import metrics
import settings
from auth import viewer as auth
from auth.refusals import Code, Refused
from auth.viewer import Viewer
from feed.subscription import Ended
from operations import admission, rates
from operations.admission import admitted
from operations.errors import Invalid, printed, refused
from operations.rendering import straight
from operations.request import Malformed, NoRequest, Request
from operations.serve import Answer, answer, answers, in_time
from schema.context import Context
from transport.uvicorn_protocols import direct

PROTOCOL = "graphql-transport-ws"

_FAREWELL_SECONDS = 60
_LONGEST_ID = 500
_MOST_REASON_BYTES = 123

_log = logging.getLogger("callboard.websocket")


class Closed(Exception):
    """Raised to close the socket with a code and a reason, of which a close takes 123 bytes."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason.encode()[:_MOST_REASON_BYTES].decode(errors="ignore")


class Socket:
    """One connection: who is on it, and the operations that run over it."""

    def __init__(self, websocket: WebSocket) -> None:
        self.websocket = websocket
        self._address = websocket.client.host if websocket.client else ""
        self.viewer: Viewer | None = None
        self.initialised = False
        self.running: dict[str, asyncio.Task[None]] = {}
        self._sending = asyncio.Lock()
        self._direct = direct(websocket.scope)

    async def serve(self) -> None:
        """Serve the accepted connection until either side closes it."""
        try:
            async with asyncio.TaskGroup() as self._operations:
                await self._read()
        except* WebSocketDisconnect:
            pass
        except* Closed as found:
            [closed, *_] = found.exceptions
            assert isinstance(closed, Closed), "no group within the group"
            await self._close(closed)
        finally:
            if self.viewer is not None:
                admission.leave(self.viewer)

    async def _read(self) -> None:
        """Take message after message; ends by raising Closed or WebSocketDisconnect, and all operations with it."""
        init_by = asyncio.get_running_loop().time() + settings.current().websocket_init_seconds
        while True:
            try:
                async with asyncio.timeout_at(None if self.initialised else init_by):
                    text = await self.websocket.receive_text()
            except TimeoutError:
                raise Closed(4408, "Connection initialisation timeout") from None
            except KeyError:
                raise Closed(4400, "A message is JSON text") from None
            await self._take(text)

    async def _take(self, text: str) -> None:
        try:
            message = orjson.loads(text)
        except orjson.JSONDecodeError:
            raise Closed(4400, "A message is JSON text") from None
        match message:
            case {"payload": payload} if not isinstance(payload, dict | None):
                raise Closed(4400, "A payload is an object")
            case {"type": "connection_init"}:
                await self._initialise(message.get("payload"))
            case {"type": "ping"}:
                await self._send({"type": "pong"})
            case {"type": "pong"}:
                pass
            case {"type": "subscribe", "id": str(id), "payload": dict(payload)} if id:
                await self._subscribe(id, payload)
            case {"type": "complete", "id": str(id)}:
                if (task := self.running.pop(id, None)) is not None:
                    task.cancel()
            case _:
                raise Closed(4400, "Invalid message")

    async def _initialise(self, payload: object) -> None:
        if self.initialised:
            raise Closed(4429, "Too many initialisation requests")
        self.initialised = True
        said = payload.get("Authorization", payload.get("authorization")) if isinstance(payload, dict) else None
        header = self.websocket.headers.get("authorization")
        try:
            viewer = await rates.signed_in(said if isinstance(said, str) else header, self._address)
            admission.enter(viewer)
        except Refused as refused:
            again = refused.code in (Code.SERVICE_UNAVAILABLE, Code.RATE_LIMITED, Code.LIMIT_EXCEEDED)
            raise Closed(1013 if again else 4403, refused.code) from None
        except database.UNREACHABLE:
            raise Closed(1013, Code.SERVICE_UNAVAILABLE) from None
        self.viewer = viewer
        await self._send({"type": "connection_ack"})

    async def _subscribe(self, id: str, payload: dict[str, Any]) -> None:
        """Begin an operation. Its id has at most 500 characters, since it is kept and goes with every answer."""
        if self.viewer is None:
            raise Closed(4401, "Unauthorized")
        if len(id) > _LONGEST_ID:
            raise Closed(4400, f"The id of an operation has at most {_LONGEST_ID} characters")
        if id in self.running:
            raise Closed(4409, f"Subscriber for {id[:80]} already exists")
        most = settings.current().subscriptions_per_connection
        if len(self.running) >= most:
            message = f"A connection takes at most {most} operations at a time."
            await self._error(id, Refused(Code.LIMIT_EXCEEDED, message, limit=most), uuid.uuid4().hex)
        else:
            self.running[id] = self._operations.create_task(self._run(id, payload, self.viewer))

    async def _run(self, id: str, payload: dict[str, Any], viewer: Viewer) -> None:
        """One operation, from its subscribe to its complete."""
        try:
            followed = await self._answer(id, payload, viewer)
            # It may be large, and whoever follows may do so for days.
            del payload
            if followed is not None:
                await self._follow(id, followed)
        except Ended:
            raise Closed(1012, "Service restart") from None
        finally:
            if self.running.get(id) is asyncio.current_task():
                del self.running[id]

    async def _answer(self, id: str, payload: dict[str, Any], viewer: Viewer) -> AsyncGenerator[Answer, None] | None:
        """Answer an operation to its end, but for a subscription: the answers to that are still to come."""
        request_id, given = uuid.uuid4().hex, None
        try:
            request = Request.of(payload)
            async with in_time():
                self.viewer = await auth.renewed(viewer)
                context = Context(request_id, self.viewer)
                operation, variables, _ = await admitted(request, context, self._address)
                if operation.kind is not OperationType.SUBSCRIPTION:
                    given = await answer(operation, variables, context)
        except NoRequest as no_request:
            raise Closed(4400, no_request.message) from None
        except Malformed as malformed:
            await self._send({"type": "error", "id": id, "payload": malformed.payload()["errors"]})
            return None
        except Invalid as invalid:
            errors = refused(printed(invalid.errors, request_id, executed=False))
            await self._send({"type": "error", "id": id, "payload": errors})
            return None
        except Exception as failure:
            await self._error(id, failure, request_id)
            return None
        if given is not None:
            if await self._next(id, given):
                await self._send({"type": "complete", "id": id})
            return None
        # A copy: orjson's own bytes hold on to the four kilobytes into which they were written.
        its_id = b"%b" % orjson.dumps(id)
        context.straight = straight(operation, variables, request_id, partial(self._write, its_id))
        return answers(operation, variables, context)

    async def _follow(self, id: str, followed: AsyncGenerator[Answer, None]) -> None:
        """Send what a subscription delivers, up to its complete."""
        async with aclosing(followed) as events:
            async for event in events:
                if not await self._next(id, event):
                    return
        await self._send({"type": "complete", "id": id})

    async def _next(self, id: str, given: Answer) -> bool:
        """Send an answer; False: it was none, and its error was the last of the operation."""
        if given.executed:
            await self._send({"type": "next", "id": id, "payload": orjson.Fragment(given.payload)})
        else:
            await self._send({"type": "error", "id": id, "payload": orjson.loads(given.payload)["errors"]})
        return given.executed

    async def _error(self, id: str, failure: Exception, request_id: str) -> None:
        errors = refused(printed([GraphQLError("", original_error=failure)], request_id, executed=True))
        await self._send({"type": "error", "id": id, "payload": errors})

    async def _send(self, message: dict[str, Any]) -> None:
        """Raises Closed where the client doesn't take the message in time, WebSocketDisconnect where it is gone."""
        async with self._sending:
            try:
                async with asyncio.timeout(settings.current().send_seconds):
                    await self.websocket.send_text(orjson.dumps(message).decode())
            except TimeoutError:
                _log.info("A client takes nothing: it is cut off")
                metrics.cut_off("stalled")
                raise Closed(4408, Code.TOO_SLOW) from None
            except RuntimeError:
                raise WebSocketDisconnect(1006) from None

    def _write(self, id: bytes, payloads: Sequence[bytes]) -> bool:
        """Send changes at once; False where that would have to wait, or can't be done: then nothing was sent."""
        if self._sending.locked():
            return False
        return self._direct([b'{"type":"next","id":%b,"payload":%b}' % (id, payload) for payload in payloads])

    async def _close(self, closed: Closed) -> None:
        """Tell the client why. One that is stalled learns it when it wakes, if that is soon enough."""
        with suppress(WebSocketDisconnect, RuntimeError, TimeoutError):
            async with asyncio.timeout(_FAREWELL_SECONDS):
                await self.websocket.close(closed.code, closed.reason)


async def serve(websocket: WebSocket) -> None:
    """The endpoint `/graphql` for WebSockets."""
    if not _from_here_or_allowed(websocket):
        await websocket.close()
        return
    if PROTOCOL not in websocket.scope["subprotocols"]:
        await websocket.accept()
        await websocket.close(4406, "Subprotocol not acceptable")
        return
    await websocket.accept(PROTOCOL)
    await Socket(websocket).serve()


def _from_here_or_allowed(websocket: WebSocket) -> bool:
    """Whether a browser's page may connect; what is no browser sends no `Origin`."""
    origin = websocket.headers.get("origin")
    if origin is None or origin in settings.current().origins:
        return True
    try:
        return urlsplit(origin).netloc == websocket.headers.get("host")
    except ValueError:  # it is no URL
        return False
