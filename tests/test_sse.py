"""Event streams, and how whoever reads them is let go of: at their end, when they leave, stall, or the process goes."""

import asyncio
import contextlib
import json
import re
import socket
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

import pytest

import metrics
from resolvers import changes
from tests.conftest import Set
from tests.people import FOLLOW, Person
from tests.processes import Installation, until
from tests.world import World

pytestmark = pytest.mark.once

#: A change told at such length that a few fill every buffer of the network.
AT_LENGTH = (
    "subscription ($after: String) { interviewPanelChanges(after: $after) { panel { "
    + " ".join(f"note{number}: note" for number in range(25))
    + " } } }"
)


def asked(query: str, authorization: str | None) -> bytes:
    """A request for an event stream, from the beginning of the log."""
    body = json.dumps({"query": query, "variables": {"after": changes.cursor_at(0)}})
    head = [
        "POST /graphql HTTP/1.1",
        "Host: test",
        "Content-Type: application/json",
        "Accept: text/event-stream",
        f"Authorization: {authorization}",
        f"Content-Length: {len(body)}",
    ]
    return "\r\n".join([*head, "", body]).encode()


@contextlib.asynccontextmanager
async def stalled(person: Person) -> AsyncIterator[None]:
    """Asks for a stream, and takes nothing of it until the block is done."""
    with socket.socket() as narrow:
        narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        narrow.setblocking(False)
        loop, address = asyncio.get_running_loop(), urlsplit(person.server.address)
        await loop.sock_connect(narrow, (address.hostname, address.port))
        await loop.sock_sendall(narrow, asked(AT_LENGTH, person.authorization))
        yield


def subscribers() -> str:
    """How many there are, as the process counts them."""
    return re.findall(r"^callboard_subscribers (.+)", metrics.exposition().decode(), re.MULTILINE)[0]


def producers() -> list[asyncio.Task[Any]]:
    """The tasks that produce event streams."""
    return [task for task in asyncio.all_tasks() if "_events" in str(task.get_coro())]


async def test_whoever_stalls_is_cut_off_and_let_go_of(world: World, limited: Set) -> None:
    limited(send_seconds=0.3)
    before = subscribers()
    for number in range(12):
        await world.goodtime.push(**world.a_panel(f"panel {number}", note="x" * 20_000))

    async with stalled(world.rita):
        await until(lambda: world.account.id in world.server.process.hub._channels, 10)
        assert world.server.process.engine.admission.connections[world.rita.id] == 1
        await until(lambda: world.account.id not in world.server.process.hub._channels, 10)
        assert world.server.process.engine.admission.connections[world.rita.id] == 0
    assert subscribers() == before


async def test_of_a_stream_that_ends_or_is_left_nothing_stays(world: World) -> None:
    async with world.rita.streaming("{ __typename }") as asking:
        assert [(await asking.message())["type"] for _ in range(2)] == ["next", "complete"]
    await world.goodtime.push(**world.a_panel())
    async with world.rita.streaming(after=changes.cursor_at(0)) as following:
        await following.next()
        assert producers()

    await until(lambda: not producers(), 10)
    await until(lambda: world.account.id not in world.server.process.hub._channels, 10)
    assert world.server.process.engine.admission.connections[world.rita.id] == 0


async def test_a_stream_that_is_asked_for_while_the_process_goes_down_breaks_off_at_once(
    installation: Installation,
) -> None:
    await installation.done("account", "create", "acme", "--name", "Acme", "--super-admin", "sam@acme.example")
    token = await installation.done("token", "sam@acme.example")

    async with installation.running("serve") as process:
        port = urlsplit(process.address).port
        request = asked(FOLLOW, f"Bearer {token}")
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request[:-10])
        await writer.drain()
        await asyncio.sleep(0.3)
        stopping = asyncio.create_task(process.stop(within=6))
        await until(lambda: refuses(port))

        writer.write(request[-10:])
        answer = (await reader.read()).decode()
        writer.close()
        assert await stopping == 0

    assert answer.startswith("HTTP/1.1 200 OK")
    assert "event:" not in answer, "an end to resume from"
    assert [line for line in process.logged if line["level"] != "info"] == []


async def refuses(port: int | None) -> bool:
    """Whether nothing listens on that port any more."""
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return True
    writer.close()
    return False
