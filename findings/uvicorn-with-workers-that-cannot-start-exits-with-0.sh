#!/usr/bin/env bash
# uvicorn --workers 2 ends with exit status 0 when its workers fail to start; one process alone ends with 3.
#
# Packages: starlette==1.10.0, uvicorn==0.54.0 (Python 3.11)
# Date: 2026-11-30
# One would guess: A server that never served, since its lifespan failed, exits with a status that says so, however
#   many workers it was to have.
# What happens: Alone it exits with 3. With --workers 2 the supervisor logs `Child process failed to start, stopping
#   the parent process` and exits with 0: success, for systemd, Docker and Kubernetes.
# Why the guess is a good one: POSIX, exit status: zero is success; systemd's Restart=on-failure, Docker's restart:
#   on-failure and Kubernetes' restartPolicy: OnFailure act on it.
# What it means for a GraphQL service: After a deploy while the database is away the service is down and nobody
#   restarts it. Use Restart=always, or check the workers' start in the command that calls uvicorn, and exit with an
#   error there.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check \
  starlette==1.10.0 uvicorn==0.54.0

cat >app.py <<'EOF'
from contextlib import asynccontextmanager

from starlette.applications import Starlette


@asynccontextmanager
async def lifespan(app):
    raise RuntimeError("the database is away")
    yield


app = Starlette(lifespan=lifespan)
EOF

cat >probe.py <<'EOF'
import subprocess
import sys

for options in ([], ["--workers", "2"]):
    command = [sys.executable, "-m", "uvicorn", "app:app", "--port", "0", *options]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=100)
    said = [line for line in ended.stderr.splitlines() if line.startswith("ERROR") and "fail" in line]
    words = "stopping the parent process" if "stopping the parent" in ended.stderr else "startup failed"
    print(f"uvicorn app:app {' '.join(options)}".strip(), f"-> it says: {words}; exit status {ended.returncode}")
    assert said
EOF

cat >expected <<'EOF'
uvicorn app:app -> it says: startup failed; exit status 3
uvicorn app:app --workers 2 -> it says: stopping the parent process; exit status 0
EOF

timeout 300 venv/bin/python probe.py >seen 2>errors || { cat seen errors; echo "CHANGED: the probe itself failed"; exit 1; }
cat seen
diff expected seen || { echo "CHANGED: uvicorn's exit status is not what was recorded"; exit 1; }
echo "As recorded: 0 with workers, 3 without."
