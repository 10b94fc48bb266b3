#!/usr/bin/env bash
# Tortoise's create() and Model() drop names that are no fields, silently; update() refuses the same name.
#
# Packages: tortoise-orm==1.1.9, pypika-tortoise==0.6.5, aiosqlite==0.22.1 (Python 3.11)
# Date: 2026-11-30
# One would guess: Panel.create(nmae=…) raises, as every Python call with an unknown keyword, Django's models and
#   Tortoise's own filter() and update() do.
# What happens: The row is made without it: no exception, no warning, and the value is nowhere, not even on the
#   instance.
# Why the guess is a good one: Python's own rule for unexpected keyword arguments; Tortoise's update() answers
#   `Unknown keyword argument … for model`.
# What it means for a GraphQL service: A renamed column that one call was forgotten in loses data from that day on,
#   and tests that look at other fields stay green. Type-check model construction, or compare the names with
#   Model._meta.fields in one place.
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
from tortoise.exceptions import FieldError

from models import Panel


async def main():
    await Tortoise.init(db_url="sqlite://:memory:", modules={"models": ["models"]})
    await Tortoise.generate_schemas()
    panel = await Panel.create(name="panel", nnote="bring a laptop")
    print("create(nnote=…): stored", (await Panel.filter(id=panel.id).values("name", "note"))[0])
    print("on the instance:", hasattr(panel, "nnote"))
    for how, query in (("update", lambda: Panel.filter(id=panel.id).update(nnote="x")), ("filter", lambda: Panel.filter(nnote="x"))):
        try:
            await query()
            print(f"{how}(nnote=…): accepted")
        except FieldError as error:
            print(f"{how}(nnote=…): {error}")
    await Tortoise.close_connections()


run_async(main())
EOF

cat >expected <<'EOF'
create(nnote=…): stored {'name': 'panel', 'note': None}
on the instance: False
update(nnote=…): Unknown keyword argument nnote for model <class 'models.Panel'>
filter(nnote=…): Unknown filter param 'nnote'. Allowed base values are ['id', 'name', 'note']
EOF

timeout 300 venv/bin/python probe.py >seen 2>errors || { cat seen errors; echo "CHANGED: the probe itself failed"; exit 1; }
cat seen
diff expected seen || { echo "CHANGED: create() treats unknown names differently now"; exit 1; }
echo "As recorded: create() dropped the name, update() refused it."
