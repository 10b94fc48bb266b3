"""What is counted: each number against what was done, and labels that no client can make up."""

import asyncio
import contextlib
import json
import platform
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

import models
import server
import settings
from application import version
from auth.refusals import Code, Reason
from auth.viewer import Viewer
from feed.subscription import Publication
from operations.rates import RateCounters
from resolvers import changes
from resolvers.merge import UpsertOutcome
from schema import SCHEMA
from tests.live import panel_entry
from tests.people import Person, Server
from tests.processes import until
from tests.sql_log import statements
from tests.world import World

ROOT = Path(server.__file__).parent

Sample = tuple[str, frozenset[tuple[str, str]]]


async def measured(address: str, server: Server) -> dict[Sample, float]:
    """Everything that is counted, by name and labels."""
    response = await server.http.get(f"{address}/metrics")
    assert response.headers["content-type"].startswith("text/plain")
    families = text_string_to_metric_families(response.text)
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in families
        for sample in family.samples
        if sample.name.startswith("callboard_")
    }


@contextlib.asynccontextmanager
async def counting(server: Server) -> AsyncIterator[dict[str, float]]:
    """At the end of the block, what has changed in it: by names such as `pushes_total outcome=CREATED`."""
    before, changed = await measured(server.address, server), dict[str, float]()
    yield changed
    for (name, labels), value in (await measured(server.address, server)).items():
        if value != before.get((name, labels), 0) and not name.endswith(("_created", "_bucket")):
            label_texts = [f"{label}={value}" for label, value in sorted(labels)]
            changed[" ".join([name.removeprefix("callboard_"), *label_texts])] = value - before.get((name, labels), 0)


async def test_sign_ins_are_counted_by_outcome(world: World) -> None:
    token = str(world.rita.authorization)
    async with counting(world.server) as changed:
        await world.rita.ask("{ viewer { __typename } }")
        await world.nobody.ask("{ __typename }")
        for authorization in (token[:-4] + "AAAA", "Bearer nonsense", "Bearer cb_live_none", "Digest x"):
            await Person(world.server, authorization).answer("{ viewer { __typename } }")

    assert {name: value for name, value in changed.items() if name.startswith("sign_ins")} == {
        "sign_ins_total outcome=OK": 1,
        "sign_ins_total outcome=bad_signature": 1,
        "sign_ins_total outcome=malformed": 2,
        "sign_ins_total outcome=unknown_api_key": 1,
    }


async def test_operations_are_counted_by_kind_root_field_and_outcome(world: World) -> None:
    async with counting(world.server) as changed:
        await world.rita.ask("query Anything { it: viewer { __typename } }")
        await world.rita.ask("{ stages { id } postings { id } }")
        await world.ivo.answer("{ stages { id } }")
        await world.sam.ask("mutation { setIntegrationEnabled(provider: GOODTIME, enabled: true) { errors { code } } }")
        await world.nobody.answer("{ viewer { __typename } }")

    counted = {name: value for name, value in changed.items() if name.startswith("operations_total")}
    assert counted == {
        "operations_total field=viewer kind=query outcome=OK": 1,
        "operations_total field=several kind=query outcome=OK": 1,
        "operations_total field=stages kind=query outcome=FORBIDDEN": 1,
        "operations_total field=setIntegrationEnabled kind=mutation outcome=OK": 1,
        "operations_total field=viewer kind=query outcome=UNAUTHENTICATED": 1,
    }
    assert changed["operation_seconds_count field=viewer kind=query"] == 2
    assert 0 < changed["operation_seconds_sum field=viewer kind=query"] < 60
    # The last reading of what is counted is itself a response, of the first.
    assert changed["http_responses_total method=POST status=200"] == 5


