"""The one source of the present: whoever needs the time asks `now`, and tests set it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime


def _system() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - the one place that may


_source: Callable[[], datetime] = _system


def now() -> datetime:
    """The present, aware, in UTC."""
    return _source()


@contextmanager
def reading(source: Callable[[], datetime]) -> Iterator[None]:
    """Inside the block `now` is what `source` says, for the whole process."""
    global _source
    before, _source = _source, source
    try:
        yield
    finally:
        _source = before
