"""Syncs: how the ATS keeps its people, stages, postings, candidates and feedback templates current here.

A sync is one transaction: every row of it is taken, or none.
"""

import secrets
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from tortoise.expressions import F, Q

from auth.viewer import Viewer
from database import upsert
from models import (
    AuditAct,
    Candidate,
    FeedbackFieldType,
    FeedbackTemplate,
    Follower,
    Posting,
    Role,
    Row,
    Stage,
    StoredField,
    User,
)
from resolvers import feedback, units, values
from resolvers.access import Act, require, unscoped, visible
from resolvers.errors import ErrorCode, Path, UserError, error
from resolvers.units import UnitOfWork

AnyRow = TypeVar("AnyRow", bound=Row)


@dataclass(frozen=True)
class UserRow:
    email: str
    name: str
    role: Role
    external_id: str | None = None
    deactivated: bool = False


@dataclass(frozen=True)
class PostingRow:
    external_id: str
    title: str
    hiring_manager_email: str | None = None


@dataclass(frozen=True)
class StageRow:
    name: str
    position: int
    has_interview: bool = False


@dataclass(frozen=True)
class CandidateRow:
    external_id: str
    name: str
    stage: str
    headline: str | None = None
    emails: list[str] = field(default_factory=list)
    posting_external_id: str | None = None
    owner_email: str | None = None
    follower_emails: list[str] = field(default_factory=list)
    archived: bool = False


@dataclass(frozen=True)
class TemplateFieldRow:
    type: FeedbackFieldType
    label: str
    description: str | None = None
    required: bool = False
    options: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class TemplateRow:
    external_id: str
    name: str
    fields: Sequence[TemplateFieldRow]
    instructions: str | None = None
    archived: bool = False


@dataclass(frozen=True)
class Synced(Generic[AnyRow]):
    """The rows as they stand, in the order of the input, or every reason why none was taken."""

    rows: list[AnyRow] = field(default_factory=list)
    errors: list[UserError] = field(default_factory=list)


async def sync_users(viewer: Viewer, rows: Sequence[UserRow]) -> Synced[User]:
    """Take the users over, matched by external id, else by email. Raises Refused(FORBIDDEN)."""

    async def act(commit: UnitOfWork) -> Synced[User]:
        faults = list(_user_faults(rows))
        known = await _concerned(viewer, rows)
        before = {user.id: _standing(user) for user in known}
        taken: dict[str, User] = {}
        for index, (row, user) in enumerate(zip(rows, _matched(viewer, rows, known), strict=True)):
            if user.id in taken:
                message = "Another row of this list means the same user."
                faults.append(error(ErrorCode.TAKEN, message, ("users", index)))
                continue
            faults.extend(_protected(viewer, user, row, ("users", index)))
            user.email, user.name, user.role = values.email(row.email), row.name.strip(), row.role
            user.external_id = row.external_id if row.external_id is not None else user.external_id
            user.deactivated_at = (user.deactivated_at or commit.at) if row.deactivated else None
            taken[user.id] = user
        faults.extend(_taken(rows, [user for user in known if user.id not in taken]))
        if not any(user.role is Role.SUPER_ADMIN and user.deactivated_at is None for user in (*known, *taken.values())):
            message = "The last active Super Admin can't be deactivated or demoted."
            faults.append(error(ErrorCode.INVALID, message, ("users",)))
        if not faults:
            # They let go first, so that what one user gives up another may take.
            listed = visible(viewer, User).filter(id__in=before.keys() & taken.keys())
            await listed.update(email=F("id"), external_id=None)
            for user in taken.values():
                _audit(commit, user, before.get(user.id))
        return await _stored(list(taken.values()), faults)

    return await _synced(viewer, act)


#: What of a user decides on what they may do: the role, whether they may sign in, and by which email.
_Standing = tuple[Role, bool, str]


def _standing(user: User) -> _Standing:
    return (user.role, user.deactivated_at is None, user.email)


def _audit(commit: UnitOfWork, user: User, before: _Standing | None) -> None:
    """Keep who was let in, and whose standing has changed."""
    role, active, email = before or (user.role, True, user.email)
    if before is None:
        commit.audit(AuditAct.USER_ADDED, user.id, role=user.role.value)
    if user.role is not role:
        commit.audit(AuditAct.ROLE_CHANGED, user.id, role=user.role.value, was=role.value)
    if user.email != email:
        commit.audit(AuditAct.EMAIL_CHANGED, user.id)
    if (user.deactivated_at is None) is not active:
        commit.audit(AuditAct.USER_DEACTIVATED if active else AuditAct.USER_REACTIVATED, user.id)


