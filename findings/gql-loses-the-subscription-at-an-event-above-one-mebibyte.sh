#!/usr/bin/env bash
# An event above 1 MiB ends a gql subscription, and the exception doesn't say why.
#
# Packages: gql[websockets]==4.4.0, starlette==1.10.0, uvicorn==0.54.0, websockets==17.4 (Python 3.11)
# Date: 2026-11-30
# One would guess: An answer's size is the server's affair: what comes over HTTP in any size comes over the
#   WebSocket too, or fails with `message too big`.
# What happens: The websockets library refuses messages above 2^20 bytes and closes with 1009; gql's text is `Error
#   trying to receive data: ConnectionClosedError`. Trying again gets the same event and the same end, for ever.
#   connect_args={'max_size': None} helps.
# Why the guess is a good one: RFC 6455, section 5.2: a message may have up to 2^63 bytes; gql's HTTP transports
#   take answers of any size, and its documentation of the WebSocket transport names no limit of its own.
# What it means for a GraphQL service: Page sizes and event sizes that are fine over HTTP break Python clients over
#   WebSocket, each time at the same cursor. Keep messages below 1 MiB, and set max_size in the examples.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check \
  gql[websockets]==4.4.0 starlette==1.10.0 uvicorn==0.54.0 websockets==17.4

cat >probe.py <<'EOF'
import asyncio

import uvicorn
from gql import Client, gql
from gql.transport.exceptions import TransportError
from gql.transport.websockets import WebsocketsTransport
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocketDisconnect

class Server:
    """The application under uvicorn, on a free port, in this event loop."""

    def __init__(self, app, **options):
        self.uvicorn = uvicorn.Server(uvicorn.Config(app, port=0, log_level="critical", **options))

    async def __aenter__(self):
        self.task = asyncio.create_task(self.uvicorn.serve())
        while not self.uvicorn.started:
            await asyncio.sleep(0.01)
        return f"127.0.0.1:{self.uvicorn.servers[0].sockets[0].getsockname()[1]}"

    async def __aexit__(self, *_):
        self.uvicorn.should_exit = self.uvicorn.force_exit = True
        await self.task


closed = []


async def endpoint(socket):
    await socket.accept("graphql-transport-ws")
    await socket.receive_json()
    await socket.send_json({"type": "connection_ack"})
    request = await socket.receive_json()
    for size in (2**20 - 1000, 2**20 + 1000):
        await socket.send_json({"type": "next", "id": request["id"], "payload": {"data": {"note": "x" * size}}})
    await socket.send_json({"type": "complete", "id": request["id"]})
    try:
        while True:
            await socket.receive_text()
    except WebSocketDisconnect as end:
        closed.append(end.code)


async def main():
    async with Server(Starlette(routes=[WebSocketRoute("/graphql", endpoint)])) as host:
        for options in ({}, {"max_size": None}):
            transport = WebsocketsTransport(
                f"ws://{host}/graphql", subprotocols=["graphql-transport-ws"], connect_args=options)
            sizes = []
            try:
                async with Client(transport=transport) as session:
                    async for event in session.subscribe(gql("subscription { note }")):
                        sizes.append(len(event["note"]))
                print(f"connect_args {options}: got {sizes}, then complete")
            except TransportError as error:
                print(f"connect_args {options}: got {sizes}, then {type(error).__name__}: {error}")
            await asyncio.sleep(0.1)
        print("first close code at the server:", closed[0])


asyncio.run(main())
EOF

cat >expected <<'EOF'
connect_args {}: got [1047576], then TransportConnectionFailed: Error trying to receive data: ConnectionClosedError
connect_args {'max_size': None}: got [1047576, 1049576], then complete
first close code at the server: 1009
EOF

timeout 300 venv/bin/python probe.py >seen 2>errors || { cat seen errors; echo "CHANGED: the probe itself failed"; exit 1; }
cat seen
diff expected seen || { echo "CHANGED: gql or websockets treats large messages differently now"; exit 1; }
echo "As recorded: an event of a little above 1 MiB closed the connection."
