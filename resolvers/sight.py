"""What comes into a user's view by an act, and what leaves it: told to that user alone (docs/rules.md, change feed).

Only Interviewers and Limited Team Members see part of an account. An Interviewer sees what they sit on: the panel at
hand says who comes and goes. A Limited Team Member sees candidates whom something ties to them: that is read before the
act changes it, and once more when everything is written.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

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
from resolvers.access import tied_users, unscoped

#: To whom so many candidates come or go at once loads afresh instead.
_MOST_CANDIDATES = 50

#: An entry of the log, to be written: its topic, its kind and its subject's id, and more of its columns.
Draft = tuple[tuple[ChangeTopic | None, str, str | None], dict[str, str | None]]

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

    #: Pairs of Limited Team Members and candidates, and whether something tied the two before.
    _before: dict[tuple[str, str], bool] = field(default_factory=dict)

    @property
    def is_watched(self) -> bool:
        """Whether somebody's view may change."""
        return bool(self._before)

    async def watch(self, pairs: Collection[tuple[str, str]], roles: Mapping[str, Role] | None = None) -> None:
        """Remember which of these users and candidates are tied to each other, before an act changes that.

        `roles` are those of the users that are known. A statement where any are not, four where any is limited.
        """
        roles = await roles_of({user_id for user_id, _ in pairs}, roles or {})
        watched = [pair for pair in pairs if roles.get(pair[0]) is Role.LIMITED_TEAM_MEMBER]
        new = [pair for pair in watched if pair not in self._before]
        if new:
            tied = await tied_users({candidate_id for _, candidate_id in new})
            self._before |= {(user_id, id): user_id in tied[id] for user_id, id in new}

    async def changes(self, entries: Iterable[Change | LogEntry]) -> tuple[list[Draft], list[Draft]]:
        """What to tell whom, before these entries of the same acts and after them.

        The entries themselves get the users to whom their subject is new.
        """
        tied = await tied_users({candidate_id for _, candidate_id in self._before})
        come: dict[str, list[str]] = {}
        gone: dict[str, list[str]] = {}
        for (user_id, candidate_id), before in self._before.items():
            if before is not (user_id in tied[candidate_id]):
                (gone if before else come).setdefault(user_id, []).append(candidate_id)
        many = {user_id for side in (come, gone) for user_id, ids in side.items() if len(ids) > _MOST_CANDIDATES}
        left = [(user_id, id) for user_id, ids in gone.items() if user_id not in many for id in ids]
        new = [(user_id, id) for user_id, ids in come.items() if user_id not in many for id in ids]
        return await _all_gained(new, _let_know(new, entries)), [*await _all_lost(left), *map(expired, sorted(many))]


def _let_know(pairs: Collection[tuple[str, str]], entries: Iterable[Change | LogEntry]) -> set[str]:
    """Name the users in the entries about their new candidates; returns the ids of what these entries are about."""
    subjects: set[str] = set()
    for entry in entries:
        users = [user_id for user_id, candidate_id in pairs if candidate_id == entry.candidate_id]
        if users and (isinstance(entry, Change) or entry.viewer_id is None):
            entry.newcomers = [*(entry.newcomers or ()), *users]
            subjects.add(entry.panel_id if isinstance(entry, Change) else entry.subject_id or "")
    return subjects


async def _all_lost(pairs: Sequence[tuple[str, str]]) -> list[Draft]:
    """All of each candidate that the user has seen. Three statements, where there is any."""
    if not pairs:
        return []
    panels, interviews, forms = await _parts_of({candidate_id for _, candidate_id in pairs}, with_interviews=True)
    drafts: list[Draft] = []
    for user_id, id in pairs:
        drafts.append(lost(ChangeTopic.CANDIDATES, id, user_id, id))
        drafts += [lost(ChangeTopic.INTERVIEW_PANELS, panel_id, user_id, id) for panel_id in panels.get(id, ())]
        drafts += [lost(ChangeTopic.INTERVIEW_PANELS, each, user_id, id) for each in interviews.get(id, ())]
        drafts += [lost(ChangeTopic.FEEDBACK_FORMS, form.id, user_id, id) for form in _of_others(forms, id, user_id)]
    return drafts


async def _all_gained(pairs: Sequence[tuple[str, str]], known: Collection[str]) -> list[Draft]:
    """All of each candidate that comes into the user's view, but for what is known. Two statements, if any do."""
    if not pairs:
        return []
    panels, _, forms = await _parts_of({candidate_id for _, candidate_id in pairs}, with_interviews=False)
    drafts: list[Draft] = []
    for user_id, id in pairs:
        drafts.append(gained(ChangeTopic.CANDIDATES, id, user_id, candidate_id=id))
        drafts += [
            gained(ChangeTopic.INTERVIEW_PANELS, panel_id, user_id, candidate_id=id, panel_id=panel_id)
            for panel_id in panels.get(id, ())
        ]
        drafts += [gained_form(form, id, user_id) for form in _of_others(forms, id, user_id)]
    return [each for each in drafts if each[0][2] not in known]