async def _concerned(viewer: Viewer, rows: Sequence[UserRow]) -> list[User]:
    """Whoever the rows may mean or clash with, and all Super Admins, locked."""
    emails = {values.email(row.email) for row in rows}
    external_ids = {row.external_id for row in rows if row.external_id is not None}
    concerned = Q(external_id__in=external_ids) | Q(email__in=emails) | Q(role=Role.SUPER_ADMIN)
    return await visible(viewer, User).filter(concerned).select_for_update()


def _matched(viewer: Viewer, rows: Sequence[UserRow], known: Collection[User]) -> Iterator[User]:
    """The user of each row, by external id, else by email; a new one where there is none."""
    by_external_id = {user.external_id: user for user in known if user.external_id is not None}
    by_email = {user.email: user for user in known}
    named = {by_external_id[row.external_id].id for row in rows if row.external_id in by_external_id}
    for row in rows:
        user = by_external_id.get(row.external_id or "")
        if user is None and (user := by_email.get(values.email(row.email))) is not None:
            # Somebody else's old email, whom another row names: this row has an external id of its own.
            user = None if row.external_id is not None and user.id in named else user
        yield user or User(account_id=viewer.account_id, role=row.role)


def _user_faults(rows: Sequence[UserRow]) -> Iterator[UserError]:
    yield from _twice([values.email(row.email) for row in rows], "users", "email")
    yield from _twice([row.external_id for row in rows], "users", "externalId")
    for index, row in enumerate(rows):
        yield from values.name_faults(row.external_id, ("users", index, "externalId"))
        yield from values.name_faults(row.name, ("users", index, "name"))
        yield from values.email_faults(row.email, ("users", index, "email"))


def _protected(viewer: Viewer, user: User, row: UserRow, path: Path) -> Iterator[UserError]:
    """An Admin may not make, change or deactivate a Super Admin."""
    if viewer.role is Role.SUPER_ADMIN or Role.SUPER_ADMIN not in (user.role, row.role):
        return
    if user._saved_in_db and _same_user(user, row):
        return
    message = "Only a Super Admin may make, change or deactivate a Super Admin."
    yield error(ErrorCode.INVALID, message, (*path, "role"))


def _same_user(user: User, row: UserRow) -> bool:
    return (user.email, user.name, user.role, user.deactivated_at is not None) == (
        values.email(row.email),
        row.name.strip(),
        row.role,
        row.deactivated,
    ) and row.external_id in (None, user.external_id)


def _taken(rows: Sequence[UserRow], others: Collection[User]) -> Iterator[UserError]:
    """Emails and external ids that somebody has who is not on the list."""
    emails = {user.email for user in others}
    external_ids = {user.external_id for user in others if user.external_id is not None}
    for index, row in enumerate(rows):
        if values.email(row.email) in emails:
            yield error(ErrorCode.TAKEN, "Another user has this email.", ("users", index, "email"))
        if row.external_id in external_ids:
            yield error(ErrorCode.TAKEN, "Another user has this external id.", ("users", index, "externalId"))


async def sync_stages(viewer: Viewer, rows: Sequence[StageRow]) -> Synced[Stage]:
    """Take the stages over, matched by name. Raises Refused(FORBIDDEN)."""

    async def act(commit: UnitOfWork) -> Synced[Stage]:
        faults = list(_twice([row.name.strip() for row in rows], "stages", "name"))
        for index, row in enumerate(rows):
            faults.extend(values.name_faults(row.name, ("stages", index, "name")))
        known = await _known(viewer, Stage, "name", [row.name.strip() for row in rows])
        taken = []
        for row in rows:
            stage = known.get(row.name.strip()) or Stage(account_id=viewer.account_id, name=row.name.strip())
            stage.position, stage.has_interview = row.position, row.has_interview
            taken.append(stage)
        return await _stored(taken, faults)

    return await _synced(viewer, act)


async def sync_postings(viewer: Viewer, rows: Sequence[PostingRow]) -> Synced[Posting]:
    """Take the postings over, matched by external id. Raises Refused(FORBIDDEN)."""

    async def act(commit: UnitOfWork) -> Synced[Posting]:
        faults = list(_twice([row.external_id for row in rows], "postings", "externalId"))
        known = await _known(viewer, Posting, "external_id", [row.external_id for row in rows])
        people = await _people(viewer, [row.hiring_manager_email for row in rows])
        taken = []
        for index, row in enumerate(rows):
            path = ("postings", index)
            faults.extend(values.name_faults(row.external_id, (*path, "externalId")))
            faults.extend(values.name_faults(row.title, (*path, "title")))
            posting = known.get(row.external_id) or Posting(account_id=viewer.account_id, external_id=row.external_id)
            posting.title = row.title.strip()
            manager = _person(people, row.hiring_manager_email, (*path, "hiringManagerEmail"), faults)
            posting.hiring_manager_id = manager.id if manager else None
            taken.append(posting)
        return await _stored(taken, faults)

    return await _synced(viewer, act)


