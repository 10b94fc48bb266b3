"""Operations whose answers are streamed: server-sent events of GraphQL over HTTP."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.media_types import EVENT_STREAM, GRAPHQL_JSON, JSON, SCHEMA
from tests.world import World

pytestmark = pytest.mark.once

Events = AsyncIterator[tuple[str, str]]


@asynccontextmanager
async def streamed(world: World, query: str, accept: str = EVENT_STREAM) -> AsyncIterator[Events]:
    """The events of an operation, as Rita gets them: each with its name and its data."""
    headers = {"accept": accept, **world.rita.headers}
    async with world.server.http.stream(
        "POST", world.server.graphql, json={"query": query}, headers=headers
    ) as response:
        assert response.headers["content-type"].startswith(EVENT_STREAM)

        async def events() -> Events:
            name = ""
            async for line in response.aiter_lines():
                if line.startswith("event: "):
                    name = line.removeprefix("event: ")
                elif line.startswith("data:"):
                    yield name, line.removeprefix("data:").strip()

        yield events()


async def test_a_subscription_is_streamed_as_it_happens(world: World) -> None:
    query = "subscription { interviewPanelChanges { kind panel { externalId } } }"
    urql_accepts = f"{GRAPHQL_JSON}, {JSON}, {EVENT_STREAM}, multipart/mixed"

    async with streamed(world, query, accept=urql_accepts) as events, asyncio.timeout(10):
        for name in ("one", "two"):
            began = time.monotonic()
            await world.goodtime.push(**world.a_panel(name))
            event, data = await anext(events)
            assert event == "next"
            assert json.loads(data)["data"]["interviewPanelChanges"]["panel"] == {"externalId": name}
            assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    ("query", "answered"),
    [
        (SCHEMA, {"data": {"__typename": "Query"}}),
        ("mutation { __typename }", {"data": {"__typename": "Mutation"}}),
    ],
)
async def test_any_operation_may_be_streamed(query: str, answered: dict[str, Any], world: World) -> None:
    async with streamed(world, query) as events:
        assert [(name, data and json.loads(data)) async for name, data in events] == [
            ("next", answered),
            ("complete", ""),
        ]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ('subscription { interviewPanelChanges(after: "x") { cursor } }', "BAD_USER_INPUT"),
    ],
)
async def test_what_is_wrong_is_an_error_in_the_stream(query: str, code: str, world: World) -> None:
    async with streamed(world, query) as events:
        [(_, data), completed] = [event async for event in events]

    assert json.loads(data)["errors"][0]["extensions"]["code"] == code
    assert completed == ("complete", "")


async def test_no_character_of_an_answer_ends_a_line_of_the_stream(world: World) -> None:
    """Some clients, such as httpx, end lines at more characters than the specification of event streams."""
    await world.goodtime.push(**world.a_panel(note="a\u2028b\u2029c"))

    async with streamed(world, "{ interviewPanels { edges { node { note } } } }") as events, asyncio.timeout(10):
        name, data = await anext(events)

    assert name == "next"
    [edge] = json.loads(data)["data"]["interviewPanels"]["edges"]
    assert edge["node"]["note"] == "a\u2028b\u2029c"
