"""What the processes count, for Prometheus: see docs/operations.md and docs/grafana.json. Imports nothing of ours.

No label takes a value that a client can make up: names of root fields, codes and outcomes are as many as we have.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar, Token
from functools import cache
from pathlib import Path
from platform import python_version
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Literal

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
    start_http_server,
)
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

CONTENT_TYPE = CONTENT_TYPE_LATEST

#: Whose rate something is.
Payer = Literal["key", "user", "address", "sign-ins"]

_SHARED = "PROMETHEUS_MULTIPROC_DIR"

_operations = Counter(
    "callboard_operations_total",
    "GraphQL operations that have ended, by kind, root field and outcome: OK, an error's code, or CUT_OFF.",
    ("kind", "field", "outcome"),
)
_seconds = Histogram(
    "callboard_operation_seconds",
    "How long queries and mutations took to run.",
    ("kind", "field"),
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
_statements = Histogram(
    "callboard_operation_statements",
    "SQL statements that queries and mutations took.",
    ("kind", "field"),
    buckets=(0, 1, 2, 3, 5, 8, 13, 21, 34, 55),
)
_responses = Counter("callboard_http_responses_total", "HTTP responses by method and status.", ("method", "status"))
_pushes = Counter("callboard_pushes_total", "Pushes by outcome; REFUSED: nothing was written.", ("outcome",))
_subscribers = Gauge("callboard_subscribers", "Subscriptions open right now.", multiprocess_mode="livesum")
_deliveries = Counter("callboard_deliveries_total", "Changes delivered to subscribers.")
_feed_lag = Histogram(
    "callboard_feed_lag_seconds",
    "From a change's act to its hand-out to those who follow live.",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
_loop_lag = Histogram(
    "callboard_loop_lag_seconds",
    "How much later than asked for the event loop woke a process: so long nobody else had a turn.",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
_cut_offs = Counter("callboard_cut_offs_total", "Subscribers cut off for a full buffer or a stalled send.", ("reason",))
_build_info = Gauge(
    "callboard_build_info", "1, with what runs here as labels.", ("version", "python"), multiprocess_mode="max"
)
_sign_ins = Counter(
    "callboard_sign_ins_total", "Credentials checked, by outcome: OK, or why they were refused.", ("outcome",)
)
_rate_refusals = Counter("callboard_rate_refusals_total", "Refusals of what is beyond a rate, by whose it is.", ("of",))
_connections = Gauge(
    "callboard_database_connections",
    "Connections of the pool to PostgreSQL, by state.",
    ("state",),
    multiprocess_mode="livesum",
)


class OperationTimer:
    """A query or a mutation while it runs: statements are counted to it, and at its end it is counted itself."""

    __slots__ = ("_began", "_token", "field", "kind", "outcome", "statements")

    _began: float
    _token: Token["OperationTimer | None"]

    def __init__(self, kind: str, field: str) -> None:
        self.kind = kind
        self.field = field
        self.outcome = "CUT_OFF"
        self.statements = 0

    def __enter__(self) -> "OperationTimer":
        self._token = _running.set(self)
        self._began = perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        seconds, statements = _operation_histograms(self.kind, self.field)
        seconds.observe(perf_counter() - self._began)
        statements.observe(self.statements)
        _running.reset(self._token)
        count_operation(self.kind, self.field, self.outcome)


_running: ContextVar[OperationTimer | None] = ContextVar("operation", default=None)


def count_statement() -> None:
    """A statement is sent: it counts to the operation that runs, if one does."""
    operation = _running.get()
    if operation is not None:
        operation.statements += 1


def count_operation(kind: str, field: str, outcome: str) -> None:
    """An operation has ended; one that never was any has the kind and the field `none`."""
    _operation_counter(kind, field, outcome).inc()


def count_response(method: str, status: int | None) -> None:
    """An HTTP request has been answered, or with None broken off."""
    _response_counter(method if method in ("GET", "POST", "OPTIONS", "HEAD") else "other", status or 0).inc()


def count_push(outcome: str) -> None:
    """A push has come to its end."""
    _pushes.labels(outcome).inc()


@contextmanager
def subscriber() -> Iterator[None]:
    """Inside the block there is one subscriber more."""
    _subscribers.inc()
    try:
        yield
    finally:
        _subscribers.dec()


def count_deliveries(count: int = 1) -> None:
    """A change went out to so many subscribers."""
    _deliveries.inc(count)


def observe_feed_lag(seconds: float) -> None:
    """A change was handed out so long after its act."""
    _feed_lag.observe(max(0.0, seconds))


def observe_loop_lag(seconds: float) -> None:
    """The event loop came round so much later than it was asked to."""
    _loop_lag.observe(max(0.0, seconds))


def count_cut_off(reason: Literal["buffer", "stalled"]) -> None:
    """A subscriber was too slow."""
    _cut_offs.labels(reason).inc()


def set_build_info(version: str) -> None:
    """Say which version runs here."""
    _build_info.labels(version, python_version()).set(1)


def count_sign_in(outcome: str) -> None:
    """Credentials were checked."""
    _sign_in_counter(outcome).inc()


def count_rate_refusal(of: Payer) -> None:
    """Something was beyond a rate."""
    _rate_refusals.labels(of).inc()


def set_pool(used: int, idle: int) -> None:
    """How many connections of this process's pool are at work, and how many wait for some."""
    _connections.labels("used").set(used)
    _connections.labels("idle").set(idle)


