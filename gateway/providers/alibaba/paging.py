"""Replies of list operations as pages."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from gateway.domain.paging import BrokenItem, Page, PageRequest
from gateway.providers.alibaba.reply import ListReply, Received
from gateway.providers.alibaba.wire import WireModel

W = TypeVar("W", bound=WireModel)
T = TypeVar("T")


def to_page(reply: ListReply[W], page: PageRequest, convert: Callable[[Received[W]], T]) -> Page[T]:
    """`reply` to the request for `page`, its items converted."""
    return Page(
        items=tuple(convert(item) for item in reply.items),
        total=reply.total,
        has_next=has_next(reply, page),
        broken=reply.broken,
    )


def has_next(reply: ListReply[W], page: PageRequest) -> bool:
    """Whether more pages follow `page`, of which `reply` is the answer.

    An empty page is the last. Then the total decides, unless there is none or what was seen refutes
    it; in that case a full page promises another. Not so if the cloud says that it answered an
    earlier page than asked: it then repeats its last page, and would for ever.
    """
    on_page = len(reply.items) + len(reply.broken)
    seen = (page.number - 1) * page.size + on_page
    if on_page == 0:
        return False
    if reply.total is not None and reply.total >= seen:
        return reply.total > seen
    repeats = reply.current_page is not None and reply.current_page < page.number
    return on_page >= page.size and not repeats


def keep(page: Page[T], wanted: Callable[[T], bool]) -> Page[T]:
    """`page`, unpaged, with only the items that are `wanted`.

    Broken items stay, since nobody can say whether they are wanted; their places are counted anew.
    """
    kept = [item for item in page.in_order() if isinstance(item, BrokenItem) or wanted(item)]
    return Page(
        items=tuple(item for item in kept if not isinstance(item, BrokenItem)),
        total=len(kept),
        has_next=False,
        broken=tuple(
            replace(item, index=index)
            for index, item in enumerate(kept)
            if isinstance(item, BrokenItem)
        ),
    )
