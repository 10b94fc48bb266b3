"""Installed, Callboard is one package and one command, whatever else is installed or lies around."""

import csv
import importlib.util
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from schema import SCHEMA
from tests.processes import ROOT, Installation, http_client, missing, postgres_database

pytestmark = [pytest.mark.once, pytest.mark.xdist_group("packaging")]

#: What is not of the service, or no part of the repository.
OF_THE_CHECKOUT = {"callboard", "tests", "benchmarks", "examples", "docs", "setup.py", "build", "dist", "var"}
NOT_COPIED = shutil.ignore_patterns(".*", "var", "build", "node_modules", "__pycache__", "*.egg-info")


@dataclass(frozen=True)
class Environment:
    """A virtual environment into which the checkout was installed."""

    bin: Path
    packages: Path

    def installed(self) -> set[str]:
        """All files of the installation but for bytecode, as paths from where packages are."""
        [record] = self.packages.glob("callboard-*.dist-info/RECORD")
        with record.open() as rows:
            return {path for path, *_ in csv.reader(rows) if "__pycache__" not in path}


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """Callboard as `pip install .` installs it, in an environment that has its dependencies, and others' modules."""
    if importlib.util.find_spec("pip") is None or importlib.util.find_spec("setuptools") is None:
        missing("pip or setuptools")
    folder = tmp_path_factory.mktemp("packaging")
    checkout = shutil.copytree(ROOT, folder / "callboard", ignore=NOT_COPIED)
    stale = checkout / "build" / "lib"
    stale.mkdir(parents=True)
    write_others_modules(stale)

    venv.create(folder / "venv", symlinks=True)
    [packages] = (folder / "venv").glob("lib/python*/site-packages")
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    install = ["--quiet", "--no-index", "--no-deps", "--no-build-isolation", "--ignore-installed", str(checkout)]
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", str(folder / "venv"), "install"]
    ended = subprocess.run([*pip, *install], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    write_others_modules(packages)
    return Environment(folder / "venv" / "bin", packages)


def write_others_modules(folder: Path) -> None:
    """Put modules and packages into a folder that have the names of Callboard's and can't be imported."""
    for path in installed_from_the_checkout():
        name = Path(path).parts[0].removesuffix(".py")
        package = folder / name
        package.mkdir(exist_ok=True)
        (package / "__init__.py").write_text(f"raise AssertionError('somebody else has a package {name} here')\n")


def installed_from_the_checkout() -> set[str]:
    """The modules, migrations and assets that run the service, as paths from the checkout."""
    own = [path for path in ROOT.iterdir() if path.name not in OF_THE_CHECKOUT and not path.name.startswith(".")]
    files = [*(path for path in own if path.suffix == ".py"), *(path for room in own for path in room.rglob("*.py"))]
    assets = [*(ROOT / "console").iterdir(), *(ROOT / "simulator" / "pages").iterdir()]
    return {str(path.relative_to(ROOT)) for path in (*files, *assets)}


@pytest.fixture
def installed(environment: Environment, place: Path, monkeypatch: pytest.MonkeyPatch) -> Installation:
    """The command, where both its folder and PYTHONPATH have others' modules."""
    write_others_modules(place)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(["", str(place)]))
    return Installation(place, f"sqlite://{place}/var/callboard.db", program=[str(environment.bin / "callboard")])


def test_what_is_installed_is_one_package_and_one_command(environment: Environment) -> None:
    files = environment.installed()
    metadata = {path for path in files if path.split("/")[0].endswith(".dist-info")}

    assert {path for path in files - metadata if not path.startswith("callboard/")} == {"../../../bin/callboard"}
    assert {path.removeprefix("callboard/_rooms/") for path in files if path.startswith("callboard/_rooms/")} == (
        installed_from_the_checkout()
    ), "pyproject.toml lists what is installed, under [tool.setuptools]"


async def test_it_serves_beside_others_modules_of_the_same_names(installed: Installation) -> None:
    async with installed.running("demo", "--no-simulate") as demo, http_client() as client:
        script = await client.get(f"{demo.address}/console/app.js")

    assert script.text == (ROOT / "console" / "app.js").read_text()


async def test_as_a_module_it_is_the_same_command(environment: Environment, installed: Installation) -> None:
    module = replace(installed, program=[str(environment.bin / "python"), "-m", "callboard"])

    assert await module.done("schema") == SCHEMA.as_str()


async def test_its_workers_import_what_it_does(installed: Installation) -> None:
    async with postgres_database() as url:
        await installed.done("migrate", DATABASE_URL=url)
        async with installed.running("serve", "--workers", "2", DATABASE_URL=url) as server, http_client() as client:
            answer = await client.get(f"{server.address}/readyz")

    assert answer.is_success
