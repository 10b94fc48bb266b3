"""Panels, interviews and the people on them: found, listed, and written as calendar invites."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from tortoise.expressions import Q, Subquery
from tortoise.models import Model

import clock
import models
from auth.viewer import Viewer
from models import Cancellation, FeedbackForm, FeedbackFormStatus, Interview, Interviewer, InterviewPanelStatus, Panel
from resolvers import calendar, feedback, paging
from resolvers.access import behind, unscoped, visible
from resolvers.paging import Page

AnyModel = TypeVar("AnyModel", bound=Model)


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
    named = {name: value for name, value in (("id", id), ("external_id", external_id)) if value is not None}
    return await visible(viewer, Panel).filter(**named).first() if named else None


async def page(viewer: Viewer, its: PanelFilter, first: int | None, after: str | None) -> Page[Panel]:
    """The panels that the viewer may see, by their start."""
    now = clock.now()
    found = visible(viewer, Panel)
    if its.candidate_id is not None:
        found = found.filter(candidate_id=its.candidate_id)
    if its.external_ids is not None:
        found = found.filter(external_id__in=its.external_ids)
    if its.status is not None:
        found = found.filter(Q(*(models.with_status(status, now) for status in its.status), join_type=Q.OR))
    if its.starts_after is not None:
        found = found.filter(starts_at__gte=its.starts_after)
    if its.starts_before is not None:
        found = found.filter(starts_at__lt=its.starts_before)
    if its.updated_since is not None:
        found = found.filter(updated_at__gte=its.updated_since)
    if not its.include_canceled and InterviewPanelStatus.CANCELED not in (its.status or ()):
        found = found.filter(canceled_at__isnull=True)
    return await paging.page(found, ("listed_at", "id"), first, after)


async def interviews_page(
    viewer: Viewer, its: InterviewFilter, first: int | None, after: str | None
) -> Page[Interview]:
    """The interviews that the viewer may see, by their start."""
    found = visible(viewer, Interview)
    if its.interviewer_id is not None:
        seats = unscoped(Interviewer, "ids to narrow what is visible").filter(user_id=its.interviewer_id)
        found = found.filter(id__in=Subquery(seats.values("interview_id")))
    if its.candidate_id is not None:
        found = found.filter(panel__candidate_id=its.candidate_id)
    if its.starts_after is not None:
        found = found.filter(starts_at__gte=its.starts_after)
    if its.starts_before is not None:
        found = found.filter(starts_at__lt=its.starts_before)
    if not its.include_canceled:
        found = found.filter(canceled_at__isnull=True, panel__canceled_at__isnull=True)
    return await paging.page(found, ("starts_at", "id"), first, after)


async def of_candidates(
    viewer: Viewer,
    candidates: Sequence[models.Candidate],
    include_canceled: bool,
    upcoming_only: bool,
    first: int | None,
    after: str | None,
) -> list[Page[Panel]]:
    """The page of each candidate's profile, by their start."""
    found = visible(viewer, Panel).filter(candidate_id__in=[candidate.id for candidate in candidates])
    if not include_canceled:
        found = found.filter(canceled_at__isnull=True)
    if upcoming_only:
        found = found.filter(models.standing(clock.now()))
    pages = await paging.pages(found, "candidate_id", ("listed_at", "id"), first, after)
    return [pages.get(candidate.id) or paging.nothing(after) for candidate in candidates]


async def interviews_of(viewer: Viewer, panels: Sequence[Panel], include_canceled: bool) -> list[list[Interview]]:
    """Each panel's interviews by their start; those called off one by one are left out unless asked for."""
    found = visible(viewer, Interview).filter(panel_id__in=[panel.id for panel in panels])
    if not include_canceled:
        found = found.filter(canceled_at__isnull=True)
    return _grouped(await found.order_by("starts_at", "id"), "panel_id", [panel.id for panel in panels])


async def seats_of(interviews: Sequence[Interview]) -> list[list[Interviewer]]:
    """Who sits on each interview, in the scheduler's order: who sees an interview sees who sits on it."""
    ids = [interview.id for interview in interviews]
    seats = unscoped(Interviewer, "the seats of interviews that the viewer sees")
    return _grouped(await seats.filter(interview_id__in=ids).order_by("position", "id"), "interview_id", ids)


