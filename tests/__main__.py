"""What `make test` runs: the suite on SQLite, then on PostgreSQL what depends on the database; and what was left out.

With CI=true nothing may be missing: the tests that need what is not there fail instead of being skipped.
"""

import os
import socket
import subprocess
import sys

HERE = "127.0.0.1"

#: Tests of whole processes and of what breaks them: each in a run of its own, so that none leaves the others anything.
ALONE = (
    "tests/console",
    "tests/test_benchmarks.py",
    "tests/test_cli.py",
    "tests/test_convergence.py",
    "tests/test_examples.py",
    "tests/test_feed_faults.py",
    "tests/test_goodtime.py",
    "tests/test_live.py",
    "tests/test_metrics.py",
    "tests/test_migrations.py",
    "tests/test_sse.py",
    "tests/test_story.py",
)


def answers(port: int) -> bool:
    """Whether something listens on that port of this machine."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((HERE, port)) == 0


def suite(database: str, *arguments: str) -> int:
    """One run of pytest over all cores; returns its exit code."""
    print(f"\n== the tests on {database} ==", flush=True)
    environment = {**os.environ, "CALLBOARD_TEST_DATABASE": database}
    command = [sys.executable, "-m", "pytest", "-n", "auto", "-q", *arguments]
    return subprocess.run(command, env=environment, check=False).returncode


def suites(database: str, given: list[str], *arguments: str) -> list[int]:
    """All runs on one database; a choice of tests is one run."""
    if given:
        return [suite(database, *arguments, *given)]
    together = suite(database, *arguments, *(f"--ignore={path}" for path in ALONE))
    return [together, *(suite(database, *arguments, path) for path in ALONE)]


def main() -> int:
    """The exit code: 0 where all that could run passed, and in CI all could run."""
    given = sys.argv[1:]
    codes = suites("sqlite", given)
    if answers(5432):
        codes += suites("postgres", given, "-m", "not once")
    else:
        print("\nNot run: the tests on PostgreSQL. Nothing answers at 127.0.0.1:5432.")
        codes.append(1 if os.environ.get("CI") == "true" else 0)
    # 5: nothing was selected, which a choice of tests may well come to on one of the databases.
    return next((code for code in codes if code not in (0, 5)), 0)


if __name__ == "__main__":
    raise SystemExit(main())
