"""A plan run level by level: every part takes all values of its place in the answer at once and completes them all.

A part either completes every value exactly as graphql-core would, or raises: `Unusual` for what it does not know, or
whatever a resolver raised. It never answers with an error or a null that propagates; those are graphql-core's to give.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain, pairwise, repeat
from typing import Any, NamedTuple

from graphql import GraphQLAbstractType, GraphQLResolveInfo
from graphql.pyutils import UndefinedType, gather_with_cancel

from execution.breadth import Relation
from execution.level import Level, Scope, Selected, Selection

Values = list[Any]
NULL = type(None)


class Unusual(Exception):
    """A value that the plan does not know how to complete."""


class Run(NamedTuple):
    """One root field's run: its resolve info, which serves all below it, and the operation's variables."""

    info: GraphQLResolveInfo[Any]
    scope: Scope


class Part(ABC):
    """What completes the values of one place in the answer."""

    waits: bool = False
    """Whether that may mean waiting for somebody."""

    @abstractmethod
    async def complete(self, values: Values, run: Run) -> Values: ...


@dataclass
class Position(Part):
    """A place for objects or lists of them: nulls are passed by, and refused where none may be."""

    required: bool
    part: Part

    def __post_init__(self) -> None:
        self.waits = self.part.waits

    async def complete(self, values: Values, run: Run) -> Values:
        kinds = set(map(type, values))
        if any(issubclass(kind, (Exception, UndefinedType)) or hasattr(kind, "__await__") for kind in kinds):
            raise Unusual
        if NULL not in kinds:
            return await self.part.complete(values, run) if values else []
        if self.required:
            raise Unusual
        present = [value for value in values if value is not None]
        completed = iter(await self.part.complete(present, run) if present else ())
        return [None if value is None else next(completed) for value in values]


@dataclass
class Leaves(Part):
    """Scalars and enums, and lists of them; nulls are their own affair."""

    coerce: Callable[[Any], Any]

    async def complete(self, values: Values, run: Run) -> Values:
        return list(map(self.coerce, values))


@dataclass
class Lists(Part):
    """Lists, whose items are completed as one level."""

    items: Part

    def __post_init__(self) -> None:
        self.waits = self.items.waits

    async def complete(self, values: Values, run: Run) -> Values:
        if not {list, tuple}.issuperset(map(type, values)):
            raise Unusual
        completed = await self.items.complete(list(chain.from_iterable(values)), run)
        ends = accumulate(map(len, values), initial=0)
        return [completed[start:end] for start, end in pairwise(ends)]


@dataclass
class Choice(Part):
    """Objects of an interface or a union: those of one type are completed together."""

    type: GraphQLAbstractType
    rows: dict[str, "Rows"]

    def __post_init__(self) -> None:
        self.waits = any(rows.waits for rows in self.rows.values())

    async def complete(self, values: Values, run: Run) -> Values:
        places: dict[Any, list[int]] = {}
        for place, value in enumerate(values):
            name = self.type.resolve_type(value, run.info, self.type)  # type: ignore[misc]
            places.setdefault(name, []).append(place)
        if not places.keys() <= self.rows.keys():
            raise Unusual
        groups = [(self.rows[name], [values[place] for place in some]) for name, some in places.items()]
        completed = chain.from_iterable(await side_by_side(groups, run))
        by_place = dict(zip(chain.from_iterable(places.values()), completed, strict=True))
        return [by_place[place] for place in range(len(values))]


@dataclass
class Rows(Part):
    """Objects of one type. `build` makes their rows in one comprehension out of the objects and the columns beside."""

    is_type_of: Callable[..., Any] | None
    columns: Sequence["Column"]
    arguments: Sequence[Selected]
    build: Callable[..., Values]

    def __post_init__(self) -> None:
        self.waits = any(column.waits for column in self.columns)

    async def complete(self, values: Values, run: Run) -> Values:
        if self.is_type_of and set(map(self.is_type_of, values, repeat(run.info))) != {True}:
            raise Unusual
        columns = await side_by_side([(column, values) for column in self.columns], run)
        return self.build(values, *columns, *(its.arguments(run.scope) for its in self.arguments))


@dataclass
class Column(Part):
    """A field whose answers don't fit into the comprehension: objects, lists of them, and all that is waited for."""

    source: "Each | AtOnce"
    part: Part

    def __post_init__(self) -> None:
        self.waits = self.source.waits or self.part.waits

    async def complete(self, values: Values, run: Run) -> Values:
        return await self.part.complete(await self.source.answers(values, run), run)


@dataclass
class Each:
    """Answers taken from each object, by its attribute or its method."""

    take: Callable[..., Values]
    #: The field, where it has arguments.
    selected: Selected | None
    waits: bool

    async def answers(self, values: Values, run: Run) -> Values:
        answers = self.take(values, self.selected.arguments(run.scope)) if self.selected else self.take(values)
        return await gather_with_cancel(*answers) if self.waits else answers


@dataclass
class AtOnce:
    """Answers of a breadth function."""

    relation: Relation
    selection: Selection

    @property
    def waits(self) -> bool:
        return self.relation.waits

    async def answers(self, values: Values, run: Run) -> Values:
        level = Level(run.info.context, self.selection)
        return await self.relation.answers(values, level, self.selection.occurrences[0].arguments(run.scope))


async def side_by_side(work: Sequence[tuple[Part, Values]], run: Run) -> list[Values]:
    """What each part makes of its values. Those that wait do so together; the first failure ends the others."""
    if sum(part.waits for part, _ in work) < 2:
        return [await part.complete(values, run) for part, values in work]
    return await gather_with_cancel(*(part.complete(values, run) for part, values in work))
