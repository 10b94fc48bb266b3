"""The database is brought to the current version from any earlier one, and is then what the models say."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from tortoise import Model, connections
from tortoise.context import TortoiseContext
from tortoise.migrations.autodetector import MigrationAutodetector
from tortoise.migrations.executor import MigrationExecutor, MigrationTarget

import clock
import database
import models
from models import CancelOrigin
from tests.conftest import ON_POSTGRES
from tests.processes import ROOT, Installation, postgres_database

APPS: dict[str, Any] = database.TORTOISE_ORM["apps"]
VERSIONS = sorted(path.stem for path in (ROOT / "models" / "migrations").glob("0*.py"))

#: One row for all that makes a table what it is, but for the names that constraints and indexes happen to have.
POSTGRES_SHAPE = """
    SELECT table_name, 'column', concat_ws(' ', column_name, udt_name, character_maximum_length, is_nullable,
      column_default, is_identity)
    FROM information_schema.columns WHERE table_schema = 'public'
  UNION ALL
    SELECT conrelid::regclass::text, 'constraint', pg_get_constraintdef(oid) FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace AND contype IN ('c', 'f', 'p', 'u', 'x')
  UNION ALL
    SELECT tablename, 'index', regexp_replace(indexdef, 'INDEX \\S+ ON', 'INDEX ON') FROM pg_indexes
    WHERE schemaname = 'public'"""

POSTGRES_COLUMNS = "SELECT column_name AS name FROM information_schema.columns WHERE table_name = $1"
SQLITE_COLUMNS = "SELECT name FROM pragma_table_info(?)"

NO_MIGRATION = "The models have changed: write the migration with `make migration NAME=what_it_does`."
NOT_THE_MODELS = (
    "What the migrations make of a database (left) is not what the models say (right). Where the models have "
    "changed, write the migration with `make migration NAME=what_it_does`. Where there is one, complete it "
    "until both are the same."
)


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[TortoiseContext]:
    """The database for this test alone, beside the one of the server in this process."""
    async with TortoiseContext() as context:
        await context.init(config=database.tortoise_config(url))
        yield context


@asynccontextmanager
async def another(installation: Installation) -> AsyncIterator[str]:
    """The URL of one more database with nothing in it."""
    if ON_POSTGRES:
        async with postgres_database() as url:
            yield url
    else:
        yield f"sqlite://{installation.folder}/another.db"


async def shape(url: str) -> list[tuple[str, ...]]:
    """Tables, columns, keys, constraints and indexes of a database, without those of the migrations' own table."""
    async with opened(url):
        rows = await (_postgres_shape() if ON_POSTGRES else _sqlite_shape())
    objects = sorted(row for row in rows if not row[0].startswith(("tortoise_", "sqlite_")))
    assert {"column", "index"} <= {row[1] for row in objects}
    return objects


async def _postgres_shape() -> list[tuple[str, ...]]:
    rows = await connections.get("default").execute_query_dict(POSTGRES_SHAPE)
    return [tuple(row.values()) for row in rows]


async def _sqlite_shape() -> list[tuple[str, ...]]:
    async def asked(query: str) -> list[dict[str, Any]]:
        return await connections.get("default").execute_query_dict(query)

    rows: list[tuple[str, ...]] = []
    for table in [row["name"] for row in await asked("SELECT name FROM sqlite_master WHERE type = 'table'")]:
        for column in await asked(f'PRAGMA table_info("{table}")'):
            del column["cid"]
            rows.append((table, "column", str(sorted(column.items()))))
        for key in await asked(f'PRAGMA foreign_key_list("{table}")'):
            del key["id"]
            rows.append((table, "foreign key", str(sorted(key.items()))))
        for index in await asked(f'PRAGMA index_list("{table}")'):
            columns = [row["name"] for row in await asked(f'PRAGMA index_info("{index["name"]}")')]
            [made] = await asked(f"SELECT sql FROM sqlite_master WHERE name = '{index['name']}'")
            condition = (made["sql"] or "").partition(" WHERE ")[2]
            rows.append((table, "unique" if index["unique"] else "index", str(columns), condition))
    return rows


async def shape_of_the_models(empty: Installation) -> list[tuple[str, ...]]:
    """What the models would make of an empty database without any migration."""
    async with another(empty) as url:
        async with opened(url) as context:
            await context.generate_schemas(safe=False)
        return await shape(url)


async def test_migrated_from_empty_the_database_is_what_the_models_say(empty: Installation) -> None:
    await empty.done("migrate")

    assert await shape(empty.database_url) == await shape_of_the_models(empty), NOT_THE_MODELS


