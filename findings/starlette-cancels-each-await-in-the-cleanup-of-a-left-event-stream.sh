#!/usr/bin/env bash
# When a client leaves an event stream, every await in the generator's finally is cancelled again, so asynchronous
# cleanup never finishes.
#
# Packages: starlette==1.10.0, uvicorn==0.54.0, httpx==0.28.1, anyio==4.16.0 (Python 3.11)
# Date: 2026-11-30
# One would guess: The generator gets CancelledError once; its finally then runs to the end, as after task.cancel()
#   in asyncio, and may await a farewell to the database.
# What happens: The response runs in an anyio cancel scope, whose cancellation is a state, not an event: each await
#   in finally raises CancelledError at once. What stands behind the first one never happens. asyncio.shield around
#   a task of its own does.
# Why the guess is a good one: Python's documentation of Task.cancel(): CancelledError is thrown once, and
#   try/finally is the recommended way to clean up; the plain asyncio task in this script does so.
# What it means for a GraphQL service: Locks, counters and slots that are given back behind an await leak with each
#   closed tab. Clean up synchronously, or in a task that is held elsewhere.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check \
  starlette==1.10.0 uvicorn==0.54.0 httpx==0.28.1 anyio==4.16.0

cat >probe.py <<'EOF'
import asyncio

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.responses import StreamingResponse
from starlette.routing import Route

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


async def events(log, shielded):
    try:
        while True:
            yield b"event: next\ndata: {}\n\n"
            await asyncio.sleep(0.02)
    finally:
        try:
            farewell = asyncio.ensure_future(asyncio.sleep(0.05))
            if shielded:
                farewell.add_done_callback(lambda _: log.append("the farewell was said"))
                await asyncio.shield(farewell)
            else:
                await farewell
                log.append("the farewell was said")
        except asyncio.CancelledError:
            log.append("cancelled again in finally")
            raise


async def plain(log):
    async for _ in events(log, False):
        pass


async def main():
    log = []
    task = asyncio.create_task(plain(log))
    await asyncio.sleep(0.1)
    task.cancel()
    await asyncio.wait([task])
    print("a task of asyncio, cancelled: ", log)

    for shielded in (False, True):
        log = []
        app = Starlette(routes=[Route("/", lambda request: StreamingResponse(events(log, shielded)))])
        async with Server(app) as host, httpx.AsyncClient() as client:
            async with client.stream("GET", f"http://{host}/") as response:
                await anext(response.aiter_bytes())
            await asyncio.sleep(0.5)
        print(f"an event stream, {'shielded' if shielded else 'left'}: ".ljust(30), log)


asyncio.run(main())
EOF

cat >expected <<'EOF'
a task of asyncio, cancelled:  ['the farewell was said']
an event stream, left:         ['cancelled again in finally']
an event stream, shielded:     ['cancelled again in finally', 'the farewell was said']
EOF

timeout 300 venv/bin/python probe.py >seen 2>errors || { cat seen errors; echo "CHANGED: the probe itself failed"; exit 1; }
cat seen
diff expected seen || { echo "CHANGED: cleanup behaves differently when a client leaves"; exit 1; }
echo "As recorded: the await in finally was cancelled."
