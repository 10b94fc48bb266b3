"""What is accepted of a push, but deserves a look: the scheduler decides."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from operator import attrgetter

from tortoise.expressions import Q
from tortoise.queryset import QuerySet

import clock
from auth.viewer import Scope, Viewer
from database import Bind, Join, Query, in_
from models import CancelOrigin, FeedbackFormStatus, Interview, Interviewer, ResponseStatus
from resolvers.access import unscoped
from resolvers.aggregate import PanelAggregate
from resolvers.declarations import MOST_MINUTES, Declaration, Event, Seat, candidate_path
from resolvers.errors import PushWarning, WarningCode, warning
from resolvers.queries import select
from work import TimeSlice

_DAY = timedelta(days=1)

#: All that is read of other bookings: of the largest panels there may be many.
_SEAT_ATTRIBUTES = frozenset({"user_id", "panel_id"})
_INTERVIEW = Join.target("interview", Interview, attributes=frozenset({"starts_at", "ends_at"}))


async def of(viewer: Viewer, stored: PanelAggregate, declaration: Declaration) -> list[PushWarning]:
    """All warnings of a push that has been applied. One statement at most."""
    return [*_push_warnings(stored, declaration), *await _double_bookings(viewer, stored, declaration.events)]


def _push_warnings(stored: PanelAggregate, declaration: Declaration) -> Iterator[PushWarning]:
    panel, candidate = stored.panel, declaration.candidate
    if declaration.is_duplicate:
        message = "The candidate was merged into another one, to whom this is taken: name that one from now on."
        yield warning(WarningCode.CANDIDATE_MERGED, message, candidate_path(declaration.push))
    if candidate is not None and candidate.archived_at is not None:
        path = candidate_path(declaration.push)
        yield warning(WarningCode.CANDIDATE_ARCHIVED, "The candidate is archived.", path)
    if panel.canceled_origin is CancelOrigin.ATS:
        message = "A user has cancelled the panel in the ATS: it is stored, and stays off the profile."
        yield warning(WarningCode.PANEL_CANCELED_IN_ATS, message, ("input",))
    for event in declaration.events:
        yield from _event_warnings(stored, event)


def _event_warnings(stored: PanelAggregate, event: Event) -> Iterator[PushWarning]:
    interview = stored.interviews[event.external_id]
    if interview.canceled_origin is CancelOrigin.ATS and stored.panel.canceled_origin is not CancelOrigin.ATS:
        message = "A user has cancelled this interview in the ATS: it is stored, and stays off the profile."
        yield warning(WarningCode.PANEL_CANCELED_IN_ATS, message, event.path)
    if event.starts_at < clock.now():
        path = (*event.path, "startsAt")
        yield warning(WarningCode.STARTS_IN_THE_PAST, "The interview starts in the past.", path)
    for seat in event.seats:
        yield from _seat_warnings(stored, interview, seat)


def _seat_warnings(stored: PanelAggregate, interview: Interview, seat: Seat) -> Iterator[PushWarning]:
    if stored.is_candidate(seat.user):
        message = "The interviewer is the candidate: they see nothing of the interview, and get no feedback form."
        yield warning(WarningCode.INTERVIEWER_IS_CANDIDATE, message, seat.path)
    if seat.user.deactivated_at is not None:
        message = "The user is deactivated, and stays on the interview."
        yield warning(WarningCode.INTERVIEWER_DEACTIVATED, message, seat.path)
    form = stored.forms.get((interview.id, seat.user.id))
    if form is not None and form.status is FeedbackFormStatus.COMPLETED and form.template_id != seat.template_id:
        message = "The feedback has been submitted: the form stays as it is."
        yield warning(WarningCode.FEEDBACK_ALREADY_SUBMITTED, message, seat.path)


async def _double_bookings(viewer: Viewer, stored: PanelAggregate, events: Sequence[Event]) -> list[PushWarning]:
    """Who is on another interview at the same time, anywhere in the account. Rule 8 of Pushing a panel."""
    live = [event for event in events if stored.interviews[event.external_id].canceled_at is None]
    if not live or stored.panel.canceled_at is not None:
        return []
    bookings = await _bookings_elsewhere(viewer, stored, live)
    _add_own_bookings(bookings, stored)
    message = "The interviewer has another interview at that time."
    warnings, time_slice = list[PushWarning](), TimeSlice()
    for event in live:
        warnings += (
            warning(WarningCode.INTERVIEWER_DOUBLE_BOOKED, message, seat.path)
            for seat in event.seats
            if seat.push.response_status is not ResponseStatus.DECLINED
            and _overlaps(event, stored.interviews[event.external_id], bookings.get(seat.user.id, ()))
        )
        if time_slice.is_over:
            await time_slice.give_way()
    return warnings


def _add_own_bookings(bookings: dict[str, list[Interview]], stored: PanelAggregate) -> None:
    for interview in stored.live_interviews:
        for user_id, seat in stored.seats.get(interview.id, {}).items():
            if seat.response_status is not ResponseStatus.DECLINED:
                bookings.setdefault(user_id, []).append(interview)


def _overlaps(event: Event, own: Interview, bookings: Sequence[Interview]) -> bool:
    """Whether any of these interviews, but for the event's own, takes place at the same time."""
    return any(
        other.id != own.id and other.starts_at < event.ends_at and other.ends_at > event.starts_at for other in bookings
    )


