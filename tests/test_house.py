"""The few rules of the house that no linter knows: how rows are reached, what stands alone, how things are called."""

import ast
from functools import cache
from pathlib import Path

import pytest
from tortoise.models import Model

import models

pytestmark = pytest.mark.once

ROOT = Path(__file__).parent.parent
ROOMS = (
    *("auth", "database", "execution", "feed", "models"),
    *("operations", "resolvers", "schema", "simulator", "transport"),
)
MODULES = sorted(
    path.relative_to(ROOT)
    for path in (*ROOT.glob("*.py"), *(path for room in ROOMS for path in (ROOT / room).glob("*.py")))
)
OURS = {*ROOMS, *(path.stem for path in ROOT.glob("*.py"))}

#: What the domain is about: each word has its file in every room that has something to say about it.
WORDS = {
    *("audit", "cancels", "candidates", "changes", "directory", "feedback", "integrations"),
    *("panels", "pushes", "syncs"),
}
#: The files of a room that are about no word but about the room itself.
TOOLS = {
    "models": {"base"},
    "resolvers": {
        *("access", "aggregate", "calendar", "cursors", "declarations", "errors", "listing", "lookups"),
        *("merge", "queries", "revisions", "template_syncs", "units", "user_syncs", "validation", "warnings"),
    },
    "schema": {
        *("connections", "context", "enums", "errors", "inputs", "node", "refs", "scalars"),
    },
}
#: Who may import what of ours, for those who otherwise stand alone.
LEAVES = {"clock": set(), "settings": set(), "logs": set()}
LEAVES |= {"metrics": set(), "traces": set()}

MODELS = {name for name, value in vars(models).items() if isinstance(value, type) and issubclass(value, Model)}
#: What asks the database for rows; making new ones is no question.
READS = {
    *("all", "annotate", "exclude", "exists", "fetch_for_list", "filter", "first", "get", "get_or_create"),
    *("get_or_none", "in_bulk", "last", "raw", "select_for_update", "update_or_create"),
}


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse((ROOT / path).read_text())


def imported(path: Path) -> set[str]:
    """What of ours a module imports from: a room, or a file that is none."""
    nodes = list(ast.walk(tree(path)))
    modules = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    modules |= {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
    return {name.split(".")[0] for name in modules} & OURS


def names(path: Path) -> set[str]:
    return {node.id for node in ast.walk(tree(path)) if isinstance(node, ast.Name)}


def asked(path: Path) -> list[tuple[str, str]]:
    """Who is asked for what: `("User", "filter")` for `models.User.filter` and for `User.filter`."""
    attributes = [node for node in ast.walk(tree(path)) if isinstance(node, ast.Attribute)]
    return [(getattr(node.value, "attr", getattr(node.value, "id", "")), node.attr) for node in attributes]


def test_every_module_says_what_lives_in_it() -> None:
    assert [str(path) for path in MODULES if not ast.get_docstring(tree(path))] == []


def test_rows_are_reached_only_through_their_scope() -> None:
    rules = [
        path
        for path in MODULES
        if path.parts[0] in ("resolvers", "schema", "operations", "transport") and path.stem != "access"
    ]
    offenders = [
        (str(path), *question)
        for path in rules
        for question in asked(path)
        if question[0] in MODELS and question[1] in READS
    ]

    assert offenders == []


def test_what_is_followed_is_told_by_topics_not_by_the_feed() -> None:
    nodes = [node for path in MODULES if path.parts[0] == "feed" for node in ast.walk(tree(path))]
    names_ = {alias.name for node in nodes if getattr(node, "module", None) == "models" for alias in node.names}

    assert names_ == {"Account", "LogEntry", "Role", "TopicChange", "TopicLog"}


def test_transactions_are_opened_in_one_place_only() -> None:
    assert {str(path) for path in MODULES if "in_transaction" in names(path)} == {"database/transactions.py"}
    assert {str(path) for path in MODULES if "open_transaction" in names(path)} == {"database/transactions.py"}


def test_statements_are_written_by_hand_only_where_the_rules_keep_them() -> None:
    by_hand = {str(path) for path in MODULES if any(what.startswith("execute_query") for _, what in asked(path))}

    assert {path for path in by_hand if not path.startswith("database/")} <= {"resolvers/units.py"}


@pytest.mark.parametrize("leaf", LEAVES)
def test_a_leaf_stands_alone(leaf: str) -> None:
    assert imported(Path(f"{leaf}.py")) <= LEAVES[leaf]


@pytest.mark.parametrize("room", TOOLS)
def test_a_word_is_called_the_same_in_every_room(room: str) -> None:
    files = {path.stem for path in (ROOT / room).glob("*.py")} - {"__init__"}

    assert files <= WORDS | TOOLS[room]
    assert files >= TOOLS[room]


def test_every_word_has_its_rules_its_face_and_its_tests() -> None:
    for room in ("resolvers", "schema"):
        assert {path.stem for path in (ROOT / room).glob("*.py")} >= WORDS, room
    assert {path.stem.removeprefix("test_") for path in (ROOT / "tests").glob("test_*.py")} >= WORDS
