"""Rates, counted in costs by key, user and address; and whose load is whose."""

import asyncio
import secrets
import statistics
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from itertools import cycle
from pathlib import Path

import pytest
import websockets

import clock
import settings
import work
from auth.viewer import Viewer
from benchmarks.load import post, put
from operations import rates
from simulator import client as goodtime
from tests.conftest import DATABASE_URL
from tests.people import FOLLOW, Person, Server
from tests.processes import Installation, until
from tests.rates import LARGE, SMALL, Use, rates_on, sent
from tests.world import World

pytestmark = pytest.mark.once

FOLLOW_COST = 62


@pytest.fixture(autouse=True)
def _cpu_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    """Costs are what was estimated and counted: on a busy machine what is done first takes more CPU than that."""
    monkeypatch.setattr(work, "COST_PER_SECOND", 0)


@pytest.fixture
async def limited(world: World, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Use]:
    async with rates_on(world, monkeypatch) as use:
        yield use


async def test_what_a_user_asks_is_counted_in_what_it_costs_until_the_minute_is_over(
    world: World, limited: Use
) -> None:
    limited(user_cost_per_minute=250)
    begin = clock.now()

    assert [(await sent(world.rita, query)).status_code for query in (LARGE, SMALL, LARGE, SMALL)] == [
        200,
        200,
        429,
        200,
    ]
    with clock.reading(lambda: begin + timedelta(seconds=59)):
        assert (await sent(world.rita, LARGE)).status_code == 429
    with clock.reading(lambda: begin + timedelta(seconds=60)):
        assert (await sent(world.rita, LARGE)).status_code == 200


async def test_a_refusal_says_how_long_to_wait_in_the_headers_and_in_the_error(world: World, limited: Use) -> None:
    limited(user_cost_per_minute=10)
    begin = clock.now()

    with clock.reading(lambda: begin + timedelta(seconds=18)):
        refused = await sent(world.rita, LARGE)

    [error] = refused.json()["errors"]
    assert "data" not in refused.json()
    assert error["extensions"] == {"code": "RATE_LIMITED", "retryAfter": 42}
    assert refused.headers["retry-after"] == "42"
    assert refused.headers["ratelimit-policy"] == '"cost";q=10;w=60'
    assert refused.headers["ratelimit"] == '"cost";r=10;t=42'


async def test_every_answer_tells_what_is_left(world: World, limited: Use) -> None:
    limited(user_cost_per_minute=200)

    answers = [await sent(world.rita, query) for query in (SMALL, LARGE)]

    assert [answer.headers["ratelimit"] for answer in answers] == ['"cost";r=144;t=60', '"cost";r=35;t=60']
    assert {answer.headers["ratelimit-policy"] for answer in answers} == {'"cost";q=200;w=60'}


async def test_each_user_each_key_and_each_address_has_a_rate_of_its_own(world: World, limited: Use) -> None:
    limited(user_cost_per_minute=1, key_cost_per_minute=70, address_cost_per_minute=70)

    assert [(await sent(world.rita)).status_code, (await sent(world.leo)).status_code] == [429, 429]
    assert [(await sent(world.goodtime)).status_code for _ in range(2)] == [200, 429]
    assert [(await sent(world.nobody)).status_code for _ in range(2)] == [200, 429]

    limited(user_cost_per_minute=70)
    assert [(await sent(person)).status_code for person in (world.rita, world.leo)] == [200, 200]


async def test_one_account_does_not_spend_anothers_rate(world: World, limited: Use) -> None:
    other = await World.create(world.server)
    limited(user_cost_per_minute=70)

    assert [(await sent(world.rita)).status_code for _ in range(2)] == [200, 429]
    assert (await sent(other.rita)).status_code == 200


async def test_a_document_that_was_never_read_costs_by_its_length(world: World, limited: Use) -> None:
    limited(user_cost_per_minute=1_000)
    query = "{account{id}}" + " " * 1_600 + f"# {secrets.token_hex(8)}"

    first, again = [await sent(world.rita, query) for _ in range(2)]

    assert [first.headers["ratelimit"], again.headers["ratelimit"]] == ['"cost";r=485;t=60', '"cost";r=428;t=60']


async def test_documents_that_cant_be_run_are_not_read_for_nothing(world: World, limited: Use) -> None:
    limited(user_cost_per_minute=1_000)
    query = "{" + "nothing " * 300 + "}"

    statuses = [(await sent(world.rita, query)).status_code for _ in range(3)]

    assert statuses == [200, 429, 429]


