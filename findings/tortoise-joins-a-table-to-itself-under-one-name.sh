#!/usr/bin/env bash
# Tortoise joins a table to itself under one alias: "the seats beside mine" is SQL that no database takes.
#
# Packages: tortoise-orm==1.1.9, pypika-tortoise==0.6.5, aiosqlite==0.22.1 (Python 3.11)
# Date: 2026-11-30
# One would guess: Seat.filter(panel__seats__user="ivo") finds the seats on all panels on which Ivo sits, and
#   Seat.filter(user="ivo").values_list("panel__seats__user") who sits beside him: a path may come back to its own model.
# What happens: Both uses of the table get one and the same alias, and SQLite answers "ambiguous column name"
#   (PostgreSQL: "table name … specified more than once"). From another model the same path works.
# Why the guess is a good one: Django's ORM, whose lookups these are, numbers its aliases (T3, T4) for this; and
#   Tortoise makes an alias of its own for the first use, so it has seen that the table is there twice.
# What it means for a GraphQL service: "Whom do I share a panel with" is asked in two steps: the ids of the panels as a
#   Subquery, then seats by panel_id__in.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check \
  tortoise-orm==1.1.9 pypika-tortoise==0.6.5 aiosqlite==0.22.1

cat >models.py <<'PY'
from tortoise import fields
from tortoise.models import Model


class Panel(Model):
    id = fields.IntField(primary_key=True)
    name = fields.CharField(20)


class Seat(Model):
    id = fields.IntField(primary_key=True)
    user = fields.CharField(20)
    panel = fields.ForeignKeyField("models.Panel", related_name="seats")
PY

cat >probe.py <<'PY'
from tortoise import Tortoise, run_async
from tortoise.exceptions import OperationalError
from tortoise.expressions import Subquery

from models import Panel, Seat


async def tell(what, query):
    print(f"{what}: ", end="")
    try:
        print(sorted(await query))
    except OperationalError as error:
        print(error)


async def main():
    await Tortoise.init(db_url="sqlite://:memory:", modules={"models": ["models"]})
    await Tortoise.generate_schemas()
    panel, other = await Panel.create(name="a"), await Panel.create(name="b")
    for user, where in (("ivo", panel), ("noor", panel), ("rita", other)):
        await Seat.create(user=user, panel=where)
    await tell("users on panels of Ivo's", Panel.filter(seats__user="ivo").values_list("seats__user", flat=True))
    await tell("seats on panels of Ivo's", Seat.filter(panel__seats__user="ivo").values_list("user", flat=True))
    await tell("who sits beside Ivo", Seat.filter(user="ivo").values_list("panel__seats__user", flat=True))
    own = Subquery(Seat.filter(user="ivo").values("panel_id"))
    await tell("the same in two steps", Seat.filter(panel_id__in=own).values_list("user", flat=True))
    await Tortoise.close_connections()


run_async(main())
PY

cat >expected <<'OUT'
users on panels of Ivo's: ['ivo']
seats on panels of Ivo's: ambiguous column name: seat2.user
who sits beside Ivo: ambiguous column name: seat2.user
the same in two steps: ['ivo', 'noor']
OUT

timeout 300 venv/bin/python probe.py >seen 2>errors || { cat seen errors; echo "CHANGED: the probe itself failed"; exit 1; }
cat seen
diff expected seen || { echo "CHANGED: joins of a table to itself are written differently now"; exit 1; }
echo "As recorded: both uses of the table have one alias."
