"""Whom an entry of the log is visible to: `access.visible` from the other side, for those who deliver it to many."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

import models
from auth.viewer import Viewer
from database import Bind, fetch_values, in_
from models import ChangeTopic, LogEntry, Role
from resolvers.access import ALWAYS_TOLD, FOR_ALL_OF_THE_TEAM, Tie, candidate_ties, known_by_panels, seats, unscoped

_WHY = "whom a change is visible to"


@dataclass(frozen=True)
class Audience:
    """The restricted users to whom an entry of the log is visible, beside those who see everything."""

    entry: LogEntry
    #: Limited Team Members, to whom all of the directory is visible, too.
    tied: Collection[str]
    #: Interviewers.
    seated: Collection[str]
    #: Of the candidate: whoever has one of them is the candidate, and sees none of it.
    emails: Collection[str]

    def has(self, viewer: Viewer) -> bool:
        """Whether the viewer may see the entry. What is for one viewer alone is asked for by nobody else."""
        if viewer.user is not None and viewer.user.email in self.emails:
            return False
        if self.entry.kind in ALWAYS_TOLD or viewer.user_id == self.entry.user_id:
            return True
        match viewer.role:
            case Role.INTERVIEWER:
                # By which panel they know it is not known here: it may be the one about themselves.
                is_doubtful = viewer.is_candidate and self.entry.topic is ChangeTopic.DIRECTORY
                return viewer.user_id in self.seated and not is_doubtful
            case Role.LIMITED_TEAM_MEMBER:
                return viewer.user_id in self.tied or self.entry.topic in FOR_ALL_OF_THE_TEAM
            case _:
                return True


async def audiences(entries: Sequence[LogEntry]) -> dict[int, Audience]:
    """Which restricted viewers may see each entry, by its position.

    Seven statements at most, three of them for the directory, however many viewers and topics there are.
    """
    candidate_ids = _ids(entries, "candidate_id")
    tied = await tied_users(candidate_ids)
    emails = await _users_by(_candidate_emails, candidate_ids)
    seated = {
        **await _users_by(_panel_seats, _ids(entries, "panel_id")),
        **await seated_users(_ids(entries, "candidate_id", ChangeTopic.CANDIDATES)),
        **await _seated_who_know(_ids(entries, "subject_id", ChangeTopic.DIRECTORY)),
    }
    return {
        entry.position: Audience(
            entry,
            tied.get(entry.candidate_id or "", ()),
            seated.get(entry.panel_id or entry.subject_id or "", ()),
            emails.get(entry.candidate_id or "", ()),
        )
        for entry in entries
    }


def _ids(entries: Sequence[LogEntry], column: str, topic: ChangeTopic | None = None) -> set[str]:
    """What stands in a column of the entries, or of those of one topic."""
    ids = {getattr(entry, column) for entry in entries if topic in (None, entry.topic)}
    return ids - {None}


async def tied_users(candidate_ids: Collection[str]) -> dict[str, set[str]]:
    """The users whose candidates these are, were they Limited Team Members. A statement, where there is any."""
    return await _users_by(_ties_of, candidate_ids)


async def seated_users(candidate_ids: Collection[str]) -> dict[str, set[str]]:
    """Who sits on any panel of the candidates. A statement, where there is any."""
    return await _users_by(_candidate_seats, candidate_ids)


async def _users_by(build: Callable[..., Sequence[Any]], keys: Collection[str]) -> dict[str, set[str]]:
    """What the queries, of a key and of what is tied to it, give for each of the keys."""
    users: dict[str, set[str]] = {key: set() for key in keys}
    for key, user_id in await fetch_values(build, keys=sorted(keys)) if keys else ():
        users[key].add(user_id)
    return users


def _tying(keys: Bind, *ties: Tie) -> list[Any]:
    return [rows.filter(in_(column, keys)).values_list(column, user) for rows, column, user in ties]


def _ties_of(keys: Bind) -> list[Any]:
    return _tying(keys, *candidate_ties())


def _candidate_seats(keys: Bind) -> list[Any]:
    return _tying(keys, (seats(), "panel__candidate_id", "user_id"))


def _panel_seats(keys: Bind) -> list[Any]:
    return _tying(keys, (unscoped(models.Interviewer, _WHY), "panel_id", "user_id"))


def _candidate_emails(keys: Bind) -> list[Any]:
    return _tying(keys, (unscoped(models.CandidateEmail, _WHY), "candidate_id", "email"))


async def _seated_who_know(ids: Collection[str]) -> dict[str, set[str]]:
    """Who sits on panels that lead to these rows of the directory. Three statements, where there are any."""
    users = await _users_by(_seats_that_know, ids)
    panels = await _users_by(_panels_of_users, {id for id in ids if id.startswith(models.User.prefix)})
    seated = await _users_by(_panel_seats, {panel_id for some in panels.values() for panel_id in some})
    return users | {id: users[id].union(*(seated[panel_id] for panel_id in some)) for id, some in panels.items()}


def _seats_that_know(keys: Bind) -> list[Any]:
    # Not by seats: the ORM would join the table to itself under one name.
    to_seats = {models.Panel: "interviewers__user_id", models.FeedbackForm: "panel__interviewers__user_id"}
    ties = [(rows.distinct(), id, to_seats[rows.model]) for rows, _, id in known_by_panels() if rows.model in to_seats]
    return _tying(keys, *ties)


def _panels_of_users(keys: Bind) -> list[Any]:
    return _tying(keys, (unscoped(models.Interviewer, _WHY), "user_id", "panel_id"))
