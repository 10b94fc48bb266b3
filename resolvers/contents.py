"""What rows held before an act: whether they have changed by it, and what the log says of that."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, TypeVar

from database import column_values
from models import Candidate, ChangeType, Follower, Posting, Row, email_key
from resolvers.access import unscoped
from resolvers.queries import known
from resolvers.sight import users_with
from resolvers.units import UnitOfWork

AnyRow = TypeVar("AnyRow", bound=Row)


class Contents:
    """What stored rows held before a sync: a row that is the same again is not written."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._values = {row.id: column_values(row) for row in rows}

    def is_new(self, row: Row) -> bool:
        """Whether the row was not there before."""
        return row.id not in self._values

    def has_changed(self, row: Row) -> bool:
        """Whether the row is new or holds something else; when it was written last is none of it."""
        return self._values.get(row.id, {}) | {"updated_at": None} != column_values(row) | {"updated_at": None}

    def value(self, row: Row, name: str) -> Any:
        """What the row had there before; None of a new one."""
        return self._values.get(row.id, {}).get(name)

    def changed(self, rows: Iterable[AnyRow]) -> list[AnyRow]:
        """Those of the rows that have to be written."""
        return [row for row in rows if self._values.get(row.id) != column_values(row)]


class CandidatesBefore(Contents):
    """What candidates were before a sync, and who followed them."""

    def __init__(self, candidates: Collection[Candidate], follows: Iterable[Follower]) -> None:
        super().__init__(candidates)
        self._followers: dict[str, set[str]] = {candidate.id: set() for candidate in candidates}
        for follow in follows:
            self._followers[follow.candidate_id].add(follow.user_id)

    @classmethod
    async def load(cls, candidates: Collection[Candidate]) -> "CandidatesBefore":
        """The candidates as they stand, with their followers. A statement, where there is any."""
        ids = [candidate.id for candidate in candidates]
        follows = unscoped(Follower, "the followers of the candidates that are synced").filter(candidate_id__in=ids)
        return cls(candidates, await follows if ids else [])

    async def record_changes(
        self, unit: UnitOfWork, candidates: Collection[Candidate], followers: Mapping[str, set[str]]
    ) -> None:
        """Add to the log which of the candidates have changed, now that these are their followers; nothing is written.

        What has changed gets the instant of that.
        """
        await unit.sight.watch(await self._changed_ties(candidates, followers))
        for user_id in await users_with(unit.account_id, self._changed_emails(candidates)):
            unit.expire_cursors(user_id)
        for candidate in candidates:
            if self.has_changed(candidate) or self._changed_followers(candidate, followers):
                candidate.updated_at = unit.at
                unit.record_candidate(candidate, self._type(candidate))

    def _type(self, candidate: Candidate) -> ChangeType:
        if self.is_new(candidate):
            return ChangeType.CANDIDATE_CREATED
        if (self.value(candidate, "archived_at") is None) is (candidate.archived_at is None):
            return ChangeType.CANDIDATE_UPDATED
        return ChangeType.CANDIDATE_ARCHIVED if candidate.archived_at else ChangeType.CANDIDATE_UNARCHIVED

    def _changed_emails(self, candidates: Collection[Candidate]) -> set[str]:
        """The emails that known candidates get or lose: whoever has one of them is that candidate, or no longer."""
        changed: set[str] = set()
        for candidate in candidates:
            if not self.is_new(candidate):
                changed |= set(candidate.emails) ^ set(self.value(candidate, "emails"))
        return set(map(email_key, changed))

    async def _changed_ties(
        self, candidates: Collection[Candidate], followers: Mapping[str, set[str]]
    ) -> set[tuple[str, str]]:
        """Users and candidates whom a sync ties to each other, or parts. A statement, where postings change."""
        postings = {each.id: self._both(each, "posting_id") for each in candidates}
        managers = await _managers(known(*(id for ids in postings.values() for id in ids)))
        pairs: set[tuple[str, str]] = set()
        for candidate in candidates:
            users = self._changed_followers(candidate, followers)
            users |= self._both(candidate, "owner_id")
            users |= {managers[id] for id in postings[candidate.id] if id in managers}
            pairs |= {(user_id, candidate.id) for user_id in users}
        return pairs

    def _changed_followers(self, candidate: Candidate, followers: Mapping[str, set[str]]) -> set[str]:
        """Who follows the candidate from now on, or no longer; nobody where nothing is said of that."""
        before = self._followers.get(candidate.id, set())
        return followers.get(candidate.id, before) ^ before

    def _both(self, candidate: Candidate, name: str) -> set[str]:
        """What the candidate has there now and had before, where the two differ."""
        values = (self.value(candidate, name), getattr(candidate, name))
        return set(known(*values)) if values[0] != values[1] else set()


async def _managers(posting_ids: Collection[str]) -> dict[str, str]:
    """The hiring managers of the postings that have one. A statement, where there is any posting."""
    postings = unscoped(Posting, "whose view changes with a posting").filter(id__in=posting_ids)
    rows = await postings.only("id", "hiring_manager_id") if posting_ids else []
    return {row.id: row.hiring_manager_id for row in rows if row.hiring_manager_id is not None}
