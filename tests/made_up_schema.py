"""A schema of everything that GraphQL knows, and worlds made up from a seed in which values may be wrong."""

import asyncio
import enum
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Any, Generic, NewType, TypeVar

import strawberry
from hypothesis import strategies as st
from strawberry.schema.config import StrawberryConfig

from execution import BreadthFirstExecutor, Level, breadth

T = TypeVar("T")

Shout = NewType("Shout", str)


class Mood(enum.Enum):
    CALM = 1
    ANGRY = 2


class Colour(enum.StrEnum):
    RED = "red"
    BLUE = "blue"


class Trouble(Exception):
    """What a resolver runs into."""


class Record:
    """A stored object, whose attributes may be wrong, or fail when they are read."""

    def __init__(self, **values: Any) -> None:
        self.values = values

    def __getattr__(self, name: str) -> Any:
        values = self.__dict__["values"]
        if name not in values:
            raise AttributeError(name)
        value = values[name]
        if isinstance(value, Trouble) and value.args == ("raised",):
            raise value
        return value


@dataclass
class World:
    """A request's context: records made up from a seed, in which `trouble` values of a thousand are wrong."""

    seed: int
    trouble: int
    mutations: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.people = [self.person(f"p{number}") for number in range(6)]
        self.teams = [Record(kind=self.maybe("team"), id=f"t{number}", title=self.maybe("T")) for number in range(2)]
        self.pets = [Record(kind=self.maybe("pet"), id=f"x{number}", name=self.maybe("Rex")) for number in range(3)]
        for record in self.records:
            record.values |= {"team": self.one(self.teams), "owner": self.one(self.people)}
            record.values |= {"pets": self.many(self.pets), "members": self.many(self.people)}
            record.values |= {"related": self.many(self.records)}
        self.anything = [self.maybe(record) for record in self.records]
        self.known_teams = self.many(self.teams)

    @property
    def records(self) -> list[Record]:
        return [*self.people, *self.teams, *self.pets]

    def maybe(self, *good: Any) -> Any:
        wrong = [None, Trouble("raised"), Trouble("returned"), 1j, "", float("inf"), 2**40, [None], {}]
        return self.random.choice(wrong if self.random.randrange(1000) < self.trouble else good)

    def one(self, records: list[Record]) -> Any:
        return self.maybe(*records)

    def many(self, records: list[Record]) -> Any:
        some = [self.one(records) for _ in range(self.random.randrange(4))]
        return self.maybe(some, tuple(some))

    def person(self, id: str) -> Record:
        address = Record(street=self.maybe("Street"), number=self.maybe(1, "2", True))
        return Record(
            kind=self.maybe("person"),
            id=self.maybe(id),
            name=self.maybe("Ada", 7, True),
            nick=self.maybe("nick", None),
            age=self.maybe(30, 3.0, "12"),
            height=self.maybe(1.5, 2),
            active=self.maybe(True, 0),
            mood=self.maybe(*Mood, None),
            colours=self.maybe([], [Colour.RED], (Colour.BLUE, Colour.RED)),
            tags=self.maybe([], ["a", None], None),
            born=self.maybe(datetime(2026, 1, 1, tzinfo=UTC)),
            cry=self.maybe("hey", None),
            address=self.maybe(address, None),
            edges=self.maybe([Record(cursor=self.maybe(str(number)), node=None) for number in range(2)]),
        )


def taken(records: list[Record], name: str) -> list[Any]:
    """What a breadth function answers: an exception that is a value stays its parent's, a raised one is everybody's."""
    return [getattr(record, name) for record in records]


@strawberry.interface
class Thing:
    id: strawberry.ID

    @breadth(graphql_type=list["Thing"])
    async def related(things: list[Record], level: Level, first: int | None = 9) -> list[Any]:
        await asyncio.sleep(0)
        assert level.selects("related") or level.reads("related") == frozenset()
        return [
            related[:first] if isinstance(related, list) and first is not None else related
            for related in taken(things, "related")
        ]


@strawberry.type
class Address:
    street: str
    number: int | None


@strawberry.type
class Edge(Generic[T]):
    cursor: str
    node: T | None


@strawberry.type
class Connection(Generic[T]):
    edges: list[Edge[T]]

    @breadth(graphql_type=int | None)
    async def size(connections: list[Record]) -> list[Any]:
        return [len(edges) if isinstance(edges, list) else edges for edges in taken(connections, "edges")]


@strawberry.input
class Wish:
    moods: list[Mood] | None = None
    prefix: str = "!"
    shout: Shout | None = strawberry.UNSET


