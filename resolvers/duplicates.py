"""Duplicates: a candidate who was merged into another one, and what moves to the one that is kept."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import models
from models import AuditAct, Candidate, ChangeType, Follower, Panel, email_key
from models import InterviewPanelChangeKind as ChangeKind
from resolvers.access import unscoped
from resolvers.errors import ErrorCode, Path, UserError, error
from resolvers.sight import interviewers_of, limited_users, users_with
from resolvers.units import UnitOfWork


@dataclass(frozen=True)
class Merging:
    """A candidate, and the external id of the one into whom they are said to be merged."""

    candidate: Candidate
    into: str
    path: Path


def resolve(
    mergings: Sequence[Merging], known: Mapping[str, Candidate]
) -> tuple[dict[str, Candidate], list[UserError]]:
    """Whom each merged candidate, by id, ends at, however many mergers that takes; and what is wrong with them.

    `known` has by external id whoever is named, and whoever was merged before.
    """
    declared = {merging.candidate.external_id: merging.into for merging in mergings}
    ids = {candidate.id: candidate for candidate in known.values()}
    kept: dict[str, Candidate] = {}
    faults: list[UserError] = []
    for merging in mergings:
        *_, last = _followed(merging.candidate, declared, known, ids)
        if last is None:
            faults.append(error(ErrorCode.NOT_FOUND, "No such candidate: sync them first.", merging.path))
        elif last is merging.candidate or last.external_id in declared:
            message = "A candidate can't be merged into themselves, nor in a circle."
            faults.append(error(ErrorCode.INVALID, message, merging.path))
        elif last.erased_at is not None:
            faults.append(error(ErrorCode.CANDIDATE_ERASED, "That candidate was erased.", merging.path))
        else:
            kept[merging.candidate.id] = last
    return kept, faults


def _followed(
    candidate: Candidate, declared: Mapping[str, str], known: Mapping[str, Candidate], ids: Mapping[str, Candidate]
) -> Iterator[Candidate | None]:
    """The candidates on the way of the mergers; None last where one leads to nobody, one seen already in a circle."""
    seen: set[str] = set()
    current: Candidate | None = candidate
    while current is not None and current.id not in seen:
        yield current
        seen.add(current.id)
        if current.external_id in declared:
            current = known.get(declared[current.external_id])
            if current is None:
                yield None
        else:
            current = ids.get(current.merged_into_id or "")
    if current is not None:
        yield current


async def load_kept(candidates: Collection[Candidate]) -> list[Candidate]:
    """Those into whom these were merged before, locked. A statement where there may be any."""
    ids = {candidate.merged_into_id for candidate in candidates} - {None}
    rows = unscoped(Candidate, "whom a duplicate leads to").filter(id__in=ids)
    return await rows.order_by("id").select_for_update() if ids else []


async def move(
    unit: UnitOfWork, candidates: Sequence[Candidate], kept: Mapping[str, Candidate]
) -> dict[str, list[str]]:
    """Let each of the candidates that has one lead to the one who is kept: panels with all that hangs on them, the
    log and followers move there. Returns the ids of the panels that have moved, by the candidate whose they were.
    """
    moved = {}
    for candidate in candidates:
        target = kept.get(candidate.id)
        if target is not None and candidate.merged_into_id != target.id:
            moved[candidate.id] = await _move(unit, candidate, target)
            unit.audit(AuditAct.CANDIDATE_MERGED, candidate.id, into=target.id)
    return moved


async def _move(unit: UnitOfWork, candidate: Candidate, target: Candidate) -> list[str]:
    why = "a duplicate that is merged, with all that hangs on it"
    merged = unscoped(Candidate, why).filter(id=candidate.id)
    earlier = unscoped(Candidate, why).filter(merged_into_id=candidate.id)
    for rows in (merged, earlier):
        await rows.update(merged_into_id=target.id)
    candidate.merged_into_id = target.id
    # Whoever was tied to either sees other panels from now on, and who has an email of either sees less.
    concerned = await limited_users([candidate.id, target.id])
    concerned += await users_with(unit.account_id, set(map(email_key, [*candidate.emails, *target.emails])))
    for user_id in sorted(set(concerned)):
        unit.expire_cursors(user_id)
    unit.sight.part([(user_id, candidate.id) for user_id in await interviewers_of(candidate.id)])
    target.updated_at = unit.at
    await unscoped(Candidate, why).filter(id=target.id).update(updated_at=unit.at)
    unit.record_candidate(target, ChangeType.CANDIDATE_UPDATED)
    panels = await unscoped(Panel, why).filter(candidate_id=candidate.id).order_by("id").select_for_update()
    for panel in panels:
        panel.candidate_id = target.id
        unit.keep(panel)
        unit.record(panel, ChangeKind.UPDATED)
    for log in (models.Change, models.LogEntry):
        of_panels = unscoped(log, why).filter(candidate_id=candidate.id, panel_id__isnull=False)
        await of_panels.update(candidate_id=target.id)
    follows, theirs = unscoped(Follower, why).filter(candidate_id=candidate.id), unscoped(Follower, why)
    following = {follow.user_id for follow in await theirs.filter(candidate_id=target.id)}
    new = [follow for follow in await follows if follow.user_id not in following]
    await theirs.filter(id__in=[follow.id for follow in new]).update(candidate_id=target.id)
    return [panel.id for panel in panels]
