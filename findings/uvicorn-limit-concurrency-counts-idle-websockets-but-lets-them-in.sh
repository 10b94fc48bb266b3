#!/usr/bin/env bash
# uvicorn's limit_concurrency lets any number of WebSockets in and counts the idle ones: a few quiet subscribers
# turn every HTTP request away.
#
# Packages: starlette==1.10.0, uvicorn==0.54.0, websockets==17.4, httpx==0.28.1 (Python 3.11)
# Date: 2026-11-30
# One would guess: limit_concurrency=4 bounds what runs at a time: four requests, or it refuses the fifth
#   connection, WebSocket or not. Idle connections don't run anything.
# What happens: Six WebSockets are accepted although the limit is four, and while four are open (idle or not) each
#   HTTP request, /healthz too, is answered with 503 `Service Unavailable`, in text/plain and without Retry-After.
# Why the guess is a good one: uvicorn's documentation: maximum number of concurrent connections or tasks to allow,
#   before issuing HTTP 503 responses.
# What it means for a GraphQL service: With subscriptions the option is of no use: its number must be above all
#   subscribers, and then it limits nothing. Health checks fail while the process idles. Count requests in the
#   application instead.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check \
  starlette==1.10.0 uvicorn==0.54.0 websockets==17.4 httpx==0.28.1

cat >probe.py <<'EOF'
import asyncio

import httpx
import uvicorn
import websockets
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
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


async def healthz(request):
    return PlainTextResponse("ok")


async def endpoint(socket):
    await socket.accept()
    try:
        await socket.receive_text()
    except WebSocketDisconnect:
        pass


async def main():
    app = Starlette(routes=[Route("/healthz", healthz), WebSocketRoute("/graphql", endpoint)])
    async with Server(app, limit_concurrency=4) as host, httpx.AsyncClient() as client:
        print("no WebSocket: /healthz", (await client.get(f"http://{host}/healthz")).status_code)
        sockets = [await websockets.connect(f"ws://{host}/graphql") for _ in range(6)]
        print("WebSockets open, with limit_concurrency=4:", len(sockets))
        answer = await client.get(f"http://{host}/healthz")
        print("/healthz", answer.status_code, answer.headers["content-type"], "retry-after", answer.headers.get("retry-after"))
        for socket in sockets:
            await socket.close()
        await asyncio.sleep(0.2)
        print("closed again: /healthz", (await client.get(f"http://{host}/healthz")).status_code)


asyncio.run(main())
EOF

cat >expected <<'EOF'
no WebSocket: /healthz 200
WebSockets open, with limit_concurrency=4: 6
/healthz 503 text/plain; charset=utf-8 retry-after None
closed again: /healthz 200
EOF

timeout 300 venv/bin/python probe.py >seen 2>errors || { cat seen errors; echo "CHANGED: the probe itself failed"; exit 1; }
cat seen
diff expected seen || { echo "CHANGED: uvicorn counts or refuses differently from what was recorded"; exit 1; }
echo "As recorded: six WebSockets in, HTTP turned away."
