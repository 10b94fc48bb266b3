"""GraphQL over HTTP to the letter: media types, status codes, what is read of a body, and who may ask from where."""

import asyncio
import json
import re
import time
from asyncio import FIRST_COMPLETED
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import orjson
import pytest

import application
import server
from tests.conftest import Set
from tests.processes import Installation, http_client, reference_clients, tool
from tests.world import CHANGES, World, in_hours

pytestmark = pytest.mark.once

JSON = "application/json"
GRAPHQL_JSON = "application/graphql-response+json"
EVENT_STREAM = "text/event-stream"
SCHEMA = "{ __typename }"
MUTATION = "mutation { setIntegrationEnabled(provider: GOODTIME, enabled: false) { errors { code } } }"

AUDIT = """
import { serverAudits } from "graphql-http";
for (const audit of serverAudits({ url: process.argv[1] })) {
  const { status, id, name, reason } = await audit.fn();
  console.log(JSON.stringify({ status, id, name, reason }));
}
"""


async def test_the_audit_of_graphql_http_finds_nothing(world: World) -> None:
    command = [tool("node"), "--input-type=module", "--eval", AUDIT, world.server.graphql]

    audit = await asyncio.create_subprocess_exec(*command, cwd=reference_clients(), stdout=asyncio.subprocess.PIPE)
    out, _ = await audit.communicate()

    found = [json.loads(line) for line in out.splitlines()]
    assert len(found) >= 60
    assert [each for each in found if each["status"] != "ok"] == []


@pytest.mark.parametrize(
    ("accept", "answered"),
    [
        (None, JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        (JSON, JSON),
        (GRAPHQL_JSON, GRAPHQL_JSON),
        (f"{GRAPHQL_JSON}, {JSON}", GRAPHQL_JSON),
        (f"{JSON}, {GRAPHQL_JSON}", GRAPHQL_JSON),
        (f"{GRAPHQL_JSON};q=0.5, {JSON};q=0.9", JSON),
        (f"{JSON}, text/plain, */*", JSON),
        (f"{GRAPHQL_JSON}, */*;q=0.1", GRAPHQL_JSON),
        (f"{GRAPHQL_JSON};q=0, */*", JSON),
        (f"{GRAPHQL_JSON}, application/graphql+json, {JSON}, {EVENT_STREAM}, multipart/mixed", GRAPHQL_JSON),
        (f"{JSON}; charset=utf-8", JSON),
        ("APPLICATION/JSON", JSON),
        (EVENT_STREAM, EVENT_STREAM),
    ],
)
async def test_the_answer_has_the_media_type_that_is_most_welcome(
    accept: str | None, answered: str, world: World
) -> None:
    headers = {} if accept is None else {"accept": accept}
    async with http_client() as client:
        del client.headers["accept"]
        response = await client.post(world.server.graphql, json={"query": SCHEMA}, headers=headers)

    assert response.status_code == 200
    assert response.headers["content-type"] == f"{answered}; charset=utf-8"


@pytest.mark.parametrize("accept", ["text/html", "image/*", f"{JSON};q=0", "nonsense", f"{JSON};q=0, text/xml"])
async def test_what_we_do_not_have_is_406(accept: str, world: World) -> None:
    response = await world.server.http.post(
        world.server.graphql, json={"query": SCHEMA}, headers={"accept": accept, **world.rita.headers}
    )

    assert response.status_code == 406
    assert GRAPHQL_JSON in response.json()["errors"][0]["message"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"query": "{"}, "GRAPHQL_PARSE_FAILED"),
        ({"query": ""}, "GRAPHQL_PARSE_FAILED"),
        ({"query": "{ nothing }"}, "GRAPHQL_VALIDATION_FAILED"),
        ({"query": "query ($a: Int!) { users(first: $a) { edges { cursor } } }"}, "BAD_USER_INPUT"),
        (
            {"query": "query ($a: Int) { users(first: $a) { edges { cursor } } }", "variables": {"a": "x"}},
            "BAD_USER_INPUT",
        ),
        ({"query": "query A { __typename } query B { __typename }"}, "BAD_USER_INPUT"),
        ({"query": "query A { __typename }", "operationName": "B"}, "BAD_USER_INPUT"),
        ({"query": "fragment A on Query { __typename }"}, "GRAPHQL_VALIDATION_FAILED"),
    ],
)
async def test_what_never_ran_is_400_without_data_to_those_who_know_the_newer_type(
    body: dict[str, Any], code: str, world: World
) -> None:
    for accept, status in ((GRAPHQL_JSON, 400), (JSON, 200)):
        headers = {"accept": accept, **world.rita.headers}
        response = await world.server.http.post(world.server.graphql, json=body, headers=headers)
        answer = response.json()
        assert response.status_code == status
        assert "data" not in answer
        assert {error["extensions"]["code"] for error in answer["errors"]} == {code}


