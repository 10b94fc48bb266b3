"""Whatever anybody sends, however slowly: no 5xx, no traceback, no hang and no connection that is kept for nothing.

CALLBOARD_TEST_TIMES=20 tries twenty times as much of everything.
"""

import asyncio
import contextlib
import itertools
import json
import random
import re
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from graphql import (
    GraphQLArgument,
    GraphQLInputField,
    GraphQLInputObjectType,
    StringValueNode,
    Visitor,
    get_named_type,
    is_input_object_type,
    is_leaf_type,
    parse,
    print_ast,
    visit,
)
from hypothesis import given
from hypothesis import strategies as st
from hypothesis_graphql import nodes
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from schema import SCHEMA
from tests.budgets import examples
from tests.conftest import DATABASE_URL
from tests.processes import NO_CERTIFICATES, Installation, Process, until
from tests.world import FOLLOW, Person, Server, World

INSTANTS = [
    "0001-01-01T00:00:00Z",
    "0001-01-01T00:00:00+23:59",
    "0000-01-01T00:00:00Z",
    "9999-12-31T23:59:59.999999Z",
    "9999-12-31T23:59:59-23:59",
    "10000-01-01T00:00:00Z",
    "-2026-01-01T00:00:00Z",
    "2016-12-31T23:59:60Z",
    "2026-03-08T02:30:00-05:00",
    "2026-11-01T01:30:00-04:00",
    "2026-03-29T02:30:00+01:00",
    "2011-12-30T12:00:00-10:00",
    "1883-11-18T12:03:57-04:56",
    "2026-02-29T00:00:00Z",
    "2024-02-29T23:59:59+14:00",
    "2026-01-01T24:00:00Z",
    "2026-01-01T00:00:00+24:00",
    "2026-01-01T00:00:00",
    "2026-01-01 00:00:00Z",
    "20260101T000000Z",
    "2026-01-01T00:00:00.123456789Z",
    "1969-12-31T23:59:59Z",
    "2038-01-19T03:14:08Z",
    "now",
    "",
]
ZONES = ["America/New_York", "Pacific/Kiritimati", "Etc/GMT+12", "Europe/Dublin", "Africa/Monrovia", "UTC"]
TEXTS = [
    "",
    " ",
    "%_\\",
    "' OR 1=1 --",
    "\u202egnirts a",
    "\u200f\u2067\u05e9\u05dc\u05d5\u05dd\u2069",
    "\U0001f9d1\u200d\U0001f4bb",
    "e\u0301" * 200,
    "\ufeff\ufffe\uffff",
    "\u2028\u2029\x85",
    "\x7f\x1b[31m",
    "\t\r\n",
    "\udcff",
    "\ud800",
    "a\x00b",
    "x" * 900_000,
    "İıſß",
]


def body_of(query: str, **variables: Any) -> bytes:
    """A request in ASCII, so that half of a surrogate pair can be sent as well."""
    return json.dumps({"query": query, "variables": variables}).encode()


class Asker:
    """Somebody without an event loop: what makes things up runs in a thread of its own."""

    def __init__(self, address: str, person: Person) -> None:
        self._url = f"{address}/graphql"
        self._http = httpx.Client(
            headers={"content-type": "application/json", **person.headers}, timeout=30, verify=NO_CERTIFICATES
        )
        self.asked = 0

    def __enter__(self) -> "Asker":
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def ask(self, body: bytes) -> dict[str, Any]:
        """The answer. Fails where anything broke."""
        self.asked += 1
        began = time.monotonic()
        response = self._http.post(self._url, content=body)
        assert response.status_code in (200, 400, 413), (body[:2_000], response.text[:2_000])
        answer: dict[str, Any] = response.json()
        for error in answer.get("errors", []):
            assert error["extensions"]["code"] not in ("INTERNAL_SERVER_ERROR", "SERVICE_UNAVAILABLE"), (body, answer)
        assert time.monotonic() - began < 10, body[:2_000]
        return answer


async def tried(count: int, inputs: st.SearchStrategy[Any], check: Callable[[Any], None]) -> None:
    """Hold a check against so many made-up inputs, times CALLBOARD_TEST_TIMES."""

    @examples(count)
    @given(inputs)
    def held(its: Any) -> None:
        check(its)

    await asyncio.to_thread(held)


@pytest.fixture(scope="module")
async def served(migrated: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Process]:
    """A server in a process of its own, whose log is clean in the end."""
    installation = Installation(tmp_path_factory.mktemp("served"), DATABASE_URL)
    async with installation.running("serve") as process:
        yield process
        assert complaints(process) == []


@pytest.fixture(scope="module")
async def impatient(migrated: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Process]:
    """A server that waits a second for everything."""
    soon = dict.fromkeys(("REQUEST_SECONDS", "SEND_SECONDS", "KEEP_ALIVE_SECONDS", "WEBSOCKET_INIT_SECONDS"), "1")
    installation = Installation(tmp_path_factory.mktemp("impatient"), DATABASE_URL, soon)
    async with installation.running("serve") as process:
        yield process
        assert complaints(process) == []


def complaints(process: Process) -> list[dict[str, Any]]:
    """What the log has beside the news; what is no HTTP at all may be complained about."""
    expected = "Invalid HTTP request received."
    return [line for line in process.logged if line["level"] != "info" and line["event"] != expected]


SCALARS = {
    "DateTime": st.sampled_from(INSTANTS),
    "TimeZone": st.sampled_from([*ZONES, "Mars/Olympus", "../../etc/passwd", ""]),
    "URL": st.sampled_from(["https://a.example/", "javascript:alert(1)", "http://[", "https://ü.example/%zz", ""]),
}
for _name, _values in SCALARS.items():
    schemathesis.graphql.scalar(_name, _values.map(nodes.String))


