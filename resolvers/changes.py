"""The change feed: what happens in an account, followed live, read back by page, and pruned.

The log in the database is the truth: positions are gap-free and in commit order.
"""

from collections.abc import AsyncGenerator, Collection, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from itertools import takewhile
from operator import attrgetter
from typing import Any

from tortoise.expressions import F, Q
from tortoise.queryset import QuerySet

import clock
import database
import models
import settings
from auth.refusals import Code, Refused
from auth.viewer import Scope, Viewer
from database import Bind, Query, UnionAll
from feed.hub import Hub
from feed.log import Cursor, Log, LogView, in_epoch
from feed.subscription import DirectWriter
from models import SIGHT_CHANGED, Change, ChangeTopic, LogEntry
from resolvers import cursors
from resolvers.access import is_restricted, is_shown, unscoped, visible
from resolvers.audiences import audiences
from resolvers.listing import Edge, Page, PageRequest
from resolvers.queries import select
from resolvers.units import UnitOfWork, commit_for_operator

_PRUNED_AT_ONCE = 1_000


async def load_changes(view: LogView, viewer: Viewer, epoch: str, after: int, upto: int, most: int) -> list[LogEntry]:
    """The entries of a view that the viewer may see, behind a position up to another one: the oldest, so many at most.

    One statement.
    """
    return await _load(view, viewer, epoch, "position", most, position__gt=after, position__lte=upto)


async def _load(view: LogView, viewer: Viewer, epoch: str, order: str, most: int, **within: object) -> list[LogEntry]:
    subject = {} if view.id is None else {"id": view.id}
    query = Query(_visible_entries, view.topics, view.is_personal, view.column, order, most, **within, **subject)
    entries = in_epoch(epoch, await select(viewer, query)) if view.topics or view.is_personal else []
    return sorted(entries, key=lambda entry: entry.position, reverse=order == "-position")[:most]


def _visible_entries(
    scope: Scope,
    topics: frozenset[ChangeTopic],
    is_personal: bool,
    column: str,
    order: str,
    most: int,
    id: Bind | None = None,
    **within: object,
) -> UnionAll[LogEntry]:
    matching: dict[str, Any] = {} if id is None else {column: id}
    subject = Q(**matching)
    query_sets: list[QuerySet[Any]] = []
    if ChangeTopic.INTERVIEW_PANELS in topics and column == "candidate_id":
        query_sets.append(visible(scope, Change).filter(subject, **within))
    if is_personal or topics != _PANELS:
        named = Q(topic__in=list(topics)) & subject if topics else Q(id__in=[])
        entries = visible(scope, LogEntry).filter(named | Q(topic__isnull=True), **within)
        query_sets.append(entries if is_personal else entries.filter(viewer_id__isnull=True))
    return UnionAll(LogEntry, [query_set.order_by(order).limit(most) for query_set in query_sets])


async def _may_see(viewer: Viewer, entry: LogEntry) -> bool:
    """Whether the viewer may see the entry by now."""
    return bool(await load_changes(view_of(None), viewer, entry.epoch, entry.position - 1, entry.position, 1))


def cursor_at(position: int, epoch: str = "") -> str:
    """The cursor right behind that position of the account's log."""
    return cursors.write("changes", epoch, position)


LOG = Log(load_changes, _may_see, is_restricted, audiences, is_shown, cursor_at)

_PANELS = frozenset({ChangeTopic.INTERVIEW_PANELS})


def view_of(topics: Collection[ChangeTopic] | None, candidate_id: str | None = None) -> LogView:
    """What `changes` follows: these topics, or all of them, and of one candidate if any is named."""
    return LogView(frozenset(ChangeTopic if topics is None else topics), id=candidate_id)


def panel_view(candidate_id: str | None) -> LogView:
    """What `interviewPanelChanges` follows."""
    return LogView(_PANELS, is_personal=False, id=candidate_id)


Followed = AsyncGenerator[tuple[Viewer, LogEntry], None]
"""Changes, each with the viewer as of its delivery."""


def follow(hub: Hub, viewer: Viewer, view: LogView, after: str | None, writer: DirectWriter | None = None) -> Followed:
    """Every change behind the cursor and then each as it is committed, with the viewer as of its delivery.

    Without a cursor it begins now. With a writer, changes may be delivered past the caller.
    Raises Refused: BAD_USER_INPUT, CURSOR_EXPIRED, TOO_SLOW, or what ends the access.
    """
    return hub.follow(LOG, view, viewer, _cursor(after), writer)


async def head(viewer: Viewer) -> str:
    """The cursor at the end of the account's log right now. One indexed read."""
    extent = await LOG.extent(viewer.account_id)
    return cursor_at(extent.head, extent.epoch)


