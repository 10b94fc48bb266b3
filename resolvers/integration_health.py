"""How an integration is doing: when it called last, when it pushed last, and which pushes were refused.

Refusals are kept for a week. No message is kept, and nothing of the input: an error's code and its place tell nothing
of a person.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from tortoise.expressions import RawSQL
from tortoise.queryset import QuerySet

import clock
from auth.viewer import Scope, Viewer
from database import Texts, in_
from models import ApiKey, Change, Integration, RefusedPush, StoredRefusal
from resolvers import units
from resolvers.access import Act, require, unscoped, visible
from resolvers.errors import ErrorCode, Path, UserError, error
from resolvers.listing import Listing, Page, PageRequest, Parameters
from resolvers.units import UnitOfWork

RETENTION = timedelta(days=7)
#: A push may have thousands of errors.
_MOST_ERRORS = 10


async def last_calls_of(viewer: Viewer, integrations: Sequence[Integration]) -> list[datetime | None]:
    """When any key of each was last used, to the minute. Raises Refused(FORBIDDEN) to an Interviewer."""
    require(viewer, Act.SEE_INTEGRATIONS)
    keys = unscoped(ApiKey, "who sees an integration sees when it called last, and nothing of its keys")
    used = await keys.filter(integration_id__in=[each.id for each in integrations]).only(
        "integration_id", "last_used_at"
    )
    calls = [(key.integration_id, key.last_used_at) for key in used if key.last_used_at is not None]
    return [max((at for id, at in calls if id == each.id), default=None) for each in integrations]


async def last_pushes_of(viewer: Viewer, integrations: Sequence[Integration]) -> list[datetime | None]:
    """When each last changed a panel by a push, as far back as the log goes. Raises Refused(FORBIDDEN) as above."""
    require(viewer, Act.SEE_INTEGRATIONS)
    own = unscoped(Integration, "the integrations that were just read").filter(
        id__in=[each.id for each in integrations]
    )
    last = dict(await own.annotate(last=RawSQL(_LAST_PUSH)).values_list("id", "last"))
    positions = [position for position in last.values() if position is not None]
    log = unscoped(Change, "who sees an integration sees when it pushed last, and nothing of what")
    entries = await log.filter(account_id=viewer.account_id, position__in=positions).only("position", "at")
    at = {entry.position: entry.at for entry in entries}
    return [at.get(last.get(integration.id)) for integration in integrations]


#: The log is read from its end: most changes of panels are pushes.
_LAST_PUSH = """(SELECT MAX(position) FROM change WHERE change.account_id = integration.account_id
  AND change.actor_id = integration.id AND change.kind <> 'CANCELED')"""


def refused_push(viewer: Viewer, errors: Sequence[UserError]) -> RefusedPush:
    """The row that remembers that a push of the integration was refused for these reasons."""
    stored = [StoredRefusal(code=each.code.value, path=each.path) for each in errors[:_MOST_ERRORS]]
    return RefusedPush(account_id=viewer.account_id, integration_id=viewer.actor_id, errors=stored)


async def remember_unreadable_push(viewer: Viewer, paths: Iterable[Path]) -> None:
    """Remember that values of a push of the integration could not be read, by where they lie: it came to no rule."""

    async def act(unit: UnitOfWork) -> None:
        unit.keep(refused_push(viewer, [error(ErrorCode.INVALID, "It can't be read.", path) for path in paths]))

    await units.commit(viewer, act)


async def refusals_of(
    viewer: Viewer, integrations: Sequence[Integration], since: datetime | None, request: PageRequest
) -> list[Page[RefusedPush]]:
    """The refused pushes of each, newest first. Raises Refused(FORBIDDEN) to an Interviewer."""
    require(viewer, Act.SEE_INTEGRATIONS)
    ids = [integration.id for integration in integrations]
    parameters = Parameters.of(created_at__gte=since)
    return await _REFUSALS.pages(viewer, ids, parameters, request, parent="integration_id")


def _refusals(scope: Scope, ids: Texts, **columns: object) -> QuerySet[RefusedPush]:
    return visible(scope, RefusedPush).filter(in_("integration_id", ids), **columns)


_REFUSALS = Listing(RefusedPush, _refusals, ("id",), descending=True)


async def prune() -> int:
    """Drop the refusals of which the week is over; returns how many went."""
    kept = unscoped(RefusedPush, "retention is the same for everybody")
    return await kept.filter(created_at__lt=clock.now() - RETENTION).delete()
