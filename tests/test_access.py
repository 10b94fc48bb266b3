"""Who may do what: the table of docs/rules.md, cell by cell, in scope and out of it."""

import json
from dataclasses import asdict, dataclass, replace
from typing import Any

import pytest

from tests.access_operations import OPERATIONS, Operation, answers, numbers
from tests.access_table import CELLS, DONE, PEOPLE, SCOPED, TABLE, UNKNOWN, Verdict
from tests.access_things import NOTHING, Things, find_things, with_panel
from tests.people import FOLLOW, Person, Server
from tests.test_contract import CONTRACT
from tests.world import World


@dataclass
class Scene:
    """Two accounts. `near` is in everybody's scope, `far` outside Leo's and Ivo's, `foreign` outside everybody's."""

    world: World
    near: Things
    far: Things
    foreign: Things
    #: What each person's own form on the near panel is.
    own_forms: dict[str, str]
    #: The cursor behind which these panels came.
    start: str

    def person(self, name: str) -> Person:
        person: Person = getattr(self.world, name)
        return person

    async def things(self, name: str, cell: str, in_scope: bool, operation: Operation) -> Things:
        """What the person names, in or out of the scope that the cell leaves them."""
        there = self.near if in_scope else self.far if cell in SCOPED else self.foreign
        if operation.erases and there is not self.foreign:
            there = replace(there, candidate=await _a_candidate(self.world))
        if operation.spoils and there is not self.foreign:
            there = await with_panel(self.world, there, f"spoilt-{next(numbers)}", "noor")
        return replace(there, form=self.own_forms.get(name, there.form) if in_scope else self.far.noors_form)


@pytest.fixture(scope="module")
async def scene(running: Server) -> Scene:
    """Made once for all cells: what an operation changes of it doesn't matter to the others."""
    world, other = await World.create(running), await World.create(running)
    await world.goodtime.push(**world.a_panel("first", world.an_interview("one", "noor")))
    [change] = await world.rita.changes()
    own = await find_things(world, "carla", "backend")
    lea = replace(own, candidate=world.candidates["lea"], candidate_external_id="lea")
    everybody = ("sam", "ada", "rita", "leo", "ivo", "noor")
    near = await with_panel(world, lea, "near", *everybody)
    far = await with_panel(world, own, "far", "noor")
    for document in (
        'mutation { syncPostings(postings: [{externalId: "strange", title: "Strange"}]) { errors { code } } }',
        """mutation { syncCandidates(candidates: [{externalId: "stranger", name: "Stranger", stage: "On-site",
          postingExternalId: "strange"}]) { errors { code } } }""",
    ):
        await other.sam.ask(document)
    foreign = await with_panel(other, await find_things(other, "stranger", "strange"), "foreign", "noor")
    own_forms = {name: await _own_form(getattr(world, name)) for name in everybody[:-1]}
    await world.noor.submit(near.noors_form, answers(near))
    await world.noor.submit(far.noors_form, answers(far))
    await other.noor.submit(foreign.noors_form, answers(foreign))
    for name, form in own_forms.items():
        await getattr(world, name).submit(form, answers(near))
    return Scene(world, near, far, foreign, own_forms, change["cursor"])


async def _a_candidate(world: World) -> str:
    """One more candidate, to be erased."""
    row = {"externalId": f"erased-{next(numbers)}", "name": "Erased", "stage": "On-site"}
    [candidate] = (await world.sam.sync("candidates", [row]))["candidates"]
    return str(candidate["id"])


async def _own_form(person: Person) -> str:
    """The only form that the person has."""
    document = "{ viewer { ... on User { feedbackForms { edges { node { id } } } } } }"
    [edge] = (await person.ask(document))["viewer"]["feedbackForms"]["edges"]
    return str(edge["node"]["id"])


def _verdict(operation: Operation, answer: dict[str, Any], things: Things) -> Verdict:
    if "errors" in answer:
        [code] = {error["extensions"]["code"] for error in answer["errors"]}
        return Verdict[code]
    [data] = answer["data"].values()
    if isinstance(data, dict) and data.get("errors"):
        assert all(error["code"].endswith("NOT_FOUND") for error in data["errors"]), data
        return UNKNOWN
    return DONE if operation.is_shown(data, things) else UNKNOWN


def _anonymous(answer: dict[str, Any], things: Things) -> str:
    """The answer as text, with the names of things for the things."""
    text = json.dumps(answer)
    for name, value in asdict(things).items():
        text = text.replace(value, f"<{name}>")
    return text


CASES = [
    pytest.param(operation, name, in_scope, id=f"{operation.name}-{name}-{'in' if in_scope else 'out of'} scope")
    for operation in OPERATIONS
    for name in PEOPLE
    for in_scope in (True, False)
    if in_scope or operation.names
]


@pytest.mark.parametrize(("operation", "name", "in_scope"), CASES)
async def test_each_cell_of_the_table(operation: Operation, name: str, in_scope: bool, scene: Scene) -> None:
    cell = TABLE[operation.row].get(PEOPLE[name], "")
    expected = operation.cells.get(cell, CELLS[cell])[0 if in_scope else 1]
    things = await scene.things(name, cell, in_scope, operation)
    person = scene.person(name)

    answer = await person.answer(operation.document, **operation.variables(things))

    assert _verdict(operation, answer, things) is expected, answer
    if not in_scope:
        never = await person.answer(operation.document, **operation.variables(NOTHING))
        assert _anonymous(answer, things) == _anonymous(never, NOTHING)


def test_every_row_and_every_operation_of_the_contract_is_among_the_cells() -> None:
    rows = {operation.row for operation in OPERATIONS}
    documents = " ".join(" ".join(operation.document for operation in OPERATIONS).split())
    assert CONTRACT.query_type
    assert CONTRACT.mutation_type
    fields = [*CONTRACT.query_type.fields, *CONTRACT.mutation_type.fields]

    assert rows == set(TABLE)
    assert [name for name in fields if f"{{ {name}" not in documents] == ["account", "viewer"]


@pytest.mark.parametrize("in_scope", [True, False], ids=["in scope", "out of scope"])
@pytest.mark.parametrize("name", [name for name in PEOPLE if name != "nobody"])
async def test_a_subscription_delivers_what_is_in_scope_and_nothing_else(
    name: str, in_scope: bool, scene: Scene
) -> None:
    cell = TABLE["change feed and subscription"][PEOPLE[name]]
    there = scene.near if in_scope else scene.far if cell in SCOPED else scene.foreign

    async with scene.person(name).following(FOLLOW, after=scene.start, candidateId=there.candidate) as following:
        if in_scope:
            assert (await following.next())["panel"]["externalId"] == "near"
        else:
            await following.expect_nothing()
