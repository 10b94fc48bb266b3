"""Two names for one thing: the table of docs/rules.md, with a test of what happens where they contradict."""

import re
from pathlib import Path
from typing import Any

import pytest
from graphql import GraphQLInputObjectType, GraphQLNonNull, GraphQLScalarType

from tests.isolation import CONTRACT, ROOTS
from tests.people import Person, codes_and_paths
from tests.syncs import faults
from tests.test_directory import a_user
from tests.world import World

RULES = (Path(__file__).parent.parent / "docs" / "rules.md").read_text()

#: What names a row by itself, of the arguments and inputs that don't narrow a list.
_NAME = re.compile(r"(?i)^((candidate|user|panel)?(external)?Id|email)$")


def _names(fields: dict[str, Any]) -> list[str]:
    """The arguments or input fields that each may name one row of the same kind."""
    scalars = {name: getattr(of.type, "of_type", of.type) for name, of in fields.items()}
    return [name for name, type in scalars.items() if isinstance(type, GraphQLScalarType) and _NAME.search(name)]


def test_whatever_can_be_named_in_two_ways_has_its_rule() -> None:
    named = {name: of.args for root in ("query", "mutation") for name, of in ROOTS[root].fields.items()}
    named |= {name: of.fields for name, of in CONTRACT.type_map.items() if isinstance(of, GraphQLInputObjectType)}
    in_two_ways = {
        name: _names(fields)
        for name, fields in named.items()
        if len(_names(fields)) > 1 and not name.endswith("Filter")
    }
    rules = [line for line in RULES.splitlines() if line.startswith("| `")]

    for name, names in in_two_ways.items():
        [rule] = [line for line in rules if line.startswith(f"| `{name}`")] or [""]
        assert [each for each in names if f"`{each}`" not in rule and not _is_own(named[name], each)] == [], name


def _is_own(fields: dict[str, Any], name: str) -> bool:
    """Whether it must be said anyway, and names the thing itself beside the names of another thing."""
    return isinstance(fields[name].type, GraphQLNonNull)


async def _refusal(person: Person, field: str, **names: str) -> str | None:
    """The code with which a look-up by these names is refused, or None where it is answered."""
    document = f"query ($id: ID, $externalId: String) {{ {field}(id: $id, externalId: $externalId) {{ id }} }}"
    errors = (await person.answer(document, **names)).get("errors")
    return errors[0]["extensions"]["code"] if errors else None


@pytest.mark.parametrize("field", ["candidate", "interviewPanel"])
async def test_a_look_up_without_a_name_or_with_names_that_contradict_is_refused(field: str, world: World) -> None:
    panels = [await world.goodtime.push(**world.a_panel(name, candidateExternalId=name)) for name in ("carla", "lea")]
    ids = {"candidate": world.candidates["lea"], "interviewPanel": panels[1]["panel"]["id"]}

    assert await _refusal(world.rita, field, id=ids[field], externalId="lea") is None
    assert await _refusal(world.rita, field, id="cnd_unknown", externalId="unknown") is None
    for names in ({}, {"id": ids[field], "externalId": "carla"}, {"id": ids[field], "externalId": "unknown"}):
        assert await _refusal(world.rita, field, **names) == "BAD_USER_INPUT"
    # Out of scope is as if it never was.
    assert await _refusal(world.leo, field, id=ids[field], externalId="carla") == "BAD_USER_INPUT"
    assert await _refusal(world.leo, field, id=ids[field], externalId="unknown") == "BAD_USER_INPUT"
    assert await _refusal(world.leo, field, id="cnd_unknown", externalId="carla") is None


async def test_a_push_whose_names_of_the_candidate_contradict_is_refused_whole(world: World) -> None:
    carla, lea = world.candidates["carla"], world.candidates["lea"]
    agreeing = world.a_panel("p", candidateId=lea, candidateExternalId="lea")
    different = [{"candidateId": lea, "candidateExternalId": name} for name in ("carla", "unknown")]
    unknown = world.a_panel("p", candidateId="cnd_unknown", candidateExternalId="unknown")

    for names in different:
        refused = await world.goodtime.push(**world.a_panel("p", **names))
        assert codes_and_paths(refused["errors"]) == [("INVALID", "input.candidateExternalId")]
        assert refused["panel"] is None
    one = {"panelExternalId": "p", "interview": world.an_interview("one"), "timezone": "UTC"}
    by_itself = await world.goodtime.push_one(**one, candidateId=carla, candidateExternalId="lea")
    assert codes_and_paths(by_itself["errors"]) == [("INVALID", "input.candidateExternalId")]
    assert codes_and_paths((await world.goodtime.push(**unknown))["errors"]) == [
        ("NOT_FOUND", "input.candidateExternalId")
    ]
    assert (await world.goodtime.push(**agreeing))["errors"] == []


