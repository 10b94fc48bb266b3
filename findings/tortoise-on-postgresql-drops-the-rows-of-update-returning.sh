#!/usr/bin/env bash
# Tortoise's execute_query gives the rows of UPDATE … RETURNING on SQLite and an empty list on PostgreSQL.
#
# Packages: tortoise-orm==1.1.9, pypika-tortoise==0.6.5, asyncpg==0.32.0, aiosqlite==0.22.1 (Python 3.11)
# Date: 2026-11-30
# One would guess: execute_query returns (number of rows, rows), whatever the statement, on each database.
# What happens: On PostgreSQL a statement that begins with UPDATE or DELETE is run so that only the number of rows
#   is kept: (1, []). execute_query_dict gives the rows on both.
# Why the guess is a good one: Its documentation and annotation: execute_query returns a tuple of the row count and
#   a sequence of rows; RETURNING exists in both databases so that one statement changes and reads.
# What it means for a GraphQL service: Code that was tested on SQLite takes a number from RETURNING (a position, a
#   version) and on PostgreSQL finds none: an IndexError, or a lost update where the rows are looped over. Use
#   execute_query_dict.
set -euo pipefail
(exec 3<>/dev/tcp/127.0.0.1/5432) 2>/dev/null || { echo "SKIPPED: no PostgreSQL at 127.0.0.1:5432"; exit 0; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check \
  tortoise-orm==1.1.9 pypika-tortoise==0.6.5 asyncpg==0.32.0 aiosqlite==0.22.1

cat >models.py <<'EOF'
from tortoise import fields
from tortoise.models import Model


class Counter(Model):
    id = fields.IntField(primary_key=True)
EOF

cat >probe.py <<'EOF'
import os

from tortoise import Tortoise, connections, run_async

TABLE = f"finding_{os.getpid()}"


async def main():
    for name, url in (("SQLite", "sqlite://:memory:"), ("PostgreSQL", "postgres://root@127.0.0.1:5432/test")):
        await Tortoise.init(db_url=url, modules={"models": ["models"]})
        connection = connections.get("default")
        await connection.execute_script(f"create table {TABLE} (id int primary key, position int)")
        try:
            await connection.execute_script(f"insert into {TABLE} values (1, 41)")
            statement = f"update {TABLE} set position = position + 1 where id = 1 returning position"
            count, rows = await connection.execute_query(statement)
            print(f"{name}: execute_query: {count} row(s), {[dict(row) for row in rows]}")
            print(f"{name}: execute_query_dict:", [dict(row) for row in await connection.execute_query_dict(statement)])
        finally:
            await connection.execute_script(f"drop table {TABLE}")
            await Tortoise.close_connections()


run_async(main())
EOF

cat >expected <<'EOF'
SQLite: execute_query: 1 row(s), [{'position': 42}]
SQLite: execute_query_dict: [{'position': 43}]
PostgreSQL: execute_query: 1 row(s), []
PostgreSQL: execute_query_dict: [{'position': 43}]
EOF

timeout 300 venv/bin/python probe.py >seen 2>errors || { cat seen errors; echo "CHANGED: the probe itself failed"; exit 1; }
cat seen
diff expected seen || { echo "CHANGED: execute_query treats RETURNING differently now"; exit 1; }
echo "As recorded: rows on SQLite, none on PostgreSQL."
