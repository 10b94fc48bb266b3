"""The application in this process, asked past the network: what a request takes of CPU, what it is charged, and how
long it holds the event loop, over the largest data that may be stored.
"""

import asyncio
import os
import re
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson

from benchmarks import data

LIMIT = 10**9

_LEFT = re.compile(rb'"cost";r=(\d+)')


@dataclass(frozen=True)
class Asked:
    """A GraphQL request, and who asks."""

    query: str
    variables: Mapping[str, object] = field(default_factory=dict)
    authorization: str | None = None


@dataclass(frozen=True)
class Taken:
    """What a request took: CPU and the longest hold of the event loop in seconds, the bytes of its answer."""

    cost: int
    cpu: float
    hold: float
    answer: bytes

    @property
    def per_cost(self) -> float:
        """Milliseconds of CPU for each 1,000 that it was charged."""
        return self.cpu * 1e6 / max(self.cost, 1)


class Server:
    """The application, with its rates on and so high that nothing is refused."""

    def __init__(self, application: Any, access: data.Access) -> None:
        self._application = application
        self.access = access
        self._spent = 0

    async def measure(self, asking: Asked | Callable[[], Asked]) -> Taken:
        """What the request takes once everything about it is known, in the cheapest of several times.

        Other processes on the machine can only make it dearer. `asking` may make another request for each time.
        """
        following = (lambda: asking) if isinstance(asking, Asked) else asking
        began = time.process_time()
        await self.ask(following())
        times = 3 if time.process_time() - began > 0.1 else 15
        taken = []
        for _ in range(times):
            asked, began = following(), time.process_time()
            cost, answer = await self.ask(asked)
            taken.append(((time.process_time() - began) / max(cost, 1), time.process_time() - began, cost, answer))
        _, seconds, cost, answer = min(taken)
        return Taken(cost, seconds, min([await self._hold(following()) for _ in range(3)]), answer)

    async def ask(self, asked: Asked) -> tuple[int, bytes]:
        """What the request is charged, and its answer."""
        body = orjson.dumps({"query": asked.query, "variables": asked.variables})
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
        headers.append((b"authorization", (asked.authorization or f"Bearer {self.access.token()}").encode()))
        sent: list[dict[str, Any]] = []
        received = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> dict[str, Any]:
            return received.pop() if received else await asyncio.Future()

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        await self._application(_scope(headers), receive, send)
        left = _LEFT.search(dict(sent[0]["headers"]).get(b"ratelimit", b""))
        # What is refused for what it looks like has no such header.
        spent, self._spent = self._spent, LIMIT - int(left[1]) if left else self._spent
        # Counters end with a minute of their own clock.
        cost = self._spent - spent if self._spent >= spent else self._spent
        return cost, b"".join(message["body"] for message in sent[1:])

    async def _hold(self, asked: Asked) -> float:
        """The longest that this thread was at work on the request before others had a turn."""
        asking, longest = asyncio.create_task(self.ask(asked)), 0.0
        while not asking.done():
            began = time.thread_time()
            await asyncio.sleep(0)
            longest = max(longest, time.thread_time() - began)
        await asking
        return longest


@asynccontextmanager
async def serving(shape: data.Shape) -> AsyncIterator[Server]:
    """The application over the data of that shape."""
    os.environ.update(
        CALLBOARD_DATABASE_URL=shape.url,
        CALLBOARD_JWT_SECRET=data.JWT_SECRET,
        CALLBOARD_USER_COST_PER_MINUTE=str(LIMIT),
        CALLBOARD_KEY_COST_PER_MINUTE=str(LIMIT),
        CALLBOARD_REQUEST_SECONDS="120",
        CALLBOARD_CHANGE_RETENTION_DAYS="36500",
    )
    # It reads the settings when it is imported.
    import application
    import clock
    import serving

    serving.collect_garbage_rarely()

    async with data.ready(shape) as access:
        served, now = application.Application(), clock.now()
        # In one minute, so that what is spent is what a request was charged.
        with clock.reading(lambda: now):
            async with application.lifespan(served.process):
                yield Server(served, access)


def _scope(headers: list[tuple[bytes, bytes]]) -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/graphql",
        "raw_path": b"/graphql",
        "root_path": "",
        "query_string": b"",
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
        "extensions": {},
    }