async def test_operations_over_websockets_spend_the_same_rate(world: World, limited: Use) -> None:
    limited(user_cost_per_minute=218)
    async with world.rita.connected() as connection:
        await connection.send(type="subscribe", id="1", payload={"query": LARGE})
        assert [(await connection.receive())["type"] for _ in range(2)] == ["next", "complete"]
        assert (await sent(world.rita, LARGE)).headers["ratelimit"] == '"cost";r=0;t=60'
        await connection.send(type="subscribe", id="2", payload={"query": SMALL})
        refused = await connection.receive()

    assert refused["type"] == "error"
    assert refused["payload"][0]["extensions"] == {"code": "RATE_LIMITED", "retryAfter": 60}


async def test_each_delivery_of_a_subscription_costs_what_the_subscription_does(world: World, limited: Use) -> None:
    async with world.rita.following():
        pass  # so that its document is known
    limited(user_cost_per_minute=3 * FOLLOW_COST)
    async with world.rita.following() as following:
        for sequence in range(2):
            await world.goodtime.push(**world.a_panel(sequence=sequence, note=str(sequence)))
            assert (await following.next())["panel"]["externalId"] == "panel"
        await world.goodtime.push(**world.a_panel(sequence=2, note="too much"))
        refusal = await following.error()

    assert refusal == {"code": "RATE_LIMITED", "retryAfter": 60}


async def test_where_one_followers_rate_is_spent_the_others_get_what_they_share(world: World, limited: Use) -> None:
    limited(user_cost_per_minute=1_000)
    async with world.rita.following() as ritas, world.ada.following() as adas:
        await world.server.process.engine.rates.counters.add(world.rita.id, 1_000)
        await world.goodtime.push(**world.a_panel())
        assert (await adas.next())["panel"]["externalId"] == "panel"
        refusal = await ritas.error()

    assert refusal["code"] == "RATE_LIMITED"


async def test_an_event_stream_beyond_the_rate_is_refused_before_it_begins(world: World, limited: Use) -> None:
    limited(user_cost_per_minute=1)
    headers = {**world.rita.headers, "accept": "text/event-stream"}

    answer = await world.server.http.post(world.server.graphql, json={"query": FOLLOW}, headers=headers)

    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (429, "RATE_LIMITED")


async def test_switched_off_nothing_is_counted_nor_reported(world: World, limited: Use) -> None:
    limited(rate_limit="off", user_cost_per_minute=1, address_cost_per_minute=1, failed_sign_ins_per_minute=1)
    wrong = Person(world.server, "Bearer nobody's")

    answers = [await sent(person) for person in (world.rita, wrong, wrong, wrong, world.nobody)]

    assert {answer.status_code for answer in answers} == {200}
    assert not any("ratelimit" in answer.headers for answer in answers)


async def test_an_address_from_which_too_many_sign_ins_failed_is_not_listened_to_for_the_rest_of_the_minute(
    world: World, limited: Use
) -> None:
    limited(failed_sign_ins_per_minute=3)
    begin = clock.now()
    wrong = [Person(world.server, f"Bearer {token}") for token in ("one", "two", "three", "four")]

    codes = [(await sent(person)).json()["errors"][0]["extensions"]["code"] for person in wrong]
    assert codes == ["UNAUTHENTICATED"] * 3 + ["RATE_LIMITED"]
    assert (await sent(world.rita)).status_code == 429
    with pytest.raises(websockets.ConnectionClosedError, match=r"1013.*RATE_LIMITED"):
        async with world.rita.connected():
            pass

    with clock.reading(lambda: begin + timedelta(minutes=1)):
        assert (await sent(world.rita)).status_code == 200


async def test_whoever_was_signed_in_before_goes_on_through_the_same_gateway(world: World, limited: Use) -> None:
    limited(failed_sign_ins_per_minute=1)
    await world.rita.ask(SMALL)
    for _ in range(3):
        await sent(Person(world.server, "Bearer wrong"))

    assert (await sent(world.rita)).status_code == 200
    assert (await sent(world.leo)).status_code == 429


async def test_a_key_that_was_good_and_is_revoked_counts_as_any_other_failure(world: World, limited: Use) -> None:
    limited(failed_sign_ins_per_minute=1)
    await world.goodtime.ask("{viewer{__typename}}")
    [key] = (await world.sam.ask("{integration(provider:GOODTIME){apiKeys{id}}}"))["integration"]["apiKeys"]
    await world.sam.ask("mutation($id:ID!){revokeApiKey(id:$id){errors{code}}}", id=key["id"])

    assert [(await sent(world.goodtime)).status_code for _ in range(2)] == [200, 429]


