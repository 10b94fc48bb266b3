"""Conditions that query sets can't say: SQL with values that are bound, and the values of several queries as one."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pypika_tortoise.context import SqlContext
from pypika_tortoise.terms import Criterion, Term
from tortoise.expressions import Q, ResolveContext, Subquery
from tortoise.query_utils import QueryModifier
from tortoise.queryset import AwaitableQuery

from database.connection import on_postgres


class Condition(Q):
    """A condition in SQL, for what query sets can't say: `:name` stands for the bound value of that name."""

    def __init__(self, sql: str, **bound: object) -> None:
        super().__init__()
        self.sql, self.bound = sql, bound

    def resolve(self, resolve_context: ResolveContext) -> QueryModifier:
        """The condition as it stands, whatever the table is called."""
        return QueryModifier(where_criterion=_Written(self.sql, self.bound))


class _Written(Criterion):
    """SQL with the bound values in their places."""

    def __init__(self, sql: str, bound: Mapping[str, object]) -> None:
        super().__init__()
        self.sql, self.bound = sql, {name: _wrapped(value) for name, value in bound.items()}

    def get_sql(self, ctx: SqlContext) -> str:
        return re.sub(r":(\w+)", lambda name: str(self.bound[name[1]].get_sql(ctx)), self.sql)


def _wrapped(value: object) -> Term:
    if isinstance(value, datetime) and not on_postgres():
        value = value.isoformat(" ")
    wrapped: Term = Term.wrap_constant(value)
    return wrapped


class AnyOf(Subquery):
    """The values of several queries, for `in`: each is found by an index of its own, as with `OR` none would be.

    PostgreSQL gathers them first: it can't tell how many they are, and may look for each row of a table among them.
    """

    def __init__(self, *queries: AwaitableQuery[Any]) -> None:
        super().__init__(queries[0])
        self.parts = [Subquery(query) for query in queries]

    def get_sql(self, ctx: SqlContext) -> str:
        parts = (part.get_sql(ctx.copy(subquery=False)) for part in self.parts)
        values = " UNION ALL ".join(parts)
        return f"(SELECT unnest(ARRAY({values})))" if on_postgres() else f"({values})"
