"""Subscriptions in Python: `stock` is Strawberry's own, `bare` sends one encoded message over uvicorn's WebSockets.

What is posted to /publish is delivered to all who subscribe.
"""

import asyncio
import sys
from collections.abc import AsyncGenerator
from typing import Any

import orjson
import strawberry
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from strawberry.asgi import GraphQL
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL

import models
from benchmarks.peers import listening

Kind = strawberry.enum(models.InterviewPanelChangeKind)
Status = strawberry.enum(models.InterviewPanelStatus)


@strawberry.type
class Interview:
    id: strawberry.ID
    subject: str
    starts_at: str
    ends_at: str


@strawberry.type
class InterviewPanel:
    id: strawberry.ID
    external_id: str
    status: Status
    version: int
    starts_at: str | None
    ends_at: str | None
    interviews: list[Interview]


@strawberry.type
class InterviewPanelChange:
    cursor: str
    kind: Kind
    at: str
    panel: InterviewPanel


queues: set[asyncio.Queue[InterviewPanelChange]] = set()


@strawberry.type
class Query:
    version: int = 1


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def interview_panel_changes(self) -> AsyncGenerator[InterviewPanelChange, None]:
        queue: asyncio.Queue[InterviewPanelChange] = asyncio.Queue()
        queues.add(queue)
        try:
            while True:
                yield await queue.get()
        finally:
            queues.discard(queue)


async def publish(request: Request) -> Response:
    body = await request.json()
    panel = body["panel"]
    interviews = [
        Interview(
            id=each["id"],
            subject=each["subject"],
            starts_at=each["startsAt"],
            ends_at=each["endsAt"],
        )
        for each in panel["interviews"]
    ]
    change = InterviewPanelChange(
        cursor=body["cursor"],
        kind=models.InterviewPanelChangeKind(body["kind"]),
        at=body["at"],
        panel=InterviewPanel(
            id=panel["id"],
            external_id=panel["externalId"],
            status=models.InterviewPanelStatus(panel["status"]),
            version=panel["version"],
            starts_at=panel["startsAt"],
            ends_at=panel["endsAt"],
            interviews=interviews,
        ),
    )
    for queue in queues:
        queue.put_nowait(change)
    return Response("{}")


def stock() -> Starlette:
    schema = strawberry.Schema(Query, subscription=Subscription)
    graphql = GraphQL(schema, subscription_protocols=[GRAPHQL_TRANSPORT_WS_PROTOCOL])
    return Starlette(
        routes=[Route("/publish", publish, methods=["POST"]), WebSocketRoute("/graphql", graphql)],
    )


class Bare:
    """ASGI by hand: whoever subscribes is sent what is published, as the same text."""

    def __init__(self) -> None:
        self.following: set[Any] = set()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "websocket":
            await self._serve(receive, send)
        elif scope["type"] == "http":
            body = (await receive())["body"]
            message = b'{"id":"1","type":"next","payload":{"data":{"interviewPanelChanges":%b}}}' % body
            frame = {"type": "websocket.send", "text": message.decode()}
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
            await send({"type": "http.response.body", "body": b"{}"})
            for follow in list(self.following):
                await follow(frame)

    async def _serve(self, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept", "subprotocol": "graphql-transport-ws"})
        try:
            while (message := await receive())["type"] == "websocket.receive":
                match orjson.loads(message["text"])["type"]:
                    case "connection_init":
                        await send({"type": "websocket.send", "text": '{"type":"connection_ack"}'})
                    case "subscribe":
                        self.following.add(send)
        finally:
            self.following.discard(send)


if __name__ == "__main__":
    if sys.argv[1] == "stock":
        uvicorn.run(stock(), **listening())
    else:
        uvicorn.run(Bare(), lifespan="off", **listening())