@pytest.mark.parametrize("version", VERSIONS[:-1])
async def test_migrated_from_an_earlier_version_the_database_is_what_the_models_say(
    version: str, empty: Installation
) -> None:
    async with opened(empty.database_url):
        await MigrationExecutor(connections.get("default"), APPS).migrate([MigrationTarget("models", version)])

    output = await empty.done("migrate")
    # What only earlier releases need is dropped once they have ended.
    await empty.done("migrate")

    assert output.splitlines()[-1] == f"Applied {', '.join(VERSIONS[VERSIONS.index(version) + 1 :])}."
    assert await shape(empty.database_url) == await shape_of_the_models(empty), NOT_THE_MODELS


async def test_the_seats_that_there_are_get_the_starts_of_their_interviews(empty: Installation) -> None:
    async with opened(empty.database_url):
        await migrated_to("0003_external_ids")
        interviews = [await a_seated_interview(hours) for hours in (3, 1)]

    await empty.done("migrate")

    async with opened(empty.database_url):
        assert {seat.interview_id: seat.starts_at for seat in await models.Interviewer.all()} == {
            interview.id: interview.starts_at for interview in interviews
        }


async def test_what_is_there_keeps_the_revisions_that_it_is_from(empty: Installation) -> None:
    async with opened(empty.database_url):
        await migrated_to("0004_seat_starts")
        await a_seated_interview(1, sequence=7)
        await a_seated_interview(2, sequence=5, canceled_origin=CancelOrigin.SCHEDULER)

    await empty.done("migrate")

    async with opened(empty.database_url):
        panels = await models.Panel.all().order_by("pushed_sequence")
        interviews = await models.Interview.all().order_by("sequence")
        assert [(panel.url_sequence, panel.timezone_sequence) for panel in panels] == [(5, 5), (7, 7)]
        assert [interview.deleted_sequence for interview in interviews] == [5, None]


async def test_the_emails_of_the_candidates_that_there_are_become_rows(empty: Installation) -> None:
    async with opened(empty.database_url):
        await migrated_to("0006_topics")
        account = models.Account(name="Acme", slug="acme")
        stage = models.Stage(account_id=account.id, name="Applied", position=1)
        emails = ["Ina@Acme.example ", "ina@acme.example", "ina@home.example"]
        named = {"account_id": account.id, "name": "Ina", "search_text": "ina", "stage_id": stage.id}
        candidates = [models.Candidate(external_id=str(number), emails=emails[:number], **named) for number in range(4)]
        for row in (account, stage, *candidates):
            await insert(row)

    await empty.done("migrate")

    async with opened(empty.database_url):
        rows = await models.CandidateEmail.all().order_by("candidate_id", "email")
        at_work, at_home = "ina@acme.example", "ina@home.example"
        expected = [(1, at_work), (2, at_work), (3, at_work), (3, at_home)]
        assert [(row.candidate_id, row.email) for row in rows] == [
            (candidates[number].id, email) for number, email in expected
        ]


async def test_the_candidates_that_there_are_stand_where_their_stage_does(empty: Installation) -> None:
    async with opened(empty.database_url):
        await migrated_to("0010_feedback_due")
        account = models.Account(name="Acme", slug="acme")
        stage = models.Stage(account_id=account.id, name="Applied", position=7)
        named = {"account_id": account.id, "search_text": "ina", "stage_id": stage.id, "emails": []}
        for row in (account, stage, models.Candidate(external_id="ina", name="Ina", **named)):
            await insert(row)

    await empty.done("migrate")

    async with opened(empty.database_url):
        assert [candidate.stage_position for candidate in await models.Candidate.all()] == [7]


async def test_the_invites_that_there_are_go_on_from_where_they_were(empty: Installation) -> None:
    async with opened(empty.database_url):
        await migrated_to("0008_template_versions")
        await a_seated_interview(1, version=12)

    await empty.done("migrate")

    async with opened(empty.database_url):
        [interview], [panel], [owner] = await models.Interview.all(), await models.Panel.all(), await models.User.all()
        assert (interview.calendar_sequence, interview.calendar_stamp) == (12, panel.updated_at)
        assert interview.organizer_id == owner.id


async def test_the_panels_that_stand_wait_for_nobody_who_has_left_or_declined_or_is_the_candidate(
    empty: Installation,
) -> None:
    async with opened(empty.database_url):
        await migrated_to("0009_calendars")
        interviews = [await a_seated_interview(hours) for hours in (1, 2, 3, 4)]
        for interview in interviews:
            await an_awaited_form(interview)
        waited_for, declined, left, own = [interview.panel_id for interview in interviews]
        users = {seat.panel_id: seat.user_id for seat in await models.Interviewer.all()}
        await models.Interviewer.filter(panel_id=declined).update(response_status=models.ResponseStatus.DECLINED)
        await models.User.filter(id=users[left]).update(deactivated_at=clock.now())
        candidate = await models.Candidate.filter(owner_id=users[own]).only("id", "account_id").get()
        key = {"account_id": candidate.account_id, "candidate_id": candidate.id, "email": "ivo@acme.example"}
        await insert(models.CandidateEmail(**key))

    await empty.done("migrate")

    async with opened(empty.database_url):
        due = {panel.id: panel.feedback_due for panel in await models.Panel.all()}
        void = await models.FeedbackForm.filter(status=models.FeedbackFormStatus.VOIDED)
        assert due == {waited_for: 1, declined: 0, left: 0, own: 0}
        assert [form.panel_id for form in void] == [own]


