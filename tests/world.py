"""One account with somebody in every role: each test has a copy of the first one, which is made through the rules."""

import itertools
import secrets
from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import Any, ClassVar

import clock
import models
import settings
from auth import tokens
from auth.viewer import Viewer
from models import FeedbackFieldType, IntegrationProvider, Role
from resolvers import directory, integrations, syncs, template_syncs, user_syncs
from resolvers.syncs import CandidateRow, PostingRow, StageRow
from resolvers.template_syncs import TemplateFieldRow, TemplateRow
from resolvers.user_syncs import UserRow
from tests.account_copies import AccountTemplate
from tests.people import Person, Server

_numbers = itertools.count(1)
_BEGAN = clock.now().replace(minute=0, second=0, microsecond=0)


class World:
    """One account with somebody in every role. Leo, the Limited Team Member, owns only the candidate `lea`."""

    server: Server
    account: models.Account
    slug: str
    sam: Person  # Super Admin
    ada: Person  # Admin
    rita: Person  # Team Member
    leo: Person  # Limited Team Member
    ivo: Person  # Interviewer
    noor: Person  # Interviewer
    #: Where a test lets her in: a Super Admin who is a candidate too.
    iris: Person
    goodtime: Person
    nobody: Person
    #: external id to id: `carla` anybody's, `lea` Leo's, `arno` archived, `anna` in a stage without interviews
    candidates: dict[str, str]
    #: external id to id: `technical`, `values`
    templates: dict[str, str]
    #: name to id: `Applied`, `On-site`
    stages: dict[str, str]

    @classmethod
    async def create(cls, server: Server) -> "World":
        """A world of its own: a copy of the first one of this process, which is made through the rules."""
        if _Template.of_process is None:
            _Template.of_process = await _Template.make()
        template = _Template.of_process
        copy = await template.account.copy(f"account-{next(_numbers)}-{secrets.token_hex(4)}")
        world = cls()
        world.server, world.slug = server, copy.slug
        world.account = models.Account(id=copy.of(template.account_id), slug=copy.slug, name="Acme")
        for user in template.users:
            email, id = copy.of(user.email), copy.of(user.id)
            setattr(world, user.name.lower(), world.person(models.User(id=id, email=email, name=user.name)))
        world.goodtime = Person(server, f"Bearer {copy.api_key.secret}", "GoodTime")
        world.nobody = Person(server, None)
        world.candidates, world.templates, world.stages = (
            {name: copy.of(id) for name, id in ids.items()}
            for ids in (template.candidates, template.templates, template.stages)
        )
        return world

    def email(self, name: str) -> str:
        return f"{name}@{self.slug}.example"

    def person(self, user: models.User, hours: float = 1) -> Person:
        """The user, signed in."""
        secret = settings.current().jwt_secret
        assert secret is not None
        token = tokens.sign(secret.get_secret_value(), user.email, self.slug, hours)
        return Person(self.server, f"Bearer {token}", user.name, user.email, user.id)

    def a_panel(self, external_id: str = "panel", *interviews: dict[str, Any], **fields: Any) -> dict[str, Any]:
        """A push of a whole panel: by default one interview of `carla`'s with Ivo, tomorrow."""
        candidate = {} if fields.keys() & {"candidateId", "candidateExternalId"} else {"candidateExternalId": "carla"}
        return {
            "externalId": external_id,
            "timezone": "America/New_York",
            "interviews": list(interviews) or [self.an_interview()],
            **candidate,
            **fields,
        }

    def an_interview(self, external_id: str = "one", *people: str | dict[str, Any], **fields: Any) -> dict[str, Any]:
        """An event of a push; people by name or as they are pushed, Ivo by default."""
        seats = [{"email": self.email(who)} if isinstance(who, str) else who for who in people or ("ivo",)]
        return {
            "externalId": external_id,
            "subject": f"Interview {external_id}",
            "startsAt": in_hours(24),
            "durationMinutes": 60,
            "interviewers": seats,
            **fields,
        }


@dataclass(frozen=True)
class _Template:
    """The account that worlds are copies of, and the names and ids of what is in it."""

    of_process: ClassVar["_Template | None"] = None

    account: AccountTemplate
    account_id: str
    users: list[models.User]
    candidates: dict[str, str]
    templates: dict[str, str]
    stages: dict[str, str]

    @classmethod
    async def make(cls) -> "_Template":
        """Make the account as an installation would: through the rules."""
        slug = f"template-{secrets.token_hex(8)}"
        account = await directory.create_account(slug, "Acme", f"sam@{slug}.example")
        viewer = Viewer(account=account, user=await models.User.get(account_id=account.id))
        roles = {"sam": Role.SUPER_ADMIN, "ada": Role.ADMIN, "rita": Role.TEAM_MEMBER}
        roles |= {"leo": Role.LIMITED_TEAM_MEMBER, "ivo": Role.INTERVIEWER, "noor": Role.INTERVIEWER}
        emails = {name: f"{name}@{slug}.example" for name in roles}
        users = await user_syncs.sync_users(
            viewer, [UserRow(emails[name], name.title(), role, f"user-{name}") for name, role in roles.items()]
        )
        stages = await syncs.sync_stages(viewer, [StageRow("Applied", 1), StageRow("On-site", 2, True)])
        await syncs.sync_postings(viewer, [PostingRow("backend", "Backend Engineer", emails["rita"])])
        candidates = await syncs.sync_candidates(
            viewer,
            [
                CandidateRow("carla", "Carla Gómez", "On-site", "Engineer", ["carla@mail.example"], "backend"),
                CandidateRow("lea", "Lea Fontaine", "On-site", None, [], None, emails["leo"], [emails["ada"]]),
                CandidateRow("arno", "Arno Weiss", "On-site", archived=True),
                CandidateRow("anna", "Anna O'Neil", "Applied"),
            ],
        )
        score = TemplateFieldRow(FeedbackFieldType.SCORE, "Overall", required=True)
        notes = TemplateFieldRow(FeedbackFieldType.TEXTAREA, "Notes")
        templates = await template_syncs.sync_templates(
            viewer,
            [TemplateRow("technical", "Technical", [score, notes]), TemplateRow("values", "Values", [score])],
        )
        for synced in (users, stages, candidates, templates):
            assert not synced.errors, synced.errors
        await integrations.switch(viewer, IntegrationProvider.GOODTIME, True)
        key = await integrations.generate_key(viewer, IntegrationProvider.GOODTIME, 0)
        assert key.secret is not None, key.errors
        # The log of every account begins with what its test does.
        await models.LogEntry.filter(account_id=account.id).delete()
        return cls(
            await AccountTemplate.read(account, key.secret),
            account.id,
            users.rows,
            {str(row.external_id): row.id for row in candidates.rows},
            {str(row.external_id): row.id for row in templates.rows},
            {row.name: row.id for row in stages.rows},
        )


def in_hours(hours: float) -> str:
    """An instant so many hours from the full hour in which the run began, as a push has it: the same all the time."""
    return (_BEGAN + timedelta(hours=hours)).astimezone(UTC).isoformat()