async def forms_of(viewer: Viewer, interviews: Sequence[Interview]) -> list[list[FeedbackForm]]:
    """Each interview's forms; one that was voided because its person left the interview is history and not listed."""
    ids = [interview.id for interview in interviews]
    seats = unscoped(Interviewer, "ids to narrow what is visible").filter(interview_id__in=ids, form_id__isnull=False)
    seated = Subquery(seats.values("form_id"))
    found = visible(viewer, FeedbackForm).filter(interview_id__in=ids)
    found = found.filter(~Q(status=FeedbackFormStatus.VOIDED) | Q(id__in=seated))
    return _grouped(await found.order_by("id"), "interview_id", ids)


async def candidates_of(viewer: Viewer, panels: Sequence[Panel]) -> list[models.Candidate]:
    """Who each panel is about."""
    found = await behind(viewer, models.Candidate, [panel.candidate_id for panel in panels])
    return [found[panel.candidate_id or ""] for panel in panels]


async def stages_of(viewer: Viewer, panels: Sequence[Panel]) -> list[models.Stage | None]:
    """The stage that each panel's candidate had reached when it was made."""
    found = await behind(viewer, models.Stage, [panel.stage_id for panel in panels])
    return [found.get(panel.stage_id or "") for panel in panels]


async def users_of(viewer: Viewer, seats: Sequence[Interviewer]) -> list[models.User]:
    """Who sits on each seat."""
    found = await behind(viewer, models.User, [seat.user_id for seat in seats])
    return [found[seat.user_id] for seat in seats]


async def seat_forms_of(viewer: Viewer, seats: Sequence[Interviewer]) -> list[FeedbackForm | None]:
    """The form of each seat."""
    found = await behind(viewer, FeedbackForm, [seat.form_id for seat in seats])
    return [found.get(seat.form_id or "") for seat in seats]


async def interviews_behind(viewer: Viewer, forms: Sequence[FeedbackForm]) -> list[Interview]:
    """The interview that each form is about."""
    found = await behind(viewer, Interview, [form.interview_id for form in forms])
    return [found[form.interview_id] for form in forms]


async def panels_of(viewer: Viewer, interviews: Sequence[Interview]) -> list[Panel]:
    """The panel of each interview."""
    found = await behind(viewer, Panel, [interview.panel_id for interview in interviews])
    return [found[interview.panel_id] for interview in interviews]


async def cancellations_of(viewer: Viewer, interviews: Sequence[Interview]) -> list[Cancellation | None]:
    """Why each interview doesn't take place: its own cancellation, else its panel's."""
    panels = await panels_of(viewer, interviews)
    return [
        interview.own_cancellation or panel.own_cancellation
        for interview, panel in zip(interviews, panels, strict=True)
    ]


def _grouped(rows: Iterable[AnyModel], column: str, keys: Sequence[str]) -> list[list[AnyModel]]:
    groups: dict[str, list[AnyModel]] = {key: [] for key in keys}
    for row in rows:
        groups[getattr(row, column)].append(row)
    return [groups[key] for key in keys]


async def invites_of(viewer: Viewer, interviews: Sequence[Interview]) -> list[str]:
    """Each interview as RFC 5545 text, with every interviewer's feedback link. Six statements."""
    panels = await panels_of(viewer, interviews)
    candidates = await candidates_of(viewer, panels)
    seats = await seats_of(interviews)
    everybody = [seat for its in seats for seat in its]
    users = await behind(
        viewer, models.User, [*(seat.user_id for seat in everybody), *(candidate.owner_id for candidate in candidates)]
    )
    forms = await behind(viewer, FeedbackForm, [seat.form_id for seat in everybody])
    return [
        calendar.invite(_event(viewer, interview, panel, users.get(candidate.owner_id or ""), its, users, forms))
        for interview, panel, candidate, its in zip(interviews, panels, candidates, seats, strict=True)
    ]


def _event(
    viewer: Viewer,
    interview: Interview,
    panel: Panel,
    owner: models.User | None,
    seats: Sequence[Interviewer],
    users: dict[str, models.User],
    forms: dict[str, FeedbackForm],
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
        attendees=tuple(_attendee(seat, users[seat.user_id], forms.get(seat.form_id or "")) for seat in seats),
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