@cache
def _operation_histograms(kind: str, field: str) -> tuple[Histogram, Histogram]:
    return _seconds.labels(kind, field), _statements.labels(kind, field)


@cache
def _operation_counter(kind: str, field: str, outcome: str) -> Counter:
    return _operations.labels(kind, field, outcome)


@cache
def _sign_in_counter(outcome: str) -> Counter:
    return _sign_ins.labels(outcome)


@cache
def _response_counter(method: str, status: int) -> Counter:
    return _responses.labels(method, str(status))


def exposition() -> bytes:
    """Everything counted, in Prometheus's text: of all processes, whichever of them is asked."""
    return generate_latest(_registry())


@contextmanager
def served(host: str, port: int) -> Iterator[int]:
    """Serve the same at an address of its own inside the block, whatever the path; the port. Raises OSError."""
    httpd, thread = start_http_server(port, host, _registry())
    try:
        yield httpd.server_port
    finally:
        httpd.shutdown()
        httpd.server_close()
        thread.join()


def _registry() -> CollectorRegistry:
    if _SHARED not in os.environ:
        return REGISTRY
    registry = CollectorRegistry()
    MultiProcessCollector(registry)
    registry.register(_Processes())
    return registry


class _Processes:
    """CPU, memory and open files of each worker: a single process has the same metrics without the label `pid`.

    No sums: what a worker has used goes with it, and a counter must not fall.
    """

    def collect(self) -> Iterable[Metric]:
        metrics: dict[str, Metric] = {}
        for pid in _processes():
            for metric in _process_metrics(pid):
                merged = metrics.setdefault(metric.name, Metric(metric.name, metric.documentation, metric.type))
                for sample in metric.samples:
                    merged.add_sample(sample.name, {"pid": str(pid)}, sample.value)
        return metrics.values()


def _process_metrics(pid: int) -> Iterable[Metric]:
    return ProcessCollector(pid=lambda: pid, registry=None).collect()


def _processes() -> list[int]:
    """The processes that count, and have not ended."""
    files = Path(os.environ[_SHARED]).glob("counter_*.db")
    return [pid for pid in sorted(int(file.stem.rpartition("_")[2]) for file in files) if not _has_ended(pid)]


def _has_ended(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:  # somebody else's now
        return True
    return False


@contextmanager
def shared_between_processes() -> Iterator[None]:
    """Processes started inside the block count together, through files in a folder that goes with it."""
    with TemporaryDirectory(prefix="callboard-metrics-") as folder:
        os.environ[_SHARED] = folder
        try:
            yield
        finally:
            del os.environ[_SHARED]


def forget_dead_processes() -> None:
    """What processes that have ended had open is open no more: to be called by the one that takes their place."""
    for path in Path(os.environ.get(_SHARED, os.devnull)).glob("gauge_live*_*.db"):
        pid = int(path.stem.rpartition("_")[2])
        if _has_ended(pid):
            mark_process_dead(pid)
