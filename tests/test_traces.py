"""Spans: the kind, the code and the counts of each operation, below the caller's own."""

import sys

import pytest

import traces
from tests.spans import collector, read_spans
from tests.world import World


async def test_without_an_endpoint_or_without_its_packages_nothing_is_traced(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delenv("OTEL_EXPORTER_OTLP_ENDPOINT", raising=False)
    async with traces.exporting():
        assert not caplog.records

    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    async with traces.exporting():
        assert [record.message for record in caplog.records] == [
            "OTEL_EXPORTER_OTLP_ENDPOINT is set, but its packages are missing: install callboard[otel]."
        ]
        with traces.span("anything", {"traceparent": "00-1-1-01"}) as span:
            span.set(outcome="OK")


async def test_spans_tell_the_kind_the_code_and_the_counts_below_the_callers_own(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("opentelemetry.sdk.trace")
    async with collector() as (endpoint, received):
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "none")
        above = f"00-{'ab' * 16}-{'cd' * 8}-01"
        body = {"query": "query ($email: [String!]) { users(emails: $email) { edges { cursor } } }"}
        headers = world.rita.headers | {"traceparent": above, "x-request-id": "a-request-of-the-test"}
        body |= {"variables": {"email": [world.email("ivo")]}}
        async with traces.exporting():
            await world.server.http.post(world.server.graphql, json=body, headers=headers)

    spans = list(read_spans(received))
    names = {span.name: span for span in spans}
    request, operation = names["request"], names["query users"]
    assert request.trace_id.hex() == operation.trace_id.hex() == "ab" * 16
    assert request.parent_span_id.hex() == "cd" * 8
    assert operation.parent_span_id == request.span_id
    attributes = {each.key: each.value.string_value or each.value.int_value for each in operation.attributes}
    assert attributes == {"request_id": "a-request-of-the-test", "outcome": "OK", "statements": 1}
    attributes = {each.key: each.value.string_value or each.value.int_value for each in request.attributes}
    assert attributes == {"request_id": "a-request-of-the-test", "method": "POST", "route": "/graphql", "status": 200}
    everything = b"".join(received)
    assert not [word for word in ("Ivo", "ivo@", world.slug, "emails") if word.encode() in everything]
