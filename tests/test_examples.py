"""The examples: valid under the contract, and the followers miss nothing and repeat nothing, whatever is cut."""

import re
from pathlib import Path

import pytest
from graphql import build_schema, parse, validate

ROOT = Path(__file__).parent.parent
EXAMPLES = ROOT / "examples"
FOLLOWERS = [EXAMPLES / "follow.py", EXAMPLES / "follow.ts"]


def documents(path: Path) -> list[str]:
    """The GraphQL in a file, whole or between the quotes of its language."""
    if path.suffix == ".graphql":
        return [path.read_text()]
    return re.findall(r'(?:"""|`)((?:query|subscription) [^`"]*)(?:"""|`)', path.read_text())


@pytest.mark.parametrize("path", [*EXAMPLES.glob("*.graphql"), *FOLLOWERS], ids=lambda path: path.name)
def test_every_document_of_the_examples_is_valid_under_the_contract(path: Path) -> None:
    contract = build_schema((ROOT / "docs/contract.graphql").read_text())

    found = documents(path)

    assert len(found) == (3 if path in FOLLOWERS else 1)
    assert [error for document in found for error in validate(contract, parse(document))] == []


@pytest.mark.parametrize("path", FOLLOWERS, ids=lambda path: path.name)
def test_a_follower_is_short_enough_to_be_copied(path: Path) -> None:
    assert len(path.read_text().splitlines()) < 80
