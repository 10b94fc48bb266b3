"""Whatever anybody sends, however slowly: no traceback, no hang and no connection that is kept for nothing.

CALLBOARD_TEST_TIMES=20 tries twenty times as much of everything.
"""

import asyncio
import contextlib
import json
import re
import socket
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.fuzzing import body_of, serving, tried
from tests.people import FOLLOW, Person, Server
from tests.processes import Process, until
from tests.world import World

pytestmark = pytest.mark.once


@pytest.fixture(scope="module")
async def served(migrated: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Process]:
    async with serving(tmp_path_factory.mktemp("served")) as process:
        yield process


@pytest.fixture(scope="module")
async def impatient(migrated: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Process]:
    """A server that waits a second for everything."""
    soon = dict.fromkeys(("REQUEST_SECONDS", "SEND_SECONDS", "KEEP_ALIVE_SECONDS", "WEBSOCKET_INIT_SECONDS"), "1")
    async with serving(tmp_path_factory.mktemp("impatient"), soon) as process:
        yield process


JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda within: st.lists(within, max_size=3) | st.dictionaries(st.text(max_size=10), within, max_size=3),
    max_leaves=10,
)

QUERIES = [
    "{account{id}}",
    "{nothing}",
    "{",
    FOLLOW,
    "mutation{revokeApiKey(id:1){errors{code}}}",
    "query($a:ID!){node(id:$a){id}}",
]

PAYLOADS = st.fixed_dictionaries(
    {"query": st.sampled_from(QUERIES)}, optional={"variables": JSONS, "operationName": JSONS, "extensions": JSONS}
)

KINDS = st.sampled_from(["subscribe", "complete", "next", "error"])

SUBSCRIBES = st.fixed_dictionaries({"type": st.just("subscribe"), "id": st.sampled_from("123"), "payload": PAYLOADS})

COMPLETES = st.fixed_dictionaries({"type": st.just("complete"), "id": st.sampled_from("123")})

OTHERS = st.sampled_from([{"type": "ping"}, {"type": "pong", "payload": {}}, {"type": "connection_init"}])

WRONG = st.fixed_dictionaries({"type": KINDS}, optional={"id": JSONS, "payload": JSONS}) | JSONS

MESSAGES = SUBSCRIBES | COMPLETES | OTHERS | WRONG


async def test_any_messages_in_any_order_are_answered_or_close_the_socket_with_a_code(
    served: Process, world: World
) -> None:
    hello = {"type": "connection_init", "payload": {"Authorization": world.rita.authorization}}
    url = served.graphql.replace("http", "ws", 1)

    def check(drawn: tuple[bool, list[Any]]) -> None:
        greeted, messages = drawn
        code = None
        with connect(url, subprotocols=["graphql-transport-ws"], open_timeout=30) as line:  # type: ignore[list-item]
            try:
                for message in [*([hello] if greeted else []), *messages, {"type": "ping", "payload": "last"}]:
                    line.send(json.dumps(message))
                pings = 1 + sum(isinstance(message, dict) and message.get("type") == "ping" for message in messages)
                while pings:
                    pings -= json.loads(line.recv(timeout=20))["type"] == "pong"
            except ConnectionClosed as closed:
                code = closed.rcvd.code if closed.rcvd else "no goodbye"
        assert code in (None, 4400, 4401, 4403, 4409, 4429), messages

    await tried(60, st.tuples(st.booleans(), st.lists(MESSAGES, max_size=8)), check)


PIECES = [
    b"POST /graphql HTTP/1.1\r\n",
    b"GET / HTTP/1.1\r\n",
    b"GET /graphql?query=%7B HTTP/1.1\r\n",
    b"PRI * HTTP/2.0\r\n",
    b"host: x\r\n",
    b"content-length: 10\r\n",
    b"content-length: -1\r\n",
    b"content-length: 99999999999999999999\r\n",
    b"transfer-encoding: chunked\r\n",
    b"content-type: application/json\r\n",
    b"expect: 100-continue\r\n",
    b"connection: upgrade\r\nupgrade: websocket\r\n",
    b"sec-websocket-key: x\r\n",
    b"\r\n",
    b"5\r\nabcde\r\n",
    b"zz\r\n",
    b"0\r\n\r\n",
    b'{"query":"{',
    b"\x00\xff\x16\x03\x01",
    b"x: " + b"y" * 100_000 + b"\r\n",
]


