"""Whatever is sent, the answer is clear and nothing breaks; whatever happens to the database, nothing hangs."""

import asyncio
import json
import sqlite3
from collections.abc import Callable
from typing import Any

import asyncpg
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis_graphql import from_schema, nodes

from resolvers.validation import plain_text
from schema import SCHEMA
from tests.budgets import examples
from tests.conftest import DATABASE_URL, ON_POSTGRES
from tests.network_proxy import network_proxy
from tests.people import GraphQLErrors, Person
from tests.postgres_processes import migrated_database, serving
from tests.processes import NO_CERTIFICATES, Installation, http_client
from tests.subscribers import eventually
from tests.world import World, in_hours

BROKEN = {"INTERNAL_SERVER_ERROR", "SERVICE_UNAVAILABLE"}

#: JSON takes no lone surrogates, and what takes JSON refuses them as a whole.
TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=60)
JSONS = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS,
    lambda children: st.lists(children, max_size=4) | st.dictionaries(TEXTS, children, max_size=4),
    max_leaves=12,
)
INSTANTS = st.sampled_from(
    [
        "2026-03-29T02:30:00+01:00",
        "2026-03-08T02:30:00-05:00",
        "2016-12-31T23:59:60Z",
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
        "2026-02-30T00:00:00Z",
        "2026-03-01T24:00:00Z",
        "2026-03-01T00:00:00+25:00",
        "2026-03-01T00:00:00",
        "2026-W10-1T00:00:00Z",
        "٢٠٢٦-03-01T00:00:00Z",
        "2026-03-01",
        "",
    ]
)
SCALARS = {
    "DateTime": INSTANTS,
    "URL": st.sampled_from(
        ["https://a.example/ü", "http://[", "javascript:alert(1)", "//a.example", "http://a\tb/", ""]
    ),
    "TimeZone": st.sampled_from(["Europe/Berlin", "UTC", "Mars/Olympus", "../etc/passwd", "Factory", ""]),
}


class Asker:
    """Somebody without an event loop: hypothesis runs in a thread of its own, beside the server's."""

    def __init__(self, person: Person) -> None:
        self.url = person.server.graphql
        self.http = httpx.Client(headers=person.headers, timeout=60, verify=NO_CERTIFICATES)

    def post(self, body: Any) -> Any:
        """The answer. Fails where it shows that something broke."""
        response = self.http.post(self.url, content=json.dumps(body), headers={"content-type": "application/json"})
        answer = response.json()
        codes = {error["extensions"]["code"] for error in answer.get("errors", [])}
        assert response.status_code in (200, 400), (body, answer)
        assert not codes & BROKEN, (body, answer)
        return answer


async def holds(
    person: Person, count: int, inputs: st.SearchStrategy[Any], check: Callable[[Asker, Any], None]
) -> None:
    """Runs a property over inputs."""
    asker = Asker(person)

    @examples(count)
    @given(inputs)
    def check_example(example: Any) -> None:
        check(asker, example)

    with asker.http:
        await asyncio.to_thread(check_example)


@pytest.mark.parametrize("who", ["sam", "goodtime", "ivo"])
async def test_no_operation_of_the_schema_breaks_whatever_it_is_given(who: str, world: World) -> None:
    operations = from_schema(SCHEMA.as_str(), custom_scalars=_literals())

    await holds(getattr(world, who), 40, operations, lambda asker, query: asker.post({"query": query}))


def _literals() -> dict[str, Any]:
    return {name: values.map(nodes.String) for name, values in SCALARS.items()}


@pytest.mark.once
async def test_no_body_breaks_the_server(world: World) -> None:
    bodies = st.fixed_dictionaries(
        {"query": JSONS | st.just("{ __typename }")},
        optional={"variables": JSONS, "operationName": JSONS, "extensions": JSONS, "id": JSONS},
    )

    await holds(world.rita, 100, JSONS | bodies, Asker.post)


async def test_a_push_is_taken_as_it_is_sent_or_refused_with_its_paths(world: World) -> None:
    """Any text and any time: what is accepted is read back as it was sent, in the one spelling that texts have."""
    query = """mutation ($input: UpsertInterviewPanelInput!) { upsertInterviewPanel(input: $input) {
      panel { externalId note interviews { externalId subject location note startsAt } } errors { code path } } }"""
    texts = TEXTS | st.sampled_from(
        ["\u202edrow", "\U0001d518\U0001d52b", "e\u0301", "\u2028", "\x7f", "a\r\n\tb", "x" * 600]
    )
    instants = INSTANTS | st.just(in_hours(24))

    def check(asker: Asker, fields: dict[str, Any]) -> None:
        interview = world.an_interview(**{name: fields[name] for name in ("subject", "location", "note", "startsAt")})
        answer = asker.post({"query": query, "variables": {"input": world.a_panel(fields["id"], interview)}})
        if "data" not in answer:
            assert "variables.input" in answer["errors"][0]["message"] or "$input" in answer["errors"][0]["message"]
            return
        payload = answer["data"]["upsertInterviewPanel"]
        assert bool(payload["panel"]) is not bool(payload["errors"])
        assert all(error["path"][0] == "input" for error in payload["errors"])
        if payload["panel"]:
            [shown] = payload["panel"]["interviews"]
            assert payload["panel"]["externalId"] == fields["id"]
            assert [shown[name] for name in ("subject", "location", "note")] == [
                plain_text(fields["subject"]),
                plain_text(fields["location"]),
                plain_text(fields["note"]),
            ]

    columns = {"id": texts, "subject": texts, "location": texts, "note": texts, "startsAt": instants}
    await holds(world.goodtime, 80, st.fixed_dictionaries(columns), check)


