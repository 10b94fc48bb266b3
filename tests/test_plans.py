"""How many rows PostgreSQL looks at for what it answers: few, however many there are."""

import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

import asyncpg
import pytest

from tests.conftest import DATABASE_URL
from tests.people import Person, Server
from tests.sql_log import statements_and_values
from tests.world import World, in_hours

pytestmark = pytest.mark.postgres

MANY = 5_000
#: A table with a few hundred rows may well be read whole.
FEW = 1_000

#: Copies of a row of one table, with some of its columns new.
_COPIES = """INSERT INTO "{table}" SELECT copy.* FROM generate_series(1, {many}) AS number, "{table}" AS its,
jsonb_populate_record(its, jsonb_build_object({new})) AS copy WHERE its.id = $1"""

TABLES = {
    "user": "'id', 'usr_' || number || its.id, 'external_id', 'copy-' || number, "
    "'email', 'copy-' || number || '@mail.example', 'name', 'Copy ' || number",
    "posting": "'id', 'pst_' || number || its.id, 'external_id', 'copy-' || number, 'hiring_manager_id', NULL",
    "candidate": "'id', 'cnd_' || number || its.id, 'external_id', 'copy-' || number, 'name', 'Copy ' || number, "
    "'owner_id', NULL, 'archived_at', NULL, 'posting_id', 'pst_' || number || "
    "(SELECT min(id) FROM posting WHERE account_id = its.account_id AND external_id NOT LIKE 'copy-%')",
    "panel": "'id', 'pan_' || number || its.id, 'external_id', 'copy-' || number, "
    "'candidate_id', 'cnd_' || (number - 1) / 2 * 2 + 1 || (SELECT min(id) FROM candidate "
    "WHERE account_id = its.account_id AND external_id NOT LIKE 'copy-%'), "
    "'listed_at', its.listed_at + number * interval '1 minute', "
    "'updated_at', its.updated_at + number * interval '1 second'",
    "interview": "'id', 'itv_' || number || its.id, 'panel_id', 'pan_' || number || its.panel_id, "
    "'starts_at', its.starts_at + number * interval '1 minute', 'ends_at', its.ends_at + number * interval '1 minute'",
    "interviewer": "'id', 'ivr_' || number || its.id, 'panel_id', 'pan_' || number || its.panel_id, "
    "'interview_id', 'itv_' || number || its.interview_id, 'form_id', NULL, "
    "'starts_at', its.starts_at + number * interval '1 minute'",
}


@pytest.fixture(scope="module")
async def database() -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(DATABASE_URL)
    yield connection
    await connection.close()


@pytest.fixture(scope="module")
async def grown(running: Server, database: asyncpg.Connection) -> World:
    """The account of all who change nothing of it: with many like it, statistics would say of each that it is small."""
    return await _grown(await World.create(running), database)


async def _grown(world: World, database: asyncpg.Connection) -> World:
    """An account with one panel, its candidate and its interview, and thousands that are like them, and users.

    Noor has but one interview, after all of Ivo's.
    """
    await world.goodtime.push(**world.a_panel("panel", world.an_interview("one", "ivo")))
    for table, new in TABLES.items():
        of = "panel_id IN (SELECT id FROM panel WHERE account_id = $1)" if table == "interviewer" else "account_id = $1"
        original = await database.fetchval(f'SELECT id FROM "{table}" WHERE {of} ORDER BY id LIMIT 1', world.account.id)
        await database.execute(_COPIES.format(table=table, many=MANY, new=new), original)
    late = world.an_interview("one", "noor", startsAt=in_hours(24 * 365))
    await world.goodtime.push(**world.a_panel("late", late))
    await database.execute("VACUUM ANALYZE")
    return world


