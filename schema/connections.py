"""Relay's connections: one page of a list, and how to ask for the next."""

from typing import Annotated, Generic, TypeVar

import strawberry

from execution import breadth
from resolvers.listing import Page, PageRequest, counts
from schema.inputs import unset_to_none

T = TypeVar("T")

First = Annotated[
    int | None,
    strawberry.argument(
        description="How many from the beginning, 1 to 100. Where `last` is passed, the default doesn't count."
    ),
]
Last = Annotated[
    int | None, strawberry.argument(description="How many from the end, 1 to 100, in the order of the list.")
]
After = Annotated[
    str | None,
    strawberry.argument(
        description="The `endCursor` of the page before, or the cursor of any edge: the list goes on right behind it."
    ),
]
Before = Annotated[
    str | None,
    strawberry.argument(
        description="The `startCursor` of the page behind, or the cursor of any edge: the list ends right ahead of it."
    ),
]


def page_request(first: int | None, after: str | None, last: int | None, before: str | None) -> PageRequest:
    """What is asked for by a field's arguments."""
    return PageRequest(first, unset_to_none(after), unset_to_none(last), unset_to_none(before))


@strawberry.type(description="Where a page stands in its list.")
class PageInfo:
    has_next_page: bool = strawberry.field(
        description="Whether there is more behind `endCursor`; with `last`, whether `before` was passed."
    )
    has_previous_page: bool = strawberry.field(
        description="With `last`, whether there is more ahead of `startCursor`; else whether `after` was passed."
    )
    start_cursor: str | None = strawberry.field(
        description="Hand it back as `before` to get the page ahead; null on an empty page."
    )
    end_cursor: str | None = strawberry.field(description="Hand it back as `after` to get the next page.")


@strawberry.type(description="One row of a page.")
class Edge(Generic[T]):
    cursor: str = strawberry.field(
        description="Opaque: hand it back as `after` to go on behind this row, or as `before` to go back from it."
    )
    node: T = strawberry.field(description="The row itself.")


@strawberry.type(description="A page of a list, by cursor: rows that come or go elsewhere don't shift it.")
class Uncounted(Generic[T]):
    edges: list[Edge[T]] = strawberry.field(description="The rows of the page, in the order of the list.")
    page_info: PageInfo = strawberry.field(description="Whether there is more, and how to ask for it.")


@strawberry.type(description="A page of a list, by cursor: rows that come or go elsewhere don't shift it.")
class Connection(Uncounted[T]):
    @breadth(
        graphql_type=int,
        cost=10,
        description="How many there are on all pages together. Counted only when asked for.",
    )
    @staticmethod
    async def total_count(pages: list[Page[object]]) -> list[int]:
        return await counts(pages)
