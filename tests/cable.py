"""A line between a client and a server, for tests to cut."""

import asyncio
import contextlib
from collections.abc import AsyncIterator


class Cable:
    """Carries bytes between its own `port` and the server's; while it is `broken`, whoever connects is cut off."""

    def __init__(self, to: int) -> None:
        self.to = to
        self.port = 0
        self.broken = False
        self.connections = 0
        self._ends: set[asyncio.StreamWriter] = set()

    def cut(self) -> None:
        """Break every connection that there is, as a network does: with no word to either side."""
        for end in self._ends:
            end.transport.abort()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.broken:
            writer.transport.abort()
            return
        self.connections += 1
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.to)
        ends = {writer, far_writer}
        self._ends |= ends
        with contextlib.suppress(OSError):
            await asyncio.gather(_pour(reader, far_writer), _pour(far_reader, writer))
        for end in ends:
            end.transport.abort()
        self._ends -= ends


async def _pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65_536):
        writer.write(data)
        await writer.drain()
    writer.close()


@contextlib.asynccontextmanager
async def cable(to: int) -> AsyncIterator[Cable]:
    """A line to the server on that port of this machine."""
    line = Cable(to)
    listening = await asyncio.start_server(line._carry, "127.0.0.1", 0)
    line.port = listening.sockets[0].getsockname()[1]
    try:
        yield line
    finally:
        listening.close()
        line.cut()
