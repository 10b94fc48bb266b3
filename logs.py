"""Structured logs: one line an event, with the request's id, and never a secret. Imports nothing of ours."""

import logging
import sys
from typing import Any, Literal

import structlog


def configure(log_format: Literal["console", "json"] | None) -> None:
    """Write the process's logs to stderr: for people on a terminal, else as JSON, one object a line."""
    for_people = sys.stderr.isatty() if log_format is None else log_format == "console"
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: list[Any] = (
        [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]
        if for_people
        else [structlog.processors.dict_tracebacks, structlog.processors.JSONRenderer()]
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).handlers = []
        logging.getLogger(name).propagate = name != "uvicorn.access"
    for name in ("httpx", "tortoise", "gql", "uvicorn.error"):
        logging.getLogger(name).setLevel(logging.WARNING)
