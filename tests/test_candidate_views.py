"""Candidates as a team works through them: one's own, those whose feedback is due, by stage and by next interview."""

from typing import Any

import pytest

from tests.sql_log import statements
from tests.test_candidates import LIST, a_candidate, listed
from tests.world import World, in_hours

PAGE = """query ($order: CandidateOrder, $first: Int, $after: String, $last: Int, $before: String) {
  candidates(orderBy: $order, first: $first, after: $after, last: $last, before: $before) {
    totalCount pageInfo { hasNextPage endCursor startCursor } edges { node { externalId stage { name } } } } }"""


async def push(world: World, panel: str, candidate: str, *hours: float, **fields: Any) -> None:
    """One interview of the panel at each of these hours from now."""
    interviews = [
        world.an_interview(f"{panel}-{place}", startsAt=in_hours(each), **fields) for place, each in enumerate(hours)
    ]
    await world.goodtime.push(**world.a_panel(panel, *interviews, candidateExternalId=candidate))


async def test_mine_are_those_whom_one_owns_follows_manages_or_interviews(world: World) -> None:
    assert await listed(world.leo, mine=True) == await listed(world.leo) == ["lea"]
    assert await listed(world.rita, mine=False) == await listed(world.rita)
    await world.sam.sync("candidates", [a_candidate("bea", followerEmails=[world.email("rita")])])

    assert await listed(world.rita, mine=True) == ["bea", "carla"]
    assert await listed(world.ivo, mine=True) == []


async def test_feedback_is_due_once_a_panel_is_over_and_somebody_owes_it(world: World) -> None:
    template = world.templates["technical"]
    await push(world, "over", "carla", -30, feedbackTemplateId=template)
    await push(world, "to come", "anna", 30, feedbackTemplateId=template)
    await push(world, "asks nothing", "lea", -30)

    assert await listed(world.rita, feedbackDue=True) == ["carla"]
    assert await listed(world.rita, feedbackDue=False) == ["anna", "lea"]
    assert await listed(world.leo, feedbackDue=True) == []


async def test_a_list_by_stage_follows_the_stages_positions_whenever_these_move(world: World) -> None:
    stages = [{"name": "First", "position": 50}, {"name": "Second", "position": 51}]
    await world.sam.sync("stages", stages)
    rows = [a_candidate("zoe", stage="First"), a_candidate("abe", stage="Second"), a_candidate("yan", stage="First")]
    await world.sam.sync("candidates", rows)

    assert (await listed(world.rita, "STAGE"))[-3:] == ["yan", "zoe", "abe"]

    await world.sam.sync("stages", [stages[0] | {"position": 52}, stages[1]])

    assert (await listed(world.rita, "STAGE"))[-3:] == ["abe", "yan", "zoe"]


async def test_by_next_interview_each_candidate_stands_once_where_their_next_one_begins(world: World) -> None:
    await push(world, "late", "anna", 60, 61)
    await push(world, "later", "anna", 80)
    await push(world, "soon", "carla", -5, 20, 90)
    await push(world, "past", "lea", -60)
    await push(world, "gone", "lea", 5)
    await world.goodtime.cancel(externalId="gone")

    assert await listed(world.rita, "NEXT_INTERVIEW") == ["carla", "anna"]
    assert await listed(world.rita, "NEXT_INTERVIEW", search="anna") == ["anna"]
    assert await listed(world.leo, "NEXT_INTERVIEW") == []
    assert await listed(world.ivo, "NEXT_INTERVIEW") == []


@pytest.mark.parametrize("order", ["STAGE", "NEXT_INTERVIEW"])
async def test_pages_of_both_orders_go_forth_and_back_without_a_gap(order: str, world: World) -> None:
    names = [f"person-{number}" for number in range(10, 17)]
    await world.sam.sync("stages", [{"name": "Walked", "position": 50}])
    await world.sam.sync("candidates", [a_candidate(name, stage="Walked") for name in names])
    for place, name in enumerate(names):
        await push(world, f"panel-{name}", name, 10 + place, 200 - place)
    everybody = await listed(world.rita, order)

    walked: list[str] = []
    after = None
    while len(walked) < len(everybody):
        page = (await world.rita.ask(PAGE, order=order, first=3, after=after))["candidates"]
        walked += [edge["node"]["externalId"] for edge in page["edges"]]
        after = page["pageInfo"]["endCursor"]
    back = (await world.rita.ask(PAGE, order=order, last=2, before=page["pageInfo"]["startCursor"]))["candidates"]

    assert walked == everybody
    assert page["totalCount"] == len(everybody)
    assert not page["pageInfo"]["hasNextPage"]
    before = walked[: len(walked) - len(page["edges"])]
    assert [edge["node"]["externalId"] for edge in back["edges"]] == before[-2:]


@pytest.mark.parametrize("order", ["STAGE", "NEXT_INTERVIEW"])
async def test_the_statements_of_a_list_do_not_grow_with_it(order: str, world: World) -> None:
    names = [f"person-{number}" for number in range(10, 16)]
    await world.sam.sync("candidates", [a_candidate(name) for name in names])
    for place, name in enumerate(names):
        await push(world, f"panel-{name}", name, 10 + place)
    filters = {"mine": False, "hasUpcomingPanel": True, "feedbackDue": False}

    counts = []
    for first in (1, 6):
        with statements() as sent:
            await world.rita.ask(LIST, order=order, filter=filters, first=first)
        counts.append(len(sent))

    assert counts[0] == counts[1]
