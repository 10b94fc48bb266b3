"""Completers: each completes all values of its place in the answer at once, level by level.

A completer either completes every value exactly as graphql-core would, or raises: `Unusual` for what it does not know,
or whatever a resolver raised. It never answers with an error or a null that propagates; graphql-core does that.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import accumulate, chain, islice, pairwise, repeat
from operator import attrgetter
from typing import Any, NamedTuple

from graphql import GraphQLAbstractType, GraphQLResolveInfo, GraphQLTypeResolver
from graphql.pyutils import UndefinedType, gather_with_cancel

from execution.breadth import Relation
from execution.leaves import NULL, CoerceLevel, Unusual
from execution.level import DocumentContext, Level, Selected, Selection
from execution.specialised import AttributeCell, Values, dictionary_builder
from work import VALUES_AT_ONCE, TimeSlice, Work, WorkLimitExceeded, in_slices

ResolveInfo = GraphQLResolveInfo[Any]

#: From so many objects values are read before anybody looks at the clock: each may be a long list.
_READ_AT_ONCE = 100


class Run(NamedTuple):
    """One root field's run: its resolve info, which serves all below it, the operation's variables, and its work."""

    info: ResolveInfo
    scope: DocumentContext
    work: Work


class Completer(ABC):
    """What completes the values of one place in the answer."""

    waits: bool = False
    """Whether that may mean waiting for somebody."""

    @abstractmethod
    async def complete(self, values: Values, run: Run) -> Values: ...


@dataclass
class NullCompleter(Completer):
    """Objects or lists of them where nulls may stand, or must not."""

    is_required: bool
    present: Completer

    def __post_init__(self) -> None:
        self.waits = self.present.waits

    async def complete(self, values: Values, run: Run) -> Values:
        kinds = set(map(type, values))
        if any(issubclass(kind, (Exception, UndefinedType)) or hasattr(kind, "__await__") for kind in kinds):
            raise Unusual
        if NULL not in kinds:
            return await self.present.complete(values, run) if values else []
        if self.is_required:
            raise Unusual
        present = [value for value in values if value is not None]
        completed = iter(await self.present.complete(present, run) if present else ())
        return [None if value is None else next(completed) for value in values]


@dataclass
class LeafCompleter(Completer):
    """Scalars and enums, and lists of them, nulls included."""

    coerce: CoerceLevel

    async def complete(self, values: Values, run: Run) -> Values:
        coerced = self.coerce(values) if len(values) <= VALUES_AT_ONCE else await in_slices(values, self.coerce)
        run.work.count_bytes(_length(coerced))
        return coerced


@dataclass
class ListCompleter(Completer):
    """Lists, whose items are completed as one level."""

    items: Completer

    def __post_init__(self) -> None:
        self.waits = self.items.waits

    async def complete(self, values: Values, run: Run) -> Values:
        if not {list, tuple}.issuperset(map(type, values)):
            raise Unusual
        completed = await self.items.complete(list(chain.from_iterable(values)), run)
        ends = accumulate(map(len, values), initial=0)
        return [completed[start:end] for start, end in pairwise(ends)]


@dataclass
class AbstractCompleter(Completer):
    """Objects of an interface or a union: those of one type are completed together."""

    type: GraphQLAbstractType
    resolve_type: GraphQLTypeResolver
    objects: dict[str, "ObjectCompleter"]

    def __post_init__(self) -> None:
        self.waits = any(completer.waits for completer in self.objects.values())

    async def complete(self, values: Values, run: Run) -> Values:
        places: dict[Any, list[int]] = {}
        names = await in_slices(values, lambda some: [self.resolve_type(value, run.info, self.type) for value in some])
        for place, name in enumerate(names):
            places.setdefault(name, []).append(place)
        if not places.keys() <= self.objects.keys():
            raise Unusual
        groups = [(self.objects[name], [values[place] for place in group]) for name, group in places.items()]
        completed = chain.from_iterable(await complete_all(groups, run))
        by_place = dict(zip(chain.from_iterable(places.values()), completed, strict=True))
        return [by_place[place] for place in range(len(values))]


@dataclass
class ObjectCompleter(Completer):
    """Objects of one type: each field is completed for all of them, and each object becomes a dictionary."""

    type_name: str
    is_type_of: Callable[..., object] | None
    #: By their response names; None stands for `__typename`.
    fields: Mapping[str, "FieldCompleter | AttributeCell | None"]

    def __post_init__(self) -> None:
        cells = {name: field if isinstance(field, AttributeCell) else None for name, field in self.fields.items()}
        self._build = dictionary_builder(cells)
        self._columns = [field for field in self.fields.values() if not isinstance(field, AttributeCell)]
        self._fields = [field for field in self._columns if field is not None]
        self._length_of_names = sum(map(len, self.fields))
        self._texts = [attrgetter(cell.attribute) for cell in cells.values() if cell and cell.usual.type is str]
        self.waits = any(field.waits for field in self._fields)

    async def complete(self, values: Values, run: Run) -> Values:
        run.work.count(len(values))
        if self.is_type_of and set(map(self.is_type_of, values, repeat(run.info))) != {True}:
            raise Unusual
        completed = iter(await complete_all([(field, values) for field in self._fields], run))
        columns = [repeat(self.type_name) if field is None else next(completed) for field in self._columns]
        run.work.count_bytes(
            len(values) * self._length_of_names + sum(_length(map(text, values)) for text in self._texts)
        )
        if len(values) <= VALUES_AT_ONCE:
            return self._build(values, *columns)
        return await self._build_in_slices(values, columns)

    async def _build_in_slices(self, values: Values, columns: Sequence[Iterable[object]]) -> Values:
        objects: Values = []
        rests, time_slice = list(map(iter, columns)), TimeSlice()
        for start in range(0, len(values), VALUES_AT_ONCE):
            some = values[start : start + VALUES_AT_ONCE]
            objects += self._build(some, *(islice(rest, len(some)) for rest in rests))
            if time_slice.is_over:
                await time_slice.give_way()
        return objects


@dataclass
class FieldCompleter(Completer):
    """A field of an object: its values for all objects, and what completes them."""

    source: "PerObject | Batched"
    completer: Completer

    def __post_init__(self) -> None:
        self.waits = self.source.waits or self.completer.waits

    async def complete(self, values: Values, run: Run) -> Values:
        return await self.completer.complete(await self.source.values(values, run), run)


@dataclass
class PerObject:
    """Values taken from each object, by its attribute or its method."""

    read: Callable[..., Values]
    #: The field, where it has arguments.
    selected: Selected | None
    waits: bool

    async def values(self, objects: Values, run: Run) -> Values:
        read = partial(self.read, **self.selected.arguments(run.scope)) if self.selected else self.read
        if self.waits:
            return await gather_with_cancel(*read(objects))
        return read(objects) if len(objects) <= _READ_AT_ONCE else await in_slices(objects, read, _READ_AT_ONCE)


@dataclass
class Batched:
    """Values of a breadth function."""

    relation: Relation
    selection: Selection

    @property
    def waits(self) -> bool:
        return self.relation.waits

    async def values(self, objects: Values, run: Run) -> Values:
        run.work.count(self.relation.cost * len(objects))
        level = Level(run.info.context, self.selection, run.work)
        try:
            return await self.relation.answers(objects, level, self.selection.occurrences[0].arguments(run.scope))
        except WorkLimitExceeded as exceeded:
            run.work.add(exceeded.units, 0.0)
            raise WorkLimitExceeded(run.work.limit) from exceeded


def _length(values: Iterable[Any]) -> int:
    """How many characters the texts among these values have, and those in lists among them."""
    present = list(filter(None, values))
    if set(map(type, present)) <= {str}:
        return sum(map(len, present))
    return sum(_length(each) if type(each) is list else len(each) for each in present if type(each) in (str, list))


async def complete_all(work: Sequence[tuple[Completer, Values]], run: Run) -> list[Values]:
    """What each completer makes of its values. Those that wait do so together; the first failure ends the others."""
    if sum(completer.waits for completer, _ in work) < 2:
        return [await completer.complete(values, run) for completer, values in work]
    return await gather_with_cancel(*(completer.complete(values, run) for completer, values in work))
