"""What can't be read is refused with its place, its argument and what would be right, in a literal as in a variable."""

from typing import Any

import pytest

from tests.people import Server
from tests.world import World

DATE_TIME = "A DateTime is ISO 8601, such as 2026-03-31T09:00:00-04:00."
ORDERS = "It takes STARTS_AT, UPDATED_AT."

#: An argument, the type of a variable in its place, a value that can't be read there, where it is and why.
UNREADABLE: list[tuple[str, str, str, Any, list[str], str]] = [
    ("filter", "InterviewPanelFilter", '{startsAfter: "2026"}', {"startsAfter": "2026"}, ["startsAfter"], DATE_TIME),
    ("filter", "InterviewPanelFilter", "{startsAfter: 5}", {"startsAfter": 5}, ["startsAfter"], DATE_TIME),
    (
        "filter",
        "InterviewPanelFilter",
        "{status: [COMPLETE, OVER]}",
        {"status": ["COMPLETE", "OVER"]},
        ["status", "1"],
        "The value does not exist in 'InterviewPanelStatus' enum. "
        "It takes TENTATIVE, SCHEDULED, AWAITING_FEEDBACK, COMPLETE, CANCELED.",
    ),
    ("first", "Int", '"ten"', "ten", [], "Int cannot represent non-integer value."),
    (
        "orderBy",
        "InterviewPanelOrder",
        "NAME",
        "NAME",
        [],
        f"The value does not exist in 'InterviewPanelOrder' enum. {ORDERS}",
    ),
    (
        "filter",
        "InterviewPanelFilter",
        "5",
        5,
        [],
        "Expected value of type 'InterviewPanelFilter' to be an object.",
    ),
]


@pytest.fixture(scope="module")
async def world(running: Server) -> World:
    return await World.create(running)


@pytest.mark.parametrize(("argument", "kind", "literal", "value", "below", "why"), UNREADABLE)
async def test_what_can_not_be_read_is_refused_with_its_place(
    argument: str, kind: str, literal: str, value: Any, below: list[str], why: str, world: World
) -> None:
    document = f"{{ interviewPanels({argument}: {literal}) {{ totalCount }} }}"
    asked = f"query ($value: {kind}) {{ interviewPanels({argument}: $value) {{ totalCount }} }}"
    place = "".join(f"[{each}]" if each.isdigit() else f".{each}" for each in below)
    where = f" at {place}" if place else ""

    [as_literal] = (await world.rita.answer(document))["errors"]
    [as_variable] = (await world.rita.answer(asked, value=value))["errors"]

    assert as_literal["message"] == f"Argument '{argument}' has invalid value{where}: {why}"
    assert as_variable["message"] == f"Variable '$value' has invalid value{where}: {why}"
    assert as_literal["extensions"]["path"] == [argument, *below]
    assert as_variable["extensions"]["path"] == ["value", *below]
    assert as_literal["locations"]
    assert as_variable["extensions"]["code"] == "BAD_USER_INPUT"


async def test_all_literals_that_can_not_be_read_are_told_at_once(world: World) -> None:
    document = """mutation { upsertInterviewPanel(input: {externalId: "a", timezone: "Mars", interviews: [{
      externalId: "a", subject: "b", startsAt: "2026-01-01T00:00:00", durationMinutes: 5, interviewers: []}]}) {
      outcome } }"""

    errors = (await world.goodtime.answer(document))["errors"]

    assert [(error["extensions"]["path"], error["message"].rpartition(": ")[2]) for error in errors] == [
        (["input", "timezone"], "A TimeZone is an IANA name, such as America/New_York."),
        (["input", "interviews", "0", "startsAt"], "A DateTime needs its offset, such as -04:00 or Z."),
    ]
    assert {error["extensions"]["code"] for error in errors} == {"BAD_USER_INPUT"}


async def test_a_default_of_a_variable_is_told_by_its_name(world: World) -> None:
    document = 'query ($since: DateTime = "soon") { interviewPanels(filter: {updatedSince: $since}) { totalCount } }'

    [error] = (await world.rita.answer(document))["errors"]

    assert error["message"] == f"Variable '$since' has invalid value: {DATE_TIME}"


async def test_an_enum_in_quotation_marks_is_told_what_it_takes(world: World) -> None:
    [error] = (await world.rita.answer('{ interviewPanels(orderBy: "UPDATED_AT") { totalCount } }'))["errors"]

    assert error["message"].endswith(f"Enum 'InterviewPanelOrder' cannot represent non-enum value. {ORDERS}")
