"""The change feed: what happens to panels as a topic to follow, read back by page, and pruned.

The log in the database is the truth: positions are gap-free and in commit order.
"""

from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from itertools import takewhile

from tortoise.expressions import F
from tortoise.queryset import QuerySet

import clock
import database
import models
import settings
from auth.viewer import Scope, Viewer
from database import Query
from feed.hub import Hub
from feed.log import TOPIC_LOG, Entry, Log, Topic
from feed.subscription import DirectWriter
from models import Change
from resolvers import cursors
from resolvers.access import audiences, is_restricted, unscoped, visible
from resolvers.listing import Edge, Page, PageRequest
from resolvers.queries import select
from resolvers.units import UnitOfWork, commit_for_operator

_PRUNED_AT_ONCE = 1_000


async def load_changes(
    topic: Topic[Entry], viewer: Viewer, subject_id: str | None, after: int, upto: int | None, most: int
) -> list[Entry]:
    """The entries of a topic's log that the viewer may see: so many at most, the oldest first."""
    bounds = {"position__gt": after, "position__lte": upto, topic.log.subject: subject_id}
    within = {name: value for name, value in bounds.items() if value is not None}
    within[topic.log.counter] = topic.log_id(viewer.account_id)
    return await select(viewer, Query(_visible_entries, topic, most, **within), order_by=["position"])


def _visible_entries(scope: Scope, topic: Topic[Entry], most: int, **within: object) -> QuerySet[Entry]:
    return topic.scope(scope).filter(**within).order_by("position").limit(most)


def cursor_at(position: int) -> str:
    """The cursor right behind that position of the account's log."""
    return cursors.write("changes", position)


PANEL_CHANGES = Topic(
    name="",
    log=Log(Change, models.Account, counter="account_id", subject="candidate_id"),
    scope=lambda scope: visible(scope, Change),
    load=load_changes,
    is_restricted=is_restricted,
    audiences=audiences,
    cursor_at=cursor_at,
)


def follow(
    hub: Hub, viewer: Viewer, candidate_id: str | None, after: str | None, writer: DirectWriter | None = None
) -> AsyncGenerator[tuple[Viewer, Change], None]:
    """Every change behind the cursor and then each as it is committed, with the viewer as of its delivery.

    Without a cursor it begins now. With a writer, changes may be delivered past the caller.
    Raises Refused: BAD_USER_INPUT, CURSOR_EXPIRED, TOO_SLOW, or what ends the access.
    """
    return hub.follow(PANEL_CHANGES, viewer, candidate_id, _position(after), writer)


async def page(viewer: Viewer, candidate_id: str | None, first: int | None, after: str | None) -> Page[models.Change]:
    """The changes behind the cursor, oldest first; from the beginning of the kept log without one.

    Raises Refused: BAD_USER_INPUT, or CURSOR_EXPIRED for a cursor older than the kept log.
    """
    request = PageRequest(first, after)
    size = request.size(default=100, most=settings.current().max_changes_page)
    position = _position(after)
    extent = await PANEL_CHANGES.extent(viewer.account_id)
    if position is not None:
        extent.require(position)
    changes = await load_changes(PANEL_CHANGES, viewer, candidate_id, position or 0, None, size + 1)
    if position is not None:
        (await PANEL_CHANGES.extent(viewer.account_id)).require_kept(position)
    edges = [Edge(change, cursor_of) for change in changes]
    return replace(request.page(edges, size), reached=cursor_at(extent.head))


def _position(cursor: str | None) -> int | None:
    """The position that a cursor stands for. Raises Refused(BAD_USER_INPUT)."""
    if cursor is None:
        return None
    [position] = cursors.read("changes", cursor, int)
    return position


def cursor_of(change: Change) -> str:
    """The cursor right behind this change."""
    return cursor_at(change.position)


async def prune(retention: timedelta) -> int:
    """Drop the entries that are older than that from every log, in batches; returns how many went."""
    return await _prune(PANEL_CHANGES.log, retention) + await _prune(TOPIC_LOG, retention)


async def _prune(log: Log[Entry], retention: timedelta) -> int:
    cutoff, gone = clock.now() - retention, 0
    # Positions are gap-free: the oldest entry that is kept stands right behind the last one that went.
    counters = unscoped(log.counters, "retention is the same for everybody").filter(
        changes__position=F("pruned_position") + 1, changes__at__lt=cutoff
    )
    for counter in await counters.only("id"):
        dropped = _PRUNED_AT_ONCE
        while dropped == _PRUNED_AT_ONCE:
            dropped = await commit_for_operator(partial(_prune_batch, log, counter.id, cutoff))
            gone += dropped
    return gone


async def _prune_batch(log: Log[Entry], log_id: str, cutoff: datetime, commit: UnitOfWork) -> int:
    """Drop the oldest entries of a log, up to a batch of them, and remember up to where."""
    await database.take_lock(commit.connection, "prune")
    entries = unscoped(log.entries, "retention is the same for everybody").filter(**{log.counter: log_id})
    oldest = await entries.order_by("position").limit(_PRUNED_AT_ONCE).only("id", "position", "at")
    expired = list(takewhile(lambda entry: entry.at < cutoff, oldest))
    if expired:
        await entries.filter(position__lte=expired[-1].position).delete()
        counters = unscoped(log.counters, "retention is the same for everybody").filter(id=log_id)
        await counters.update(pruned_position=expired[-1].position)
    return len(expired)
