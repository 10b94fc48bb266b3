#!/usr/bin/env bash
# prometheus_client looks for PROMETHEUS_MULTIPROC_DIR when it is imported: a program that sets it a line later
# counts each worker for itself, silently.
#
# Packages: prometheus-client==0.26.0 (Python 3.11)
# Date: 2026-11-30
# One would guess: The variable is read when the first metric is made, so a command line that makes the directory
#   before it builds the application does it in time.
# What happens: Whichever module imports prometheus_client first decides. Set afterwards, even before any metric
#   exists, the directory stays empty: MultiProcessCollector finds nothing and each scrape shows one worker's
#   numbers or none.
# Why the guess is a good one: The documentation asks for the variable in the environment `before starting the app`;
#   os.environ in Python is usually read at use, and a metric made later is the use.
# What it means for a GraphQL service: `/metrics` is empty or jumps between workers, and only with more than one of
#   them. Set the variable in the parent before the import (or start workers with it), and test that the directory
#   has files.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check \
  prometheus-client==0.26.0

cat >count.py <<'EOF'
import os
import sys
import tempfile

directory = tempfile.mkdtemp(dir=".")
if sys.argv[1] == "before":
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = directory
import prometheus_client

os.environ["PROMETHEUS_MULTIPROC_DIR"] = directory
prometheus_client.Counter("pushes", "Pushes.").inc()
from prometheus_client import multiprocess

registry = prometheus_client.CollectorRegistry()
multiprocess.MultiProcessCollector(registry)
print(f"set {sys.argv[1]} the import: {len(os.listdir(directory))} file(s), pushes_total", registry.get_sample_value("pushes_total"))
EOF

cat >probe.py <<'EOF'
import subprocess
import sys

for when in ("before", "after"):
    print(subprocess.run([sys.executable, "count.py", when], capture_output=True, text=True, check=True).stdout, end="")
EOF

cat >expected <<'EOF'
set before the import: 1 file(s), pushes_total 1.0
set after the import: 0 file(s), pushes_total None
EOF

timeout 300 venv/bin/python probe.py >seen 2>errors || { cat seen errors; echo "CHANGED: the probe itself failed"; exit 1; }
cat seen
diff expected seen || { echo "CHANGED: prometheus_client reads the variable at another time now"; exit 1; }
echo "As recorded: set after the import it has no effect."
