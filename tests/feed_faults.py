"""What the tests of several processes share: load, people who follow, a client that takes nothing."""

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator
from typing import Any

import websockets

from resolvers import changes
from simulator import client as goodtime
from tests.people import Person, Server
from tests.postgres_processes import PostgresDatabase, Process
from tests.subscribers import Row, Subscriber, at, eventually
from tests.world import World


@contextlib.asynccontextmanager
async def load(world: World, *servers: Server) -> AsyncIterator[None]:
    """GoodTime at work against each server while the block runs; in the end all is as it was meant."""
    assert world.goodtime.authorization is not None
    key, stop = world.goodtime.authorization.removeprefix("Bearer "), asyncio.Event()
    async with asyncio.TaskGroup() as group:
        working = [group.create_task(goodtime.simulate(server.graphql, key, rate=20, stop=stop)) for server in servers]
        yield
        stop.set()
    assert [str(task.result()) for task in working if not task.result().ok] == []


async def all_received(postgres: PostgresDatabase, world: World, *subscribers: Subscriber) -> list[Row]:
    """Holds what every subscriber received against the log, row by row; the log."""
    expected = await postgres.log(world)
    for subscriber in subscribers:
        await subscriber.until(expected[-1][0])
        assert subscriber.received == expected
    return expected


def everywhere(*people: Person, among: tuple[Process, ...]) -> list[Subscriber]:
    """Each of these people follows each of these processes."""
    return [Subscriber(at(person, process.server)) for person in people for process in among]


async def some(subscriber: Subscriber, more: int = 8) -> None:
    """Returns when the subscriber has received a few more changes: the load is under way."""
    enough = len(subscriber.received) + more
    await eventually(lambda: len(subscriber.received) >= enough, within=30)


async def pushed(world: World, *names: str, by: Process, **fields: Any) -> None:
    for name in names:
        payload = await at(world.goodtime, by.server).push(**world.a_panel(name, **fields))
        assert payload["errors"] == []


#: A change told at such length that a few fill every buffer of the network.
AT_LENGTH = (
    "subscription ($after: String) { interviewPanelChanges(after: $after) { cursor kind panel { externalId "
    + " ".join(f"note{number}: note" for number in range(25))
    + " } } }"
)


@contextlib.asynccontextmanager
async def stalled(person: Person, query: str = AT_LENGTH) -> AsyncIterator[websockets.ClientConnection]:
    """Follows from the beginning, and takes nothing until the block is done."""
    narrow = socket.socket()
    narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    narrow.setblocking(False)
    host, port = person.server.address.removeprefix("http://").split(":")
    await asyncio.get_running_loop().sock_connect(narrow, (host, int(port)))
    protocols = [websockets.Subprotocol("graphql-transport-ws")]
    async with websockets.connect(
        person.server.websocket, sock=narrow, subprotocols=protocols, max_queue=1, ping_interval=None, close_timeout=0.1
    ) as client:
        await client.send(json.dumps({"type": "connection_init", "payload": {"Authorization": person.authorization}}))
        assert json.loads(await client.recv())["type"] == "connection_ack"
        variables = {"after": changes.cursor_at(0)}
        payload = {"query": query, "variables": variables}
        await client.send(json.dumps({"type": "subscribe", "id": "1", "payload": payload}))
        yield client