async def an_awaited_form(interview: models.Interview) -> None:
    """The form of the interview's only seat, for which its panel waits."""
    [seat] = await models.Interviewer.filter(interview_id=interview.id)
    template = models.FeedbackTemplate(account_id=interview.account_id, external_id="t", name="T", fields=[])
    version = models.TemplateVersion(account_id=interview.account_id, template_id=template.id, fields=[])
    form = models.FeedbackForm(
        account_id=interview.account_id, panel_id=interview.panel_id, interview_id=interview.id, user_id=seat.user_id
    )
    form.status = models.FeedbackFormStatus.PENDING
    form.ask(version)
    for row in (template, version, form):
        await insert(row)
    await models.Interviewer.filter(id=seat.id).update(form_id=form.id, template_id=template.id)
    await models.Panel.filter(id=interview.panel_id).update(feedback_due=1)


async def migrated_to(version: str) -> None:
    await MigrationExecutor(connections.get("default"), APPS).migrate([MigrationTarget("models", version)])


async def a_seated_interview(hours: int, sequence: int = 1, version: int = 1, **columns: Any) -> models.Interview:
    """An interview in so many hours, in an account of its own, with a seat, as an earlier version wrote them.

    Whoever sits on it owns its candidate.
    """
    begin = clock.now() + timedelta(hours=hours)
    account = models.Account(name="Acme", slug=f"acme-{hours}")
    user = models.User(account_id=account.id, email="ivo@acme.example", name="Ivo", role=models.Role.INTERVIEWER)
    integration = models.Integration(account_id=account.id, provider=models.IntegrationProvider.GOODTIME)
    stage = models.Stage(account_id=account.id, name="On-site", position=1)
    candidate = models.Candidate(
        account_id=account.id, external_id="carla", name="Carla", emails=[], search_text="carla",
        stage_id=stage.id, owner_id=user.id,
    )  # fmt: skip
    panel = models.Panel(
        account_id=account.id,
        integration_id=integration.id,
        candidate_id=candidate.id,
        external_id="p",
        pushed_sequence=sequence,
        version=version,
        created_by_id=integration.id,
    )
    interview = models.Interview(
        account_id=account.id,
        panel_id=panel.id,
        external_id="one",
        subject="One",
        starts_at=begin,
        ends_at=begin + timedelta(hours=1),
        feedback_reminder=models.FeedbackReminder.DAILY,
        sequence=sequence,
        **columns,
    )
    seat = models.Interviewer(
        panel_id=panel.id,
        interview_id=interview.id,
        user_id=user.id,
        position=0,
        response_status=models.ResponseStatus.NEEDS_ACTION,
        feedback_required=True,
    )
    for row in (account, user, integration, stage, candidate, panel, interview, seat):
        await insert(row)
    return interview


async def insert(row: Model) -> None:
    """Insert the row into its table as that is at this version: without the columns that came later."""
    connection, table, fields = connections.get("default"), row._meta.db_table, row._meta.fields_map
    columns = await connection.execute_query_dict(POSTGRES_COLUMNS if ON_POSTGRES else SQLITE_COLUMNS, [table])
    names = [column["name"] for column in columns]
    places = ", ".join(f"${n}" if ON_POSTGRES else "?" for n, _ in enumerate(names, 1))
    values = [fields[name].to_db_value(getattr(row, name), row) for name in names]
    await connection.execute_query(f'INSERT INTO "{table}" ({", ".join(names)}) VALUES ({places})', values)


async def test_several_processes_may_migrate_at_once(empty: Installation) -> None:
    ended = await asyncio.gather(*(empty.run("migrate") for _ in range(3)))

    assert [(each.code, each.err) for each in ended] == [(0, "")] * 3
    outputs = sorted(each.out.strip() for each in ended)
    assert outputs == [f"Applied {', '.join(VERSIONS)}."] + ["The database is at the current version already."] * 2
    assert await shape(empty.database_url) == await shape_of_the_models(empty), NOT_THE_MODELS


async def test_no_change_of_the_models_is_without_its_migration(empty: Installation) -> None:
    async with opened(empty.database_url) as context:
        assert context.apps is not None
        missing = await MigrationAutodetector(context.apps, APPS).changes()

    assert [writer.name for writer in missing] == [], NO_MIGRATION


async def test_a_server_serves_again_once_the_database_is_migrated(empty: Installation) -> None:
    assert "callboard migrate" in await empty.failure_line("serve")

    await empty.done("migrate")

    async with empty.running("serve") as server:
        assert server.address
