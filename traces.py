"""Spans for OpenTelemetry, where its packages (the extra `otel`) and an endpoint are there; otherwise nothing at all.

A span tells kinds, names of root fields, codes, counts and the request's id: no document, no variable, no text of an
exception, and nothing about who asked. Imports nothing of ours.
"""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager, nullcontext
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span as OpenTelemetrySpan
    from opentelemetry.trace import Tracer

_log = logging.getLogger("callboard.traces")

_tracer: "Tracer | None" = None


@asynccontextmanager
async def exporting() -> AsyncIterator[None]:
    """Send spans to OTEL_EXPORTER_OTLP_ENDPOINT, as OpenTelemetry's other variables say; in the end, all that wait."""
    global _tracer
    provider = _new_provider() if _tracer is None and os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT") else None
    if provider is None:
        yield
        return
    _tracer = provider.get_tracer("callboard")
    try:
        yield
    finally:
        _tracer = None
        await asyncio.to_thread(provider.shutdown)


def _new_provider() -> "TracerProvider | None":
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        _log.warning("OTEL_EXPORTER_OTLP_ENDPOINT is set, but its packages are missing: install callboard[otel].")
        return None
    name = os.environ.get("OTEL_SERVICE_NAME", "callboard")
    provider = TracerProvider(resource=Resource.create({"service.name": name}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider


class Span:
    """The span of a piece of work; without OpenTelemetry it does nothing."""

    def __init__(self, span: "OpenTelemetrySpan | None" = None) -> None:
        self._span = span

    def set(self, **attributes: str | int | None) -> None:
        """Set attributes of the span."""
        if self._span is not None:
            self._span.set_attributes({name: value for name, value in attributes.items() if value is not None})


_NOTHING = nullcontext(Span())


def span(name: str, headers: Mapping[str, str] | None = None) -> AbstractContextManager[Span]:
    """A piece of work, below the one that it is part of: here, or with `headers` where its caller says."""
    return _NOTHING if _tracer is None else _span(_tracer, name, headers)


@contextmanager
def _span(tracer: "Tracer", name: str, headers: Mapping[str, str] | None) -> Iterator[Span]:
    from opentelemetry import propagate
    from opentelemetry.trace import SpanKind

    above = propagate.extract(headers) if headers is not None else None
    kind = SpanKind.INTERNAL if headers is None else SpanKind.SERVER
    # What an exception says is nobody's business.
    with tracer.start_as_current_span(name, above, kind, record_exception=False, set_status_on_exception=False) as span:
        yield Span(span)
