"""The audit trail as Super Admins read it. It is append-only.

Acts add to it in their own transaction (`UnitOfWork.audit`); nothing changes or removes what is there.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import models
from auth.viewer import Viewer
from models import AuditAct, AuditEvent
from resolvers import cursors
from resolvers.access import Act, require, visible
from resolvers.listing import Edge, Page, PageRequest

_TARGETS: dict[str, type[models.Row]] = {
    model.prefix: model for model in (models.User, models.Integration, models.ApiKey, models.Panel, models.Interview)
}


@dataclass(frozen=True)
class AuditFilter:
    acts: list[AuditAct] | None = None
    actor_id: str | None = None


async def page(viewer: Viewer, filter: AuditFilter, first: int | None, after: str | None) -> Page[AuditEvent]:
    """What was done in the account, newest first. Raises Refused(FORBIDDEN) to all but Super Admins."""
    require(viewer, Act.READ_AUDIT)
    request = PageRequest(first, after)
    size = request.size()
    events = visible(viewer, AuditEvent)
    if filter.acts is not None:
        events = events.filter(act__in=filter.acts)
    if filter.actor_id is not None:
        events = events.filter(actor_id=filter.actor_id)
    if after is not None:
        [last] = cursors.read("audit", after, str)
        events = events.filter(id__lt=last)
    rows = await events.order_by("-id").limit(size + 1)
    return request.page([Edge(row, _cursor) for row in rows], size)


async def targets(viewer: Viewer, events: Sequence[AuditEvent]) -> list[models.Row | None]:
    """What each act was done to, as it stands now; None for what nobody sees. A statement for each kind of thing."""
    ids: dict[str, set[str]] = {}
    for event in events:
        ids.setdefault(event.target_id.partition("_")[0], set()).add(event.target_id)
    rows: dict[str, models.Row] = {}
    for prefix, of_prefix in ids.items():
        rows |= {row.id: row for row in await visible(viewer, _TARGETS[prefix]).filter(id__in=of_prefix)}
    return [rows.get(event.target_id) for event in events]


def _cursor(event: AuditEvent) -> str:
    return cursors.write("audit", event.id)
