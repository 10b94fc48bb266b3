"""What the image does, step by step, in a clean folder and as somebody who is not root; and what runs it, looked over.

No container engine is needed: the stages of the Dockerfile become folders, and each RUN, the entrypoint and the health
check are run as they stand there.
"""

import fnmatch
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from settings import Settings
from tests.processes import ROOT, SECRET, missing, tool

pytestmark = [pytest.mark.once, pytest.mark.xdist_group("image")]

#: As nobody, where the tests are run by root.
NOBODY = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
STEPS = [
    tuple(line.split(maxsplit=1))
    for line in (ROOT / "Dockerfile").read_text().splitlines()
    if line and not line.startswith("#")
]


def steps(instruction: str) -> list[str]:
    return [rest for name, rest in STEPS if name == instruction]


@dataclass
class Image:
    """The image's files, in a folder."""

    folder: Path

    def run(self, command: str | list[str], cwd: str = "src", **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a command with the paths that it has in the image moved into the folder."""
        return subprocess.run(**self.options(command, cwd, variables), capture_output=True, timeout=300)

    def options(self, command: str | list[str], cwd: str, variables: Mapping[str, str]) -> dict[str, Any]:
        moved = self._moved(command) if isinstance(command, str) else [self._moved(word) for word in command]
        environment = {name: os.environ[name] for name in os.environ if name.startswith(("PIP_", "LANG", "SSL_"))}
        path = f"{self.folder}/opt/callboard/bin:{self.folder}/bin:/usr/bin:/bin"
        environment |= {"PATH": path, "HOME": f"{self.folder}/nowhere", "TMPDIR": f"{self.folder}/tmp", **variables}
        is_shell = isinstance(command, str)
        return {"args": moved, "shell": is_shell, "cwd": self.folder / cwd, "env": environment, "text": True, **NOBODY}

    def _moved(self, text: str) -> str:
        return text.replace("/opt/callboard", f"{self.folder}/opt/callboard")


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    """The image, built as the Dockerfile says. Skips where pip can't fetch what it asks for."""
    folder = tmp_path_factory.mktemp("image")
    for part in ("bin", "opt", "tmp"):
        (folder / part).mkdir()
    (folder / "bin" / "python").symlink_to(interpreter())
    ignored = (ROOT / ".dockerignore").read_text().split()
    shutil.copytree(ROOT, folder / "src", ignore=lambda path, names: ignored_names(ignored, Path(path), names))
    for path in [folder, *folder.rglob("*")]:
        os.chown(path, NOBODY.get("user", -1), NOBODY.get("group", -1), follow_symlinks=False)
    for parent in [*folder.parents][:3]:
        parent.chmod(parent.stat().st_mode | 0o011)
    image = Image(folder)
    for command in steps("RUN"):
        ended = image.run(command)
        if ended.returncode and re.search("No matching distribution|Connection|Retrying", ended.stderr):
            missing(f"What pip fetches for the image ({ended.stderr.strip()[-200:]})")
        assert ended.returncode == 0, f"{command}\n{ended.stdout}{ended.stderr}"
    return image


def interpreter() -> str:
    """A Python of this version that somebody who is not root can run: root's own may lie where nobody else may look."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    for path in (os.path.realpath(sys.executable), f"/usr/local/bin/python{version}", f"/usr/bin/python{version}"):
        try:
            subprocess.run([path, "-c", "import ensurepip"], check=True, capture_output=True, cwd="/", **NOBODY)
        except (OSError, subprocess.CalledProcessError):
            continue
        return path
    missing(f"A Python {version} with ensurepip that somebody but root can run")


def ignored_names(patterns: list[str], folder: Path, names: list[str]) -> set[str]:
    """What .dockerignore leaves out of a folder: `**/` is any folder, all else stands at the top."""
    anywhere = [pattern.removeprefix("**/") for pattern in patterns if pattern.startswith("**/")]
    here = anywhere + (patterns if folder == ROOT else [])
    return {name for name in names if any(fnmatch.fnmatch(name, pattern) for pattern in here)}


@contextmanager
def running(image: Image, **variables: str) -> Iterator[str]:
    """Entrypoint and command of the image, on a port of this machine; where it answers."""
    [entrypoint], [command] = steps("ENTRYPOINT"), steps("CMD")
    arguments = [*json.loads(entrypoint), *json.loads(command), "--port", "0"]
    options = image.options(arguments, "tmp", variables)
    with subprocess.Popen(**options, stderr=subprocess.PIPE) as process:
        try:
            for line in process.stderr:
                if (event := json.loads(line)).get("event") == "listening":
                    yield event["address"].replace("0.0.0.0", "127.0.0.1")
                    break
            else:
                pytest.fail("It does not serve.")
        finally:
            process.terminate()
            process.stderr.read()
    assert process.returncode == 0


def test_the_image_migrates_and_serves_as_nobody_with_nothing_but_a_folder_for_its_data(image: Image) -> None:
    for path in (image.folder / "src", image.folder / "opt"):
        subprocess.run(["chmod", "-R", "a-w", path], check=True)
    settings = {"CALLBOARD_DATABASE_URL": f"sqlite://{image.folder}/tmp/callboard.db", "CALLBOARD_JWT_SECRET": SECRET}
    migrated = image.run(["callboard", "migrate"], "tmp", **settings)
    assert migrated.returncode == 0, migrated.stderr

    with running(image, **settings, PYTHONDONTWRITEBYTECODE="1") as address:
        assert httpx.get(f"{address}/healthz").json() == {"status": "alive"}
        assert httpx.get(address).text.startswith("<!doctype html>")
        [check] = steps("HEALTHCHECK")
        command = json.loads(check[check.index("[") :])
        port = address.rpartition(":")[2]
        healthy = image.run([word.replace(":8000", f":{port}") for word in command], "tmp")
        assert healthy.returncode == 0, healthy.stderr
    assert image.run([word.replace(":8000", f":{port}") for word in command], "tmp").returncode != 0


def test_the_image_has_what_it_needs_and_nothing_else(image: Image) -> None:
    assert not [path for path in ("tests", "docs", ".git", "findings", "var") if (image.folder / "src" / path).exists()]
    assert {name for name, _ in STEPS} <= {
        *("FROM", "WORKDIR", "COPY", "RUN", "ENV", "USER", "EXPOSE", "HEALTHCHECK", "ENTRYPOINT", "CMD")
    }
    assert all(re.fullmatch(r"python:3\.\d+-slim( AS build)?", base) for base in steps("FROM"))
    [user] = steps("USER")
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user)
    assert "--require-hashes" in next(command for command in steps("RUN") if "requirements.txt" in command)


def test_what_runs_the_image_sets_only_what_can_be_set() -> None:
    texts = [(ROOT / path).read_text() for path in ("Dockerfile", "compose.yaml", "deploy/callboard.service")]
    named = {name for text in texts for name in re.findall(r"CALLBOARD_([A-Z_]*[A-Z])", text)}

    known = {name.upper() for name in Settings.model_fields}
    assert {name for name in named if name.removesuffix("_FILE") not in known} == set()


def test_the_service_of_systemd_is_good_and_well_locked_up(tmp_path: Path) -> None:
    analyze = tool("systemd-analyze")
    unit = tmp_path / "callboard.service"
    # What it starts is not installed here.
    unit.write_text(
        (ROOT / "deploy" / "callboard.service").read_text().replace("/opt/callboard/bin/callboard", "/bin/true")
    )

    verified = subprocess.run([analyze, "verify", unit], capture_output=True, text=True, check=False)
    if "Failed to initialize manager" in verified.stderr:
        missing("systemd, which looks over the unit")
    looked_over = subprocess.run(
        [analyze, "security", "--offline=true", "--threshold=20", unit], capture_output=True, text=True, check=False
    )

    assert [line for line in verified.stderr.splitlines() if "callboard.service" in line] == []
    assert looked_over.returncode == 0, looked_over.stdout[-500:] + looked_over.stderr
