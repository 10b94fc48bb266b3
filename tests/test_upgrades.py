"""Upgrades beside processes of an earlier release: what is locked, filled in, mended, said and gone on with."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from tortoise import connections

import models
from database import for_dialect, schema_steps
from database.migrations import newest_migration
from tests.conftest import ON_POSTGRES
from tests.processes import Installation, http_client, until
from tests.test_migrations import a_seated_interview, migrated_to, opened

_DUE = "A repair is due"


async def rows(statement: str, *values: object) -> list[dict[str, Any]]:
    """What the open database answers."""
    return await connections.get("default").execute_query_dict(for_dialect(statement), list(values))


@contextlib.asynccontextmanager
async def session(empty: Installation) -> AsyncIterator[asyncpg.Connection]:
    """A connection to the installation's PostgreSQL database; skips on SQLite."""
    if not ON_POSTGRES:
        pytest.skip("SQLite locks its one file as a whole")
    connection = await asyncpg.connect(empty.database_url)
    try:
        yield connection
    finally:
        await connection.close()


async def test_whatever_an_earlier_release_has_left_wrong_is_mended_by_any_later_migrate(empty: Installation) -> None:
    await empty.done("migrate")
    async with opened(empty.database_url):
        early = await a_seated_interview(1, sequence=7)
        late = await a_seated_interview(2, sequence=7)
        await models.Interviewer.filter(interview_id=late.id).update(starts_at=late.starts_at - timedelta(days=1))
        await models.Panel.all().update(declared_sequence=7, url_sequence=5, feedback_due=3)
        await models.Candidate.all().update(emails=["Carla@acme.example"])

    output = await empty.done("migrate")

    assert "Mended the starts of seats: 2 of panel" in output
    async with opened(empty.database_url):
        for interview in (early, late):
            [seat] = await models.Interviewer.filter(interview_id=interview.id)
            [stored] = await models.Interview.filter(id=interview.id)
            assert seat.starts_at == interview.starts_at
            assert stored.calendar_stamp is not None
        for panel in await models.Panel.all():
            assert (panel.url_sequence, panel.timezone_sequence, panel.feedback_due) == (7, 7, 0)
        assert {candidate.stage_position for candidate in await models.Candidate.all()} == {1}
        assert {key.email for key in await models.CandidateEmail.all()} == {"carla@acme.example"}
    assert "Mended" not in await empty.done("migrate")


