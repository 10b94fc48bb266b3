"""Internal candidates: as soon as an email says who somebody is, they are asked for no feedback about themselves."""

from collections.abc import Collection

from tortoise.queryset import QuerySet

from models import CandidateEmail, Interviewer, Panel
from models import InterviewPanelChangeKind as ChangeKind
from resolvers.access import unscoped
from resolvers.aggregate import PanelAggregate
from resolvers.units import UnitOfWork

_WHY = "forms of those who are their own candidates, whoever syncs them"


async def follow_candidates(unit: UnitOfWork, changed: set[tuple[str, str]], merged: Collection[str]) -> None:
    """Bring forms in line with emails that candidates, by id, have got or lost, and with panels that they have got.

    The emails are written already. `merged` are the ids of those to whom panels of duplicates have moved.
    """
    if merged:
        keys = unscoped(CandidateEmail, _WHY).filter(candidate_id__in=merged)
        changed = changed | {(key.candidate_id, key.email) for key in await keys}
    if not changed:
        return
    await unit.flush()
    ids, emails = ({pair[place] for pair in changed} for place in (0, 1))
    seats = _seats_with_forms().filter(panel__candidate_id__in=ids, user__email__in=emails)
    rows = await seats.values_list("panel_id", "panel__candidate_id", "user__email")
    await _derive(unit, {panel_id for panel_id, *pair in rows if tuple(pair) in changed})


async def follow_users(unit: UnitOfWork, user_ids: Collection[str], emails: Collection[str]) -> None:
    """The same for users whose emails have changed; the emails are theirs and those that they had."""
    if user_ids:
        seats = _seats_with_forms().filter(user_id__in=user_ids, panel__candidate__email_keys__email__in=emails)
        await _derive(unit, {seat.panel_id for seat in await seats.only("id", "panel_id")})


def _seats_with_forms() -> QuerySet[Interviewer]:
    return unscoped(Interviewer, _WHY).filter(template_id__isnull=False)


async def _derive(unit: UnitOfWork, panel_ids: Collection[str]) -> None:
    """Derive what follows from the parts of these panels anew."""
    if not panel_ids:
        return
    await unit.flush()
    for panel in await unscoped(Panel, _WHY).filter(id__in=panel_ids).order_by("id").select_for_update():
        stored = await PanelAggregate.load(panel)
        await stored.save(unit, ChangeKind.UPDATED)
    await unit.flush()
