"""Subscribers by the thousand: as little client as `graphql-transport-ws` takes, so that the server is measured."""

import asyncio
from collections.abc import Sequence
from time import perf_counter
from typing import Any

import orjson

from benchmarks.contenders import Running

_JOINING_AT_ONCE = 50

_TEXT, _CLOSE, _PING, _PONG = 0x81, 0x88, 0x89, 0x8A


class Swarm:
    """Subscribers of one contender. What they receive is counted, and timed against when it was published."""

    def __init__(self, subscribers: int) -> None:
        self.size = subscribers
        #: How many deliveries have come to all of them together.
        self.delivered = 0
        #: Since the last publication, in seconds; kept where that is asked for.
        self.latencies: list[float] = []
        self.published_at = 0.0
        self.timing = False
        #: What the first subscriber received.
        self.seen: list[Any] = []
        self._awaited = 0
        self._all: asyncio.Future[None] | None = None
        self._subscribers: list[_Subscriber] = []

    async def join(self, running: Running, query: str, authorizations: Sequence[str]) -> None:
        """Connect and subscribe all of them, each with the next authorization in turn."""
        turn = asyncio.Semaphore(_JOINING_AT_ONCE)
        loop = asyncio.get_running_loop()

        async def one(number: int) -> None:
            async with turn:
                subscriber = _Subscriber(self, number, query, authorizations[number % len(authorizations)])
                self._subscribers.append(subscriber)
                await loop.create_connection(lambda: subscriber, "127.0.0.1", running.port)
                await subscriber.joined

        await asyncio.gather(*map(one, range(self.size)))
        await asyncio.sleep(1)  # a subscribe has no answer: it is taken by then

    async def receive(self, changes: int, within: float = 60) -> None:
        """Returns when so many more changes have been delivered to all, counted from the last call's."""
        self._awaited += changes * self.size
        if self.delivered < self._awaited:
            self._all = asyncio.get_running_loop().create_future()
            try:
                await asyncio.wait_for(self._all, within)
            except TimeoutError:
                raise SystemExit(f"{self.delivered:,} deliveries came of {self._awaited:,}") from None

    def leave(self) -> None:
        for subscriber in self._subscribers:
            subscriber.transport.abort()

    def take(self, number: int, message: bytes) -> None:
        if b'"next"' not in message[:200] and b'"next"' not in message[-40:]:
            raise SystemExit(f"A subscriber got {message!r}")
        self.delivered += 1
        if self.timing:
            self.latencies.append(perf_counter() - self.published_at)
        if number == 0:
            self.seen.append(orjson.loads(message)["payload"])
        if self._all is not None and self.delivered >= self._awaited:
            self._all.set_result(None)
            self._all = None


class _Subscriber(asyncio.Protocol):
    __slots__ = ("_authorization", "_buffer", "_number", "_query", "_swarm", "_upgraded", "joined", "transport")

    def __init__(self, swarm: Swarm, number: int, query: str, authorization: str) -> None:
        self._swarm, self._number, self._query, self._authorization = swarm, number, query, authorization
        self._buffer = b""
        self._upgraded = False
        self.joined: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        transport.write(
            b"GET /graphql HTTP/1.1\r\nhost: 127.0.0.1\r\nupgrade: websocket\r\nconnection: Upgrade\r\n"
            b"sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\n"
            b"sec-websocket-protocol: graphql-transport-ws\r\n\r\n"
        )

    def data_received(self, data: bytes) -> None:
        if self._buffer:
            data = self._buffer + data
        if not self._upgraded:
            if b"\r\n\r\n" not in data:
                self._buffer = data
                return
            head, _, data = data.partition(b"\r\n\r\n")
            if b" 101 " not in head[:20]:
                raise SystemExit(f"No WebSocket: {head!r}")
            self._upgraded = True
            self._send({"type": "connection_init", "payload": {"Authorization": self._authorization}})
        start, end = 0, len(data)
        while end - start >= 2:
            length, body = data[start + 1], start + 2
            if length == 126:
                length, body = int.from_bytes(data[start + 2 : start + 4], "big"), start + 4
            elif length == 127:
                length, body = int.from_bytes(data[start + 2 : start + 10], "big"), start + 10
            if body + length > end:
                break
            self._take(data[start], data[body : body + length])
            start = body + length
        self._buffer = data[start:]

    def _take(self, kind: int, message: bytes) -> None:
        if kind == _TEXT and self.joined.done():
            if message.startswith(b'{"type":"ping"'):
                self._send({"type": "pong"})
            else:
                self._swarm.take(self._number, message)
        elif kind == _TEXT:
            if b"connection_ack" not in message:
                raise SystemExit(f"No welcome: {message!r}")
            self._send({"id": "1", "type": "subscribe", "payload": {"query": self._query}})
            self.joined.set_result(None)
        elif kind == _PING:
            self._write(_PONG, message)
        elif kind == _CLOSE:
            raise SystemExit(f"A subscriber was sent away: {message!r}")

    def _send(self, message: dict[str, Any]) -> None:
        self._write(_TEXT, orjson.dumps(message))

    def _write(self, kind: int, message: bytes) -> None:
        """A client's frames are masked; a mask of zeros leaves them as they are."""
        size = len(message)
        head = bytes([kind, 0x80 | size]) if size < 126 else bytes([kind, 0xFE]) + size.to_bytes(2, "big")
        self.transport.write(head + b"\0\0\0\0" + message)
