"""What the tests with made-up input share: texts and instants, and servers whose logs are clean in the end."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.budgets import examples
from tests.conftest import DATABASE_URL
from tests.processes import Installation, Process


def body_of(query: str, **variables: Any) -> bytes:
    """A request in ASCII, so that half of a surrogate pair can be sent as well."""
    return json.dumps({"query": query, "variables": variables}).encode()


async def tried(count: int, inputs: st.SearchStrategy[Any], check: Callable[[Any], None]) -> None:
    """Hold a check against so many made-up inputs, times CALLBOARD_TEST_TIMES."""

    @examples(count)
    @given(inputs)
    def check_example(example: Any) -> None:
        check(example)

    await asyncio.to_thread(check_example)


@asynccontextmanager
async def serving(place: Path, options: Mapping[str, str] = MappingProxyType({})) -> AsyncIterator[Process]:
    """A server in a process of its own, whose log is clean in the end."""
    async with Installation(place, DATABASE_URL, dict(options)).running("serve") as process:
        yield process
        assert complaints(process) == []


def complaints(process: Process) -> list[dict[str, Any]]:
    """What the log has beside the news; what is no HTTP at all may be complained about."""
    expected = "Invalid HTTP request received."
    return [line for line in process.logged if line["level"] != "info" and line["event"] != expected]
