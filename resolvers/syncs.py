"""Syncs: how the ATS keeps its stages, postings and candidates current here, and the shape that all syncs have.

A sync is one transaction: every row of it is taken, or none. Users and feedback templates have rules and a file of
their own.
"""

from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from tortoise.expressions import Q

import settings
from auth.viewer import Viewer
from database import upsert
from models import Candidate, CandidateEmail, Follower, Posting, Row, Stage, User, email_key
from resolvers import duplicates, internal_candidates, units, validation
from resolvers.access import Act, require, unscoped, visible
from resolvers.contents import CandidatesBefore, Contents
from resolvers.errors import ErrorCode, Path, UserError, error
from resolvers.invite_revisions import revise_invites_of_candidates, shown_to_calendars
from resolvers.queries import known
from resolvers.units import UnitOfWork
from resolvers.validation import plain_text

AnyRow = TypeVar("AnyRow", bound=Row)


@dataclass(frozen=True)
class PostingRow:
    external_id: str
    title: str
    hiring_manager_email: str | None = None


@dataclass(frozen=True)
class StageRow:
    name: str
    position: int
    has_interview: bool = False


@dataclass(frozen=True)
class CandidateRow:
    external_id: str
    name: str
    stage: str
    headline: str | None = None
    emails: list[str] = field(default_factory=list)
    posting_external_id: str | None = None
    owner_email: str | None = None
    follower_emails: list[str] = field(default_factory=list)
    archived: bool = False
    merged_into_external_id: str | None = None
    restore_erased: bool = False


@dataclass(frozen=True)
class Synced(Generic[AnyRow]):
    """The rows as they stand, in the order of the input, or every reason why none was taken."""

    rows: list[AnyRow] = field(default_factory=list)
    errors: list[UserError] = field(default_factory=list)


async def sync(viewer: Viewer, act: Callable[[UnitOfWork], Awaitable[Synced[AnyRow]]]) -> Synced[AnyRow]:
    """Run the act of a sync in one transaction. Raises Refused(FORBIDDEN)."""
    require(viewer, Act.SYNC)
    return await units.commit(viewer, act)


async def save(rows: list[AnyRow], faults: list[UserError], before: Contents) -> Synced[AnyRow]:
    """Write the rows that differ from what they were, in one statement; or with any fault none."""
    if faults or not rows:
        return Synced(errors=faults)
    await upsert(before.changed(rows))
    return Synced(rows)


async def save_directory(
    unit: UnitOfWork, rows: list[AnyRow], faults: list[UserError], before: Contents
) -> Synced[AnyRow]:
    """The same for what has no log of its own: those that differ are recorded as changes of the directory."""
    if not faults:
        unit.record_directory(filter(before.has_changed, rows))
    return await save(rows, faults, before)


async def load_by(
    viewer: Viewer, model: type[AnyRow], column: str, names: Iterable[str | None], *, lock: bool = False
) -> dict[str, AnyRow]:
    """The visible rows that have one of these names in the column, by it; locked until the commit if wished."""
    wanted = known(*names)
    rows = visible(viewer, model).filter(**{f"{column}__in": wanted})
    rows = rows.order_by("id").select_for_update() if lock else rows
    return {getattr(row, column): row for row in await rows} if wanted else {}


def repeat_faults(keys: Sequence[str | None], argument: str, column: str) -> Iterator[UserError]:
    """A fault for each row whose key an earlier row of the list has."""
    seen: set[str] = set()
    for index, key in enumerate(keys):
        if key is not None and key in seen:
            yield error(ErrorCode.TAKEN, "Another row of this list has the same.", (argument, index, column))
        seen.add(key or "")


class _References:
    """The ids of rows that synced rows name, with a fault for each name that nothing has."""

    def __init__(self, faults: list[UserError]) -> None:
        self._faults = faults

    def id(self, rows: dict[str, AnyRow], name: str | None, what: str, path: Path) -> str | None:
        """The id of the row of that name."""
        if name is None:
            return None
        if name not in rows:
            self._faults.append(error(ErrorCode.NOT_FOUND, f"{what}: sync it first.", path))
            return None
        return rows[name].id

    def user_id(self, users: dict[str, User], email: str | None, path: Path) -> str | None:
        """The id of the user with that email."""
        key = email_key(email) if email is not None and email.strip() else None
        return self.id(users, key, "Nobody in this account has this email", path)


