"""Things with a global id."""

import strawberry


@strawberry.interface(
    description="Something with an id that is unique over all backends (Relay's `Node`)."
)
class Node:
    id: strawberry.ID = strawberry.field(
        description="Opaque and stable: keep it, hand it to `node`, do not take it apart."
    )


@strawberry.type(description="Where a page of a connection lies (Relay's `PageInfo`).")
class PageInfo:
    has_next_page: bool = strawberry.field(description="Whether more follows behind `endCursor`.")
    has_previous_page: bool = strawberry.field(
        description="Whether the page was asked for with `after`; lists are walked forwards only."
    )
    start_cursor: str | None = strawberry.field(description="Cursor of the page's first edge.")
    end_cursor: str | None = strawberry.field(
        description="Hand this to `after` for the next page. It fits this list and filter only."
    )
