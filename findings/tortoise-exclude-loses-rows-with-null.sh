#!/usr/bin/env bash
# Tortoise's exclude(note='x') leaves out the rows whose note is NULL: filter and exclude together don't make the
# table.
#
# Packages: tortoise-orm==1.1.9, pypika-tortoise==0.6.5, aiosqlite==0.22.1 (Python 3.11)
# Date: 2026-11-30
# One would guess: exclude(condition) is all rows but those of filter(condition), as in Django, which adds `AND note
#   IS NOT NULL` inside of the NOT for that.
# What happens: It becomes NOT note='x', which is NULL for a NULL: such rows are in neither of the two.
# Why the guess is a good one: Tortoise's documentation: exclude() gives the queryset with the objects that match
#   filtered out, in an API inspired by Django's; Django's documentation and its SQL include the rows with NULL.
# What it means for a GraphQL service: Lists of `everything that isn't cancelled by X` lose what was never cancelled
#   at all. Write filter(Q(note__not='x') | Q(note__isnull=True)), and test with a NULL.
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
    for name, note in (("a", "x"), ("b", "y"), ("c", None)):
        await Panel.create(name=name, note=note)

    async def names(query):
        return await query.order_by("name").values_list("name", flat=True)

    print("all:              ", await names(Panel.all()))
    print("filter(note='x'): ", await names(Panel.filter(note="x")))
    print("exclude(note='x'):", await names(Panel.exclude(note="x")))
    print("as SQL:", Panel.exclude(note="x").only("id").sql())
    await Tortoise.close_connections()


run_async(main())
EOF

cat >expected <<'EOF'
all:               ['a', 'b', 'c']
filter(note='x'):  ['a']
exclude(note='x'): ['b']
as SQL: SELECT "id" "id" FROM "panel" WHERE NOT "note"=?
EOF

timeout 300 venv/bin/python probe.py >seen 2>errors || { cat seen errors; echo "CHANGED: the probe itself failed"; exit 1; }
cat seen
diff expected seen || { echo "CHANGED: exclude() treats NULL differently now"; exit 1; }
echo "As recorded: the row with NULL is in neither."
