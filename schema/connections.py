"""Relay's connections: one page of a list, and how to ask for the next."""

from typing import Annotated, Generic, TypeVar

import strawberry

T = TypeVar("T")

First = Annotated[int | None, strawberry.argument(description="How many, 1 to 100.")]
After = Annotated[
    str | None,
    strawberry.argument(
        description="The `endCursor` of the page before, or the cursor of any edge: the list goes on right behind it."
    ),
]


@strawberry.type(description="Where a page stands in its list.")
class PageInfo:
    has_next_page: bool = strawberry.field(description="Whether there is more behind `endCursor`.")
    has_previous_page: bool = strawberry.field(description="Whether the page was asked for with `after`.")
    start_cursor: str | None = strawberry.field(description="The cursor of the first edge; null on an empty page.")
    end_cursor: str | None = strawberry.field(description="Hand it back as `after` to get the next page.")


@strawberry.type(description="One row of a page.")
class Edge(Generic[T]):
    cursor: str = strawberry.field(description="Opaque: hand it back as `after` to go on behind this row.")
    node: T = strawberry.field(description="The row itself.")


@strawberry.type(description="A page of a list, by cursor: rows that come or go elsewhere don't shift it.")
class Connection(Generic[T]):
    edges: list[Edge[T]] = strawberry.field(description="The rows of the page, in the order of the list.")
    page_info: PageInfo = strawberry.field(description="Whether there is more, and how to ask for it.")
