"""What the tests of limits share: how an operation is judged."""

import re
from collections.abc import Iterator
from pathlib import Path
from string import Template
from typing import Any

from graphql import print_ast

import server
from operations.documents import Documents
from simulator import documents
from tests.world import World

ROOT = Path(server.__file__).parent


async def refusal(world: World, query: str, **variables: Any) -> dict[str, Any]:
    """The extensions of the only error that Rita gets: the operation was not run."""
    answer = await world.rita.answer(query, **variables)
    assert "data" not in answer, answer
    [error] = answer["errors"]
    return dict(error["extensions"])


def cost(query: str, **variables: Any) -> int:
    """What the only operation of a document costs."""
    return Documents().prepare(query, None).cost.of(variables)


def console_operations() -> Iterator[tuple[str, str]]:
    """Every operation that the console's scripts send, with the texts of their constants put in."""
    scripts = [ROOT / "console" / "fragments.js", *sorted((ROOT / "console").glob("*.js"))]
    constants: dict[str, str] = {}
    for script in scripts:
        text = script.read_text()
        constants |= dict(re.findall(r"const ([A-Z]+) = `([^`]*)`", text))
        for literal in re.findall(r"`([^`]*)`", text):
            operation = literal
            while operation != (operation := Template(operation).safe_substitute(constants)):
                pass
            name = re.search(r"\b(?:query|mutation|subscription) ([A-Z]\w+)", operation)
            if name and "${" not in operation:
                yield f"{script.name}: {name[1]}", operation


HONEST = {
    **dict(console_operations()),
    **{path.name: path.read_text() for path in sorted((ROOT / "examples").glob("*.graphql"))},
    **{f"GoodTime: {name}": print_ast(mutation.document) for name, mutation in documents.MUTATIONS.items()},
    "GoodTime: candidates": print_ast(documents.CANDIDATES.document),
    "GoodTime: a panel": print_ast(documents.PANEL.document),
}
