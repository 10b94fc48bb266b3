"""A collector of spans over OTLP, and what it has received."""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Iterator
from typing import Any


@contextlib.asynccontextmanager
async def collector() -> AsyncIterator[tuple[str, list[bytes]]]:
    """Where spans can be sent, and what has been."""
    received: list[bytes] = []

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: (\d+)", head)
        assert length
        received.append(await reader.readexactly(int(length[1])))
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    listening = await asyncio.start_server(take, "127.0.0.1", 0)
    async with listening:
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}", received


def read_spans(received: list[bytes]) -> Iterator[Any]:
    for resource in _resources(received):
        for scope in resource.scope_spans:
            yield from scope.spans


def read_resource(received: list[bytes]) -> Any:
    """Who has sent the spans."""
    return next(_resources(received)).resource


def _resources(received: list[bytes]) -> Iterator[Any]:
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    for payload in received:
        yield from ExportTraceServiceRequest.FromString(payload).resource_spans
