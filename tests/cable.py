"""A line between a client and a server, for tests to cut."""

import asyncio
import contextlib
from collections.abc import AsyncIterator


class Call:
    """One connection over the line; while it is not `audible` no byte gets through, and neither side is told."""

    def __init__(self, to_client: asyncio.StreamWriter, to_server: asyncio.StreamWriter) -> None:
        self.ends = (to_client, to_server)
        self.audible = asyncio.Event()
        self.audible.set()
        #: What the client has said at first.
        self.said = bytearray()

    async def pour(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            if writer is self.ends[1] and len(self.said) < 65_536:
                self.said += data
            await self.audible.wait()
            writer.write(data)
            await writer.drain()
        writer.close()

    def cut(self) -> None:
        for end in self.ends:
            end.transport.abort()
        self.audible.set()


class Cable:
    """Carries bytes between its own `port` and the server's; while it is `broken`, whoever connects is cut off."""

    def __init__(self, to: int) -> None:
        self.to = to
        self.port = 0
        self.broken = False
        self.connections = 0
        self._silent = False
        self._calls: set[Call] = set()

    def cut(self) -> None:
        """Break every connection that there is, as a network does: with no word to either side."""
        for call in self._calls:
            call.cut()

    def hush(self, saying: bytes | None = None) -> int:
        """Let nothing through any more and tell nobody, as a dead network does: of the calls in which the client has
        said that, or of all there are and will be. Returns how many there are.
        """
        hushed = [call for call in self._calls if saying is None or saying in call.said]
        for call in hushed:
            call.audible.clear()
        self._silent = saying is None
        return len(hushed)

    def speak(self) -> None:
        """Let everything through again, what was held back first."""
        self._silent = False
        for call in self._calls:
            call.audible.set()

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
        call = Call(writer, far_writer)
        if self._silent:
            call.audible.clear()
        self._calls.add(call)
        with contextlib.suppress(OSError):
            await asyncio.gather(call.pour(reader, far_writer), call.pour(far_reader, writer))
        call.cut()
        self._calls.remove(call)


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
