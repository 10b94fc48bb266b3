"""Ids for the caches of clients: whatever has one has one content, wherever it stands in any answer, for one viewer."""

import random
from collections.abc import Iterator
from typing import Any

import pytest
from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLUnionType,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
    is_required_argument,
)

from schema import SCHEMA
from tests.budgets import TIMES
from tests.people import Person, Server
from tests.world import World, in_hours

pytestmark = pytest.mark.once

SDL = SCHEMA._schema
#: Refused to whoever they don't belong to, with the whole answer.
PERSONAL = {
    "feedbackForms",
    "apiKeys",
    "lastCallAt",
    "lastPushAt",
    "refusedPushes",
    "enabled",
    "enabledAt",
    "enabledBy",
    "auditEvents",
}
#: Objects that several answers show and that nothing identifies: parts of the one that they stand in.
PARTS = {"PageInfo", "AuditDetail", "CalendarInvite", "RefusedPushError", "UserError", "Warning"}
VIEWERS = ("sam", "rita", "leo", "ivo", "goodtime")
#: What lists are asked with, by the alias that tells the answers apart.
ARGUMENTS = [
    ("", {}),
    ("all", {"includeCanceled": "true", "includeArchived": "true", "includeDeactivated": "true"}),
    ("last", {"last": "3"}),
]


@pytest.fixture(scope="module")
async def world(running: Server) -> World:
    """Panels and forms of all kinds: a template that was synced again, what is cancelled, filled in, taken off."""
    world = await World.create(running)
    template = world.templates["technical"]

    async def push(external_id: str, *people: str, candidate: str = "lea", **fields: Any) -> dict[str, Any]:
        interviews = [
            world.an_interview(name, *people, startsAt=in_hours(hours), feedbackTemplateId=template)
            for name, hours in (("one", 24), ("two", 26))
        ]
        panel = world.a_panel(external_id, *interviews, candidateExternalId=candidate, **fields)
        return await world.goodtime.push(**panel)

    submitted = await push("submitted", "ivo", "leo")
    form = submitted["panel"]["interviews"][0]["interviewers"][0]["feedbackForm"]["id"]
    await world.ivo.fill(form, "Hire", "Fine")
    await push("pending", "ivo", "noor", candidate="carla")
    score = {"type": "SCORE", "label": "Overall, once more", "required": True}
    rows = [{"externalId": "technical", "name": "Technical", "fields": [score, {"type": "TEXTAREA", "label": "Notes"}]}]
    assert not (await world.sam.sync("feedbackTemplates", rows))["errors"]
    await push("later", "ivo", "leo")
    await push("off", "ivo")
    await world.rita.cancel(externalId="off")
    await push("deleted", "ivo", sequence=1)
    await world.goodtime.cancel(externalId="deleted", sequence=2)
    return world


def selection(kind: GraphQLNamedType, depth: int, choice: random.Random) -> str:
    """Some of the fields of a type, and of what they lead to, so many levels deep."""
    if isinstance(kind, GraphQLUnionType | GraphQLInterfaceType):
        members = [member for member in SDL.get_possible_types(kind) if choice.random() < 0.5]
        return "__typename " + " ".join(f"... on {each.name} {{ id }}" for each in members)
    assert isinstance(kind, GraphQLObjectType)
    chosen = [selected(name, field, depth, choice) for name, field in kind.fields.items() if choice.random() < 0.6]
    return " ".join(["__typename", *(["id"] if "id" in kind.fields else []), *filter(None, chosen)])


def selected(name: str, field: GraphQLField, depth: int, choice: random.Random) -> str:
    """A field, under an alias that tells with which arguments; nothing where it can't be asked for."""
    below = get_named_type(field.type)
    if name in {*PERSONAL, "id"} or any(is_required_argument(each) for each in field.args.values()):
        return ""
    if is_leaf_type(below):
        return name
    if depth == 0:
        return ""
    is_page = below.name.endswith(("Connection", "Edge")) or name == "node"
    inner = selection(below, depth if is_page else depth - 1, choice)
    how, values = choice.choice(ARGUMENTS)
    passed = {argument: value for argument, value in values.items() if argument in field.args}
    if not passed:
        return f"{name} {{ {inner} }}"
    arguments = ", ".join(f"{argument}: {value}" for argument, value in passed.items())
    return f"{name}_{how}: {name}({arguments}) {{ {inner} }}"


def documents(choice: random.Random) -> Iterator[str]:
    """Whatever can be asked for at the root, and forms, which lie deep."""
    assert SDL.query_type
    for name, field in SDL.query_type.fields.items():
        if (asked := selected(name, field, 3, choice)) and not is_leaf_type(field.type):
            yield f"{{ {asked} }}"
    form = selection(SDL.type_map["FeedbackForm"], 2, choice)
    yield f"{{ interviews {{ edges {{ node {{ id feedbackForms {{ {form} }} }} }} }} }}"


