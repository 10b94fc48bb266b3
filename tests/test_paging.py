"""Pages: bounded, opaque, and the same list whatever their size."""

import base64
import json
from dataclasses import dataclass
from typing import Any

import pytest

from tests.people import Server
from tests.sql_log import statements
from tests.test_cursors import BAD
from tests.world import World, in_hours


@dataclass(frozen=True)
class Paged:
    """A list of the contract: who asks, the fields that lead to it, and the list with `PAGE` in place of the paging."""

    name: str
    who: str
    document: str
    default: int = 25
    most: int = 100
    #: Whether it can be read from its end, and counted.
    both_ways: bool = True


ROWS = "pageInfo { hasNextPage hasPreviousPage startCursor endCursor } edges { cursor node { %s } }"
LISTS = [
    Paged("users", "rita", f"users(PAGE) {{ {ROWS % 'id'} }}"),
    Paged("candidates by name", "rita", f"candidates(PAGE) {{ {ROWS % 'id'} }}"),
    Paged("candidates by creation", "rita", f"candidates(orderBy: CREATED_AT, PAGE) {{ {ROWS % 'id'} }}"),
    Paged("candidates by update", "rita", f"candidates(orderBy: UPDATED_AT, PAGE) {{ {ROWS % 'id'} }}"),
    Paged("panels", "rita", f"interviewPanels(PAGE) {{ {ROWS % 'id'} }}"),
    Paged("panels by update", "rita", f"interviewPanels(orderBy: UPDATED_AT, PAGE) {{ {ROWS % 'id'} }}"),
    Paged("interviews", "rita", f"interviews(PAGE) {{ {ROWS % 'id'} }}"),
    Paged("an interviewer's interviews", "ivo", f"interviews(PAGE) {{ {ROWS % 'id'} }}"),
    Paged("templates", "rita", f"feedbackTemplates(PAGE) {{ {ROWS % 'id'} }}"),
    Paged(
        "changes",
        "rita",
        f"interviewPanelChanges(PAGE) {{ {ROWS % 'cursor'} }}",
        default=100,
        most=500,
        both_ways=False,
    ),
    Paged(
        "panels of a candidate", "rita", f'candidate(externalId: "lea") {{ interviewPanels(PAGE) {{ {ROWS % "id"} }} }}'
    ),
    Paged("audit events", "sam", f"auditEvents(PAGE) {{ {ROWS % 'id'} }}"),
    Paged("forms of the viewer", "ivo", f"viewer {{ ... on User {{ feedbackForms(PAGE) {{ {ROWS % 'id'} }} }} }}"),
]
each_list = pytest.mark.parametrize("paged", LISTS, ids=lambda paged: paged.name)
each_both_ways = pytest.mark.parametrize(
    "paged", [each for each in LISTS if each.both_ways], ids=lambda paged: paged.name
)


