"""Syncs of users: who is meant by a row, and who may change whom."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from tortoise.expressions import F, Q

from auth.viewer import Viewer
from models import AuditAct, CalendarFeed, Role, User, email_key
from resolvers import feedback, validation
from resolvers.access import see_alike, unscoped, visible
from resolvers.contents import Contents
from resolvers.errors import ErrorCode, Path, UserError, error
from resolvers.internal_candidates import follow_users
from resolvers.invite_revisions import revise_invites_of_users
from resolvers.queries import known
from resolvers.syncs import Synced, repeat_faults, save_directory, sync
from resolvers.units import UnitOfWork
from resolvers.validation import plain_text


@dataclass(frozen=True)
class UserRow:
    email: str
    name: str
    role: Role
    external_id: str | None = None
    deactivated: bool = False


class _Standing(NamedTuple):
    """What of a user decides on what they may do, who they are, and how invites show them."""

    role: Role
    active: bool
    email: str
    external_id: str | None
    name: str


async def sync_users(viewer: Viewer, rows: Sequence[UserRow]) -> Synced[User]:
    """Take the users over, matched by external id, else by email. Raises Refused(FORBIDDEN).

    `TAKEN` where the email belongs to somebody with another external id: that user's email is to be changed first.
    """

    async def act(unit: UnitOfWork) -> Synced[User]:
        stored = await _lock_concerned(viewer, rows)
        before, contents = {user.id: _standing(user) for user in stored}, Contents(stored)
        users: dict[str, User] = {}
        faults = list(_row_faults(rows))
        for index, (row, user) in enumerate(zip(rows, _match(viewer, rows, stored), strict=True)):
            if user.id in users:
                message = "Another row of this list means the same user."
                faults.append(error(ErrorCode.TAKEN, message, ("users", index)))
            else:
                faults.extend(_protection_faults(viewer, user, row, ("users", index)))
                faults.extend(_return_faults(user, row, ("users", index)))
                _fill(user, row, unit)
                users[user.id] = user
        others = [user for user in stored if user.id not in users]
        faults += [*_conflict_faults(rows, others), *_last_admin_faults([*others, *users.values()])]
        if not faults:
            # Their old names are given up first: what one user had another may take.
            renamed = [user.id for user in contents.changed(users.values()) if user.id in before]
            await visible(viewer, User).filter(id__in=renamed).update(email=F("id"), external_id=None)
            for user in users.values():
                _record(unit, user, before.get(user.id))
        synced = await save_directory(unit, list(users.values()), faults, contents)
        left_or_back = {user.id for user in synced.rows if _has_left_or_is_back(user, before.get(user.id))}
        if left_or_back:
            await feedback.recount_due(unit, left_or_back)
        if not synced.errors:
            await _follow_up(unit, users, before, left_or_back)
        return synced

    return await sync(viewer, act)


async def _follow_up(
    unit: UnitOfWork, users: Mapping[str, User], before: Mapping[str, _Standing], left_or_back: set[str]
) -> None:
    """Bring invites in line with new names and addresses, and end the calendar feeds of whoever is deactivated."""
    known_users = [user for user in users.values() if user.id in before]
    readdressed = {user.id for user in known_users if user.email != before[user.id].email}
    renamed = {user.id for user in known_users if user.name != before[user.id].name}
    emails = {email for user in known_users for email in (user.email, before[user.id].email) if user.id in readdressed}
    await follow_users(unit, readdressed, emails)
    await revise_invites_of_users(unit, renamed, readdressed, left_or_back)
    ended = [user.id for user in known_users if user.id in left_or_back and user.deactivated_at is not None]
    if ended:
        await unscoped(CalendarFeed, "of users who are deactivated").filter(user_id__in=ended).delete()


def _fill(user: User, row: UserRow, unit: UnitOfWork) -> None:
    """Give the user what the row says; without an external id the user keeps the one they have."""
    user.email, user.name, user.role = email_key(row.email), plain_text(row.name) or "", row.role
    if row.external_id is not None:
        user.external_id = row.external_id
    user.deactivated_at = (user.deactivated_at or unit.at) if row.deactivated else None


def _last_admin_faults(users: Collection[User]) -> Iterator[UserError]:
    """Among all who are left, with all Super Admins of the account, one must be an active Super Admin."""
    if not any(user.role is Role.SUPER_ADMIN and user.deactivated_at is None for user in users):
        message = "The last active Super Admin can't be deactivated or demoted."
        yield error(ErrorCode.INVALID, message, ("users",))


def _standing(user: User) -> _Standing:
    return _Standing(user.role, user.deactivated_at is None, user.email, user.external_id, user.name)


def _has_left_or_is_back(user: User, before: _Standing | None) -> bool:
    return before is not None and before[1] is not (user.deactivated_at is None)


def _record(unit: UnitOfWork, user: User, before: _Standing | None) -> None:
    """Keep who was let in, and whose standing has changed."""
    role, active, email, external_id, _ = before or _standing(user)
    if before is None:
        unit.audit(AuditAct.USER_ADDED, user.id, role=user.role.value)
    if user.role is not role:
        unit.audit(AuditAct.ROLE_CHANGED, user.id, role=user.role.value, was=role.value)
    if user.email != email:
        unit.audit(AuditAct.EMAIL_CHANGED, user.id)
    # Whoever has a candidate's email sees none of what is about that candidate.
    if not see_alike(user.role, role) or user.email != email:
        unit.expire_cursors(user.id)
    if user.external_id != external_id:
        unit.audit(AuditAct.EXTERNAL_ID_CHANGED, user.id)
    if (user.deactivated_at is None) is not active:
        unit.audit(AuditAct.USER_DEACTIVATED if active else AuditAct.USER_REACTIVATED, user.id)


async def _lock_concerned(viewer: Viewer, rows: Sequence[UserRow]) -> list[User]:
    """Lock whoever the rows may mean or clash with, and all Super Admins."""
    emails = {email_key(row.email) for row in rows}
    external_ids = known(*(row.external_id for row in rows))
    concerned = Q(external_id__in=external_ids) | Q(email__in=emails) | Q(role=Role.SUPER_ADMIN)
    return await visible(viewer, User).filter(concerned).select_for_update()


def _match(viewer: Viewer, rows: Sequence[UserRow], stored: Collection[User]) -> list[User]:
    """The user of each row: by external id; by email, unless both have external ids that differ; else a new one."""
    by_external_id = {user.external_id: user for user in stored}
    by_email = {user.email: user for user in stored}
    # An address is handed on, an external id is not: a new hire must not become the leaver who had it.
    without_id = {user.email: user for user in stored if user.external_id is None}

    def find(row: UserRow) -> User | None:
        if row.external_id is None:
            return by_email.get(email_key(row.email))
        return by_external_id.get(row.external_id) or without_id.get(email_key(row.email))

    return [find(row) or User(account_id=viewer.account_id, role=row.role) for row in rows]


def _row_faults(rows: Sequence[UserRow]) -> Iterator[UserError]:
    yield from repeat_faults([email_key(row.email) for row in rows], "users", "email")
    yield from repeat_faults([row.external_id for row in rows], "users", "externalId")
    for index, row in enumerate(rows):
        yield from validation.name_faults(row.external_id, ("users", index, "externalId"))
        yield from validation.name_faults(row.name, ("users", index, "name"))
        yield from validation.email_faults(row.email, ("users", index, "email"))


def _protection_faults(viewer: Viewer, user: User, row: UserRow, path: Path) -> Iterator[UserError]:
    """An Admin may not make, change or deactivate a Super Admin."""
    if viewer.role is Role.SUPER_ADMIN or Role.SUPER_ADMIN not in (user.role, row.role):
        return
    if user.is_stored and _same_user(user, row):
        return
    message = "Only a Super Admin may make, change or deactivate a Super Admin."
    yield error(ErrorCode.INVALID, message, (*path, "role"))


def _return_faults(user: User, row: UserRow, path: Path) -> Iterator[UserError]:
    """Nobody comes back by an email alone where an external id could say whether they are the one who left."""
    is_back = user.deactivated_at is not None and not row.deactivated
    if is_back and user.external_id != row.external_id:
        message = (
            "A deactivated user has this email. Where it is they who are back, sync them first by the external id that "
            "they have, or without one if they have none; where it is somebody else, change that user's email first."
        )
        yield error(ErrorCode.TAKEN, message, (*path, "email"))


def _same_user(user: User, row: UserRow) -> bool:
    return (user.email, user.name, user.role, user.deactivated_at is not None) == (
        email_key(row.email),
        plain_text(row.name) or "",
        row.role,
        row.deactivated,
    ) and row.external_id in (None, user.external_id)


def _conflict_faults(rows: Sequence[UserRow], others: Collection[User]) -> Iterator[UserError]:
    """Emails and external ids that somebody has who is not on the list."""
    emails = {user.email for user in others}
    external_ids = known(*(user.external_id for user in others))
    for index, row in enumerate(rows):
        if email_key(row.email) in emails:
            message = "Another user has this email: change theirs first, deactivated or not."
            yield error(ErrorCode.TAKEN, message, ("users", index, "email"))
        if row.external_id in external_ids:
            yield error(ErrorCode.TAKEN, "Another user has this external id.", ("users", index, "externalId"))
