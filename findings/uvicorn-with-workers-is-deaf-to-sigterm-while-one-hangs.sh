#!/usr/bin/env bash
# uvicorn's parent of several workers hears no SIGTERM while it waits for the answer of one that hangs or only begins.
#
# Packages: uvicorn==0.54.0 (Python 3.11, Linux)
# Date: 2026-11-30
# One would guess: SIGTERM to the parent begins the shutdown of all workers at once; a worker that hangs is killed by the
#   health check after --timeout-worker-healthcheck, and has nothing to do with those that work.
# What happens: the parent asks one worker after the other, and waits in poll() for so long for each answer. A signal is
#   only written down meanwhile. So the workers that work serve on, ready, for up to that time after SIGTERM.
# Why the guess is a good one: the option is described as a time limit for a worker, not for the parent; who raises it so
#   that workers which take long to import are not killed doesn't think of the shutdown.
# What it means for a GraphQL service: with 30 s, the grace of Kubernetes is over before anybody was told to go: sockets
#   and running mutations are cut by SIGKILL. Let keep_subprocess_alive wait in short steps and look at signal_queue.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check uvicorn==0.54.0

cat >app.py <<'EOF'
async def app(scope, receive, send):
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": [(b"connection", b"close")]})
        await send({"type": "http.response.body", "body": b"{}"})
EOF

cat >probe.py <<'EOF'
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request


def workers(pid):
    children = open(f"/proc/{pid}/task/{pid}/children").read().split()
    return [int(each) for each in children if b"spawn_main" in open(f"/proc/{each}/cmdline", "rb").read()]


def answers(port):
    with contextlib.suppress(OSError):
        return urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=2).status == 200
    return False


def tell(name, hangs):
    """Print whether the server is still there twelve seconds after SIGTERM."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "uvicorn", "app:app", "--workers", "2", "--port", str(port)]
    parent = subprocess.Popen([*command, "--timeout-worker-healthcheck", "60", "--no-access-log"], stderr=subprocess.DEVNULL)
    while not answers(port):
        time.sleep(0.1)
    time.sleep(3)
    worker = workers(parent.pid)[0]
    if hangs:
        os.kill(worker, signal.SIGSTOP)
        time.sleep(2)
    parent.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        parent.wait(12)
    # The worker that hangs may have the connection that is asked for: ask until the other has it.
    print(f"{name}: {'serves on' if any(answers(port) for _ in range(8)) else 'gone'}")
    if hangs:
        os.kill(worker, signal.SIGCONT)
    parent.wait(60)


tell("12 s after SIGTERM, all workers well", hangs=False)
tell("12 s after SIGTERM, one of two hangs", hangs=True)
EOF

cat >expected <<'EOF'
12 s after SIGTERM, all workers well: gone
12 s after SIGTERM, one of two hangs: serves on
EOF

timeout 300 venv/bin/python probe.py >seen 2>errors || { cat seen errors; echo "CHANGED: the probe itself failed"; exit 1; }
cat seen
diff expected seen || { echo "CHANGED: the parent hears signals while a worker hangs"; exit 1; }
echo "As recorded: while one worker hangs, nobody is told to go."
