"""What tests put between a window and the server: it cuts connections, drops messages, or fails the change feed."""

import json
import socket
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import WebSocketRoute


@dataclass
class Proxy:
    """A TCP proxy between browser and server, whose connections can be cut."""

    server: int
    port: int = 0
    is_cut: bool = False
    _sockets: set[socket.socket] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._listen, daemon=True).start()

    def cut(self) -> None:
        """Close every connection, and refuse new ones."""
        self.is_cut = True
        for end in list(self._sockets):
            _close(end)

    def restore(self) -> None:
        """Accept new connections again."""
        self.is_cut = False

    def close(self) -> None:
        """Cut, and stop listening."""
        self.cut()
        _close(self._listener)

    def _listen(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self.is_cut:
                _close(client)
                continue
            server_side = socket.create_connection(("127.0.0.1", self.server))
            self._sockets |= {client, server_side}
            for source, target in ((client, server_side), (server_side, client)):
                threading.Thread(target=self._forward, args=(source, target), daemon=True).start()

    def _forward(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while piece := source.recv(65536):
                target.sendall(piece)
        for end in (source, target):
            self._sockets.discard(end)
            _close(end)


def _close(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()


@dataclass
class FeedRelay:
    """Stands between a window's WebSocket and the server: drops the server's messages, or fails the change feed."""

    drops_messages: bool = False
    subscribed: list[Any] = field(default_factory=list)
    _window: WebSocketRoute | None = None

    def attach(self, window: WebSocketRoute) -> None:
        """Relay the messages of a window's WebSocket."""
        self._window = window
        server_side = window.connect_to_server()
        window.on_message(lambda message: server_side.send(self._record(message)))
        server_side.on_message(lambda message: None if self.drops_messages else window.send(message))

    def fail_feed(self, **extensions: str) -> None:
        """End the feed with an error inside `next`, as the server ends a running stream; then relay again."""
        self.drops_messages = False
        payload = {"data": None, "errors": [{"message": "The feed ends.", "extensions": extensions}]}
        assert self._window is not None
        self._window.send(json.dumps({"id": self.subscribed[-1]["id"], "type": "next", "payload": payload}))

    def _record(self, message: str | bytes) -> str | bytes:
        parsed = json.loads(message)
        if parsed["type"] == "subscribe" and "changes(after" in parsed["payload"]["query"]:
            self.subscribed.append(parsed)
        return message
