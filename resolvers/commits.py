"""The one opener of transactions: acts are committed here, together with the changes that they record.

A wake only says `look`: the log in the database is the truth, with positions that are gap-free and in commit order.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from functools import partial
from typing import Any, TypeVar

import asyncpg
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.exceptions import IntegrityError

import clock
import database
import models
from auth.refusals import Refused
from auth.viewer import Viewer
from database.batching import side_by_side
from database.row import Stored
from database.upsert import store
from feed.log import Topic, number
from feed.notify import SIGNALS
from models import AuditAct, AuditEvent, Change, InterviewPanelChangeKind, TopicChange, TopicLog

T = TypeVar("T")

_log = logging.getLogger(__name__)

_TRIES = 6
_MOST_TOGETHER = 16
_MOST_UNDER_WAY = 2
_CLASH = (IntegrityError, asyncpg.DeadlockDetectedError, asyncpg.SerializationError)
_DRAIN_SECONDS = 1.0

_running: set[asyncio.Task[Any]] = set()


#: Whatever is pointed at is written before what points at it.
_WRITTEN = (
    models.Panel,
    models.Interview,
    models.FeedbackForm,
    models.Interviewer,
    AuditEvent,
    Change,
    TopicLog,
    TopicChange,
)


@dataclass
class Commit:
    """Acts under way in one transaction: what they keep and record is written at its end, and gets its positions."""

    account_id: str
    actor_id: str
    connection: BaseDBAsyncClient
    #: The key with which an integration acts.
    api_key_id: str | None = None
    at: datetime = field(default_factory=clock.now)
    _changes: list[tuple[models.Panel, InterviewPanelChangeKind]] = field(default_factory=list)
    _announced: dict[str, list[TopicChange]] = field(default_factory=dict)
    _kept: dict[type[Stored], list[Stored]] = field(default_factory=lambda: {model: [] for model in _WRITTEN})

    def keep(self, *rows: Stored) -> None:
        """Write these rows, new or known, as they stand when the acts are done."""
        for row in rows:
            self._kept[type(row)].append(row)

    def record(self, panel: models.Panel, kind: InterviewPanelChangeKind) -> None:
        """The panel has changed in that way: it gets its next version."""
        panel.version += 1
        panel.updated_at = self.at
        self._changes.append((panel, kind))

    def announce(self, topic: Topic[TopicChange], subject_id: str, kind: Enum) -> None:
        """Add to the topic's log that the subject has changed in that way."""
        log_id = topic.log_id(self.account_id)
        change = TopicChange(log_id=log_id, subject_id=subject_id, kind=kind.value, actor_id=self.actor_id, at=self.at)
        self._announced.setdefault(log_id, []).append(change)

    def audit(self, act: AuditAct, target_id: str, **details: str) -> None:
        """Keep for good that this was done to that; the details are ids and names of ours, nothing about a person."""
        self.keep(
            AuditEvent(
                account_id=self.account_id,
                created_at=self.at,
                act=act,
                actor_id=self.actor_id,
                api_key_id=self.api_key_id,
                target_id=target_id,
                details=details,
            )
        )

    async def write(self) -> bool:
        """Write what was kept, and append the recorded changes to the log; tells whether there were any.

        The account's row is locked last, for its position only: acts on different panels run side by side until then.
        """
        if self._changes:
            [row] = await self.connection.execute_query_dict(
                f"UPDATE account SET position = position + {len(self._changes)} WHERE id = "
                f"{'$1' if database.on_postgres() else '?'} RETURNING position",
                [self.account_id],
            )
            first = row["position"] - len(self._changes) + 1
            self.keep(*(self._change(*its, position) for position, its in enumerate(self._changes, first)))
        for log_id, announced in self._announced.items():
            self.keep(await number(log_id, self.account_id, announced), *announced)
        await store(row for rows in self._kept.values() for row in rows)
        return bool(self._changes)

    def _change(self, panel: models.Panel, kind: InterviewPanelChangeKind, position: int) -> Change:
        return Change(
            account_id=self.account_id,
            position=position,
            panel_id=panel.id,
            candidate_id=panel.candidate_id,
            kind=kind,
            actor_id=self.actor_id,
            at=self.at,
        )


@dataclass(frozen=True)
class _Actor:
    """Who acts in a transaction."""

    account_id: str
    actor_id: str
    api_key_id: str | None

    @classmethod
    def of(cls, viewer: Viewer) -> "_Actor":
        return cls(viewer.account_id, viewer.actor_id, viewer.key.id if viewer.key else None)


async def committed(viewer: Viewer, act: Callable[[Commit], Awaitable[T]]) -> T:
    """Run the act in one transaction and return what it returns; on any exception nothing of it is written.

    The only opener of transactions. The act runs in a task of its own: a caller that goes away must not cut a
    transaction in half, nor leave its connection behind. An act that clashes with another is run again from its start.
    """
    [result] = await _shielded(_committed(_Actor.of(viewer), [act]))
    return result


