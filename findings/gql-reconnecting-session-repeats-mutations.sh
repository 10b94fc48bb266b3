#!/usr/bin/env bash
# gql's reconnecting session sends a mutation up to five times when its answer is an error of the server.
#
# Packages: gql[httpx]==4.4.0, starlette==1.10.0, uvicorn==0.54.0 (Python 3.11)
# Date: 2026-11-30
# One would guess: connect_async(reconnecting=True) keeps the connection up; what was sent and may have been carried
#   out isn't sent again by itself, a mutation least of all.
# What happens: retry_execute is on with it: everything but a TransportQueryError is tried five times with a growing
#   pause, mutations as well, and so is a mutation whose answer got lost on the way back after it was done.
# Why the guess is a good one: RFC 9110, section 9.2.2: no automatic retry of a non-idempotent method; the option's
#   name speaks of the connection; GraphQL's specification (section 6.2.2) lets mutations have side effects.
# What it means for a GraphQL service: A service must expect the same mutation several times from careful Python
#   clients: give each mutation an id of the caller's (an external id, a sequence) under which a repeat changes
#   nothing, or tell users retry_execute=False.
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
from starlette.responses import PlainTextResponse
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


done = 0


async def endpoint(request):
    global done
    assert b"mutation" in await request.body()
    done += 1  # It is carried out, and then the proxy's time is over.
    return PlainTextResponse("Gateway timeout", 504)


async def main():
    global done
    async with Server(Starlette(routes=[Route("/graphql", endpoint, methods=["POST"])])) as host:
        for how, options in {"reconnecting=True": {}, "and retry_execute=False": {"retry_execute": False}}.items():
            done = 0
            client = Client(transport=HTTPXAsyncTransport(f"http://{host}/graphql"))
            session = await client.connect_async(reconnecting=True, **options)
            try:
                await session.execute(gql("mutation Charge { charge }"))
            except Exception as error:
                print(f"{how}: execute() called once, the server did it {done} time(s), then {type(error).__name__}")
            await client.close_async()


asyncio.run(main())
EOF

cat >expected <<'EOF'
reconnecting=True: execute() called once, the server did it 5 time(s), then RetryError
and retry_execute=False: execute() called once, the server did it 1 time(s), then TransportServerError
EOF

timeout 300 venv/bin/python probe.py >seen 2>errors || { cat seen errors; echo "CHANGED: the probe itself failed"; exit 1; }
cat seen
diff expected seen || { echo "CHANGED: gql repeats mutations differently from what was recorded"; exit 1; }
echo "As recorded: the mutation was carried out five times."
