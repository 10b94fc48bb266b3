#!/usr/bin/env bash
# httpx' iter_lines splits at U+2028, U+0085 and other characters that are no line ends in an event stream, so JSON
# data falls into pieces.
#
# Packages: httpx==0.28.1, orjson==3.13.0, starlette==1.10.0, uvicorn==0.54.0 (Python 3.11)
# Date: 2026-11-30
# One would guess: aiter_lines() gives the lines of the stream, each of them one field: `data: {…}`.
# What happens: It splits like str.splitlines. JSON may hold U+2028, U+2029 and U+0085 as they are, and orjson
#   writes them so: a note with one of them arrives as `data: {"note":"a` and a second line that no parser of event
#   streams knows; the event is lost or fails to parse.
# Why the guess is a good one: HTML standard, section 9.2.5: lines end with CR, LF or CRLF, with nothing else; RFC
#   8259, section 7: only the quotation mark, the backslash and U+0000 to U+001F must be escaped.
# What it means for a GraphQL service: Text that people paste from word processors breaks hand-made SSE clients in
#   Python. A server can write the three characters as \u2028, \u2029, \u0085 in its events; clients should split
#   the bytes at LF themselves.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check \
  httpx==0.28.1 orjson==3.13.0 starlette==1.10.0 uvicorn==0.54.0

cat >probe.py <<'EOF'
import asyncio

import httpx
import orjson
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
        yield b"event: next\ndata: " + orjson.dumps({"note": "a\u2028b\x85c"}) + b"\n\n"

    return StreamingResponse(events(), media_type="text/event-stream")


async def main():
    async with Server(Starlette(routes=[Route("/graphql", endpoint)])) as host, httpx.AsyncClient() as client:
        async with client.stream("GET", f"http://{host}/graphql") as response:
            print("aiter_lines():", [line async for line in response.aiter_lines()])
        text = (await client.get(f"http://{host}/graphql")).content.decode()
        print("split at LF:  ", [ascii(line) for line in text.split("\n")][:2])


asyncio.run(main())
EOF

cat >expected <<'EOF'
aiter_lines(): ['event: next', 'data: {"note":"a', 'b', 'c"}', '']
split at LF:   ["'event: next'", '\'data: {"note":"a\\u2028b\\x85c"}\'']
EOF

timeout 300 venv/bin/python probe.py >seen 2>errors || { cat seen errors; echo "CHANGED: the probe itself failed"; exit 1; }
cat seen
diff expected seen || { echo "CHANGED: httpx splits lines differently from what was recorded"; exit 1; }
echo "As recorded: one data field came as three lines."