async def _load_users(viewer: Viewer, emails: Iterable[str | None]) -> dict[str, User]:
    return await load_by(viewer, User, "email", map(email_key, known(*emails)))


async def sync_stages(viewer: Viewer, rows: Sequence[StageRow]) -> Synced[Stage]:
    """Take the stages over, matched by name. Raises Refused(FORBIDDEN)."""
    names = [plain_text(row.name) or "" for row in rows]

    async def act(unit: UnitOfWork) -> Synced[Stage]:
        faults = list(_stage_faults(rows))
        stored = await load_by(viewer, Stage, "name", names)
        before = Contents(stored.values())
        stages = [stored.get(name) or Stage(account_id=viewer.account_id, name=name) for name in names]
        for stage, row in zip(stages, rows, strict=True):
            stage.position, stage.has_interview = row.position, row.has_interview
        moved = [stage for stage in stored.values() if before.value(stage, "position") != stage.position]
        synced = await save_directory(unit, stages, faults, before)
        for stage in moved if not faults else ():
            candidates = unscoped(Candidate, "candidates are listed by their stage's position, whoever moves it")
            await candidates.filter(stage_id=stage.id).update(stage_position=stage.position)
        return synced

    return await sync(viewer, act)


def _stage_faults(rows: Sequence[StageRow]) -> Iterator[UserError]:
    yield from repeat_faults([plain_text(row.name) for row in rows], "stages", "name")
    for index, row in enumerate(rows):
        yield from validation.name_faults(row.name, ("stages", index, "name"))


async def sync_postings(viewer: Viewer, rows: Sequence[PostingRow]) -> Synced[Posting]:
    """Take the postings over, matched by external id. Raises Refused(FORBIDDEN)."""

    async def act(unit: UnitOfWork) -> Synced[Posting]:
        faults = list(_posting_faults(rows))
        references = _References(faults)
        stored = await load_by(viewer, Posting, "external_id", [row.external_id for row in rows])
        users = await _load_users(viewer, [row.hiring_manager_email for row in rows])
        before, managers = Contents(stored.values()), {each.id: each.hiring_manager_id for each in stored.values()}
        postings = []
        for index, row in enumerate(rows):
            posting = stored.get(row.external_id) or Posting(account_id=viewer.account_id, external_id=row.external_id)
            posting.title = plain_text(row.title) or ""
            path = ("postings", index, "hiringManagerEmail")
            posting.hiring_manager_id = references.user_id(users, row.hiring_manager_email, path)
            postings.append(posting)
        if not faults:
            await _watch_managers(unit, postings, managers)
        return await save_directory(unit, postings, faults, before)

    return await sync(viewer, act)


async def _watch_managers(unit: UnitOfWork, postings: Iterable[Posting], before: Mapping[str, str | None]) -> None:
    """Note to whom the candidates of postings come, or from whom they go, by another hiring manager."""
    managers = {each.id: known(before.get(each.id), each.hiring_manager_id) for each in postings}
    moved = [each.id for each in postings if each.id in before and before[each.id] != each.hiring_manager_id]
    candidates = unscoped(Candidate, "whose view changes with a hiring manager").filter(posting_id__in=moved)
    if moved:
        rows = await candidates.only("id", "posting_id")
        await unit.sight.watch({(id, row.id) for row in rows for id in managers[row.posting_id or ""]})


def _posting_faults(rows: Sequence[PostingRow]) -> Iterator[UserError]:
    yield from repeat_faults([row.external_id for row in rows], "postings", "externalId")
    for index, row in enumerate(rows):
        yield from validation.name_faults(row.external_id, ("postings", index, "externalId"))
        yield from validation.name_faults(row.title, ("postings", index, "title"))


_ERASED_DUPLICATE = "They were erased as a duplicate: restore the one into whom they were merged, and name that one."


