"""Candidates: found, filtered, searched and ordered, and what their Schedule buttons do."""

from datetime import timedelta, timezone
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

import models
from resolvers.integrations import CATALOGUE
from tests.budgets import examples
from tests.people import Person, instant
from tests.world import World, in_hours

LIST = """query ($filter: CandidateFilter, $order: CandidateOrder = NAME, $first: Int, $after: String) {
  candidates(filter: $filter, orderBy: $order, first: $first, after: $after) {
    totalCount pageInfo { hasNextPage endCursor } edges { node { externalId name } } } }"""
ACTION = """query ($id: String) { candidate(externalId: $id) {
  scheduleAction { provider url dashboardLabel bannerLabel menuLabel } } }"""
SWITCH = "mutation ($on: Boolean!) { setIntegrationEnabled(provider: GOODTIME, enabled: $on) { errors { code } } }"


def a_candidate(external_id: str, **fields: Any) -> dict[str, Any]:
    return {"externalId": external_id, "name": external_id.title(), "stage": "On-site"} | fields


async def listed(person: Person, order: str = "NAME", **filters: Any) -> list[str]:
    """The external ids of a list of candidates, in its order; `totalCount` says how many."""
    page = (await person.ask(LIST, filter=filters, order=order, first=100))["candidates"]
    assert page["totalCount"] == len(page["edges"])
    return [edge["node"]["externalId"] for edge in page["edges"]]


async def action(person: Person, external_id: str) -> dict[str, Any] | None:
    """What the Schedule buttons of a candidate do for the person."""
    shown: dict[str, Any] | None = (await person.ask(ACTION, id=external_id))["candidate"]["scheduleAction"]
    return shown


async def test_a_candidate_is_found_by_either_id(world: World) -> None:
    document = "query ($id: ID, $externalId: String) { candidate(id: $id, externalId: $externalId) { name } }"
    carla = world.candidates["carla"]

    async def candidate_by(**by: str) -> dict[str, Any] | None:
        candidate: dict[str, Any] | None = (await world.rita.ask(document, **by))["candidate"]
        return candidate

    assert await candidate_by(id=carla) == {"name": "Carla Gómez"}
    assert await candidate_by(externalId="carla") == {"name": "Carla Gómez"}
    assert await candidate_by(id=carla, externalId="carla") == {"name": "Carla Gómez"}


@pytest.mark.parametrize(
    "id", ["", "carla", "cnd_", "pan_01hq0000000000000000000000", "cnd_" + "x" * 5_000, "%", "'; --", "cnd_\u0661\n"]
)
async def test_a_malformed_id_does_not_exist(id: str, world: World) -> None:
    document = """query ($id: ID!, $text: String) {
      node(id: $id) { id } candidate(id: $id) { id } by: candidate(externalId: $text) { id } }"""

    assert await world.sam.ask(document, id=id, text=id * 2) == {"node": None, "candidate": None, "by": None}


async def test_lists_are_filtered_by_stage_posting_and_owner(world: World) -> None:
    posting = (await world.rita.ask("{ postings { id } }"))["postings"][0]["id"]

    assert await listed(world.rita, stageId=world.stages["Applied"]) == ["anna"]
    assert await listed(world.rita, postingId=posting) == ["carla"]
    assert await listed(world.rita, ownerId=world.leo.id) == ["lea"]
    assert await listed(world.rita, ownerId=world.leo.id, stageId=world.stages["Applied"]) == []
    assert await listed(world.rita, stageId="nowhere") == []


async def test_archived_candidates_are_on_a_list_of_their_own(world: World) -> None:
    assert await listed(world.rita) == ["anna", "carla", "lea"]
    assert await listed(world.rita, archived=None) == ["anna", "carla", "lea"]
    assert await listed(world.rita, archived=True) == ["arno"]


async def test_an_upcoming_panel_is_one_that_stands_and_is_not_over(world: World) -> None:
    past = world.an_interview("one", startsAt=in_hours(-48))
    await world.goodtime.push(**world.a_panel("past", past, candidateExternalId="carla"))
    await world.goodtime.push(**world.a_panel("gone", candidateExternalId="lea"))
    await world.goodtime.cancel(externalId="gone")
    now = world.an_interview("one", startsAt=in_hours(0), durationMinutes=1_440)
    await world.goodtime.push(**world.a_panel("now", past | {"externalId": "two"}, now, candidateExternalId="anna"))

    assert await listed(world.rita, hasUpcomingPanel=True) == ["anna"]
    assert await listed(world.rita, hasUpcomingPanel=False) == ["carla", "lea"]
    assert await listed(world.leo, hasUpcomingPanel=False) == ["lea"]


