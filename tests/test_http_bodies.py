"""What is read of the body of a request: its size, its pace, and what no text may have in it."""

import asyncio
import json
import re
from asyncio import FIRST_COMPLETED
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.conftest import Set
from tests.media_types import JSON, SCHEMA
from tests.people import CHANGES
from tests.world import World

pytestmark = pytest.mark.once


@dataclass(frozen=True)
class Reply:
    """What the server has answered to a request that was cut into pieces."""

    head: str
    answer: dict[str, Any]
    #: The bytes that were sent before the answer came.
    sent: int
    #: Whether the server has then closed the connection.
    closed: bool


async def exchanged(address: str, *pieces: bytes) -> Reply:
    """Send one piece after the other until the answer comes."""
    reader, writer = await asyncio.open_connection(urlsplit(address).hostname, urlsplit(address).port)
    sent = 0
    reading = asyncio.create_task(reader.readuntil(b"\r\n\r\n"))
    try:
        async with asyncio.timeout(10):
            for piece in pieces:
                if reading.done():
                    break
                writer.write(piece)
                await asyncio.wait({reading, asyncio.create_task(writer.drain())}, return_when=FIRST_COMPLETED)
                sent += len(piece)
            head = (await reading).decode().lower()
            length = int(re.findall(r"content-length: (\d+)", head)[0])
            answer = json.loads(await reader.readexactly(length))
            try:
                closed = await reader.read() == b""
            except ConnectionError:
                closed = True
            return Reply(head, answer, sent, closed)
    finally:
        writer.transport.abort()


def head(*headers: str) -> bytes:
    return "\r\n".join(["POST /graphql HTTP/1.1", "Host: test", f"Content-Type: {JSON}", *headers, "", ""]).encode()


async def test_a_body_announced_beyond_the_limit_is_413_unread(world: World) -> None:
    reply = await exchanged(world.server.address, head("Content-Length: 10000000000"))

    assert reply.head.startswith("http/1.1 413 ")
    assert reply.closed
    assert reply.answer["errors"] == [
        {
            "message": "The body is larger than 1,000,000 bytes.",
            "extensions": {"code": "LIMIT_EXCEEDED", "limit": 1_000_000},
        }
    ]


async def test_a_body_in_chunks_is_read_no_further_than_the_limit(world: World) -> None:
    chunk = b"10000\r\n" + b" " * 65_536 + b"\r\n"

    reply = await exchanged(world.server.address, head("Transfer-Encoding: chunked"), *[chunk] * 1_000)

    assert reply.head.startswith("http/1.1 413 ")
    assert reply.closed
    # What the kernels on both sides hold is read by nobody.
    assert reply.sent < 20_000_000


@pytest.mark.parametrize("size", [1_000_001, 1_500_000])
async def test_a_client_that_sends_all_before_it_listens_gets_the_413(size: int, world: World) -> None:
    for content in (b" " * size, _pieces(size)):
        response = await world.server.http.post(
            world.server.graphql, content=content, headers={"content-type": JSON, **world.rita.headers}
        )
        assert response.status_code == 413


async def _pieces(size: int) -> AsyncIterator[bytes]:
    for _ in range(size // 10_000 + 1):
        yield b" " * 10_000


async def test_a_body_of_just_the_limit_is_read(world: World, limited: Set) -> None:
    limited(max_body_bytes=1_000)
    body = b'{"query": "{ __typename }"}'
    headers = {"content-type": JSON}

    within = await world.server.http.post(world.server.graphql, content=body.ljust(1_000), headers=headers)
    beyond = await world.server.http.post(world.server.graphql, content=body.ljust(1_001), headers=headers)

    assert (within.status_code, beyond.status_code) == (200, 413)


async def test_a_body_that_does_not_come_is_408(world: World, limited: Set) -> None:
    limited(request_seconds=0.2)

    reply = await exchanged(world.server.address, head("Content-Length: 100"), b'{"query": ')

    assert reply.head.startswith("http/1.1 408 ")
    assert reply.closed
    assert reply.answer["errors"][0]["extensions"] == {"code": "LIMIT_EXCEEDED", "limit": 0.2}


async def test_a_client_that_goes_away_in_its_body_harms_nobody(world: World) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", urlsplit(world.server.address).port)
    writer.write(head("Content-Length: 100") + b'{"query": ')
    await writer.drain()
    writer.transport.abort()

    assert await world.rita.ask(SCHEMA) == {"__typename": "Query"}


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"note": "a\x00b"}, "variables.input.note"),
        ({"interviews": [{"subject": "\x00"}]}, "variables.input.interviews.0.subject"),
        ({"no\x00te": "x"}, "variables.input"),
    ],
)
async def test_a_nul_is_refused_with_its_path_and_nothing_is_written(
    fields: dict[str, Any], path: str, world: World
) -> None:
    query = "mutation ($input: UpsertInterviewPanelInput!) { upsertInterviewPanel(input: $input) { outcome } }"

    answer = await world.goodtime.answer(query, input=world.a_panel(**fields))

    [error] = answer["errors"]
    assert error["message"] == f"`{path}` must not contain the character NUL."
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert (await world.rita.ask(CHANGES))["interviewPanelChanges"]["edges"] == []


async def test_a_nul_behind_many_elements_under_a_long_name_is_found_and_the_path_is_cut(world: World) -> None:
    name = "q" * 300_000

    answer = await world.rita.answer("{ stages { id } }", **{name: [*[0] * 100_000, "a\x00b"]})

    [error] = answer["errors"]
    assert error["message"] == f"`variables.{'q' * 490}` must not contain the character NUL."


@pytest.mark.parametrize("nul", ["\x00", "\\u0000", "\\u{0}"])
async def test_a_nul_in_the_document_is_refused(nul: str, world: World) -> None:
    answer = await world.rita.answer(f'{{ candidate(externalId: "a{nul}") {{ id }} }}')

    assert "NUL" in answer["errors"][0]["message"]


async def test_variables_beyond_all_depth_are_refused(world: World) -> None:
    deep: Any = "bottom"
    for _ in range(400):
        deep = [deep]

    query = "query ($emails: [String!]) { users(emails: $emails) { edges { cursor } } }"
    assert await world.rita.error_code(query, emails=deep) == "LIMIT_EXCEEDED"