def gained_form(form: FeedbackForm, candidate_id: str, user_id: str) -> Draft:
    """That somebody else's form has come into the user's view."""
    return gained(ChangeTopic.FEEDBACK_FORMS, form.id, user_id, **form_places(form, candidate_id))


def form_places(form: FeedbackForm, candidate_id: str) -> dict[str, str | None]:
    """The columns of an entry about a form that say who may see it."""
    return {"candidate_id": candidate_id, "panel_id": form.panel_id, "user_id": form.user_id}


_Ids = dict[str, list[str]]


async def _parts_of(
    candidate_ids: Collection[str], with_interviews: bool
) -> tuple[_Ids, _Ids, dict[str, list[FeedbackForm]]]:
    """The panels, the interviews and the forms of each candidate."""
    panels: _Ids = {}
    interviews: _Ids = {}
    forms: dict[str, list[FeedbackForm]] = {}
    rows = unscoped(Panel, _WHY).filter(candidate_id__in=list(candidate_ids)).order_by("id")
    of_candidate = {panel.id: panel.candidate_id or "" for panel in await rows.only("id", "candidate_id")}
    for id, candidate_id in of_candidate.items():
        panels.setdefault(candidate_id, []).append(id)
    if with_interviews:
        parts = unscoped(Interview, _WHY).filter(panel_id__in=list(of_candidate)).order_by("id")
        for interview in await parts.only("id", "panel_id"):
            interviews.setdefault(of_candidate[interview.panel_id], []).append(interview.id)
    of_panels = unscoped(FeedbackForm, _WHY).filter(panel_id__in=list(of_candidate)).order_by("id")
    for form in await of_panels.only("id", "panel_id", "user_id"):
        forms.setdefault(of_candidate[form.panel_id], []).append(form)
    return panels, interviews, forms


def _of_others(forms: Mapping[str, Sequence[FeedbackForm]], candidate_id: str, user_id: str) -> Iterator[FeedbackForm]:
    """A form of one's own is seen whatever happens."""
    return (form for form in forms.get(candidate_id, ()) if form.user_id != user_id)


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
        return cls(before, after, frozenset(each for each in concerned if roles.get(each) is Role.INTERVIEWER))

    @property
    def newcomers(self) -> list[str]:
        """To whom a panel comes into view that was there before."""
        return sorted(self.interviewers & self.after.users - self.before.users) if self.before.is_visible else []

    def drafts(self, panel_id: str, candidate_id: str, forms: Iterable[FeedbackForm]) -> Iterator[Draft]:
        """What to tell them of it."""
        known = [form for form in forms if form.id in self.before.forms]
        for user_id in self.newcomers:
            yield from (gained_form(form, candidate_id, user_id) for form in known if form.user_id != user_id)
        for user_id in sorted(self.interviewers & self.before.users - self.after.users):
            yield lost(ChangeTopic.INTERVIEW_PANELS, panel_id, user_id, candidate_id)
        for user_id, interview_id in sorted(self.before.seats - self.after.seats):
            if user_id in self.interviewers:
                yield lost(ChangeTopic.INTERVIEW_PANELS, interview_id, user_id, candidate_id)
        for user_id in sorted(self.interviewers & self.before.users - self.after.users):
            others = (form for form in known if form.user_id != user_id)
            yield from (lost(ChangeTopic.FEEDBACK_FORMS, form.id, user_id, candidate_id) for form in others)


async def users_with(account_id: str, emails: Collection[str]) -> list[str]:
    """The ids of the users with these emails. A statement, where there is any."""
    users = unscoped(User, _WHY).filter(account_id=account_id, email__in=list(emails))
    return [user.id for user in await users.only("id")] if emails else []


async def limited_users(candidate_ids: Collection[str]) -> list[str]:
    """The ids of the Limited Team Members whom something ties to any of the candidates. Five statements."""
    tied = {user_id for users in (await tied_users(candidate_ids)).values() for user_id in users}
    return sorted(id for id, role in (await roles_of(tied, {})).items() if role is Role.LIMITED_TEAM_MEMBER)


async def roles_of(user_ids: Collection[str], known: Mapping[str, Role]) -> Mapping[str, Role]:
    """The users' roles. A statement where any is not known."""
    missing = [user_id for user_id in user_ids if user_id not in known]
    users = await unscoped(User, _WHY).filter(id__in=missing).only("id", "role") if missing else []
    return {**known, **{user.id: user.role for user in users}}
