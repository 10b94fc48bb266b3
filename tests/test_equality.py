"""What counts as the same value, for every field of every input: the table of docs/rules.md, held by a walk over all.

What pushes say of panels and interviews is held by tests/test_push_spellings.py, whose spellings are counted here.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from graphql import GraphQLInputObjectType, GraphQLNamedType, get_named_type
from tortoise import Tortoise

import models
from tests.isolation import ROOTS
from tests.syncs import SCORE, faults
from tests.test_push_spellings import OF_INTERVIEW, OF_PANEL
from tests.world import World

RULES = (Path(__file__).parent.parent / "docs" / "rules.md").read_text()

LETTERS, EMAIL, ROW, TEXT, URL = "ids", "emails", "who is meant", "texts", "a URL"
ZONE, INSTANT, VALUE = "a time zone", "an instant", "numbers"

#: By which row of the table two values of each field are compared.
RULE_OF = {
    "UpsertInterviewPanelInput": {
        **{
            "externalId": LETTERS,
            "candidateId": ROW,
            "candidateExternalId": ROW,
            "sequence": VALUE,
            "tentative": VALUE,
        },
        **{"externalUrl": URL, "timezone": ZONE, "note": TEXT, "interviews": "`interviews`"},
    },
    "InterviewInput": {
        **{"externalId": LETTERS, "calendarUid": LETTERS, "subject": TEXT, "note": TEXT, "location": TEXT},
        **{"startsAt": INSTANT, "durationMinutes": VALUE, "meetingUrl": URL, "feedbackReminder": VALUE},
        **{"feedbackTemplateId": ROW, "interviewers": "`interviewers`"},
    },
    "InterviewerInput": {
        **{"userId": ROW, "email": ROW, "feedbackTemplateId": ROW},
        **{"feedbackRequired": VALUE, "responseStatus": VALUE},
    },
    "UpsertInterviewInput": {
        **{"panelExternalId": LETTERS, "candidateId": ROW, "candidateExternalId": ROW, "sequence": VALUE},
        **{"externalUrl": URL, "timezone": ZONE, "interview": "`interviews`"},
    },
    "CancelInterviewPanelInput": {
        **{"id": LETTERS, "externalId": LETTERS, "provider": VALUE, "reason": TEXT},
        **{"sequence": VALUE, "expectedVersion": VALUE},
    },
    "CancelInterviewInput": {
        **{"id": LETTERS, "panelExternalId": LETTERS, "externalId": LETTERS, "provider": VALUE, "reason": TEXT},
        **{"sequence": VALUE, "expectedVersion": VALUE},
    },
    "RestoreInterviewPanelInput": {"id": LETTERS, "expectedVersion": VALUE},
    "SubmitFeedbackInput": {"formId": LETTERS, "answers": "`answers`"},
    "FeedbackAnswerInput": {"fieldId": LETTERS, "values": TEXT},
    "UserInput": {"externalId": LETTERS, "email": EMAIL, "name": TEXT, "role": VALUE, "deactivated": VALUE},
    "PostingInput": {"externalId": LETTERS, "title": TEXT, "hiringManagerEmail": "references"},
    "StageInput": {"name": TEXT, "position": VALUE, "hasInterview": VALUE},
    "CandidateInput": {
        **{"externalId": LETTERS, "name": TEXT, "headline": TEXT, "emails": "`emails`", "stage": "references"},
        **{"postingExternalId": "references", "ownerEmail": "references", "followerEmails": "`followerEmails`"},
        **{"archived": VALUE, "mergedIntoExternalId": "references", "restoreErased": VALUE},
    },
    "FeedbackTemplateInput": {
        **{"externalId": LETTERS, "name": TEXT, "instructions": TEXT, "fields": "`fields`", "archived": VALUE},
    },
    "FeedbackFieldInput": {
        **{"type": VALUE, "label": TEXT, "description": TEXT, "required": VALUE, "options": "`fields`"},
    },
}

LEFT_OUT = object()
#: Of the inputs of syncs: two spellings of one value. What is left out here, or null, is as good as its default.
SPELLINGS: dict[str, list[tuple[str, Any, Any]]] = {
    "users": [
        ("email", "new@acme.example", " New@ACME.example "),
        ("name", "Zo\u00eb New", " Zoe\u0308 New"),
        ("externalId", "new", "new"),
        ("role", "INTERVIEWER", "INTERVIEWER"),
        ("deactivated", False, None),
    ],
    "postings": [
        ("externalId", "new", "new"),
        ("title", "Caf\u00e9", "Cafe\u0301 "),
        ("hiringManagerEmail", None, " "),
        ("hiringManagerEmail", "rita", "RITA"),
    ],
    "stages": [
        ("name", "Caf\u00e9", " Cafe\u0301"),
        ("position", 7, 7),
        ("hasInterview", False, None),
    ],
    "candidates": [
        ("externalId", "new", "new"),
        ("name", "Zo\u00eb", "Zoe\u0308 "),
        ("headline", None, " "),
        ("headline", "Engineer", " Engineer"),
        ("emails", ["a@mail.example", "b@mail.example"], ["A@mail.example ", "b@MAIL.example"]),
        ("emails", [], LEFT_OUT),
        ("stage", "On-site", " On-site "),
        ("postingExternalId", None, ""),
        ("ownerEmail", None, " "),
        ("ownerEmail", "rita", "RITA"),
        ("followerEmails", ["rita", "ada"], ["Ada", "rita", "RITA"]),
        ("followerEmails", [], LEFT_OUT),
        ("archived", False, None),
        ("mergedIntoExternalId", None, ""),
        ("mergedIntoExternalId", "lea", "lea"),
        ("restoreErased", False, None),
    ],
    "feedbackTemplates": [
        ("externalId", "new", "new"),
        ("name", "Caf\u00e9", "Cafe\u0301 "),
        ("instructions", None, "\n"),
        ("instructions", "a\nb", "a\r\nb "),
        ("archived", False, None),
    ],
}
#: The same of a template's fields.
FIELD_SPELLINGS: list[tuple[str, Any, Any]] = [
    ("type", "DROPDOWN", "DROPDOWN"),
    ("label", "Level", "Level "),
    ("description", None, ""),
    ("description", "a\nb", "a\r\nb"),
    ("required", False, None),
    ("options", ["Caf\u00e9", "B"], ["Cafe\u0301", " B"]),
]
BASES: dict[str, dict[str, Any]] = {
    "users": {"email": "new@acme.example", "name": "New", "role": "INTERVIEWER", "externalId": "new"},
    "postings": {"externalId": "new", "title": "New"},
    "stages": {"name": "New", "position": 7},
    "candidates": {"externalId": "new", "name": "New", "stage": "On-site"},
    "feedbackTemplates": {"externalId": "new", "name": "New", "fields": [SCORE]},
}


def input_types(of: GraphQLNamedType) -> Iterator[GraphQLInputObjectType]:
    """The input with all that hang below it."""
    if isinstance(of, GraphQLInputObjectType):
        yield of
        for field in of.fields.values():
            yield from input_types(get_named_type(field.type))


@pytest.mark.once
def test_every_field_of_every_input_has_its_rule() -> None:
    arguments = (argument for field in ROOTS["mutation"].fields.values() for argument in field.args.values())
    inputs = {each.name: each for argument in arguments for each in input_types(get_named_type(argument.type))}
    section = RULES.partition("### When two values")[2].partition("\n## ")[0]
    first_cells = re.findall(r"^\| ([^|]+) \|", section, re.MULTILINE)

    assert {name: set(each.fields) for name, each in inputs.items()} == {
        name: set(rules) for name, rules in RULE_OF.items()
    }
    for rule in {rule for rules in RULE_OF.values() for rule in rules.values()}:
        assert [cell for cell in first_cells if cell.startswith(rule)], f"docs/rules.md has no row for {rule}"


@pytest.mark.once
def test_every_field_of_a_sync_and_every_text_of_a_push_is_tried_in_two_spellings() -> None:
    tried = {f"{what[0].upper()}{what[1:-1]}Input": {each[0] for each in pairs} for what, pairs in SPELLINGS.items()}
    tried["FeedbackTemplateInput"].add("fields")
    tried["FeedbackFieldInput"] = {name for name, *_ in FIELD_SPELLINGS}
    spelled = (TEXT, URL, ZONE, INSTANT)
    pushed = {"UpsertInterviewPanelInput": OF_PANEL, "InterviewInput": OF_INTERVIEW}

    assert tried == {name: set(RULE_OF[name]) for name in tried}
    for name, pairs in pushed.items():
        of_many_spellings = {field for field, rule in RULE_OF[name].items() if rule in spelled}
        assert of_many_spellings <= {field for field, *_ in pairs}, name


async def stored(world: World) -> dict[str, Any]:
    """All that is stored of the account, when what was written too."""
    rows = {}
    for model in Tortoise.apps["models"].values():
        if "account_id" in model._meta.db_fields and model is not models.ApiKey:
            rows[model.__name__] = await model.filter(account_id=world.account.id).order_by("id").values()
    position = (await models.Account.get(id=world.account.id)).position
    return rows | {"position": position, "followers": await models.Follower.all().order_by("id").values()}


def in_world(value: Any, world: World) -> Any:
    """The value with the emails of the world's people for their names."""
    if isinstance(value, list):
        return [in_world(each, world) for each in value]
    is_name = isinstance(value, str) and value.lower() in ("rita", "ada")
    return world.email(value) if is_name else value


