"""Spans: requests and operations under OpenTelemetry's names, below the caller's own, and log lines that name them."""

import asyncio
import io
import json
import logging
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

import logs
import metrics
import traces
from application import version
from tests.processes import until
from tests.spans import collector, read_resource, read_spans
from tests.world import World

TRACE, ABOVE = "ab" * 16, "cd" * 8
HEADERS = {"traceparent": f"00-{TRACE}-{ABOVE}-01", "x-request-id": "a-request-of-the-test"}


class Lines:
    """What is logged, as JSON."""

    def __init__(self) -> None:
        self.text = io.StringIO()

    def of(self, event: str) -> list[dict[str, Any]]:
        lines = [json.loads(line) for line in self.text.getvalue().splitlines()]
        return [line for line in lines if line["event"] == event]


@pytest.fixture
def lines() -> Iterator[Lines]:
    lines, root = Lines(), logging.getLogger()
    handler, level = logging.StreamHandler(lines.text), root.level
    handler.setFormatter(logs.LineFormatter(for_people=False))
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield lines
    root.removeHandler(handler)
    root.setLevel(level)


class Traced:
    """The spans that were exported, once the block has ended."""

    def __init__(self) -> None:
        self.spans: list[Any] = []
        self.resource: dict[str, Any] = {}
        self.bytes = b""

    def one(self, name: str) -> Any:
        [span] = [span for span in self.spans if span.name == name]
        return span


@asynccontextmanager
async def tracing(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Traced]:
    pytest.importorskip("opentelemetry.sdk.trace")
    traced = Traced()
    async with collector() as (endpoint, received):
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "none")
        async with traces.exporting(version()):
            yield traced
    traced.spans, traced.bytes = list(read_spans(received)), b"".join(received)
    traced.resource = attributes(read_resource(received))


def attributes(span: Any) -> dict[str, Any]:
    return {each.key: each.value.string_value or each.value.int_value for each in span.attributes}


def ids(span: Any) -> dict[str, str]:
    return {"trace_id": span.trace_id.hex(), "span_id": span.span_id.hex(), "trace_flags": "01"}


def ids_of(line: dict[str, Any]) -> dict[str, Any]:
    return {name: line.get(name) for name in ("trace_id", "span_id", "trace_flags")}


