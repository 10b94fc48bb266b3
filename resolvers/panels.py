"""Panels, interviews and the people on them: found, listed, and written as calendar invites."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from tortoise.expressions import Q, Subquery
from tortoise.models import Model
from tortoise.queryset import QuerySet

import clock
import models
from auth.viewer import Scope, Viewer
from database import Bind, Join, Query, Texts, attach, in_, including
from models import (
    Cancellation,
    FeedbackForm,
    FeedbackFormStatus,
    Interview,
    Interviewer,
    InterviewPanelStatus,
    Panel,
    Role,
)
from resolvers import calendar, feedback, paging
from resolvers.access import unscoped, visible
from resolvers.paging import Page
from resolvers.queries import Wanted, get, load_related, select

AnyModel = TypeVar("AnyModel", bound=Model)

#: The seats of interviews, read along with these.
SEATS = Join.collection("seats", Interviewer, pointer="interview")
#: What a seat points at: GraphQL's field, the foreign key, and the model that it leads to.
_OF_A_SEAT = (("user", "user", models.User), ("feedbackForm", "form", FeedbackForm))


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


@dataclass(frozen=True)
class InterviewFilter:
    """Which interviews a list has; instants are UTC."""

    interviewer_id: str | None = None
    candidate_id: str | None = None
    starts_after: datetime | None = None
    starts_before: datetime | None = None
    include_canceled: bool = False


async def find(viewer: Viewer, id: str | None, external_id: str | None) -> Panel | None:
    """The panel of that id, or of the scheduler's id; null where the viewer knows none, or neither id is given."""
    return await get(viewer, Panel, {"id": id, "external_id": external_id})


async def page(viewer: Viewer, its: PanelFilter, first: int | None, after: str | None, wanted: Wanted) -> Page[Panel]:
    """The panels that the viewer may see, by their start."""
    exact = {
        "candidate_id": its.candidate_id,
        "external_ids": its.external_ids,
        "starts_at__gte": its.starts_after,
        "starts_at__lt": its.starts_before,
        "updated_at__gte": its.updated_since,
        "now": clock.now() if its.status is not None else None,
    }
    values = {name: value for name, value in exact.items() if value is not None}
    status = tuple(each for each in InterviewPanelStatus if each in its.status) if its.status is not None else None
    canceled_too = its.include_canceled or InterviewPanelStatus.CANCELED in (status or ())
    query, order = Query(_listed, status, canceled_too, **values), ("listed_at", "id")
    return await paging.page(viewer, query, order, first, after, attributes=wanted.reads("edges", "node"))


def _listed(
    scope: Scope,
    status: Sequence[InterviewPanelStatus] | None,
    canceled_too: bool,
    now: Any = None,
    external_ids: Texts | None = None,
    **exact: Any,
) -> QuerySet[Panel]:
    found = visible(scope, Panel).filter(**exact)
    if external_ids is not None:
        found = found.filter(in_("external_id", external_ids))
    if status is not None:
        any_of_them = Q(*(models.with_status(each, now) for each in status), join_type=Q.OR)
        found = found.filter(any_of_them if status else Q(id__in=[]))
    return found if canceled_too else found.filter(canceled_at__isnull=True)


async def interviews_page(
    viewer: Viewer, its: InterviewFilter, first: int | None, after: str | None, wanted: Wanted
) -> Page[Interview]:
    """The interviews that the viewer may see, by their start. One person's are read along their seats.

    An Interviewer's go along their own seats, whomever they ask for.
    """
    own = viewer.role is Role.INTERVIEWER
    named = None if own and its.interviewer_id == viewer.user_id else its.interviewer_id
    by = ("interviewers__starts_at", "interviewers__interview_id") if own or named else ("starts_at", "id")
    exact = {
        "with_them" if own else "interviewers__user_id": named,
        "panel__candidate_id": its.candidate_id,
        f"{by[0]}__gte": its.starts_after,
        f"{by[0]}__lt": its.starts_before,
    }
    values = {name: value for name, value in exact.items() if value is not None}
    query, order = Query(_interviews_listed, its.include_canceled, **values), ("starts_at", "id")
    return await paging.page(viewer, query, order, first, after, attributes=wanted.reads("edges", "node"), by=by)


