"""Who is served next when more is asked than can be done, and who may stay: nobody's load keeps others waiting."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from weakref import WeakValueDictionary

import settings
from auth.refusals import Code, Refused
from auth.viewer import Viewer

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
