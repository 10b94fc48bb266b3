"""Spans for OpenTelemetry, where its packages (the extra `otel`) and an endpoint are there; otherwise nothing at all.

A span tells kinds, names of root fields, codes, counts and the request's id: no document, no variable, no text of an
exception, and nothing of who asked. Imports nothing of ours.
"""

import asyncio
import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

_log = logging.getLogger("callboard.traces")

_provider: Any = None
_tracer: Any = None


def start() -> None:
    """From now on spans go to OTEL_EXPORTER_OTLP_ENDPOINT, as OpenTelemetry's other variables say."""
    global _provider, _tracer
    if _provider is not None or not os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT"):
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        _log.warning("OTEL_EXPORTER_OTLP_ENDPOINT is set, but its packages are missing: install callboard[otel].")
        return
    name = os.environ.get("OTEL_SERVICE_NAME", "callboard")
    _provider = TracerProvider(resource=Resource.create({"service.name": name}))
    _provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    _tracer = _provider.get_tracer("callboard")


async def stop() -> None:
    """What is waiting is sent, as far as anybody takes it."""
    global _provider, _tracer
    provider, _provider, _tracer = _provider, None, None
    if provider is not None:
        await asyncio.to_thread(provider.shutdown)


class Span:
    """What is told of a piece of work; without OpenTelemetry nobody listens."""

    def __init__(self, span: Any = None) -> None:
        self._span = span

    def tell(self, **its: str | int | None) -> None:
        """Attributes of the span."""
        if self._span is not None:
            self._span.set_attributes({name: value for name, value in its.items() if value is not None})


_NOTHING = nullcontext(Span())


def span(name: str, headers: Mapping[str, str] | None = None) -> AbstractContextManager[Span]:
    """A piece of work, below the one that it is part of: here, or with `headers` where its caller says."""
    return _NOTHING if _tracer is None else _span(name, headers)


@contextmanager
def _span(name: str, headers: Mapping[str, str] | None) -> Iterator[Span]:
    from opentelemetry import propagate
    from opentelemetry.trace import SpanKind

    above = propagate.extract(headers) if headers is not None else None
    kind = SpanKind.INTERNAL if headers is None else SpanKind.SERVER
    # What an exception says is nobody's business.
    with _tracer.start_as_current_span(name, above, kind, record_exception=False, set_status_on_exception=False) as its:
        yield Span(its)
