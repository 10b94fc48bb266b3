"""Interviews on calendars: invites for all who are on one, for each of them, for the candidate, and feeds.

Who sees an interview sees its invites (docs/calendars.md says what to send to whom).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum

import models
from auth.viewer import Viewer
from database import NOT_READ, attached_rows
from models import FeedbackForm, FeedbackFormStatus, Interview, Interviewer, User
from resolvers import calendar, feedback
from resolvers.calendar import Attendee, CalendarEvent
from resolvers.panels import seats_of
from resolvers.queries import known, load_many, load_related
from work import TimeSlice, Work, in_slices


class CalendarMethod(Enum):
    REQUEST = "REQUEST"
    CANCEL = "CANCEL"


@dataclass(frozen=True)
class CalendarInvite:
    """What to send to a person now."""

    user: User
    method: CalendarMethod
    text: str


@dataclass(frozen=True)
class _Invitation:
    """An interview with all that its invites say."""

    interview: Interview
    candidate: models.Candidate
    event: CalendarEvent
    #: Who sits on it, in the scheduler's order.
    guests: Sequence[User]
    #: Who was taken off, and is not back.
    departed: Sequence[User]


async def invites_of(viewer: Viewer, interviews: Sequence[Interview], work: Work) -> list[str]:
    """Each interview as RFC 5545 text, with every interviewer's feedback link. Five statements at most."""
    invitations = await _invitations(viewer, interviews, work)
    return await in_slices(invitations, lambda some: [calendar.invite(each.event) for each in some], at_once=1)


async def personal_invites_of(
    viewer: Viewer, interviews: Sequence[Interview], work: Work
) -> list[list[CalendarInvite]]:
    """What to send to each interviewer, and to whoever was taken off and is not back. Five statements at most."""
    time_slice, invites = TimeSlice(), list[list[CalendarInvite]]()
    for invitation in await _invitations(viewer, interviews, work):
        invites.append([])
        for invite in _personal_invites(invitation):
            invites[-1].append(invite)
            if time_slice.is_over:
                await time_slice.give_way()
    return invites


async def candidate_invites_of(viewer: Viewer, interviews: Sequence[Interview], work: Work) -> list[str | None]:
    """Each interview as its candidate reads it; None where no email of theirs is known. Five statements at most."""
    invitations = await _invitations(viewer, interviews, work)
    return await in_slices(invitations, lambda some: list(map(_candidate_invite, some)), at_once=1)


def _personal_invites(invitation: _Invitation) -> Iterator[CalendarInvite]:
    event = invitation.event
    method = CalendarMethod.CANCEL if event.canceled else CalendarMethod.REQUEST
    for user, text in zip(invitation.guests, calendar.personal_invites(event), strict=True):
        yield CalendarInvite(user, method, text)
    for user in invitation.departed:
        yield _departure(invitation, user)


def _departure(invitation: _Invitation, user: User) -> CalendarInvite:
    left = (invitation.interview.departures or {})[user.id]
    event = replace(
        invitation.event,
        uid=left.get("uid", invitation.event.uid),
        subject=left.get("subject", invitation.event.subject),
        sequence=left["sequence"],
        stamp=datetime.fromisoformat(left["at"]),
        starts_at=datetime.fromisoformat(left["starts_at"]),
        ends_at=datetime.fromisoformat(left["ends_at"]),
    )
    attendee = Attendee(user.name, user.email, "NEEDS_ACTION")
    return CalendarInvite(user, CalendarMethod.CANCEL, calendar.departure(event, attendee))


def _candidate_invite(invitation: _Invitation) -> str | None:
    candidate = invitation.candidate
    if not candidate.emails:
        return None
    return calendar.candidate_invite(invitation.event, Attendee(candidate.name, candidate.emails[0], "NEEDS_ACTION"))


async def _invitations(viewer: Viewer, interviews: Sequence[Interview], work: Work) -> list[_Invitation]:
    """What the invites of these interviews say. Each guest is two units of work."""
    panels = await load_related(viewer, interviews, "panel")
    candidates = await load_related(viewer, panels, "candidate")
    seats = await seats_of(viewer, interviews)
    all_seats = [seat for each in seats for seat in each]
    work.count(2 * len(all_seats))
    users = await _load_users(viewer, interviews, all_seats)
    forms = dict(zip(all_seats, await load_related(viewer, all_seats, "form"), strict=True))
    invitations, time_slice = [], TimeSlice()
    for interview, panel, candidate, own in zip(interviews, panels, candidates, seats, strict=True):
        guests = [users[seat.user_id] for seat in own]
        attendees = [attendee(seat, user, forms[seat]) for seat, user in zip(own, guests, strict=True)]
        organizer = users.get(interview.organizer_id or "")
        event = calendar_event(viewer.account, interview, panel, candidate, organizer, attendees)
        departed = [users[user_id] for user_id in interview.departures or ()]
        invitations.append(_Invitation(interview, candidate, event, guests, departed))
        if time_slice.is_over:
            await time_slice.give_way()
    return invitations


async def _load_users(viewer: Viewer, interviews: Iterable[Interview], seats: Sequence[Interviewer]) -> dict[str, User]:
    """By id all who sit on the interviews, who have left them, and who invite. One statement at most."""
    users = {user.id: user for user in attached_rows(seats, "user") if user is not NOT_READ}
    wanted = known(
        *(seat.user_id for seat in seats),
        *(interview.organizer_id for interview in interviews),
        *(user_id for interview in interviews for user_id in interview.departures or ()),
    )
    return users | await load_many(viewer, User, [user_id for user_id in wanted if user_id not in users])


def calendar_event(
    account: models.Account,
    interview: Interview,
    panel: models.Panel,
    candidate: models.Candidate,
    organizer: User | None,
    attendees: Iterable[Attendee],
) -> CalendarEvent:
    """What calendars are told of the interview. Whoever invited first invites for good, else the account does.

    A cancel in the ATS leaves the event as it is (docs/rules.md, Cancelling).
    """
    cancellation = models.why_off(interview, panel)
    event_remains = cancellation is not None and cancellation.calendar_event_remains
    return CalendarEvent(
        uid=interview.calendar_uid,
        sequence=interview.calendar_sequence,
        subject=interview.subject,
        candidate=candidate.name,
        starts_at=interview.starts_at,
        ends_at=interview.ends_at,
        timezone=panel.timezone,
        organizer_name=organizer.name if organizer else account.name,
        organizer_email=organizer.email if organizer else f"interviews@{account.slug}.invalid",
        takes_replies=organizer is not None and organizer.deactivated_at is None,
        attendees=tuple(attendees),
        stamp=interview.calendar_stamp or interview.updated_at,
        note=interview.note,
        location=interview.location,
        meeting_url=interview.meeting_url,
        url=panel.external_url,
        canceled=cancellation is not None and not event_remains,
        taken_off=event_remains,
        tentative=panel.tentative,
    )


def attendee(seat: Interviewer, user: User, form: FeedbackForm | None) -> Attendee:
    """Somebody on an interview, with the link of their form while that stands."""
    link = feedback.url(form) if form is not None and form.status is not FeedbackFormStatus.VOIDED else None
    return Attendee(user.name, user.email, seat.response_status.value, link)
