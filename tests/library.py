"""A library as a schema: shelves and books, with relations that are asked once for all parents of a level."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Annotated, Any

import strawberry

from execution import BreadthFirstExecutor, Level, breadth

#: Seconds after which something that should have happened has not.
SOON = 5.0


@dataclass
class Shelf:
    name: str


@dataclass
class Book:
    title: str
    shelf: Shelf


@dataclass
class Library:
    """A request's context, and what the functions were asked in it."""

    calls: list[tuple[Any, ...]] = field(default_factory=list)
    reads: tuple[frozenset[str] | None, ...] = ()
    meeting: asyncio.Barrier | None = None
    busy: asyncio.Event = field(default_factory=asyncio.Event)

    async def noted(self, *call: Any) -> None:
        self.calls.append(call)
        self.busy.set()
        if self.meeting:
            await asyncio.wait_for(self.meeting.wait(), SOON)


@strawberry.input
class Taste:
    words: list[str]
    strict: bool = True


@strawberry.type(name="Book")
class BookType:
    title: str

    @breadth(graphql_type=Annotated["ShelfType", strawberry.lazy(__name__)], reads={"shelf"})
    async def shelf(books: list[Book], level: Level) -> list[Shelf]:
        await level.context.noted("shelf", len(books))
        return [book.shelf for book in books]

    @breadth(graphql_type=int)
    async def loans(books: list[Book], level: Level) -> list[int | Exception]:
        await level.context.noted("loans", len(books))
        return [LookupError("No loans") if book.title == "lost" else 0 for book in books]

    @strawberry.field
    def place(self, info: strawberry.Info) -> str:
        return ".".join(map(str, info.path.as_list()))


@strawberry.type(name="Shelf")
class ShelfType:
    name: str

    @breadth(graphql_type=list[BookType], description="Left to right.")
    async def books(
        shelves: list[Shelf],
        level: Level,
        first: Annotated[int | None, strawberry.argument(description="So many.")] = 2,
        by: str | None = strawberry.UNSET,
        taste: Taste | None = None,
    ) -> list[list[Book]]:
        await level.context.noted("books", len(shelves), first, by, taste)
        if by == "nobody":
            raise LookupError("Nobody")
        return [[Book(f"{shelf.name}{number}", shelf) for number in range(first or 0)] for shelf in shelves]

    @breadth(graphql_type=str)
    async def selected(shelves: list[Shelf]) -> list[str]:
        return ["too few"] if shelves[0].name == "short" else [shelf.name for shelf in shelves]


@strawberry.type(name="Catalogue")
class CatalogueType:
    @breadth(graphql_type=list[ShelfType])
    def shelves(catalogues: list[Any], level: Level) -> list[list[Shelf]]:
        level.context.calls.append(
            (
                level.selects("books"),
                level.selects("books", "title"),
                level.selects("books", "shelf", "name"),
            )
        )
        return [[Shelf("a"), Shelf("b")] for _ in catalogues]


@strawberry.type
class Query:
    @strawberry.field(graphql_type=list[ShelfType])
    async def shelves(self, names: list[str]) -> Any:
        return [Shelf(name) for name in names]

    @strawberry.field(graphql_type=CatalogueType)
    async def catalogue(self) -> Any:
        return object()

    @strawberry.field(graphql_type=Annotated[BookType, strawberry.lazy(__name__)] | None)
    async def lost(self, info: strawberry.Info[Library]) -> Any:
        level = Level.of(info)
        info.context.calls.append(("lost", level.selects("shelf", "name"), level.selects("title")))
        info.context.reads = level.reads(), level.reads("shelf")
        return Book("lost", Shelf("a"))

    @strawberry.field(graphql_type=Annotated[BookType, strawberry.lazy(__name__)] | None)
    def unshelved(self) -> Any:
        """A book without the shelf that it must have."""
        return Book("unshelved", None)  # type: ignore[arg-type]


@strawberry.type
class Mutation:
    @strawberry.mutation(graphql_type=ShelfType | None)
    async def add(self, info: strawberry.Info[Library], name: str) -> Any:
        info.context.calls.append(("add begins", name))
        await asyncio.sleep(0)
        info.context.calls.append(("add ends", name))
        return Shelf(name)


@strawberry.type
class Subscription:
    @strawberry.subscription(graphql_type=ShelfType)
    async def shelves(self) -> AsyncIterator[Any]:
        shelf = Shelf("a")
        yield shelf
        yield shelf


schema = strawberry.Schema(Query, Mutation, Subscription, execution_context_class=BreadthFirstExecutor)
