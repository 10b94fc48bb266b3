"""What an operation costs: its rows, pages and lists, and what is refused by its cost."""

from typing import Any

import pytest

import settings
from tests.limits import HONEST, cost, refusal
from tests.people import PUSH
from tests.world import World

pytestmark = pytest.mark.once

STAGES = '[{name:"a",position:1},{name:"b",position:2}]'


async def test_the_cost_of_a_refused_operation_is_in_its_error(world: World) -> None:
    query = "{candidates(first:100){edges{node{interviewPanels(first:100){edges{node{id}}}}}}}"

    # The operation, four places, a page, 100 candidates, a page for each, and 100 panels on each.
    assert await refusal(world, query) == {
        "code": "LIMIT_EXCEEDED",
        "limit": 10_000,
        "cost": 50 + 20 + 1 + 100 * (1 + 1 + 100),
    }


@pytest.mark.parametrize(
    ("query", "variables", "expected"),
    [
        ("{__typename}", {}, 50),
        ("{account{id}}", {}, 50 + 5 + 1),
        ("{stages{id name}}", {}, 50 + 5 + 4),
        ("{candidates{edges{node{id}}}}", {}, 50 + 10 + 1 + 25),
        ("{candidates(first:10){edges{node{id}}}}", {}, 50 + 10 + 1 + 10),
        ("{candidates(first:null){edges{node{id}}}}", {}, 50 + 10 + 1 + 25),
        ("{candidates(first:10){edges{cursor} pageInfo{endCursor}}}", {}, 50 + 10 + 1 + 1),
        ("{candidates(first:10){totalCount}}", {}, 50 + 5 + 1 + 10),
        ("{interviewPanelChanges{edges{node{cursor}}}}", {}, 50 + 10 + 1 + 100),
        ("query($n:Int){candidates(first:$n){edges{node{id}}}}", {}, 50 + 10 + 1 + 25),
        ("query($n:Int){candidates(first:$n){edges{node{id}}}}", {"n": None}, 50 + 10 + 1 + 25),
        ("query($n:Int){candidates(first:$n){edges{node{id}}}}", {"n": 10}, 50 + 10 + 1 + 10),
        ("query($n:Int=7){candidates(first:$n){edges{node{id}}}}", {}, 50 + 10 + 1 + 7),
        ("query($n:Int=7){candidates(first:$n){edges{node{id}}}}", {"n": 10}, 50 + 10 + 1 + 10),
        ("query($n:Int){candidates(first:$n){edges{node{id}}}}", {"n": "10"}, 50 + 10 + 1 + 500),
        ("query($n:Int){candidates(first:$n){edges{node{id}}}}", {"n": -5}, 50 + 10 + 1 + 500),
        (
            "query($n:Int){candidates(first:$n){...C}} fragment C on CandidateConnection{edges{node{stage{id}}}}",
            {"n": 3},
            50 + 3 * 5 + 1 + 3 * 2,
        ),
        (
            "query($n:Int,$m:Int){candidates(first:$n){edges{node{interviewPanels(first:$m){edges{node{id}}}}}}}",
            {"n": 3, "m": 5},
            50 + 4 * 5 + 1 + 3 * (1 + 1 + 5),
        ),
        ("{candidates(last:10){edges{node{id}}}}", {}, 50 + 10 + 1 + 10),
        ("{candidates(first:50,last:10){edges{node{id}}}}", {}, 50 + 10 + 1 + 10),
        ("query($n:Int){candidates(last:$n){edges{node{id}}}}", {"n": 10}, 50 + 10 + 1 + 10),
        ("query($n:Int,$m:Int){candidates(first:$m,last:$n){edges{node{id}}}}", {"n": None, "m": 10}, 50 + 10 + 1 + 10),
        (
            "query($n:Int,$m:Int){candidates(first:$m,last:$n){edges{node{id}}}}",
            {"n": None, "m": None},
            50 + 10 + 1 + 25,
        ),
        ("{interviews{totalCount}}", {}, 50 + 5 + 1 + 10),
        ("{nodes(ids:[1,2,3]){id}}", {}, 55 + 3),
        ("query($i:[ID!]!){nodes(ids:$i){...on Interview{interviewers{id}}}}", {"i": ["1"] * 100}, 50 + 10 + 100 * 5),
        ("query($i:ID!){nodes(ids:[$i,$i]){id}}", {"i": "1"}, 55 + 2),
        ("{nodes(ids:1){id}}", {}, 55 + 1),
        ("{interviewPanel(id:1){interviews{interviewers{user{id}}}}}", {}, 50 + 4 * 5 + 1 + 4 * (1 + 4 * 2)),
        ("{node(id:1){...on Interview{calendarInvite}}}", {}, 50 + 5 + 1 + 10),
        (
            "mutation($i:RestoreInterviewPanelInput!){restoreInterviewPanel(input:$i){panel{id}}}",
            {"i": {}},
            100 + 10 + 2 + 3,
        ),
        ('mutation{restoreInterviewPanel(input:{id:"1"}){panel{id}}}', {}, 100 + 10 + 2 + 3),
        (
            "mutation($u:[UserInput!]!){syncUsers(users:$u){users{id}}}",
            {"u": [{"email": "a"}] * 500},
            100 + 10 + 1 + 4 + 3 * 500,
        ),
        (f"mutation{{syncStages(stages:{STAGES}){{stages{{id}}}}}}", {}, 100 + 10 + 1 + 4 + 3 * 2),
        (
            f"mutation($s:[StageInput!]!={STAGES}){{syncStages(stages:$s){{stages{{id}}}}}}",
            {},
            100 + 10 + 1 + 4 + 3 * 2,
        ),
        (f"mutation($s:[StageInput!]!={STAGES}){{syncStages(stages:$s){{stages{{id}}}}}}", {"s": []}, 100 + 10 + 1 + 4),
    ],
)
def test_the_cost_of(query: str, variables: dict[str, Any], expected: int) -> None:
    assert cost(query, **variables) == expected


