"""What the tests of rates share: operations of a known cost, and how they are sent."""

from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

import clock
import settings
from operations import rates
from tests.people import Person
from tests.world import World

SMALL, SMALL_COST = "{account{id}}", 56

LARGE, LARGE_COST = "{candidates(first:48){edges{node{id}}}}", 109

Use = Callable[..., None]


@asynccontextmanager
async def rates_on(world: World, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Use]:
    """Switch rates on, so: nothing has been counted yet, the documents are known, and it stays the same minute."""
    for query in (SMALL, LARGE):
        await world.rita.ask(query)

    def use(**values: object) -> None:
        for name, value in {"rate_limit": "on", **values}.items():
            monkeypatch.setenv(f"CALLBOARD_{name.upper()}", str(value))
        forget()

    def forget() -> None:
        settings.current.cache_clear()
        limiter = world.server.process.engine.rates
        limiter.counters, limiter._trusted = rates.RateCounters(settings.current().redis_url), OrderedDict()

    begin = next_minute()
    with clock.reading(lambda: begin):
        yield use
    monkeypatch.undo()
    forget()


def next_minute() -> datetime:
    return clock.now().replace(second=0, microsecond=0) + timedelta(minutes=1)


async def sent(person: Person, query: str = SMALL, **variables: Any) -> httpx.Response:
    body = {"query": query, "variables": variables}
    return await person.server.http.post(person.server.graphql, json=body, headers=person.headers)