class _Known(Visitor):
    """Puts ids that exist, and cursors, where some text stands for one."""

    def __init__(self, ids: list[str], chance: random.Random) -> None:
        super().__init__()
        self.ids, self.chance = ids, chance

    def enter_string_value(self, node: StringValueNode, key: Any, parent: Any, path: Any, ancestors: list[Any]) -> Any:
        [name, *_] = [its.name.value for its in (parent, *reversed(ancestors)) if getattr(its, "name", None)]
        if name.lower().endswith(("id", "ids", "email", "emails", "after")) and self.chance.random() < 0.8:
            return StringValueNode(value=self.chance.choice(self.ids))
        return None


@pytest.mark.parametrize("who", ["sam", "goodtime", "leo", "ivo", "nobody"])
async def test_what_schemathesis_makes_up_from_the_live_schema_breaks_nothing(
    served: Process, world: World, who: str
) -> None:
    await world.goodtime.push(**world.a_panel("panel"))
    ids = await known_ids(world)
    found = await asyncio.to_thread(schemathesis.graphql.from_url, served.graphql)
    made_up = st.one_of([operation.ok().as_strategy() for operation in found.get_all_operations()])
    with Asker(served.address, getattr(world, who)) as asker:

        def check(drawn: tuple[Any, int]) -> None:
            case, seed = drawn
            document = visit(parse(case.body), _Known(ids, random.Random(seed)))
            asker.ask(body_of(print_ast(document)))

        await tried(40, st.tuples(made_up, st.integers(0, 2**32)), check)


async def known_ids(world: World) -> list[str]:
    """Ids of everything, external ids, emails and a cursor."""
    panel = await world.rita.panel(externalId="panel")
    assert panel is not None
    forms = [seat["feedbackForm"] for its in panel["interviews"] for seat in its["interviewers"]]
    ids = [panel["id"], *(its["id"] for its in panel["interviews"]), *(form["id"] for form in forms if form)]
    ids += [*world.candidates.values(), *world.stages.values(), *world.templates.values()]
    ids += [world.ivo.id, world.account.id]
    return [*ids, "panel", "one", "carla", world.email("ivo"), str(await world.rita.account_head())]


def given_to_queries(*kinds: str) -> Iterator[str]:
    """For every argument, and every field of an input, of these types: a query that is given it as `$it`."""
    query = SCHEMA._schema.query_type
    assert query is not None
    for name, root in query.fields.items():
        below = "" if is_leaf_type(get_named_type(root.type)) else "{__typename}"
        others = {other: its for other, its in root.args.items() if _required(its)}
        for argument, its in root.args.items():
            fixed = "".join(f'{other}:"x" ' for other in others if other != argument)
            if (kind := get_named_type(its.type)).name in kinds:
                yield f"query($it:{its.type}){{{name}({fixed}{argument}:$it){below}}}"
            elif isinstance(kind, GraphQLInputObjectType):
                for field, of in kind.fields.items():
                    if get_named_type(of.type).name in kinds:
                        yield f"query($it:{of.type}){{{name}({fixed}{argument}:{{{field}:$it}}){below}}}"


def _required(its: GraphQLArgument | GraphQLInputField) -> bool:
    return str(its.type).endswith("!") and not is_input_object_type(get_named_type(its.type))


async def test_every_text_is_found_or_not_found_or_refused(served: Process, world: World) -> None:
    queries = list(given_to_queries("String", "ID"))

    def ask() -> None:
        for query, text in itertools.product(queries, TEXTS):
            asker.ask(body_of(query, it=[text] if "[" in query.partition(")")[0] else text))

    with Asker(served.address, world.sam) as asker:
        await asyncio.to_thread(ask)
    assert len(queries) > 20


async def test_every_time_is_understood_or_refused(served: Process, world: World) -> None:
    queries = list(given_to_queries("DateTime"))

    def ask() -> None:
        for query, instant in itertools.product(queries, INSTANTS):
            answer = asker.ask(body_of(query, it=instant))
            assert "data" in answer or answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"

    with Asker(served.address, world.sam) as asker:
        await asyncio.to_thread(ask)
    assert len(queries) > 4


READ = """{ interviewPanels(first: 100, filter: {includeCanceled: true}) { edges { node {
  externalId status startsAt endsAt interviews { startsAt endsAt durationMinutes timezone calendarInvite } } } } }"""


async def test_a_panel_at_any_time_in_any_zone_that_is_taken_can_be_read(served: Process, world: World) -> None:
    push = "mutation($input:UpsertInterviewPanelInput!){upsertInterviewPanel(input:$input){panel{id} errors{path}}}"

    def act() -> None:
        taken = 0
        for number, (instant, zone) in enumerate(itertools.product(INSTANTS, ZONES)):
            interview = world.an_interview(startsAt=instant, durationMinutes=1_440)
            answer = scheduler.ask(body_of(push, input=world.a_panel(str(number), interview, timezone=zone)))
            taken += "data" in answer and answer["data"]["upsertInterviewPanel"]["panel"] is not None
        read = reader.ask(body_of(READ))
        assert "errors" not in read
        assert len(read["data"]["interviewPanels"]["edges"]) == taken
        assert taken > len(ZONES) * 5

    with Asker(served.address, world.goodtime) as scheduler, Asker(served.address, world.rita) as reader:
        await asyncio.to_thread(act)


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
                pings = 1 + sum(isinstance(it, dict) and it.get("type") == "ping" for it in messages)
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
    "nothing at all": (b"", b""),
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
