"""N+1 can't be written: the statements that a list takes, with all that hangs on its rows, don't grow with its rows."""

from collections.abc import Iterator

import pytest
from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLUnionType,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
    is_list_type,
    is_required_argument,
)

from schema import SCHEMA
from tests.people import Server
from tests.sql_log import statements
from tests.test_contract import CONTRACT
from tests.world import World, in_hours

REAL = SCHEMA._schema
SIZES = (1, 5, 20)
#: Lists that belong to somebody: refused to everybody else.
PERSONAL = {"User.feedbackForms", "Integration.apiKeys"}


def selection(type: GraphQLNamedType, depth: int, chosen: set[str]) -> str:
    """Everything of a type that needs no argument, so many levels deep; `chosen` gets the names of the fields."""
    if isinstance(type, GraphQLUnionType):
        return " ".join(f"... on {kind.name} {{ id name }}" for kind in type.types)
    if isinstance(type, GraphQLInterfaceType):
        return " ".join(["__typename", *(name for name in ("id", "cursor", "type") if name in type.fields)])
    assert isinstance(type, GraphQLObjectType)
    fields = [selected(type, name, field, depth, chosen) for name, field in type.fields.items()]
    return " ".join(["__typename", *filter(None, fields)])


def selected(parent: GraphQLObjectType, name: str, field: GraphQLField, depth: int, chosen: set[str]) -> str:
    below = get_named_type(field.type)
    coordinate = f"{parent.name}.{name}"
    if any(is_required_argument(argument) for argument in field.args.values()) or coordinate in PERSONAL - chosen:
        return ""
    if is_leaf_type(below):
        chosen.add(coordinate)
        return name
    if depth == 0:
        return ""
    chosen.add(coordinate)
    first = "(first: 20)" if "first" in field.args and parent is REAL.query_type else "(first: 5)"
    is_page = parent.name.endswith(("Connection", "Edge")) or below.name.endswith(("Connection", "Edge"))
    inner = selection(below, depth if is_page else depth - 1, chosen)
    return f"{name}{first if 'first' in field.args else ''} {{ {inner} }}"


def lists() -> Iterator[tuple[str, str]]:
    """Every list that can be asked for at the root, and who asks."""
    assert CONTRACT.query_type
    for name, field in CONTRACT.query_type.fields.items():
        is_page = get_named_type(field.type).name.endswith("Connection")
        if is_page or is_list_type(get_nullable_type(field.type)):
            yield name, "sam"
            if name != "auditEvents":
                yield name, "leo"
            if name in ("candidates", "interviewPanels", "interviews", "interviewPanelChanges"):
                yield name, "goodtime"
                yield name, "ivo"


def document(name: str, chosen: set[str]) -> str:
    assert REAL.query_type
    return f"{{ {selected(REAL.query_type, name, REAL.query_type.fields[name], 1, chosen)} }}"


#: Lists that hang on something single: who asks, the document, and of which type HERE stands for everything.
NESTED = {
    "a user's forms": (
        "ivo",
        "{ viewer { ... on User { feedbackForms { edges { node { HERE } } } } } }",
        "FeedbackForm",
    ),
    "a candidate's panels": ("rita", '{ candidate(externalId: "lea") { HERE } }', "Candidate"),
    "a panel's interviews": ("rita", '{ interviewPanel(externalId: "big") { HERE } }', "InterviewPanel"),
    "an integration's keys": ("sam", "{ integrations { apiKeys { HERE } } }", "ApiKey"),
}
DOCUMENTS = [pytest.param(who, document(name, set()), id=f"{name} as {who}") for name, who in lists()]
DOCUMENTS += [
    pytest.param(who, asked.replace("HERE", selection(REAL.type_map[kind], 2, set())), id=name)
    for name, (who, asked, kind) in NESTED.items()
]


@pytest.fixture(scope="module")
async def worlds(running: Server) -> dict[int, World]:
    """An account with so many of everything, for each size."""
    return {size: await _sized(await World.create(running), size) for size in SIZES}


async def _sized(world: World, size: int) -> World:
    many = [f"many-{number:02}" for number in range(size)]
    await world.sam.sync("users", [{"email": world.email(name), "name": name, "role": "INTERVIEWER"} for name in many])
    await world.sam.sync("stages", [{"name": name, "position": 5, "hasInterview": True} for name in many])
    rita = world.email("rita")
    await world.sam.sync(
        "postings", [{"externalId": name, "title": name, "hiringManagerEmail": world.email(name)} for name in many]
    )
    fields = [{"type": "SCORE", "label": "Overall"}, *({"type": "TEXT", "label": name} for name in many)]
    await world.sam.sync("feedbackTemplates", [{"externalId": name, "name": name, "fields": fields} for name in many])
    followers = [world.email(name) for name in many]
    rows = [
        {"externalId": name, "name": name, "stage": name, "postingExternalId": name, "ownerEmail": world.email("leo")}
        | {"followerEmails": [rita, *followers], "emails": [f"{name}@mail.example"]}
        for name in many
    ]
    await world.sam.sync("candidates", rows)
    template = world.templates["values"]
    for number, name in enumerate(many):
        interview = world.an_interview("one", "ivo", name, startsAt=in_hours(48 + number), feedbackTemplateId=template)
        await world.goodtime.push(**world.a_panel(name, interview, candidateExternalId=name))
        pushed = await world.goodtime.push(**world.a_panel(f"lea-{name}", interview, candidateExternalId="lea"))
        await world.ivo.fill(pushed["panel"]["interviews"][0]["interviewers"][0]["feedbackForm"]["id"])
    interviews = [world.an_interview(name, "ivo", "leo", name, feedbackTemplateId=template) for name in many]
    interviews.append(world.an_interview("crowded", *many))
    await world.goodtime.push(**world.a_panel("big", *interviews))
    return world


@pytest.mark.parametrize(("who", "asked"), DOCUMENTS)
async def test_the_statements_of_a_list_do_not_grow_with_it(who: str, asked: str, worlds: dict[int, World]) -> None:
    taken = []
    for world in worlds.values():
        person = getattr(world, who)
        await person.ask("{ viewer { __typename } }")
        with statements() as sent:
            await person.ask(asked)
        taken.append(len(sent))

    # The largest has more rows than the page, which may leave out the only row that points at something.
    assert taken[0] == taken[1] >= taken[2]


def test_every_list_of_the_contract_is_among_them() -> None:
    chosen = set(PERSONAL)
    for name, _ in lists():
        document(name, chosen)
    for _, _, kind in NESTED.values():
        selection(REAL.type_map[kind], 2, chosen)
    promised = {
        f"{kind.name}.{name}"
        for kind in CONTRACT.type_map.values()
        if isinstance(kind, GraphQLObjectType) and not kind.name.startswith(("__", "Mutation", "Subscription"))
        for name, field in kind.fields.items()
        if is_list_type(get_nullable_type(field.type)) or get_named_type(field.type).name.endswith("Connection")
    }

    # How `nodes` grows is held in tests/test_ids.py.
    assert {coordinate for coordinate in promised - chosen if not coordinate.split(".")[0].endswith("Payload")} == {
        "Query.nodes",
        "UserError.path",
        "Warning.path",
    }