def _interviews_listed(scope: Scope, canceled_too: bool, with_them: Any = None, **exact: Any) -> QuerySet[Interview]:
    found = visible(scope, Interview).filter(**exact)
    if with_them is not None:
        seats = unscoped(Interviewer, "ids to narrow what is visible").filter(user_id=with_them)
        found = found.filter(id__in=Subquery(seats.values("interview_id")))
    return found if canceled_too else found.filter(canceled_at__isnull=True, panel__canceled_at__isnull=True)


async def of_candidates(
    viewer: Viewer,
    candidates: Sequence[models.Candidate],
    include_canceled: bool,
    upcoming_only: bool,
    first: int | None,
    after: str | None,
    wanted: Wanted,
) -> list[Page[Panel]]:
    """The page of each candidate's profile, by their start."""
    ids = [candidate.id for candidate in candidates]
    query = Query(_of_candidates, include_canceled, upcoming_only, ids=ids, now=clock.now())
    order, attributes = ("listed_at", "id"), wanted.reads("edges", "node")
    pages = await paging.pages(viewer, query, "candidate_id", order, first, after, attributes=attributes)
    for candidate, page in zip(candidates, pages, strict=True):
        for panel in page.rows:
            attach(panel, "candidate", candidate)
    return pages


def _of_candidates(scope: Scope, include_canceled: bool, upcoming_only: bool, ids: Texts, now: Any) -> QuerySet[Panel]:
    found = visible(scope, Panel).filter(in_("candidate_id", ids))
    if not include_canceled:
        found = found.filter(canceled_at__isnull=True)
    return found.filter(models.standing(now)) if upcoming_only else found


async def interviews_of(
    viewer: Viewer, panels: Sequence[Panel], include_canceled: bool, wanted: Wanted
) -> list[list[Interview]]:
    """Each panel's interviews by their start; those called off one by one are left out unless asked for.

    Their seats, users and forms are read along where they are wanted: one statement for all.
    """
    by_id = {panel.id: panel for panel in panels if panel.parts is None}
    attributes, joins = including(wanted.reads(), "panel_id"), _along(wanted)
    interviews = [part for panel in panels for part in panel.parts or () if _taken(part, include_canceled)]
    if by_id:
        order_by = ["starts_at", "id", *(["seats.position", "seats.id"] if joins else [])]
        query = Query(_of_panels, include_canceled, ids=list(by_id))
        for interview in await select(viewer, query, *joins, order_by=order_by, attributes=attributes):
            attach(interview, "panel", by_id[interview.panel_id])
            interviews.append(interview)
    return _grouped(interviews, "panel_id", [panel.id for panel in panels])


def _along(wanted: Wanted) -> list[Join]:
    """What is read along with interviews, as far as it is wanted; whole where something else may want it too."""
    if not wanted.selects("interviewers"):
        return []
    joins = [SEATS.reading(wanted.reads("interviewers")), *_people(wanted, SEATS.alias, "interviewers")]
    return joins if wanted.reads() is not None else [join.reading(None) for join in joins]


def _people(wanted: Wanted, seat: str, *path: str) -> list[Join]:
    """The users and the forms of the seats of that alias, which are wanted at that path."""
    return [
        Join.target(pointer, model, of=seat, attributes=wanted.reads(*path, field))
        for field, pointer, model in _OF_A_SEAT
        if wanted.selects(*path, field)
    ]


def _taken(interview: Interview, include_canceled: bool) -> bool:
    return include_canceled or interview.canceled_at is None


def _of_panels(scope: Scope, include_canceled: bool, ids: Bind) -> QuerySet[Interview]:
    found = visible(scope, Interview).filter(in_("panel_id", ids))
    return found if include_canceled else found.filter(canceled_at__isnull=True)


