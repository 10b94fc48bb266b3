"""The lowest layer, uvicorn's: it should not wait for ever for the head of a request, and write ready text at once."""

import asyncio
from collections.abc import Callable, Iterable
from struct import Struct

from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

import settings

_MOST_HEAD_BYTES = 64 * 1024


class Impatient(HttpToolsProtocol):
    """A connection. Each request's head is there within `request_seconds`, and is no larger than 64 KiB."""

    _patience: asyncio.TimerHandle | None = None
    _head_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._await_head()

    def data_received(self, data: bytes) -> None:
        if self.cycle is None or self.cycle.response_complete:
            self._await_head()
        super().data_received(data)
        if self._patience is not None and not self.transport.is_closing():
            self._head_bytes += len(data)
            if self._head_bytes > _MOST_HEAD_BYTES:
                self.send_400_response("The head of the request is too large.")

    def on_message_begin(self) -> None:
        self._await_head()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._head_came()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_came()
        super().connection_lost(exc)

    def _await_head(self) -> None:
        if self._patience is None:
            self._patience = self.loop.call_later(settings.current().request_seconds, self.transport.abort)

    def _head_came(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
            self._head_bytes = 0


class Direct(WebSocketsSansIOProtocol):
    """A WebSocket that takes texts at once as well: `direct(scope)` is how, past all that ASGI's messages go through.

    A change for a thousand subscribers is a thousand writes: all that is done beside counts a thousand times.
    """

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if self.response.status_code == 101:
            extensions: dict[str, object] = self.scope["extensions"]  # type: ignore[assignment]
            extensions[_DIRECT] = self._write

    def _write(self, texts: Iterable[bytes]) -> bool:
        if not self.writable.is_set() or self.close_sent or self.disconnected or self.transport.is_closing():
            return False
        self.transport.write(b"".join([_head(len(text)) + text for text in texts]))
        return True


def _head(length: int) -> bytes:
    """The head of a text message in one frame, by RFC 6455."""
    if length < 126:
        return _SHORT.pack(0x81, length)
    return _LONGER.pack(0x81, 126, length) if length < 65_536 else _LONGEST.pack(0x81, 127, length)


_DIRECT = "callboard.direct"

_SHORT, _LONGER, _LONGEST = Struct("!BB"), Struct("!BBH"), Struct("!BBQ")


def direct(scope: Scope) -> Callable[[Iterable[bytes]], bool]:
    """What writes text messages to an accepted WebSocket at once; False: it would have to wait, or is closing."""
    write: Callable[[Iterable[bytes]], bool] = scope["extensions"][_DIRECT]
    return write
