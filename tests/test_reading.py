"""Of rows only what is asked for is read; whoever asks for little gets what they would get of whole rows."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from graphql import GraphQLObjectType, get_named_type, is_leaf_type
from tortoise.models import Model

import models
from database.row import source_columns
from execution import Level
from models.base import Row
from resolvers.access import unscoped
from schema import SCHEMA
from tests.people import Server
from tests.sql_log import statements
from tests.test_statements import selected
from tests.world import World, in_hours

#: Where rows are read in part: the type, and the document around what is asked of it.
PLACES = {
    "candidates": ("Candidate", "{ candidates(first: 3) { edges { node { HERE } } } }"),
    "their stages": ("Stage", "{ candidates(first: 3) { edges { node { stage { HERE } } } } }"),
    "their postings": ("Posting", "{ candidates(first: 3) { edges { node { posting { HERE } } } } }"),
    "their owners": ("User", "{ candidates(first: 3) { edges { node { owner { HERE } } } } }"),
    "a candidate": ("Candidate", '{ candidate(externalId: "carla") { HERE } }'),
    "panels of candidates": (
        "InterviewPanel",
        "{ candidates(first: 3) { edges { node { "
        "interviewPanels(first: 2, includeCanceled: true) { edges { node { HERE } } } } } } }",
    ),
    "panels": ("InterviewPanel", "{ interviewPanels(filter: {includeCanceled: true}) { edges { node { HERE } } } }"),
    "interviews": ("Interview", "{ interviews(filter: {includeCanceled: true}) { edges { node { HERE } } } }"),
    "interviews of a panel": (
        "Interview",
        '{ interviewPanel(externalId: "first") { interviews(includeCanceled: true) { HERE } } }',
    ),
    "interviewers": (
        "Interviewer",
        '{ interviewPanel(externalId: "first") { interviews { interviewers { HERE } } } }',
    ),
    "people": ("User", '{ interviewPanel(externalId: "first") { interviews { interviewers { user { HERE } } } } }'),
    "interviewers of listed interviews": ("Interviewer", "{ interviews { edges { node { interviewers { HERE } } } } }"),
    "people on listed interviews": ("User", "{ interviews { edges { node { interviewers { user { HERE } } } } } }"),
    "forms of listed interviews": (
        "FeedbackForm",
        "{ interviews { edges { node { interviewers { feedbackForm { HERE } } } } } }",
    ),
    "forms": (
        "FeedbackForm",
        '{ interviewPanel(externalId: "first") { interviews { interviewers { feedbackForm { HERE } } } } }',
    ),
}


def fields() -> Iterator[Any]:
    """Every field of every place: alone, with what is below it two levels deep, and with the least of all others."""
    for place, (selection, around) in PLACES.items():
        kind = SCHEMA._schema.type_map[selection]
        assert isinstance(kind, GraphQLObjectType)
        least = {
            name: f"{name} {{ __typename }}"
            for name, field in kind.fields.items()
            if selected(kind, name, field, 1, set()) and not is_leaf_type(get_named_type(field.type))
        }
        for name, field in kind.fields.items():
            if alone := selected(kind, name, field, 2, set()):
                yield pytest.param(around.replace("HERE", alone), id=f"{name} of {place}, alone")
            if asked := selected(kind, name, field, 1, set()):
                others = [its_least for other, its_least in least.items() if other != name]
                among = " ".join([asked, *others])
                yield pytest.param(around.replace("HERE", among), id=f"{name} of {place}, among little")


@pytest.fixture(scope="module")
async def read_world(running: Server) -> World:
    """An account where something of everything is told: filled forms, cancelled interviews and panels, notes, links."""
    world = await World.create(running)
    interviews = [
        world.an_interview(
            name, "ivo", "leo", feedbackTemplateId=world.templates["values"], note=name, location="A room"
        )
        | {"meetingUrl": f"https://meet.example/{name}", "startsAt": in_hours(24 + place)}
        for place, name in enumerate(("one", "two"))
    ]
    links = {"externalUrl": "https://app.goodtime.example/first", "note": "For all"}
    pushed = await world.goodtime.push(**world.a_panel("first", *interviews, **links))
    await world.ivo.fill(pushed["panel"]["interviews"][0]["interviewers"][0]["feedbackForm"]["id"])
    await world.goodtime.cancel_one(id=pushed["panel"]["interviews"][1]["id"], reason="Ill")
    await world.goodtime.push(**world.a_panel("second", candidateExternalId="lea"))
    called_off = await world.goodtime.push(**world.a_panel("third", candidateExternalId="lea"))
    await world.rita.cancel(id=called_off["panel"]["id"], reason="Hired")
    return world


@pytest.mark.parametrize("asked", list(fields()))
async def test_a_field_is_what_it_is_of_whole_rows_however_little_is_asked_for_beside_it(
    asked: str, read_world: World, limited: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    limited(max_cost=100_000)
    in_part = await read_world.rita.ask(asked)
    monkeypatch.setattr(Level, "reads", lambda *_: None)

    assert in_part == await read_world.rita.ask(asked)


@pytest.mark.parametrize("candidates", ['candidate(externalId: "carla")', "candidates(first: 3) { edges { node"])
async def test_who_comes_back_to_a_candidate_may_ask_for_more(candidates: str, read_world: World) -> None:
    back = "interviewPanels { edges { node { candidate { name stage { position } posting { title } } } } }"
    ends = " }" * candidates.count("{")

    answer = await read_world.rita.ask(f"{{ {candidates} {{ id stage {{ name }} posting {{ id }} {back} }}{ends} }}")

    assert "Backend Engineer" in str(answer)


async def test_columns_nobody_asks_for_are_not_read(read_world: World) -> None:
    with statements() as sent:
        await read_world.rita.ask(
            '{ interviewPanel(externalId: "first") { interviews { interviewers { user { name } } } } }'
        )

    [interviews] = [each for each in sent if "FROM" in each and 'AS "seats"' in each]
    columns = interviews.partition("FROM")[0]
    assert '"user"."name"' in columns
    assert all(name not in columns for name in ("subject", "email", "meeting_url", "response_status"))


ROWS: list[type[Model]] = [
    each
    for each in vars(models).values()
    if isinstance(each, type) and issubclass(each, Row) and not each._meta.abstract
]
DERIVED = [(model, name) for model in ROWS for name in dir(model) if source_columns(model, name)]


@pytest.mark.parametrize(("model", "name"), DERIVED, ids=str)
async def test_what_is_derived_from_columns_needs_no_others(model: type[Model], name: str, read_world: World) -> None:
    for row in await unscoped(model, "all of them, whole").filter(account_id=read_world.account.id):
        value = getattr(row, name)
        columns = source_columns(model, name) or ()
        row.__dict__ = {column: row.__dict__[column] for column in columns}

        assert getattr(row, name) == value


def test_some_values_are_derived_from_columns() -> None:
    assert {name for _, name in DERIVED} == {"status", "duration_minutes", "own_cancellation", "calendar_uid"}
