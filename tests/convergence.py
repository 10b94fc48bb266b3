"""What the tests of convergence share: pushes, the log and rows of an account, and how a property is tried."""

import asyncio
import itertools
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from hypothesis import given
from hypothesis import strategies as st

import models
from tests.budgets import examples
from tests.world import World, in_hours

T = TypeVar("T")

_panels = itertools.count(1)


def a_panel() -> str:
    """The external id of a panel that nobody has told of."""
    return f"panel-{next(_panels)}"


async def holds(count: int, inputs: st.SearchStrategy[T], check: Callable[[T], Coroutine[Any, Any, None]]) -> None:
    """A property holds for so many examples: hypothesis runs in a thread of its own, what it checks in this loop."""
    loop = asyncio.get_running_loop()

    @examples(count)
    @given(inputs)
    def check_example(example: T) -> None:
        asyncio.run_coroutine_threadsafe(check(example), loop).result(timeout=60)

    await asyncio.to_thread(check_example)


# At once.


async def log(world: World) -> list[models.Change]:
    """The panels' part of the log. Fails where the log has a gap, or the account's count says otherwise."""
    recorded = await models.Change.filter(account_id=world.account.id).order_by("position")
    others = await models.LogEntry.filter(account_id=world.account.id)
    account = await models.Account.get(id=world.account.id)
    assert sorted(each.position for each in (*recorded, *others)) == list(range(1, account.position + 1))
    return recorded


async def stored(world: World) -> dict[str, int]:
    """How many rows the account has of what pushes write."""
    return {
        "panels": await models.Panel.filter(account_id=world.account.id).count(),
        "interviews": await models.Interview.filter(account_id=world.account.id).count(),
        "seats": await models.Interviewer.filter(panel__account_id=world.account.id).count(),
        "forms": await models.FeedbackForm.filter(account_id=world.account.id).count(),
    }


def a_whole_panel(world: World, name: str, sequence: int | None = 1, day: int = 1, **fields: Any) -> dict[str, Any]:
    """A push of two interviews of two people each, with forms."""
    asked = {"feedbackTemplateId": world.templates["values"], "startsAt": in_hours(24 * day)}
    interviews = [world.an_interview(each, "ivo", "noor", **asked) for each in ("a", "b")]
    return world.a_panel(name, *interviews, sequence=sequence, **fields)
