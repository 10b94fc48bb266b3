"""What is accepted of a push, but deserves the scheduler's look: the scheduler decides."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from tortoise.queryset import QuerySet

import clock
from auth.viewer import Viewer
from database.compiled import Joined
from models import CancelOrigin, FeedbackFormStatus, Interview, Interviewer
from resolvers.access import unscoped
from resolvers.declarations import MOST_MINUTES, Declaration, Event, Seat
from resolvers.errors import PushWarning, WarningCode, warning
from resolvers.queries import hot
from resolvers.whole import Held

_DAY = timedelta(days=1)

_BOOKED = Joined("booked", Interview, "booked.id = base.interview_id")


async def of(viewer: Viewer, whole: Held, declared: Declaration) -> list[PushWarning]:
    """All warnings of a push that has been applied. One statement."""
    return [*_of_panel(whole, declared), *await _double_bookings(viewer, whole, declared.events)]


def _of_panel(whole: Held, declared: Declaration) -> Iterator[PushWarning]:
    panel, candidate = whole.panel, declared.candidate
    if candidate is not None and candidate.archived_at is not None:
        yield warning(WarningCode.CANDIDATE_ARCHIVED, "The candidate is archived.", declared.candidate_path)
    if panel.canceled_origin is CancelOrigin.ATS:
        message = "A user has cancelled the panel in the ATS: it is stored, and stays off the profile."
        yield warning(WarningCode.PANEL_CANCELED_IN_ATS, message, ("input",))
    for event in declared.events:
        interview = whole.interviews[event.external_id]
        if interview.canceled_origin is CancelOrigin.ATS and panel.canceled_origin is not CancelOrigin.ATS:
            message = "A user has cancelled this interview in the ATS: it is stored, and stays off the profile."
            yield warning(WarningCode.PANEL_CANCELED_IN_ATS, message, event.path)
        if event.starts_at < clock.now():
            yield warning(
                WarningCode.STARTS_IN_THE_PAST, "The interview starts in the past.", (*event.path, "startsAt")
            )
        for seat in event.seats:
            yield from _seat_warnings(whole, interview, seat)


def _seat_warnings(whole: Held, interview: Interview, seat: Seat) -> Iterator[PushWarning]:
    if seat.user.deactivated_at is not None:
        message = "The user is deactivated, and stays on the interview."
        yield warning(WarningCode.INTERVIEWER_DEACTIVATED, message, seat.path)
    form = whole.forms.get((interview.id, seat.user.id))
    if form is not None and form.status is FeedbackFormStatus.COMPLETED and form.template_id != seat.template_id:
        message = "The feedback has been submitted: the form stays as it is."
        yield warning(WarningCode.FEEDBACK_ALREADY_SUBMITTED, message, seat.path)


async def _double_bookings(viewer: Viewer, whole: Held, events: Sequence[Event]) -> list[PushWarning]:
    """Who is on another interview at the same time, anywhere in the account. Rule 8."""
    standing = [event for event in events if whole.interviews[event.external_id].canceled_at is None]
    if not standing or whole.panel.canceled_at is not None:
        return []
    # Whole days, so that pushes of the same days can ask together.
    begin = min(event.starts_at for event in standing).replace(hour=0, minute=0, second=0, microsecond=0)
    days = (max(event.ends_at for event in standing) - begin) // _DAY + 1
    within = {
        "user_ids": sorted({seat.user.id for event in standing for seat in event.seats}),
        "earliest": begin - timedelta(minutes=MOST_MINUTES),
        "begin": begin,
        "end": begin + days * _DAY,
    }
    booked: dict[str, list[Interview]] = {}
    for seat, interview in await hot(viewer, _bookings, (), within, _BOOKED):
        if interview.panel_id != whole.panel.id:
            booked.setdefault(seat.user_id, []).append(interview)
    for interview in whole.live:
        for user_id in whole.seats.get(interview.id, ()):
            booked.setdefault(user_id, []).append(interview)
    return [
        warning(WarningCode.INTERVIEWER_DOUBLE_BOOKED, "The interviewer has another interview at that time.", seat.path)
        for event in standing
        for seat in event.seats
        if any(
            other.id != whole.interviews[event.external_id].id
            and other.starts_at < event.ends_at
            and other.ends_at > event.starts_at
            for other in booked.get(seat.user.id, ())
        )
    ]


def _bookings(viewer: Viewer, user_ids: list[str], earliest: Any, begin: Any, end: Any) -> QuerySet[Interviewer]:
    """The seats of these users on what takes place between begin and end: none of it starts before the earliest."""
    return unscoped(Interviewer, "whoever is booked in the account, to tell its own scheduler").filter(
        user_id__in=user_ids,
        starts_at__gt=earliest,
        starts_at__lt=end,
        interview__account_id=viewer.account_id,
        interview__ends_at__gt=begin,
        interview__canceled_at__isnull=True,
        panel__canceled_at__isnull=True,
    )
