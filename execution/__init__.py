"""Breadth-first execution over a Strawberry schema: each field is resolved once for all objects of a level."""

from execution.breadth import breadth, field_cost, waits
from execution.executor import (
    IS_AWAITABLE,
    BreadthFirstExecutor,
    CompleteAll,
    Incomplete,
    Together,
    core_schema,
    execute,
)
from execution.level import Level
from execution.plan import variables_in

__all__ = [
    "IS_AWAITABLE",
    "BreadthFirstExecutor",
    "CompleteAll",
    "Incomplete",
    "Level",
    "Together",
    "breadth",
    "core_schema",
    "execute",
    "field_cost",
    "variables_in",
    "waits",
]
