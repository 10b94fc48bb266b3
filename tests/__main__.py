"""What `make test` runs: the suite on SQLite, beside it on PostgreSQL what a database may change, then the console.

A choice of tests (`make test TESTS='-k push'`) runs on SQLite alone, unless CALLBOARD_TEST_DATABASE says otherwise.
With CI=true nothing may be missing: the tests that need what is not there fail instead of being skipped.
"""

import asyncio
import os
import socket
import sys
import tempfile
import time
from pathlib import Path
from xml.etree import ElementTree

HERE = "127.0.0.1"
#: Playwright runs an event loop of its own in the main thread, where the other tests have theirs.
CONSOLE = "tests/console"
SLOWEST = 10


def answers(port: int) -> bool:
    """Whether something listens on that port of this machine."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((HERE, port)) == 0


async def run_suite(name: str, reports: Path, *arguments: str, database: str = "sqlite") -> int:
    """Run pytest with two workers and print its lines with the suite's name before them; returns its exit code."""
    command = [sys.executable, "-m", "pytest", "-n", "2", "--dist", "loadgroup", "-q", *arguments]
    # Dozens of processes import the same modules: what one of them has compiled is there for the others.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    process = await asyncio.create_subprocess_exec(
        *(*command, f"--junit-xml={reports / name}.xml"),
        env={**environment, "CALLBOARD_TEST_DATABASE": database},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert process.stdout is not None
    async for line in process.stdout:
        print(f"{name:8} | {line.decode(errors='replace')}", end="", flush=True)
    return await process.wait()


async def run_all(reports: Path) -> list[int]:
    """Run every suite that this machine can run; their exit codes."""
    suites = [run_suite("sqlite", reports, f"--ignore={CONSOLE}")]
    if answers(5432):
        postgres = ("-m", "not once", f"--ignore={CONSOLE}")
        suites.append(run_suite("postgres", reports, *postgres, database="postgres"))
    codes = await asyncio.gather(*suites)
    # Not beside the others: what a browser does, and a provider for it, has time limits.
    return [*codes, await run_suite("console", reports, CONSOLE)]


def slowest(reports: Path) -> list[tuple[float, str]]:
    """The tests that took longest in all suites, fixtures included: seconds, and suite and name."""
    times = [
        (float(case.get("time", 0)), f"{report.stem}: {case.get('classname')}::{case.get('name')}")
        for report in reports.glob("*.xml")
        for case in ElementTree.parse(report).iter("testcase")
    ]
    return sorted(times, reverse=True)[:SLOWEST]


def main() -> int:
    """The exit code: 0 where all that could run passed, and in CI all could run."""
    if chosen := sys.argv[1:]:
        os.execv(sys.executable, [sys.executable, "-m", "pytest", "-q", f"--durations={SLOWEST}", *chosen])
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="callboard-reports-") as folder:
        codes = asyncio.run(run_all(Path(folder)))
        print(f"\nThe {SLOWEST} slowest of all tests:")
        for seconds, name in slowest(Path(folder)):
            print(f"{seconds:7.2f} s  {name}")
    print(f"All of it took {time.monotonic() - began:.0f} s.")
    if len(codes) < 3:
        print("Not run: the tests on PostgreSQL. Nothing answers at 127.0.0.1:5432.")
        codes.append(1 if os.environ.get("CI") == "true" else 0)
    return next((code for code in codes if code), 0)


if __name__ == "__main__":
    raise SystemExit(main())
