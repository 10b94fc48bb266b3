#!/usr/bin/env bash
# httpx' ASGITransport collects the whole body before the response begins: a test of an event stream sees its first
# event after the last.
#
# Packages: httpx==0.28.1, starlette==1.10.0 (Python 3.11)
# Date: 2026-11-30
# One would guess: client.stream() with the application in-process streams as it does over a socket: that is what
#   stream() is for.
# What happens: `async with client.stream(…)` isn't entered before the application has sent its last byte. A test
#   that sends something and waits for the event can't work, and with an endless stream it never gets its response.
# Why the guess is a good one: httpx' documentation presents ASGITransport as calling the application directly, with
#   the same client interface; ASGI's specification hands over the body in messages with more_body just for
#   streaming.
# What it means for a GraphQL service: Test SSE over a real socket (uvicorn on port 0). Latency, heartbeats and
#   disconnects can't be tested with the transport either.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check \
  httpx==0.28.1 starlette==1.10.0

cat >probe.py <<'EOF'
import asyncio

import httpx
from starlette.applications import Starlette
from starlette.responses import StreamingResponse
from starlette.routing import Route

happened = []


async def endpoint(request):
    async def events():
        for number in (1, 2):
            happened.append(f"event {number} sent")
            yield f"event: next\ndata: {number}\n\n".encode()
            await asyncio.sleep(0.1)
        happened.append("the application has ended")

    return StreamingResponse(events(), media_type="text/event-stream")


async def main():
    app = Starlette(routes=[Route("/graphql", endpoint)])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://example.org") as client:
        async with client.stream("GET", "/graphql") as response:
            happened.append("stream() entered")
            async for line in response.aiter_lines():
                if line.startswith("data:"):
                    happened.append(f"read {line}")
    print(*happened, sep="\n")


asyncio.run(main())
EOF

cat >expected <<'EOF'
event 1 sent
event 2 sent
the application has ended
stream() entered
read data: 1
read data: 2
EOF

timeout 300 venv/bin/python probe.py >seen 2>errors || { cat seen errors; echo "CHANGED: the probe itself failed"; exit 1; }
cat seen
diff expected seen || { echo "CHANGED: ASGITransport streams differently now"; exit 1; }
echo "As recorded: the first event was read after the application had ended."
