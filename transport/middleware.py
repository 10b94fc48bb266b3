"""What every HTTP request gets: an id that the log and the answer share, safe headers, and one line in the log."""

import logging
import re
import time
import uuid
from functools import lru_cache

import structlog
from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

import metrics
import traces
from operations.errors import format_failure
from process import process_of
from traces import Span

_log = logging.getLogger("callboard.requests")

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"})

_PROXY_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")

_CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)

_HEADERS = [
    (b"content-security-policy", _CONTENT_SECURITY_POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
]


class RequestMiddleware:
    """The outermost layer of the application."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = scope["request_id"] = _request_id(scope)
        _check_forwarding(scope)
        status: int | None = None

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                # Nothing is lost where a proxy sends on a kept connection just when it is closed.
                last = [(b"connection", b"close")] if process_of(scope).readiness.is_leaving else []
                message["headers"] = [*message["headers"], (b"x-request-id", request_id.encode()), *_HEADERS, *last]
            await send(message)

        headers = Headers(scope=scope)
        # For as long as the task that serves it.
        structlog.contextvars.bind_contextvars(request_id=request_id, **traces.callers_ids(headers))
        began = time.perf_counter()
        with traces.below(headers), traces.span(_method(scope)) as span:
            try:
                await self.app(scope, receive, send_with_headers)
            except Exception as failure:
                errors = format_failure(failure, request_id)
                if status is not None:
                    raise
                await JSONResponse({"errors": errors}, 500)(scope, receive, send_with_headers)
            finally:
                # The route, not the URL nor any header: they may hold what is confidential.
                route = getattr(scope.get("route"), "path", "")
                facts = {"method": scope["method"][:10], "route": route, "status": status}
                _log.info("request", extra={**facts, "ms": round((time.perf_counter() - began) * 1000, 1)})
                metrics.count_response(scope["method"], status)
                _describe(span, scope, route, status)


def _method(scope: Scope) -> str:
    """The method as OpenTelemetry has it: of those that are made up there are as many as callers like."""
    return scope["method"] if scope["method"] in _METHODS else "_OTHER"


def _describe(span: Span, scope: Scope, route: str, status: int | None) -> None:
    """By OpenTelemetry's conventions for HTTP servers, where only what is the server's fault is an error."""
    span.rename(f"{_method(scope)} {route}".rstrip())
    span.set(
        {
            "http.request.method": _method(scope),
            "http.route": route or None,
            "http.response.status_code": status,
            "url.scheme": scope["scheme"],
            "network.protocol.version": scope["http_version"],
            "callboard.request_id": scope["request_id"],
        }
    )
    if status is None or status >= 500:
        span.fail(str(status or "CUT_OFF"))


def _request_id(scope: Scope) -> str:
    """The id that a proxy in front has set, else a new one."""
    proxy_id = dict(scope["headers"]).get(b"x-request-id", b"").decode("latin-1")
    return proxy_id if _PROXY_ID.fullmatch(proxy_id) else uuid.uuid4().hex


def _check_forwarding(scope: Scope) -> None:
    """Warn where a proxy says for whom it asks, and is not believed."""
    address = scope["client"][0] if scope.get("client") else ""
    headers = dict(scope["headers"])
    # Where the proxy is trusted, uvicorn has put one of these addresses in the place of the proxy's own.
    if b"x-forwarded-for" in headers and address.encode() not in headers[b"x-forwarded-for"]:
        _warn_of_proxy(address)


@lru_cache(maxsize=100)
def _warn_of_proxy(address: str) -> None:
    """Once for each address: whoever sends the header without being a proxy is told of as well."""
    _log.warning(
        "All who come through the proxy %s count as one address: name it in CALLBOARD_FORWARDED_ALLOW_IPS", address
    )