async def test_the_directory_is_taken_as_it_is_sent_or_refused_with_its_paths(world: World) -> None:
    query = """mutation ($rows: [CandidateInput!]!) { syncCandidates(candidates: $rows) {
      candidates { externalId name headline } errors { code path } } }"""

    def check(asker: Asker, fields: dict[str, Any]) -> None:
        answer = asker.post({"query": query, "variables": {"rows": [{**fields, "stage": "Applied"}]}})
        if "data" not in answer:
            assert "variables.rows" in answer["errors"][0]["message"]
            return
        payload = answer["data"]["syncCandidates"]
        plain = {name: plain_text(fields[name]) for name in ("name", "headline")}
        assert payload["candidates"] == ([] if payload["errors"] else [fields | plain])
        assert all(error["path"][:2] == ["candidates", "0"] for error in payload["errors"])

    columns = {"externalId": TEXTS, "name": TEXTS, "headline": TEXTS}
    await holds(world.ada, 60, st.fixed_dictionaries(columns), check)


async def test_a_megabyte_of_text_is_refused_with_the_limit(world: World) -> None:
    for fields, limit in (({"note": "x" * 900_000}, "20,000"), ({"externalId": "x" * 900_000}, "500")):
        refused = await world.goodtime.push(**world.a_panel() | fields)
        [name] = fields
        [message] = [error["message"] for error in refused["errors"] if error["path"] == ["input", name]]
        assert limit in message
        assert all("bytes" in error["message"] for error in refused["errors"] if error["path"] != ["input", name])
    assert await world.rita.changes() == []


async def pushed(world: World, name: str) -> str:
    """How a push ends: its outcome, or the code of what kept it."""
    try:
        return str((await world.goodtime.push(**world.a_panel(name)))["outcome"])
    except GraphQLErrors as failed:
        [error] = json.loads(str(failed))
        assert {"Traceback", "sqlite", "SELECT", "asyncpg"}.isdisjoint(error["message"].split())
        return str(error["extensions"]["code"])


@pytest.mark.once
async def test_a_database_that_another_process_locks_is_reported_as_unavailable_until_it_is_free(world: World) -> None:
    other = sqlite3.connect(DATABASE_URL.removeprefix("sqlite://"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        async with asyncio.timeout(30):
            assert await pushed(world, "while locked") == "SERVICE_UNAVAILABLE"
            assert (await world.rita.ask("{ account { slug } }"))["account"]["slug"] == world.slug
    finally:
        other.execute("ROLLBACK")
        other.close()

    assert await pushed(world, "while locked") == "CREATED"


async def test_a_database_that_is_no_longer_migrated_is_reported_as_unavailable_until_it_is(
    installation: Installation,
) -> None:
    await installation.done("account", "create", "acme", "--name", "Acme", "--super-admin", "sam@acme.example")
    token = await installation.done("token", "sam@acme.example")
    ask = {"json": {"query": "{ stages { name } }"}, "headers": {"authorization": f"Bearer {token}"}}

    async with installation.running("serve") as process, http_client() as client:
        await changed(installation.database_url, "ALTER TABLE stage RENAME TO elsewhere")
        without = (await client.post(process.graphql, **ask)).json()
        await changed(installation.database_url, "ALTER TABLE elsewhere RENAME TO stage")
        again = (await client.post(process.graphql, **ask)).json()

    [error] = without["errors"]
    assert error["extensions"]["code"] == "SERVICE_UNAVAILABLE"
    assert error["message"] == "The database can't be reached: it is safe to try again."
    assert again == {"data": {"stages": []}}


async def changed(url: str, statement: str) -> None:
    """Run a statement behind the server's back."""
    if not ON_POSTGRES:
        connection = sqlite3.connect(url.removeprefix("sqlite://"), timeout=10)
        connection.execute(statement)
        connection.close()
        return
    administrator = await asyncpg.connect(url)
    await administrator.execute(statement)
    await administrator.close()


@pytest.mark.postgres
async def test_connections_that_are_terminated_are_made_again() -> None:
    async with migrated_database() as postgres, serving(postgres.url) as process:
        world = await postgres.world(process.server)
        assert await pushed(world, "before") == "CREATED"

        async def works() -> bool:
            outcomes = await asyncio.gather(*(pushed(world, f"panel-{number}") for number in range(8)))
            assert set(outcomes) <= {"CREATED", "UPDATED", "UNCHANGED", "SERVICE_UNAVAILABLE"}
            return "SERVICE_UNAVAILABLE" not in outcomes

        for pause in range(20):
            under_way = asyncio.create_task(works())
            await asyncio.sleep(pause / 200)
            await postgres.sql.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
                "AND pid <> pg_backend_pid()"
            )
            await under_way

        await eventually(works, within=20)


@pytest.mark.postgres
async def test_a_silent_database_keeps_no_connection_for_ever() -> None:
    async with (
        migrated_database() as postgres,
        network_proxy(5432) as line,
        serving(postgres.through(line.port)) as process,
    ):
        world = await postgres.world(process.server)
        assert await pushed(world, "before") == "CREATED"

        line.silence()
        async with asyncio.timeout(60):
            outcomes = await asyncio.gather(*(pushed(world, f"panel-{number}") for number in range(25)))
        line.cut()
        line.resume()

        assert set(outcomes) == {"SERVICE_UNAVAILABLE"}

        async def works() -> bool:
            outcomes = await asyncio.gather(*(pushed(world, f"panel-{number}") for number in range(25)))
            return set(outcomes) <= {"CREATED", "UPDATED", "UNCHANGED"}

        await eventually(works, within=40)
