"""HTTP under load: a number of connections, each asking again as soon as it has its answer."""

import asyncio
import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from time import perf_counter
from typing import Any

import orjson

from benchmarks.contenders import Database, Running
from benchmarks.rounds import Figures

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


@dataclass
class Load:
    """What came of a load: how long each request took, in seconds, and how long all of them."""

    seconds: float = 0
    latencies: list[float] = field(default_factory=list)
    answers: list[bytes] = field(default_factory=list)

    def percentile(self, part: float) -> float:
        """The latency, in milliseconds, that this part of the requests stayed under."""
        return 1000 * sorted(self.latencies)[int(part * (len(self.latencies) - 1))]


class Refused(Exception):
    """An answer that is none: the benchmark would measure the wrong thing."""


def request(running: Running, name: str, variables: dict[str, Any], headers: dict[str, str] | None = None) -> bytes:
    """An operation of `operations/` as an HTTP request."""
    operation = running.contender.operation(name)
    asked = {"query": operation, "operationName": name.capitalize(), "variables": variables}
    return post(running.port, asked, {**running.headers, **(headers or {})})


def post(port: int, asked: dict[str, Any], headers: dict[str, str]) -> bytes:
    """A GraphQL request over HTTP."""
    body = orjson.dumps(asked)
    lines = {
        "host": f"127.0.0.1:{port}",
        "content-type": "application/json",
        "accept": "application/json",
        "content-length": str(len(body)),
        **headers,
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"POST /graphql HTTP/1.1\r\n{head}\r\n".encode() + body


async def ask(running: Running, asked: bytes) -> Any:
    """One request's data."""
    load = await put(running.port, itertools.repeat(asked), connections=1, requests=1, keep=True)
    return orjson.loads(load.answers[0])["data"]


async def put(
    port: int,
    asked: Iterator[bytes],
    connections: int,
    *,
    seconds: float | None = None,
    requests: int | None = None,
    keep: bool = False,
) -> Load:
    """Put the load on for so long, or for so many requests; the answers are kept where asked for. Raises Refused."""
    load = Load()
    loop = asyncio.get_running_loop()
    callers = [
        _Caller(load, asked, requests and (requests + place) // connections, keep) for place in range(connections)
    ]
    for caller in callers:
        await loop.create_connection(partial(_itself, caller), "127.0.0.1", port)
    began = perf_counter()
    for caller in callers:
        caller.ask()
    if seconds is not None:
        for caller in callers:
            loop.call_later(seconds, caller.stop)
    await asyncio.gather(*(caller.done for caller in callers))
    load.seconds = perf_counter() - began
    return load


async def figures(
    running: Running, asked: Iterator[bytes], connections: int, seconds: float, database: Database
) -> Figures:
    """What a load of so long comes to, with the CPU of the server and of the database for each request.

    A tenth of it goes ahead and isn't counted: connections that have been idle too long are made again.
    """
    await put(running.port, asked, connections, seconds=seconds / 10)
    before, cpu = await database.sessions(), running.cpu()
    load = await put(running.port, asked, connections, seconds=seconds)
    count = len(load.latencies)
    return {
        "a second": count / load.seconds,
        "server, ms of CPU": 1000 * (running.cpu() - cpu) / count,
        "PostgreSQL, ms of CPU": 1000 * await database.since(before) / count,
        "p50, ms": load.percentile(0.5),
        "p99, ms": load.percentile(0.99),
    }


def _itself(caller: "_Caller") -> "_Caller":
    return caller


class _Caller(asyncio.Protocol):
    def __init__(self, load: Load, asked: Iterator[bytes], left: int | None, keep: bool) -> None:
        self.load, self.asked, self.left, self.keep = load, asked, left, keep
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.stopping = False
        self.buffer = b""
        self.end = 0

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def ask(self) -> None:
        if self.stopping or self.left == 0:
            self.transport.close()
            if not self.done.done():
                self.done.set_result(None)
            return
        if self.left is not None:
            self.left -= 1
        self.began = perf_counter()
        self.transport.write(next(self.asked))

    def stop(self) -> None:
        self.stopping = True

    def data_received(self, data: bytes) -> None:
        self.buffer = self.buffer + data if self.buffer else data
        if not self.end:
            headers_end = self.buffer.find(b"\r\n\r\n")
            if headers_end < 0:
                return
            length = _LENGTH.search(self.buffer, 0, headers_end + 2)
            if length is None or not self.buffer.startswith(b"HTTP/1.1 200"):
                return self._refuse()
            self.body = headers_end + 4
            self.end = self.body + int(length[1])
        if len(self.buffer) < self.end:
            return
        self.load.latencies.append(perf_counter() - self.began)
        if b'"errors":[{' in self.buffer:
            return self._refuse()
        if self.keep:
            self.load.answers.append(self.buffer[self.body : self.end])
        self.buffer, self.end = b"", 0
        self.ask()

    def connection_lost(self, failure: Exception | None) -> None:
        if not self.done.done():
            self._refuse()

    def _refuse(self) -> None:
        if not self.done.done():
            answer_text = self.buffer[:2000].decode(errors="replace")
            self.done.set_exception(Refused(answer_text or "the connection was lost"))
        self.transport.close()


def cycle(running: Running, name: str, variables: Sequence[dict[str, Any]]) -> Iterator[bytes]:
    """Requests of an operation with these variables in turn, made beforehand."""
    return itertools.cycle([request(running, name, values) for values in variables])
