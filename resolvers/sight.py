"""What comes into a user's view by an act, and what leaves it: told to that user alone (docs/rules.md, change feed).

Only Interviewers and Limited Team Members see part of an account. An Interviewer sees what they sit on: the panel at
hand says who comes and goes, and the panel that comes brings its candidate; whether there is another one of a candidate
is read when everything is written. A Limited Team Member sees candidates whom something ties to them: that is read
before the act changes it, and once more when everything is written.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from database import Bind, fetch_values, in_
from models import (
    SIGHT_CHANGED,
    Change,
    ChangeTopic,
    ChangeType,
    FeedbackForm,
    FeedbackFormStatus,
    Interview,
    LogEntry,
    Panel,
    Role,
    User,
)
from models.changes import CREATED
from resolvers.access import unscoped
from resolvers.audiences import seated_users, tied_users

#: To whom so many candidates come or go at once loads afresh instead.
_MOST_CANDIDATES = 50

#: An entry of the log, to be written: its topic, its kind and its subject's id, and more of its columns.
Draft = tuple[tuple[ChangeTopic | None, str, str | None], dict[str, str | None]]

#: A user and a candidate, by their ids.
Pair = tuple[str, str]

_WHY = "what a user has seen or comes to see, to be told so"


def lost(topic: ChangeTopic, id: str, viewer_id: str, candidate_id: str | None) -> Draft:
    """That the viewer sees it no longer."""
    return (topic, ChangeType.NO_LONGER_VISIBLE.value, id), {"viewer_id": viewer_id, "candidate_id": candidate_id}


def gained(topic: ChangeTopic, id: str, viewer_id: str, **columns: str | None) -> Draft:
    """That it has come into the viewer's view, as if it was just made."""
    return (topic, CREATED[topic].value, id), {"viewer_id": viewer_id, **columns}


def expired(user_id: str) -> Draft:
    """That the user sees so much more or less that they load afresh."""
    return (None, SIGHT_CHANGED, None), {"viewer_id": user_id}


@dataclass
class Sight:
    """Whose view changes by the acts of one transaction."""

    #: Limited Team Members and candidates whose tie may come or go.
    _watched: set[Pair] = field(default_factory=set)
    #: Those of them that something tied to each other before.
    _tied: set[Pair] = field(default_factory=set)
    #: Interviewers and candidates on one of whose panels they no longer sit.
    _parted: set[Pair] = field(default_factory=set)

    @property
    def is_watched(self) -> bool:
        """Whether somebody's view may change."""
        return bool(self._watched or self._parted)

    def part(self, pairs: Iterable[Pair]) -> None:
        """Note that these Interviewers leave a panel of these candidates."""
        self._parted.update(pairs)

    async def watch(self, pairs: Collection[Pair], roles: Mapping[str, Role] | None = None) -> None:
        """Remember which of these users and candidates are tied to each other, before an act changes that.

        `roles` are those of the users that are known. A statement where any are not, another where any is limited.
        """
        roles = await roles_of({user_id for user_id, _ in pairs}, roles or {})
        new = {pair for pair in pairs if roles.get(pair[0]) is Role.LIMITED_TEAM_MEMBER} - self._watched
        tied = await _tied_pairs(new)
        self._watched |= new
        self._tied |= tied

    async def changes(self, entries: Iterable[Change | LogEntry]) -> tuple[list[Draft], list[Draft]]:
        """What to tell whom, before these entries of the same acts and after them. Four statements at most.

        The entries themselves get the users to whom their subject is new.
        """
        tied = await _tied_pairs(self._watched)
        come, gone = tied - self._tied, self._tied - tied
        many = _users_of_many(come) | _users_of_many(gone)
        new, left = ([pair for pair in sorted(side) if pair[0] not in many] for side in (come, gone))
        parts = await _Parts.of({candidate_id for _, candidate_id in (*left, *new)})
        known = _let_know(new, entries)
        told_before = [draft for pair in new for draft in parts.gained(*pair) if draft[0][2] not in known]
        told_after = [draft for pair in left for draft in parts.lost(*pair)]
        return told_before, [*told_after, *await self._candidates_left(), *map(expired, sorted(many))]

    async def _candidates_left(self) -> list[Draft]:
        """The candidates of whom Interviewers have left the last panel. A statement, where any have left one."""
        seated = await seated_users({candidate_id for _, candidate_id in self._parted})
        return [
            lost(ChangeTopic.CANDIDATES, id, user_id, id)
            for user_id, id in sorted(self._parted)
            if user_id not in seated[id]
        ]


