#!/usr/bin/env bash
# prometheus_client's `livesum` gauges go on counting workers that were killed, until somebody calls
# mark_process_dead.
#
# Packages: prometheus-client==0.26.0 (Python 3.11)
# Date: 2026-11-30
# One would guess: multiprocess_mode='livesum' sums over the processes that live, as its name says: a worker that
#   was killed drops out of `connections open right now`.
# What happens: Nobody looks whether the process lives: its file stays, and its last value is added for ever. After
#   a kill -9 of a worker with 5 connections the sum is 5 too high, one more time with each kill.
# Why the guess is a good one: The documentation's list of modes: livesum aggregates `gauges of only live
#   processes`; the pid stands in each file's name, so the library could ask.
# What it means for a GraphQL service: uvicorn's supervisor has no hook for a dead worker, so the `live` modes mean
#   `ever` there: alerts on open subscriptions drift upwards with each crash. Look through the files' pids at each
#   scrape and mark the dead ones.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check \
  prometheus-client==0.26.0

cat >worker.py <<'EOF'
import os
import signal
import sys

from prometheus_client import Gauge

Gauge("connections", "Connections open right now.", multiprocess_mode="livesum").set(int(sys.argv[1]))
if sys.argv[2:]:
    os.kill(os.getpid(), signal.SIGKILL)
print("ready", flush=True)
sys.stdin.read()
EOF

cat >probe.py <<'EOF'
import os
import subprocess
import sys
import tempfile

os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(dir=".")

from prometheus_client import CollectorRegistry, multiprocess


def connections():
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)
    return registry.get_sample_value("connections")


living = subprocess.Popen([sys.executable, "worker.py", "2"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
living.stdout.readline()
print("one worker with 2 connections:", connections())
killed = subprocess.Popen([sys.executable, "worker.py", "5", "killed"])
killed.wait()
print("another one had 5, and was killed:", connections())
multiprocess.mark_process_dead(killed.pid)
print("after mark_process_dead:", connections())
living.communicate()
EOF

cat >expected <<'EOF'
one worker with 2 connections: 2.0
another one had 5, and was killed: 7.0
after mark_process_dead: 2.0
EOF

timeout 300 venv/bin/python probe.py >seen 2>errors || { cat seen errors; echo "CHANGED: the probe itself failed"; exit 1; }
cat seen
diff expected seen || { echo "CHANGED: livesum treats dead processes differently from what was recorded"; exit 1; }
echo "As recorded: the killed worker is still counted."
