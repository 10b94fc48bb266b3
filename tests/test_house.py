"""The few rules of the house that no linter knows: how rows are reached, what stands alone, how things are called."""

import ast
import re
from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest
from tortoise.models import Model

import models
from tests import mutants

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
    "models": {"base", "upgrades"},
    "resolvers": {
        *(
            "access",
            "aggregate",
            "answers",
            "audiences",
            "calendar",
            "calendar_feeds",
            "contents",
            "cursors",
            "declarations",
        ),
        *("duplicates",),
        *(
            "erasure",
            "errors",
            "exports",
            "integration_health",
            "internal_candidates",
            "invite_revisions",
            "invites",
            "listing",
            "lookups",
            "merge",
            "queries",
        ),
        *("questions", "revisions", "sight", "template_syncs", "units", "user_syncs", "validation"),
        *("waivers", "warnings"),
    },
    "schema": {
        *("connections", "context", "enums", "errors", "inputs", "node", "refs", "scalars"),
    },
}
#: Who may import what of ours, for those who otherwise stand alone.
LEAVES = {"clock": set(), "settings": {"postgres_url"}, "logs": {"traces"}, "postgres_url": set()}
LEAVES |= {"fairness": set(), "metrics": set(), "traces": set(), "work": {"fairness"}, "zones": set()}

#: The rooms whose public names may be the same: what clients see is called as the model or the value that it shows.
FACES = ({"models", "schema"}, {"resolvers", "schema"})
#: The public names that stand in two other rooms on purpose, and why.
IN_TWO_ROOMS = {
    **dict.fromkeys(("Query", "Subscription"), "GraphQL calls its root types so"),
    **dict.fromkeys(("Act", "Event", "Panel", "Seat", "cancel", "push"), "the simulated scheduler has them too"),
    **dict.fromkeys(("Audience", "UnitOfWork"), "a protocol of the lower room, and the class that fulfils it"),
}
#: Words that could name anything.
VAGUE = {"its", "it", "found", "given", "told", "said", "whole", "held"}

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


def test_what_is_followed_is_defined_by_topics_not_by_the_feed() -> None:
    nodes = [node for path in MODULES if path.parts[0] == "feed" for node in ast.walk(tree(path))]
    names_ = {alias.name for node in nodes if getattr(node, "module", None) == "models" for alias in node.names}

    assert names_ == {"SIGHT_CHANGED", "Account", "Change", "LogEntry", "LogOrigin", "Role"}


def test_transactions_are_opened_in_one_place_only() -> None:
    assert {str(path) for path in MODULES if "in_transaction" in names(path)} == {"database/transactions.py"}
    assert {str(path) for path in MODULES if "open_transaction" in names(path)} == {
        *("database/repairs.py", "database/transactions.py")
    }


def test_statements_are_written_by_hand_only_where_the_rules_keep_them() -> None:
    by_hand = {str(path) for path in MODULES if any(what.startswith("execute_query") for _, what in asked(path))}

    assert {path for path in by_hand if not path.startswith("database/")} <= {
        "models/upgrades.py",
        "resolvers/units.py",
    }


@pytest.mark.parametrize("leaf", LEAVES)
def test_a_leaf_stands_alone(leaf: str) -> None:
    assert imported(Path(f"{leaf}.py")) <= LEAVES[leaf]


def private_attributes(path: Path) -> set[str]:
    """Every private attribute that a file reaches for and that is none of its own."""
    nodes = list(ast.walk(tree(path)))
    attributes = [node for node in nodes if isinstance(node, ast.Attribute)]
    own = {node.attr for node in attributes if ast.unparse(node.value) in ("self", "cls")}
    own |= {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    own |= {node.id for node in nodes if isinstance(node, ast.Name)}
    # The underscore of `_replace` keeps it apart from a tuple's fields: it is for everybody.
    return {node.attr for node in attributes if re.match("_[a-z]", node.attr)} - own - {"_replace"}


def test_only_the_database_and_the_executor_know_the_insides_of_libraries() -> None:
    others = [path for path in MODULES if path.parts[0] not in ("database", "execution")]

    assert {str(path): names for path in others if (names := private_attributes(path))} == {}


def public_names(path: Path) -> set[str]:
    """What a module defines for others: functions, classes and values, but no type variables."""
    names: set[str] = set()
    for node in tree(path).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign) and not ast.unparse(node.value).startswith("TypeVar("):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names.add(node.target.id)
    return {name for name in names if not name.startswith("_")}


def bound_names(path: Path) -> set[str]:
    """Every name that a file gives to a parameter, a variable, a function or a class."""
    bound = set()
    for node in ast.walk(tree(path)):
        match node:
            case ast.arg(arg=name) | ast.Name(id=name, ctx=ast.Store()):
                bound.add(name)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                bound.add(name)
    return bound


def test_a_public_name_stands_for_one_thing_in_one_room() -> None:
    rooms: dict[str, set[str]] = defaultdict(set)
    for path in MODULES:
        for name in public_names(path) if path.parts[0] in ROOMS else ():
            rooms[name].add(path.parts[0])

    assert {name for name, places in rooms.items() if len(places) > 1 and places not in FACES} == IN_TWO_ROOMS.keys()


def test_names_say_what_they_stand_for() -> None:
    folders = [path for room in (*ROOMS, "benchmarks", "tests") for path in (ROOT / room).rglob("*.py")]
    files = [path for path in (*ROOT.glob("*.py"), *folders) if not {"migrations", "node_modules"} & {*path.parts}]

    assert {str(path.relative_to(ROOT)): VAGUE & bound_names(path) for path in files if VAGUE & bound_names(path)} == {}


@pytest.mark.parametrize("room", TOOLS)
def test_a_word_is_called_the_same_in_every_room(room: str) -> None:
    files = {path.stem for path in (ROOT / room).glob("*.py")} - {"__init__"}

    assert files <= WORDS | TOOLS[room]
    assert files >= TOOLS[room]


def test_every_word_has_its_rules_its_face_and_its_tests() -> None:
    for room in ("resolvers", "schema"):
        assert {path.stem for path in (ROOT / room).glob("*.py")} >= WORDS, room
    assert {path.stem.removeprefix("test_") for path in (ROOT / "tests").glob("test_*.py")} >= WORDS


def test_every_fault_that_is_planted_at_night_still_fits_the_code() -> None:
    assert mutants.find_mismatches(mutants.FAULTS) == []
