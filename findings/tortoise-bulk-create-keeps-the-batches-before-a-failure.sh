#!/usr/bin/env bash
# Tortoise's bulk_create with a batch_size is no single step: when a later batch fails, the earlier ones stay.
#
# Packages: tortoise-orm==1.1.9, pypika-tortoise==0.6.5, aiosqlite==0.22.1 (Python 3.11)
# Date: 2026-11-30
# One would guess: bulk_create stores all objects or none, as without batch_size and as Django's, which wraps its
#   batches in one transaction.
# What happens: Each batch is committed by itself: an IntegrityError in the third leaves the rows of the first two.
# Why the guess is a good one: Tortoise's documentation describes batch_size as how many objects are created in a
#   single query; Django's bulk_create runs all batches in one atomic block.
# What it means for a GraphQL service: A retry after the error meets its own rows of the first try. Put `async with
#   in_transaction()` around bulk_create, always.
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


class Panel(Model):
    id = fields.IntField(primary_key=True)
    name = fields.CharField(20, unique=True)
    note = fields.CharField(20, null=True)
EOF

cat >probe.py <<'EOF'
from tortoise import Tortoise, run_async
from tortoise.exceptions import IntegrityError

from models import Panel


async def main():
    await Tortoise.init(db_url="sqlite://:memory:", modules={"models": ["models"]})
    await Tortoise.generate_schemas()
    for size in (None, 2):
        await Panel.all().delete()
        rows = [Panel(name=name) for name in ("a", "b", "c", "d", "a")]
        try:
            await Panel.bulk_create(rows, batch_size=size)
        except IntegrityError as error:
            print(f"batch_size={size}: {type(error).__name__}, rows left: {await Panel.all().count()}")
    await Tortoise.close_connections()


run_async(main())
EOF

cat >expected <<'EOF'
batch_size=None: IntegrityError, rows left: 0
batch_size=2: IntegrityError, rows left: 4
EOF

timeout 300 venv/bin/python probe.py >seen 2>errors || { cat seen errors; echo "CHANGED: the probe itself failed"; exit 1; }
cat seen
diff expected seen || { echo "CHANGED: bulk_create with batches behaves differently now"; exit 1; }
echo "As recorded: two batches stayed after the error."