async def test_the_largest_push_and_the_largest_sync_are_within_the_cost(world: World) -> None:
    people = [{"email": f"{n}@mail.example"} for n in range(50)]
    panel = world.a_panel("panel", *(world.an_interview(str(n), *people) for n in range(50)))

    assert cost(PUSH, input=panel) < settings.current().max_cost
    assert cost(HONEST["GoodTime: upsertInterviewPanel"], input=panel) < settings.current().max_cost


async def test_page_sizes_given_as_variables_count_at_each_run(world: World) -> None:
    query = "query($n:Int!){candidates(first:$n){edges{node{interviewPanels(first:100){edges{node{id}}}}}}}"

    assert "data" in await world.rita.answer(query, n=10)
    assert (await refusal(world, query, n=100))["cost"] == 10_271
    assert "data" in await world.rita.answer(query, n=10)


async def test_a_page_out_of_bounds_is_refused_as_that(world: World) -> None:
    query = "query($n:Int){candidates(first:$n){edges{node{id}}}}"

    assert {await world.rita.error_code(query, n=first) for first in (0, -1, 101, 2**31 - 1)} == {"BAD_USER_INPUT"}


async def test_a_list_in_the_variables_is_counted(world: World) -> None:
    query = "query($emails:[String!]){users(emails:$emails){edges{node{id}}}}"

    assert "data" in await world.rita.answer(query, emails=["a@mail.example"] * 500)
    assert await refusal(world, query, emails=["a@mail.example"] * 501) == {
        "code": "LIMIT_EXCEEDED", "limit": 500, "elements": 501,
    }  # fmt: skip


async def test_a_list_that_a_variable_has_by_default_is_counted_where_nobody_gives_it(world: World) -> None:
    default = ",".join(['"a@mail.example"'] * 501)
    query = f"query($emails:[String!]=[{default}]){{users(emails:$emails){{edges{{node{{id}}}}}}}}"

    assert await refusal(world, query) == {"code": "LIMIT_EXCEEDED", "limit": 500, "elements": 501}
    assert "data" in await world.rita.answer(query, emails=["a@mail.example"])
