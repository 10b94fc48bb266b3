#!/usr/bin/env bash
# httpx ends a healthy event stream with ReadTimeout after five quiet seconds, sooner than any usual ping.
#
# Packages: httpx==0.28.1, starlette==1.10.0, uvicorn==0.54.0 (Python 3.11)
# Date: 2026-11-30
# One would guess: A timeout is for connecting and for the answer to begin. A stream that has begun may be quiet, as
#   with requests and curl, which set no limit between two chunks by themselves.
# What happens: The default of five seconds holds between any two chunks too. A subscription over SSE with a comment
#   each 12 or 15 seconds (graphql-yoga's and Strawberry's pace) never lives longer than five quiet seconds;
#   timeout=httpx.Timeout(5, read=None) mends it.
# Why the guess is a good one: HTML standard, section 9.2.7: authors are advised to send a comment line every 15
#   seconds or so, so clients are expected to bear that much silence.
# What it means for a GraphQL service: Python clients that are tested with a busy stream fail in a quiet night: each
#   cut is a new connection and a new sign-in every five seconds. Show the read time-out in every httpx example, or
#   send comments every four seconds.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check \
  httpx==0.28.1 starlette==1.10.0 uvicorn==0.54.0

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


async def endpoint(request):
    async def events():
        yield b'event: next\ndata: {"data":{"tick":1}}\n\n'
        await asyncio.sleep(8)
        yield b'event: complete\ndata:\n\n'

    return StreamingResponse(events(), media_type="text/event-stream")


async def main():
    async with Server(Starlette(routes=[Route("/graphql", endpoint)])) as host:
        for how, options in {"as it comes": {}, "read=None": {"timeout": httpx.Timeout(5, read=None)}}.items():
            events = []
            try:
                async with httpx.AsyncClient(**options) as client, client.stream("GET", f"http://{host}/graphql") as got:
                    async for line in got.aiter_lines():
                        if line.startswith("event:"):
                            events.append(line)
                end = "the end of the stream"
            except httpx.HTTPError as error:
                end = type(error).__name__
            print(f"{how}: {events}, then {end}")


asyncio.run(main())
EOF

cat >expected <<'EOF'
as it comes: ['event: next'], then ReadTimeout
read=None: ['event: next', 'event: complete'], then the end of the stream
EOF

timeout 300 venv/bin/python probe.py >seen 2>errors || { cat seen errors; echo "CHANGED: the probe itself failed"; exit 1; }
cat seen
diff expected seen || { echo "CHANGED: httpx' time-out for quiet streams is not what was recorded"; exit 1; }
echo "As recorded: five quiet seconds ended the stream."
