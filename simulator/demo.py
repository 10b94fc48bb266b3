"""The demo account: people in every role, candidates in several stages, templates, and GoodTime switched on."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

import models
from auth import tokens
from auth.viewer import Viewer
from models import FeedbackFieldType as Kind
from models import IntegrationProvider, Role
from resolvers import directory, integrations, syncs, template_syncs, user_syncs
from resolvers.access import unscoped
from resolvers.syncs import CandidateRow, PostingRow, StageRow
from resolvers.template_syncs import TemplateFieldRow, TemplateRow
from resolvers.user_syncs import UserRow

SLUG = "demo"
DOMAIN = "demo.example"

_SECRET_FILE = Path("var/demo-secret")

_ROLES = {
    "super-admin": ("Sam Okafor", Role.SUPER_ADMIN),
    "admin": ("Ada Lindqvist", Role.ADMIN),
    "team-member": ("Rita Moreau", Role.TEAM_MEMBER),
    "limited": ("Leo Castellanos", Role.LIMITED_TEAM_MEMBER),
    "interviewer": ("Ivo Brandt", Role.INTERVIEWER),
}

_INTERVIEWERS = ("Noor Haddad", "Mei Tanaka", "Tomás Ferreira", "Grace Achieng", "Henrik Sørensen", "Priya Raman")

_STAGES = (
    StageRow("Applied", 1),
    StageRow("Phone screen", 2, has_interview=True),
    StageRow("On-site", 3, has_interview=True),
    StageRow("Offer", 4),
)

_POSTINGS = (
    PostingRow("post-backend", "Backend Engineer", f"limited@{DOMAIN}"),
    PostingRow("post-design", "Product Designer", f"team-member@{DOMAIN}"),
    PostingRow("post-success", "Customer Success Lead"),
)

_CANDIDATES = (
    ("Amara Nwosu", "Staff engineer, payments", "On-site", "post-backend"),
    ("Bruno Keller", "Backend engineer, logistics", "Phone screen", "post-backend"),
    ("Chloé Dubois", "Product designer, health", "On-site", "post-design"),
    ("Daniel O'Brien", "Platform engineer", "On-site", "post-backend"),
    ("Elif Demir", "Design systems lead", "Phone screen", "post-design"),
    ("Farid Rahimi", "Customer success manager", "On-site", "post-success"),
    ("Gabriela Souza", "Data engineer", "Applied", "post-backend"),
    ("Hana Kobayashi", "Researcher and designer", "Offer", "post-design"),
    ("Isaac Mensah", "Support lead", "Phone screen", "post-success"),
    ("Jana Novák", "Site reliability engineer", "On-site", "post-backend"),
    ("Kwame Asante", "Engineering manager", "Applied", "post-backend"),
    ("Lucía Herrera", "Implementation consultant", "Phone screen", "post-success"),
)

_SCORE = TemplateFieldRow(Kind.SCORE, "Overall", "Would you hire them?", required=True)

_TEMPLATES = (
    TemplateRow(
        "tpl-technical",
        "Technical interview",
        [
            _SCORE,
            TemplateFieldRow(Kind.TEXTAREA, "What did they do well?", required=True),
            TemplateFieldRow(Kind.MULTIPLE_SELECT, "Strengths", options=["Design", "Code", "Testing", "Communication"]),
            TemplateFieldRow(Kind.CODE, "A piece of their code"),
        ],
        "Judge what you saw, not what you expected. Examples help.",
    ),
    TemplateRow(
        "tpl-values",
        "Values interview",
        [
            _SCORE,
            TemplateFieldRow(Kind.TEXTAREA, "Notes", required=True),
            TemplateFieldRow(Kind.YES_NO, "Would you enjoy working with them?", required=True),
        ],
    ),
    TemplateRow(
        "tpl-screen",
        "Phone screen",
        [
            _SCORE,
            TemplateFieldRow(Kind.DROPDOWN, "Level", options=["Junior", "Mid", "Senior", "Staff"], required=True),
            TemplateFieldRow(Kind.DATE, "Earliest start"),
            TemplateFieldRow(Kind.TEXT, "Salary expectation"),
        ],
    ),
)


def kept_secret() -> str:
    """The shared secret of the demos that are started in this folder: sign-in links survive a restart.

    Where nothing can be kept, one for this time.
    """
    try:
        _SECRET_FILE.parent.mkdir(exist_ok=True)
        with suppress(FileExistsError):
            descriptor = os.open(_SECRET_FILE, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
            with open(descriptor, "w") as file:
                file.write(secrets.token_urlsafe(32))
        secret = _SECRET_FILE.read_text()
    except OSError:
        return secrets.token_urlsafe(32)
    return secret if len(secret) >= 32 else secrets.token_urlsafe(32)


async def load_demo(simulate: bool) -> tuple[bool, str | None]:
    """Make the demo account where there is none; with `simulate`, switch GoodTime on and make a key for its simulator.

    Tells whether GoodTime is on, and the key.
    """
    account = await unscoped(models.Account, "the demo's own account").get_or_none(slug=SLUG)
    if account is None:
        account = await directory.create_account(SLUG, "Demo & Co.", f"super-admin@{DOMAIN}")
    super_admin = await unscoped(models.User, "the demo's own Super Admin").get(
        account_id=account.id, email=f"super-admin@{DOMAIN}"
    )
    viewer = Viewer(account=account, user=super_admin)
    if super_admin.name not in dict(_ROLES.values()):
        await _fill(viewer)
    if not simulate:
        return (await integrations.of_provider(viewer, IntegrationProvider.GOODTIME)).enabled, None
    await integrations.switch(viewer, IntegrationProvider.GOODTIME, True)
    return True, (await integrations.generate_key(viewer, IntegrationProvider.GOODTIME, grace_hours=0)).secret


async def _fill(viewer: Viewer) -> None:
    people = [UserRow(f"{local}@{DOMAIN}", name, role) for local, (name, role) in _ROLES.items()]
    for name in _INTERVIEWERS:
        people.append(UserRow(f"{name.split()[0].lower()}@{DOMAIN}", name, Role.INTERVIEWER))
    candidates = [
        CandidateRow(
            external_id=f"cand-{number}",
            name=name,
            headline=headline,
            stage=stage,
            emails=[f"{name.split()[0].lower()}@mail.example"],
            posting_external_id=posting,
            owner_email=f"{'team-member' if number % 3 else 'limited'}@{DOMAIN}",
            follower_emails=[f"admin@{DOMAIN}"] if number % 4 == 0 else [],
        )
        for number, (name, headline, stage, posting) in enumerate(_CANDIDATES, 1)
    ]
    errors = (await user_syncs.sync_users(viewer, people)).errors
    errors += (await syncs.sync_stages(viewer, _STAGES)).errors
    errors += (await syncs.sync_postings(viewer, _POSTINGS)).errors
    errors += (await syncs.sync_candidates(viewer, candidates)).errors
    errors += (await template_syncs.sync_templates(viewer, _TEMPLATES)).errors
    assert not errors, "the demo's own data is good"


def welcome(address: str, goodtime: str, secret: str, switched_on: bool, key: str | None) -> str:
    """What the demo prints: where everything is, a sign-in link for each role, and one `curl` that works."""
    signed = {local: tokens.sign(secret, f"{local}@{DOMAIN}", SLUG, hours=12) for local in _ROLES}
    links = "\n".join(f"  {local:<12} {address}/#token={token}" for local, token in signed.items())
    question = '{"query":"{ candidates(first: 3) { edges { node { name stage { name } } } } }"}'
    at_work = "GoodTime's simulator is at work: watch panels appear, move and go."
    if not key:
        how = "is switched on" if switched_on else "is switched off: sign in as the super-admin, switch it on"
        at_work = (
            f"GoodTime {how} under Integrations.\n"
            f"Generate a key there, and paste it into GoodTime's settings at {goodtime}/settings"
        )
    return f"""
Callboard is up. {at_work}

  Console      {address}/
  API explorer {address}/graphql
  API          {address}/graphql (also ws://)
  GoodTime     {goodtime}/ (a simulation, to schedule by hand)

Sign in, for twelve hours, as
{links}

Ask it something:
  curl -s {address}/graphql -H 'Content-Type: application/json' \\
    -H 'Authorization: Bearer {signed["team-member"]}' \\
    -d '{question}'

Ctrl-C ends it.
"""
