"""Which tz database counts: each case in a process of its own, with zone files made for it in place of the system's."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import tzdata

from tests.processes import ROOT

pytestmark = pytest.mark.once

PACKAGE = Path(tzdata.__file__).parent / "zoneinfo"
LOOK = """
import zoneinfo, zones
from datetime import UTC, datetime
zoneinfo.ZoneInfo("Europe/Berlin")
print(zones.use_newest_database())
print(zones.use_newest_database())
print(datetime(2026, 7, 1, tzinfo=UTC).astimezone(zoneinfo.ZoneInfo("Europe/Berlin")).tzname())
"""


def looked_at(search_path: str) -> list[str]:
    """Which database a process says that it uses, asked twice, and what Berlin's summer is called there."""
    environment = os.environ | {"PYTHONTZPATH": search_path}
    command = [sys.executable, "-c", LOOK]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True).stdout.split(
        "\n"
    )[:3]


@pytest.fixture
def system(tmp_path: Path) -> Path:
    """Zone files in which Berlin is in UTC."""
    (tmp_path / "Europe").mkdir()
    shutil.copy(PACKAGE / "UTC", tmp_path / "Europe" / "Berlin")
    return tmp_path


@pytest.mark.parametrize("version", ["# version 2025b", "2019a", f"# version {tzdata.IANA_VERSION}", "# nothing said"])
@pytest.mark.parametrize("file", ["tzdata.zi", "+VERSION"])
def test_zone_files_of_the_system_that_are_not_newer_do_not_count(version: str, file: str, system: Path) -> None:
    (system / file).write_text(f"{version}\n# redo posix_only\n")

    assert looked_at(str(system)) == [f"{tzdata.IANA_VERSION}, of the package"] * 2 + ["CEST"]


def test_zone_files_without_a_version_do_not_count(system: Path) -> None:
    assert looked_at(str(system)) == [f"{tzdata.IANA_VERSION}, of the package"] * 2 + ["CEST"]


def test_newer_zone_files_of_the_system_count(system: Path) -> None:
    (system / "tzdata.zi").write_text("# version 2099a\n")

    assert looked_at(str(system)) == ["2099a, of the system"] * 2 + ["UTC"]


def test_the_folder_that_is_searched_first_is_the_system(
    system: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    (system / "tzdata.zi").write_text("# version 2099a\n")
    older = tmp_path_factory.mktemp("older")
    (older / "tzdata.zi").write_text("# version 2020a\n")

    assert looked_at(f"{older}{os.pathsep}{system}")[0] == f"{tzdata.IANA_VERSION}, of the package"
    assert looked_at(f"{system / 'none'}{os.pathsep}{system}")[0] == "2099a, of the system"


def test_without_zone_files_of_the_system_the_package_counts() -> None:
    assert looked_at("") == [f"{tzdata.IANA_VERSION}, of the package"] * 2 + ["CEST"]
