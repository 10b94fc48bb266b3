"""uvicorn's protocols, but that the head of a request has a time limit, and WebSockets take texts at once."""

import asyncio
from collections.abc import Callable, Iterable
from struct import Struct
from typing import cast

from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import CloseCode
from websockets.http11 import Request

import settings

Write = Callable[[Iterable[bytes]], bool]

_MAX_HEAD_BYTES = 64 * 1024


class HttpProtocol(HttpToolsProtocol):
    """A connection. Each request's head has at most 64 KiB, and from its first byte on `request_seconds` to arrive.

    One that waits for its first request is kept as long as between two: proxies open some ahead, and whatever is sent
    into one just when it is cut off is lost.
    """

    _head_timeout: asyncio.TimerHandle | None = None
    _head_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.timeout_keep_alive_task = self.loop.call_later(self.timeout_keep_alive, self.timeout_keep_alive_handler)

    def data_received(self, data: bytes) -> None:
        if self.cycle is None or self.cycle.response_complete:
            self._expect_head()
        super().data_received(data)
        if self._head_timeout is not None and not self.transport.is_closing():
            self._head_bytes += len(data)
            if self._head_bytes > _MAX_HEAD_BYTES:
                self.send_400_response("The head of the request is too large.")

    def on_message_begin(self) -> None:
        self._expect_head()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._end_head()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end_head()
        self._unset_keepalive_if_required()
        super().connection_lost(exc)

    def _expect_head(self) -> None:
        if self._head_timeout is None:
            self._head_timeout = self.loop.call_later(settings.current().request_seconds, self.transport.abort)

    def _end_head(self) -> None:
        if self._head_timeout is not None:
            self._head_timeout.cancel()
            self._head_timeout = None
            self._head_bytes = 0


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """A WebSocket to which `direct_write(scope)` writes texts at once, past the messages of ASGI.

    A change for a thousand subscribers is a thousand writes: whatever is done for each of them counts a thousand times.
    """

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if self.response.status_code == 101:
            extensions = cast(dict[str, object], self.scope["extensions"])
            extensions[_DIRECT_WRITE] = self._write

    def keepalive_timeout(self) -> None:
        """Close a connection whose client has not answered a ping, as a laptop that sleeps, so that it comes back.

        uvicorn closes with 1011, which graphql-ws' client takes for final.
        """
        if self.close_sent or self.transport.is_closing():
            return
        self.conn.fail(CloseCode.TRY_AGAIN_LATER, "The ping was not answered: connect again.")
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.transport.close()

    def _write(self, texts: Iterable[bytes]) -> bool:
        if not self.writable.is_set() or self.close_sent or self.disconnected or self.transport.is_closing():
            return False
        self.transport.write(b"".join([_frame_head(len(text)) + text for text in texts]))
        return True


def _frame_head(length: int) -> bytes:
    """The head of a text message in one frame, by RFC 6455."""
    if length < 126:
        return _SHORT.pack(0x81, length)
    return _LONGER.pack(0x81, 126, length) if length < 65_536 else _LONGEST.pack(0x81, 127, length)


_DIRECT_WRITE = "callboard.direct_write"

_SHORT, _LONGER, _LONGEST = Struct("!BB"), Struct("!BBH"), Struct("!BBQ")


def direct_write(scope: Scope) -> Write:
    """What writes text messages to an accepted WebSocket at once; False: it would have to wait, or is closing."""
    write: Write = scope["extensions"][_DIRECT_WRITE]
    return write
