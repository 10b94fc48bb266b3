#!/usr/bin/env bash
# asyncpg raises InvalidCachedStatementError in a transaction when a column was added to a table that the connection
# has read with `select *` before.
#
# Packages: asyncpg==0.32.0 (Python 3.11)
# Date: 2026-11-30
# One would guess: Adding a nullable column is the migration that breaks nobody; prepared statements are asyncpg's
#   own affair, and it makes them anew, as it does outside of a transaction.
# What happens: Outside of a transaction the statement is prepared again unseen. Inside of one it can't be:
#   PostgreSQL has aborted the transaction, so the error reaches the caller, once for each connection and statement
#   that was in use. Naming the columns avoids it for added ones.
# Why the guess is a good one: The usual rule for migrations without downtime: add columns first, then deploy.
#   asyncpg's documentation: it prepares and caches statements automatically and transparently.
# What it means for a GraphQL service: For some seconds after a purely additive migration mutations fail with a 500
#   on every warm connection. Put the error among those after which a transaction is run again, and name columns in
#   hand-written SQL.
set -euo pipefail
(exec 3<>/dev/tcp/127.0.0.1/5432) 2>/dev/null || { echo "SKIPPED: no PostgreSQL at 127.0.0.1:5432"; exit 0; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check \
  asyncpg==0.32.0

cat >probe.py <<'EOF'
import asyncio
import os

import asyncpg

TABLE = f"finding_{os.getpid()}"
URL = "postgres://root@127.0.0.1:5432/test"


async def main():
    connection, migration = await asyncpg.connect(URL), await asyncpg.connect(URL)
    await migration.execute(f"create table {TABLE} (id int primary key)")
    try:
        await migration.execute(f"insert into {TABLE} values (1)")
        for step, columns in enumerate(("*", "*", "id")):
            read = f"select {columns} from {TABLE} where id = $1"
            await connection.fetchrow(read, 1)
            await migration.execute(f"alter table {TABLE} add column note_{step} text")
            where = "outside of" if step == 0 else "inside of"
            try:
                if step == 0:
                    row = await connection.fetchrow(read, 1)
                else:
                    async with connection.transaction():
                        row = await connection.fetchrow(read, 1)
                print(f"select {columns}, after a column was added, {where} a transaction: {len(row)} column(s)")
            except asyncpg.PostgresError as error:
                print(f"select {columns}, after a column was added, {where} a transaction: {type(error).__name__}")
    finally:
        await migration.execute(f"drop table {TABLE}")
        await connection.close()
        await migration.close()


asyncio.run(main())
EOF

cat >expected <<'EOF'
select *, after a column was added, outside of a transaction: 2 column(s)
select *, after a column was added, inside of a transaction: InvalidCachedStatementError
select id, after a column was added, inside of a transaction: 1 column(s)
EOF

timeout 300 venv/bin/python probe.py >seen 2>errors || { cat seen errors; echo "CHANGED: the probe itself failed"; exit 1; }
cat seen
diff expected seen || { echo "CHANGED: asyncpg treats stale statements differently now"; exit 1; }
echo "As recorded: unseen outside of a transaction, an error inside."
