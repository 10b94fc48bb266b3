#!/usr/bin/env bash
# Starlette's request.headers.get('accept') gives the first Accept line only, where query_params gives the last
# value.
#
# Packages: starlette==1.10.0, uvicorn==0.54.0 (Python 3.11)
# Date: 2026-11-30
# One would guess: A header that is a list may come in several lines, and reading it gives them joined by commas, as
#   WSGI servers and Node give it.
# What happens: headers[…] and headers.get(…) answer with the first line; the others are only in getlist().
#   query_params[…] answers with the last value of a repeated name.
# Why the guess is a good one: RFC 9110, section 5.3: lines with the same name may be combined into one, joined by
#   commas, without changing the semantics.
# What it means for a GraphQL service: A client or proxy that sends `Accept: application/json` and `Accept:
#   text/event-stream` as two lines doesn't get its stream. Join getlist() for Accept, X-Forwarded-For and other
#   lists.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check \
  starlette==1.10.0 uvicorn==0.54.0

cat >probe.py <<'EOF'
import asyncio

import uvicorn
from starlette.applications import Starlette
from starlette.responses import JSONResponse
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
    return JSONResponse({
        "headers.get": request.headers.get("accept"),
        "getlist": request.headers.getlist("accept"),
        "query_params.get": request.query_params.get("after"),
    })


async def main():
    async with Server(Starlette(routes=[Route("/graphql", endpoint)])) as host:
        reader, writer = await asyncio.open_connection(*host.split(":"))
        writer.write(
            b"GET /graphql?after=1&after=2 HTTP/1.1\r\nHost: example.org\r\nAccept: application/json;q=0.5\r\n"
            b"Accept: text/event-stream\r\nConnection: close\r\n\r\n"
        )
        answer = await reader.read()
        print(answer.partition(b"\r\n\r\n")[2].decode())
        writer.close()


asyncio.run(main())
EOF

cat >expected <<'EOF'
{"headers.get":"application/json;q=0.5","getlist":["application/json;q=0.5","text/event-stream"],"query_params.get":"2"}
EOF

timeout 300 venv/bin/python probe.py >seen 2>errors || { cat seen errors; echo "CHANGED: the probe itself failed"; exit 1; }
cat seen
diff expected seen || { echo "CHANGED: Starlette reads repeated headers differently from what was recorded"; exit 1; }
echo "As recorded: only the first Accept line was read."
