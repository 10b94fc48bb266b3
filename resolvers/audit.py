"""The audit trail as Super Admins read it. It is append-only.

Acts add to it in their own transaction (`UnitOfWork.audit`); nothing changes or removes what is there.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from tortoise.queryset import QuerySet

import models
from auth.viewer import Scope, Viewer
from models import AuditAct, AuditEvent
from resolvers.access import Act, require, visible
from resolvers.listing import Listing, Page, PageRequest, Parameters

_TARGETS: dict[str, type[models.Row]] = {
    model.prefix: model
    for model in (
        *(models.User, models.Integration, models.ApiKey, models.Candidate),
        *(models.Panel, models.Interview, models.FeedbackForm),
    )
}


@dataclass(frozen=True)
class AuditFilter:
    acts: list[AuditAct] | None = None
    actor_id: str | None = None


async def page(viewer: Viewer, filter: AuditFilter, request: PageRequest) -> Page[AuditEvent]:
    """What was done in the account, newest first. Raises Refused(FORBIDDEN) to all but Super Admins."""
    require(viewer, Act.READ_AUDIT)
    acts = None if filter.acts is None else tuple(each for each in AuditAct if each in filter.acts)
    return await _EVENTS.page(viewer, Parameters.of(acts, actor_id=filter.actor_id), request)


def _events(scope: Scope, acts: tuple[AuditAct, ...] | None, **columns: object) -> QuerySet[AuditEvent]:
    rows = visible(scope, AuditEvent).filter(**columns)
    return rows if acts is None else rows.filter(act__in=acts)


_EVENTS = Listing(AuditEvent, _events, ("id",), descending=True)


async def targets(viewer: Viewer, events: Sequence[AuditEvent]) -> list[models.Row | None]:
    """What each act was done to, as it stands now; None for what nobody sees. A statement for each kind of thing."""
    ids: dict[str, set[str]] = {}
    for event in events:
        ids.setdefault(event.target_id.partition("_")[0], set()).add(event.target_id)
    rows: dict[str, models.Row] = {}
    for prefix, of_prefix in ids.items():
        rows |= {row.id: row for row in await visible(viewer, _TARGETS[prefix]).filter(id__in=of_prefix)}
    return [rows.get(event.target_id) for event in events]
