#!/usr/bin/env bash
# asyncpg has one timeout for all hosts of a URL: where the first is silent, the second is never asked.
#
# Packages: asyncpg==0.32.0, psycopg[binary]==3.3.9 (Python 3.11)
# Date: 2026-11-30
# One would guess: With `postgres://one,two/name` and a timeout, a server that has died without a word (its machine is
#   gone, its packets are dropped) costs the timeout once, and then the next server is tried. That is what the list is for.
# What happens: The timeout of connect() is over when the first host has had all of it. TimeoutError; the second host gets
#   no connection, at this try and at every other, since each begins with the first again. libpq, by psycopg,
#   gives each host its own connect_timeout, and reaches the second. (A host that refuses is passed over by both.)
# Why the guess is a good one: PostgreSQL's documentation, 34.1.2, on connect_timeout: "This timeout applies separately to
#   each host name or IP address. For example, if you specify two hosts and connect_timeout is 5, each host will time
#   out if no connection is made within 5 seconds". asyncpg takes libpq's lists of hosts and target_session_attrs.
# What it means for a GraphQL service: A failover from a machine that is gone is never followed, though the promoted standby
#   is in the URL: every new connection of the pool fails. Connect to one host after the other, each with its own timeout.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check asyncpg==0.32.0 'psycopg[binary]==3.3.9'

cat >probe.py <<'EOP'
import asyncio
import struct

import asyncpg
import psycopg

asked = {"one": 0, "two": 0}


async def silent(reader, writer):
    asked["one"] += 1
    await reader.read()


async def postgresql(reader, writer):
    """As much of a server as it takes to answer: no TLS, and then that it is starting."""
    asked["two"] += 1
    length, code = struct.unpack("!ii", await reader.readexactly(8))
    if code == 80877103:
        writer.write(b"N")
        length, _ = struct.unpack("!ii", await reader.readexactly(8))
    await reader.readexactly(length - 8)
    fields = b"SFATAL\0VFATAL\0C28000\0Mthe second host\0\0"
    writer.write(b"E" + struct.pack("!i", 4 + len(fields)) + fields)
    await writer.drain()
    writer.close()


async def outcome(connecting):
    asked.update(one=0, two=0)
    try:
        await connecting
    except Exception as error:
        text = "the second host's answer" if "the second host" in str(error) else ""
        return f"{type(error).__name__} {text}; asked: one {asked['one'] > 0}, two {asked['two'] > 0}"


async def main():
    one = await asyncio.start_server(silent, "127.0.0.1", 0)
    two = await asyncio.start_server(postgresql, "127.0.0.1", 0)
    ports = ",".join(f"127.0.0.1:{server.sockets[0].getsockname()[1]}" for server in (one, two))
    url = f"postgres://ada:secret@{ports}/callboard?sslmode=disable"
    print("asyncpg:", await outcome(asyncpg.connect(url, timeout=2)))
    print("libpq:  ", await outcome(asyncio.to_thread(psycopg.connect, f"{url}&connect_timeout=2")))


asyncio.run(asyncio.wait_for(main(), 30))
EOP
cat >expected <<'EOP'
asyncpg: TimeoutError ; asked: one True, two False
libpq:   OperationalError the second host's answer; asked: one True, two True
EOP

timeout 60 venv/bin/python probe.py >seen 2>errors || { cat seen errors; echo "CHANGED: the probe itself failed"; exit 1; }
cat seen
diff expected seen || { echo "CHANGED: the hosts of a URL are asked otherwise than recorded"; exit 1; }
echo "As recorded: asyncpg never asks the host behind a silent one; libpq does."
