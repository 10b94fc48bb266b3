"""Who does not read is cut off, with where to go on from, and nobody else notices."""

import contextlib
import json
from collections.abc import AsyncIterator

import pytest
import websockets

from tests.feed_faults import all_received, pushed, stalled
from tests.postgres_processes import PostgresDatabase, Process, serving
from tests.subscribers import Subscriber, eventually, following

#: Several processes need PostgreSQL. The processes that no test harms are started once: by one worker of the run.
pytestmark = [pytest.mark.postgres, pytest.mark.xdist_group("processes on PostgreSQL")]


async def test_who_stalls_is_cut_off_with_the_reason_and_nobody_else_notices(
    postgres: PostgresDatabase, pair: tuple[Process, Process]
) -> None:
    async with serving(postgres.url, send_seconds=1) as process:
        world = await postgres.world(process.server)
        subscriber = Subscriber(world.ada)
        async with following(subscriber), stalled(world.rita) as client:
            for number in range(12):
                await pushed(world, f"panel {number}", by=process, note="x" * 20_000)
            await eventually(lambda: any("does not read" in line for line in process.log()), within=20)
            answers = [json.loads(text)["payload"]["data"] async for text in lines_of(client)]
            expected = await all_received(postgres, world, subscriber)

    received = [data["interviewPanelChanges"]["cursor"] for data in answers]
    assert received == [row[0] for row in expected][: len(received)]
    assert (client.close_code, client.close_reason) == (4408, "TOO_SLOW")
    assert subscriber.connections == 1


async def lines_of(client: websockets.ClientConnection) -> AsyncIterator[str]:
    """All that a client still receives until it is closed."""
    with contextlib.suppress(websockets.ConnectionClosed):
        while True:
            yield str(await client.recv())


async def test_who_falls_a_buffer_behind_gets_the_cursor_to_resume_from_and_nobody_else_notices(
    postgres: PostgresDatabase, pair: tuple[Process, Process]
) -> None:
    async with serving(postgres.url, subscriber_buffer=20) as process:
        world = await postgres.world(process.server)
        subscriber, resumed = Subscriber(world.ada), Subscriber(world.rita)
        async with following(subscriber), stalled(world.rita) as client:
            for number in range(40):
                await pushed(world, f"panel {number}", by=process, note="x" * 20_000)
            messages = [json.loads(text) async for text in until_error(client)]
            expected = await all_received(postgres, world, subscriber)
            *delivered, error = messages
            [refusal] = error["payload"]
            resumed.cursor = refusal["extensions"]["cursor"]
            async with following(resumed):
                await resumed.until(expected[-1][0])

    received = [message["payload"]["data"]["interviewPanelChanges"]["cursor"] for message in delivered]
    assert refusal["extensions"]["code"] == "TOO_SLOW"
    assert received + [row[0] for row in resumed.received] == [row[0] for row in expected]
    assert 0 < len(resumed.received) < 40
    assert (subscriber.connections, resumed.connections) == (1, 1)


async def until_error(client: websockets.ClientConnection) -> AsyncIterator[str]:
    async for text in lines_of(client):
        yield text
        if json.loads(text)["type"] == "error":
            return
