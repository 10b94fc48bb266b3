"""What Callboard is built on: every dependency has its reason, one version, and the hashes of that version's files."""

import ast
import importlib.metadata
import re
import sys
import tomllib
from pathlib import Path

import pytest

pytestmark = pytest.mark.once

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
EXTRAS = PROJECT["project"]["optional-dependencies"]
PAGE = (ROOT / "docs" / "dependencies.md").read_text()
ROOMS = (
    *("auth", "benchmarks", "database", "examples", "execution"),
    *("models", "resolvers", "schema", "simulator", "tests", "transport"),
)
MODULES = [
    path
    for path in (*ROOT.glob("*.py"), *(path for room in ROOMS for path in (ROOT / room).rglob("*.py")))
    if "node_modules" not in path.parts
]
HASHED = ("requirements.txt", "requirements-otel.txt", "requirements-test.txt")

#: One version of a package, perhaps for some machines only, and the hashes of its files.
ENTRY = re.compile(r"[\w.-]+==[\w.]+(?: ; [\w.<>!=' ()]+)?(?: \\\n    --hash=sha256:[0-9a-f]{64})+\n")

SECTIONS = {
    "At work": PROJECT["project"]["dependencies"],
    "With the extra `otel`": EXTRAS["otel"],
    "With the extra `test`": [its for its in EXTRAS["test"] if not its.startswith("callboard[")],
    "To build": PROJECT["build-system"]["requires"],
}


def canonical(name: str) -> str:
    """A package's name as all of its spellings have it, without extras and version."""
    return re.sub(r"[-_.]+", "-", re.split(r"[^\w.-]", name)[0]).lower()


def pinned(file: str) -> dict[str, str]:
    """The versions in a file, by their packages."""
    found = re.findall(r"^([\w.-]+)==([\w.]+)", (ROOT / file).read_text(), re.M)
    return {canonical(name): version for name, version in found}


@pytest.mark.parametrize("section", SECTIONS)
def test_every_direct_dependency_has_its_reason(section: str) -> None:
    _, _, below = PAGE.partition(f"## {section}\n")
    rows = re.findall(r"^\| `(.+?)` \| (.+) \|$", below.partition("\n## ")[0], re.M)

    assert [name for name, _ in rows] == [re.split("[<>=]", its)[0] for its in SECTIONS[section]]
    assert all(why for _, why in rows)


def test_what_is_imported_by_name_stands_on_the_page() -> None:
    nodes = [node for path in MODULES for node in ast.walk(ast.parse(path.read_text()))]
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom) and not node.level}
    packages = importlib.metadata.packages_distributions()
    found = {name: packages.get(name, [name]) for name in {its.split(".")[0] for its in names}}
    theirs = {name: its for name, its in found.items() if name not in sys.stdlib_module_names and not _ours(name)}
    told = {canonical(name) for name in re.findall("`(.+?)`", PAGE)}

    assert [name for name, its in theirs.items() if told.isdisjoint(map(canonical, its))] == []


def _ours(name: str) -> bool:
    return (ROOT / name).is_dir() or (ROOT / f"{name}.py").exists()


def test_every_direct_dependency_is_pinned() -> None:
    asked = [its for section, those in SECTIONS.items() if section != "To build" for its in those]

    assert {canonical(its) for its in asked} <= pinned("constraints.txt").keys()


def test_constraints_are_versions_and_nothing_else() -> None:
    lines = (ROOT / "constraints.txt").read_text().splitlines()

    assert [line for line in lines if not re.fullmatch(r"[\w.-]+==[\w.]+", line)] == []
    assert len({canonical(line) for line in lines}) == len(lines)


@pytest.mark.parametrize("file", HASHED)
def test_a_hashed_file_is_versions_with_their_hashes_and_nothing_else(file: str) -> None:
    assert ENTRY.sub("", (ROOT / file).read_text()) == ""


def test_the_hashed_files_have_the_versions_of_the_constraints_each_once() -> None:
    hashed = [its for file in HASHED for its in pinned(file).items()]

    assert sorted(hashed) == sorted(pinned("constraints.txt").items())


def test_what_is_asked_for_is_in_the_file_for_it() -> None:
    at_work, otel, test = (pinned(file).keys() for file in HASHED)

    assert {canonical(its) for its in SECTIONS["At work"]} <= at_work
    assert {canonical(its) for its in EXTRAS["otel"]} <= otel
    assert {canonical(its) for its in SECTIONS["With the extra `test`"]} <= at_work | test


def test_no_file_says_where_packages_come_from() -> None:
    for file in ("pyproject.toml", "constraints.txt", *HASHED):
        assert not re.search(r"://|-(index|url|links)\b", (ROOT / file).read_text()), file
