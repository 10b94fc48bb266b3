"""Panels, interviews and the people on them: one, and lists of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from tortoise.expressions import Q, Subquery
from tortoise.queryset import QuerySet

import clock
import models
from auth.refusals import Code, Refused
from auth.viewer import Scope, Viewer
from database import Bind, Join, Query, Texts, attach, in_, with_attributes
from models import (
    Cancellation,
    FeedbackForm,
    Instant,
    IntegrationProvider,
    Interview,
    Interviewer,
    InterviewPanelStatus,
    Panel,
    Role,
)
from resolvers import feedback
from resolvers.access import unscoped, visible
from resolvers.listing import Listing, Page, PageRequest, Parameters
from resolvers.queries import CONTRADICTION, Wanted, get, get_named, group_by, load_related, select

#: The seats of interviews, read along with these.
SEATS = Join.collection("seats", Interviewer, pointer="interview")
#: What a seat points at: GraphQL's field, the foreign key, and the model that it leads to.
_OF_A_SEAT = (("user", "user", models.User), ("feedbackForm", "form", FeedbackForm))


class InterviewPanelOrder(Enum):
    STARTS_AT = "STARTS_AT"
    UPDATED_AT = "UPDATED_AT"


@dataclass(frozen=True)
class PanelFilter:
    """Which panels a list has; instants are UTC."""

    candidate_id: str | None = None
    external_ids: list[str] | None = None
    status: list[InterviewPanelStatus] | None = None
    starts_after: datetime | None = None
    starts_before: datetime | None = None
    updated_since: datetime | None = None
    include_canceled: bool = False

    @property
    def statuses(self) -> tuple[InterviewPanelStatus, ...] | None:
        """The statuses in one order, each once; None for any."""
        if self.status is None:
            return None
        return tuple(each for each in InterviewPanelStatus if each in self.status)


@dataclass(frozen=True)
class InterviewFilter:
    """Which interviews a list has; instants are UTC."""

    interviewer_id: str | None = None
    candidate_id: str | None = None
    starts_after: datetime | None = None
    starts_before: datetime | None = None
    include_canceled: bool = False


#: Why a panel can't be named by a scheduler's id alone.
AMBIGUOUS = "Two schedulers have a panel of this external id: say whose by `provider`, or send the `id`."
#: As a whole: whatever hangs on the panel may ask it for anything.
_INTEGRATION = Join.target("integration", models.Integration)


async def find(
    viewer: Viewer, id: str | None, external_id: str | None, provider: IntegrationProvider | None
) -> Panel | None:
    """The panel of that id, or of the scheduler's id; null where the viewer knows none.

    A key means its own scheduler's. Raises Refused(BAD_USER_INPUT) as `get_named` does, where two schedulers have that
    id, and where the panel is not that provider's.
    """
    if external_id is None:
        panel = await get_named(viewer, Panel, id, None, *([_INTEGRATION] if provider else []))
        if panel and provider and panel.integration.provider is not provider:
            raise Refused(Code.BAD_USER_INPUT, "The panel of this `id` is another provider's: leave `provider` out.")
        return panel
    rows = await select(viewer, Query(_panels_named, external_id=external_id), _INTEGRATION)
    named: list[Panel | None] = [each for each in rows if provider in (None, each.integration.provider)] or [None]
    if id is not None:
        panel = await get(viewer, Panel, "id", id)
        if panel not in named:
            raise Refused(Code.BAD_USER_INPUT, CONTRADICTION)
        return panel
    if len(named) > 1:
        raise Refused(Code.BAD_USER_INPUT, AMBIGUOUS)
    return named[0]


def _panels_named(scope: Scope, external_id: Bind) -> QuerySet[Panel]:
    rows = visible(scope, Panel).filter(external_id=external_id)
    return rows.filter(integration_id=scope.viewer_id) if scope.role is None else rows


async def page(
    viewer: Viewer, filter: PanelFilter, order: InterviewPanelOrder, request: PageRequest, wanted: Wanted
) -> Page[Panel]:
    """The panels that the viewer may see."""
    statuses = filter.statuses
    parameters = Parameters.of(
        statuses,
        filter.include_canceled or InterviewPanelStatus.CANCELED in (statuses or ()),
        candidate_id=filter.candidate_id,
        external_ids=filter.external_ids,
        starts_after=filter.starts_after,
        starts_before=filter.starts_before,
        updated_at__gte=filter.updated_since,
        now=clock.now() if statuses is not None else None,
    )
    return await _PANELS[order].page(viewer, parameters, request, wanted.reads("edges", "node"))


def _panels(
    scope: Scope,
    status: Sequence[InterviewPanelStatus] | None,
    include_canceled: bool,
    now: Instant | None = None,
    external_ids: Texts | None = None,
    starts_after: Instant | None = None,
    starts_before: Instant | None = None,
    **columns: object,
) -> QuerySet[Panel]:
    rows = visible(scope, Panel).filter(**columns)
    # A panel that has a start is listed by it: bounds of both let the index of the order begin and end there.
    if starts_after is not None:
        rows = rows.filter(starts_at__gte=starts_after, listed_at__gte=starts_after)
    if starts_before is not None:
        rows = rows.filter(starts_at__lt=starts_before, listed_at__lt=starts_before)
    if external_ids is not None:
        rows = rows.filter(in_("external_id", external_ids))
    if status is not None and now is not None:
        any_of_them = Q(*(models.with_status(each, now) for each in status), join_type=Q.OR)
        rows = rows.filter(any_of_them if status else Q(id__in=[]))
    return rows if include_canceled else rows.filter(canceled_at__isnull=True)


_PANELS = {
    InterviewPanelOrder.STARTS_AT: Listing(Panel, _panels, ("listed_at", "id")),
    InterviewPanelOrder.UPDATED_AT: Listing(Panel, _panels, ("updated_at", "id")),
}


async def interviews_page(
    viewer: Viewer, filter: InterviewFilter, request: PageRequest, wanted: Wanted
) -> Page[Interview]:
    """The interviews that the viewer may see, by their start.

    One person's are read along their seats; an Interviewer's along their own seats, whomever they ask for.
    """
    is_interviewer, person_id = viewer.role is Role.INTERVIEWER, filter.interviewer_id
    listing = _INTERVIEWS_OF_PERSON if is_interviewer or person_id else _INTERVIEWS_OF_ACCOUNT
    if is_interviewer:
        person = {"with_person": person_id if person_id != viewer.user_id else None}
    else:
        person = {"interviewers__user_id": person_id}
    start = (listing.index or listing.order)[0]
    times = {f"{start}__gte": filter.starts_after, f"{start}__lt": filter.starts_before}
    parameters = Parameters.of(filter.include_canceled, panel__candidate_id=filter.candidate_id, **person, **times)
    return await listing.page(viewer, parameters, request, wanted.reads("edges", "node"))


def _interviews(
    scope: Scope, include_canceled: bool, with_person: str | Bind | None = None, **columns: object
) -> QuerySet[Interview]:
    rows = visible(scope, Interview).filter(**columns)
    if with_person is not None:
        seats = unscoped(Interviewer, "ids to narrow what is visible").filter(user_id=with_person)
        rows = rows.filter(id__in=Subquery(seats.values("interview_id")))
    return rows if include_canceled else rows.filter(canceled_at__isnull=True, panel__canceled_at__isnull=True)


_INTERVIEWS_OF_ACCOUNT = Listing(Interview, _interviews, ("starts_at", "id"))
_INTERVIEWS_OF_PERSON = Listing(
    Interview, _interviews, ("starts_at", "id"), index=("interviewers__starts_at", "interviewers__interview_id")
)


async def of_candidates(
    viewer: Viewer,
    candidates: Sequence[models.Candidate],
    include_canceled: bool,
    upcoming_only: bool,
    request: PageRequest,
    wanted: Wanted,
) -> list[Page[Panel]]:
    """The page of each candidate's profile, by their start."""
    ids = [candidate.id for candidate in candidates]
    parameters = Parameters.of(include_canceled, upcoming_only, now=clock.now())
    attributes = wanted.reads("edges", "node")
    pages = await _PROFILES.pages(viewer, ids, parameters, request, parent="candidate_id", attributes=attributes)
    for candidate, page in zip(candidates, pages, strict=True):
        for panel in page.rows:
            attach(panel, "candidate", candidate)
    return pages