async def test_without_an_endpoint_or_without_its_packages_nothing_is_traced(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delenv("OTEL_EXPORTER_OTLP_ENDPOINT", raising=False)
    async with traces.exporting(version()):
        assert not caplog.records

    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    async with traces.exporting(version()):
        assert [record.message for record in caplog.records] == [
            "OTEL_EXPORTER_OTLP_ENDPOINT is set, but its packages are missing: install callboard[otel]."
        ]
        with traces.below(HEADERS), traces.span("anything") as span, span.active():
            span.set({"callboard.statements": 1})
            span.rename("something")
            span.fail("FORBIDDEN")
            assert traces.active_ids() == {}


async def test_spans_have_opentelemetrys_names_and_are_below_the_callers_own(
    world: World, monkeypatch: pytest.MonkeyPatch, lines: Lines
) -> None:
    query = "query Colleagues($email: [String!]) { users(emails: $email) { edges { cursor } } }"
    body = {"query": query, "variables": {"email": [world.email("ivo")]}}
    async with tracing(monkeypatch) as traced:
        await world.server.http.post(world.server.graphql, json=body, headers=world.rita.headers | HEADERS)

    request, operation = traced.one("POST /graphql"), traced.one("query users")
    assert request.trace_id.hex() == operation.trace_id.hex() == TRACE
    assert request.parent_span_id.hex() == ABOVE
    assert operation.parent_span_id == request.span_id
    assert attributes(operation) == {
        "graphql.operation.type": "query",
        "graphql.operation.name": "Colleagues",
        "callboard.field": "users",
        "callboard.statements": 1,
        "callboard.request_id": "a-request-of-the-test",
    }
    assert attributes(request) == {
        "http.request.method": "POST",
        "http.route": "/graphql",
        "http.response.status_code": 200,
        "url.scheme": "http",
        "network.protocol.version": "1.1",
        "callboard.request_id": "a-request-of-the-test",
    }
    assert [span.status.code for span in (request, operation)] == [0, 0]
    assert traced.resource.items() >= {"service.name": "callboard", "service.version": version()}.items()
    assert not [word for word in ("Ivo", "ivo@", world.slug, "emails") if word.encode() in traced.bytes]
    assert [ids_of(line) for line in lines.of("operation")] == [ids(operation)]
    assert [ids_of(line) for line in lines.of("request")] == [ids(request)]


async def test_an_error_is_the_status_of_its_span_and_a_callers_fault_none_of_the_request(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with tracing(monkeypatch) as traced:
        await world.ivo.answer("{ stages { id } }")
        await world.server.http.request("PROPFIND", world.server.graphql)
        monkeypatch.setattr(metrics, "exposition", None)
        await world.server.http.get(f"{world.server.address}/metrics")

    operation = traced.one("query stages")
    assert (operation.status.code, attributes(operation)["error.type"]) == (2, "FORBIDDEN")
    assert operation.status.message == ""
    [refused] = [span for span in traced.spans if span.name.startswith("_OTHER")]
    assert attributes(refused)["http.response.status_code"] == 405
    assert refused.status.code == 0
    failed = traced.one("GET /metrics")
    assert (failed.status.code, attributes(failed)["error.type"]) == (2, "500")
    assert not any(span.events for span in traced.spans)


async def test_a_subscription_over_a_websocket_is_one_span_from_its_start_to_its_end(
    world: World, monkeypatch: pytest.MonkeyPatch, lines: Lines
) -> None:
    async with tracing(monkeypatch) as traced:
        async with world.rita.connected(additional_headers=HEADERS) as connection:
            following = await connection.follow()
            await world.goodtime.push(**world.a_panel())
            await following.next()
        await until(lambda: lines.of("websocket left"))

    followed, pushed = traced.one("subscription interviewPanelChanges"), traced.one("mutation upsertInterviewPanel")
    assert (followed.trace_id.hex(), followed.parent_span_id.hex()) == (TRACE, ABOVE)
    assert followed.start_time_unix_nano < pushed.start_time_unix_nano
    assert followed.end_time_unix_nano > pushed.end_time_unix_nano
    assert pushed.trace_id.hex() != TRACE
    assert attributes(followed)["graphql.operation.type"] == "subscription"
    assert followed.status.code == 0
    assert [ids_of(line) for line in lines.of("operation") if line["kind"] == "subscription"] == [ids(followed)]
    assert [line["trace_id"] for line in lines.of("websocket joined") + lines.of("websocket left")] == [TRACE, TRACE]


async def test_a_stream_of_events_is_a_span_below_its_request_and_what_ends_it_its_status(
    world: World, monkeypatch: pytest.MonkeyPatch, lines: Lines
) -> None:
    follow = "subscription ($after: String) { interviewPanelChanges(after: $after) { cursor } }"
    headers = world.rita.headers | HEADERS | {"accept": "text/event-stream"}
    async with tracing(monkeypatch) as traced:
        for cursor in (None, "nonsense"):
            body = {"query": follow, "variables": {"after": cursor}}
            async with world.server.http.stream("POST", world.server.graphql, json=body, headers=headers) as response:
                if cursor is None:
                    await asyncio.sleep(0.05)
                else:
                    await response.aread()
            await until(lambda cursor=cursor: len(lines.of("request")) == 1 + (cursor is not None))

    followed = [span for span in traced.spans if span.name == "subscription interviewPanelChanges"]
    requests = [span for span in traced.spans if span.name == "POST /graphql"]
    assert {span.parent_span_id for span in followed} == {span.span_id for span in requests}
    assert sorted(span.status.code for span in followed) == [0, 2]
    [failed] = [span for span in followed if span.status.code]
    assert attributes(failed)["error.type"] == "BAD_USER_INPUT"


async def test_log_lines_name_the_callers_trace_where_nothing_is_exported(world: World, lines: Lines) -> None:
    ask = {"query": "{ viewer { __typename } }"}
    for parent in (HEADERS["traceparent"], "00-" + "0" * 32 + f"-{ABOVE}-01", "nonsense"):
        await world.server.http.post(
            world.server.graphql, json=ask, headers=world.rita.headers | {"traceparent": parent}
        )

    assert [line.get("trace_id") for line in lines.of("operation")] == [TRACE, None, None]
    assert [line.get("trace_id") for line in lines.of("request")] == [TRACE, None, None]


async def test_a_name_that_is_set_counts(monkeypatch: pytest.MonkeyPatch, world: World) -> None:
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "service.name=hiring,deployment.environment.name=staging")
    async with tracing(monkeypatch) as traced:
        await world.rita.ask("{ viewer { __typename } }")

    assert traced.resource.items() >= {"service.name": "hiring", "deployment.environment.name": "staging"}.items()
