"""Whether more pages follow, and pages filtered afterwards."""

import pytest

from gateway.domain.paging import BrokenItem, Page, PageRequest
from gateway.providers.alibaba.paging import has_next, keep, to_page
from gateway.providers.alibaba.reply import ListReply, Received
from gateway.providers.alibaba.wire import JobInfo


def reply(
    count: int, *, broken: int = 0, total: int | None = None, current: int | None = None
) -> ListReply[JobInfo]:
    item = Received(info=JobInfo.model_validate({"JobId": "j"}), raw={})
    return ListReply(
        items=(item,) * count,
        broken=tuple(BrokenItem(index=i, native_id=None, reason="r") for i in range(broken)),
        total=total,
        current_page=current,
    )


@pytest.mark.parametrize(
    ("number", "count", "total", "current", "more"),
    [
        (1, 10, 25, 1, True),
        (3, 5, 25, 3, False),
        (2, 10, 20, 2, False),
        (1, 10, None, None, True),
        (1, 9, None, None, False),
        (1, 0, 25, 1, False),
        (1, 4, 25, 1, True),
        (1, 10, 0, 1, True),
        (1, 9, 0, 1, False),
        (2, 10, 15, 2, True),
        (3, 10, 15, 2, False),
        (5, 10, None, 4, False),
        (5, 0, 1000, 5, False),
    ],
    ids=[
        "total says more",
        "last page",
        "full last page",
        "no total, full page",
        "no total, half a page",
        "empty page",
        "half a page, total says more",
        "total refuted, full page",
        "total refuted, half a page",
        "more seen than total, full page",
        "more seen than total, earlier page repeated",
        "no total, earlier page repeated",
        "beyond the end",
    ],
)
def test_has_next(
    number: int, count: int, total: int | None, current: int | None, more: bool
) -> None:
    page = PageRequest(number=number, size=10)
    assert has_next(reply(count, total=total, current=current), page) is more


def test_broken_items_fill_the_page_too() -> None:
    assert has_next(reply(7, broken=3), PageRequest(number=1, size=10))


def test_a_page_keeps_total_and_broken_items() -> None:
    given = reply(2, broken=1, total=3)
    page = to_page(given, PageRequest(number=1, size=10), lambda item: item.info.job_id)
    assert page == Page(items=("j", "j"), total=3, has_next=False, broken=given.broken)


def test_filtering_counts_the_places_of_broken_items_anew() -> None:
    broken = BrokenItem(index=2, native_id="x", reason="r")
    page = Page(items=(1, 2, 3, 4), total=5, has_next=True, broken=(broken,))
    kept = keep(page, lambda number: number % 2 == 0)
    assert list(kept.in_order()) == [2, BrokenItem(index=1, native_id="x", reason="r"), 4]
    assert (kept.total, kept.has_next) == (3, False)
