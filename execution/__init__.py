"""Breadth-first execution over a Strawberry schema: each field is resolved once for all objects of a level."""

from execution.breadth import breadth
from execution.executor import BreadthFirstExecutor, CompleteAll, Together, execute
from execution.level import Level
from execution.plan import variables_in

__all__ = ["BreadthFirstExecutor", "CompleteAll", "Level", "Together", "breadth", "execute", "variables_in"]
