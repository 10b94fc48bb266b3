"""The bell that wakes an account's followers after a commit. It carries no data: the log in the database has it."""

import asyncio
from contextlib import suppress
from weakref import WeakValueDictionary


class Bell:
    """Rings once; whoever took it before the ring hears it, however late they begin to wait."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        self._rung.set()

    async def heard(self, within: float) -> None:
        """Returns at the ring, or after so many seconds: a lost ring delays, it never loses."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._rung.wait(), within)


_bells: WeakValueDictionary[str, Bell] = WeakValueDictionary()


def bell(topic: str) -> Bell:
    """The bell that the next `wake` of that topic (an account's id) rings."""
    found = _bells.get(topic)
    if found is None:
        found = _bells[topic] = Bell()
    return found


def wake(topic: str) -> None:
    """Wake whoever follows that topic in this process."""
    rung = _bells.pop(topic, None)
    if rung is not None:
        rung.ring()
