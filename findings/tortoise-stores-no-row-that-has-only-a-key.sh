#!/usr/bin/env bash
# Tortoise's create() of a model that has nothing but a generated key returns an instance with a key, and stores no
# row.
#
# Packages: tortoise-orm==1.1.9, pypika-tortoise==0.6.5, aiosqlite==0.22.1 (Python 3.11)
# Date: 2026-11-30
# One would guess: create() stores a row with the next key (INSERT … DEFAULT VALUES), or fails.
# What happens: The instance has an id as if it were stored, count() is 0, and a row that refers to it meets no
#   parent.
# Why the guess is a good one: SQL's DEFAULT VALUES, which SQLite and PostgreSQL have for this; Django's create()
#   stores such a row.
# What it means for a GraphQL service: Tables that only hand out numbers, or that are the common parent of others,
#   stay empty. Give such a model one more column with a value from Python (a time of creation).
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check \
  tortoise-orm==1.1.9 pypika-tortoise==0.6.5 aiosqlite==0.22.1

cat >models.py <<'EOF'
from tortoise import fields
from tortoise.models import Model


class Sequence(Model):
    id = fields.IntField(primary_key=True)


class Stamped(Model):
    id = fields.IntField(primary_key=True)
    note = fields.CharField(20, default="")
EOF

cat >probe.py <<'EOF'
from tortoise import Tortoise, run_async

from models import Sequence, Stamped


async def main():
    await Tortoise.init(db_url="sqlite://:memory:", modules={"models": ["models"]})
    await Tortoise.generate_schemas()
    for model in (Sequence, Stamped):
        made = await model.create()
        print(f"{model.__name__}.create(): an id: {made.id is not None}; rows stored: {await model.all().count()}; "
              f"found again: {await model.get_or_none(id=made.id) is not None}")
    await Tortoise.close_connections()


run_async(main())
EOF

cat >expected <<'EOF'
Sequence.create(): an id: True; rows stored: 0; found again: False
Stamped.create(): an id: True; rows stored: 1; found again: True
EOF

timeout 300 venv/bin/python probe.py >seen 2>errors || { cat seen errors; echo "CHANGED: the probe itself failed"; exit 1; }
cat seen
diff expected seen || { echo "CHANGED: create() of such a model behaves differently now"; exit 1; }
echo "As recorded: an id was returned and no row stored."