async def test_an_interviewer_whose_names_contradict_is_refused(world: World) -> None:
    people = [{"userId": world.ivo.id, "email": world.email(name)} for name in ("noor", "nobody")]
    people += [{"userId": "usr_unknown", "email": world.email("ivo")}, {}]

    refused = await world.goodtime.push(**world.a_panel("p", world.an_interview("one", *people)))

    path = "input.interviews.0.interviewers"
    assert codes_and_paths(refused["errors"]) == [
        *(("INVALID", f"{path}.{place}.email") for place in range(3)),
        ("INVALID", f"{path}.3"),
    ]
    assert "different users" in refused["errors"][0]["message"]


@pytest.mark.parametrize("named", [{}, {"id": "pan_x", "externalId": "p"}])
async def test_a_cancel_names_its_panel_in_one_way(named: dict[str, str], world: World) -> None:
    for person in (world.rita, world.goodtime):
        assert codes_and_paths((await person.cancel(**named))["errors"]) == [("INVALID", "input")]


@pytest.mark.parametrize(
    "named", [{}, {"externalId": "one"}, {"panelExternalId": "p"}, {"id": "itv_x", "externalId": "one"}]
)
async def test_a_cancel_names_its_interview_in_one_way(named: dict[str, str], world: World) -> None:
    for person in (world.rita, world.goodtime):
        assert codes_and_paths((await person.cancel_one(**named))["errors"]) == [("INVALID", "input")]


async def test_a_user_keeps_the_external_id_that_they_have(world: World) -> None:
    other = a_user(world, "other", email=world.email("ivo"))
    both = a_user(world, "ivo", email=world.email("noor"))

    assert faults(await world.sam.sync("users", [other])) == [("TAKEN", "users.0.email")]
    assert faults(await world.sam.sync("users", [both])) == [("TAKEN", "users.0.email")]


async def test_an_email_without_an_external_id_takes_the_first_one_that_comes(world: World) -> None:
    plain = a_user(world, "new", externalId=None)
    [made] = (await world.sam.sync("users", [plain], "id externalId"))["users"]

    [named] = (await world.sam.sync("users", [plain | {"externalId": "user-new"}], "id externalId"))["users"]
    refused = await world.sam.sync("users", [plain | {"externalId": "user-newer"}])
    trail = await world.sam.ask("{ auditEvents(first: 1) { edges { node { act targetId } } } }")

    assert made == {"id": named["id"], "externalId": None}
    assert named["externalId"] == "user-new"
    assert faults(refused) == [("TAKEN", "users.0.email")]
    assert trail["auditEvents"]["edges"][0]["node"] == {"act": "EXTERNAL_ID_CHANGED", "targetId": made["id"]}


async def test_whoever_was_deactivated_comes_back_by_the_name_that_they_have_and_by_no_other(world: World) -> None:
    """A new hire who gets a leaver's address does not become the leaver, whichever of the two has an external id."""
    plain = a_user(world, "new", externalId=None)
    await world.sam.sync("users", [plain, plain | {"email": f"x-{world.email('new')}"}])
    for leaver in (a_user(world, "ivo"), plain):
        assert faults(await world.sam.sync("users", [leaver | {"deactivated": True}])) == []

    by_email = a_user(world, "ivo", externalId=None)
    by_new_id = plain | {"externalId": "user-new"}
    refused = [faults(await world.sam.sync("users", [row])) for row in (by_email, by_new_id)]
    back = [
        (await world.sam.sync("users", [row], "id deactivatedAt"))["users"][0] for row in (a_user(world, "ivo"), plain)
    ]
    named = await world.sam.sync("users", [by_new_id], "id externalId")

    assert refused == [[("TAKEN", "users.0.email")]] * 2
    assert back[0] == {"id": world.ivo.id, "deactivatedAt": None}
    assert named["users"] == [{"id": back[1]["id"], "externalId": "user-new"}]


async def test_two_candidates_may_share_an_email_since_it_names_nobody(world: World) -> None:
    rows = [
        {"externalId": name, "name": name, "stage": "On-site", "emails": ["carla@mail.example"]}
        for name in ("one", "two")
    ]

    synced = await world.sam.sync("candidates", rows, "id externalId")

    assert synced["errors"] == []
    assert len({world.candidates["carla"], *(row["id"] for row in synced["candidates"])}) == 3


async def test_external_ids_are_compared_letter_by_letter(world: World) -> None:
    rows = [{"externalId": name, "name": name, "stage": "On-site"} for name in ("Carla", " carla", "carla ")]

    synced = await world.sam.sync("candidates", rows, "id")

    assert len({world.candidates["carla"], *(row["id"] for row in synced["candidates"])}) == 4
