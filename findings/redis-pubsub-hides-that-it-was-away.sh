#!/usr/bin/env bash
# redis-py's pubsub.listen() reconnects by itself after a lost connection and tells nobody that messages are
# missing.
#
# Packages: redis==8.1.0 (Python 3.11)
# Date: 2026-11-30
# One would guess: When the connection is lost, `async for message in pubsub.listen()` raises ConnectionError, so
#   that the reader knows of the gap.
# What happens: It connects and subscribes again, and goes on with the next message. What was published meanwhile is
#   gone; the only trace is a second message of the type `subscribe`, which most readers (and
#   ignore_subscribe_messages) pass over.
# Why the guess is a good one: Redis' documentation: pub/sub is at-most-once, a message is lost for a client that is
#   away; the library raises ConnectionError for commands, so silence is taken for `nothing lost`.
# What it means for a GraphQL service: Live pages fed by pub/sub miss changes without an error anywhere. Take each
#   `subscribe` message for the sign to read the state (or the log) again, and look at it now and then anyway.
set -euo pipefail
(exec 3<>/dev/tcp/127.0.0.1/6379) 2>/dev/null || { echo "SKIPPED: no Redis at 127.0.0.1:6379"; exit 0; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check \
  redis==8.1.0

cat >probe.py <<'EOF'
import asyncio
import os

import redis.asyncio as redis

CHANNEL = f"finding:{os.getpid()}"


async def main():
    publisher = redis.Redis(host="127.0.0.1")
    follower = redis.Redis(host="127.0.0.1", client_name=CHANNEL)
    pubsub = follower.pubsub()
    await pubsub.subscribe(CHANNEL)
    got = []

    async def follow():
        async for message in pubsub.listen():
            got.append(f"{message['type']} {message['data'] if message['type'] == 'subscribe' else message['data'].decode()}")

    async def until(*ends):
        while not got[-len(ends):] == list(ends):
            await asyncio.sleep(0.02)

    reader = asyncio.create_task(follow())
    await until("subscribe 1")
    await publisher.publish(CHANNEL, "1")
    await until("message 1")
    ours = [client["id"] for client in await publisher.client_list() if client["name"] == CHANNEL]
    cut = publisher.pipeline(transaction=False)
    for id in ours:
        cut.client_kill_filter(_id=id)  # Our own reader's connection, as a restart or a network's cut would.
    cut.publish(CHANNEL, "2")
    print("subscribers at message 2:", (await cut.execute())[-1])
    await until("subscribe 1")
    while not await publisher.publish(CHANNEL, "3"):
        await asyncio.sleep(0.02)
    await until("message 3")
    print("the reader got:", ", ".join(got), "and", "ended" if reader.done() else "goes on without an exception")
    reader.cancel()
    await follower.aclose()
    await publisher.aclose()


asyncio.run(main())
EOF

cat >expected <<'EOF'
subscribers at message 2: 0
the reader got: subscribe 1, message 1, subscribe 1, message 3 and goes on without an exception
EOF

timeout 300 venv/bin/python probe.py >seen 2>errors || { cat seen errors; echo "CHANGED: the probe itself failed"; exit 1; }
cat seen
diff expected seen || { echo "CHANGED: pubsub reports a lost connection differently now"; exit 1; }
echo "As recorded: message 2 is missing, and a second subscribe is all that tells."
