"""The SQL that the process of the tests sends, read from the log of the ORM."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar, cast

T = TypeVar("T")


@contextmanager
def statements() -> Iterator[list[str]]:
    """The SQL that the process sends inside the block, one entry for each statement; BEGIN and COMMIT are not among it.

    Many rows written by one statement are one entry. Pragmas and the like are the driver's own.
    """
    with _logged(logging.LogRecord.getMessage) as sent:
        yield sent


@contextmanager
def statements_and_values() -> Iterator[list[tuple[str, list[Any]]]]:
    """The same, each apart from its values; what has none is left out."""

    def of(record: logging.LogRecord) -> tuple[str, list[Any]] | None:
        match record.args:
            case (statement, values):
                return str(statement), list(cast(Any, values) or [])
        return None

    pairs: list[tuple[str, list[Any]]] = []
    with _logged(of) as sent:
        yield pairs
    pairs += filter(None, sent)


@contextmanager
def _logged(of: Callable[[logging.LogRecord], T]) -> Iterator[list[T]]:
    """What `of` makes of each statement that the ORM logs inside the block."""
    sent: list[T] = []
    log = logging.getLogger("tortoise.db_client")

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            # Which database it is each process asks once a second, whatever is done meanwhile.
            if "log_origin" not in record.getMessage():
                sent.append(of(record))

    kept, before, passed_on = Kept(), log.level, log.propagate
    log.addHandler(kept)
    log.setLevel(logging.DEBUG)
    log.propagate = False
    try:
        yield sent
    finally:
        log.removeHandler(kept)
        log.setLevel(before)
        log.propagate = passed_on
