"""A server and a browser for the session, windows and wires for a test; skipped by name where a tool is missing."""

import fcntl
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Playwright, expect, sync_playwright

from tests import output_scan
from tests.console.browsing import (
    CHROMIUM,
    PATIENCE,
    ROOT,
    SWITCHES,
    Ats,
    Visitors,
    free_port,
    skip_without,
    until,
)
from tests.console.network import Proxy

#: The first start also fills the demo's database, which takes long on a busy machine.
START_SECONDS = 120.0


@pytest.fixture(scope="session")
def ats(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ats]:
    """The demo, as `server.py demo --no-simulate` serves it, on a SQLite database of its own."""
    with serve_demo(tmp_path_factory.mktemp("console")) as running:
        yield running


@pytest.fixture
def fresh_ats(tmp_path: Path) -> Iterator[Ats]:
    """The same, of the test's own: nobody has done anything in it, and GoodTime is off."""
    with serve_demo(tmp_path) as running:
        yield running


@contextmanager
def serve_demo(folder: Path, public_path: str = "") -> Iterator[Ats]:
    port, secret = free_port(), secrets.token_hex(32)
    url, output, logged = f"http://127.0.0.1:{port}{public_path}", folder / "output.txt", output_scan.log()
    env = {name: value for name, value in os.environ.items() if not name.startswith("CALLBOARD_")} | {
        "CALLBOARD_DATABASE_URL": f"sqlite://{folder}/callboard.db",
        "CALLBOARD_JWT_SECRET": secret,
        "CALLBOARD_PUBLIC_URL": url,
        "CALLBOARD_RATE_LIMIT": "off",
    }
    command = [sys.executable, str(ROOT / "server.py"), "demo", "--port", str(port), "--no-simulate"]
    with (
        output.open("w") as out,
        logged.open("w") as log,
        subprocess.Popen(command, env=env, cwd=folder, stdout=out, stderr=log) as process,
    ):
        try:
            until(lambda: process.poll() is not None or _ready(url), START_SECONDS)
            assert process.poll() is None, logged.read_text()
            yield Ats(url, secret, output)
        finally:
            process.terminate()


def _ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz", timeout=2).is_success
    except httpx.HTTPError:
        return False


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's chromium, without a head."""
    path = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if path is None:
        skip_without("chromium (Debian's package of that name)")
    expect.set_options(timeout=PATIENCE * 1000)
    with sync_playwright() as playwright:
        running = _launched(playwright, str(path))
        yield running
        running.close()


def _launched(playwright: Playwright, path: str) -> Browser:
    return playwright.chromium.launch(executable_path=path, headless=True, args=SWITCHES)


@pytest.fixture
def visitors(browser: Browser, ats: Ats) -> Iterator[Visitors]:
    """People with windows; all are closed when the test ends."""
    visitors = Visitors(browser, ats)
    yield visitors
    visitors.close_all()


@pytest.fixture
def proxy(ats: Ats) -> Iterator[Proxy]:
    """A proxy to the server that can be cut."""
    proxy = Proxy(int(ats.url.rsplit(":", 1)[1]))
    yield proxy
    proxy.close()


@pytest.fixture(scope="session")
def axe() -> str:
    """The accessibility checker's script, fetched by npm into a folder that is not kept."""
    folder = ROOT / "var" / "npm"
    script = folder / "node_modules" / "axe-core" / "axe.min.js"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not script.exists():
            _fetch_axe(folder)
    return script.read_text()


def _fetch_axe(folder: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        skip_without("npm, which fetches axe-core")
    command = [npm, "install", "--silent", "--no-save", "--no-package-lock", "axe-core@4"]
    fetched = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if fetched.returncode:
        skip_without(f"axe-core, which npm could not fetch ({fetched.stderr.strip()[-200:]})")
