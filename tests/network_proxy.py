"""A proxy between a client and a server, whose connections tests break or silence."""

import asyncio
import contextlib
from collections.abc import AsyncIterator


class ProxiedConnection:
    """One connection; while `passing` is not set no byte gets through, and neither side is closed."""

    def __init__(self, to_client: asyncio.StreamWriter, to_server: asyncio.StreamWriter) -> None:
        self.ends = (to_client, to_server)
        self.passing = asyncio.Event()
        self.passing.set()
        #: The first bytes that the client has sent.
        self.from_client = bytearray()

    async def copy_bytes(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            if writer is self.ends[1] and len(self.from_client) < 65_536:
                self.from_client += data
            await self.passing.wait()
            writer.write(data)
            await writer.drain()
        writer.close()

    def cut(self) -> None:
        for end in self.ends:
            end.transport.abort()
        self.passing.set()


class NetworkProxy:
    """Carries bytes between its own `port` and the server's; while it is `broken`, whoever connects is cut off."""

    def __init__(self, to: int) -> None:
        self.to = to
        self.port = 0
        self.broken = False
        self.connections = 0
        self._silent = False
        self._connections: set[ProxiedConnection] = set()

    def cut(self) -> None:
        """Break every connection that there is, as a network does: with no word to either side."""
        for connection in self._connections:
            connection.cut()

    def silence(self, containing: bytes | None = None) -> int:
        """Let nothing through any more and close nothing, as a dead network does: of the connections whose client has
        sent these bytes, or of all there are and will be. Returns how many there are.
        """
        silenced = [
            connection for connection in self._connections if containing is None or containing in connection.from_client
        ]
        for connection in silenced:
            connection.passing.clear()
        self._silent = containing is None
        return len(silenced)

    def resume(self) -> None:
        """Let everything through again, what was held back first."""
        self._silent = False
        for connection in self._connections:
            connection.passing.set()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.broken:
            writer.transport.abort()
            return
        self.connections += 1
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.to)
        except OSError:
            writer.transport.abort()
            return
        connection = ProxiedConnection(writer, far_writer)
        if self._silent:
            connection.passing.clear()
        self._connections.add(connection)
        with contextlib.suppress(OSError):
            await asyncio.gather(connection.copy_bytes(reader, far_writer), connection.copy_bytes(far_reader, writer))
        connection.cut()
        self._connections.remove(connection)


@contextlib.asynccontextmanager
async def network_proxy(to: int) -> AsyncIterator[NetworkProxy]:
    """A proxy to the server on that port of this machine."""
    proxy = NetworkProxy(to)
    listening = await asyncio.start_server(proxy._carry, "127.0.0.1", 0)
    proxy.port = listening.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        listening.close()
        proxy.cut()