async def test_what_an_earlier_release_writes_after_the_migration_is_right_at_once_where_nothing_could_mend_it(
    empty: Installation,
) -> None:
    async with opened(empty.database_url):
        await migrated_to("0003_external_ids")
        first = await a_seated_interview(1)
    await empty.done("migrate")

    async with opened(empty.database_url):
        second = await a_seated_interview(2)
        moved = first.starts_at + timedelta(days=1)
        await rows("UPDATE interview SET starts_at = $1 WHERE id = $2", _stored(moved), first.id)
        await rows("UPDATE panel SET declared_sequence = 9, pushed_sequence = 9, external_url = 'https://nine.example'")

        seats = {seat.interview_id: seat.starts_at for seat in await models.Interviewer.all()}
        assert seats == {first.id: moved, second.id: second.starts_at}
        assert {panel.url_sequence for panel in await models.Panel.all()} == {9}
    await empty.done("migrate")
    async with opened(empty.database_url):
        catalogue = "SELECT tgname AS name FROM pg_trigger WHERE NOT tgisinternal" if ON_POSTGRES else (
            "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        )  # fmt: skip
        assert await rows(catalogue) == []


def _stored(instant: Any) -> Any:
    return instant if ON_POSTGRES else str(instant)


async def test_a_repair_is_said_to_be_due_until_migrate_has_run_without_a_process_of_an_earlier_release(
    empty: Installation,
) -> None:
    async with opened(empty.database_url):
        await migrated_to("0011_candidate_views_and_refusals")

    assert _DUE in await empty.done("migrate")
    async with empty.running("serve") as server, http_client() as client:

        async def notice() -> str | None:
            answer = (await client.get(f"{server.address}/readyz")).json()
            assert answer.pop("status") == "ready"
            return str(answer.get("notice", "none"))

        assert _DUE in str(await notice())
        assert _DUE not in await empty.done("migrate")
        await until(lambda: _is(notice, "none"))


async def _is(ask: Any, text: str) -> bool:
    return bool(await ask() == text)


async def test_a_process_of_an_earlier_release_that_starts_lets_a_repair_be_due(empty: Installation) -> None:
    await empty.done("migrate")
    async with opened(empty.database_url):
        recorded = (
            "INSERT INTO tortoise_migrations (app, name, applied_at) VALUES ('models', '9999', CURRENT_TIMESTAMP)"
        )
        await rows(recorded)

    async with empty.running("serve"), opened(empty.database_url):
        assert [row["id"] for row in await rows("SELECT id FROM repair_due")] == [newest_migration()]


async def test_the_plan_says_what_is_locked_built_and_looked_through_and_changes_nothing(empty: Installation) -> None:
    async with opened(empty.database_url):
        await migrated_to("0003_external_ids")

    plan = await empty.done("migrate", "--plan")

    assert "interviewer, column starts_at: locked for an instant, nothing is rewritten" in plan
    assert "reads and writes go on" in plan
    assert "repair of the starts of seats: looks through about 0 rows of panel" in plan
    async with opened(empty.database_url):
        names = [row["name"] for row in await rows("SELECT name FROM tortoise_migrations ORDER BY id")]
    assert names[-1] == "0003_external_ids"


async def test_a_migrate_that_was_killed_after_any_step_is_gone_on_with(empty: Installation) -> None:
    async with opened(empty.database_url):
        await migrated_to("0003_external_ids")
        await rows("ALTER TABLE interviewer ADD COLUMN starts_at " + ("TIMESTAMPTZ" if ON_POSTGRES else "TIMESTAMP"))
        await a_seated_interview(1)

    output = await empty.done("migrate")

    assert output.splitlines()[-1].startswith("Applied 0004_seat_starts, 0005_revisions")
    async with opened(empty.database_url):
        [seat] = await models.Interviewer.all()
        assert seat.starts_at is not None


@pytest.mark.postgres
async def test_an_index_that_a_killed_run_has_left_invalid_is_built_anew(empty: Installation) -> None:
    async with session(empty) as sql:
        async with opened(empty.database_url):
            await migrated_to("0010_feedback_due")
        await sql.execute("CREATE INDEX idx_panel_account_beaf60 ON panel (account_id, feedback_due)")
        await sql.execute(
            "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'idx_panel_account_beaf60'::regclass"
        )

        await empty.done("migrate")

        assert await sql.fetchval("SELECT count(*) FROM pg_index WHERE NOT indisvalid") == 0


@pytest.mark.postgres
async def test_while_a_dump_holds_a_table_migrate_waits_without_holding_others_up_and_says_for_whom(
    empty: Installation,
) -> None:
    async with session(empty) as sql, session(empty) as pushing:
        async with opened(empty.database_url):
            await migrated_to("0004_seat_starts")
        await sql.execute("SET application_name = 'a dump'; BEGIN; LOCK TABLE panel IN ACCESS SHARE MODE")
        await pushing.execute("SET lock_timeout = '2s'")
        migrating = asyncio.create_task(empty.done("migrate"))
        waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND mode = 'AccessExclusiveLock'"
        for _ in range(2):
            await until(lambda: pushing.fetchval(waiting))
            await pushing.execute("SELECT id FROM panel LIMIT 1")
        await sql.execute("COMMIT")

        output = await migrating

        assert "Waiting for the table panel, in use by " in output
        assert "(a dump, for " in output


def test_a_migration_that_would_write_rows_or_take_a_long_lock_is_refused() -> None:
    for statement in (
        "UPDATE panel SET version = 1",
        'ALTER TABLE "panel" ALTER COLUMN "note" SET NOT NULL',
        'ALTER TABLE "panel" DROP COLUMN "note"',
    ):
        with pytest.raises(ValueError, match="rows are for repairs"):
            schema_steps.step_of(statement)
