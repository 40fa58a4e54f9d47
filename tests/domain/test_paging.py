import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.paging import BrokenItem, Page, PageRequest


def broken(index: int) -> BrokenItem:
    return BrokenItem(index=index, native_id=None, reason=f"broken at {index}")


def page(items: tuple[str, ...], *indexes: int) -> Page[str]:
    return Page(items=items, total=None, has_next=False, broken=tuple(map(broken, indexes)))


@pytest.mark.parametrize(
    ("items", "indexes", "order"),
    [
        ((), (), []),
        (("a", "b"), (), ["a", "b"]),
        (("a", "b"), (0,), [0, "a", "b"]),
        (("a", "b"), (1,), ["a", 1, "b"]),
        (("a", "b"), (2,), ["a", "b", 2]),
        (("a", "b"), (0, 2, 4), [0, "a", 2, "b", 4]),
        (("a",), (2, 0), [0, "a", 2]),
        ((), (0, 1), [0, 1]),
    ],
)
def test_broken_items_stand_where_the_cloud_put_them(
    items: tuple[str, ...], indexes: tuple[int, ...], order: list[str | int]
) -> None:
    found = [e.index if isinstance(e, BrokenItem) else e for e in page(items, *indexes).in_order()]
    assert found == order


@given(st.lists(st.text(max_size=2)), st.lists(st.integers(-3, 12)))
def test_no_item_is_lost_or_moved_even_if_places_contradict_each_other(
    items: list[str], indexes: list[int]
) -> None:
    found = list(page(tuple(items), *indexes).in_order())
    assert [e for e in found if not isinstance(e, BrokenItem)] == items
    assert [e.index for e in found if isinstance(e, BrokenItem)] == sorted(indexes)


def test_a_request_asks_for_the_first_fifty_by_itself() -> None:
    assert (PageRequest().number, PageRequest().size) == (1, 50)


@pytest.mark.parametrize(("number", "size"), [(0, 1), (1, 0), (-1, 5), (1, -5)])
def test_pages_that_no_cloud_knows_cannot_be_asked_for(number: int, size: int) -> None:
    with pytest.raises(ValueError, match="numbered from 1"):
        PageRequest(number=number, size=size)