async def sync_twice(world: World, what: str, one: dict[str, Any], other: dict[str, Any]) -> None:
    """Fails where the second row is taken for another content."""
    assert faults(await world.sam.sync(what, [one])) == []
    before = await stored(world)
    assert faults(await world.sam.sync(what, [other])) == []
    assert await stored(world) == before


@pytest.mark.parametrize(
    ("what", "field", "value", "spelling"),
    [(what, *each) for what, pairs in SPELLINGS.items() for each in pairs],
)
async def test_a_synced_row_in_another_spelling_writes_nothing(
    what: str, field: str, value: object, spelling: object, world: World
) -> None:
    rows = (BASES[what] | {field: in_world(each, world)} for each in (value, spelling))
    one, other = ({name: each for name, each in row.items() if each is not LEFT_OUT} for row in rows)

    await sync_twice(world, what, one, other)


@pytest.mark.parametrize(("field", "value", "spelling"), FIELD_SPELLINGS)
async def test_a_templates_field_in_another_spelling_writes_nothing(
    field: str, value: object, spelling: object, world: World
) -> None:
    base = {"type": "DROPDOWN", "label": "Level", "options": ["A", "B"]}
    one, other = (BASES["feedbackTemplates"] | {"fields": [SCORE, base | {field: each}]} for each in (value, spelling))

    await sync_twice(world, "feedbackTemplates", one, other)


