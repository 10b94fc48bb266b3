"""Who is served next when more is asked than can be done: an account's requests wait for each other, not for others."""

import asyncio
from weakref import WeakValueDictionary

import settings
from auth.viewer import Viewer

_turns: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()


def turn(viewer: Viewer | None) -> asyncio.Semaphore:
    """To be held while something is done for whoever asks. Those who aren't signed in wait for each other."""
    whose = viewer.account_id if viewer else ""
    turns = _turns.get(whose)
    if turns is None:
        turns = _turns[whose] = asyncio.Semaphore(settings.current().requests_per_account)
    return turns
