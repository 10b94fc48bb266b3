"""The docs for people who write clients: what they list is all there is, and what they ask for is valid."""

import json
import re
import subprocess
from pathlib import Path

import pytest
from graphql import GraphQLInterfaceType, GraphQLUnionType, build_schema, parse, validate

from auth.refusals import Code
from resolvers.errors import ErrorCode, WarningCode
from tests.processes import reference_clients, tool

pytestmark = pytest.mark.once

ROOT = Path(__file__).parent.parent
DOCS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
GRAPHQL = [
    pytest.param(block, id=f"{path.name}, {block.split()[0]} {number}")
    for path in DOCS
    for number, block in enumerate(re.findall(r"```graphql\n(.*?)```", path.read_text(), re.DOTALL))
]


def table(page: str, heading: str) -> list[list[str]]:
    """The rows of the first table below a heading, without its first two lines."""
    below = (ROOT / "docs" / page).read_text().split(f"{heading}\n", 1)[1]
    lines = re.search(r"(?:^\|.*\n)+", below, re.MULTILINE)
    assert lines, f"there is a table below {heading}"
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[0].splitlines()[2:]]


@pytest.mark.parametrize(
    ("heading", "codes"),
    [
        ("### In the payload: `UserError.code`", {code.value for code in ErrorCode}),
        ("### Beside it: `Warning.code`", {code.value for code in WarningCode}),
        ("### Instead of an answer: `extensions.code`", {code.value for code in Code}),
    ],
)
def test_schedulers_find_every_code_with_what_to_do(heading: str, codes: set[str]) -> None:
    rows = table("schedulers.md", heading)

    assert sorted(row[0].strip("` ") for row in rows) == sorted(codes)
    assert all(cell for row in rows for cell in row)
    if "Warning" not in heading:
        assert {row[3].strip(" |") for row in rows} <= {"yes", "no", "changed"}


@pytest.mark.parametrize("block", GRAPHQL)
def test_what_the_docs_ask_for_is_valid_under_the_contract(block: str) -> None:
    contract = build_schema((ROOT / "docs/contract.graphql").read_text())

    assert validate(contract, parse(block)) == []


def close_codes() -> list[list[str]]:
    return table("clients.md", "## How a WebSocket is closed, and what clients make of it")


def test_every_close_of_ours_is_in_the_table() -> None:
    source = (ROOT / "transport/websocket.py").read_text()
    ours = set(re.findall(r"(?:Closed\(|close\(|else )(\d{4})\b", source)) | {"1013"}

    assert ours | {"1001", "1006", "1009"} == {row[0] for row in close_codes()}


def test_graphql_ws_does_with_each_close_what_the_table_says() -> None:
    codes = [row[0] for row in close_codes()]

    run = subprocess.run(
        [tool("node"), "close_codes.mjs", *codes], cwd=reference_clients(), capture_output=True, text=True, check=True
    )

    assert json.loads(run.stdout) == {row[0]: row[2].split(" ")[0].rstrip(":;") for row in close_codes()}


def test_the_possible_types_to_copy_are_those_of_the_schema() -> None:
    contract = build_schema((ROOT / "docs/contract.graphql").read_text())
    page = (ROOT / "docs/clients.md").read_text()

    for name in ("Node", "Actor", "Change"):
        abstract = contract.type_map[name]
        assert isinstance(abstract, GraphQLInterfaceType | GraphQLUnionType)
        listed = re.search(rf"^ *{name}: (\[.*?\])", page, re.MULTILINE)
        assert listed
        assert json.loads(listed[1]) == sorted(
            (each.name for each in contract.get_possible_types(abstract)), key=str.lower
        )
