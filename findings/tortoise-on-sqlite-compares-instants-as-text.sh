#!/usr/bin/env bash
# On SQLite Tortoise compares instants as text: the same moment with another offset isn't found, and ranges are off
# by the offset.
#
# Packages: tortoise-orm==1.1.9, pypika-tortoise==0.6.5, aiosqlite==0.22.1 (Python 3.11)
# Date: 2026-11-30
# One would guess: Aware datetimes are moments: 09:00-05:00 and 14:00+00:00 are one, in a filter as in Python and on
#   PostgreSQL.
# What happens: The value is stored in UTC, but a filter's value goes into the statement as the text of its own
#   offset: the row isn't equal to itself, and `at >= 09:00-05:00` includes and excludes by the letters. No error,
#   no warning.
# Why the guess is a good one: Python's datetime: aware objects compare by their UTC time; the field is documented
#   as an aware datetime with use_tz, on every database alike.
# What it means for a GraphQL service: Tests on SQLite and production on PostgreSQL differ, or an embedded service
#   shows wrong days to users east or west of Greenwich. Convert to UTC (astimezone) before any value reaches a
#   filter.
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


class Interview(Model):
    id = fields.IntField(primary_key=True)
    starts_at = fields.DatetimeField()
EOF

cat >probe.py <<'EOF'
from tortoise import Tortoise, run_async
from datetime import datetime, timedelta, timezone

from models import Interview


async def main():
    await Tortoise.init(db_url="sqlite://:memory:", modules={"models": ["models"]})
    await Tortoise.generate_schemas()
    nine = datetime(2026, 11, 30, 9, tzinfo=timezone(timedelta(hours=-5)))
    interview = await Interview.create(starts_at=nine)
    stored = (await Interview.get(id=interview.id)).starts_at
    print("stored == asked for, in Python:", stored == nine)
    for offset in (-5, 0):
        at = nine.astimezone(timezone(timedelta(hours=offset)))
        print(f"{at.isoformat()}: equal {await Interview.filter(starts_at=at).count()},",
              f"until an hour later {await Interview.filter(starts_at__lt=at + timedelta(hours=1)).count()},",
              f"from an hour later {await Interview.filter(starts_at__gte=at + timedelta(hours=1)).count()}")
    await Tortoise.close_connections()


run_async(main())
EOF

cat >expected <<'EOF'
stored == asked for, in Python: True
2026-11-30T09:00:00-05:00: equal 0, until an hour later 0, from an hour later 1
2026-11-30T14:00:00+00:00: equal 1, until an hour later 1, from an hour later 0
EOF

timeout 300 venv/bin/python probe.py >seen 2>errors || { cat seen errors; echo "CHANGED: the probe itself failed"; exit 1; }
cat seen
diff expected seen || { echo "CHANGED: filters by instants behave differently on SQLite now"; exit 1; }
echo "As recorded: the row was not found by its own instant."