@pytest.fixture(scope="module")
async def world(running: Server) -> World:
    """Seven of everything, in pairs that only their ids tell apart."""
    world = await World.create(running)
    twins = [f"twin-{number}" for number in range(7)]
    users = [{"email": world.email(twin), "name": f"Twin {twin[-1:] > '3'}", "role": "INTERVIEWER"} for twin in twins]
    await world.sam.sync("users", users)
    await world.sam.sync("candidates", [{"externalId": twin, "name": "Twin", "stage": "On-site"} for twin in twins])
    score = {"type": "SCORE", "label": "Overall"}
    await world.sam.sync(
        "feedbackTemplates", [{"externalId": twin, "name": "Twin", "fields": [score]} for twin in twins]
    )
    for number, twin in enumerate(twins):
        interview = world.an_interview("one", "ivo", startsAt=in_hours(24 + number // 3))
        interview["feedbackTemplateId"] = world.templates["values"]
        pushed = await world.goodtime.push(**world.a_panel(twin, interview, candidateExternalId="lea"))
        assert pushed["outcome"] == "CREATED"
    return world


async def answered(world: World, paged: Paged, first: int | None = 100, after: str | None = None) -> dict[str, Any]:
    """The whole answer to a question for a page."""
    document = paged.document.replace("PAGE", "first: $first, after: $after")
    person = getattr(world, paged.who)
    return dict(await person.answer(f"query ($first: Int, $after: String) {{ {document} }}", first=first, after=after))


async def page(world: World, paged: Paged, **asked: Any) -> dict[str, Any]:
    return connection(await answered(world, paged, **asked))


async def bounded(world: World, paged: Paged, **arguments: Any) -> dict[str, Any]:
    """The whole answer to a question for a page with just these arguments."""
    passed = ", ".join(f"{name}: {json.dumps(value)}" for name, value in arguments.items())
    document = paged.document.replace("PAGE", passed).replace("pageInfo", "totalCount pageInfo")
    return dict(await getattr(world, paged.who).answer(f"{{ {document} }}"))


def connection(answer: dict[str, Any]) -> dict[str, Any]:
    """The page of an answer."""
    assert "errors" not in answer, answer
    data: dict[str, Any] = answer["data"]
    while "edges" not in data:
        [data] = data.values()
    return data


def refusal(answer: dict[str, Any]) -> str:
    [error] = answer["errors"]
    return str(error["extensions"]["code"])


@each_list
async def test_pages_of_one_walk_the_same_list_as_one_big_page(paged: Paged, world: World) -> None:
    all_rows = await page(world, paged)
    walked: list[dict[str, Any]] = []
    after = None
    while True:
        small = await page(world, paged, first=1, after=after)
        walked += small["edges"]
        assert len(walked) <= len(all_rows["edges"]), "no row comes twice"
        assert small["pageInfo"]["hasPreviousPage"] is (after is not None)
        assert small["pageInfo"]["startCursor"] == small["pageInfo"]["endCursor"] == small["edges"][0]["cursor"]
        after = small["pageInfo"]["endCursor"]
        if not small["pageInfo"]["hasNextPage"]:
            break

    assert len(all_rows["edges"]) >= 7
    assert walked == all_rows["edges"]
    assert all_rows["pageInfo"] == {
        "hasNextPage": False,
        "hasPreviousPage": False,
        "startCursor": walked[0]["cursor"],
        "endCursor": walked[-1]["cursor"],
    }


@each_list
async def test_behind_the_last_row_is_an_empty_page(paged: Paged, world: World) -> None:
    last = (await page(world, paged))["pageInfo"]["endCursor"]

    empty = await page(world, paged, after=last)

    reached = empty["pageInfo"].pop("endCursor")
    assert empty["edges"] == []
    assert empty["pageInfo"] == {"hasNextPage": False, "hasPreviousPage": True, "startCursor": None}
    if paged.name == "changes":
        # An empty page tells how far the log was read, so that whoever polls goes on from there.
        assert (await page(world, paged, after=reached))["pageInfo"]["endCursor"] == reached
    else:
        assert reached is None


@each_list
async def test_a_page_is_bounded(paged: Paged, world: World) -> None:
    for first in (0, -1, paged.most + 1, 2**31 - 1, -(2**31)):
        answer = await answered(world, paged, first=first)
        assert refusal(answer) == "BAD_USER_INPUT"
        assert f"between 1 and {paged.most}" in answer["errors"][0]["message"]
    assert len((await page(world, paged, first=paged.most))["edges"]) >= 7


@each_list
async def test_null_is_the_default_size(paged: Paged, world: World) -> None:
    assert await page(world, paged, first=None) == await page(world, paged, first=paged.default)


@each_both_ways
async def test_pages_from_the_end_walk_the_same_list_backwards(paged: Paged, world: World) -> None:
    rows = (await page(world, paged))["edges"]
    walked: list[dict[str, Any]] = []
    bound: dict[str, Any] = {}
    while True:
        small = connection(await bounded(world, paged, last=2, **bound))
        walked = small["edges"] + walked
        assert len(walked) <= len(rows), "no row comes twice"
        assert small["pageInfo"]["hasNextPage"] is bool(bound)
        assert small["totalCount"] == len(rows)
        bound = {"before": small["pageInfo"]["startCursor"]}
        if not small["pageInfo"]["hasPreviousPage"]:
            break

    assert walked == rows


@each_both_ways
async def test_a_page_may_lie_between_two_cursors(paged: Paged, world: World) -> None:
    rows = (await page(world, paged))["edges"]
    bounds = {"after": rows[0]["cursor"], "before": rows[-1]["cursor"]}

    first = connection(await bounded(world, paged, first=100, **bounds))
    last = connection(await bounded(world, paged, last=2, **bounds))
    none = connection(await bounded(world, paged, first=100, after=rows[-1]["cursor"], before=rows[0]["cursor"]))

    assert first["edges"] == rows[1:-1]
    assert last["edges"] == rows[-3:-1]
    assert none["edges"] == []


@each_both_ways
async def test_first_and_last_together_are_refused_where_first_is_not_the_default(paged: Paged, world: World) -> None:
    rows = (await page(world, paged))["edges"]

    answer = await bounded(world, paged, first=3, last=2)
    unasked = connection(await bounded(world, paged, first=None, last=2))
    default = connection(await bounded(world, paged, first=25, last=2))

    assert refusal(answer) == "BAD_USER_INPUT"
    assert answer["errors"][0]["message"] == "Pass `first` or `last`, not both."
    assert unasked["edges"] == default["edges"] == rows[-2:]
    for last in (0, -1, 101):
        answer = await bounded(world, paged, last=last)
        assert refusal(answer) == "BAD_USER_INPUT"
        assert "`last` must be between 1 and 100" in answer["errors"][0]["message"]
    answer = await bounded(world, paged, last=2, before="nonsense")
    assert "`before` is not a cursor" in answer["errors"][0]["message"]


@each_both_ways
async def test_a_list_is_counted_only_for_whoever_asks(paged: Paged, world: World) -> None:
    person = getattr(world, paged.who)
    document = paged.document.replace("PAGE", "first: 1")

    with statements() as plain:
        await person.ask(f"{{ {document} }}")
    with statements() as counted:
        await person.ask(f"{{ {document.replace('pageInfo', 'totalCount pageInfo')} }}")

    assert len(counted) == len(plain) + 1
    assert [each for each in plain if "COUNT(" in each] == []


async def test_the_panels_of_many_candidates_are_counted_by_one_statement(running: Server) -> None:
    world = await World.create(running)
    for name, candidate in (("one", "lea"), ("two", "lea"), ("three", "anna")):
        await world.goodtime.push(**world.a_panel(name, candidateExternalId=candidate))
    document = "{ candidates { edges { node { externalId interviewPanels(first: 1) { totalCount } } } } }"

    with statements() as sent:
        edges = (await world.rita.ask(document))["candidates"]["edges"]

    counts = {edge["node"]["externalId"]: edge["node"]["interviewPanels"]["totalCount"] for edge in edges}
    assert (counts["lea"], counts["anna"], counts["carla"]) == (2, 1, 0)
    assert len([each for each in sent if "COUNT(" in each]) == 1


async def test_no_panel_is_missed_by_whoever_pages_by_update_while_panels_move(running: Server) -> None:
    world = await World.create(running)
    for number in range(7):
        await world.goodtime.push(**world.a_panel(f"panel-{number}"))
    paged = next(each for each in LISTS if each.name == "panels by update")
    seen: list[str] = []
    after: str | None = None
    for number in range(20):
        small = await page(world, paged, first=2, after=after)
        seen += [edge["node"]["id"] for edge in small["edges"]]
        after = small["pageInfo"]["endCursor"]
        if not small["pageInfo"]["hasNextPage"]:
            break
        if number < 3:
            await world.goodtime.push(**world.a_panel(f"panel-{number}", note="moved"))

    assert set(seen) == {edge["node"]["id"] for edge in (await page(world, paged))["edges"]}
    assert len(seen) > len(set(seen)), "what moved comes once more"


@each_list
async def test_a_bad_cursor_is_a_clear_error(paged: Paged, world: World) -> None:
    for bad in BAD:
        answer = await answered(world, paged, after=bad)
        assert refusal(answer) == "BAD_USER_INPUT", bad[:100]
        assert "cursor" in answer["errors"][0]["message"]


@each_list
async def test_a_cursor_of_another_list_is_none_of_this_one(paged: Paged, world: World) -> None:
    own = (await page(world, paged))["edges"][0]["cursor"]
    kind = json.loads(base64.urlsafe_b64decode(own + "=" * (-len(own) % 4)))[0]
    for other in LISTS:
        cursor = (await page(world, other))["edges"][0]["cursor"]
        others = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))[0]
        answer = await answered(world, paged, after=cursor)
        assert ("errors" in answer) is (kind != others), (paged.name, other.name)