def _profiles(scope: Scope, include_canceled: bool, upcoming_only: bool, ids: Texts, now: Instant) -> QuerySet[Panel]:
    rows = visible(scope, Panel).filter(in_("candidate_id", ids))
    if not include_canceled:
        rows = rows.filter(canceled_at__isnull=True)
    return rows.filter(models.stands_at(now)) if upcoming_only else rows


_PROFILES = Listing(Panel, _profiles, ("listed_at", "id"))


async def interviews_of(
    viewer: Viewer, panels: Sequence[Panel], include_canceled: bool, wanted: Wanted
) -> list[list[Interview]]:
    """Each panel's interviews by their start; those cancelled one by one are left out unless asked for.

    Their seats, users and forms are read along where they are wanted: one statement for all.
    """
    by_id = {panel.id: panel for panel in panels}
    interviews = [part for panel in by_id.values() for part in _attached_interviews(panel, include_canceled)]
    unread = {id: panel for id, panel in by_id.items() if panel.parts is None}
    if unread:
        interviews += await _read_interviews(viewer, unread, include_canceled, wanted)
    return group_by(interviews, "panel_id", [panel.id for panel in panels])


def _attached_interviews(panel: Panel, include_canceled: bool) -> list[Interview]:
    """Those that the panel was answered with; none where it has not been."""
    return [part for part in panel.parts or () if include_canceled or part.canceled_at is None]


