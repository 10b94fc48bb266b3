#!/usr/bin/env bash
# prometheus_client's Gauge.set_function is accepted in multiprocess mode and then shows 0.
#
# Packages: prometheus-client==0.26.0 (Python 3.11)
# Date: 2026-11-30
# One would guess: A gauge whose function gives the size of the pool shows it with one worker and with several, or
#   set_function raises where it can't work.
# What happens: With PROMETHEUS_MULTIPROC_DIR set the function is never called: scrapes have the gauge, with 0.
#   There is neither an error nor a warning.
# Why the guess is a good one: The documentation of Gauge.set_function: call the provided function to return the
#   Gauge value; a metric that is there with a value is taken for measured.
# What it means for a GraphQL service: `0 connections in use` looks healthy: dashboards and alerts that worked on a
#   developer's machine (one process) are blind in production. Set the gauge at each scrape or change instead.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check \
  prometheus-client==0.26.0

cat >scrape.py <<'EOF'
import os

from prometheus_client import REGISTRY, CollectorRegistry, Gauge, generate_latest, multiprocess

Gauge("pool_size", "Connections of the pool.", multiprocess_mode="livesum").set_function(lambda: 42)
registry = REGISTRY
if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)
print(*[line for line in generate_latest(registry).decode().splitlines() if line.startswith("pool_size")])
EOF

cat >probe.py <<'EOF'
import os
import subprocess
import sys
import tempfile

for how, more in (("one process", {}), ("several", {"PROMETHEUS_MULTIPROC_DIR": tempfile.mkdtemp(dir=".")})):
    ran = subprocess.run([sys.executable, "scrape.py"], env=os.environ | more, capture_output=True, text=True, check=True)
    print(f"{how}: {ran.stdout.strip()}; warnings: {ran.stderr.strip() or 'none'}")
EOF

cat >expected <<'EOF'
one process: pool_size 42.0; warnings: none
several: pool_size 0.0; warnings: none
EOF

timeout 300 venv/bin/python probe.py >seen 2>errors || { cat seen errors; echo "CHANGED: the probe itself failed"; exit 1; }
cat seen
diff expected seen || { echo "CHANGED: set_function behaves differently in multiprocess mode now"; exit 1; }
echo "As recorded: 42 with one process, 0 with the shared directory."
