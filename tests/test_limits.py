"""What an operation may ask for: every limit of docs/limits.md holds, is named with its value, and leaves room."""

import asyncio
import json
import re
import time
from typing import Any

import pytest
from graphql import get_introspection_query

import settings
from auth.viewer import Viewer
from operations.documents import Documents
from tests.conftest import Set
from tests.limits import HONEST, ROOT, cost, refusal
from tests.world import World

pytestmark = pytest.mark.once


async def test_all_that_a_user_follows_costs_no_more_than_one_operation_may(world: World, limited: Set) -> None:
    """Every change is rendered for each of them, in whatever words it is asked for."""
    limited(max_cost=500)
    heavy = "subscription { interviewPanelChanges { panel { interviews { interviewers { user { id } } } } } }"
    fit = 500 // cost(heavy)
    async with world.rita.connected() as connection:
        followed = [await connection.follow(f"{heavy} # {number}") for number in range(fit)]
        one_too_many = await connection.follow(f"{heavy} # one too many")
        refused = await one_too_many.error()
        async with world.ada.following(heavy) as adas:
            await world.goodtime.push(**world.a_panel("p"))
            assert (await adas.next())["panel"]
        for each in followed:
            await each.next()
    async with world.rita.following(heavy) as again:
        await world.goodtime.cancel(externalId="p")
        assert (await again.next())["panel"]

    assert refused == {"code": "LIMIT_EXCEEDED", "limit": 500}
    assert not world.server.process.engine.admission.followed_costs


async def test_a_request_that_takes_too_long_times_out_over_every_transport(world: World, limited: Set) -> None:
    limited(request_seconds=0.3)
    query = {"query": "{ account { slug } }"}
    streamed = {**world.rita.headers, "accept": "text/event-stream"}
    slot = world.server.process.engine.admission.slot(Viewer(account=world.account))
    async with slot, world.rita.connected() as connection:
        while not slot.locked():
            await slot.acquire()
        await connection.send(type="subscribe", id="1", payload=query)
        over_socket = await connection.receive()
        over_http = await world.server.http.post(world.server.graphql, json=query, headers=world.rita.headers)
        async with asyncio.timeout(10):
            over_stream = await world.server.http.post(world.server.graphql, json=query, headers=streamed)

    [event_data, completed] = re.findall(r"event: \w+\ndata:(.*)\n\n", over_stream.text)
    for error in (over_socket["payload"][0], over_http.json()["errors"][0], json.loads(event_data)["errors"][0]):
        assert error["extensions"] == {"code": "LIMIT_EXCEEDED", "limit": 0.3}
    assert (over_socket["type"], over_http.status_code, completed) == ("error", 503, "")


@pytest.mark.parametrize(
    ("limit", "fits", "too_much", "named"),
    [
        ({"max_characters": 1_000}, "{stages{id}}" + " " * 988, "{stages{id}}" + " " * 989, {"characters": 1_001}),
        ({"max_tokens": 100}, "{account{" + "id " * 95 + "}}", "{account{" + "id " * 96 + "}}", {}),
        ({"max_tokens": 100}, "#\n" * 94 + "{stages{id}}", "#\n" * 95 + "{stages{id}}", {}),
        ({"max_depth": 3}, "{candidates{edges{cursor}}}", "{candidates{edges{node{id}}}}", {"depth": 4}),
        (
            {"max_root_fields": 2},
            "{stages{id} account{id}}",
            "{stages{id} ...{account{id} viewer{__typename}}}",
            {"rootFields": 3},
        ),
        ({"max_aliases": 2}, "{a:stages{b:id}}", "{a:stages{b:id c:id}}", {"aliases": 3}),
        (
            {"max_directives": 2},
            "{stages@skip(if:false){id@skip(if:false)}}",
            "query @skip(if:false){...@skip(if:false){stages@skip(if:false){id}}}",
            {"directives": 3},
        ),
        ({"max_merges": 3}, "{" + "account{id}" * 3 + "}", "{" + "account{id}" * 4 + "}", {"merges": 6}),
        (
            {"max_cost": 165},
            "{candidates(first:49){edges{node{stage{id}}}}}",
            "{candidates(first:50){edges{node{stage{id}}}}}",
            {"cost": 166},
        ),
        (
            {"max_sync_rows": 2},
            '{users(emails:["a","b"]){pageInfo{endCursor}}}',
            '{users(emails:["a","b","c"]){pageInfo{endCursor}}}',
            {"elements": 3},
        ),
    ],
    ids=lambda case: next(iter(case)) if isinstance(case, dict) and case else "",
)
async def test_a_limit_is_kept_to_the_last_one_and_named_with_its_value(
    world: World, limited: Set, limit: dict[str, int], fits: str, too_much: str, named: dict[str, int]
) -> None:
    limited(**limit)

    assert "data" in await world.rita.answer(fits)
    assert await refusal(world, too_much) == {"code": "LIMIT_EXCEEDED", "limit": next(iter(limit.values())), **named}