async def test_what_never_becomes_an_operation_is_counted_by_its_code(world: World) -> None:
    async with counting(world.server) as changed:
        await world.rita.answer("{ nothingOfTheKind }")
        await world.rita.answer("{ viewer {")
        await world.server.http.post(world.server.graphql, content=b"{}", headers={"content-type": "application/json"})
        await world.server.http.post(world.server.graphql, content=b"x", headers={"content-type": "text/plain"})
        async with world.rita.connected() as connection:
            await connection.send(type="subscribe", id="1", payload={"query": "{ nothing }"})
            await connection.receive()

    assert {name: value for name, value in changed.items() if name.startswith("operations_total")} == {
        "operations_total field=none kind=none outcome=GRAPHQL_VALIDATION_FAILED": 2,
        "operations_total field=none kind=none outcome=GRAPHQL_PARSE_FAILED": 1,
        "operations_total field=none kind=none outcome=BAD_USER_INPUT": 2,
    }


async def test_the_statements_of_an_operation_are_those_that_are_sent_for_it(world: World) -> None:
    document = "query ($id: ID) { candidate(id: $id) { stage { name } interviewPanels { edges { cursor } } } }"
    with statements() as to_sign_in:
        await world.rita.ask("{ viewer { __typename } }")

    async with counting(world.server) as changed:
        with statements() as sent:
            await world.rita.ask(document, id=world.candidates["carla"])

    assert changed["operation_statements_sum field=candidate kind=query"] == len(sent) - len(to_sign_in) > 0
    assert changed["operation_statements_count field=candidate kind=query"] == 1


async def test_pushes_are_counted_by_what_they_came_to(world: World) -> None:
    async with counting(world.server) as changed:
        await world.goodtime.push(**world.a_panel(sequence=2))
        await world.goodtime.push(**world.a_panel(sequence=2))
        await world.goodtime.push(**world.a_panel(sequence=1))
        await world.goodtime.push(**world.a_panel("other", candidateExternalId="nobody"))
        await world.goodtime.push_one(
            panelExternalId="panel", sequence=3, interview=world.an_interview(subject="Something else")
        )

    assert {name: value for name, value in changed.items() if name.startswith("pushes_total")} == {
        "pushes_total outcome=CREATED": 1,
        "pushes_total outcome=UNCHANGED": 1,
        "pushes_total outcome=STALE_IGNORED": 1,
        "pushes_total outcome=REFUSED": 1,
        "pushes_total outcome=UPDATED": 1,
    }


async def test_subscribers_and_what_is_delivered_to_them_are_counted(world: World) -> None:
    before = await measured(world.server.address, world.server)
    open_now = ("callboard_subscribers", frozenset[tuple[str, str]]())

    async with counting(world.server) as changed, world.rita.following() as one, world.leo.following() as other:
        during = await measured(world.server.address, world.server)
        await world.goodtime.push(**world.a_panel())
        await world.goodtime.push(**world.a_panel("leas", candidateExternalId="lea"))
        for _ in range(2):
            await one.next()
        await other.next()

    assert during[open_now] - before[open_now] == 2
    assert changed["deliveries_total"] == 3
    assert changed["feed_lag_seconds_count"] == 2
    assert 0 <= changed["feed_lag_seconds_sum"] < 60

    async def is_closed() -> bool:
        now = await measured(world.server.address, world.server)
        return now[open_now] == before[open_now]

    await until(is_closed)


async def test_who_falls_a_buffer_behind_is_counted(world: World) -> None:
    rita = await models.User.get(id=world.rita.id)
    followed = changes.follow(world.server.process.hub, Viewer(world.account, rita), changes.panel_view(None), None)
    async with counting(world.server) as changed, contextlib.aclosing(followed) as slow:
        waiting = asyncio.create_task(anext(slow))
        await until(lambda: world.account.id in world.server.process.hub._channels)
        [subscriber] = world.server.process.hub._channels[world.account.id].subscribers
        await until(lambda: subscriber.live)
        await world.goodtime.push(**world.a_panel())
        _, first = await waiting
        for position in range(first.position + 1, first.position + settings.current().subscriber_buffer + 2):
            news = [panel_entry(position)]
            subscriber.enqueue(Publication(news, {}, asyncio.get_running_loop().time()))
        with contextlib.suppress(Exception):
            await anext(slow)

    assert changed["cut_offs_total reason=buffer"] == 1