async def test_updated_since_is_an_instant_whatever_its_offset(world: World) -> None:
    await world.sam.sync("candidates", [a_candidate("late")])
    late = instant((await world.sam.ask('{ candidate(externalId: "late") { updatedAt } }'))["candidate"]["updatedAt"])

    for hours in (-11, 0, 5):
        local = late.astimezone(timezone(timedelta(hours=hours)))
        assert await listed(world.rita, updatedSince=local.isoformat()) == ["late"]
        assert await listed(world.rita, updatedSince=(local + timedelta(microseconds=1)).isoformat()) == []


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        ("GÓMEZ", ["carla"]),
        ("gómez", ["carla"]),
        ("Mail.Example", ["carla"]),
        ("o'n", ["anna"]),
        ("ΣΊΣΥΦΟΣ", ["odd"]),
        ("ыва", ["odd"]),
        ("100%", ["odd"]),
        ("%", ["odd"]),
        ("_", ["odd"]),
        ("\\", ["odd"]),
        ("'", ["anna"]),
        ("", ["anna", "carla", "lea", "odd"]),
        ("g%z", []),
        ("g_mez", []),
        ("carla\ncarla", []),
        ("x" * 500, []),
        ("{{account_id}}", []),
    ],
)
async def test_candidates_are_found_by_part_of_a_name_or_an_email_whatever_its_case(
    search: str, expected: list[str], world: World
) -> None:
    await world.sam.sync("candidates", [a_candidate("odd", name="Σίσυφος ФЫВА 100% under_score back\\slash")])

    assert await listed(world.rita, search=search) == expected


async def test_no_search_is_longer_than_any_name(world: World) -> None:
    for document in (
        "query ($text: String) { candidates(filter: {search: $text}) { totalCount } }",
        "query ($text: String) { users(search: $text) { edges { cursor } } }",
        "query ($text: String) { feedbackTemplates(search: $text) { edges { cursor } } }",
    ):
        [error] = (await world.rita.answer(document, text="x" * 501))["errors"]
        assert error["extensions"] == {"code": "LIMIT_EXCEEDED", "limit": 500}


async def test_a_search_goes_with_the_name_as_it_was_synced_last(world: World) -> None:
    await world.sam.sync("candidates", [a_candidate("anna", name="Hanna", emails=["h@mail.example"])])

    assert await listed(world.rita, search="o'neil") == []
    assert await listed(world.rita, search="H@MAIL") == ["anna"]


async def test_lists_are_ordered_by_name_by_creation_or_by_update(world: World) -> None:
    await world.sam.sync("candidates", [a_candidate("carla", name="Zoe")])
    await world.sam.sync("candidates", [a_candidate("bea", name="Bea")])

    assert await listed(world.rita) == ["anna", "bea", "lea", "carla"]
    assert (await listed(world.rita, "CREATED_AT"))[-1] == "bea"
    assert (await listed(world.rita, "UPDATED_AT"))[-2:] == ["carla", "bea"]
    assert (await listed(world.rita, order=None)) == await listed(world.rita)


async def test_the_total_is_that_of_all_pages(world: World) -> None:
    page = (await world.rita.ask(LIST, first=1))["candidates"]
    theirs = (await world.leo.ask(LIST, first=1))["candidates"]
    nobodys = (await world.ivo.ask(LIST, first=1))["candidates"]

    assert (page["totalCount"], len(page["edges"])) == (3, 1)
    assert (theirs["totalCount"], nobodys["totalCount"]) == (1, 0)


@pytest.mark.parametrize("order", ["NAME", "CREATED_AT"])
async def test_pages_go_on_where_they_were_while_rows_come_and_go(order: str, world: World) -> None:
    names = [f"person-{number}" for number in range(10, 20)]
    await world.sam.sync("candidates", [a_candidate(name) for name in names])
    stage = (await world.sam.sync("stages", [{"name": "Walked", "position": 3}]))["stages"][0]["id"]
    await world.sam.sync("candidates", [a_candidate(name, stage="Walked") for name in names])
    walked, after = [], None
    for step in range(6):
        page = (await world.rita.ask(LIST, filter={"stageId": stage}, order=order, first=2, after=after))["candidates"]
        walked += [edge["node"]["externalId"] for edge in page["edges"]]
        after = page["pageInfo"]["endCursor"]
        if step == 1:
            # One before the cursor, the one that it names, and one that is still to come, go; two others come.
            gone = [a_candidate(name, stage="On-site") for name in ("person-10", "person-13", "person-15")]
            await world.sam.sync("candidates", gone)
            await world.sam.sync("candidates", [a_candidate(name, stage="Walked") for name in ("aaron", "zora")])

    assert walked[:4] == names[:4]
    come = ["zora"] if order == "NAME" else ["aaron", "zora"]
    assert walked[4:] == [*(name for name in names[4:] if name != "person-15"), *come]


ON = {"provider": "GOODTIME", "menuLabel": "Schedule in GoodTime"}
OFF = {"provider": None, "url": None, "menuLabel": "Schedule"}