async def _tied_pairs(pairs: Collection[Pair]) -> set[Pair]:
    """Those of these users and candidates whom something ties to each other. A statement, where there are any."""
    tied = await tied_users({candidate_id for _, candidate_id in pairs})
    return {(user_id, candidate_id) for user_id, candidate_id in pairs if user_id in tied[candidate_id]}


def _users_of_many(pairs: Iterable[Pair]) -> set[str]:
    """The users who stand in so many of the pairs that they load afresh."""
    counts = Counter(user_id for user_id, _ in pairs)
    return {user_id for user_id, count in counts.items() if count > _MOST_CANDIDATES}


def _let_know(pairs: Collection[Pair], entries: Iterable[Change | LogEntry]) -> set[str]:
    """Name the users in the entries about their new candidates; returns the ids of what these entries are about."""
    subjects: set[str] = set()
    for entry in entries:
        users = [user_id for user_id, candidate_id in pairs if candidate_id == entry.candidate_id]
        if users and (isinstance(entry, Change) or entry.viewer_id is None):
            entry.newcomers = [*(entry.newcomers or ()), *users]
            subjects.add(entry.panel_id if isinstance(entry, Change) else entry.subject_id or "")
    return subjects


class _Form(NamedTuple):
    """What of a form says who sees it."""

    id: str
    panel_id: str
    user_id: str


AnyForm = TypeVar("AnyForm", FeedbackForm, _Form)


def gained_form(form: FeedbackForm | _Form, candidate_id: str, user_id: str) -> Draft:
    """That somebody else's form has come into the user's view."""
    return gained(ChangeTopic.FEEDBACK_FORMS, form.id, user_id, **form_places(form, candidate_id))


def form_places(form: FeedbackForm | _Form, candidate_id: str) -> dict[str, str | None]:
    """The columns of an entry about a form that say who may see it."""
    return {"candidate_id": candidate_id, "panel_id": form.panel_id, "user_id": form.user_id}


@dataclass(frozen=True)
class _Parts:
    """All there is of some candidates, by their ids: the ids of panels and of interviews, and forms."""

    panels: dict[str, list[str]] = field(default_factory=dict)
    interviews: dict[str, list[str]] = field(default_factory=dict)
    forms: dict[str, list[_Form]] = field(default_factory=dict)

    @classmethod
    async def of(cls, candidate_ids: Collection[str]) -> "_Parts":
        """What is stored of the candidates. Two statements, where there is any."""
        parts = cls()
        if not candidate_ids:
            return parts
        for candidate_id, id in sorted(map(tuple, await fetch_values(_ids_of_parts, keys=list(candidate_ids)))):
            of_candidates = parts.panels if id.startswith(Panel.prefix) else parts.interviews
            of_candidates.setdefault(candidate_id, []).append(id)
        for candidate_id, *columns in sorted(map(tuple, await fetch_values(_forms, keys=list(candidate_ids)))):
            parts.forms.setdefault(candidate_id, []).append(_Form(*columns))
        return parts

    def lost(self, user_id: str, id: str) -> Iterator[Draft]:
        """That the user sees nothing of the candidate any more."""
        yield lost(ChangeTopic.CANDIDATES, id, user_id, id)
        for part_id in (*self.panels.get(id, ()), *self.interviews.get(id, ())):
            yield lost(ChangeTopic.INTERVIEW_PANELS, part_id, user_id, id)
        for form in _forms_of_others(self.forms.get(id, ()), user_id):
            yield lost(ChangeTopic.FEEDBACK_FORMS, form.id, user_id, id)

    def gained(self, user_id: str, id: str) -> Iterator[Draft]:
        """That all of the candidate has come into the user's view."""
        yield gained(ChangeTopic.CANDIDATES, id, user_id, candidate_id=id)
        for panel_id in self.panels.get(id, ()):
            yield gained(ChangeTopic.INTERVIEW_PANELS, panel_id, user_id, candidate_id=id, panel_id=panel_id)
        for form in _forms_of_others(self.forms.get(id, ()), user_id):
            yield gained_form(form, id, user_id)


def _forms_of_others(forms: Iterable[AnyForm], user_id: str) -> Iterator[AnyForm]:
    """A form of one's own is seen whatever happens."""
    return (form for form in forms if form.user_id != user_id)


def _ids_of_parts(keys: Bind) -> list[Any]:
    panels, interviews = unscoped(Panel, _WHY), unscoped(Interview, _WHY)
    return [
        panels.filter(in_("candidate_id", keys)).values_list("candidate_id", "id"),
        interviews.filter(in_("panel__candidate_id", keys)).values_list("panel__candidate_id", "id"),
    ]


def _forms(keys: Bind) -> list[Any]:
    forms = unscoped(FeedbackForm, _WHY).filter(in_("panel__candidate_id", keys))
    return [forms.values_list("panel__candidate_id", "id", "panel_id", "user_id")]