@strawberry.type
class Person(Thing):
    name: str
    nick: str | None
    age: int
    height: float
    active: bool
    mood: Mood | None
    colours: list[Colour]
    tags: list[str | None] | None
    born: datetime
    cry: Shout | None
    address: Address | None
    alias: str = strawberry.field(name="otherName", resolver=lambda root: root.nick or "none")

    @classmethod
    def is_type_of(cls, record: Any, _: object) -> bool:
        return isinstance(record, Record) and record.values["kind"] == "person"

    @strawberry.field
    def greeting(self, wish: Wish | None = None, loud: bool = False) -> str | None:
        return f"{wish}{loud}{self.name}" if self.active else None

    @strawberry.field
    @staticmethod
    def year(person: strawberry.Parent[Any]) -> int:
        return int(person.born.year)

    @strawberry.field
    async def slowly(self, times: int = 1) -> str:
        await asyncio.sleep(0)
        return self.name * times

    @strawberry.field
    def path(self, info: strawberry.Info) -> str:
        return str(info.path.as_list())

    @strawberry.field(graphql_type=Address)
    def home(self) -> Any:
        return self.address

    @breadth(graphql_type=Annotated["Team", strawberry.lazy(__name__)] | None)
    async def team(people: list[Record]) -> list[Any]:
        await asyncio.sleep(0)
        return taken(people, "team")

    @breadth(graphql_type=list["Anything | None"] | None)
    def pets(people: list[Record], reverse: bool = False) -> list[Any]:
        return [pets[::-1] if reverse else pets for pets in taken(people, "pets")]

    @breadth(graphql_type=str, name="motto")
    async def speech(people: list[Record], wish: Wish | None = None) -> list[Any]:
        return [f"{wish} {name}" if isinstance(name, str) else name for name in taken(people, "name")]

    @breadth(graphql_type=Connection["Person"])
    async def friends(people: list[Record]) -> list[Any]:
        for person, friend in zip(people, reversed(people), strict=True):
            for edge in person.values["edges"] if isinstance(person.values["edges"], list) else ():
                if isinstance(edge, Record):
                    edge.values["node"] = friend
        return people


@strawberry.type
class Team(Thing):
    title: str | None

    @classmethod
    def is_type_of(cls, record: Any, _: object) -> bool:
        return isinstance(record, Record) and record.values["kind"] == "team"

    @breadth(graphql_type=list[Person])
    async def members(teams: list[Record], level: Level, wish: Wish | None = None) -> list[Any]:
        await asyncio.sleep(0)
        return taken(teams, "members")


@strawberry.type
class Pet(Thing):
    name: str | None

    @classmethod
    def is_type_of(cls, record: Any, _: object) -> bool:
        return isinstance(record, Record) and record.values["kind"] == "pet"

    @breadth(graphql_type=Annotated["Anything", strawberry.lazy(__name__)])
    async def owner(pets: list[Record]) -> list[Any]:
        return taken(pets, "owner")


Anything = Annotated[Person | Team | Pet, strawberry.union("Anything")]


@strawberry.type
class Query:
    version: str = "1"

    @strawberry.field(graphql_type=list[Person])
    async def people(self, info: strawberry.Info, first: int = 4) -> Any:
        await asyncio.sleep(0)
        return info.context.people[:first]

    @strawberry.field(graphql_type=Person | None)
    def person(self, info: strawberry.Info, number: int = 0) -> Any:
        return info.context.people[number]

    @strawberry.field(graphql_type=list[Thing | None])
    async def things(self, info: strawberry.Info) -> Any:
        return info.context.records

    @strawberry.field(graphql_type=Anything)
    async def anything(self, info: strawberry.Info, number: int = 2) -> Any:
        return info.context.anything[number]

    @strawberry.field(graphql_type=list[Team] | None)
    async def teams(self, info: strawberry.Info) -> Any:
        await asyncio.sleep(0)
        return info.context.known_teams


@strawberry.type
class Mutation:
    @strawberry.mutation(graphql_type=Person | None)
    async def rename(self, info: strawberry.Info, name: str, number: int = 1) -> Any:
        info.context.mutations.append(name)
        info.context.people[number].values["name"] = name
        return info.context.people[number]

    @strawberry.mutation(graphql_type=Team)
    async def dissolve(self, info: strawberry.Info) -> Any:
        info.context.mutations.append("dissolve")
        return info.context.teams[0]


@strawberry.type
class Subscription:
    @strawberry.subscription(graphql_type=Person)
    async def changes(self, info: strawberry.Info) -> AsyncIterator[Any]:
        for person in info.context.people:
            yield person


def shouted(value: str) -> str | None:
    if not isinstance(value, str):
        raise TypeError(f"Can't shout {value!r}")
    return value.upper() or None


schema = strawberry.Schema(
    Query,
    Mutation,
    Subscription,
    types=[Pet],
    config=StrawberryConfig(scalar_map={Shout: strawberry.scalar(name="Shout", serialize=shouted, parse_value=str)}),
    execution_context_class=BreadthFirstExecutor,
)

values = {"Shout": st.sampled_from(["a", "b"]), "Query.anything.number": st.integers(0, 10)}

worlds = st.builds(World, st.integers(0, 10_000), st.sampled_from([0, 0, 5, 50, 300]))
