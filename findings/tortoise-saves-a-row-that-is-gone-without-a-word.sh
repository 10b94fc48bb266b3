#!/usr/bin/env bash
# Tortoise's save() of a row that somebody has deleted changes nothing and says nothing.
#
# Packages: tortoise-orm==1.1.9, pypika-tortoise==0.6.5, aiosqlite==0.22.1 (Python 3.11)
# Date: 2026-11-30
# One would guess: An UPDATE that meets no row raises (Tortoise's own DoesNotExist, SQLAlchemy's StaleDataError) or
#   inserts it again, as Django's save() does.
# What happens: save(), save(update_fields=…) and delete() return as if done; the row isn't there. The same happens
#   with an instance whose INSERT was rolled back.
# Why the guess is a good one: SQLAlchemy raises StaleDataError, and Django documents that save() tries an UPDATE
#   and then an INSERT; save() that returns is taken for `it is stored`.
# What it means for a GraphQL service: A mutation answers with the object and the data is lost: a delete that ran
#   beside it, or a rollback, goes unnoticed. Use filter(id=…).update(…) and look at the number of rows, or lock the
#   row first.
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
from tortoise.transactions import in_transaction

from models import Panel


async def main():
    await Tortoise.init(db_url="sqlite://:memory:", modules={"models": ["models"]})
    await Tortoise.generate_schemas()
    panel = await Panel.create(name="panel")
    await Panel.filter(id=panel.id).delete()  # Somebody else.
    panel.note = "moved to Monday"
    await panel.save()
    await panel.save(update_fields=["note"])
    print("save() of a deleted row: no exception; rows:", await Panel.all().count())
    try:
        async with in_transaction():
            other = await Panel.create(name="other")
            raise LookupError
    except LookupError:
        pass
    other.note = "after the rollback"
    await other.save()
    print("save() after the rollback: no exception; rows:", await Panel.all().count())
    print("filter().update() tells:", await Panel.filter(id=panel.id).update(note="x"), "rows")
    await Tortoise.close_connections()


run_async(main())
EOF

cat >expected <<'EOF'
save() of a deleted row: no exception; rows: 0
save() after the rollback: no exception; rows: 0
filter().update() tells: 0 rows
EOF

timeout 300 venv/bin/python probe.py >seen 2>errors || { cat seen errors; echo "CHANGED: the probe itself failed"; exit 1; }
cat seen
diff expected seen || { echo "CHANGED: save() of a missing row behaves differently now"; exit 1; }
echo "As recorded: nothing was stored and nothing raised."
