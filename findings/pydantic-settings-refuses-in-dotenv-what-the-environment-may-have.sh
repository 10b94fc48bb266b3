#!/usr/bin/env bash
# pydantic-settings stops at any line of .env that is no field of its own, even one of another program; in the
# environment the same variable is ignored.
#
# Packages: pydantic-settings==2.16.3 (Python 3.11)
# Date: 2026-11-30
# One would guess: .env stands for the environment: what isn't ours, by prefix or by name, is passed over in both.
# What happens: POSTGRES_PASSWORD in .env (without our prefix) ends the start with `Extra inputs are not permitted`,
#   and the message quotes its value; in the environment it is ignored, and so is APP_ with a field that doesn't
#   exist. extra='ignore' makes them alike, and then a misspelt APP_ name passes in both.
# Why the guess is a good one: The twelve-factor rule for configuration that .env files follow, and Docker Compose,
#   which reads one .env for all its services; env_prefix, which says which names are ours.
# What it means for a GraphQL service: A .env shared with Compose or the frontend stops the service, and its log
#   shows a secret that isn't the service's. Set extra='ignore', and look for misspelt names with the prefix by
#   yourself.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check \
  pydantic-settings==2.16.3

cat >one.env <<'EOF'
POSTGRES_PASSWORD=hunter2
APP_PORT=8000
EOF

cat >probe.py <<'EOF'
import os

from pydantic import ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict


def read(how, **options):
    class Settings(BaseSettings):
        model_config = SettingsConfigDict(env_prefix="APP_", **options)
        port: int

    try:
        print(f"{how}: {Settings()}")
    except ValidationError as error:
        found = error.errors()[0]
        print(f"{how}: {found['msg']}: {found['loc'][0]}; the value stands in the message: {'hunter2' in str(error)}")


read(".env", env_file="one.env")
read(".env, extra='ignore'", env_file="one.env", extra="ignore")
os.environ |= {"POSTGRES_PASSWORD": "hunter2", "APP_PORT": "8000", "APP_PROT": "9000"}
read("environment")
EOF

cat >expected <<'EOF'
.env: Extra inputs are not permitted: postgres_password; the value stands in the message: True
.env, extra='ignore': port=8000
environment: port=8000
EOF

timeout 300 venv/bin/python probe.py >seen 2>errors || { cat seen errors; echo "CHANGED: the probe itself failed"; exit 1; }
cat seen
diff expected seen || { echo "CHANGED: pydantic-settings treats extra names differently from what was recorded"; exit 1; }
echo "As recorded: the file's line is refused, the environment's is ignored."
