"""The data set: one account with candidates, panels, interviews, interviewers and forms, made by SQL.

Each shape has a PostgreSQL database of its own, `callboard_bench_…`, at our own migrated schema. It is kept between
runs, and made afresh where what it is made by has changed since.
"""

import hashlib
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg

import database
import models
from auth import tokens
from auth.viewer import Viewer
from models import FeedbackFieldType, IntegrationProvider
from resolvers import directory, integrations, syncs, template_syncs
from resolvers.syncs import StageRow
from resolvers.template_syncs import TemplateFieldRow, TemplateRow

POSTGRES = os.environ.get("CALLBOARD_BENCH_POSTGRES", "postgres://root@127.0.0.1:5432")
JWT_SECRET = "a secret of the benchmarks, long enough to be one"
SLUG = "bench"

_STAGES = ("Applied", "Phone screen", "On-site", "Offer")
_FIELDS = [
    TemplateFieldRow(FeedbackFieldType.SCORE, "Overall", "Would you hire them?", required=True),
    TemplateFieldRow(FeedbackFieldType.TEXTAREA, "What did they do well?", required=True),
    TemplateFieldRow(FeedbackFieldType.MULTIPLE_SELECT, "Strengths", options=["Design", "Code", "Testing"]),
    TemplateFieldRow(FeedbackFieldType.TEXT, "Anything else?"),
]

_MIGRATIONS = Path(models.__file__).parent / "migrations"


@dataclass(frozen=True)
class Shape:
    """How much there is. Half of a candidate's panels are over, with feedback given; half are still to come."""

    candidates: int
    panels_each: int = 2
    interviews_each: int = 3
    seats_each: float = 2.5
    users: int = 2_000
    #: Characters of each note.
    note_characters: int = 0
    #: Changes beside the first one of each panel.
    more_changes: int = 0
    #: Whether the database is there for the next run too.
    kept: bool = True

    @property
    def panels(self) -> int:
        return self.candidates * self.panels_each

    @property
    def interviews(self) -> int:
        return self.panels * self.interviews_each

    @property
    def seats(self) -> int:
        return int(self.interviews * self.seats_each)

    @property
    def database(self) -> str:
        name = f"callboard_bench_{self.panels}_{self.interviews_each}_{self.note_characters}"
        return name if self.kept else f"{name}_{os.getpid()}"

    @property
    def url(self) -> str:
        return f"{POSTGRES}/{self.database}"


#: 20,000 candidates, 40,000 panels, 120,000 interviews, 300,000 interviewers and forms.
WHOLE = Shape(20_000)
#: 28 of the largest panels there can be: 50 interviews of 50 people each, with the longest notes.
LARGEST = Shape(14, interviews_each=50, seats_each=50, users=200, note_characters=20_000, more_changes=600)
#: For smoke runs.
QUICK = Shape(30, users=100, kept=False)


