"""Counting tasks, and the open tasks of a device."""

import pytest

from gateway.domain.device import DeviceRef
from gateway.domain.errors import ProviderContractError
from gateway.domain.task import TaskStatus
from gateway.providers.enos.provider import EnosProvider

from .conftest import FakeEnos, ok, paged, task

TASKS = "ota-jobs.searchTask"


@pytest.mark.parametrize(
    ("status", "expression"),
    [
        (None, "jobId='j1'"),
        (TaskStatus.QUEUED, "jobId='j1' and status='init'"),
        (TaskStatus.NOTIFIED, "jobId='j1' and status='published'"),
        (TaskStatus.IN_PROGRESS, "jobId='j1' and status='upgrading'"),
        (TaskStatus.SUCCEEDED, "jobId='j1' and status='succeeded'"),
        (TaskStatus.FAILED, "jobId='j1' and status='failed'"),
    ],
)
async def test_a_count_is_the_total_of_a_page_of_one(
    enos: FakeEnos, provider: EnosProvider, status: TaskStatus | None, expression: str
) -> None:
    enos.answer(TASKS, ok([task(1)], total=41))
    assert await provider.count_tasks("j1", status) == 41
    (call,) = enos.business
    assert call.body == {"expression": expression, "pagination": {"pageNo": 1, "pageSize": 1}}


async def test_unknown_ones_are_those_in_none_of_the_known_states(
    enos: FakeEnos, provider: EnosProvider
) -> None:
    enos.answer(TASKS, ok([task(1)], total=10), ok([task(1)], total=7))
    assert await provider.count_tasks("j1", TaskStatus.UNKNOWN) == 3
    assert enos.business[1].body["expression"] == (
        "jobId='j1' and status in ('init','published','upgrading','succeeded','failed')"
    )


async def test_a_count_is_never_negative(enos: FakeEnos, provider: EnosProvider) -> None:
    enos.answer(TASKS, ok([task(1)], total=7), ok([task(1)], total=8))
    assert await provider.count_tasks("j1", TaskStatus.UNKNOWN) == 0


async def test_without_totals_tasks_are_counted_page_by_page(
    enos: FakeEnos, provider: EnosProvider
) -> None:
    records = [task(number) for number in range(450)]
    records[10] = {"taskId": None}  # unreadable, and yet a task
    records[11] = records[12]  # on two pages, and yet one task
    enos.answer(TASKS, paged(records, totals=False))
    assert await provider.count_tasks("j1", None) == 449
    sizes = [call.body["pagination"]["pageSize"] for call in enos.business]
    assert sizes == [1, 200, 200, 200]


async def test_a_total_below_the_items_is_not_believed(
    enos: FakeEnos, provider: EnosProvider
) -> None:
    enos.answer(TASKS, ok([task(1)], total=0), ok([task(1), task(2)], total=0))
    assert await provider.count_tasks("j1", None) == 2


async def test_no_tasks_and_no_totals_cost_one_call(enos: FakeEnos, provider: EnosProvider) -> None:
    enos.answer(TASKS, ok([]))
    assert await provider.count_tasks("j1", None) == 0
    assert len(enos.business) == 1


async def test_too_many_tasks_to_count_are_an_error_and_not_a_wrong_number(
    enos: FakeEnos, provider: EnosProvider
) -> None:
    enos.answer(TASKS, ok([task(1)]), ok([{}] * 200))
    with pytest.raises(ProviderContractError):
        await provider.count_tasks("j1", None)
    assert len(enos.business) == 51


async def test_open_tasks_of_a_device(enos: FakeEnos, provider: EnosProvider) -> None:
    same = {"deviceKey": "d1"}
    found = [
        task(1, **same),
        task(2, **same, productKey="other"),
        task(1, **same, status="upgrading"),
        {},
    ]
    enos.answer(TASKS, ok(found, total=4))
    tasks = await provider.list_open_tasks(DeviceRef(product_key="pk", name="d1"))
    (call,) = enos.business
    assert call.body["expression"] == (
        "deviceKey='d1' and status in ('init','published','upgrading')"
    )
    assert [(item.native_id, item.status) for item in tasks] == [("t1", TaskStatus.IN_PROGRESS)]


async def test_open_tasks_of_a_device_of_any_product(
    enos: FakeEnos, provider: EnosProvider
) -> None:
    records = [task(number, deviceKey="d1", productKey=f"p{number}") for number in range(250)]
    enos.answer(TASKS, paged(records))
    tasks = await provider.list_open_tasks(DeviceRef(product_key="", name="d1"))
    assert len(tasks) == 250
    assert len(enos.business) == 2
