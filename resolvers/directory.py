"""The directory: accounts, and their people, stages and postings as they are listed."""

from collections.abc import Sequence

from tortoise.expressions import Q
from tortoise.queryset import QuerySet

import models
from auth.viewer import Scope, Viewer
from database import Query, Texts, in_
from models import Posting, Role, Stage, User, email_key
from resolvers import integrations, units, validation
from resolvers.access import Act, require, unscoped, visible
from resolvers.listing import Listing, Page, PageRequest, Parameters, search_text
from resolvers.queries import load_many, select
from resolvers.units import UnitOfWork


async def users(
    viewer: Viewer,
    emails: Sequence[str] | None,
    search: str | None,
    include_deactivated: bool,
    request: PageRequest,
) -> Page[User]:
    """The account's users by name. Raises Refused(FORBIDDEN) to an Interviewer."""
    require(viewer, Act.LIST_DIRECTORY)
    keys = [email_key(email) for email in emails] if emails is not None else None
    parameters = Parameters.of(search_text(search), include_deactivated, emails=keys)
    return await _USERS.page(viewer, parameters, request)


def _users(scope: Scope, search: str | None, include_deactivated: bool, emails: Texts | None = None) -> QuerySet[User]:
    rows = visible(scope, User)
    if emails is not None:
        rows = rows.filter(in_("email", emails))
    if search is not None:
        rows = rows.filter(Q(name__icontains=search) | Q(email__contains=search.lower()))
    return rows if include_deactivated else rows.filter(deactivated_at__isnull=True)


_USERS = Listing(User, _users, ("name", "id"))


async def stages(viewer: Viewer) -> list[Stage]:
    """The account's stages in their order. Raises Refused(FORBIDDEN) to an Interviewer."""
    require(viewer, Act.LIST_DIRECTORY)
    return await select(viewer, Query(visible, Stage), order_by=["position", "name"])


async def postings(viewer: Viewer) -> list[Posting]:
    """The account's postings by title. Raises Refused(FORBIDDEN) to an Interviewer."""
    require(viewer, Act.LIST_DIRECTORY)
    return await select(viewer, Query(visible, Posting), order_by=["title", "id"])


async def actors(viewer: Viewer, ids: Sequence[str]) -> list[User | models.Integration]:
    """The users and integrations who did something, one for each global id."""
    by_prefix: dict[str, set[str]] = {}
    for id in ids:
        by_prefix.setdefault(id.partition("_")[0], set()).add(id)
    by_id: dict[str, User | models.Integration] = {}
    by_id |= await load_many(viewer, User, by_prefix.get(User.prefix, set()))
    by_id |= await load_many(viewer, models.Integration, by_prefix.get(models.Integration.prefix, set()))
    return [by_id[id] for id in ids]


async def create_account(slug: str, name: str, super_admin: str) -> models.Account:
    """An account with its first Super Admin, all integrations off. Raises ValueError with a clear sentence."""
    faults = [*validation.name_faults(name, ("name",)), *validation.email_faults(super_admin, ("super-admin",))]
    if faults:
        raise ValueError("; ".join(f"{'.'.join(fault.path)}: {fault.message}" for fault in faults))
    if not validation.is_slug(slug):
        raise ValueError("SLUG takes 1 to 100 small letters, digits and hyphens, such as acme.")

    async def act(unit: UnitOfWork) -> models.Account:
        if await unscoped(models.Account, "a slug is nobody else's").filter(slug=slug).exists():
            raise ValueError(f"There is an account {slug} already.")
        account = await models.Account.create(slug=slug, name=name)
        email = email_key(super_admin)
        await User.create(account_id=account.id, email=email, name=email.partition("@")[0], role=Role.SUPER_ADMIN)
        await integrations.ensure(account.id)
        return account

    return await units.commit_for_operator(act)


async def accounts_of(email: str) -> list[str]:
    """The slugs of the accounts in which this email has an active user."""
    users = unscoped(User, "the operator signs tokens for anybody").filter(deactivated_at__isnull=True)
    slugs = await users.filter(email=email_key(email)).values_list("account__slug", flat=True)
    return sorted(str(slug) for slug in slugs)
