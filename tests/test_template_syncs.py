"""Syncs of feedback templates and their fields."""

from typing import Any

import pytest

from tests.syncs import LONG, SCORE, a_template, faults
from tests.world import World


@pytest.mark.parametrize(
    ("fields", "paths"),
    [
        ([], ["fields"]),
        ([SCORE, *({"type": "TEXT", "label": f"Field {n}"} for n in range(100))], ["fields"]),
        ([{"type": "TEXT", "label": "Notes"}], ["fields"]),
        ([SCORE, SCORE | {"label": "Another"}], ["fields"]),
        ([SCORE | {"label": ""}], ["fields.0.label"]),
        ([SCORE | {"options": ["Hire", "No Hire"]}], ["fields.0.options"]),
        ([SCORE, {"type": "YES_NO", "label": "Again?", "options": ["Si", "No"]}], ["fields.1.options"]),
        ([SCORE, {"type": "DROPDOWN", "label": "Level"}], ["fields.1.options"]),
        ([SCORE, {"type": "DROPDOWN", "label": "Level", "options": [str(n) for n in range(101)]}],
         ["fields.1.options"]),
        ([SCORE, {"type": "MULTIPLE_SELECT", "label": "Skills", "options": ["A", "A"]}], ["fields.1.options"]),
        ([SCORE, {"type": "DROPDOWN", "label": "Level", "options": ["A", ""]}], ["fields.1.options.1"]),
        ([SCORE, {"type": "TEXT", "label": "Notes", "options": ["A"]}], ["fields.1.options"]),
        ([SCORE, {"type": "TEXT", "label": LONG, "description": "a\x07b"}],
         ["fields.1.description", "fields.1.label"]),
    ],
)  # fmt: skip
async def test_a_template_has_fields_of_which_exactly_one_is_a_score_and_options_only_where_they_belong(
    fields: list[dict[str, Any]], paths: list[str], world: World
) -> None:
    synced = await world.sam.sync("feedbackTemplates", [a_template() | {"fields": fields}])

    assert sorted(faults(synced)) == [("INVALID", f"feedbackTemplates.0.{path}") for path in paths]


async def test_the_fields_of_a_template_have_their_options(world: World) -> None:
    fields = [
        SCORE | {"required": True},
        {"type": "YES_NO", "label": "Again?"},
        {"type": "DROPDOWN", "label": "Level", "options": ["Junior", "Senior"], "description": "Where they stand"},
    ]

    synced = await world.sam.sync(
        "feedbackTemplates", [a_template(*fields)], "fields { type label description required options }"
    )

    assert synced["feedbackTemplates"][0]["fields"] == [
        SCORE
        | {"description": None, "required": True, "options": ["Strong No Hire", "No Hire", "Hire", "Strong Hire"]},
        {"type": "YES_NO", "label": "Again?", "description": None, "required": False, "options": ["Yes", "No"]},
        fields[2] | {"required": False},
    ]


async def test_a_field_of_the_same_type_and_label_keeps_its_id(world: World) -> None:
    notes = {"type": "TEXT", "label": "Notes"}

    async def ids(*fields: dict[str, Any]) -> list[str]:
        synced = await world.sam.sync("feedbackTemplates", [a_template(*fields)], "fields { id }")
        assert synced["errors"] == []
        return [field["id"] for field in synced["feedbackTemplates"][0]["fields"]]

    score, first, second = await ids(SCORE, notes, notes)

    assert await ids(SCORE, notes, notes) == [score, first, second]
    assert await ids(notes, SCORE | {"required": True}) == [first, score]
    [changed, _] = await ids(SCORE | {"label": "In all"}, notes)
    assert changed not in (score, first, second)


async def test_templates_are_listed_by_name_without_the_archived_unless_asked_for(world: World) -> None:
    await world.sam.sync("feedbackTemplates", [a_template(externalId="values", name="A hundred %", archived=True)])
    document = """query ($search: String, $archived: Boolean = false) {
      feedbackTemplates(search: $search, includeArchived: $archived) { edges { node { name archivedAt } } } }"""

    async def listed(**arguments: Any) -> list[str]:
        edges = (await world.rita.ask(document, **arguments))["feedbackTemplates"]["edges"]
        return [edge["node"]["name"] for edge in edges]

    assert await listed() == ["Technical"]
    assert await listed(archived=True) == ["A hundred %", "Technical"]
    assert await listed(search="TECH", archived=True) == ["Technical"]
    assert await listed(search="%", archived=True) == ["A hundred %"]


async def test_all_that_is_wrong_with_templates_is_reported_at_once(world: World) -> None:
    rows = [a_template(externalId="", name=LONG, instructions="a\x07b"), a_template(), a_template()]

    synced = await world.sam.sync("feedbackTemplates", rows)

    assert faults(synced) == [
        ("TAKEN", "feedbackTemplates.2.externalId"),
        ("INVALID", "feedbackTemplates.0.externalId"),
        ("INVALID", "feedbackTemplates.0.name"),
        ("INVALID", "feedbackTemplates.0.instructions"),
    ]
    assert synced["feedbackTemplates"] == []