FormState = tuple[FeedbackFormStatus, str]
"""A form's status, and the template that it is made from."""


@dataclass(frozen=True)
class PanelState:
    """What of a panel decides who sees what of it."""

    #: Whether it is more than a tombstone.
    is_visible: bool
    starts_at: datetime | None
    #: Users with the interviews on which they sit.
    seats: frozenset[tuple[str, str]]
    #: By the ids of the forms.
    forms: Mapping[str, FormState]

    @property
    def users(self) -> frozenset[str]:
        """Who sits on the panel."""
        return frozenset(user_id for user_id, _ in self.seats)


def form_change(before: FormState | None, after: FormState) -> ChangeType | None:
    """What has become of a form; a pending one that gets another template is to be filled in anew."""
    if before is None:
        return ChangeType.FORM_CREATED
    if before == after:
        return None
    return ChangeType.FORM_VOIDED if after[0] is FeedbackFormStatus.VOIDED else ChangeType.FORM_REOPENED


@dataclass(frozen=True)
class SeatChanges:
    """How the Interviewers of a panel have changed: whoever else sits on it sees it by something else."""

    before: PanelState
    after: PanelState
    interviewers: frozenset[str]

    @classmethod
    async def watch(
        cls, sight: Sight, candidate_id: str, before: PanelState, after: PanelState, roles: Mapping[str, Role]
    ) -> "SeatChanges":
        """The changes between two states of a panel, before the second one is written.

        A statement where the role of anybody concerned is not among those that are known.
        """
        concerned = {user_id for user_id, _ in before.seats ^ after.seats}
        roles = await roles_of(concerned, roles) if concerned else {}
        await sight.watch({(user_id, candidate_id) for user_id in before.users ^ after.users}, roles)
        interviewers = frozenset(each for each in concerned if roles.get(each) is Role.INTERVIEWER)
        changes = cls(before, after, interviewers)
        sight.part((user_id, candidate_id) for user_id in changes.leavers)
        return changes

    @property
    def newcomers(self) -> list[str]:
        """To whom a panel comes into view that was there before."""
        return sorted(self.interviewers & self.after.users - self.before.users) if self.before.is_visible else []

    @property
    def leavers(self) -> list[str]:
        """Out of whose view the panel goes."""
        return sorted(self.interviewers & self.before.users - self.after.users)

    def drafts(self, panel_id: str, candidate_id: str, forms: Iterable[FeedbackForm]) -> Iterator[Draft]:
        """What to tell them of it."""
        known = [form for form in forms if form.id in self.before.forms]
        for user_id in self.newcomers:
            yield from (gained_form(form, candidate_id, user_id) for form in _forms_of_others(known, user_id))
        for user_id in self.leavers:
            yield lost(ChangeTopic.INTERVIEW_PANELS, panel_id, user_id, candidate_id)
        for user_id, interview_id in sorted(self.before.seats - self.after.seats):
            if user_id in self.interviewers:
                yield lost(ChangeTopic.INTERVIEW_PANELS, interview_id, user_id, candidate_id)
        for user_id in self.leavers:
            others = _forms_of_others(known, user_id)
            yield from (lost(ChangeTopic.FEEDBACK_FORMS, form.id, user_id, candidate_id) for form in others)


async def users_with(account_id: str, emails: Collection[str]) -> list[str]:
    """The ids of the users with these emails. A statement, where there is any."""
    users = unscoped(User, _WHY).filter(account_id=account_id, email__in=list(emails))
    return [user.id for user in await users.only("id")] if emails else []


async def limited_users(candidate_ids: Collection[str]) -> list[str]:
    """The ids of the Limited Team Members whom something ties to any of the candidates. Two statements."""
    return await _with_role(Role.LIMITED_TEAM_MEMBER, await tied_users(candidate_ids))


async def interviewers_of(candidate_id: str) -> list[str]:
    """The ids of the Interviewers who sit on any panel of the candidate. Two statements."""
    return await _with_role(Role.INTERVIEWER, await seated_users([candidate_id]))


async def _with_role(role: Role, users: Mapping[str, Collection[str]]) -> list[str]:
    ids = {user_id for some in users.values() for user_id in some}
    return sorted(id for id, theirs in (await roles_of(ids, {})).items() if theirs is role)


async def roles_of(user_ids: Collection[str], known: Mapping[str, Role]) -> Mapping[str, Role]:
    """The users' roles. A statement where any is not known."""
    missing = [user_id for user_id in user_ids if user_id not in known]
    users = await unscoped(User, _WHY).filter(id__in=missing).only("id", "role") if missing else []
    return {**known, **{user.id: user.role for user in users}}
