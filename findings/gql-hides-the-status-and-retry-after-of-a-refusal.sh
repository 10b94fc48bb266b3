#!/usr/bin/env bash
# gql gives a 429 or 503 with a JSON body as a plain query error: neither its status nor Retry-After can be had.
#
# Packages: gql[httpx]==4.4.0, starlette==1.10.0, uvicorn==0.54.0 (Python 3.11)
# Date: 2026-11-30
# One would guess: A 429 raises TransportServerError with code 429, as a 502 without JSON does, so that a client can
#   wait for Retry-After.
# What happens: Where the body has `errors`, the status is not looked at: TransportQueryError is raised, without
#   code, response or cause. A 400 with `data` and no errors even counts as a success.
# Why the guess is a good one: GraphQL over HTTP, on application/json: a client must not rely on the body of a
#   non-200 answer to be a well-formed GraphQL response; gql's documentation: TransportServerError is for status
#   codes of errors.
# What it means for a GraphQL service: Whatever a Python client needs to know of a refusal must be in the error's
#   extensions (code, retryAfter): headers don't reach it.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check \
  gql[httpx]==4.4.0 starlette==1.10.0 uvicorn==0.54.0

cat >probe.py <<'EOF'
import asyncio

import uvicorn
from gql import Client, gql
from gql.transport.httpx import HTTPXAsyncTransport
from starlette.applications import Starlette
from starlette.responses import Response
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


ERRORS = '{"errors":[{"message":"Slow down","extensions":{"code":"RATE_LIMITED"}}]}'
ANSWERS = [
    (429, "application/json", ERRORS), (503, "application/json", ERRORS), (502, "text/html", "<h1>Bad gateway</h1>"),
    (400, "application/json", '{"data":{"hello":"world"}}'),
]


async def endpoint(request):
    status, media_type, body = ANSWERS[0]
    return Response(body, status, {"retry-after": "30"}, media_type)


async def main():
    async with Server(Starlette(routes=[Route("/graphql", endpoint, methods=["POST"])])) as host:
        while ANSWERS:
            status, media_type, _ = ANSWERS[0]
            try:
                async with Client(transport=HTTPXAsyncTransport(f"http://{host}/graphql")) as client:
                    print(status, media_type, "-> success:", await client.execute(gql("{ hello }")))
            except Exception as error:
                cause = type(error.__cause__).__name__ if error.__cause__ else None
                print(status, media_type, "->", type(error).__name__, "code", getattr(error, "code", None), "cause", cause)
            ANSWERS.pop(0)


asyncio.run(main())
EOF

cat >expected <<'EOF'
429 application/json -> TransportQueryError code None cause None
503 application/json -> TransportQueryError code None cause None
502 text/html -> TransportServerError code 502 cause HTTPStatusError
400 application/json -> success: {'hello': 'world'}
EOF

timeout 300 venv/bin/python probe.py >seen 2>errors || { cat seen errors; echo "CHANGED: the probe itself failed"; exit 1; }
cat seen
diff expected seen || { echo "CHANGED: gql reports refusals differently from what was recorded"; exit 1; }
echo "As recorded: no status and no Retry-After."
