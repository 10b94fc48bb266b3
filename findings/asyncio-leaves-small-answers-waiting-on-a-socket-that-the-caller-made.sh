#!/usr/bin/env bash
# asyncio sets TCP_NODELAY only where the listening socket names its protocol: on one that socket.create_server or
# uvicorn's own bind_socket made, every small answer of a kept connection waits 40 ms.
#
# Packages: starlette==1.10.0, uvicorn==0.54.0, httpx==0.28.1 (Python 3.11, Linux)
# Date: 2026-11-30
# One would guess: asyncio switches Nagle's algorithm off for TCP (it does since Python 3.6), and it is the same server
#   whether asyncio binds the port or is handed a socket that is bound to it.
# What happens: asyncio looks at sock.proto, which is 0 for a socket made without naming one, and leaves Nagle's
#   algorithm on. uvicorn writes headers and body of an answer apart, so the body waits until the client has
#   acknowledged the headers, which Linux does after 40 ms: 25 requests a second instead of hundreds. Config.bind_socket
#   makes the socket of --workers, --reload and --fd, so one process is fast and two are slow; uvloop is not affected.
# Why the guess is a good one: asyncio's documentation hands sockets to create_server(sock=…) without a word of it.
# What it means for a GraphQL service: where uvloop can't be installed, or in a test that hands uvicorn a socket for a
#   free port, each small answer is 40 ms late and nothing is busy. Set TCP_NODELAY on the listening socket: what is
#   accepted from it inherits it.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check starlette==1.10.0 uvicorn==0.54.0 httpx==0.28.1

cat >probe.py <<'EOF'
import asyncio
import logging
import socket
import statistics
import time

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route


async def data(request):
    return JSONResponse({"data": {}})


async def took(name, sockets):
    """Print how long a small answer takes on a connection that is kept."""
    config = uvicorn.Config(Starlette(routes=[Route("/", data)]), port=0, loop="asyncio", log_level="critical")
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve(sockets=sockets(config)))
    while not server.started:
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    async with httpx.AsyncClient() as client:
        times = []
        for _ in range(25):
            began = time.perf_counter()
            await client.get(f"http://127.0.0.1:{port}/")
            times.append(time.perf_counter() - began)
    server.should_exit = True
    await task
    print(f"{name}: {'at once' if statistics.median(times) < 0.02 else 'some 40 ms'}")


def prompt(config):
    listening = socket.create_server(("127.0.0.1", 0))
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return [listening]


async def main():
    await took("bound by asyncio", lambda config: None)
    await took("bound by uvicorn's Config.bind_socket", lambda config: [config.bind_socket()])
    await took("bound by socket.create_server", lambda config: [socket.create_server(("127.0.0.1", 0))])
    await took("the same with TCP_NODELAY", prompt)


logging.disable()
asyncio.run(main())
EOF

cat >expected <<'EOF'
bound by asyncio: at once
bound by uvicorn's Config.bind_socket: some 40 ms
bound by socket.create_server: some 40 ms
the same with TCP_NODELAY: at once
EOF

timeout 300 venv/bin/python probe.py >seen 2>errors || { cat seen errors; echo "CHANGED: the probe itself failed"; exit 1; }
cat seen
diff expected seen || { echo "CHANGED: whoever binds the socket, it is the same now"; exit 1; }
echo "As recorded: a socket without a protocol, and every small answer waits."
