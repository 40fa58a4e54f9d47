import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.simulators.alibaba.errors import BusinessError
from gateway.simulators.alibaba.paging import PageNumber


@given(st.lists(st.integers(), max_size=50), st.integers(1, 20))
def test_the_pages_joined_are_the_list(items: list[int], size: int) -> None:
    count = PageNumber(number=1, size=size).fields(len(items))["PageCount"]
    assert isinstance(count, int)
    pages = [PageNumber(number=n, size=size).cut(items) for n in range(1, count + 1)]
    assert [item for page in pages for item in page] == items
    assert all(len(page) for page in pages)
    assert not PageNumber(number=count + 1, size=size).cut(items)


def test_the_fields_report_the_page_and_the_total() -> None:
    assert PageNumber(number=2, size=3).fields(7) == {
        "CurrentPage": 2,
        "PageSize": 3,
        "PageCount": 3,
        "Total": 7,
    }
    assert PageNumber(number=1, size=3).fields(0)["PageCount"] == 0


@pytest.mark.parametrize(
    ("number", "size"), [(0, 10), (-1, 10), (1, 0), (1, -1), (1, 101), (11, 100)]
)
def test_a_page_outside_the_limits_is_refused(number: int, size: int) -> None:
    with pytest.raises(BusinessError, match=r"iot\.common\.InvalidPageParams"):
        PageNumber(number=number, size=size).checked(largest=100, deepest=1_000)


@pytest.mark.parametrize(("number", "size"), [(1, 1), (10, 100), (1, 100)])
def test_a_page_at_the_limits_passes(number: int, size: int) -> None:
    page = PageNumber(number=number, size=size)
    assert page.checked(largest=100, deepest=1_000) is page