async def sync_candidates(viewer: Viewer, rows: Sequence[CandidateRow]) -> Synced[Candidate]:
    """Take the candidates over, matched by external id. Raises Refused(FORBIDDEN)."""

    async def act(unit: UnitOfWork) -> Synced[Candidate]:
        faults = list(_candidate_faults(rows))
        stored = await load_by(viewer, Candidate, "external_id", [row.external_id for row in rows], lock=True)
        faults += await _own_faults(viewer, rows, stored)
        invited = {candidate.id: shown_to_calendars(candidate) for candidate in stored.values()}
        named = await _Named.load(viewer, rows)
        before = await CandidatesBefore.load(stored.values())
        references, candidates, followers = _References(faults), [], {}
        for index, row in enumerate(rows):
            candidate = stored.get(row.external_id)
            candidate = candidate or Candidate(account_id=viewer.account_id, external_id=row.external_id)
            candidates.append(candidate)
            if candidate.erased_at is not None and not row.restore_erased:
                continue
            if candidate.erased_at is not None and candidate.merged_into_id is not None:
                faults.append(
                    error(ErrorCode.CANDIDATE_ERASED, _ERASED_DUPLICATE, ("candidates", index, "restoreErased"))
                )
            candidate.erased_at = None
            followers[candidate.id] = named.fill(candidate, row, references, ("candidates", index))
            is_archived = row.archived or row.merged_into_external_id or candidate.merged_into_id
            candidate.archived_at = (candidate.archived_at or unit.at) if is_archived else None
        kept, merge_faults = await _resolve_mergers(viewer, rows, candidates)
        faults += merge_faults
        if not faults:
            await before.record_changes(unit, candidates, followers)
        synced = await save(candidates, faults, before)
        if not synced.errors:
            await _save_followers(followers)
            moved = await duplicates.move(unit, candidates, kept)
            changed_emails = await _save_email_keys(candidates)
            await internal_candidates.follow_candidates(unit, changed_emails, {kept[id].id for id in moved})
            await revise_invites_of_candidates(unit, candidates, invited, kept, moved)
        return synced

    return await sync(viewer, act)


async def _resolve_mergers(
    viewer: Viewer, rows: Sequence[CandidateRow], candidates: Sequence[Candidate]
) -> tuple[dict[str, Candidate], list[UserError]]:
    """Into whom each of the candidates is merged, by id; and what is wrong with that."""
    mergings = [
        duplicates.Merging(candidate, row.merged_into_external_id, ("candidates", index, "mergedIntoExternalId"))
        for index, (row, candidate) in enumerate(zip(rows, candidates, strict=True))
        if row.merged_into_external_id and candidate.erased_at is None
    ]
    if not mergings:
        return {}, []
    named = await load_by(viewer, Candidate, "external_id", [merging.into for merging in mergings], lock=True)
    kept = await duplicates.load_kept([*named.values(), *candidates])
    synced = {candidate.external_id: candidate for candidate in candidates}
    return duplicates.resolve(mergings, named | {each.external_id: each for each in kept} | synced)


@dataclass(frozen=True)
class _Named:
    """What the rows of candidates name: stages by name, postings by external id, users by email."""

    stages: dict[str, Stage]
    postings: dict[str, Posting]
    users: dict[str, User]

    @classmethod
    async def load(cls, viewer: Viewer, rows: Sequence[CandidateRow]) -> "_Named":
        return cls(
            await load_by(viewer, Stage, "name", [plain_text(row.stage) for row in rows]),
            await load_by(viewer, Posting, "external_id", [row.posting_external_id for row in rows]),
            await _load_users(viewer, [email for row in rows for email in (row.owner_email, *row.follower_emails)]),
        )

    def fill(self, candidate: Candidate, row: CandidateRow, references: _References, path: Path) -> set[str]:
        """Give the candidate what the row says; returns the ids of the followers."""
        candidate.name = plain_text(row.name) or ""
        candidate.headline = plain_text(row.headline)
        if not row.emails or [*map(email_key, row.emails)] != [*map(email_key, candidate.emails or [])]:
            candidate.emails = [email.strip() for email in row.emails]
        candidate.search_text = "\n".join([candidate.name, *candidate.emails]).lower()
        stage = plain_text(row.stage) or ""
        candidate.stage_id = references.id(self.stages, stage, "No such stage", (*path, "stage")) or ""
        if stage in self.stages:
            candidate.stage_position = self.stages[stage].position
        candidate.posting_id = references.id(
            self.postings, row.posting_external_id or None, "No such posting", (*path, "postingExternalId")
        )
        candidate.owner_id = references.user_id(self.users, row.owner_email, (*path, "ownerEmail"))
        followers = (
            references.user_id(self.users, email, (*path, "followerEmails", place))
            for place, email in enumerate(row.follower_emails)
        )
        return set(known(*followers))