async def test_a_document_has_so_many_operations_and_no_more(world: World, limited: Set) -> None:
    """Each of them is checked, whichever is run."""
    limited(max_operations=2)
    operations = [f"query Q{number} {{ stages {{ id }} }}" for number in range(3)]

    async def run(*documents: str) -> dict[str, Any]:
        body = {"query": " ".join(documents), "operationName": "Q0"}
        response = await world.server.http.post(world.server.graphql, json=body, headers=world.rita.headers)
        return dict(response.json())

    assert "data" in await run(*operations[:2])
    [error] = (await run(*operations))["errors"]
    assert error["extensions"] == {"code": "LIMIT_EXCEEDED", "limit": 2, "operations": 3}


@pytest.mark.parametrize(
    ("limit", "query", "named"),
    [
        ({"max_depth": 5}, "{candidates{...A}} fragment A on CandidateConnection{edges{...{...B}}} "
         "fragment B on CandidateEdge{node{stage{...C}}} fragment C on Stage{id}", {"depth": 5}),
        ({"max_aliases": 5}, "{account{...A ...A}} fragment A on Account{...B ...B} "
         "fragment B on Account{a:id}", {"aliases": 4}),
        ({"max_directives": 9}, "{account{...A ...A}} fragment A on Account{...B ...B} "
         "fragment B on Account{id@skip(if:false) name@skip(if:false)}", {"directives": 8}),
        ({"max_root_fields": 9}, "{...A ...A} fragment A on Query{...B ...B} "
         "fragment B on Query{stages{id} account{id}}", {"rootFields": 8}),
    ],
)  # fmt: skip
async def test_what_stands_in_a_fragment_counts_as_often_as_it_is_spread(
    world: World, limited: Set, limit: dict[str, int], query: str, named: dict[str, int]
) -> None:
    [(name, count)] = named.items()
    limited(**{next(iter(limit)): count})
    assert "data" in await world.rita.answer(query)

    limited(**{next(iter(limit)): count - 1})
    assert await refusal(world, query) == {"code": "LIMIT_EXCEEDED", "limit": count - 1, name: count}


async def test_several_limits_are_named_at_once(world: World, limited: Set) -> None:
    limited(max_aliases=1, max_root_fields=1)

    answer = await world.rita.answer("{a:stages{id} b:stages{id}}")

    assert [error["extensions"]["code"] for error in answer["errors"]] == ["LIMIT_EXCEEDED"] * 2


async def test_every_operation_of_a_document_must_be_within_the_limits(world: World, limited: Set) -> None:
    limited(max_aliases=1)
    document = "query Small{stages{id}} query Big{a:stages{id} b:stages{id}}"
    body = {"query": document, "operationName": "Small"}

    answer = await world.server.http.post(world.server.graphql, json=body, headers=world.rita.headers)

    assert answer.json()["errors"][0]["extensions"] == {"code": "LIMIT_EXCEEDED", "limit": 1, "aliases": 2}


def doubling(count: int, innermost: str) -> str:
    """Fragments that spread the next one twice: 2 to the power of `count` in a few hundred tokens."""
    spreads = "".join(f"fragment F{i} on Query{{...F{i + 1} ...F{i + 1}}} " for i in range(count))
    return f"{{...F0}} {spreads} fragment F{count} on Query{{{innermost}}}"


HOSTILE = {
    "a fragment that leads back to itself": "{stages{...A}} fragment A on Stage{id ...B} fragment B on Stage{...A}",
    "fragments that double": doubling(150, "stages{id}"),
    "aliases that double": doubling(150, "a:stages{id}"),
    "pages that double": doubling(120, "candidates(first:100){edges{node{id}}}"),
    "a long chain of fragments": "{stages{...F0}} "
    + "".join(f"fragment F{i} on Stage{{id ...F{i + 1}}} " for i in range(230))
    + "fragment F230 on Stage{id}",
    "one object selected again and again": "{" + "account{id}" * 480 + "}",
    "the same in inline fragments": "{" + "...{account{id}}" * 270 + "}",
    "the same in fragments": "{"
    + "".join(f"...F{i} " for i in range(140))
    + "} "
    + "".join(f"fragment F{i} on Query{{account{{id}}}} " for i in range(140)),
    "one deep object again and again": "{candidates{edges{node{"
    + "owner{feedbackForms{edges{node{interview{candidate{owner{id}}}}}}}" * 80
    + "}}}}",
    "one field again and again": "{account{" + "id " * 1_990 + "}}",
    "fields that are none": "{" + " ".join(f"a{i}" for i in range(1_990)) + "}",
    "a comment without end": "#" + "x" * 900_000 + "\n{stages{id}}",
    "a text without end": '{node(id:"' + "\\n" * 400_000 + '"){id}}',
    "nothing but commas": "," * 900_000 + "{stages{id}}",
    "a document of braces": "{a" * 300_000,
    "lists within lists": "{users(emails:" + "[" * 900 + "]" * 900 + "){edges{cursor}}}",
    "lists within a default": "query($e:[String!]=" + "[" * 900 + "]" * 900 + "){users(emails:$e){edges{cursor}}}",
    "objects within objects": "{candidates(filter:" + "{a:" * 600 + "1" + "}" * 600 + "){edges{cursor}}}",
    "introspection in circles": "{__schema{types{" + "fields{type{" * 6 + "name" + "}}" * 6 + "}}}",
    "introspection many times": "{" + "".join(f"a{i}:__schema{{types{{fields{{name}}}}}}" for i in range(31)) + "}",
    "a page of pages": "{candidates(first:100){edges{node{interviewPanels(first:100){edges{node{id}}}}}}}",
    "a page of less than nothing": "{candidates(first:-10000){edges{node{interviewPanels{edges{node{id}}}}}}}",
}  # fmt: skip