async def test_what_ran_is_200_errors_and_all(world: World) -> None:
    body = {"query": "{ candidates(first: 1000) { totalCount } account { slug } }"}
    response = await world.server.http.post(
        world.server.graphql, json=body, headers={"accept": GRAPHQL_JSON, **world.rita.headers}
    )

    assert response.status_code == 200
    assert response.json()["data"] is None
    assert response.json()["errors"][0]["path"] == ["candidates"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"null",
        b'"{ __typename }"',
        b"[]",
        b'[{"query": "{ __typename }"}]',
        b"{}",
        b'{"query": null}',
        b'{"query": ["{ __typename }"]}',
        b'{"query": "{ __typename }", "variables": []}',
        b'{"query": "{ __typename }", "variables": "{}"}',
        b'{"query": "{ __typename }", "operationName": 1}',
        b'{"query": "{ __typename }", "extensions": []}',
        b'{"query": "{ __typename }", "variables": {"a": NaN}}',
        b'{"query": "{ __typename }", "variables": {"a": "\\ud800"}}',
        b"[" * 100_000,
    ],
)
async def test_what_is_no_request_is_400_whatever_is_accepted(body: bytes, world: World) -> None:
    for accept in (JSON, GRAPHQL_JSON, EVENT_STREAM):
        headers = {"content-type": JSON, "accept": accept, **world.rita.headers}
        response = await world.server.http.post(world.server.graphql, content=body, headers=headers)
        [error] = response.json()["errors"]
        assert response.status_code == 400
        assert error["extensions"]["code"] == "BAD_USER_INPUT"


@pytest.mark.parametrize(
    "kind",
    [
        None,
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/graphql",
        f"{JSON}; charset=latin-1",
        f"{JSON}x",
    ],
)
async def test_no_body_is_read_but_json(kind: str | None, world: World) -> None:
    headers = world.sam.headers | ({} if kind is None else {"content-type": kind})
    body = orjson.dumps({"query": MUTATION})
    response = await world.server.http.post(world.server.graphql, content=body, headers=headers)

    assert response.status_code == 415
    assert JSON in response.json()["errors"][0]["message"]
    assert await world.sam.ask("{ integration(provider: GOODTIME) { enabled } }") == {"integration": {"enabled": True}}


@pytest.mark.parametrize("kind", [JSON, f"{JSON};charset=UTF-8", 'Application/JSON; charset="utf-8"'])
async def test_json_is_utf_8(kind: str, world: World) -> None:
    body = '{"query": "{ __type(name: \\"Käse🧀\\") { name } }"}'.encode()
    response = await world.server.http.post(world.server.graphql, content=body, headers={"content-type": kind})

    assert response.json() == {"data": {"__type": None}}


async def test_a_query_may_come_by_get(world: World) -> None:
    parameters = {
        "query": "query A { __typename } query B($n: Int) { users(first: $n) { edges { node { role } } } }",
        "operationName": "B",
        "variables": '{"n": 1}',
        "extensions": "{}",
    }
    response = await world.server.http.get(world.server.graphql, params=parameters, headers=world.rita.headers)

    assert len(response.json()["data"]["users"]["edges"]) == 1
    assert response.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"query": SCHEMA, "variables": "{"},
        {"query": SCHEMA, "variables": "[]"},
        {"query": SCHEMA, "extensions": "1"},
    ],
)
async def test_a_bad_get_is_400(parameters: dict[str, str], world: World) -> None:
    response = await world.server.http.get(world.server.graphql, params=parameters, headers=world.rita.headers)

    assert response.status_code == 400


@pytest.mark.parametrize("accept", [JSON, GRAPHQL_JSON, EVENT_STREAM, "*/*"])
async def test_no_mutation_comes_by_get(accept: str, world: World) -> None:
    for method in ("GET", "HEAD"):
        response = await world.server.http.request(
            method, world.server.graphql, params={"query": MUTATION}, headers={"accept": accept, **world.sam.headers}
        )
        assert response.status_code == 405
        assert response.headers["allow"] == "POST"

    assert await world.sam.ask("{ integration(provider: GOODTIME) { enabled } }") == {"integration": {"enabled": True}}


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS"])
async def test_other_methods_are_405(method: str, world: World) -> None:
    response = await world.server.http.request(method, world.server.graphql, json={"query": SCHEMA})

    assert response.status_code == 405
    assert set(response.headers["allow"].split(", ")) == {"GET", "HEAD", "POST"}