async def sync_candidates(viewer: Viewer, rows: Sequence[CandidateRow]) -> Synced[Candidate]:
    """Take the candidates over, matched by external id. Raises Refused(FORBIDDEN)."""

    async def act(commit: UnitOfWork) -> Synced[Candidate]:
        faults = list(_candidate_faults(rows))
        known = await _known(viewer, Candidate, "external_id", [row.external_id for row in rows])
        stages = await _known(viewer, Stage, "name", [row.stage.strip() for row in rows])
        postings = await _known(viewer, Posting, "external_id", [row.posting_external_id for row in rows])
        people = await _people(viewer, [email for row in rows for email in (row.owner_email, *row.follower_emails)])
        taken, followers = [], {}
        for index, row in enumerate(rows):
            path = ("candidates", index)
            candidate = known.get(row.external_id) or Candidate(
                account_id=viewer.account_id, external_id=row.external_id
            )
            stage = _there(stages, row.stage.strip(), "No such stage", (*path, "stage"), faults)
            posting = _there(postings, row.posting_external_id, "No such posting", (*path, "postingExternalId"), faults)
            owner = _person(people, row.owner_email, (*path, "ownerEmail"), faults)
            followers[candidate.id] = {
                user.id
                for place, email in enumerate(row.follower_emails)
                if (user := _person(people, email, (*path, "followerEmails", place), faults)) is not None
            }
            candidate.name = row.name.strip()
            candidate.headline = row.headline
            candidate.emails = [email.strip() for email in row.emails]
            candidate.search_text = "\n".join([candidate.name, *candidate.emails]).lower()
            candidate.stage_id = stage.id if stage else ""
            candidate.posting_id = posting.id if posting else None
            candidate.owner_id = owner.id if owner else None
            candidate.updated_at = commit.at
            candidate.archived_at = (candidate.archived_at or commit.at) if row.archived else None
            taken.append(candidate)
        synced = await _stored(taken, faults)
        if not synced.errors:
            await _store_followers(followers)
        return synced

    return await _synced(viewer, act)


def _candidate_faults(rows: Sequence[CandidateRow]) -> Iterator[UserError]:
    yield from _twice([row.external_id for row in rows], "candidates", "externalId")
    for index, row in enumerate(rows):
        path = ("candidates", index)
        yield from values.name_faults(row.external_id, (*path, "externalId"))
        yield from values.name_faults(row.name, (*path, "name"))
        yield from values.name_faults(row.headline, (*path, "headline"), required=False)
        for place, email in enumerate(row.emails):
            yield from values.email_faults(email, (*path, "emails", place))


async def _store_followers(wanted: dict[str, set[str]]) -> None:
    """Make these, and no others, the followers of the candidates."""
    follows = unscoped(Follower, "the followers of the candidates that are synced")
    stored = await follows.filter(candidate_id__in=list(wanted))
    gone = [follow.id for follow in stored if follow.user_id not in wanted[follow.candidate_id]]
    await follows.filter(id__in=gone).delete()
    there = {(follow.candidate_id, follow.user_id) for follow in stored}
    await Follower.bulk_create(
        Follower(candidate_id=candidate_id, user_id=user_id)
        for candidate_id, user_ids in wanted.items()
        for user_id in user_ids
        if (candidate_id, user_id) not in there
    )


async def sync_templates(viewer: Viewer, rows: Sequence[TemplateRow]) -> Synced[FeedbackTemplate]:
    """Take the feedback templates over, matched by external id. Raises Refused(FORBIDDEN).

    Forms keep the fields with which they were made.
    """

    async def act(commit: UnitOfWork) -> Synced[FeedbackTemplate]:
        faults = list(_template_faults(rows))
        known = await _known(viewer, FeedbackTemplate, "external_id", [row.external_id for row in rows])
        taken = []
        for row in rows:
            template = known.get(row.external_id) or FeedbackTemplate(
                account_id=viewer.account_id, external_id=row.external_id, fields=[]
            )
            template.name = row.name.strip()
            template.instructions = row.instructions  # type: ignore[assignment]
            template.fields = _stored_fields(row.fields, template.fields)
            template.updated_at = commit.at
            template.archived_at = (template.archived_at or commit.at) if row.archived else None
            taken.append(template)
        return await _stored(taken, faults)

    return await _synced(viewer, act)