async def committed_by_operator(act: Callable[[Commit], Awaitable[T]], account_id: str = "") -> T:
    """The same for what the command line does and no viewer."""
    [result] = await _shielded(_committed(_Actor(account_id, "", None), [act]))
    return result


async def committed_together(viewer: Viewer, panel: str, act: Callable[[Commit], Awaitable[T]]) -> T:
    """The same for an act on one panel, named by any id: acts that wait for each other share a transaction.

    Whoever acts has two under way at most: while one waits for the database, the other is thought through. What else
    they do waits, and is then done side by side. The acts must ask for one thing after the other, by hot reads. Where
    they fail together, each is tried alone.
    """
    actor, asked = _Actor.of(viewer), _Asked(panel, act, asyncio.get_running_loop().create_future())
    queue = _queues.setdefault(actor, _Queue())
    queue.waiting.append(asked)
    _started(_work_off(actor, queue))
    return await asyncio.shield(asked.result)


@dataclass(frozen=True, eq=False)
class _Asked:
    """An act that waits for its transaction."""

    panel: str
    act: Callable[[Commit], Awaitable[Any]]
    result: asyncio.Future[Any]


@dataclass
class _Queue:
    """What one actor asks for, on its way into transactions."""

    waiting: list[_Asked] = field(default_factory=list)
    under_way: list[list[_Asked]] = field(default_factory=list)

    def next(self) -> list[_Asked]:
        """Those who go next, together. Nobody yet while more are under way: in small groups each would cost more.

        Two acts on one panel come one after the other.
        """
        if len(self.under_way) == _MOST_UNDER_WAY:
            return []
        busy = {asked.panel for group in self.under_way for asked in group}
        free: dict[str, _Asked] = {}
        for asked in self.waiting:
            if asked.panel not in busy:
                free.setdefault(asked.panel, asked)
        group = list(free.values())[:_MOST_TOGETHER]
        if len(group) < len(busy):
            return []
        self.waiting = [asked for asked in self.waiting if asked not in group]
        return group


_queues: dict[_Actor, _Queue] = {}


async def _work_off(actor: _Actor, queue: _Queue) -> None:
    """Transaction after transaction, until nobody goes next."""
    try:
        while group := queue.next():
            queue.under_way.append(group)
            try:
                await _done(actor, group)
            finally:
                queue.under_way.remove(group)
                _give_up(group)
    finally:
        if not queue.under_way:
            _give_up(_queues.pop(actor, queue).waiting)


def _give_up(group: list[_Asked]) -> None:
    """Whoever still waits has waited in vain: the process goes down."""
    for asked in group:
        asked.result.cancel()


async def _done(actor: _Actor, group: list[_Asked]) -> None:
    try:
        results: list[Any] = await _committed(actor, [asked.act for asked in group])
    except Exception as failure:
        if len(group) > 1 and (isinstance(failure, _CLASH) or not isinstance(failure, database.UNREACHABLE)):
            # Another process is at the same, or one of them can't be done: each alone is told its own.
            await asyncio.gather(*(_done(actor, [asked]) for asked in group))
            return
        for asked in group:
            asked.result.set_exception(failure)
            # Its caller may have gone away.
            asked.result.exception()
    else:
        for asked, result in zip(group, results, strict=True):
            asked.result.set_result(result)


async def _committed(actor: _Actor, acts: Sequence[Callable[[Commit], Awaitable[T]]]) -> list[T]:
    for tries_left in reversed(range(_TRIES if len(acts) == 1 else 1)):
        try:
            async with database.transaction() as connection:
                if not database.on_postgres():
                    # SQLite: a transaction that reads before it writes fails at once when another process writes.
                    own = [actor.account_id]
                    await connection.execute_query("UPDATE account SET position = position WHERE id = ?", own)
                commit = Commit(actor.account_id, actor.actor_id, connection, actor.api_key_id)
                results = await side_by_side([partial(act, commit) for act in acts])
                changed = await commit.write()
        except _CLASH:
            if not tries_left:
                raise
            await asyncio.sleep(random.uniform(0, 0.02))
        else:
            if changed:
                SIGNALS.publish(actor.account_id)
            for log_id in commit._announced:
                SIGNALS.publish(log_id)
            return results
    raise AssertionError("the last try returns or raises")


async def _shielded(work: Coroutine[Any, Any, T]) -> T:
    return await asyncio.shield(_started(work))


def _started(work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
    task = asyncio.create_task(work)
    _running.add(task)
    task.add_done_callback(_finished)
    return task


def _finished(task: asyncio.Task[Any]) -> None:
    _running.discard(task)
    if not task.cancelled() and (failure := task.exception()) and not isinstance(failure, Refused):
        _log.debug("An act failed: %s", type(failure).__name__)


async def drained() -> None:
    """Returns when every act under way has ended; what takes longer than a second is given up: for the shutdown."""
    if _running:
        _, late = await asyncio.wait(_running, timeout=_DRAIN_SECONDS)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
