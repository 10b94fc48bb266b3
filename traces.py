"""Spans for OpenTelemetry, where its packages (the extra `otel`) and an endpoint are there; otherwise nothing at all.

Attributes have the names of OpenTelemetry's semantic conventions, or begin with `callboard.`. They are kinds, names of
root fields and operations, codes, counts and the request's id: no document, no variable, no path, which may hold the
secret of a calendar, no text of an exception, and nothing about who asked. Imports nothing of ours.
"""

import asyncio
import logging
import os
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager, nullcontext
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span as OpenTelemetrySpan
    from opentelemetry.trace import Tracer

_log = logging.getLogger("callboard.traces")

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")

#: W3C Trace Context, 3.2: version, trace, parent and flags; of a later version there may be more.
_TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}(-.*)?")

_tracer: "Tracer | None" = None


@asynccontextmanager
async def exporting(version: str) -> AsyncIterator[None]:
    """Send spans to OTEL_EXPORTER_OTLP_ENDPOINT, as OpenTelemetry's other variables say; in the end, all that wait."""
    global _tracer
    provider = _new_provider(version) if _tracer is None and any(map(os.environ.get, _ENDPOINTS)) else None
    if provider is None:
        yield
        return
    _tracer = provider.get_tracer("callboard", version)
    try:
        yield
    finally:
        _tracer = None
        await asyncio.to_thread(provider.shutdown)


def _new_provider(version: str) -> "TracerProvider | None":
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        _log.warning("OTEL_EXPORTER_OTLP_ENDPOINT is set, but its packages are missing: install callboard[otel].")
        return None
    provider = TracerProvider(resource=_resource(version))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider


def _resource(version: str) -> "Resource":
    """Who sends the spans: `callboard`, where neither OTEL_SERVICE_NAME nor OTEL_RESOURCE_ATTRIBUTES names it."""
    from opentelemetry.sdk.resources import Resource

    resource = Resource.create({"service.version": version})
    is_named = not str(resource.attributes["service.name"]).startswith("unknown_service")
    return resource if is_named else resource.merge(Resource({"service.name": "callboard"}))


class Span:
    """The span of a piece of work; without OpenTelemetry it does nothing."""

    def __init__(self, span: "OpenTelemetrySpan | None" = None) -> None:
        self._span = span
        self._has_failed = False

    def set(self, attributes: Mapping[str, str | int | None]) -> None:
        """Set attributes, but for those that are None."""
        if self._span is not None:
            self._span.set_attributes({name: value for name, value in attributes.items() if value is not None})

    def rename(self, name: str) -> None:
        """Set the name, where it is known only later."""
        if self._span is not None:
            self._span.update_name(name)

    def fail(self, error_type: str) -> None:
        """Set the status to an error of that type. What was said first stays."""
        if self._span is None or self._has_failed:
            return
        from opentelemetry.trace import StatusCode

        self._has_failed = True
        self._span.set_status(StatusCode.ERROR)
        self._span.set_attribute("error.type", error_type)

    def active(self) -> AbstractContextManager[object]:
        """Inside the block, spans that begin are below this one, and log lines have its ids."""
        if self._span is None:
            return nullcontext()
        from opentelemetry.trace import use_span

        # What an exception says is nobody's business.
        return use_span(self._span, record_exception=False, set_status_on_exception=False)

    def end(self) -> None:
        """The work is done."""
        if self._span is not None:
            self._span.end()


_NOTHING = nullcontext(Span())


def start(name: str) -> Span:
    """The span of work that ends by `end()`, below the one that is active. It is not active itself."""
    if _tracer is None:
        return Span()
    from opentelemetry.trace import SpanKind

    return Span(_tracer.start_span(name, kind=SpanKind.SERVER))


def span(name: str) -> AbstractContextManager[Span]:
    """A piece of work, below the one that it is part of, active inside the block. What it raises is its error."""
    return _NOTHING if _tracer is None else _span(name)


@contextmanager
def _span(name: str) -> Iterator[Span]:
    span = start(name)
    with span.active():
        try:
            yield span
        except BaseException as error:
            span.fail(type(error).__qualname__)
            raise
        finally:
            span.end()


def below(headers: Mapping[str, str]) -> AbstractContextManager[object]:
    """Inside the block, spans are below the caller's own, as its headers say."""
    return nullcontext() if _tracer is None else _below(headers)


@contextmanager
def _below(headers: Mapping[str, str]) -> Iterator[None]:
    from opentelemetry import context, propagate

    token = context.attach(propagate.extract(headers))
    try:
        yield
    finally:
        context.detach(token)


def callers_ids(headers: Mapping[str, str]) -> dict[str, str]:
    """The id of the trace that the caller's `traceparent` names, for log lines; it needs no OpenTelemetry here."""
    traceparent = _TRACEPARENT.fullmatch(headers.get("traceparent", ""))
    return {"trace_id": traceparent[1]} if traceparent else {}


def active_ids() -> dict[str, str]:
    """The ids of the span that is active, under the names that OpenTelemetry has for them in logs; or none."""
    if _tracer is None:
        return {}
    from opentelemetry.trace import get_current_span

    ids = get_current_span().get_span_context()
    if not ids.is_valid:
        return {}
    return {
        "trace_id": f"{ids.trace_id:032x}",
        "span_id": f"{ids.span_id:016x}",
        "trace_flags": f"{ids.trace_flags:02x}",
    }
