#!/usr/bin/env bash
# python-dotenv, and so pydantic-settings, expands ${…} in a .env file even within single quotes: a password loses a
# part of itself.
#
# Packages: pydantic-settings==2.16.3, python-dotenv==1.2.4 (Python 3.11)
# Date: 2026-11-30
# One would guess: PASSWORD='s3${cret}x' is literal, as in the shell, where single quotes are the means against
#   expansion.
# What happens: What stands in ${…} is replaced by that variable's value, and by nothing where there is none: the
#   service starts with the password `s3x`. There is no warning, and no way to escape it in the file; the same line
#   in the environment arrives whole.
# Why the guess is a good one: POSIX, Shell Command Language, section 2.2.2: single quotes preserve the literal
#   value of each character; .env files are read by shells (`set -a; . ./.env`), systemd's EnvironmentFile and
#   Docker too, none of which would change this value.
# What it means for a GraphQL service: A generated secret with ${ in it works in one deployment and is refused by
#   the database in the next. Pass secrets by the environment or by files, and say in the documentation of the
#   settings that .env expands.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check \
  pydantic-settings==2.16.3 python-dotenv==1.2.4

cat >settings.env <<'EOF'
APP_PASSWORD='s3${cret}x'
EOF

cat >probe.py <<'EOF'
import os
import shlex
import subprocess

from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="APP_", env_file="settings.env")
    password: str


print("the file:         ", open("settings.env").read().strip())
shell = subprocess.run(["sh", "-c", '. ./settings.env; printf %s "$APP_PASSWORD"'], capture_output=True, text=True)
print("the shell reads:  ", shell.stdout)
print("Settings read:    ", Settings().password)
os.environ["APP_PASSWORD"] = "s3${cret}x"
print("by the environment:", Settings().password)
EOF

cat >expected <<'EOF'
the file:          APP_PASSWORD='s3${cret}x'
the shell reads:   s3${cret}x
Settings read:     s3x
by the environment: s3${cret}x
EOF

timeout 300 venv/bin/python probe.py >seen 2>errors || { cat seen errors; echo "CHANGED: the probe itself failed"; exit 1; }
cat seen
diff expected seen || { echo "CHANGED: the .env file is read differently from what was recorded"; exit 1; }
echo "As recorded: the single-quoted value was expanded."
