"""Calendars to subscribe to: each user's own interviews, at a secret address of which only the digest is stored."""

import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256

from tortoise.expressions import Subquery
from tortoise.queryset import QuerySet

import clock
import settings
from auth.refusals import Code, Refused
from auth.viewer import Scope, Viewer, renew
from database import Bind, Join, Query, fetch, upsert
from models import (
    Account,
    CalendarFeed,
    Candidate,
    FeedbackForm,
    Instant,
    Interview,
    Interviewer,
    Panel,
    User,
)
from resolvers import calendar, units
from resolvers.access import Act, require, unscoped, visible
from resolvers.calendar import Attendee, CalendarEvent
from resolvers.errors import UserError
from resolvers.invites import attendee, calendar_event
from resolvers.queries import select
from resolvers.units import UnitOfWork

#: How long an interview that is over stays in a feed.
_PAST = timedelta(days=90)
#: No interview is longer.
_LONGEST = timedelta(days=1)
#: How many interviews a feed has: those that start last.
_MOST_EVENTS = 2_000

_OWNER = (Join.target("user", User), Join.target("account", Account, of="user"))
_OF_A_SEAT = (
    Join.target("interview", Interview),
    Join.target("organizer", User, of="interview"),
    Join.target("panel", Panel),
    Join.target("candidate", Candidate, of="panel"),
    Join.target("form", FeedbackForm),
)


@dataclass(frozen=True)
class FeedReset:
    """The user with the new address of their feed, which is answered this once."""

    user: User
    errors: list[UserError] = field(default_factory=list)


@dataclass(frozen=True)
class Feed:
    """A user's interviews with what they are told of each, by their start."""

    name: str
    events: list[tuple[CalendarEvent, Attendee]]

    @property
    def etag(self) -> str:
        """Another one whenever the text says anything else, such as a time after new rules of a zone."""
        texts = [(event, calendar.describe(event, (reader,))) for event, reader in self.events]
        return f'"{sha256(repr((self.name, texts)).encode()).hexdigest()[:32]}"'

    def text(self) -> str:
        """RFC 5545. It takes a millisecond an event: call it in a thread."""
        return calendar.feed(self.events, self.name)


async def reset(viewer: Viewer) -> FeedReset:
    """Give the viewer's own feed a new address; the old one ends at once. Raises Refused(FORBIDDEN) to a key."""
    require(viewer, Act.SUBSCRIBE_TO_CALENDAR)
    secret = secrets.token_urlsafe(32)

    async def act(unit: UnitOfWork) -> FeedReset:
        user = await visible(viewer, User).get(id=viewer.user_id)
        await unscoped(CalendarFeed, "the user's own").filter(user_id=user.id).delete()
        await upsert([CalendarFeed(user_id=user.id, digest=_digest(secret))])
        user.calendar_feed_url = f"{settings.current().public_url.rstrip('/')}/calendars/{secret}.ics"
        return FeedReset(user)

    return await units.commit(viewer, act)


async def subscriber(secret: str) -> Viewer:
    """Whose feed it is, as of now. Raises Refused(UNAUTHENTICATED) for an address that is none, or has ended."""
    feeds = await fetch(Query(_feeds, digest=_digest(secret)), *_OWNER)
    if not feeds:
        raise Refused(Code.UNAUTHENTICATED, "No calendar is at this address any more.")
    user = feeds[0].user
    return await renew(Viewer(account=user.account, user=user))


async def read(viewer: Viewer) -> Feed:
    """The interviews on which the viewer sits: upcoming ones, and those of 90 days, cancelled ones too.

    One statement. What was deleted in the scheduler stays as cancelled until it would be over for 90 days: a program
    that is seldom started must still see it.
    """
    assert viewer.user is not None, "only users have feeds"
    since = clock.now() - _PAST
    query = Query(_seats, since=since - _LONGEST)
    seats = await select(viewer, query, *_OF_A_SEAT, order_by=["starts_at", "id"])
    events = [_event(viewer, viewer.user, seat) for seat in seats if seat.interview.ends_at >= since]
    return Feed(f"Interviews of {viewer.user.name}", events)


def _event(viewer: Viewer, user: User, seat: Interviewer) -> tuple[CalendarEvent, Attendee]:
    interview, panel = seat.interview, seat.panel
    assert panel.candidate is not None, "a panel with interviews has a candidate"
    event = calendar_event(viewer.account, interview, panel, panel.candidate, interview.organizer, [])
    return event, attendee(seat, user, seat.form)


def _feeds(digest: Bind) -> QuerySet[CalendarFeed]:
    return unscoped(CalendarFeed, "whoever knows the secret address").filter(digest=digest)


def _seats(scope: Scope, since: Instant) -> QuerySet[Interviewer]:
    seats = unscoped(Interviewer, "the user's own").filter(user_id=scope.viewer_id, starts_at__gte=since)
    # Of somebody who was erased not even the event stays.
    seats = seats.filter(panel__candidate__erased_at__isnull=True)
    if scope.is_candidate:
        # Nobody sees what is about themselves as a candidate, not even where they sit on it.
        seats = seats.filter(interview_id__in=Subquery(visible(scope, Interview).values("id")))
    return seats.order_by("-starts_at", "-interview_id").limit(_MOST_EVENTS)


def _digest(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()