def grown(panels: int) -> Shape:
    """So many panels of one interview with one interviewer, 50 a user: for what should not depend on the number."""
    return Shape(panels // 2, interviews_each=1, seats_each=1, users=panels // 50)


@dataclass(frozen=True)
class Access:
    """How contenders get in: the account, the integration's key, and the users' tokens."""

    shape: Shape
    account_id: str
    integration_id: str
    key: str

    def token(self, number: int = 1) -> str:
        """Of the Team Member of that number, from 1 to a quarter of all users."""
        return tokens.sign(JWT_SECRET, email(number), SLUG, hours=24)


def email(number: int) -> str:
    return f"user-{number}@bench.example"


def id_of(prefix: str, number: int) -> str:
    """The id of a row of the data set, numbered from 1."""
    return f"{prefix}_{number:026d}"


@asynccontextmanager
async def ready(shape: Shape) -> AsyncIterator[Access]:
    """The shape's database as it should be, with a new key."""
    await _make(shape)
    try:
        yield await _access(shape)
    finally:
        if not shape.kept:
            await _administered(f'DROP DATABASE "{shape.database}" WITH (FORCE)')


async def _make(shape: Shape) -> None:
    made_from = _fingerprint(shape)
    existing = await _administered(
        "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = $1", shape.database
    )
    if existing != made_from:
        await _administered(f'DROP DATABASE IF EXISTS "{shape.database}" WITH (FORCE)')
        await _administered(f'CREATE DATABASE "{shape.database}"')
        await _fill(shape)
        await _administered(f"COMMENT ON DATABASE \"{shape.database}\" IS '{made_from}'")


async def _administered(statement: str, *values: str) -> Any:
    administrator = await asyncpg.connect(f"{POSTGRES}/postgres")
    try:
        return await administrator.fetchval(statement, *values)
    finally:
        await administrator.close()


async def warm(shape: Shape) -> None:
    """Have all of it read once, so that no query waits for the disk where another one didn't."""
    connection = await asyncpg.connect(shape.url)
    try:
        await connection.execute("CREATE EXTENSION IF NOT EXISTS pg_prewarm")
        await connection.execute("SELECT pg_prewarm(oid, 'read') FROM pg_class WHERE relkind IN ('r', 'i', 't')")
    except asyncpg.PostgresError as error:
        print(f"Not read ahead: {error}", file=sys.stderr)
    finally:
        await connection.close()


async def forget_pushes(connection: asyncpg.Connection) -> None:
    """Take away the panels that a benchmark has pushed, with all their parts."""
    await _spare_checks(connection)
    pushed = "(SELECT id FROM panel WHERE external_id LIKE 'pushed-%')"
    for table in ("interviewer", "feedback_form", "interview", "change", "log_entry"):
        await connection.execute(f"DELETE FROM {table} WHERE panel_id IN {pushed}")
    await connection.execute(f"DELETE FROM panel WHERE id IN {pushed}")
    await connection.execute("VACUUM ANALYZE")


async def _spare_checks(connection: asyncpg.Connection) -> None:
    """Don't check foreign keys in this session, where a superuser asks: there are too many rows for it."""
    with suppress(asyncpg.InsufficientPrivilegeError):
        await connection.execute("SET session_replication_role = replica")


def _fingerprint(shape: Shape) -> str:
    migrations = sorted(_MIGRATIONS.glob("0*.py"))
    made_by = "".join(_statements(shape)) + repr((_STAGES, _FIELDS))
    return hashlib.sha256(made_by.encode() + b"".join(map(Path.read_bytes, migrations))).hexdigest()


async def _access(shape: Shape) -> Access:
    async with database.connect(shape.url):
        account = await models.Account.get(slug=SLUG)
        viewer = Viewer(account=account, user=await models.User.get(account_id=account.id, email="admin@bench.example"))
        await integrations.switch(viewer, IntegrationProvider.GOODTIME, True)
        key = await integrations.generate_key(viewer, IntegrationProvider.GOODTIME, grace_hours=0)
        integration = await models.Integration.get(account_id=account.id)
    assert key.secret, "a Super Admin may make keys"
    return Access(shape, account.id, integration.id, key.secret)


async def _fill(shape: Shape) -> None:
    await database.migrate(shape.url)
    async with database.connect(shape.url):
        account = await directory.create_account(SLUG, "Bench", "admin@bench.example")
        viewer = Viewer(account=account, user=await models.User.get(account_id=account.id))
        await syncs.sync_stages(viewer, [StageRow(name, place, place > 1) for place, name in enumerate(_STAGES, 1)])
        await template_syncs.sync_templates(viewer, [TemplateRow("technical", "Technical interview", _FIELDS)])
        await integrations.switch(viewer, IntegrationProvider.GOODTIME, True)
    connection = await asyncpg.connect(shape.url)
    try:
        await _spare_checks(connection)
        for statement in _statements(shape):
            await connection.execute(statement)
        await connection.execute("VACUUM ANALYZE")
        await connection.execute("CHECKPOINT")
    finally:
        await connection.close()


def _statements(shape: Shape) -> list[str]:
    """Candidate c has the panels (c-1)*p+1 … c*p, panel p the interviews (p-1)*i … p*i-1, seats go on likewise."""
    people, panels, interviews = shape.users, shape.panels_each, shape.interviews_each
    account, integration = "(SELECT id FROM account)", "(SELECT id FROM integration)"

    def key(prefix: str, number: str) -> str:
        return f"'{prefix}_' || lpad(({number})::text, 26, '0')"

    def seats_before(interview: str) -> str:
        return f"floor(({interview}) * {shape.seats_each}::numeric)::bigint"

    def is_over(panel: str) -> str:
        return f"(({panel}) % {panels} < {panels // 2})"

    # Weekdays of 2025 or of 2045, so that what is upcoming stays so, whenever the data was made.
    start = (
        f"(CASE WHEN {is_over('p')} THEN timestamptz '2025-01-06 08:00Z' ELSE timestamptz '2045-01-02 08:00Z' END"
        " + (p::bigint * 7919 % 350) * interval '1 day' + (p % 6) * interval '1 hour')"
    )
    starts = f"{start} + (n % {interviews}) * interval '1 hour'"
    interview_rows = f"""
        SELECT n, p, {starts} AS starts_at
        FROM generate_series(0, {shape.interviews - 1}) AS n, LATERAL (SELECT n / {interviews} AS p) AS its
    """
    seat_rows = f"""
        SELECT n, n / {interviews} AS p, position, {seats_before("n")} + position + 1 AS seat,
            1 + (n * 7 + position * 13) % {people} AS person
        FROM generate_series(0, {shape.interviews - 1}) AS n,
            LATERAL generate_series(0, {seats_before("n + 1")} - {seats_before("n")} - 1) AS position
    """
    version = key("tpv", "1")
    template = "(SELECT id, fields, instructions FROM feedback_template ORDER BY id LIMIT 1)"
    return [
        f"""INSERT INTO "user" (id, created_at, account_id, external_id, email, name, role)
            SELECT {key("usr", "n")}, timestamptz '2024-01-01Z' + n * interval '1 minute', {account}, 'person-' || n,
                'user-' || n || '@bench.example', {_name("n")},
                CASE WHEN n <= {people // 4} THEN 'TEAM_MEMBER' ELSE 'INTERVIEWER' END
            FROM generate_series(1, {people}) AS n""",
        f"""INSERT INTO posting (id, created_at, account_id, external_id, title, hiring_manager_id)
            SELECT {key("pst", "n")}, timestamptz '2024-01-01Z', {account}, 'posting-' || n, 'Engineer ' || n,
                {key("usr", "n")}
            FROM generate_series(1, 20) AS n""",
        f"""INSERT INTO candidate (id, created_at, account_id, external_id, name, headline, emails, search_text,
                stage_id, posting_id, owner_id, updated_at)
            SELECT {key("cnd", "n")}, timestamptz '2024-06-01Z' + n * interval '1 minute', {account},
                'candidate-' || n, name, 'Engineer, formerly of company ' || n % 997, jsonb_build_array(email),
                lower(name || ' ' || email), stages[1 + n % cardinality(stages)],
                {key("pst", "1 + n % 20")}, {key("usr", f"1 + n % {people // 4}")},
                timestamptz '2024-06-01Z' + n * interval '1 minute'
            FROM generate_series(1, {shape.candidates}) AS n,
                LATERAL (
                    SELECT {_name("n * 31")} || ' ' || n AS name, 'candidate-' || n || '@mail.example' AS email
                ) AS its,
                (SELECT array_agg(id ORDER BY position) AS stages FROM stage) AS of_the_account""",
        f"""INSERT INTO panel (id, created_at, account_id, integration_id, candidate_id, stage_id, external_id,
                external_url, timezone, note, tentative, sequence, declared_sequence, pushed_sequence, early_cancels,
                version, starts_at, ends_at, listed_at, feedback_due, created_by_id, updated_at)
            SELECT {key("pan", "p + 1")}, timestamptz '2024-12-01Z', {account}, {integration},
                {key("cnd", f"p / {panels} + 1")}, (SELECT id FROM stage ORDER BY position DESC LIMIT 1),
                'panel-' || p + 1, 'https://app.goodtime.example/panels/' || p + 1, 'America/New_York',
                CASE WHEN p % 2 = 0 THEN 'Please be on time.' END, false, 1, 1, 1, '{{}}', 1, {start},
                {start} + {interviews - 1} * interval '1 hour' + interval '45 minutes', {start},
                CASE WHEN {is_over("p")} THEN 0
                    ELSE {seats_before(f"(p + 1) * {interviews}")} - {seats_before(f"p * {interviews}")} END,
                {integration}, timestamptz '2024-12-01Z'
            FROM generate_series(0, {shape.panels - 1}) AS p""",
        f"""INSERT INTO interview (id, created_at, account_id, panel_id, external_id, subject, note, location,
                meeting_url, starts_at, ends_at, feedback_reminder, sequence, listed, updated_at)
            SELECT {key("itv", "n + 1")}, timestamptz '2024-12-01Z', {account}, {key("pan", "p + 1")},
                'interview-' || n % {interviews}, 'Interview ' || 1 + n % {interviews}, NULL,
                CASE WHEN n % 2 = 0 THEN 'Room ' || n % 40 END,
                CASE WHEN n % 2 = 1 THEN 'https://meet.example/' || n END, starts_at,
                starts_at + interval '45 minutes', 'DAILY', 1, true, timestamptz '2024-12-01Z'
            FROM ({interview_rows}) AS its""",
        f"""INSERT INTO template_version (id, created_at, account_id, template_id, instructions, fields)
            SELECT {version}, timestamptz '2024-12-01Z', {account}, id, instructions, fields
            FROM {template} AS template""",
        f"""INSERT INTO feedback_form (id, created_at, account_id, panel_id, interview_id, user_id, template_id,
                version_id, status, fields, answers, completed_at)
            SELECT {key("frm", "seat")}, timestamptz '2024-12-01Z', {account}, {key("pan", "p + 1")},
                {key("itv", "n + 1")}, {key("usr", "person")}, template.id, {version},
                CASE WHEN {is_over("p")} THEN 'COMPLETED' ELSE 'PENDING' END, '[null]',
                CASE WHEN {is_over("p")} THEN jsonb_build_array(jsonb_build_object(
                    'field_id', template.fields -> 0 ->> 'id', 'values', jsonb_build_array('Hire'))) END,
                CASE WHEN {is_over("p")} THEN timestamptz '2025-12-24Z' END
            FROM ({seat_rows}) AS its, {template} AS template""",
        f"""INSERT INTO interviewer (id, created_at, panel_id, interview_id, user_id, position, starts_at,
                response_status, feedback_required, template_id, form_id)
            SELECT {key("ivr", "seat")}, timestamptz '2024-12-01Z', {key("pan", "p + 1")}, {key("itv", "n + 1")},
                {key("usr", "person")}, position, {starts}, 'ACCEPTED', true, template.id, {key("frm", "seat")}
            FROM ({seat_rows}) AS its, {template} AS template""",
        f"""INSERT INTO change (account_id, position, panel_id, candidate_id, kind, actor_id, at)
            SELECT {account}, p + 1, {key("pan", "p + 1")}, {key("cnd", f"p / {panels} + 1")}, 'CREATED',
                {integration}, timestamptz '2024-12-01Z'
            FROM generate_series(0, {shape.panels - 1}) AS p""",
        f"""INSERT INTO change (account_id, position, panel_id, candidate_id, kind, actor_id, at)
            SELECT account_id, n, panel_id, candidate_id, 'UPDATED', actor_id, at
            FROM generate_series({shape.panels + 1}, {shape.panels + shape.more_changes}) AS n
                JOIN change ON position = 1 + n % {shape.panels}""",
        f"UPDATE account SET position = {shape.panels + shape.more_changes}",
        *([_longest_notes(table, shape) for table in ("panel", "interview")] if shape.note_characters else []),
    ]


def _longest_notes(table: str, shape: Shape) -> str:
    """Notes that can't be compressed to nothing, as people write them."""
    return f"""UPDATE {table} SET note = left(text, {shape.note_characters})
        FROM (SELECT string_agg(md5(n::text), ' ') AS text FROM generate_series(1, {shape.note_characters // 32}) AS n)
            AS its"""


def _name(number: str) -> str:
    """A first and a last name for a number, in SQL."""
    return " || ' ' || ".join(f"('{{{names}}}'::text[])[1 + ({number}) % {names.count(',') + 1}]" for names in _NAMES)


_NAMES = (
    "Amara,Bruno,Chloé,Daniel,Elif,Farid,Gabriela,Hana,Isaac,Jana,Kwame,Lucía,Mei,Noor,Ola,Priya",
    "Nwosu,Keller,Dubois,Demir,Rahimi,Souza,Mensah,Novák,Asante,Herrera,Tanaka,Haddad,Berg",
)