async def test_a_cursor_of_another_account_shows_nothing_of_it(running: Server, world: World) -> None:
    other = await World.create(running)
    for paged in LISTS:
        cursor = (await page(world, paged))["edges"][2]["cursor"]
        answer = await answered(other, paged, after=cursor)
        assert world.slug not in json.dumps(answer)


async def test_each_parent_has_a_page_of_its_own(world: World) -> None:
    await world.goodtime.push(**world.a_panel("carlas", candidateExternalId="carla"))
    document = """query ($first: Int, $after: String) { candidates(first: 100) { edges { node { externalId
      interviewPanels(first: $first, after: $after) {
        pageInfo { hasNextPage endCursor } edges { node { externalId } } } } } } }"""

    async def panels(**asked: Any) -> dict[str, Any]:
        edges = (await world.rita.ask(document, **asked))["candidates"]["edges"]
        return {edge["node"]["externalId"]: edge["node"]["interviewPanels"] for edge in edges}

    first = await panels(first=3)
    second = await panels(first=3, after=first["lea"]["pageInfo"]["endCursor"])

    names = {who: [edge["node"]["externalId"] for edge in first[who]["edges"]] for who in ("lea", "carla", "anna")}
    assert names == {"lea": ["twin-0", "twin-1", "twin-2"], "carla": ["carlas"], "anna": []}
    assert [first[who]["pageInfo"]["hasNextPage"] for who in ("lea", "carla", "anna")] == [True, False, False]
    assert [edge["node"]["externalId"] for edge in second["lea"]["edges"]] == ["twin-3", "twin-4", "twin-5"]


async def test_a_filter_takes_500_external_ids_and_no_more(world: World) -> None:
    document = "query ($ids: [String!]) { interviewPanels(filter: {externalIds: $ids}) { edges { node { id } } } }"
    ids = [f"number-{number}" for number in range(498)] + ["twin-1", "{{account_id}}"]

    shown = await world.rita.ask(document, ids=ids)
    answer = await world.rita.answer(document, ids=[*ids, "one more"])

    assert len(shown["interviewPanels"]["edges"]) == 1
    [error] = answer["errors"]
    assert (error["extensions"]["code"], error["extensions"]["limit"]) == ("LIMIT_EXCEEDED", 500)


async def test_the_same_status_over_and_over_is_that_status(world: World) -> None:
    document = (
        "query ($status: [InterviewPanelStatus!]) { interviewPanels(filter: {status: $status}) { edges { cursor } } }"
    )

    once = await world.rita.ask(document, status=["SCHEDULED", "COMPLETE"])
    over = await world.rita.ask(document, status=["COMPLETE", "SCHEDULED"] * 250)

    assert len(once["interviewPanels"]["edges"]) >= 7
    assert over == once
    assert (await world.rita.ask(document, status=[]))["interviewPanels"]["edges"] == []
