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
#: What an example has made of the schema.
GENERATED = {"generated_client"}
HASHED = ("requirements.txt", "requirements-otel.txt", "requirements-test.txt")

#: One version of a package, perhaps for some machines only, and the hashes of its files.
ENTRY = re.compile(r"[\w.-]+==[\w.]+(?: ; [\w.<>!=' ()]+)?(?: \\\n    --hash=sha256:[0-9a-f]{64})+\n")

SECTIONS = {
    "At work": PROJECT["project"]["dependencies"],
    "With the extra `otel`": EXTRAS["otel"],
    "With the extra `test`": [
        requirement for requirement in EXTRAS["test"] if not requirement.startswith("callboard[")
    ],
    "To build": PROJECT["build-system"]["requires"],
}


def canonical(name: str) -> str:
    """A package's name as all of its spellings have it, without extras and version."""
    return re.sub(r"[-_.]+", "-", re.split(r"[^\w.-]", name)[0]).lower()


def pinned(file: str) -> dict[str, str]:
    """The versions in a file, by their packages."""
    pins = re.findall(r"^([\w.-]+)==([\w.]+)", (ROOT / file).read_text(), re.M)
    return {canonical(name): version for name, version in pins}


@pytest.mark.parametrize("section", SECTIONS)
def test_every_direct_dependency_has_its_reason(section: str) -> None:
    _, _, below = PAGE.partition(f"## {section}\n")
    rows = re.findall(r"^\| `(.+?)` \| (.+) \|$", below.partition("\n## ")[0], re.M)

    assert [name for name, _ in rows] == [re.split("[<>=]", requirement)[0] for requirement in SECTIONS[section]]
    assert all(why for _, why in rows)


def test_what_is_imported_by_name_stands_on_the_page() -> None:
    nodes = [node for path in MODULES for node in ast.walk(ast.parse(path.read_text()))]
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom) and not node.level}
    packages = importlib.metadata.packages_distributions()
    providers = {name: packages.get(name, [name]) for name in {module.split(".")[0] for module in names}}
    theirs = {
        name: distributions
        for name, distributions in providers.items()
        if name not in sys.stdlib_module_names and not _ours(name)
    }
    named = {canonical(name) for name in re.findall("`(.+?)`", PAGE)}

    assert [name for name, distributions in theirs.items() if named.isdisjoint(map(canonical, distributions))] == []


def _ours(name: str) -> bool:
    return name in GENERATED or (ROOT / name).is_dir() or (ROOT / f"{name}.py").exists()


def test_every_direct_dependency_is_pinned() -> None:
    asked = [requirement for section, those in SECTIONS.items() if section != "To build" for requirement in those]

    assert {canonical(requirement) for requirement in asked} <= pinned("constraints.txt").keys()


def test_constraints_are_versions_and_nothing_else() -> None:
    lines = (ROOT / "constraints.txt").read_text().splitlines()

    assert [line for line in lines if not re.fullmatch(r"[\w.-]+==[\w.]+", line)] == []
    assert len({canonical(line) for line in lines}) == len(lines)


@pytest.mark.parametrize("file", HASHED)
def test_a_hashed_file_is_versions_with_their_hashes_and_nothing_else(file: str) -> None:
    assert ENTRY.sub("", (ROOT / file).read_text()) == ""


def test_the_hashed_files_have_the_versions_of_the_constraints_each_once() -> None:
    hashed = [pin for file in HASHED for pin in pinned(file).items()]

    assert sorted(hashed) == sorted(pinned("constraints.txt").items())


def test_what_is_asked_for_is_in_the_file_for_it() -> None:
    at_work, otel, test = (pinned(file).keys() for file in HASHED)

    assert {canonical(requirement) for requirement in SECTIONS["At work"]} <= at_work
    assert {canonical(requirement) for requirement in EXTRAS["otel"]} <= otel
    assert {canonical(requirement) for requirement in SECTIONS["With the extra `test`"]} <= at_work | test


def test_no_file_says_where_packages_come_from() -> None:
    for file in ("pyproject.toml", "constraints.txt", *HASHED):
        assert not re.search(r"://|-(index|url|links)\b", (ROOT / file).read_text()), file
