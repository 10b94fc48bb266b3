"""The change feed, read back by page, and pruned; `live` follows it.

The log in the database is the truth: positions are gap-free and in commit order.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from itertools import takewhile
from typing import Any

from tortoise.expressions import F
from tortoise.queryset import QuerySet

import clock
import database
import models
import settings
from auth.refusals import Code, Refused
from auth.viewer import Viewer
from models import Change
from resolvers import paging
from resolvers.access import unscoped, visible
from resolvers.commits import Commit, committed_by_operator
from resolvers.paging import Edge, Page
from resolvers.queries import hot, one

_PRUNED_AT_ONCE = 1_000


async def page(viewer: Viewer, candidate_id: str | None, first: int | None, after: str | None) -> Page[models.Change]:
    """The changes behind the cursor, oldest first; from the beginning of the kept log without one.

    Raises Refused: BAD_USER_INPUT, or CURSOR_EXPIRED for a cursor older than the kept log.
    """
    size = paging.bounded(first, default=100, most=settings.current().max_changes_page)
    position, head = await beginning(viewer, after)
    found = await behind(viewer, position if after is not None else 0, candidate_id, size + 1)
    if after is not None:
        await require_kept(viewer, position)
    edges = [Edge(change, cursor_of) for change in found]
    return replace(paging.page_of(edges, size, after), reached=cursor_at(head))


async def beginning(viewer: Viewer, after: str | None) -> tuple[int, int]:
    """The position of the cursor, and that of the account's last change, which it is without a cursor.

    Raises Refused: BAD_USER_INPUT, CURSOR_EXPIRED.
    """
    account = await _account(viewer)
    if after is None:
        return account.position, account.position
    [position] = paging.read_cursor("changes", after, int)
    if not 0 <= position <= account.position:
        raise Refused(Code.BAD_USER_INPUT, "`after` is not a cursor of this list: pass one that it gave.")
    _require_kept(account, position)
    return position, account.position


async def require_kept(viewer: Viewer, position: int) -> None:
    """Whether what was just read from there on was all there ever was. Raises Refused(CURSOR_EXPIRED)."""
    _require_kept(await _account(viewer), position)


async def _account(viewer: Viewer) -> models.Account:
    """The viewer's account, as it is now."""
    account = await one(viewer, models.Account, {"id": viewer.account_id})
    assert account, "accounts stay"
    return account


def _require_kept(account: models.Account, position: int) -> None:
    if position < account.pruned_position:
        raise Refused(Code.CURSOR_EXPIRED, "The log no longer reaches this cursor: load afresh, then subscribe.")


def cursor_of(change: Change) -> str:
    """The cursor right behind this change."""
    return cursor_at(change.position)


def cursor_at(position: int) -> str:
    """The cursor right behind that position of the account's log."""
    return paging.cursor("changes", position)


async def prune(retention: timedelta) -> int:
    """Drop the changes that are older than that from every account's log, in batches; returns how many went."""
    cutoff, gone = clock.now() - retention, 0
    # Positions are gap-free: the oldest change that is kept stands right behind the last one that went.
    accounts = unscoped(models.Account, "retention is the same for everybody").filter(
        changes__position=F("pruned_position") + 1, changes__at__lt=cutoff
    )
    for account in await accounts.only("id"):
        dropped = _PRUNED_AT_ONCE
        while dropped == _PRUNED_AT_ONCE:
            dropped = await committed_by_operator(partial(_prune_batch, account.id, cutoff), account.id)
            gone += dropped
    return gone


async def _prune_batch(account_id: str, cutoff: datetime, commit: Commit) -> int:
    """Drop the oldest changes of an account, up to a batch of them, and remember up to where."""
    await database.alone(commit.connection, "prune")
    log = unscoped(Change, "retention is the same for everybody").filter(account_id=account_id)
    oldest = await log.order_by("position").limit(_PRUNED_AT_ONCE).only("id", "position", "at")
    expired = list(takewhile(lambda change: change.at < cutoff, oldest))
    if expired:
        await log.filter(position__lte=expired[-1].position).delete()
        accounts = unscoped(models.Account, "retention is the same for everybody").filter(id=account_id)
        await accounts.update(pruned_position=expired[-1].position)
    return len(expired)


async def behind(
    viewer: Viewer, position: int, candidate_id: str | None, most: int, head: int | None = None
) -> list[Change]:
    """The changes behind that position, up to the head, that the viewer may see: so many of them, oldest first."""
    bounds = {"position__gt": position, "position__lte": head, "candidate_id": candidate_id}
    within = {name: value for name, value in bounds.items() if value is not None}
    found = await hot(viewer, _behind, (most,), within, tail='ORDER BY base."position"')
    return [change for (change,) in found]


def _behind(viewer: Viewer, most: int, **within: Any) -> QuerySet[Change]:
    return visible(viewer, Change).filter(**within).order_by("position").limit(most)
