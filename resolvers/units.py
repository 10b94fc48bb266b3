"""The unit of work of acts: rows, changes and audit events that are written together at the end of their transaction.

A signal only says that there is something to read: the log in the database is the truth, with positions that are
gap-free and in the order of the commits.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import TypeVar

from tortoise.backends.base.client import BaseDBAsyncClient

import clock
import database
import models
from auth.viewer import Viewer
from database import GroupCommits, Stored, Transactions
from feed.notify import SIGNALS
from models import (
    AuditAct,
    AuditEvent,
    Candidate,
    Change,
    ChangeTopic,
    ChangeType,
    FeedbackForm,
    InterviewPanelChangeKind,
    LogEntry,
)
from resolvers.sight import Draft, Sight, expired, form_places

T = TypeVar("T")

#: Whatever is pointed at is written before what points at it.
_WRITE_ORDER = (
    *(models.Panel, models.Interview, models.TemplateVersion, models.FeedbackForm, models.Interviewer),
    *(models.RefusedPush, AuditEvent, Change, LogEntry),
)


_DIRECTORY_TYPES: dict[type[models.Row], ChangeType] = {
    models.User: ChangeType.USER_CHANGED,
    models.Stage: ChangeType.STAGE_CHANGED,
    models.Posting: ChangeType.POSTING_CHANGED,
    models.FeedbackTemplate: ChangeType.TEMPLATE_CHANGED,
}


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
    #: Who comes to see what by the acts, and who sees it no longer.
    sight: Sight = field(default_factory=Sight)
    _entries: list[Change | LogEntry] = field(default_factory=list)
    _changed_panels: dict[str, models.Panel] = field(default_factory=dict)
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

    def record(
        self,
        panel: models.Panel,
        kind: InterviewPanelChangeKind,
        previous_starts_at: datetime | None = None,
        newcomers: Sequence[str] = (),
    ) -> None:
        """Add to the log that the panel has changed in that way: it gets its next version. The panel must be kept.

        `newcomers` are the users into whose view it comes by that.
        """
        panel.version += 1
        self._changed_panels[panel.id] = panel
        assert panel.candidate_id is not None, "nobody sees a tombstone"
        self._entries.append(
            Change(
                account_id=self.account_id,
                panel_id=panel.id,
                candidate_id=panel.candidate_id,
                kind=kind,
                previous_starts_at=previous_starts_at,
                newcomers=list(newcomers) or None,
                actor_id=self.actor_id,
                at=self.at,
            )
        )

    def record_candidate(self, candidate: Candidate, type: ChangeType) -> None:
        """Add to the log that the candidate has changed in that way."""
        self.tell(((ChangeTopic.CANDIDATES, type.value, candidate.id), {"candidate_id": candidate.id}))

    def record_form(self, form: FeedbackForm, candidate_id: str, type: ChangeType) -> None:
        """Add to the log that the form, which is about that candidate, has changed in that way."""
        self.tell(((ChangeTopic.FEEDBACK_FORMS, type.value, form.id), form_places(form, candidate_id)))

    def record_integration(self, id: str) -> None:
        """Add to the log that the integration's row or keys have changed."""
        self.tell(((ChangeTopic.INTEGRATIONS, ChangeType.INTEGRATION_CHANGED.value, id), {}))

    def record_directory(self, rows: Iterable[models.Row]) -> None:
        """Add to the log that these users, stages, postings and templates have changed, or are new."""
        for row in rows:
            columns: dict[str, str | None] = {"user_id": row.id} if isinstance(row, models.User) else {}
            self.tell(((ChangeTopic.DIRECTORY, _DIRECTORY_TYPES[type(row)].value, row.id), columns))

    def expire_cursors(self, user_id: str) -> None:
        """Let the user load afresh: they see another part of the account from here on."""
        self.tell(expired(user_id))

    def tell(self, *drafts: Draft) -> None:
        """Add entries to the log."""
        self._entries += map(self._entry, drafts)

    def _entry(self, draft: Draft) -> LogEntry:
        (topic, kind, subject_id), columns = draft
        entry = {"topic": topic, "kind": kind, "subject_id": subject_id, "actor_id": self.actor_id, "at": self.at}
        return LogEntry(account_id=self.account_id, **entry, **columns)

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

    async def flush(self) -> None:
        """Write the rows that were kept so far, for what the acts read next."""
        await self._write_rows()
        # Their positions in the log, and so their instants, are still to come.
        self.keep(*self._changed_panels.values())

    async def write(self) -> None:
        """Write the rows that were kept, and append what was recorded to the log.

        The account's row is locked last, for its position only: acts on different panels run concurrently until then.
        """
        if self.sight.is_watched:
            # Who sees what by now is read from what is written.
            await self.flush()
            before, after = await self.sight.changes(self._entries)
            self._entries = [*map(self._entry, before), *self._entries, *map(self._entry, after)]
        if self._entries:
            [row] = await self.connection.execute_query_dict(
                f"UPDATE account SET position = position + {len(self._entries)} WHERE id = "
                f"{'$1' if database.on_postgres() else '?'} RETURNING position",
                [self.account_id],
            )
            # Since the lock, instants are in the order of commits: whoever pages panels by their change misses none.
            now = clock.now()
            for panel in self._changed_panels.values():
                panel.updated_at = now
            for position, entry in enumerate(self._entries, row["position"] - len(self._entries) + 1):
                entry.position = position
            self.keep(*self._entries)
        await self._write_rows()

    async def _write_rows(self) -> None:
        # Who reads a panel again after a flush keeps it again: what was read later counts.
        self._rows[models.Panel] = list({panel.pk: panel for panel in self._rows[models.Panel]}.values())
        await database.upsert(row for rows in self._rows.values() for row in rows)
        for rows in self._rows.values():
            rows.clear()

    def publish(self) -> None:
        """Signal those who follow what has changed."""
        if self._entries:
            SIGNALS.publish(self.account_id)


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