def _candidate_faults(rows: Sequence[CandidateRow]) -> Iterator[UserError]:
    yield from repeat_faults([row.external_id for row in rows], "candidates", "externalId")
    for index, row in enumerate(rows):
        path = ("candidates", index)
        yield from validation.name_faults(row.external_id, (*path, "externalId"))
        yield from validation.name_faults(row.name, (*path, "name"))
        yield from validation.name_faults(row.headline, (*path, "headline"), required=False)
        for place, email in enumerate(row.emails):
            yield from validation.email_faults(email, (*path, "emails", place))
        most, remedy = settings.current().max_candidate_bytes, "leave out emails and followers"
        yield from validation.byte_faults(validation.text_bytes(row), most, "The candidate", remedy, path)


async def _own_faults(viewer: Viewer, rows: Sequence[CandidateRow], visible_ones: Collection[str]) -> list[UserError]:
    """Nobody syncs themselves as a candidate, whom they don't even see."""
    if not viewer.is_candidate:
        return []
    others = unscoped(Candidate, "external ids that are taken").filter(account_id=viewer.account_id)
    names = [row.external_id for row in rows if row.external_id not in visible_ones]
    taken = {candidate.external_id for candidate in await others.filter(external_id__in=names)}
    message = "This candidate is you: somebody else syncs this row."
    paths = [("candidates", index, "externalId") for index, row in enumerate(rows) if row.external_id in taken]
    return [error(ErrorCode.INVALID, message, path) for path in paths]


async def _save_followers(wanted: dict[str, set[str]]) -> None:
    """Make these, and no others, the followers of the candidates."""
    added, _ = await _reconcile_pairs(Follower, "user_id", wanted)
    await Follower.bulk_create(Follower(candidate_id=candidate_id, user_id=user_id) for candidate_id, user_id in added)


async def _save_email_keys(candidates: Sequence[Candidate]) -> set[tuple[str, str]]:
    """Keep the emails by which users are known to be one of the candidates: each duplicate of a person has them all.

    Returns the candidates, by id, with each email that they have got or lost.
    """
    kept = {each.merged_into_id or each.id for each in candidates}
    people = unscoped(Candidate, "who is the same person as the candidates that are synced")
    same: dict[str, list[Candidate]] = {}
    for each in await people.filter(Q(id__in=kept) | Q(merged_into_id__in=kept)):
        same.setdefault(each.merged_into_id or each.id, []).append(each)
    wanted: dict[str, set[str]] = {}
    accounts: dict[str, str] = {}
    for person in same.values():
        emails = {email_key(email) for each in person for email in each.emails}
        wanted |= {each.id: emails for each in person}
        accounts |= {each.id: each.account_id for each in person}
    added, gone = await _reconcile_pairs(CandidateEmail, "email", wanted)
    await CandidateEmail.bulk_create(
        CandidateEmail(account_id=accounts[candidate_id], candidate_id=candidate_id, email=email)
        for candidate_id, email in added
    )
    return {*added, *gone}


async def _reconcile_pairs(
    model: type[Follower] | type[CandidateEmail], column: str, wanted: dict[str, set[str]]
) -> tuple[list[tuple[str, str]], Collection[tuple[str, str]]]:
    """Delete what the candidates have beside these values of the column.

    Returns the pairs that are missing, and those that were deleted.
    """
    rows = unscoped(model, "what hangs at the candidates that are synced")
    pairs = {(candidate_id, value) for candidate_id, values in wanted.items() for value in values}
    stored = await rows.filter(candidate_id__in=list(wanted))
    ids = {(row.candidate_id, getattr(row, column)): row.id for row in stored}
    if gone := ids.keys() - pairs:
        await rows.filter(id__in=[ids[pair] for pair in gone]).delete()
    return sorted(pairs - ids.keys()), gone