def looked_at(node: dict[str, Any]) -> int:
    """How many rows a part of a plan, or one below it, has had in its hands."""
    own = (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
    return max([int(own), *(looked_at(below) for below in node.get("Plans", ()))])


PANELS = "interviewPanels(first: 10{}) {{ edges {{ cursor node {{ id externalId startsAt }} }} }}"
CANDIDATES = "candidates(first: 10{}) {{ edges {{ cursor node {{ id name stage {{ name }} }} }} }}"
INTERVIEWS = "interviews(first: 10{}) {{ edges {{ node {{ id interviewers {{ user {{ name }} }} }} }} }}"

QUERIES = {
    "a panel by its external id": '{ interviewPanel(externalId: "copy-4900") { id } }',
    "a candidate by their external id": '{ candidate(externalId: "copy-4900") { id } }',
    "panels by their external ids": "{ " + PANELS.format(', filter: {externalIds: ["copy-4900", "copy-4901"]}') + " }",
    "the first page of panels": "{ " + PANELS.format("") + " }",
    "a later page of panels": "{ " + PANELS.format(', after: "AFTER"') + " }",
    "the last page of panels": "{ " + PANELS.format("").replace("first", "last") + " }",
    "a page of panels before another": "{ " + PANELS.format(', before: "AFTER"').replace("first", "last") + " }",
    "the first page of panels by their change": "{ " + PANELS.format(", orderBy: UPDATED_AT") + " }",
    "the last page of panels by their change": "{ "
    + PANELS.format(", orderBy: UPDATED_AT").replace("first", "last")
    + " }",
    "the last page of one person's interviews": "{ "
    + INTERVIEWS.format(', filter: {interviewerId: "IVO"}').replace("first", "last")
    + " }",
    "the first page of interviews": "{ " + INTERVIEWS.format("") + " }",
    "the first page of one person's interviews": "{ " + INTERVIEWS.format(', filter: {interviewerId: "IVO"}') + " }",
    "the late interview of one person": "{ " + INTERVIEWS.format(', filter: {interviewerId: "NOOR"}') + " }",
    "one person's interviews of a day": "{ "
    + INTERVIEWS.format(', filter: {interviewerId: "IVO", startsAfter: "DAY"}')
    + " }",
    "the first page of candidates": "{ candidates(first: 10) { edges { node { name stage { name } } } } }",
    "a later page of candidates by stage": "{ " + CANDIDATES.format(', orderBy: STAGE, after: "STAGE_CURSOR"') + " }",
    "the candidates by their next interview": "{ " + CANDIDATES.format(", orderBy: NEXT_INTERVIEW") + " }",
    "the candidates for whom nothing is planned": "{ "
    + CANDIDATES.format(", filter: {hasUpcomingPanel: false}")
    + " }",
    "the candidates for whom something is planned": "{ "
    + CANDIDATES.format(", filter: {hasUpcomingPanel: true}")
    + " }",
    "the candidates whose feedback is due": "{ " + CANDIDATES.format(", filter: {feedbackDue: true}") + " }",
    "users by their emails": '{ users(emails: ["EMAIL"]) { edges { node { id } } } }',
    "the changes": "{ interviewPanelChanges(first: 10) { edges { node { kind panel { externalId } } } } }",
}


@pytest.mark.parametrize("name", QUERIES)
async def test_no_more_rows_are_looked_at_than_are_asked_for(
    name: str, grown: World, database: asyncpg.Connection
) -> None:
    middle = await grown.rita.ask("{ " + PANELS.format("").replace("first: 10", "first: 100") + " }")
    after = middle["interviewPanels"]["edges"][-1]["cursor"]
    by_stage = await grown.rita.ask("{ " + CANDIDATES.format(", orderBy: STAGE") + " }")
    query = QUERIES[name].replace("STAGE_CURSOR", by_stage["candidates"]["edges"][-1]["cursor"])
    query = query.replace("AFTER", after).replace("IVO", grown.ivo.id).replace("EMAIL", grown.email("ivo"))
    query = query.replace("NOOR", grown.noor.id).replace("DAY", in_hours(24 * 4))
    await grown.rita.ask(query)

    await assert_little_is_looked_at(query, grown.rita, database)


async def test_ones_own_candidates_are_read_along_what_ties_one_to_them(
    grown: World, database: asyncpg.Connection
) -> None:
    await assert_little_is_looked_at("{ " + CANDIDATES.format(", filter: {mine: true}") + " }", grown.ada, database)


@pytest.mark.parametrize("name", [name for name in QUERIES if "candidates" in name])
async def test_a_limited_team_member_reads_no_more_of_the_candidates_than_are_theirs(
    name: str, grown: World, database: asyncpg.Connection
) -> None:
    by_stage = await grown.leo.ask("{ " + CANDIDATES.format(", orderBy: STAGE") + " }")
    query = QUERIES[name].replace("STAGE_CURSOR", by_stage["candidates"]["edges"][-1]["cursor"])
    await grown.leo.ask(query)

    await assert_little_is_looked_at(query, grown.leo, database)


@pytest.mark.parametrize("who", ["ivo", "noor"])
async def test_an_interviewers_own_interviews_are_read_along_their_seats(
    who: str, grown: World, database: asyncpg.Connection
) -> None:
    await assert_little_is_looked_at("{ " + INTERVIEWS.format("") + " }", getattr(grown, who), database)


async def test_who_is_booked_is_found_by_their_seats_of_the_days(grown: World, database: asyncpg.Connection) -> None:
    panel = grown.a_panel("new", grown.an_interview("one", "ivo", startsAt=in_hours(24 * 10)))
    push = "mutation ($input: UpsertInterviewPanelInput!) { upsertInterviewPanel(input: $input) { outcome } }"
    with statements_and_values() as sent:
        await grown.goodtime.ask(push, input=panel)

    [bookings] = [each for each in sent if 'AS "interview"' in each[0]]
    await assert_few_are_looked_at(*bookings, database, few=2)


async def test_a_page_begins_at_its_cursor_however_many_panels_start_together(
    world: World, database: asyncpg.Connection
) -> None:
    grown = await _grown(world, database)
    await database.execute("UPDATE panel SET listed_at = now() WHERE account_id = $1", grown.account.id)
    await database.execute("VACUUM ANALYZE panel")
    behind = ""
    for _ in range(30):
        page = PANELS.format(behind).replace("first: 10", "first: 100")
        behind = f', after: "{(await grown.rita.ask(f"{{ {page} }}"))["interviewPanels"]["edges"][-1]["cursor"]}"'

    await assert_little_is_looked_at("{ " + PANELS.format(behind) + " }", grown.rita, database)


async def assert_little_is_looked_at(query: str, who: Person, database: asyncpg.Connection) -> None:
    with statements_and_values() as sent:
        answer = await who.ask(query)

    assert answer
    assert sent
    for statement, values in sent:
        await assert_few_are_looked_at(statement, values, database)


async def assert_few_are_looked_at(
    statement: str, values: Sequence[Any], database: asyncpg.Connection, few: int = FEW
) -> None:
    explained = await database.fetchval(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", *values)
    [plan] = json.loads(explained)
    assert looked_at(plan["Plan"]) <= few, f"{statement}\n{explained}"
