"""The unit of work of acts: rows, changes and audit events that are written together at the end of their transaction.

A signal only says that there is something to read: the log in the database is the truth, with positions that are
gap-free and in the order of the commits.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from functools import partial
from typing import TypeVar

from tortoise.backends.base.client import BaseDBAsyncClient

import clock
import database
import models
from auth.viewer import Viewer
from database import GroupCommits, Stored, Transactions
from feed.log import Topic, assign_positions
from feed.notify import SIGNALS
from models import AuditAct, AuditEvent, Change, InterviewPanelChangeKind, TopicChange, TopicLog

T = TypeVar("T")

#: Whatever is pointed at is written before what points at it.
_WRITE_ORDER = (
    *(models.Panel, models.Interview, models.TemplateVersion, models.FeedbackForm, models.Interviewer),
    *(AuditEvent, Change, TopicLog, TopicChange),
)


@dataclass(frozen=True)
class _Actor:
    """Who acts in a transaction."""

    account_id: str
    actor_id: str = ""
    #: The key with which an integration acts.
    api_key_id: str | None = None

    @classmethod
    def of(cls, viewer: Viewer) -> "_Actor":
        return cls(viewer.account_id, viewer.actor_id, viewer.key.id if viewer.key else None)


@dataclass
class UnitOfWork:
    """Acts under way in one transaction: what they keep and record is written at its end, and gets its positions."""

    actor: _Actor
    connection: BaseDBAsyncClient
    at: datetime = field(default_factory=clock.now)
    _changes: list[tuple[models.Panel, InterviewPanelChangeKind]] = field(default_factory=list)
    _announced: dict[str, list[TopicChange]] = field(default_factory=dict)
    _rows: dict[type[Stored], list[Stored]] = field(default_factory=lambda: {model: [] for model in _WRITE_ORDER})

    @classmethod
    async def begin(cls, actor: _Actor, connection: BaseDBAsyncClient) -> "UnitOfWork":
        """The unit of work of a transaction that has just been opened."""
        if not database.on_postgres():
            # SQLite: a transaction that reads before it writes fails at once when another process writes.
            touch = "UPDATE account SET position = position WHERE id = ?"
            await connection.execute_query(touch, [actor.account_id])
        return cls(actor, connection)

    @property
    def account_id(self) -> str:
        return self.actor.account_id

    @property
    def actor_id(self) -> str:
        return self.actor.actor_id

    def keep(self, *rows: Stored) -> None:
        """Write these rows, new or known, as they stand when the acts are done."""
        for row in rows:
            self._rows[type(row)].append(row)

    def record(self, panel: models.Panel, kind: InterviewPanelChangeKind) -> None:
        """Add to the log that the panel has changed in that way: it gets its next version. The panel must be kept."""
        panel.version += 1
        self._changes.append((panel, kind))

    def announce(self, topic: Topic[TopicChange], subject_id: str, kind: Enum) -> None:
        """Add to the topic's log that the subject has changed in that way."""
        log_id = topic.log_id(self.account_id)
        change = TopicChange(log_id=log_id, subject_id=subject_id, kind=kind.value, actor_id=self.actor_id, at=self.at)
        self._announced.setdefault(log_id, []).append(change)

    def audit(self, act: AuditAct, target_id: str, **details: str) -> None:
        """Add to the audit trail that this was done to that; details are ids and names of ours, nothing personal."""
        self.keep(
            AuditEvent(
                account_id=self.account_id,
                created_at=self.at,
                act=act,
                actor_id=self.actor_id,
                api_key_id=self.actor.api_key_id,
                target_id=target_id,
                details=details,
            )
        )

    async def write(self) -> None:
        """Write the rows that were kept, and append the recorded changes to the log.

        The account's row is locked last, for its position only: acts on different panels run concurrently until then.
        """
        if self._changes:
            [row] = await self.connection.execute_query_dict(
                f"UPDATE account SET position = position + {len(self._changes)} WHERE id = "
                f"{'$1' if database.on_postgres() else '?'} RETURNING position",
                [self.account_id],
            )
            first = row["position"] - len(self._changes) + 1
            # Since the lock, instants are in the order of commits: whoever pages panels by their change misses none.
            now = clock.now()
            for panel, _ in self._changes:
                panel.updated_at = now
            self.keep(*(self._change(*change, position) for position, change in enumerate(self._changes, first)))
        for log_id, announced in self._announced.items():
            self.keep(await assign_positions(log_id, self.account_id, announced), *announced)
        await database.upsert(row for rows in self._rows.values() for row in rows)

    def publish(self) -> None:
        """Signal those who follow what has changed."""
        for log_id in (*([self.account_id] if self._changes else []), *self._announced):
            SIGNALS.publish(log_id)

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


_Work = Callable[[UnitOfWork], Awaitable[T]]

TRANSACTIONS = Transactions()
_GROUPS: GroupCommits[UnitOfWork] = GroupCommits(TRANSACTIONS)


async def commit(viewer: Viewer, act: _Work[T]) -> T:
    """Run the act in one transaction and return its result; on any exception nothing of it is written.

    Here and in the two functions below transactions are opened, and nowhere else. A caller that goes away does not cut
    the act short. An act that clashes with another one is run again from its start.
    """
    return await TRANSACTIONS.run(partial(UnitOfWork.begin, _Actor.of(viewer)), act)


async def commit_for_operator(act: _Work[T], account_id: str = "") -> T:
    """The same for what the command line does and no viewer."""
    return await TRANSACTIONS.run(partial(UnitOfWork.begin, _Actor(account_id)), act)


async def commit_in_group(viewer: Viewer, panel: str, act: _Work[T]) -> T:
    """The same for an act on one panel, named by any id: acts that wait at the same time share a transaction.

    The act must read by compiled statements only, one after the other, and look up in the rows what it has asked for.
    """
    actor = _Actor.of(viewer)
    return await _GROUPS.run(actor, partial(UnitOfWork.begin, actor), panel, act)
