"""Rows: how they are made, without the ORM's way over every field and relation of the model.

What this file knows of the ORM's insides is what a row keeps in its `__dict__`: its columns by their names, the row
that a foreign key `user_id` points at as `_user`, and whether it is stored (`_saved_in_db`), was read in part
(`_partial`) and has an id of ours (`_custom_generated_pk`).
"""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, ClassVar, Generic, Never, TypeVar

import ciso8601
import orjson
from pypika_tortoise.queries import Table
from tortoise.fields import BooleanField, DatetimeField, Field, JSONField
from tortoise.fields.data import CharEnumFieldInstance
from tortoise.fields.relational import RelationalField
from tortoise.models import Model
from tortoise.validators import MaxLengthValidator

Getter = TypeVar("Getter", bound=Callable[..., object])
Record = Sequence[Any]

Attributes = frozenset[str] | None
"""What is read of rows, by the names of columns and of properties that are `derived_from` some; None: everything."""


class _NotAwaitable:
    """The ORM lets any row be awaited. A row is a value: whoever is handed one must not begin to wait for it."""

    def __get__(self, row: object, owner: type) -> Never:
        raise AttributeError("__await__")


class Stored(Model):
    """Anything that is stored."""

    # What the ORM keeps of a row beside its columns; here that of a row that was just read.

    _partial = False
    _saved_in_db = True
    _custom_generated_pk = True

    #: Whether a row is never changed once it is stored: an upsert leaves the stored one as it is.
    is_written_once: ClassVar[bool] = False

    __await__ = _NotAwaitable()

    # The ORM's own looks for default values that have to be awaited: no row of ours has any.
    __setattr__ = object.__setattr__  # type: ignore[assignment]

    class Meta:
        abstract = True

    @property
    def is_stored(self) -> bool:
        """Whether the row has been read or written, and was not just made."""
        return self._saved_in_db

    def __init_subclass__(cls) -> None:
        # A text that is too long to be stored can be searched for all the same: the rules check what is written.
        for column in cls._meta.fields_map.values():
            column.validators = [each for each in column.validators if not isinstance(each, MaxLengthValidator)]

    def __init__(self, **values: object) -> None:
        if values.keys() <= self._meta.fields_db_projection.keys():
            constants, factories = _defaults(type(self))
            fresh = {name: make() for name, make in factories if name not in values}
            self.__dict__.update(constants, **fresh, **values)
        else:
            super().__init__(**values)


@cache
def _defaults(model: type[Stored]) -> tuple[dict[str, object], list[tuple[str, Callable[[], object]]]]:
    """What a new row has where no value is passed: constants, and what makes values."""
    defaults = {name: model._meta.fields_map[name].default for name in model._meta.fields_db_projection}
    factories = [(name, default) for name, default in defaults.items() if callable(default)]
    constants = {name: default for name, default in defaults.items() if not callable(default)}
    return {**constants, "_saved_in_db": False, "_custom_generated_pk": False}, factories


AnyRow = TypeVar("AnyRow", bound=Stored)


def derived_from(*columns: str) -> Callable[[Getter], Getter]:
    """Declare the columns that a property is computed from: whoever asks for the property has only these read."""

    def mark(getter: Getter) -> Getter:
        getter.columns = columns  # type: ignore[attr-defined]
        return getter

    return mark


def source_columns(model: type[Model], name: str) -> tuple[str, ...] | None:
    """The columns that a property of the model is declared to be computed from; None for anything else."""
    return getattr(getattr(getattr(model, name, None), "fget", None), "columns", None)


def with_attributes(attributes: Attributes, *others: str) -> Attributes:
    """These attributes, and others."""
    return None if attributes is None else attributes.union(others)


def attach(row: Stored, pointer: str, target: Stored | None) -> None:
    """Let the foreign key lead to a row that is at hand, unless it was read in part: more may be asked of it there."""
    if target is None or not target._partial:
        row.__dict__[f"_{pointer}"] = target


#: Stands for a row that was not read along.
NOT_READ = object()


def attached_rows(rows: Sequence[Stored], pointer: str) -> list[Any]:
    """For each row the one that its foreign key leads to, None where it leads nowhere, or NOT_READ."""
    return [row.__dict__.get(f"_{pointer}", NOT_READ) for row in rows]


def table_name(model: type[Model]) -> str:
    """The table that has the model's rows."""
    return model._meta.db_table


def table_of(model: type[Model]) -> Table:
    """The same, for an expression."""
    return model._meta.basetable


def is_instant(model: type[Model], column: str) -> bool:
    """Whether the column has instants."""
    return isinstance(model._meta.fields_map[column], DatetimeField)


def column_values(row: Stored) -> dict[str, object]:
    """What the row has in each column."""
    return {name: getattr(row, name) for name in row._meta.fields_db_projection}


def is_nullable(model: type[Model], column: str) -> bool:
    """Whether rows of the model may have null in that column."""
    return bool(model._meta.fields_map[column].null)


def related_model(model: type[Model], pointer: str) -> type[Any]:
    """The model of the rows that a foreign key leads to."""
    field = model._meta.fields_map[pointer]
    assert isinstance(field, RelationalField), "only foreign keys lead to rows"
    return field.related_model


class RowReader(Generic[AnyRow]):
    """Makes rows of a model out of records, in which the columns of the attributes begin at a place."""

    def __init__(self, model: type[AnyRow], attributes: Attributes, start: int, postgres: bool) -> None:
        names = _columns_for(model, attributes)
        self.columns = [model._meta.fields_db_projection[name] for name in names]
        #: Where in a record the id stands, and where what follows the columns.
        self.key, self.end = start + names.index("id"), start + len(names)
        self.row = _row_maker(model, names, start, postgres)


def _columns_for(model: type[Model], attributes: Attributes) -> list[str]:
    """The columns to read, in the model's order: the id always, and all where an attribute may need any of them."""
    columns = list(model._meta.fields_db_projection)
    needed = {"id"}
    for name in columns if attributes is None else attributes:
        needed |= {name} if name in columns else set(source_columns(model, name) or columns)
    return [name for name in columns if name in needed]


def _row_maker(model: type[AnyRow], names: Sequence[str], start: int, postgres: bool) -> Callable[[Record], AnyRow]:
    """What makes a row of a record: one dictionary of its values, of which few have to be converted."""
    converters = [(name, _converter(model._meta.fields_map[name], postgres)) for name in names]
    conversions = [(name, convert) for name, convert in converters if convert is not None]
    own = slice(start, start + len(names)) if start else None
    is_partial = len(names) < len(model._meta.fields_db_projection)
    new = model.__new__

    def row(record: Record) -> AnyRow:
        made = new(model)
        # What follows the columns of the row is left out: zip ends with the names. `strict` would take its time.
        made.__dict__ = values = dict(zip(names, record[own] if own else record))  # noqa: B905
        for name, convert in conversions:
            value = values[name]
            if value is not None:
                values[name] = convert(value)
        if is_partial:
            values["_partial"] = True
        return made

    return row


def _converter(field: Field[object], postgres: bool) -> Callable[[Any], object] | None:
    """What makes a value of the driver one of the model; None where they are the same."""
    if isinstance(field, JSONField):
        return lambda value: orjson.loads(value) if isinstance(value, str | bytes) else value
    if isinstance(field, CharEnumFieldInstance):
        return {member.value: member for member in field.enum_type}.__getitem__
    if not postgres and isinstance(field, DatetimeField):
        return ciso8601.parse_datetime
    if not postgres and isinstance(field, BooleanField):
        return bool
    return None