async def seats_of(
    viewer: Viewer, interviews: Sequence[Interview], wanted: Wanted | None = None
) -> list[list[Interviewer]]:
    """Who sits on each interview, in the scheduler's order: who sees an interview sees who sits on it.

    Users and forms that are wanted are read along; where nothing is said of that, the seats are whole.
    """
    ids = [interview.id for interview in interviews if interview.seats is None]
    joins = _people(wanted, "base") if wanted else []
    attributes = including(wanted.reads(), "interview_id") if wanted else None
    seats: list[Interviewer] = []
    if ids:
        query, order_by = Query(_of_interviews, ids=ids), ["position", "id"]
        seats = await select(viewer, query, *joins, order_by=order_by, attributes=attributes)
    grouped = dict(zip(ids, _grouped(seats, "interview_id", ids), strict=True))
    return [grouped[interview.id] if interview.seats is None else interview.seats for interview in interviews]


def _of_interviews(scope: Scope, ids: Bind) -> QuerySet[Interviewer]:
    return unscoped(Interviewer, "the seats of interviews that the viewer sees").filter(in_("interview_id", ids))


async def forms_of(viewer: Viewer, interviews: Sequence[Interview]) -> list[list[FeedbackForm]]:
    """Each interview's forms, as far as they are listed."""
    ids = [interview.id for interview in interviews]
    found = await feedback.listed(viewer, "interview_id", ids).order_by("id")
    return _grouped(found, "interview_id", ids)


async def cancellations_of(viewer: Viewer, interviews: Sequence[Interview]) -> list[Cancellation | None]:
    """Why each interview doesn't take place: its own cancellation, or its panel's."""
    panels = await load_related(viewer, interviews, "panel")
    return [models.why_off(interview, panel) for interview, panel in zip(interviews, panels, strict=True)]


def _grouped(rows: Iterable[AnyModel], column: str, keys: Sequence[str]) -> list[list[AnyModel]]:
    groups: dict[str, list[AnyModel]] = {key: [] for key in keys}
    for row in rows:
        groups[getattr(row, column)].append(row)
    return [groups[key] for key in keys]


async def invites_of(viewer: Viewer, interviews: Sequence[Interview]) -> list[str]:
    """Each interview as RFC 5545 text, with every interviewer's feedback link. Six statements at most."""
    panels = await load_related(viewer, interviews, "panel")
    candidates = await load_related(viewer, panels, "candidate")
    owners = await load_related(viewer, candidates, "owner")
    seats = await seats_of(viewer, interviews)
    everybody = [seat for its in seats for seat in its]
    users = dict(zip(everybody, await load_related(viewer, everybody, "user"), strict=True))
    forms = dict(zip(everybody, await load_related(viewer, everybody, "form"), strict=True))
    return [
        calendar.invite(
            _event(viewer, interview, panel, owner, [_attendee(seat, users[seat], forms[seat]) for seat in its])
        )
        for interview, panel, owner, its in zip(interviews, panels, owners, seats, strict=True)
    ]


def _event(
    viewer: Viewer,
    interview: Interview,
    panel: Panel,
    owner: models.User | None,
    attendees: Sequence[calendar.Attendee],
) -> calendar.CalendarEvent:
    """The panel's version counts the event's revisions; the candidate's owner invites, else the account."""
    return calendar.CalendarEvent(
        id=interview.id,
        sequence=panel.version,
        subject=interview.subject,
        starts_at=interview.starts_at,
        ends_at=interview.ends_at,
        timezone=panel.timezone,
        organizer_name=owner.name if owner else viewer.account.name,
        organizer_email=owner.email if owner else f"interviews@{viewer.account.slug}.invalid",
        attendees=tuple(attendees),
        stamp=panel.updated_at,
        note=interview.note,
        location=interview.location,
        meeting_url=interview.meeting_url,
        url=panel.external_url,
        canceled=interview.canceled_at is not None or panel.canceled_at is not None,
        tentative=panel.tentative,
    )


def _attendee(seat: Interviewer, user: models.User, form: FeedbackForm | None) -> calendar.Attendee:
    asked = form is not None and form.status is not FeedbackFormStatus.VOIDED
    link = feedback.url(form) if form is not None and asked else None
    return calendar.Attendee(user.name, user.email, seat.response_status.value, link)