async def test_after_any_bytes_the_connection_is_closed_or_takes_the_next_request(impatient: Process) -> None:
    port = int(impatient.address.rpartition(":")[2])

    def check(sent: list[bytes]) -> None:
        longer_than_it_waits = 4
        with (
            socket.create_connection(("127.0.0.1", port), timeout=longer_than_it_waits) as line,
            contextlib.suppress(ConnectionError),
        ):
            for piece in sent:
                line.sendall(piece)
            began = time.monotonic()
            try:
                while line.recv(65_536):
                    assert time.monotonic() - began < 30, "the connection is let go of"
            except TimeoutError:
                line.sendall(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n")
                assert line.recv(65_536).startswith(b"HTTP/1.1 200 ")

    await asyncio.to_thread(check, [b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"])
    await tried(40, st.lists(st.sampled_from(PIECES) | st.binary(max_size=20), max_size=8), check)


HEAD = b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"

#: What is sent at once, and then again and again.
SLOW = {
    "half a head": (HEAD, b""),
    "a head without end, a bit at a time": (HEAD, b"x: y\r\n"),
    "one header without end, a bit at a time": (HEAD + b"x: ", b"y"),
    "empty lines": (b"", b"\r\n"),
    "half a body": (HEAD + b"content-length: 100\r\n\r\n{", b""),
    "a body, a bit at a time": (HEAD + b"content-length: 100000\r\n\r\n", b" "),
    "chunks without end, a bit at a time": (HEAD + b"transfer-encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    "half a second request": (b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\nGET /hea", b"l"),
    "half a handshake": (b"GET /graphql HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\n", b""),
    "a handshake and no word": (
        b"GET /graphql HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
        b"sec-websocket-version: 13\r\n"
        b"sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-protocol: graphql-transport-ws\r\n\r\n",
        b"",
    ),
}


@pytest.mark.parametrize("how", SLOW)
async def test_whoever_is_too_slow_is_let_go_of_and_nobody_else_notices(
    impatient: Process, world: World, how: str
) -> None:
    at_once, again = SLOW[how]
    port = int(impatient.address.rpartition(":")[2])

    async def slow() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(at_once)
        ended = asyncio.ensure_future(reader.read())
        with contextlib.suppress(ConnectionError):
            while not ended.done():
                writer.write(again)
                await asyncio.wait([ended], timeout=0.05)
            await ended
        writer.close()

    async with Server(impatient.address) as server:
        async with asyncio.timeout(30):
            slowly = asyncio.gather(*(slow() for _ in range(20)))
            while not slowly.done():
                assert await Person(server, world.rita.authorization).ask("{account{name}}")
                await asyncio.wait([slowly], timeout=0.1)
            await slowly


async def test_a_head_of_any_size_is_not_taken(impatient: Process) -> None:
    port = int(impatient.address.rpartition(":")[2])
    for flood in (b"x: y\r\n" * 10_000, b"y" * 60_000):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(HEAD + b"x: ")
        with contextlib.suppress(ConnectionError):
            async with asyncio.timeout(30):
                for _ in range(1_000):
                    writer.write(flood)
                    await writer.drain()
                pytest.fail("60 MB of a head were taken")
        with contextlib.suppress(ConnectionError):
            assert (await reader.read()).startswith(b"HTTP/1.1 400")
        writer.close()


@pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
async def test_whoever_does_not_read_their_answers_is_let_go_of(impatient: Process, world: World, accept: str) -> None:
    for number in range(3):
        await world.goodtime.push(**world.a_panel(str(number), note="x" * 20_000))
    body = body_of("{" + "".join(f"a{n}:interviewPanels{{edges{{node{{note id}}}}}}" for n in range(20)) + "}")
    head = f"authorization: {world.rita.authorization}\r\naccept: {accept}\r\ncontent-length: {len(body)}\r\n\r\n"
    port = int(impatient.address.rpartition(":")[2])
    line = socket.socket()
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    line.connect(("127.0.0.1", port))
    line.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_sendall(line, HEAD + head.encode() + body)

    def gone() -> bool:
        ends = rf":{port:04X} 0100007F:{line.getsockname()[1]:04X} 01"
        return not re.search(ends, Path("/proc/net/tcp").read_text())

    await until(gone, 30)
    line.close()
