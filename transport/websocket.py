"""`graphql-transport-ws`: operations over one WebSocket, each in a task of its own, with the protocol's close codes."""

import asyncio
import uuid
from contextlib import aclosing, suppress
from typing import Any

import orjson
from starlette.websockets import WebSocket, WebSocketDisconnect

import settings
from auth import viewer as auth
from auth.refusals import Code, Refused
from auth.viewer import Viewer
from schema.context import Context
from schema.operations import Ended
from transport.operations import Malformed, Request, answers

PROTOCOL = "graphql-transport-ws"


class Closed(Exception):
    """Raised to close the socket with a code and a reason."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class Socket:
    """One connection: who is on it, and the operations that run over it."""

    def __init__(self, websocket: WebSocket) -> None:
        self.websocket = websocket
        self.viewer: Viewer | None = None
        self.initialised = False
        self.running: dict[str, asyncio.Task[None]] = {}
        self._sending = asyncio.Lock()
        self._failure: Closed | None = None
        self._reader: asyncio.Task[Any] | None = None

    async def serve(self) -> None:
        """Accept the connection and serve it until either side closes it."""
        if PROTOCOL not in self.websocket.scope["subprotocols"]:
            await self.websocket.accept()
            await self.websocket.close(4406, "Subprotocol not acceptable")
            return
        await self.websocket.accept(PROTOCOL)
        self._reader = asyncio.current_task()
        try:
            await self._read()
        except Closed as closed:
            await self._close(closed)
        except asyncio.CancelledError:
            if self._failure is None:
                raise
            await self._close(self._failure)
        except WebSocketDisconnect:
            pass
        finally:
            for task in self.running.values():
                task.cancel()

    async def _read(self) -> None:
        init_by = asyncio.get_running_loop().time() + settings.current().websocket_init_seconds
        while True:
            try:
                async with asyncio.timeout_at(None if self.initialised else init_by):
                    message = await self.websocket.receive()
            except TimeoutError:
                raise Closed(4408, "Connection initialisation timeout") from None
            if message["type"] == "websocket.disconnect":
                return
            await self._take(message.get("text"))

    async def _take(self, text: str | None) -> None:
        try:
            message = orjson.loads(text or "")
        except orjson.JSONDecodeError:
            raise Closed(4400, "A message is JSON text") from None
        match message:
            case {"type": "connection_init"}:
                await self._initialise(message.get("payload"))
            case {"type": "ping"}:
                await self._send({"type": "pong"})
            case {"type": "pong"}:
                pass
            case {"type": "subscribe", "id": str(id), "payload": dict(payload)} if id:
                self._subscribe(id, payload)
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
            self.viewer = await auth.authenticate(said if isinstance(said, str) else header)
        except Refused as refused:
            raise Closed(4403, refused.code) from None
        await self._send({"type": "connection_ack"})

    def _subscribe(self, id: str, payload: dict[str, Any]) -> None:
        if self.viewer is None:
            raise Closed(4401, "Unauthorized")
        if id in self.running:
            raise Closed(4409, f"Subscriber for {id[:100]} already exists")
        most = settings.current().subscriptions_per_connection
        if len(self.running) >= most:
            message = f"A connection takes at most {most} operations at a time."
            self.running[id] = asyncio.create_task(self._refuse(id, Code.LIMIT_EXCEEDED, message, limit=most))
        else:
            self.running[id] = asyncio.create_task(self._run(id, payload))

    async def _run(self, id: str, payload: dict[str, Any]) -> None:
        """One operation, from its subscribe to its complete."""
        try:
            request = Request.of(payload)
            assert self.viewer is not None, "the connection is initialised"
            context = Context(uuid.uuid4().hex, await auth.renewed(self.viewer))
            async with aclosing(answers(request, context)) as given:
                async for answer in given:
                    if not answer.executed:
                        errors = orjson.loads(answer.payload)["errors"]
                        await self._send({"type": "error", "id": id, "payload": errors})
                        return
                    await self._send({"type": "next", "id": id, "payload": orjson.Fragment(answer.payload)})
            await self._send({"type": "complete", "id": id})
        except Ended:
            self._fail(Closed(1012, "Service restart"))
        except Malformed as malformed:
            await self._send({"type": "error", "id": id, "payload": malformed.payload()["errors"]})
        except Refused as refused:
            await self._refuse(id, refused.code, refused.message, **refused.extensions)
        except Closed as closed:
            self._fail(closed)
        finally:
            if self.running.get(id) is asyncio.current_task():
                del self.running[id]

    async def _refuse(self, id: str, code: Code, message: str, **extensions: object) -> None:
        with suppress(Closed):
            errors = [{"message": message, "extensions": {"code": code, **extensions}}]
            await self._send({"type": "error", "id": id, "payload": errors})
        if self.running.get(id) is asyncio.current_task():
            del self.running[id]

    async def _send(self, message: dict[str, Any]) -> None:
        """Raises Closed where the client doesn't take the message in time, or is gone."""
        try:
            async with asyncio.timeout(settings.current().send_seconds), self._sending:
                await self.websocket.send_text(orjson.dumps(message).decode())
        except TimeoutError:
            raise Closed(4408, Code.TOO_SLOW) from None
        except (WebSocketDisconnect, RuntimeError):
            raise Closed(1006, "The client is gone") from None

    def _fail(self, closed: Closed) -> None:
        """An operation has found out that the connection is no good: the reader ends it."""
        self._failure = closed
        if self._reader is not None:
            self._reader.cancel()

    async def _close(self, closed: Closed) -> None:
        with suppress(WebSocketDisconnect, RuntimeError, TimeoutError):
            async with asyncio.timeout(1):
                await self.websocket.close(closed.code, closed.reason)


async def serve(websocket: WebSocket) -> None:
    """The endpoint `/graphql` for WebSockets."""
    await Socket(websocket).serve()