@pytest.mark.parametrize("accept", [JSON, GRAPHQL_JSON, "*/*", "application/*"])
async def test_a_subscription_is_not_answered_but_over_a_stream(accept: str, world: World) -> None:
    body = {"query": "subscription { interviewPanelChanges { cursor } }"}
    headers = {"accept": accept, **world.rita.headers}
    response = await world.server.http.post(world.server.graphql, json=body, headers=headers)

    assert response.status_code == 400
    assert "text/event-stream" in response.json()["errors"][0]["message"]


Events = AsyncIterator[tuple[str, str]]


@asynccontextmanager
async def streamed(world: World, query: str, accept: str = EVENT_STREAM) -> AsyncIterator[Events]:
    """The events of an operation, as Rita gets them: each with its name and its data."""
    headers = {"accept": accept, **world.rita.headers}
    async with world.server.http.stream(
        "POST", world.server.graphql, json={"query": query}, headers=headers
    ) as response:
        assert response.headers["content-type"].startswith(EVENT_STREAM)

        async def events() -> Events:
            name = ""
            async for line in response.aiter_lines():
                if line.startswith("event: "):
                    name = line.removeprefix("event: ")
                elif line.startswith("data:"):
                    yield name, line.removeprefix("data:").strip()

        yield events()


async def test_a_subscription_is_streamed_as_it_happens(world: World) -> None:
    query = "subscription { interviewPanelChanges { kind panel { externalId } } }"
    urql_accepts = f"{GRAPHQL_JSON}, {JSON}, {EVENT_STREAM}, multipart/mixed"

    async with streamed(world, query, accept=urql_accepts) as events, asyncio.timeout(10):
        for name in ("one", "two"):
            began = time.monotonic()
            await world.goodtime.push(**world.a_panel(name))
            event, data = await anext(events)
            assert event == "next"
            assert json.loads(data)["data"]["interviewPanelChanges"]["panel"] == {"externalId": name}
            assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    ("query", "answered"),
    [
        (SCHEMA, {"data": {"__typename": "Query"}}),
        ("mutation { __typename }", {"data": {"__typename": "Mutation"}}),
    ],
)
async def test_any_operation_may_be_streamed(query: str, answered: dict[str, Any], world: World) -> None:
    async with streamed(world, query) as events:
        assert [(name, data and json.loads(data)) async for name, data in events] == [
            ("next", answered),
            ("complete", ""),
        ]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ('subscription { interviewPanelChanges(after: "x") { cursor } }', "BAD_USER_INPUT"),
    ],
)
async def test_what_is_wrong_is_told_in_the_stream(query: str, code: str, world: World) -> None:
    async with streamed(world, query) as events:
        [(_, told), completed] = [event async for event in events]

    assert json.loads(told)["errors"][0]["extensions"]["code"] == code
    assert completed == ("complete", "")


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
            said = (await reading).decode().lower()
            length = int(re.findall(r"content-length: (\d+)", said)[0])
            answer = json.loads(await reader.readexactly(length))
            try:
                closed = await reader.read() == b""
            except ConnectionError:
                closed = True
            return Reply(said, answer, sent, closed)
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
    ("its", "path"),
    [
        ({"note": "a\x00b"}, "variables.input.note"),
        ({"interviews": [{"subject": "\x00"}]}, "variables.input.interviews.0.subject"),
        ({"no\x00te": "x"}, "variables.input"),
    ],
)
async def test_a_nul_is_refused_with_its_path_and_nothing_is_written(
    its: dict[str, Any], path: str, world: World
) -> None:
    query = "mutation ($input: UpsertInterviewPanelInput!) { upsertInterviewPanel(input: $input) { outcome } }"

    answer = await world.goodtime.answer(query, input=world.a_panel(**its))

    [error] = answer["errors"]
    assert error["message"] == f"`{path}` must not contain the character NUL."
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert (await world.rita.ask(CHANGES))["interviewPanelChanges"]["edges"] == []


@pytest.mark.parametrize("nul", ["\x00", "\\u0000", "\\u{0}"])
async def test_a_nul_in_the_document_is_refused(nul: str, world: World) -> None:
    answer = await world.rita.answer(f'{{ candidate(externalId: "a{nul}") {{ id }} }}')

    assert "NUL" in answer["errors"][0]["message"]


