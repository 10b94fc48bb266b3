"""Which fields refuse a role: docs/clients.md says it role by role; every other field answers who sees its object."""

from collections.abc import Iterator
from itertools import groupby
from typing import Any

import pytest
from graphql import GraphQLField, GraphQLObjectType, get_named_type, is_leaf_type, is_required_argument

from schema import SCHEMA
from tests import access_table
from tests.people import Person, Server
from tests.test_docs import table
from tests.world import World

pytestmark = pytest.mark.once

SDL = SCHEMA._schema
#: Who stands for the columns of the table, in their order: who is not signed in has none.
PEOPLE = [name for name, column in access_table.PEOPLE.items() if column]
EVERYBODY = ["yes"] * len(PEOPLE)
#: `{id}` is an object's own.
ARGUMENTS = {"id": '"{id}"', "ids": '["{id}"]', "provider": "GOODTIME"}
ALL_NODES = """{ account { id } users { edges { node { id } } } stages { id } postings { id }
  candidates { edges { node { id } } } integrations { id apiKeys { id } } feedbackTemplates { edges { node { id } } }
  interviewPanels { edges { node { id interviews { id interviewers { id feedbackForm { id } } } } } }
  auditEvents { edges { node { id } } } }"""


@pytest.fixture(scope="module")
async def world(running: Server) -> World:
    """Everybody sits on a panel of Leo's candidate, so that everybody sees something of every type."""
    world = await World.create(running)
    people = ("sam", "ada", "rita", "leo", "ivo")
    interview = world.an_interview("one", *people, feedbackTemplateId=world.templates["technical"])
    await world.goodtime.push(**world.a_panel("seen", interview, candidateExternalId="lea"))
    return world


def ids(value: Any) -> Iterator[str]:
    """All ids in an answer."""
    if isinstance(value, dict):
        yield from [value["id"]] if "id" in value else []
        value = [*value.values()]
    if isinstance(value, list):
        for below in value:
            yield from ids(below)


def two_of_each_type(nodes: list[str]) -> list[str]:
    """An id begins with its type."""
    types = sorted(nodes, key=lambda id: id.partition("_")[0])
    return [id for _, of_type in groupby(types, key=lambda id: id.partition("_")[0]) for id in [*of_type][:2]]


def asked(name: str, field: GraphQLField, id: str) -> str:
    """A selection of one field, of whatever type."""
    passed = [each for each, argument in field.args.items() if is_required_argument(argument) or each == "id"]
    arguments = ", ".join(f"{each}: {ARGUMENTS[each].format(id=id)}" for each in passed)
    below = "" if is_leaf_type(get_named_type(field.type)) else "{ __typename }"
    return f"{name}{f'({arguments})' if arguments else ''} {below}"


async def refusals(person: Person, document: str) -> list[str]:
    """The paths of an answer, by their first part, that the role is refused."""
    errors = (await person.answer(document)).get("errors", [])
    assert {error["extensions"]["code"] for error in errors} <= {"FORBIDDEN"}, (document, errors)
    return [error["path"][0] for error in errors]


#: Where an object is seen by who doesn't find it by its id.
ELSEWHERE = {
    "Integration": "interviews(first: 1) {{ edges {{ node {{ panel {{ managedBy {{ {} }} }} }} }} }}",
    "User": "interviews(first: 1) {{ edges {{ node {{ interviewers {{ user {{ {} }} }} }} }} }}",
}


def fields_of(kind: str) -> dict[str, GraphQLField]:
    named = SDL.type_map[kind]
    assert isinstance(named, GraphQLObjectType)
    return named.fields


async def outcomes(person: Person, nodes: list[str]) -> dict[str, set[str]]:
    """Of each field, whether it answers that person (`yes`) or is refused (`no`), on all objects that they see."""
    assert SDL.query_type
    seen: dict[str, set[str]] = {}
    for name, field in SDL.query_type.fields.items():
        refused = await refusals(person, f"{{ {asked(name, field, nodes[0])} }}")
        seen.setdefault(name, set()).add("no" if refused else "yes")
    kinds = await person.ask("query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }", ids=nodes)
    ways = [
        (node["__typename"], f'node(id: "{node["id"]}") {{{{ ... on {node["__typename"]} {{{{ {{}} }}}} }}}}')
        for node in filter(None, kinds["nodes"])
    ]
    for kind, way in [*ways, *(ELSEWHERE.items() if person.id else [])]:
        names = [*fields_of(kind)]
        # One error of what is never null ends the answer: there each field is asked for by itself.
        size = 15 if way.startswith("node") else 1
        for few in (names[at : at + size] for at in range(0, len(names), size)):
            parts = [f"{name}: {way.format(asked(name, fields_of(kind)[name], ''))}" for name in few]
            refused = await refusals(person, f"{{ {' '.join(parts)} }}")
            for name in few:
                seen.setdefault(f"{kind}.{name}", set()).add("no" if name in refused else "yes")
    return seen


async def test_whom_a_field_refuses_is_documented_role_by_role(world: World) -> None:
    nodes = two_of_each_type([*dict.fromkeys(ids(await world.sam.ask(ALL_NODES)))])
    documented = {
        name.strip("` "): [cell.strip(" |") for cell in cells]
        for names, *cells in table("clients.md", "## Roles")
        for name in names.split(",")
    }

    refusing: dict[str, list[str]] = {}
    for column, name in enumerate(PEOPLE):
        person: Person = getattr(world, name)
        for field, verdicts in (await outcomes(person, [*nodes, *filter(None, [person.id])])).items():
            cells = refusing.setdefault(field, [*EVERYBODY])
            cells[column] = "own" if len(verdicts) == 2 else next(iter(verdicts))

    assert {field: cells for field, cells in refusing.items() if cells != EVERYBODY} == documented