@pytest.fixture
def stingy(running: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Inside the test, rates are small."""
    for name, value in (("RATE_LIMIT", "on"), ("USER_COST_PER_MINUTE", "1"), ("FAILED_SIGN_INS_PER_MINUTE", "1")):
        monkeypatch.setenv(f"CALLBOARD_{name}", value)
    settings.current.cache_clear()
    running.process.engine.rates.counters = RateCounters(None)
    yield
    monkeypatch.undo()
    settings.current.cache_clear()
    running.process.engine.rates.counters = RateCounters(None)


async def test_what_is_beyond_a_rate_is_counted_by_whose_it_is(world: World, stingy: None) -> None:
    wrong = Person(world.server, "Bearer nonsense")
    async with counting(world.server) as changed:
        await world.rita.answer("{ viewer { __typename ... on User { id } } account { id } }")
        for _ in range(2):
            await wrong.answer("{ viewer { __typename } }")

    assert changed["rate_refusals_total of=user"] == 1
    assert changed["rate_refusals_total of=sign-ins"] == 1


ROOT_FIELDS = {
    field
    for root in (SCHEMA._schema.query_type, SCHEMA._schema.mutation_type, SCHEMA._schema.subscription_type)
    if root is not None
    for field in root.fields
}

OUTCOMES = {"OK", "CUT_OFF", "REFUSED", *Code, *(outcome.value for outcome in UpsertOutcome)}

KNOWN = {
    "kind": {"query", "mutation", "subscription", "none"},
    "field": {"none", "several", "__schema", "__type", "__typename", *ROOT_FIELDS},
    "outcome": OUTCOMES | {*Reason},
    "method": {"GET", "POST", "OPTIONS", "HEAD", "other"},
    "reason": {"buffer", "stalled"},
    "of": {"key", "user", "address", "sign-ins"},
    "state": {"used", "idle"},
    "version": {version()},
    "python": {platform.python_version()},
}


async def test_no_client_can_make_up_a_label(world: World) -> None:
    http, address = world.server.http, world.server.address
    for number in range(20):
        await world.rita.answer(f"query Name{number} {{ alias{number}: viewer {{ __typename }} }}")
        await world.rita.answer(f"{{ unknown{number} }}")
        await world.rita.answer("fragment F on Query { __schema { __typename } } { ...F }")
        await http.request(f"BREW{number}", world.server.graphql)
        await http.get(f"{address}/nothing/{number}", headers={"x-request-id": f"request-{number}"})
    await world.rita.answer("{ __schema { __typename } }")

    samples = await measured(address, world.server)

    labels = {label for _, labels in samples for label in labels if label[0] not in ("le", "status")}
    assert {(name, value) for name, value in labels if value not in KNOWN[name]} == set()
    statuses = {value for _, labels in samples for name, value in labels if name == "status"}
    assert all(re.fullmatch(r"0|[1-5]\d\d", status) for status in statuses)


def _named(expressions: str) -> set[str]:
    return {re.sub(r"_(bucket|sum|count)$", "", name) for name in re.findall(r"callboard_\w+", expressions)}


async def test_the_dashboard_shows_every_metric_and_none_that_there_is_not(world: World) -> None:
    dashboard = json.loads((ROOT / "docs" / "grafana.json").read_text())
    response = await world.server.http.get(f"{world.server.address}/metrics")
    there = {
        family.name + ("_total" if family.type == "counter" else "")
        for family in text_string_to_metric_families(response.text)
        if family.name.startswith("callboard_") and not family.name.endswith("_created")
    }

    shown = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]

    assert _named(" ".join(shown)) == there
