#!/usr/bin/env bash
# Tortoise's Prefetch(…, to_attr=…) fills the plain relation as well: panel.seats then shows only the filtered rows.
#
# Packages: tortoise-orm==1.1.9, pypika-tortoise==0.6.5, aiosqlite==0.22.1 (Python 3.11)
# Date: 2026-11-30
# One would guess: to_attr keeps the filtered rows apart, so that panel.active_seats is the selection and
#   panel.seats stays whole, as in Django.
# What happens: Both names hold the filtered rows. Only `await panel.seats` asks the database once more and gets
#   all; a loop over panel.seats, len() and an index see the selection.
# Why the guess is a good one: Tortoise's documentation: to_attr stores the result in a separate attribute; Django's
#   Prefetch, which it follows, recommends to_attr just because it leaves the manager alone.
# What it means for a GraphQL service: Code that gets such an object and works with the whole relation (a check, a
#   save, a resolver) sees a part of it. Fetch the selection by a query of its own.
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
    seats: fields.ReverseRelation["Seat"]


class Seat(Model):
    id = fields.IntField(primary_key=True)
    panel = fields.ForeignKeyField("models.Panel", related_name="seats")
    active = fields.BooleanField()
EOF

cat >probe.py <<'EOF'
from tortoise import Tortoise, run_async
from tortoise.query_utils import Prefetch

from models import Panel, Seat


async def main():
    await Tortoise.init(db_url="sqlite://:memory:", modules={"models": ["models"]})
    await Tortoise.generate_schemas()
    panel = await Panel.create(name="panel")
    await Seat.create(panel=panel, active=True)
    await Seat.create(panel=panel, active=False)
    active = Prefetch("seats", queryset=Seat.filter(active=True), to_attr="active_seats")
    found = await Panel.get(id=panel.id).prefetch_related(active)
    print("seats in the database:", await Seat.filter(panel_id=panel.id).count())
    print("panel.active_seats:   ", len(found.active_seats))
    print("panel.seats:          ", len(found.seats))
    print("await panel.seats:    ", len(await found.seats))
    await Tortoise.close_connections()


run_async(main())
EOF

cat >expected <<'EOF'
seats in the database: 2
panel.active_seats:    1
panel.seats:           1
await panel.seats:     2
EOF

timeout 300 venv/bin/python probe.py >seen 2>errors || { cat seen errors; echo "CHANGED: the probe itself failed"; exit 1; }
cat seen
diff expected seen || { echo "CHANGED: to_attr treats the plain relation differently now"; exit 1; }
echo "As recorded: the plain relation was narrowed."
