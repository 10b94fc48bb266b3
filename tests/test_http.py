"""GraphQL over HTTP to the letter: media types, status codes, methods, and who may ask from where."""

import asyncio
import json
import re
from typing import Any

import orjson
import pytest

import application
import serving
from tests.media_types import EVENT_STREAM, GRAPHQL_JSON, JSON, SCHEMA
from tests.processes import Installation, http_client, reference_clients, tool
from tests.world import World, in_hours

pytestmark = pytest.mark.once

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

    audits = [json.loads(line) for line in out.splitlines()]
    assert len(audits) >= 60
    assert [each for each in audits if each["status"] != "ok"] == []


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


async def test_a_longer_accept_header_than_any_clients_is_not_read(world: World) -> None:
    accept = ",".join(["text/html;q=0.5"] * 3_000)

    response = await world.server.http.post(
        world.server.graphql, json={"query": SCHEMA}, headers={"accept": accept, **world.rita.headers}
    )

    assert (response.status_code, response.headers["content-type"].partition(";")[0]) == (200, JSON)


async def test_an_accept_header_in_several_lines_is_one_list(world: World) -> None:
    headers = [("accept", "text/html"), ("accept", JSON), *world.rita.headers.items()]

    response = await world.server.http.post(world.server.graphql, json={"query": SCHEMA}, headers=headers)

    assert (response.status_code, response.headers["content-type"].partition(";")[0]) == (200, JSON)


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


@pytest.mark.parametrize("accept", [JSON, GRAPHQL_JSON, "*/*", "application/*"])
async def test_a_subscription_is_not_answered_but_over_a_stream(accept: str, world: World) -> None:
    body = {"query": "subscription { interviewPanelChanges { cursor } }"}
    headers = {"accept": accept, **world.rita.headers}
    response = await world.server.http.post(world.server.graphql, json=body, headers=headers)

    assert response.status_code == 400
    assert "text/event-stream" in response.json()["errors"][0]["message"]


async def test_only_listed_origins_may_read_from_a_browser(installation: Installation) -> None:
    origins = "https://ats.example, https://other.example"
    sent = "apollographql-client-name,authorization,baggage,content-type,sentry-trace,traceparent,x-team"
    asked = {"access-control-request-method": "POST", "access-control-request-headers": sent}
    async with (
        installation.running("serve", ALLOWED_ORIGINS=origins, ALLOWED_HEADERS="X-Team") as process,
        http_client() as client,
    ):
        allowed = await client.options(process.graphql, headers={"origin": "https://ats.example", **asked})
        refused = await client.options(process.graphql, headers={"origin": "https://evil.example", **asked})
        answer = await client.post(process.graphql, json={"query": SCHEMA}, headers={"origin": "https://ats.example"})
        asked["access-control-request-headers"] = "x-other"
        other = await client.options(process.graphql, headers={"origin": "https://ats.example", **asked})
        stranger = await client.post(
            process.graphql, json={"query": SCHEMA}, headers={"origin": "https://evil.example"}
        )

    assert allowed.status_code == 200
    assert allowed.headers["access-control-allow-origin"] == "https://ats.example"
    assert set(sent.split(",")) <= set(allowed.headers["access-control-allow-headers"].lower().split(", "))
    assert other.status_code == 400
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
    for sent, kept in (("from-the-proxy-1", True), ("short", False), ("with blanks in it", False), ("x" * 65, False)):
        response = await world.server.http.get(f"{world.server.address}/healthz", headers={"x-request-id": sent})
        assert (response.headers["x-request-id"] == sent) is kept


def test_an_idle_connection_outlasts_the_minute_that_proxies_keep_it() -> None:
    assert serving.config(application.Application).timeout_keep_alive > 60


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

    assert [response.json()["data"]["upsertInterviewPanel"]["outcome"] for response in answers] == [
        "CREATED",
        "UNCHANGED",
    ]
