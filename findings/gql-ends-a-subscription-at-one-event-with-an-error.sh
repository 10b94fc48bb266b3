#!/usr/bin/env bash
# gql ends a whole subscription when one of its events has a field error.
#
# Packages: gql[websockets]==4.4.0, starlette==1.10.0, uvicorn==0.54.0, websockets==17.4 (Python 3.11)
# Date: 2026-11-30
# One would guess: An event with `errors` beside its data is one event: the loop gets it (or an exception for it)
#   and goes on with the next.
# What happens: `async for` raises TransportQueryError at that event, the client sends `complete`, and the events
#   behind it never come: the generator is finished. The same event leaves Apollo's and graphql-ws' subscriptions
#   running.
# Why the guess is a good one: GraphQL specification, section 6.2.3.2: each event is executed by itself and its
#   errors belong to its own result; graphql-transport-ws: `next` carries results with errors, only `error` ends an
#   operation.
# What it means for a GraphQL service: One nullable field that fails once costs a Python follower its whole stream.
#   Followers need a loop around the subscription that goes on from the last cursor; servers should keep errors out
#   of events where they can.
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
from gql.transport.exceptions import TransportQueryError
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


EVENTS = [
    {"data": {"panel": {"id": "p1", "note": "a"}}},
    {"data": {"panel": {"id": "p2", "note": None}},
     "errors": [{"message": "The note can't be read", "path": ["panel", "note"]}]},
    {"data": {"panel": {"id": "p3", "note": "c"}}},
]


async def endpoint(socket):
    await socket.accept("graphql-transport-ws")
    await socket.receive_json()
    await socket.send_json({"type": "connection_ack"})
    id = (await socket.receive_json())["id"]
    for event in EVENTS:
        await socket.send_json({"type": "next", "id": id, "payload": event})
        await asyncio.sleep(0.2)
    try:
        print("the client's next message:", (await asyncio.wait_for(socket.receive_json(), 1))["type"])
        await socket.receive_json()
    except WebSocketDisconnect:
        pass


async def main():
    async with Server(Starlette(routes=[WebSocketRoute("/graphql", endpoint)])) as host:
        transport = WebsocketsTransport(f"ws://{host}/graphql", subprotocols=["graphql-transport-ws"])
        async with Client(transport=transport) as session:
            events = session.subscribe(gql("subscription { panel { id note } }"))
            while True:
                try:
                    print("event", (await anext(events))["panel"])
                except TransportQueryError as error:
                    print("raised", error.errors[0]["message"], "with data", error.data)
                except StopAsyncIteration:
                    print("the subscription is over")
                    break
            await asyncio.sleep(0.6)


asyncio.run(main())
EOF

cat >expected <<'EOF'
event {'id': 'p1', 'note': 'a'}
raised The note can't be read with data {'panel': {'id': 'p2', 'note': None}}
the subscription is over
the client's next message: complete
EOF

timeout 300 venv/bin/python probe.py >seen 2>errors || { cat seen errors; echo "CHANGED: the probe itself failed"; exit 1; }
cat seen
diff expected seen || { echo "CHANGED: gql treats an event with errors differently from what was recorded"; exit 1; }
echo "As recorded: the event with an error was the last."
