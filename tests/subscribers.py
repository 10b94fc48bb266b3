"""Clients that follow the change feed through whatever happens."""

import asyncio
import contextlib
import dataclasses
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import websockets

from resolvers import changes
from tests.people import FOLLOW, Person, Server
from tests.processes import http_client

#: What a subscriber receives of a change: the cursor, what happened, and to which panel.
Row = tuple[str, str, str]


def at(person: Person, server: Server) -> Person:
    """The same person, asking another server."""
    return dataclasses.replace(person, server=server)


class Subscriber:
    """Follows as a careful client does: after any end it goes on behind its last change, at the next address.

    Where its cursor has expired it begins anew at the end of the log.
    """

    def __init__(self, person: Person, *addresses: str, after: str | None = None, **options: Any) -> None:
        self.received: list[Row] = []
        self.cursor: str | None = after or changes.cursor_at(0)
        #: The cursor behind which all of `received` came.
        self.began = self.cursor
        self.connections = 0
        #: The codes of the errors and of the closes that it met, or what else ended a connection.
        self.ends: Counter[str] = Counter()
        self._person = person
        self._addresses = addresses or (person.server.websocket,)
        self._options = {"ping_interval": 1, "ping_timeout": 1, "open_timeout": 3, "close_timeout": 1, **options}
        self._more = asyncio.Condition()

    async def run(self) -> None:
        while True:
            address = self._addresses[self.connections % len(self._addresses)]
            try:
                await (self._follow(address) if self.cursor else self._begin_anew(address))
            except websockets.ConnectionClosed as closed:
                self.ends[str(closed.rcvd.code if closed.rcvd else None)] += 1
            except (OSError, websockets.WebSocketException) as error:
                self.ends[type(error).__name__] += 1
            await asyncio.sleep(0.05)

    async def _begin_anew(self, address: str) -> None:
        self.connections += 1
        body, headers = {"query": "{ changeCursor }"}, {"authorization": self._credentials()["Authorization"]}
        async with http_client(timeout=3) as client:
            try:
                answer = (await client.post(address.replace("ws", "http", 1), json=body, headers=headers)).json()
            except httpx.HTTPError as error:
                raise OSError(type(error).__name__) from None
        if "errors" not in answer:
            self.cursor = self.began = answer["data"]["changeCursor"]
            self.received.clear()

    async def _follow(self, address: str) -> None:
        self.connections += 1
        protocols = [websockets.Subprotocol("graphql-transport-ws")]
        async with websockets.connect(address, subprotocols=protocols, **self._options) as client:
            await client.send(json.dumps({"type": "connection_init", "payload": self._credentials()}))
            payload = {"query": FOLLOW, "variables": {"after": self.cursor}}
            async for text in client:
                message = json.loads(text)
                if message["type"] == "connection_ack":
                    await client.send(json.dumps({"type": "subscribe", "id": "1", "payload": payload}))
                elif message["type"] == "next" and "errors" not in message["payload"]:
                    await self._take(message["payload"]["data"]["interviewPanelChanges"])
                elif message["type"] != "ping":
                    self._note(message)
                    return

    def _credentials(self) -> dict[str, str]:
        return {"Authorization": self._person.authorization or ""}

    async def _take(self, change: dict[str, Any]) -> None:
        self.cursor = change["cursor"]
        self.received.append((change["cursor"], change["kind"], change["panel"]["externalId"]))
        async with self._more:
            self._more.notify_all()

    def _note(self, message: dict[str, Any]) -> None:
        payload = message.get("payload") or {}
        for error in payload if isinstance(payload, list) else payload.get("errors", ()):
            self.ends[error["extensions"]["code"]] += 1
            expired = error["extensions"]["code"] == "CURSOR_EXPIRED"
            self.cursor = None if expired else error["extensions"].get("cursor", self.cursor)

    async def until(self, cursor: str, within: float = 20) -> None:
        """Returns when the change of that cursor has been received. Fails where that takes longer."""
        try:
            async with asyncio.timeout(within), self._more:
                await self._more.wait_for(lambda: bool(self.received) and self.received[-1][0] == cursor)
        except TimeoutError:
            met = f"after {len(self.received)} changes over {self.connections} connections that ended by {self.ends}"
            raise AssertionError(f"the change {cursor} should have arrived {met}") from None


class EventSubscriber(Subscriber):
    """The same over server-sent events."""

    async def _follow(self, address: str) -> None:
        self.connections += 1
        body = {"query": FOLLOW, "variables": {"after": self.cursor}}
        headers = {"accept": "text/event-stream", "authorization": self._credentials()["Authorization"]}
        url = address.replace("ws", "http", 1)
        async with http_client(timeout=httpx.Timeout(3, read=20)) as client:
            try:
                async with client.stream("POST", url, json=body, headers=headers) as events:
                    async for line in events.aiter_lines():
                        if line.startswith("data: {"):
                            await self._hear(json.loads(line.removeprefix("data: ")))
            except httpx.HTTPError as error:
                raise OSError(type(error).__name__) from None

    async def _hear(self, payload: dict[str, Any]) -> None:
        if "errors" in payload:
            self._note({"payload": payload})
        else:
            await self._take(payload["data"]["interviewPanelChanges"])


@contextlib.asynccontextmanager
async def following(*subscribers: Subscriber) -> AsyncIterator[None]:
    """They follow while the block runs."""
    tasks = [asyncio.create_task(subscriber.run()) for subscriber in subscribers]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def eventually(claim: Callable[[], Any], within: float = 10) -> None:
    """Returns when the claim, plain or to be awaited, holds. Fails where it never does."""
    async with asyncio.timeout(within):
        while True:
            result = claim()
            if await result if asyncio.iscoroutine(result) else result:
                return
            await asyncio.sleep(0.05)
