"""The database, for any rows: connection, transactions, compiled statements, batching and upserts.

It knows no word of recruiting. Whoever uses it imports from here, or one of its files.
"""

from database.connection import (
    TORTOISE_ORM,
    UNREACHABLE,
    alone,
    config,
    is_away,
    is_current,
    migrate,
    on_postgres,
    opened,
    pool,
    transaction,
)

__all__ = [
    "TORTOISE_ORM",
    "UNREACHABLE",
    "alone",
    "config",
    "is_away",
    "is_current",
    "migrate",
    "on_postgres",
    "opened",
    "pool",
    "transaction",
]