async def test_the_same_wrong_credentials_count_once_until_no_client_would_repeat_them_any_more(
    world: World, limited: Use
) -> None:
    limited(failed_sign_ins_per_minute=3)
    begin = clock.now().replace(second=1)
    tab = Person(world.server, "Bearer wrong")

    with clock.reading(lambda: begin):
        assert [(await sent(tab)).status_code for _ in range(10)] == [200] * 10
        assert (await sent(world.rita)).status_code == 200
        assert [(await sent(tab)).status_code for _ in range(3)] == [200, 200, 429]


async def test_whoever_brings_no_credentials_has_not_failed(world: World, limited: Use) -> None:
    limited(failed_sign_ins_per_minute=1)
    for _ in range(3):
        assert (await sent(world.nobody)).status_code == 200


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("203.0.113.7", "203.0.113.7", True),
        ("203.0.113.7", "203.0.113.8", False),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::1", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:203.0.113.7", "::ffff:203.0.113.8", False),
        ("::ffff:203.0.113.7", "203.0.113.7", True),
        ("", "", True),
    ],
)
def test_an_address_stands_for_its_network(one: str, other: str, same: bool) -> None:
    assert (rates._network(one) == rates._network(other)) is same


async def test_counting_takes_some_microseconds(limited: Use) -> None:
    limited()
    counts = rates.RateCounters(None)
    for user in range(2_000):
        await counts.add(f"user-{user}", 1)

    began = time.process_time()
    for _ in range(1_000):
        await counts.add("user-1", 1)

    assert (time.process_time() - began) / 1_000 < 100e-6


async def test_counters_of_minutes_that_are_over_are_forgotten(limited: Use, monkeypatch: pytest.MonkeyPatch) -> None:
    limited()
    monkeypatch.setattr(rates, "_SWEEP_SECONDS", 0.01)
    counts, begin = rates.RateCounters(None), clock.now()
    with clock.reading(lambda: begin - timedelta(hours=1)):
        for user in range(100):
            await counts.add(f"user-{user}", 1)

    with clock.reading(lambda: begin + timedelta(hours=1)):
        await until(lambda: not counts._memory.storage)


async def test_with_the_defaults_neither_the_simulator_nor_a_busy_person_is_refused(world: World, limited: Use) -> None:
    limited()
    key = str(world.goodtime.authorization).removeprefix("Bearer ")

    report = await goodtime.simulate(world.server.graphql, key, panels=3, rate=1_000)

    assert report.ok
    assert "RATE_LIMITED" not in report.errors


LISTING = """{ interviewPanels(first: 100) { edges { node { id note status startsAt
  interviews { id subject interviewers { user { name } feedbackForm { id status } } } } } } }"""


async def test_one_accounts_load_does_not_starve_another(
    world: World, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALLBOARD_RATE_LIMIT", "off")
    other = await World.create(world.server)
    for number in range(30):
        await world.goodtime.push(**world.a_panel(str(number), world.an_interview("one", "ivo", "noor")))
    async with Installation(place, DATABASE_URL).running("serve") as process, Server(process.address) as server:
        calm, waited = Person(server, other.rita.authorization), []
        # Each caller's question is one of its own, so that none is answered along with others.
        port = int(process.address.rpartition(":")[2])
        questions = [LISTING.replace("interviewPanels", f"its{number}: interviewPanels") for number in range(90)]
        asked = [post(port, {"query": question}, world.rita.headers) for question in questions]
        busy = asyncio.create_task(put(port, cycle(asked), connections=90, seconds=3))
        await asyncio.sleep(0.5)
        while not busy.done():
            began = time.perf_counter()
            await calm.ask("{candidates{edges{node{id name stage{name}}}}}")
            waited.append(1000 * (time.perf_counter() - began))
        load = await busy

    # In one queue with the ninety, the calm one would wait as long as they do.
    assert statistics.median(waited) <= load.percentile(0.5) / 2


async def test_an_account_waits_only_for_itself(world: World) -> None:
    """All its turns are taken: whoever else is of the account waits, and nobody of another does."""
    other = await World.create(world.server)
    whose = Viewer(world.account)
    async with AsyncExitStack() as taken:
        for _ in range(settings.current().requests_per_account):
            await taken.enter_async_context(world.server.process.engine.admission.slot(whose))
        waiting = asyncio.create_task(world.rita.ask("{ stages { name } }"))
        assert (await other.rita.ask("{ stages { name } }"))["stages"]
        assert not waiting.done()

    assert (await waiting)["stages"]