@pytest.mark.parametrize("on", [True, False], ids=["on", "off"])
async def test_the_labels_of_a_candidate_who_waits_for_interviews(on: bool, world: World) -> None:
    await world.sam.ask(SWITCH, on=on)

    shown = await action(world.rita, "carla")

    assert shown is not None
    assert shown["dashboardLabel"] == "Schedule"
    assert shown["bannerLabel"] == ("Schedule Interview in GoodTime" if on else "Schedule Interview")
    assert {name: shown[name] for name in (ON if on else OFF)} == (ON if on else OFF)
    assert shown["url"] == (
        "https://app.goodtime.example/candidates?id=carla&email=carla%40mail.example" if on else None
    )


@pytest.mark.parametrize("on", [True, False], ids=["on", "off"])
@pytest.mark.parametrize("case", ["a stage without interviews", "an upcoming panel", "a tentative panel"])
async def test_the_menu_entry_alone_remains_where_nobody_waits_for_interviews(
    case: str, on: bool, world: World
) -> None:
    who = "anna" if case == "a stage without interviews" else "carla"
    if who == "carla":
        await world.goodtime.push(**world.a_panel(tentative=case == "a tentative panel"))
    await world.sam.ask(SWITCH, on=on)

    shown = await action(world.rita, who)

    assert shown is not None
    assert (shown["dashboardLabel"], shown["bannerLabel"]) == (None, None)
    assert shown["menuLabel"] == ("Schedule in GoodTime" if on else "Schedule")
    assert (shown["url"] is not None) is on


@pytest.mark.parametrize("case", ["over", "deleted in GoodTime", "cancelled in the ATS"])
async def test_the_banner_comes_back_once_no_panel_is_upcoming(case: str, world: World) -> None:
    start = in_hours(-48 if case == "over" else 48)
    pushed = await world.goodtime.push(**world.a_panel("panel", world.an_interview(startsAt=start)))
    if case == "deleted in GoodTime":
        await world.goodtime.cancel(externalId="panel")
    if case == "cancelled in the ATS":
        await world.rita.cancel(id=pushed["panel"]["id"])

    shown = await action(world.rita, "carla")

    assert shown is not None
    assert shown["bannerLabel"] == "Schedule Interview in GoodTime"


async def test_an_archived_candidate_is_not_scheduled(world: World) -> None:
    assert await action(world.sam, "arno") is None


async def test_whoever_is_out_of_scope_is_not_scheduled_by_way_of_ones_own_form(world: World) -> None:
    form = {"feedbackTemplateId": world.templates["values"]}
    pushed = await world.goodtime.push(**world.a_panel("p", world.an_interview("one", "leo", "noor", **form)))
    await world.leo.fill(pushed["panel"]["interviews"][0]["interviewers"][0]["feedbackForm"]["id"])
    document = """{ viewer { ... on User { feedbackForms { edges { node { interview { candidate {
      externalId scheduleAction { url } } } } } } } } }"""

    shown = []
    for people in (("leo", "noor"), ("noor",)):
        await world.goodtime.push(**world.a_panel("p", world.an_interview("one", *people, **form)))
        [edge] = (await world.leo.ask(document))["viewer"]["feedbackForms"]["edges"]
        shown.append(edge["node"]["interview"]["candidate"])

    assert [candidate["externalId"] for candidate in shown] == ["carla", "carla"]
    assert [candidate["scheduleAction"] is not None for candidate in shown] == [True, False]


async def test_each_candidate_of_a_list_has_the_action_of_their_own(world: World) -> None:
    await world.goodtime.push(**world.a_panel(candidateExternalId="lea"))
    document = "{ candidates { edges { node { externalId scheduleAction { bannerLabel } } } } }"

    edges = (await world.rita.ask(document))["candidates"]["edges"]

    banners = {edge["node"]["externalId"]: edge["node"]["scheduleAction"]["bannerLabel"] for edge in edges}
    assert banners == {"anna": None, "carla": "Schedule Interview in GoodTime", "lea": None}


@pytest.mark.parametrize("evil", ["../../admin", "..", "a?b=c&email=mallory@x.example#d", "100%", "a b+c", "ü/\\"])
async def test_no_id_or_email_breaks_out_of_its_place_in_the_link(evil: str, world: World) -> None:
    await world.sam.sync("candidates", [a_candidate(evil, name="Evil", emails=["a+b&c=d#e%f@mail.example"])])

    shown = await action(world.rita, evil)

    assert shown is not None
    link = urlsplit(shown["url"])
    assert (link.scheme, link.netloc, link.path, link.fragment) == ("https", "app.goodtime.example", "/candidates", "")
    assert parse_qs(link.query) == {"id": [evil], "email": ["a+b&c=d#e%f@mail.example"]}


@examples(100)
@given(external_id=st.text(min_size=1), email=st.text())
def test_whatever_they_are_the_link_says_them_back(external_id: str, email: str) -> None:
    candidate = models.Candidate(external_id=external_id, emails=[email])

    link = urlsplit(CATALOGUE[models.IntegrationProvider.GOODTIME].deep_link(candidate))

    assert (link.netloc, link.path, link.fragment) == ("app.goodtime.example", "/candidates", "")
    assert parse_qs(link.query, keep_blank_values=True) == {"id": [external_id], "email": [email]}
