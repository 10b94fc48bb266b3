"""WebSockets of graphql-transport-ws, opened and read message by message."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import websockets

from tests.people import Connection, Server

PROTOCOL = websockets.Subprotocol("graphql-transport-ws")

SCHEMA = {"query": "{ __typename }"}


@asynccontextmanager
async def opened(server: Server, **options: Any) -> AsyncIterator[Connection]:
    """A connection that has not said anything yet."""
    async with websockets.connect(server.websocket, **{"subprotocols": [PROTOCOL], **options}) as socket:
        yield Connection(socket)


async def closed(connection: Connection, within: float = 10) -> int:
    """The code with which the server closes the connection, whatever comes before."""
    async with asyncio.timeout(within):
        await connection.socket.wait_closed()
    return connection.socket.close_code or 0


async def messages(connection: Connection, id: str) -> list[dict[str, Any]]:
    """The messages of an operation up to its last."""
    received = [await connection.receive()]
    while received[-1]["type"] == "next":
        received.append(await connection.receive())
    assert {message["id"] for message in received} == {id}
    return received