def _template_faults(rows: Sequence[TemplateRow]) -> Iterator[UserError]:
    yield from _twice([row.external_id for row in rows], "feedbackTemplates", "externalId")
    for index, row in enumerate(rows):
        path = ("feedbackTemplates", index)
        yield from values.name_faults(row.external_id, (*path, "externalId"))
        yield from values.name_faults(row.name, (*path, "name"))
        yield from values.prose_faults(row.instructions, (*path, "instructions"))
        if not 1 <= len(row.fields) <= 100:
            yield error(ErrorCode.INVALID, "A template has 1 to 100 fields.", (*path, "fields"))
        elif [its.type for its in row.fields].count(FeedbackFieldType.SCORE) != 1:
            yield error(ErrorCode.INVALID, "A template has exactly one SCORE field.", (*path, "fields"))
        for place, its in enumerate(row.fields):
            yield from _field_faults(its, (*path, "fields", place))


def _field_faults(its: TemplateFieldRow, path: Path) -> Iterator[UserError]:
    yield from values.name_faults(its.label, (*path, "label"))
    yield from values.prose_faults(its.description, (*path, "description"))
    for place, option in enumerate(its.options):
        yield from values.name_faults(option, (*path, "options", place))
    if len(set(its.options)) != len(its.options):
        yield error(ErrorCode.INVALID, "An option stands there twice.", (*path, "options"))
    fixed = feedback.choices(its.type, [])
    if its.type in (FeedbackFieldType.DROPDOWN, FeedbackFieldType.MULTIPLE_SELECT):
        if not 1 <= len(its.options) <= 100:
            yield error(ErrorCode.INVALID, f"A {its.type.value} field has 1 to 100 options.", (*path, "options"))
    elif its.options and its.options != fixed:
        message = f"A {its.type.value} field has the options {', '.join(fixed)}." if fixed else "It takes no options."
        yield error(ErrorCode.INVALID, message, (*path, "options"))


def _stored_fields(rows: Sequence[TemplateFieldRow], before: Sequence[StoredField]) -> list[StoredField]:
    """The fields as they are kept; one of the same type and label keeps its id."""
    ids: dict[tuple[str, str], list[str]] = {}
    for its in before:
        ids.setdefault((its["type"], its["label"]), []).append(its["id"])
    return [
        {
            "id": (ids.get((its.type.value, its.label)) or [f"fld_{secrets.token_hex(8)}"]).pop(0),
            "type": its.type.value,
            "label": its.label,
            "description": its.description,
            "required": its.required,
            "options": feedback.choices(its.type, its.options),
        }
        for its in rows
    ]


async def _synced(viewer: Viewer, act: Callable[[UnitOfWork], Awaitable[Synced[AnyRow]]]) -> Synced[AnyRow]:
    require(viewer, Act.SYNC)
    return await units.commit(viewer, act)


async def _stored(rows: list[AnyRow], faults: list[UserError]) -> Synced[AnyRow]:
    """Write all rows in one statement, or with any fault none."""
    if faults or not rows:
        return Synced(errors=faults)
    await upsert(rows)
    return Synced(rows)


async def _known(viewer: Viewer, model: type[AnyRow], column: str, wanted: Iterable[str | None]) -> dict[str, AnyRow]:
    names = {name for name in wanted if name is not None}
    found = await visible(viewer, model).filter(**{f"{column}__in": names}) if names else []
    return {getattr(row, column): row for row in found}


async def _people(viewer: Viewer, emails: Iterable[str | None]) -> dict[str, User]:
    return await _known(viewer, User, "email", (values.email(email) for email in emails if email is not None))


def _person(people: dict[str, User], email: str | None, path: Path, faults: list[UserError]) -> User | None:
    named = values.email(email) if email is not None else None
    return _there(people, named, "Nobody in this account has this email", path, faults)


def _there(
    known: dict[str, AnyRow], name: str | None, missing: str, path: Path, faults: list[UserError]
) -> AnyRow | None:
    """The row of that name; with one that nothing has, a fault more."""
    if name is not None and name not in known:
        faults.append(error(ErrorCode.NOT_FOUND, f"{missing}: sync it first.", path))
    return known.get(name or "")


def _twice(keys: Sequence[str | None], argument: str, column: str) -> Iterator[UserError]:
    seen: set[str] = set()
    for index, key in enumerate(keys):
        if key is not None and key in seen:
            yield error(ErrorCode.TAKEN, "Another row of this list has the same.", (argument, index, column))
        seen.add(key or "")
