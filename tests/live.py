"""What the tests of live changes share: the log as somebody sees it, pushes, and the feed as the schema follows it."""

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import models
from auth.viewer import Viewer, authenticate
from feed import channel as channels
from resolvers import changes
from tests.people import Person
from tests.subscribers import eventually
from tests.world import World


async def log(person: Person) -> list[tuple[str, str, str]]:
    """The whole kept log as somebody sees it, by page."""
    seen: list[dict[str, Any]] = []
    while page := await person.changes(after=seen[-1]["cursor"] if seen else None, first=500):
        seen += page
    return [(change["cursor"], change["kind"], change["panel"]["externalId"]) for change in seen]


async def pushed(world: World, *names: str, **fields: Any) -> None:
    """Panels of these names, one push after the other."""
    for name in names:
        await world.goodtime.push(**world.a_panel(name, **fields))


async def viewer(person: Person) -> Viewer:
    return await authenticate(person.authorization)


@contextlib.asynccontextmanager
async def followed(person: Person, after: str | None = None) -> AsyncIterator[Any]:
    """The feed as the schema follows it."""
    feed = changes.follow(person.server.process.hub, await viewer(person), changes.panel_view(None), after)
    async with contextlib.aclosing(feed):
        yield feed


def panel_entry(position: int) -> models.LogEntry:
    """A change of some panel, as a channel hands it out."""
    return models.LogEntry(position=position, topic=models.ChangeTopic.INTERVIEW_PANELS, kind="PANEL_UPDATED")


async def channel_of(world: World) -> channels.Channel:
    await eventually(lambda: world.account.id in world.server.process.hub._channels)
    return world.server.process.hub._channels[world.account.id]
