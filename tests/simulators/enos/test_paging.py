"""Pages of a search: sizes, bounds, and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.simulators.enos.errors import BusinessError
from gateway.simulators.enos.paging import PageRequest, page_request

from .conftest import Client, sample


@given(st.lists(st.integers()), st.integers(1, 200))
def test_all_pages_joined_are_the_list(items: list[int], size: int) -> None:
    pages = len(items) // size + 1
    joined = [
        item
        for number in range(1, pages + 1)
        for item in PageRequest(number=number, size=size).cut(items)
    ]
    assert joined == items
    assert PageRequest(number=pages + 1, size=size).cut(items) == []


@pytest.mark.parametrize(
    "pagination",
    [
        {"pageNo": 0, "pageSize": 10},
        {"pageNo": -1, "pageSize": 10},
        {"pageNo": 1, "pageSize": 0},
        {"pageNo": 1, "pageSize": 201},
        {"pageNo": "1", "pageSize": 10},
        {"pageNo": 1, "pageSize": "10"},
        {"pageNo": 1.0, "pageSize": 10},
        {"pageNo": True, "pageSize": 10},
        {"pageSize": 10},
        {"pageNo": 1},
        {},
        None,
        [],
        {"pageNo": 1, "pageSize": 10, "sorters": []},
        {"pageNo": 1, "pageSize": 10, "sorters": [{"field": "createTime", "order": "ASC"}]},
        {"pageNo": 1, "pageSize": 10, "page": 1},
    ],
)
def test_a_page_outside_the_rules_is_99400(pagination: object) -> None:
    with pytest.raises(BusinessError) as refused:
        page_request({"pagination": pagination})
    assert refused.value.code == 99400


async def test_without_pagination_ten_records_come(client: Client) -> None:
    answer = await client.search("ota-jobs", "search")
    assert len(answer["data"]) == 10
    assert answer["pagination"] == {
        "sortedBy": None,
        "pageNo": 1,
        "pageSize": 10,
        "totalSize": 60,
    }


async def test_past_the_end_there_is_an_empty_array(client: Client) -> None:
    page = {"pageNo": 4, "pageSize": 20}
    answer = await client.search("ota-jobs", "search", {"pagination": page})
    assert answer["data"] == []
    assert answer["pagination"]["totalSize"] == 60


async def test_nothing_found_looks_as_documented(client: Client) -> None:
    documented = sample("search_jobs_empty.response")
    answer = await client.search("ota-jobs", "search", {"expression": "productKey = 'none'"})
    assert answer | {"requestId": ""} == documented | {"requestId": ""}


async def test_a_refused_page_gets_an_error_envelope(client: Client) -> None:
    page = {"pageNo": 1, "pageSize": 201}
    answer = await client.search("ota-jobs", "searchTask", {"pagination": page})
    assert answer.keys() == {"code", "msg", "requestId", "data"}
    assert (answer["code"], answer["data"]) == (99400, None)
