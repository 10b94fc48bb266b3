#!/usr/bin/env bash
# A task that fails in the background fails no test, not even with filterwarnings = error: asyncio only logs it.
#
# Packages: pytest==9.2.0, pytest-asyncio==1.5.0 (Python 3.11)
# Date: 2026-11-30
# One would guess: pytest turns exceptions that nobody caught into warnings (of threads, and unraisable ones) and
#   these, with `filterwarnings = error`, into failures: so a task that raises fails its test.
# What happens: Task exceptions take neither way: asyncio calls the loop's exception handler, which logs `Task
#   exception was never retrieved` when the task is collected, or nothing while somebody holds it. Both tests pass;
#   a thread that raises the same fails its test.
# Why the guess is a good one: pytest's documentation: unhandled exceptions in threads and unraisable exceptions are
#   reported as warnings; Python's warnings are errors under -W error, and pytest-asyncio owns the loop.
# What it means for a GraphQL service: A feed that dies, a notice that isn't sent: the suite is green. Give the loop
#   an exception handler in a fixture that collects and asserts, hold tasks and await them at the end, or use
#   TaskGroup.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check \
  pytest==9.2.0 pytest-asyncio==1.5.0

cat >pytest.ini <<'EOF'
[pytest]
asyncio_mode = auto
asyncio_default_fixture_loop_scope = function
filterwarnings = error
EOF

cat >test_background.py <<'EOF'
import asyncio
import threading

kept = []


async def feed():
    raise RuntimeError("the feed has died")


async def test_a_task_that_nobody_holds():
    asyncio.create_task(feed())
    await asyncio.sleep(0.05)


async def test_a_task_that_somebody_holds():
    kept.append(asyncio.create_task(feed()))
    await asyncio.sleep(0.05)


def test_a_thread():
    def run():
        raise RuntimeError("the feed has died")

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
EOF

cat >probe.py <<'EOF'
import re
import subprocess
import sys

ran = subprocess.run([sys.executable, "-m", "pytest", "-v", "-p", "no:cacheprovider"], capture_output=True, text=True)
for name, outcome in re.findall(r"::(\w+) (PASSED|FAILED)", ran.stdout):
    print(outcome, name)
print(re.search(r"\d+ failed, \d+ passed|\d+ passed|\d+ failed", ran.stdout).group())
EOF

cat >expected <<'EOF'
PASSED test_a_task_that_nobody_holds
PASSED test_a_task_that_somebody_holds
FAILED test_a_thread
1 failed, 2 passed
EOF

timeout 300 venv/bin/python probe.py >seen 2>errors || { cat seen errors; echo "CHANGED: the probe itself failed"; exit 1; }
cat seen
diff expected seen || { echo "CHANGED: pytest or pytest-asyncio reports failed tasks differently now"; exit 1; }
echo "As recorded: both tests with a failed task passed, the thread's failed."
