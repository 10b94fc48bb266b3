"""Group commit: acts that wait for a transaction at the same time share the next one."""

import asyncio
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from database.connection import UNREACHABLE
from database.transactions import CLASH, Act, Begin, Transactions, Unit, run_together, run_with_retries
from work import Work, counted, current_work, shared_by

T = TypeVar("T")

MOST_TOGETHER = 16
_MOST_UNDER_WAY = 2


@dataclass(frozen=True, eq=False)
class _Waiting(Generic[Unit]):
    """An act that waits for its transaction."""

    subject: Hashable
    act: Act[Unit, object]
    result: asyncio.Future[Any]
    #: What it counts to, with its part of the transaction.
    work: Work

    def fail(self, failure: Exception) -> None:
        self.result.set_exception(failure)
        # Marks it as retrieved: the caller may have gone away.
        self.result.exception()


class GroupCommits(Generic[Unit]):
    """The queues of all owners: acts of different owners share no transaction."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions
        self._queues: dict[Hashable, GroupCommitQueue[Unit]] = {}

    async def run(self, owner: Hashable, begin: Begin[Unit], subject: Hashable, act: Act[Unit, T]) -> T:
        """The result of the act in a transaction with others of the owner, which `begin` makes a unit of work for.

        Two acts on one subject come one after the other. An act must run one statement after the other, all of them
        compiled. Acts that fail together are tried again, each alone.
        """
        queue = self._queues.setdefault(owner, GroupCommitQueue(begin))
        result = queue.add(subject, act)
        self._transactions.start(self._commit_all(owner, queue))
        return await asyncio.shield(result)

    async def _commit_all(self, owner: Hashable, queue: "GroupCommitQueue[Unit]") -> None:
        try:
            await queue.commit_all()
        finally:
            if not queue.under_way:
                self._queues.pop(owner, None)
                _cancel(queue.waiting)


@dataclass
class GroupCommitQueue(Generic[Unit]):
    """The acts of one owner on their way into transactions, two of which are under way at most.

    While one waits for the database, the acts of the other are run.
    """

    #: Begins the unit of work of a transaction.
    begin: Begin[Unit]
    waiting: list[_Waiting[Unit]] = field(default_factory=list)
    under_way: list[list[_Waiting[Unit]]] = field(default_factory=list)

    def add(self, subject: Hashable, act: Act[Unit, T]) -> "asyncio.Future[T]":
        """Let the act wait for its transaction; the future gets its result."""
        waiting: _Waiting[Unit] = _Waiting(
            subject, act, asyncio.get_running_loop().create_future(), current_work() or Work()
        )
        self.waiting.append(waiting)
        return waiting.result

    async def commit_all(self) -> None:
        """Commit group after group, until none can begin."""
        while group := self._take_next():
            self.under_way.append(group)
            try:
                with shared_by([each.work for each in group]) as work:
                    await counted(work, self._commit, group)
            finally:
                self.under_way.remove(group)
                _cancel(group)

    def _take_next(self) -> list[_Waiting[Unit]]:
        """Those who go next; nobody yet while a larger group is under way: each act of a small one would cost more."""
        if len(self.under_way) == _MOST_UNDER_WAY:
            return []
        busy = {each.subject for group in self.under_way for each in group}
        free: dict[Hashable, _Waiting[Unit]] = {}
        for each in self.waiting:
            if each.subject not in busy:
                free.setdefault(each.subject, each)
        group = list(free.values())[:MOST_TOGETHER]
        if len(group) < len(busy):
            return []
        self.waiting = [each for each in self.waiting if each not in group]
        return group

    async def _commit(self, group: list[_Waiting[Unit]]) -> None:
        if len(group) == 1:
            await self._commit_alone(group[0])
            return
        try:
            results: list[object] = await run_together(self.begin, [each.act for each in group])
        except Exception as failure:
            if isinstance(failure, UNREACHABLE) and not isinstance(failure, CLASH):
                for each in group:
                    each.fail(failure)
            else:
                # Another process works on the same, or one of the acts can't be done: each alone gets its own failure.
                await asyncio.gather(*(counted(each.work, self._commit_alone, each) for each in group))
        else:
            for each, result in zip(group, results, strict=True):
                each.result.set_result(result)

    async def _commit_alone(self, waiting: _Waiting[Unit]) -> None:
        try:
            waiting.result.set_result(await run_with_retries(self.begin, waiting.act))
        except Exception as failure:
            waiting.fail(failure)


def _cancel(group: list[_Waiting[Unit]]) -> None:
    """End the wait of those who were left without a result: the process goes down."""
    for each in group:
        each.result.cancel()
