"""Structured logs: one line for each event, with the ids of the request and of its trace, and never a secret."""

import asyncio
import json
import logging
import sys
from collections.abc import Iterator
from traceback import extract_tb
from types import TracebackType
from typing import Any, Literal, TextIO, TypedDict

import orjson
import structlog
from structlog.typing import EventDict, Processor

import traces

_QUIET = ("gql", "httpx", "tortoise", "uvicorn.error", "websockets")


class _Raised(TypedDict):
    """An exception's type, with its SQLSTATE if a database has raised it, and the places that it came through."""

    type: str
    at: list[str]


def configure(
    log_format: Literal["console", "json"] | None, level: Literal["info", "warning", "error"] = "info"
) -> None:
    """Write the process's logs to stderr, Python's own warnings included: for people on a terminal, else one JSON
    object a line.
    """
    lines = logging.StreamHandler(sys.stderr)
    lines.setFormatter(LineFormatter(sys.stderr.isatty() if log_format is None else log_format == "console"))
    root = logging.getLogger()
    root.handlers = [lines]
    root.setLevel(level.upper())
    for name in _QUIET:
        logging.getLogger(name).setLevel("ERROR" if level == "error" else "WARNING")
    logging.captureWarnings(True)
    # No format has them, so they need not be found out for every line.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False


def log_unhandled(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """For `loop.set_exception_handler`: asyncio itself would quote what was raised, and what it was raised for."""
    logging.getLogger("asyncio").error("Nobody waited for what failed", exc_info=context.get("exception"))


class LineFormatter(logging.Formatter):
    """What structlog's own formatter does with the lines of `logging`, without copying each of them twice."""

    def __init__(self, for_people: bool) -> None:
        super().__init__()
        rendering: list[Processor] = (
            [structlog.dev.ConsoleRenderer(sys.stderr.isatty(), exception_formatter=_write_described)]
            if for_people
            else [structlog.processors.ExceptionRenderer(_described), structlog.processors.JSONRenderer(_as_json)]
        )
        self._processors: list[Processor] = [
            structlog.contextvars.merge_contextvars,
            _add_trace,
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.ExtraAdder(),
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _remove_record,
            *rendering,
        ]

    def format(self, record: logging.LogRecord) -> str:
        event: Any = {"event": record.getMessage(), "_record": record}
        if record.exc_info:
            event["exc_info"] = record.exc_info
        for processor in self._processors:
            event = processor(None, record.levelname.lower(), event)
        return str(event)


def _remove_record(logger: object, method: str, event: EventDict) -> EventDict:
    del event["_record"]
    return event


def _as_json(event: EventDict, **options: object) -> str:
    try:
        return orjson.dumps(event, default=repr).decode()
    except TypeError:
        # What no JSON text may hold by itself, such as half of a surrogate pair, is escaped.
        return json.dumps(event, default=repr)


def _add_trace(logger: object, method: str, event: EventDict) -> EventDict:
    event.update(traces.active_ids())
    return event


def _described(exc_info: tuple[type[BaseException], BaseException, TracebackType | None]) -> list[_Raised]:
    """What was raised where, the last first. Neither texts nor values: they may be confidential."""
    return [
        {
            "type": _type_of(error),
            "at": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in extract_tb(error.__traceback__)],
        }
        for error in _chain(exc_info[1])
    ]


def _write_described(line: TextIO, exc_info: tuple[type[BaseException], BaseException, TracebackType | None]) -> None:
    """Write the same for people."""
    for error in _described(exc_info):
        line.write("\n  ".join([error["type"], *error["at"]]) + "\n")


def name_of(error: BaseException) -> str:
    """What an exception is, for a log line: its type, and the SQLSTATE of what the database has raised behind it."""
    innermost = next((each for each in _chain(error) if hasattr(each, "sqlstate")), error)
    return _type_of(innermost)


def _type_of(error: BaseException) -> str:
    # As asyncpg has it; what SQLite has instead of a SQLSTATE has a name.
    state = getattr(error, "sqlstate", None) or getattr(error, "sqlite_errorname", None)
    return f"{type(error).__qualname__} {state}" if state else type(error).__qualname__


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
