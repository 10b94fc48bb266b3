"""Who is served: within every limit and every rate, and so that nobody's load keeps others waiting."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from weakref import WeakValueDictionary

import settings
from auth.refusals import Code, Refused
from auth.viewer import Viewer
from operations import documents, rates
from operations.request import Request
from schema.context import Context

#: So many characters of a document are read for a cost of 1.
_CHARACTERS_READ = 10


async def admitted(
    request: Request, context: Context, address: str
) -> tuple[documents.Prepared, dict[str, Any], dict[str, str]]:
    """The operation, within every limit and every rate; the variables that it declares, for a subscription keeps them
    for as long as it is followed; and the headers that tell what is left of the rate.

    Raises Invalid, and RateLimited. To read a document costs as well, but not twice, so that none is read for nothing.
    """
    query = request.text
    if not documents.kept(query):
        await rates.spend(context.known, address, len(query) // _CHARACTERS_READ)
    operation = documents.prepared(query, request.operation_name)
    given = request.variables or {}
    declared = [its.variable.name.value for its in operation.operation.variable_definitions or ()]
    variables = {name: given[name] for name in declared if name in given}
    return operation, variables, await rates.spend(context.known, address, operation.cost.of(variables))


_turns: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

#: How many connections each user and each integration keeps open to this process.
_open: Counter[str] = Counter()

#: What each user and each integration follows, by its cost.
_followed: Counter[str] = Counter()


def turn(viewer: Viewer | None) -> asyncio.Semaphore:
    """To be held while something is done for whoever asks. Those who aren't signed in wait for each other."""
    whose = viewer.account_id if viewer else ""
    turns = _turns.get(whose)
    if turns is None:
        turns = _turns[whose] = asyncio.Semaphore(settings.current().requests_per_account)
    return turns


def enter(viewer: Viewer) -> None:
    """Count a connection that is kept open. Raises Refused where the user, or the integration, has too many."""
    most = settings.current().connections_per_user
    if _open[viewer.actor_id] >= most:
        message = f"A user has at most {most} WebSockets and event streams open at a time."
        raise Refused(Code.LIMIT_EXCEEDED, message, limit=most)
    _open[viewer.actor_id] += 1


def leave(viewer: Viewer) -> None:
    """The connection is closed."""
    _count_off(_open, viewer, 1)


@contextmanager
def following(viewer: Viewer, cost: int) -> Iterator[None]:
    """Inside the block something of that cost is followed: every change is rendered for it, and that is not counted.

    Raises Refused where all that the user, or the integration, follows would cost more than one operation may.
    """
    most, who = settings.current().max_cost, viewer.actor_id
    if _followed[who] + cost > most:
        message = f"All that a user follows costs at most {most:,}, and this would make it {_followed[who] + cost:,}."
        raise Refused(Code.LIMIT_EXCEEDED, message, limit=most)
    _followed[who] += cost
    try:
        yield
    finally:
        _count_off(_followed, viewer, cost)


def _count_off(counts: Counter[str], viewer: Viewer, amount: int) -> None:
    counts[viewer.actor_id] -= amount
    if not counts[viewer.actor_id]:
        del counts[viewer.actor_id]