async def test_variables_beyond_all_depth_are_refused(world: World) -> None:
    deep: Any = "bottom"
    for _ in range(400):
        deep = [deep]

    query = "query ($emails: [String!]) { users(emails: $emails) { edges { cursor } } }"
    assert await world.rita.refused(query, emails=deep) == "LIMIT_EXCEEDED"


async def test_only_listed_origins_may_read_from_a_browser(installation: Installation) -> None:
    origins = "https://ats.example, https://other.example"
    asked = {"access-control-request-method": "POST", "access-control-request-headers": "authorization,content-type"}
    async with (
        installation.running("serve", ALLOWED_ORIGINS=origins) as process,
        http_client() as client,
    ):
        allowed = await client.options(process.graphql, headers={"origin": "https://ats.example", **asked})
        refused = await client.options(process.graphql, headers={"origin": "https://evil.example", **asked})
        answer = await client.post(process.graphql, json={"query": SCHEMA}, headers={"origin": "https://ats.example"})
        stranger = await client.post(
            process.graphql, json={"query": SCHEMA}, headers={"origin": "https://evil.example"}
        )

    assert allowed.status_code == 200
    assert allowed.headers["access-control-allow-origin"] == "https://ats.example"
    assert {"authorization", "content-type"} <= set(allowed.headers["access-control-allow-headers"].lower().split(", "))
    assert refused.status_code == 400
    assert "access-control-allow-origin" not in refused.headers
    assert answer.headers["access-control-allow-origin"] == "https://ats.example"
    assert "Origin" in answer.headers["vary"]
    assert "access-control-allow-origin" not in stranger.headers
    assert "access-control-allow-credentials" not in allowed.headers


async def test_every_answer_carries_its_id_and_safe_headers(world: World) -> None:
    for path in ("/graphql", "/", "/console/app.js", "/healthz", "/readyz", "/nowhere", "/graphql?query={nothing}"):
        response = await world.server.http.get(f"{world.server.address}{path}", headers={"accept": "text/html, */*"})
        assert re.fullmatch(r"[0-9a-f]{32}", response.headers["x-request-id"])
        assert response.headers["x-content-type-options"] == "nosniff"
        assert response.headers["referrer-policy"] == "no-referrer"
        policy = response.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert "server" not in response.headers


async def test_a_request_keeps_the_id_that_a_proxy_gave_it(world: World) -> None:
    for given, kept in (("from-the-proxy-1", True), ("short", False), ("with blanks in it", False), ("x" * 65, False)):
        response = await world.server.http.get(f"{world.server.address}/healthz", headers={"x-request-id": given})
        assert (response.headers["x-request-id"] == given) is kept


def test_an_idle_connection_outlasts_the_minute_that_proxies_keep_it() -> None:
    assert server._config(application.Application).timeout_keep_alive > 60


async def test_what_is_not_there_is_404(world: World) -> None:
    response = await world.server.http.get(f"{world.server.address}/grapqhl")

    assert response.status_code == 404
    assert "/graphql" in response.json()["message"]


async def test_a_browser_that_looks_gets_the_explorer_and_a_program_the_api(world: World) -> None:
    as_browser = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}

    page = await world.server.http.get(world.server.graphql, headers=as_browser)
    program = await world.server.http.get(world.server.graphql, params={"query": SCHEMA}, headers=as_browser)

    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert program.json() == {"data": {"__typename": "Query"}}


async def test_the_probes_tell_alive_and_ready(world: World) -> None:
    alive = await world.server.http.get(f"{world.server.address}/healthz")
    ready = await world.server.http.get(f"{world.server.address}/readyz")

    assert (alive.status_code, alive.json()) == (200, {"status": "alive"})
    assert (ready.status_code, ready.json()) == (200, {"status": "ready"})


async def test_a_push_that_is_answered_by_json_is_the_same_by_the_newer_type(world: World) -> None:
    query = "mutation ($input: UpsertInterviewPanelInput!) { upsertInterviewPanel(input: $input) { outcome } }"
    body = {"query": query, "variables": {"input": world.a_panel(note=f"at {in_hours(1)}", sequence=1)}}

    answers = []
    for accept in (JSON, GRAPHQL_JSON):
        headers = {"accept": accept, **world.goodtime.headers}
        answers.append(await world.server.http.post(world.server.graphql, json=body, headers=headers))

    assert [it.json()["data"]["upsertInterviewPanel"]["outcome"] for it in answers] == ["CREATED", "UNCHANGED"]