def facts(value: Any, path: tuple[str, ...] = (), id: str = "") -> Iterator[tuple[str, tuple[str, ...], Any]]:
    """What an answer says of each id, and where within its object: what has an id of its own is only named there."""
    if isinstance(value, list):
        yield id, (*path, "length"), len(value)
        for number, element in enumerate(value):
            yield from facts(element, (*path, str(number)), id)
    elif isinstance(value, dict) and "id" in value:
        yield id, path, value["id"]
        for name, below in value.items():
            if name != "id":
                yield from facts(below, (name,), value["id"])
    elif isinstance(value, dict):
        for name, below in value.items():
            yield from facts(below, (*path, name), id)
    else:
        yield id, path, value


@pytest.mark.parametrize("name", VIEWERS)
async def test_what_has_one_id_has_one_content_for_one_viewer(name: str, world: World) -> None:
    person: Person = getattr(world, name)
    known: dict[tuple[str, tuple[str, ...]], Any] = {}
    kinds = set()
    for number in range(6 * TIMES):
        for document in documents(random.Random(number)):
            answer = await person.answer(document)
            for id, path, value in facts(answer.get("data") or {}):
                if id:
                    assert known.setdefault((id, path), value) == value, f"{id} has two contents at {path}"
                    kinds.add(id.partition("_")[0])

    assert kinds >= {"itv", "ivr", "pan", "usr", "cnd", "frm", "tpl"}
    assert len(known) > 300


def test_every_object_has_an_id_or_belongs_to_the_one_it_stands_in() -> None:
    without = {
        kind.name
        for kind in SDL.type_map.values()
        if isinstance(kind, GraphQLObjectType) and "id" not in kind.fields and not kind.name.startswith("__")
    }
    roots = {"Query", "Mutation", "Subscription"}
    pages = {name for name in without if name.endswith(("Connection", "Edge", "Payload"))}
    changes = {name for name in without if "cursor" in SDL.type_map[name].fields}

    assert without - roots - pages - changes == PARTS


def conflicts() -> Iterator[str]:
    """The fields that differ in type between two members of an interface or a union: one name can't select them."""
    for kind in SDL.type_map.values():
        types: dict[str, set[str]] = {}
        for member in SDL.get_possible_types(kind) if is_abstract_type(kind) else ():
            for name, field in member.fields.items():
                types.setdefault(name, set()).add(str(field.type))
        yield from (f"{kind.name}.{name}" for name, different in types.items() if len(different) > 1)


def test_no_more_fields_of_one_name_conflict_among_the_members_of_an_interface() -> None:
    assert set(conflicts()) == {
        *("Node.createdBy", "Node.endsAt", "Node.externalId", "Node.feedbackForms", "Node.stage"),
        *("Node.startsAt", "Node.status"),
    }


SHOWN = """query ($id: ID) { interviewPanel(id: $id) { cancellation { id at } candidate { scheduleAction { id } }
  interviews(includeCanceled: true) { cancellation { id at reason } interviewers { id user { name } } } } }"""


async def test_an_interviewer_is_found_again_by_id_where_the_interview_is_seen(world: World) -> None:
    pushed = await world.goodtime.push(**world.a_panel("seats", world.an_interview("one", "ivo", "noor")))
    shown = await world.rita.ask(SHOWN, id=pushed["panel"]["id"])
    [interview] = shown["interviewPanel"]["interviews"]
    ids = [seat["id"] for seat in interview["interviewers"]]
    document = "query ($ids: [ID!]!) { nodes(ids: $ids) { id ... on Interviewer { user { name } } } }"

    for person in (world.rita, world.ivo, world.noor, world.goodtime):
        assert (await person.ask(document, ids=ids))["nodes"] == interview["interviewers"]
    assert (await world.leo.ask(document, ids=ids))["nodes"] == [None, None]


async def test_a_cancellation_keeps_its_id_wherever_it_is_shown(world: World) -> None:
    pushed = await world.goodtime.push(**world.a_panel("twice", world.an_interview("one"), world.an_interview("two")))
    one = pushed["panel"]["interviews"][0]["id"]
    await world.rita.ask(
        'mutation ($id: ID) { cancelInterview(input: {id: $id, reason: "ill"}) { errors { code } } }', id=one
    )
    await world.rita.cancel(id=pushed["panel"]["id"])

    panel = (await world.rita.ask(SHOWN, id=pushed["panel"]["id"]))["interviewPanel"]

    own, of_panel = (interview["cancellation"] for interview in panel["interviews"])
    assert of_panel == {**panel["cancellation"], "reason": None}
    assert own["id"] != of_panel["id"]
    assert own["reason"] == "ill"


async def test_nodes_come_in_the_order_of_their_ids_by_one_statement_for_each_kind(world: World) -> None:
    ids = [*world.candidates.values(), *world.stages.values(), "nonsense", "usr_01", *world.candidates.values()]
    document = "query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }"

    shown = (await world.rita.ask(document, ids=ids))["nodes"]
    again = (await world.rita.ask(document, ids=(ids * 10)[:100]))["nodes"]

    assert [node and node["id"] for node in shown] == [None if id in ("nonsense", "usr_01") else id for id in ids]
    assert again == (shown * 10)[:100]
    assert (await world.rita.ask(document, ids=[]))["nodes"] == []
    answer = await world.rita.answer(document, ids=["usr_1"] * 101)
    assert answer["errors"][0]["message"] == "`ids` takes at most 100 ids."
    assert await world.nobody.error_code(document, ids=[]) == "UNAUTHENTICATED"