async def _bookings_elsewhere(
    viewer: Viewer, stored: PanelAggregate, events: Sequence[Event]
) -> dict[str, list[Interview]]:
    """On what else, by user id, the people of these events are in the days of the events. One statement."""
    spans = _spans(events)
    bounds = {f"after_{place}": begin - timedelta(minutes=MOST_MINUTES) for place, (begin, _) in enumerate(spans)}
    bounds |= {f"before_{place}": end for place, (_, end) in enumerate(spans)}
    user_ids = sorted({seat.user.id for event in events for seat in event.seats})
    query = Query(_bookings, len(spans), user_ids=user_ids, **bounds)
    bookings: dict[str, list[Interview]] = {}
    for seat in await select(viewer, query, _INTERVIEW, attributes=_SEAT_ATTRIBUTES, is_bounded=False):
        if seat.panel_id != stored.panel.id:
            bookings.setdefault(seat.user_id, []).append(seat.interview)
    return bookings


def _spans(events: Sequence[Event]) -> list[tuple[datetime, datetime]]:
    """The days of the events, from midnight to midnight, and those that follow one another as one span.

    Whole days, so that pushes of the same days can ask together.
    """
    spans: list[tuple[datetime, datetime]] = []
    for event in sorted(events, key=attrgetter("starts_at")):
        begin = event.starts_at.replace(hour=0, minute=0, second=0, microsecond=0)
        end = begin + ((event.ends_at - begin) // _DAY + 1) * _DAY
        if spans and begin <= spans[-1][1]:
            begin, end = spans[-1][0], max(end, spans.pop()[1])
        spans.append((begin, end))
    return spans


def _bookings(scope: Scope, spans: int, user_ids: Bind, **bounds: Bind) -> QuerySet[Interviewer]:
    """The seats of these users on what starts within one of so many spans, each bound as `after_…` and `before_…`.

    Whoever has declined is not booked.
    """
    starts = [
        Q(starts_at__gt=bounds[f"after_{place}"], starts_at__lt=bounds[f"before_{place}"]) for place in range(spans)
    ]
    return unscoped(Interviewer, "whoever is booked in the account, to tell its own scheduler").filter(
        Q(*starts, join_type=Q.OR),
        in_("user_id", user_ids),
        ~Q(response_status=ResponseStatus.DECLINED),
        interview__account_id=scope.account_id,
        interview__canceled_at__isnull=True,
        panel__canceled_at__isnull=True,
    )