@pytest.mark.parametrize("what", HOSTILE)
async def test_a_hostile_document_is_refused_at_once(world: World, what: str) -> None:
    began = time.process_time()

    answer = await world.nobody.answer(HOSTILE[what])

    assert "data" not in answer
    codes = {error["extensions"]["code"] for error in answer["errors"]}
    assert codes <= {"LIMIT_EXCEEDED", "GRAPHQL_VALIDATION_FAILED", "GRAPHQL_PARSE_FAILED"}, answer
    assert time.process_time() - began < 5


async def test_the_limits_hold_over_websockets_as_well(world: World) -> None:
    query = "{candidates(first:100){edges{node{interviewPanels(first:100){edges{node{id}}}}}}}"
    async with world.rita.connected() as connection:
        await connection.send(type="subscribe", id="1", payload={"query": query})
        message = await connection.receive()

    assert message["type"] == "error"
    assert message["payload"][0]["extensions"]["cost"] == 10_271


async def test_the_limits_hold_for_event_streams_as_well(world: World) -> None:
    aliases = "".join(f"a{number}:id " for number in range(31))
    body = {"query": f"subscription{{interviewPanelChanges{{panel{{{aliases}}}}}}}"}
    headers = {**world.rita.headers, "accept": "text/event-stream"}

    answer = await world.server.http.post(world.server.graphql, json=body, headers=headers)

    assert json.loads(re.findall(r"data: (.+)", answer.text)[0])["errors"][0]["extensions"]["aliases"] == 31


@pytest.mark.parametrize("type_depth", [9, 13])
async def test_whoever_is_not_signed_in_can_read_the_whole_schema(world: World, type_depth: int) -> None:
    query = get_introspection_query(
        specified_by_url=True, schema_description=True, input_value_deprecation=True, type_depth=type_depth
    )

    answer = await world.nobody.answer(query)

    assert "errors" not in answer
    assert "InterviewPanel" in {type["name"] for type in answer["data"]["__schema"]["types"]}


async def test_introspection_can_be_switched_off(world: World, limited: Set) -> None:
    limited(introspection="off")

    for query in ("{__schema{types{name}}}", '{__type(name:"User"){name}}'):
        answer = await world.sam.answer(query)
        assert {error["extensions"]["code"] for error in answer["errors"]} == {"GRAPHQL_VALIDATION_FAILED"}
    assert await world.sam.ask("{viewer{__typename}}") == {"viewer": {"__typename": "User"}}


async def test_no_name_is_suggested(world: World) -> None:
    answer = await world.nobody.answer("{candidate(idd:1){nam} stage{id} node(id:1){...on Usr{id}}}")

    assert "Did you mean" not in json.dumps(answer)


def test_the_consoles_operations_are_found() -> None:
    assert {"Profile", "Candidates", "Me"} <= {name.partition(": ")[2] for name in HONEST}


@pytest.mark.parametrize("name", HONEST)
def test_what_an_honest_client_asks_is_far_within_every_limit(name: str) -> None:
    for operation in Documents()._prepare_all(HONEST[name]).values():
        assert operation.cost.of({"first": 25}) <= settings.current().max_cost / 3


async def test_judging_a_kept_document_takes_no_time_worth_speaking_of() -> None:
    profile = Documents().prepare((ROOT / "examples" / "profile.graphql").read_text(), None)
    began = time.process_time()

    for _ in range(1_000):
        profile.cost.of({"candidateId": "cnd_1", "after": None})

    assert (time.process_time() - began) / 1_000 < 1e-3
