"""Answers as server-sent events: `next` for each, then `complete`, and a comment now and then between them."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AbstractContextManager, aclosing, nullcontext, suppress

import anyio
from starlette.responses import StreamingResponse
from starlette.types import Message, Receive, Scope, Send

import metrics
import settings
from feed.subscription import Ended
from operations.serve import Answer
from transport.negotiation import EVENT_STREAM

_HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no"}
_PING_SECONDS = 12.0


class EventStream(StreamingResponse):
    """A response of answers, each sent within `send_seconds` or given up."""

    def __init__(
        self,
        answers: AsyncGenerator[Answer, None],
        headers: dict[str, str] | None = None,
        connection: AbstractContextManager[object] | None = None,
    ) -> None:
        """`connection` is left when the stream has ended."""
        self._events = _events(answers)
        super().__init__(self._events, media_type=EVENT_STREAM, headers=_HEADERS | (headers or {}))
        self._connection = connection or nullcontext()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        seconds = settings.current().send_seconds

        async def send_in_time(message: Message) -> None:
            async with asyncio.timeout(seconds):
                await send(message)

        # Where sending ends early nobody else closes the events, and the subscription would never end.
        with self._connection:
            async with aclosing(self._events):
                try:
                    await super().__call__(scope, receive, send_in_time)
                except TimeoutError:
                    # A client that stalls is given up, and so is its connection.
                    metrics.count_cut_off("stalled")


async def only(answer: Answer) -> AsyncGenerator[Answer, None]:
    """A single answer, for an event stream."""
    yield answer


async def _events(answers: AsyncGenerator[Answer, None]) -> AsyncGenerator[bytes, None]:
    """The answers as events. A stream that ends without `complete` has broken off."""
    send_events, events = anyio.create_memory_object_stream[bytes](0)

    async def produce() -> None:
        with suppress(Ended, anyio.BrokenResourceError):
            async with aclosing(answers):
                async for answer in answers:
                    await send_events.send(b"event: next\ndata: " + _in_one_line(answer.payload) + b"\n\n")
            await send_events.send(b"event: complete\ndata:\n\n")

    # A task of its own: where the client is gone, nothing more can be awaited here, and it ends by itself.
    producing = asyncio.create_task(produce())
    # Not in the task, which may be cancelled before it has begun.
    producing.add_done_callback(lambda _: send_events.close())
    with events, suppress(anyio.EndOfStream):
        try:
            while True:
                event = b": ping\n\n"
                with anyio.move_on_after(_PING_SECONDS):
                    event = await events.receive()
                yield event
        finally:
            producing.cancel()


def _in_one_line(json: bytes) -> bytes:
    """The JSON with every character escaped at which some clients, such as httpx, end a line of an event stream."""
    for character in "\x85\u2028\u2029":
        json = json.replace(character.encode(), b"\\u%04x" % ord(character))
    return json
