"""No field shows what is beyond reach, and none answers who is not signed in, found by walking the schema."""

import asyncio
import json
import re
from collections import defaultdict
from collections.abc import Collection
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    get_named_type,
    is_required_argument,
)

from tests.isolation import CONTRACT, FAR, ROOTS, Filled, Scene, Things, make_scene, shown
from tests.people import Person, Server

#: Which statements leave out what, PostgreSQL shows in test_isolation: here it is which fields there are.
pytestmark = pytest.mark.once

# Fields.


@pytest.fixture(scope="module")
async def scene(running: Server) -> Scene:
    """For those who only read."""
    return await make_scene(running)


@pytest.mark.parametrize("name", sorted(FAR))
async def test_whatever_is_asked_for_nothing_beyond_reach_is_seen(name: str, scene: Scene) -> None:
    person, seen = scene.person(name), 0
    refused = ["apiKeys"] if name not in ("sam", "iris", "goodtime") else []
    refused += ["enabled", "enabledAt", "enabledBy"] if name == "ivo" else []
    without = {("User", "feedbackForms"), *(("Integration", field) for field in refused)}
    for field, definition in ROOTS["query"].fields.items():
        for id, arguments, kind in await _met(person, field, definition, scene):
            signature = "($id: ID!)" if id else ""
            asked = f"query {signature} {{ {field}{arguments} {_everything_of(kind, without)} }}"
            answer = await person.answer(asked, id=id)
            for error in answer.get("errors", ()):
                assert error["extensions"]["code"] == "FORBIDDEN", error
            text = json.dumps(answer.get("data"), ensure_ascii=False)
            beyond = {mark for mark in scene.marks[name] if mark in text}
            assert not beyond, f"{name} sees {beyond} at {field}{arguments} of {id}"
            seen += len(text)
    assert seen > 5_000, "the walk has seen something"


async def _met(
    person: Person, field: str, definition: GraphQLField, scene: Scene
) -> list[tuple[str, str, GraphQLNamedType]]:
    """The id, if it takes any, and the arguments with which a root field shows the person something of which type."""
    needed = {name for name, argument in definition.args.items() if is_required_argument(argument)}
    if field == "nodes":
        return []  # One by one at `node`: they are looked up alike.
    if "id" not in definition.args:
        first = ["first: 20"] if "first" in definition.args else []
        passed = ", ".join([*("provider: GOODTIME" for name in needed), *first])
        return [("", f"({passed})" if passed else "", get_named_type(definition.type))]
    met = []
    for id in {*scene.near.ids.values(), *scene.far.ids.values(), *scene.own.ids.values(), *scene.forms.values()} - {
        ""
    }:
        answer = await person.ask(f"query ($id: ID!) {{ {field}(id: $id) {{ __typename }} }}", id=id)
        if node := answer[field]:
            met.append((id, "(id: $id)", CONTRACT.type_map[node["__typename"]]))
    return met


def _everything_of(kind: GraphQLNamedType, without: Collection[tuple[str, str]]) -> str:
    """A selection of everything below that type, also where it stands for an interface."""
    selection = shown(kind, 2, without)
    return f"{{ ... on {kind.name} {selection} }}" if isinstance(kind, GraphQLObjectType) else selection


# The door.


def _asked_without_anything(kind: str, field: str) -> str:
    """The root field with arguments that read, whatever they name."""
    definition = ROOTS[kind].fields[field]
    own = Things(defaultdict(lambda: "nothing"), defaultdict(lambda: "nothing"))
    arguments = Filled(own, "nothing", ("",), "").arguments(definition)
    passed = ", ".join(f"{name}: {_literal(value, definition.args[name].type)}" for name, value in arguments.items())
    return f"{kind} {{ {field}{f'({passed})' if passed else ''} {shown(definition.type, 0)} }}"


def _literal(value: Any, type: GraphQLInputType) -> str:
    if isinstance(type, GraphQLNonNull):
        return _literal(value, type.of_type)
    if isinstance(type, GraphQLList):
        return f"[{', '.join(_literal(each, type.of_type) for each in value)}]"
    if isinstance(type, GraphQLInputObjectType):
        return f"{{{', '.join(f'{name}: {_literal(each, type.fields[name].type)}' for name, each in value.items())}}}"
    return str(value) if isinstance(type, GraphQLEnumType) else json.dumps(value)


EVERY_FIELD = [(kind, field) for kind, root in ROOTS.items() for field in root.fields]


@pytest.mark.parametrize(("kind", "field"), EVERY_FIELD)
async def test_every_root_field_refuses_who_is_not_signed_in(kind: str, field: str, scene: Scene) -> None:
    server = scene.world.server
    wrong = ("", "Bearer nonsense", f"Bearer cb_live_{'0' * 49}", "Basic bm9ib2R5Og==")
    for authorization in wrong:
        headers = {"authorization": authorization, "accept": "application/json"}
        if kind == "subscription":
            headers["accept"] = "text/event-stream"
        body = {"query": _asked_without_anything(kind, field)}
        async with asyncio.timeout(10):
            response = await server.http.post(server.graphql, json=body, headers=headers)
        codes = re.findall(r'"code":\s*"(\w+)"', response.text)
        assert codes == ["UNAUTHENTICATED"], f"{authorization!r}: {response.text}"


@pytest.mark.parametrize("field", sorted(ROOTS["mutation"].fields))
async def test_every_mutation_is_in_the_table_so_that_some_role_may_never_do_it(field: str, scene: Scene) -> None:
    document = _asked_without_anything("mutation", field)
    refused = set()
    for name in ("ada", "leo", "ivo", "goodtime"):
        answer = await scene.person(name).answer(document)
        if {error["extensions"]["code"] for error in answer.get("errors", ())} == {"FORBIDDEN"}:
            refused.add(name)

    assert refused, f"{field} asks for nobody's role: give it an act of resolvers/access.py"
