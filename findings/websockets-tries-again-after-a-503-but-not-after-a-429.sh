#!/usr/bin/env bash
# websockets' reconnecting iterator goes on after 500, 502, 503 and 504, and gives up for good at a 429.
#
# Packages: websockets==17.4 (Python 3.11)
# Date: 2026-11-30
# One would guess: `async for socket in connect(uri)` comes back from what passes: a 429 Too Many Requests at the
#   handshake is the plainest case of it, and Retry-After tells when.
# What happens: A 429 raises InvalidStatus out of the loop at the first answer; a 503 is tried again, in the
#   library's own rhythm (Retry-After is not read).
# Why the guess is a good one: RFC 6585, section 4: 429 means too many requests in a given time, and may say with
#   Retry-After how long to wait before a new one; RFC 9110, section 10.2.3, for 503.
# What it means for a GraphQL service: A limit on connecting ends followers written with this loop for good, and in
#   a group: all that share the address. Answer the handshake with 503, or accept and close with 1013, which clients
#   try again; or give process_exception in the example.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check \
  websockets==17.4

cat >probe.py <<'EOF'
import asyncio
import logging

from websockets.asyncio.client import connect
from websockets.asyncio.server import serve

logging.disable(logging.CRITICAL)


async def handler(socket):
    await socket.wait_closed()


async def main():
    for status in (503, 429):
        tries = 0

        def refuse_twice(connection, request):
            nonlocal tries
            tries += 1
            if tries <= 2:
                response = connection.respond(status, "Later\n")
                response.headers["Retry-After"] = "1"
                return response

        async with serve(handler, "127.0.0.1", 0, process_request=refuse_twice) as server:
            port = server.sockets[0].getsockname()[1]
            try:
                async for socket in connect(f"ws://127.0.0.1:{port}"):
                    outcome = "connected"
                    break
                await socket.close()
            except Exception as error:
                outcome = f"{type(error).__name__}: {error}"
            print(f"{status}: {tries} tries, then {outcome}")


asyncio.run(main())
EOF

cat >expected <<'EOF'
503: 3 tries, then connected
429: 1 tries, then InvalidStatus: server rejected WebSocket connection: HTTP 429
EOF

timeout 300 venv/bin/python probe.py >seen 2>errors || { cat seen errors; echo "CHANGED: the probe itself failed"; exit 1; }
cat seen
diff expected seen || { echo "CHANGED: websockets tries again after other answers than recorded"; exit 1; }
echo "As recorded: 503 is tried again, 429 ends the loop."
