#!/usr/bin/env bash
# Strawberry builds one context for each WebSocket: a DataLoader in it answers from its cache for as long as the
# socket is open.
#
# Packages: strawberry-graphql==0.341.2, graphql-core==3.3.2, starlette==1.10.0, uvicorn==0.54.0, websockets==17.4
#   (Python 3.11)
# Date: 2026-11-30
# One would guess: get_context is called for each operation, as over HTTP, so a DataLoader in the context lives for
#   one operation.
# What happens: Over a WebSocket it is called once, at the connection. The second query over the same socket gets
#   the value from before the change, though minutes may lie between; over HTTP it gets the new one.
# Why the guess is a good one: DataLoader's documentation: a loader is made for each request, and its cache is no
#   shared cache; Strawberry's documentation shows the loader in get_context.
# What it means for a GraphQL service: Live pages show stale rows, and stale permissions, until they are reloaded.
#   Make loaders in an extension's on_operation or for each event, or use DataLoader(cache=False) over sockets.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check \
  strawberry-graphql==0.341.2 graphql-core==3.3.2 starlette==1.10.0 uvicorn==0.54.0 websockets==17.4

cat >probe.py <<'EOF'
import asyncio
import json
import urllib.request

import strawberry
import uvicorn
import websockets
from strawberry.asgi import GraphQL
from strawberry.dataloader import DataLoader

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


status = "SCHEDULED"


async def load(keys):
    return [status for _ in keys]


@strawberry.type
class Query:
    @strawberry.field
    async def status(self, info: strawberry.Info) -> str:
        return await info.context["panels"].load("p1")


class App(GraphQL):
    async def get_context(self, request, response):
        return {"panels": DataLoader(load)}


async def main():
    global status
    async with Server(App(strawberry.Schema(Query))) as host:
        def over_http():
            request = urllib.request.Request(
                f"http://{host}/", b'{"query": "{ status }"}', {"content-type": "application/json"})
            return json.load(urllib.request.urlopen(request))["data"]["status"]

        async with websockets.connect(f"ws://{host}/", subprotocols=["graphql-transport-ws"]) as socket:
            await socket.send('{"type": "connection_init"}')
            await socket.recv()

            async def over_socket(id):
                await socket.send(json.dumps({"type": "subscribe", "id": id, "payload": {"query": "{ status }"}}))
                answer = json.loads(await socket.recv())["payload"]["data"]["status"]
                await socket.recv()  # complete
                return answer

            for id in ("1", "2"):
                print(f"in the database {status}; over HTTP {await asyncio.to_thread(over_http)}; "
                      f"over the WebSocket {await over_socket(id)}")
                status = "CANCELED"


asyncio.run(main())
EOF

cat >expected <<'EOF'
in the database SCHEDULED; over HTTP SCHEDULED; over the WebSocket SCHEDULED
in the database CANCELED; over HTTP CANCELED; over the WebSocket SCHEDULED
EOF

timeout 300 venv/bin/python probe.py >seen 2>errors || { cat seen errors; echo "CHANGED: the probe itself failed"; exit 1; }
cat seen
diff expected seen || { echo "CHANGED: the context lives differently now"; exit 1; }
echo "As recorded: the second query over the socket was answered from the cache."
