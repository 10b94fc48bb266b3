#!/usr/bin/env bash
# Tortoise's .limit(1).delete() deletes every row, and .limit(1).update() changes every row.
#
# Packages: tortoise-orm==1.1.9, pypika-tortoise==0.6.5, aiosqlite==0.22.1 (Python 3.11)
# Date: 2026-11-30
# One would guess: A limited queryset stands for its first rows, whatever is done with them; where SQL can't, it
#   raises, as Django does (`Cannot use 'limit' or 'offset' with delete`).
# What happens: limit() and order_by() are dropped without a word: of five rows all five are changed, and then all
#   five are deleted.
# Why the guess is a good one: Tortoise's documentation presents .limit(), .update() and .delete() as parts of one
#   queryset, inspired by Django's; a count of the same queryset honours the limit.
# What it means for a GraphQL service: A clean-up `delete the oldest 500` empties the table. Select the ids first
#   (values_list of the limited queryset), then filter(id__in=…).
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

from models import Panel


async def main():
    await Tortoise.init(db_url="sqlite://:memory:", modules={"models": ["models"]})
    await Tortoise.generate_schemas()
    for number in range(5):
        await Panel.create(name=f"panel {number}")
    first = Panel.all().order_by("id").limit(1)
    print("rows of the limited queryset:", await first.count())
    print("limit(1).update():", await first.update(note="old"), "rows; with the note:", await Panel.filter(note="old").count())
    print("limit(1).delete():", await first.delete(), "rows; left:", await Panel.all().count())
    await Tortoise.close_connections()


run_async(main())
EOF

cat >expected <<'EOF'
rows of the limited queryset: 1
limit(1).update(): 5 rows; with the note: 5
limit(1).delete(): 5 rows; left: 0
EOF

timeout 300 venv/bin/python probe.py >seen 2>errors || { cat seen errors; echo "CHANGED: the probe itself failed"; exit 1; }
cat seen
diff expected seen || { echo "CHANGED: limit() counts for update or delete now"; exit 1; }
echo "As recorded: all rows were changed, all deleted."
