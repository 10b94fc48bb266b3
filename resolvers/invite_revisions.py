"""The revision of an invite: its SEQUENCE, which never goes back, its DTSTAMP, and the cancels of those who left.

SEQUENCE counts what RFC 5546, 2.1.4 calls significant, since calendars then ask everybody to accept again: time, place,
status, and a return. DTSTAMP and LAST-MODIFIED follow all that the invite says (docs/calendars.md).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tortoise.expressions import Q, Subquery

from models import (
    CancelOrigin,
    Candidate,
    Departure,
    FeedbackForm,
    FeedbackFormStatus,
    Interview,
    Interviewer,
    Panel,
    why_off,
)
from resolvers.access import unscoped
from resolvers.units import UnitOfWork


@dataclass(frozen=True)
class InviteFacts:
    """All that the invite of an interview says."""

    uid: str
    subject: str
    starts_at: datetime
    ends_at: datetime
    #: What is significant, times too.
    event: tuple[object, ...]
    #: The rest, but for names and addresses of people.
    text: tuple[object, ...]
    #: The ids of the users who are invited.
    people: frozenset[str]


def invite_facts(
    panel: Panel,
    interview: Interview,
    seats: Iterable[Interviewer],
    forms: Mapping[tuple[str, str], FeedbackForm],
) -> InviteFacts:
    """What the invite says as the rows stand; forms are by interview and user."""
    cancellation = why_off(interview, panel)
    origin = cancellation.origin if cancellation else None
    status = "CANCELLED" if origin is CancelOrigin.SCHEDULER else panel.tentative
    guests = [(seat.user_id, seat.response_status, _link(forms.get((interview.id, seat.user_id)))) for seat in seats]
    return InviteFacts(
        interview.calendar_uid,
        interview.subject,
        interview.starts_at,
        interview.ends_at,
        (interview.starts_at, interview.ends_at, interview.location, interview.meeting_url, status),
        (interview.note, panel.timezone, panel.external_url, origin, *guests),
        frozenset(user_id for user_id, *_ in guests),
    )


def _link(form: FeedbackForm | None) -> str | None:
    """The form whose link is in the invite."""
    return form.id if form is not None and form.status is not FeedbackFormStatus.VOIDED else None


def revise_invite(interview: Interview, before: InviteFacts | None, after: InviteFacts, at: datetime) -> bool:
    """Count on the interview's revision by what has changed, and return whether anything has.

    Without `before` the interview is new. Whoever left is sent a cancel above the revision that they have, and whoever
    is back a request above their cancel.
    """
    if before == after:
        return False
    interview.calendar_stamp = _next_stamp(interview, at)
    if before is None:
        return True
    departures = dict(interview.departures or {})
    returns = [departures.pop(user_id)["sequence"] + 1 for user_id in after.people & departures.keys()]
    sequence = interview.calendar_sequence + (before.event != after.event)
    interview.calendar_sequence = max([sequence, *returns])
    for user_id in before.people - after.people:
        departures[user_id] = _departure(interview, before)
    interview.departures = departures or None
    return True


def _next_stamp(interview: Interview, at: datetime) -> datetime:
    """The instant, but later than the last stamp as invites write it: in whole seconds."""
    before = interview.calendar_stamp
    return at if before is None else max(at, before + timedelta(seconds=1))


def _departure(interview: Interview, before: InviteFacts) -> Departure:
    assert interview.calendar_stamp is not None, "it was revised"
    return {
        "sequence": interview.calendar_sequence + 1,
        "at": interview.calendar_stamp.isoformat(),
        "uid": before.uid,
        "subject": before.subject,
        "starts_at": before.starts_at.isoformat(),
        "ends_at": before.ends_at.isoformat(),
    }


async def revise_invites_of_users(
    unit: UnitOfWork, renamed: set[str], readdressed: set[str], left_or_back: set[str]
) -> None:
    """Count on the invites that show these users, by id, under their new names and addresses.

    A new address is a new attendee or organizer to calendars, and raises SEQUENCE. Whoever has left, or is back, takes
    no replies as the organizer, or does. Two statements and a write for each of the three, none for nobody: the panels
    are locked first, as by every act that writes their interviews.
    """
    for user_ids, by in ((renamed - readdressed, 0), (readdressed, 1)):
        if user_ids:
            seats = unscoped(Interviewer, "all seats of users who are synced").filter(user_id__in=user_ids)
            shown = Q(id__in=Subquery(seats.values("interview_id"))) | Q(organizer_id__in=user_ids)
            await _revise(unit, shown, by)
    if organizer_ids := left_or_back - renamed - readdressed:
        await _revise(unit, Q(organizer_id__in=organizer_ids), 0)


Invited = tuple[str, str | None]


def shown_to_calendars(candidate: Candidate) -> Invited:
    """What invites say of a candidate: the name, and the address at which `candidateInvite` invites them."""
    return candidate.name, next(iter(candidate.emails), None)


async def revise_invites_of_candidates(
    unit: UnitOfWork,
    candidates: Iterable[Candidate],
    before: Mapping[str, Invited],
    kept: Mapping[str, Candidate],
    moved: Mapping[str, Sequence[str]],
) -> None:
    """The same for candidates whose invites said that before, by id.

    The panels in `moved`, by the duplicate whose they were, say the name and the address of the one who is kept.
    """
    now = {each.id: shown_to_calendars(kept.get(each.id, each)) for each in candidates if each.id in before}
    all_moved = [panel_id for panel_ids in moved.values() for panel_id in panel_ids]
    readdressed = {id for id, (_, address) in now.items() if address != before[id][1]}
    renamed = {id for id, (name, _) in now.items() if name != before[id][0]} - readdressed
    for candidate_ids, by in ((renamed, 0), (readdressed, 1)):
        if candidate_ids:
            own = Q(panel__candidate_id__in=candidate_ids) & ~Q(panel_id__in=all_moved)
            panel_ids = [panel_id for id in candidate_ids & moved.keys() for panel_id in moved[id]]
            await _revise(unit, own | Q(panel_id__in=panel_ids), by)


async def _revise(unit: UnitOfWork, which: Q, by: int) -> None:
    await unit.flush()
    shown = unscoped(Interview, "the invites that show who is synced").filter(which, account_id=unit.account_id)
    panels = unscoped(Panel, "to lock them").filter(id__in=Subquery(shown.values("panel_id")))
    await panels.order_by("id").select_for_update().only("id")
    interviews = unscoped(Interview, "of locked panels").filter(id__in=Subquery(shown.values("id")))
    for interview in await interviews:
        interview.calendar_sequence += by
        interview.calendar_stamp = _next_stamp(interview, unit.at)
        unit.keep(interview)