async def page(viewer: Viewer, view: LogView, first: int | None, after: str | None) -> Page[LogEntry]:
    """The changes behind the cursor, oldest first; from the beginning of the kept log without one.

    Raises Refused: BAD_USER_INPUT, or CURSOR_EXPIRED for a cursor older than the kept log, or of another epoch.
    """
    request = PageRequest(first, after)
    size = request.size(default=100, most=settings.current().max_changes_page)
    cursor = _cursor(after)
    extent = await LOG.extent(viewer.account_id)
    position = extent.position_of(cursor) if cursor is not None else extent.pruned
    entries = await load_changes(view, viewer, extent.epoch, position, extent.head, size + 1)
    if cursor is not None:
        (await LOG.extent(viewer.account_id)).position_of(cursor)
        if any(entry.kind == SIGHT_CHANGED for entry in entries[:size]):
            raise Refused(Code.CURSOR_EXPIRED, "You see another part of the account by now: load afresh.")
    edges = _edges(entries)
    return replace(request.page(edges, size), reached=cursor_at(extent.head, extent.epoch))


async def last_page(viewer: Viewer, view: LogView, last: int | None, before: str | None) -> Page[LogEntry]:
    """The changes before the cursor, newest first; from the end of the log without one. Refused as in `page`."""
    size = PageRequest(None, None, last, before).size(default=100, most=settings.current().max_changes_page)
    cursor = _cursor(before)
    extent = await LOG.extent(viewer.account_id)
    upto = extent.position_of(cursor) - 1 if cursor is not None else extent.head
    within = {"position__gt": extent.pruned, "position__lte": upto}
    edges = _edges(await _load(view, viewer, extent.epoch, "-position", size + 1, **within))
    return Page(edges[:size], has_next_page=before is not None, has_previous_page=len(edges) > size)


def _edges(entries: Sequence[LogEntry]) -> list[Edge[LogEntry]]:
    return [Edge(entry, cursor_of) for entry in entries if entry.kind != SIGHT_CHANGED]


def _cursor(text: str | None) -> Cursor | None:
    """The place that a cursor stands for. Raises Refused(BAD_USER_INPUT)."""
    if text is None:
        return None
    with suppress(Refused):
        # As they were before there were epochs.
        [position] = cursors.read("changes", text, int)
        return Cursor(None, position)
    values: list[Any] = cursors.read("changes", text, str, int)
    return Cursor(*values)


def cursor_of(change: LogEntry) -> str:
    """The cursor right behind this change."""
    return cursor_at(change.position, change.epoch)


async def prune(retention: timedelta) -> int:
    """Drop the entries that are older than that from every account's log, in batches; returns how many went.

    What a wrong clock has stamped in the future goes with the entries that stand behind it.
    """
    now, gone = clock.now(), 0
    # Positions are gap-free: the oldest entry that is kept stands right behind the last one that went.
    accounts = unscoped(models.Account, "retention is the same for everybody")
    for relation in ("changes", "entries"):
        oldest = {f"{relation}__position": F("pruned_position") + 1}
        times: dict[str, Any] = {f"{relation}__at__lt": now - retention, f"{relation}__at__gt": now}
        for account in await accounts.filter(Q(join_type=Q.OR, **times), **oldest).only("id"):
            dropped = _PRUNED_AT_ONCE
            while dropped >= _PRUNED_AT_ONCE:
                dropped = await commit_for_operator(partial(_prune_batch, account.id, now, retention))
                gone += dropped
    return gone


async def _prune_batch(account_id: str, now: datetime, retention: timedelta, commit: UnitOfWork) -> int:
    """Drop the oldest entries of a log, about a batch of them, and remember up to where. Returns how many went."""
    await database.take_lock(commit.connection, "prune")
    tables: list[QuerySet[Any]] = [unscoped(each, "retention is the same for everybody") for each in (Change, LogEntry)]
    logs = [table.filter(account_id=account_id) for table in tables]
    oldest: list[Any] = []
    for log in logs:
        oldest += await log.filter(at__lte=now).order_by("position").limit(_PRUNED_AT_ONCE).only("position", "at")
    oldest.sort(key=attrgetter("position"))
    expired = list(takewhile(lambda entry: entry.at < now - retention, oldest[:_PRUNED_AT_ONCE]))
    if not expired:
        return 0
    upto = expired[-1].position
    gone = sum([await log.filter(position__lte=upto).delete() for log in logs])
    account = unscoped(models.Account, "retention is the same for everybody").filter(id=account_id)
    await account.update(pruned_position=upto)
    return gone