async def _read_interviews(
    viewer: Viewer, panels: Mapping[str, Panel], include_canceled: bool, wanted: Wanted
) -> list[Interview]:
    """The interviews of these panels by their start, with their seats where these are wanted. One statement."""
    attributes, joins = with_attributes(wanted.reads(), "panel_id"), _seats_wanted(wanted)
    order_by = ["starts_at", "id", *(["seats.position", "seats.id"] if joins else [])]
    query = Query(_of_panels, include_canceled, ids=list(panels))
    interviews = await select(viewer, query, *joins, order_by=order_by, attributes=attributes)
    for interview in interviews:
        attach(interview, "panel", panels[interview.panel_id])
    return interviews


def _seats_wanted(wanted: Wanted) -> list[Join]:
    """The seats to read along with interviews, and whom they lead to, as far as that is wanted.

    All columns of them where something else may want these too.
    """
    if not wanted.selects("interviewers"):
        return []
    joins = [SEATS.only(wanted.reads("interviewers")), *_people_wanted(wanted, SEATS.alias, "interviewers")]
    return joins if wanted.reads() is not None else [join.only(None) for join in joins]


def _people_wanted(wanted: Wanted, seat: str, *path: str) -> list[Join]:
    """The users and the forms of the seats of that alias, which are wanted at that path."""
    return [
        Join.target(pointer, model, of=seat, attributes=wanted.reads(*path, field))
        for field, pointer, model in _OF_A_SEAT
        if wanted.selects(*path, field)
    ]


def _of_panels(scope: Scope, include_canceled: bool, ids: Bind) -> QuerySet[Interview]:
    rows = visible(scope, Interview).filter(in_("panel_id", ids))
    return rows if include_canceled else rows.filter(canceled_at__isnull=True)


async def seats_of(
    viewer: Viewer, interviews: Sequence[Interview], wanted: Wanted | None = None
) -> list[list[Interviewer]]:
    """Who sits on each interview, in the scheduler's order: who sees an interview sees who sits on it.

    Users and forms that are wanted are read along; without `wanted` the seats have all their columns.
    """
    ids = [interview.id for interview in interviews if interview.seats is None]
    seats = await _read_seats(viewer, ids, wanted) if ids else []
    by_interview = dict(zip(ids, group_by(seats, "interview_id", ids), strict=True))
    return [by_interview[interview.id] if interview.seats is None else interview.seats for interview in interviews]


async def _read_seats(viewer: Viewer, interview_ids: list[str], wanted: Wanted | None) -> list[Interviewer]:
    joins = _people_wanted(wanted, "base") if wanted else []
    attributes = with_attributes(wanted.reads(), "interview_id") if wanted else None
    query = Query(_of_interviews, ids=interview_ids)
    return await select(viewer, query, *joins, order_by=["position", "id"], attributes=attributes)


def _of_interviews(scope: Scope, ids: Bind) -> QuerySet[Interviewer]:
    return unscoped(Interviewer, "the seats of interviews that the viewer sees").filter(in_("interview_id", ids))


async def forms_of(viewer: Viewer, interviews: Sequence[Interview]) -> list[list[FeedbackForm]]:
    """Each interview's forms, as far as they are listed."""
    ids = [interview.id for interview in interviews]
    forms = await select(viewer, Query(feedback.listed_forms, "interview_id", ids=ids), order_by=["id"])
    return group_by(forms, "interview_id", ids)


async def cancellations_of(viewer: Viewer, interviews: Sequence[Interview]) -> list[Cancellation | None]:
    """Why each interview doesn't take place: the interview's own cancellation, or that of its panel."""
    panels = await load_related(viewer, interviews, "panel")
    return [models.why_off(interview, panel) for interview, panel in zip(interviews, panels, strict=True)]