async def test_an_option_is_chosen_in_any_spelling(world: World) -> None:
    field = {"type": "DROPDOWN", "label": "Where", "options": ["Caf\u00e9 ", "Office"]}
    synced = await world.sam.sync("feedbackTemplates", [BASES["feedbackTemplates"] | {"fields": [SCORE, field]}])
    [template] = synced["feedbackTemplates"]
    interview = world.an_interview("one", "ivo", feedbackTemplateId=template["id"])
    pushed = await world.goodtime.push(**world.a_panel("p", interview))
    form = pushed["panel"]["interviews"][0]["interviewers"][0]["feedbackForm"]["id"]

    submitted = await world.ivo.fill(form, "Hire", "Cafe\u0301")

    assert submitted["errors"] == []
    assert [answer["values"] for answer in submitted["form"]["answers"]] == [["Hire"], ["Caf\u00e9"]]


async def test_ids_in_other_letters_are_others(world: World) -> None:
    for what, rows, name in (
        ("candidates", [BASES["candidates"] | {"externalId": each} for each in ("new", "New", "new ")], "externalId"),
        ("postings", [BASES["postings"] | {"externalId": each} for each in ("new", "New", "new ")], "externalId"),
        ("stages", [BASES["stages"] | {"name": each} for each in ("New", "new")], "name"),
    ):
        synced = await world.sam.sync(what, rows, f"id {name}")
        assert len({each["id"] for each in synced[what]}) == len(rows)
    for external_id in ("p", "P", "p "):
        assert (await world.goodtime.push(**world.a_panel(external_id)))["outcome"] == "CREATED"
