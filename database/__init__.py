"""The database, for any rows: connection, transactions, compiled statements, batching and upserts.

It knows no word of recruiting. What other rooms use of it is imported from here. docs/database.md explains it.
"""

from database.batching import Coalescer, run_batched
from database.compiled import Bind, Join, Query, Statement, Texts, UnionAll, fetch, fetch_values, in_
from database.conditions import AnyOf, Condition
from database.connection import (
    TORTOISE_ORM,
    UNREACHABLE,
    connect,
    empty_log,
    is_too_slow,
    is_unavailable,
    on_postgres,
    pool_sizes,
    tortoise_config,
)
from database.group_commit import GroupCommits
from database.identity import has_moved, write_marker
from database.migrations import due_repair, is_current, listener_name, migrate, note_release, plan
from database.postgres import PostgresServers
from database.readiness import NOT_CURRENT, NotReady, check_ready, grant
from database.repairs import Repair, Trigger, bound_ids, for_dialect, repair_by_sql
from database.row import (
    NOT_READ,
    Attributes,
    Stored,
    attach,
    attached_rows,
    column_values,
    derived_from,
    is_instant,
    related_model,
    table_name,
    table_of,
    with_attributes,
)
from database.transactions import Transactions, take_lock
from database.upsert import upsert

__all__ = [
    "NOT_CURRENT",
    "NOT_READ",
    "TORTOISE_ORM",
    "UNREACHABLE",
    "AnyOf",
    "Attributes",
    "Bind",
    "Coalescer",
    "Condition",
    "GroupCommits",
    "Join",
    "NotReady",
    "PostgresServers",
    "Query",
    "Repair",
    "Statement",
    "Stored",
    "Texts",
    "Transactions",
    "Trigger",
    "UnionAll",
    "attach",
    "attached_rows",
    "bound_ids",
    "check_ready",
    "column_values",
    "connect",
    "derived_from",
    "due_repair",
    "empty_log",
    "fetch",
    "fetch_values",
    "for_dialect",
    "grant",
    "has_moved",
    "in_",
    "is_current",
    "is_instant",
    "is_too_slow",
    "is_unavailable",
    "listener_name",
    "migrate",
    "note_release",
    "on_postgres",
    "plan",
    "pool_sizes",
    "related_model",
    "repair_by_sql",
    "run_batched",
    "table_name",
    "table_of",
    "take_lock",
    "tortoise_config",
    "upsert",
    "with_attributes",
    "write_marker",
]
