"""The port: what is asked of EnOS, and what is made of the answers."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TypeVar

import pytest

from gateway.domain.device import DeviceRef
from gateway.domain.errors import NotFoundError, UnsupportedError
from gateway.domain.firmware import FirmwareFilter, VerificationStatus
from gateway.domain.job import JobFilter, JobStatus, OtaJobAction
from gateway.domain.paging import Page, PageRequest
from gateway.domain.provider import Capability
from gateway.domain.task import TaskFilter, TaskStatus
from gateway.providers.enos.config import EnosSettings
from gateway.providers.enos.provider import EnosProvider
from gateway.transport.request import Reply, Request

from .conftest import FakeEnos, ok, refused, sample, task

T = TypeVar("T")

FIRST = PageRequest()
SEARCH = "ota-jobs.search"
TASKS = "ota-jobs.searchTask"
DEVICE = DeviceRef(product_key="pk", name="d1")


def test_what_enos_can_do(provider: EnosProvider) -> None:
    assert provider.capabilities == {
        Capability.LIST_JOBS,
        Capability.NAMED_JOBS,
        Capability.LIST_DEVICE_TASKS,
        Capability.LIST_REPORTED_VERSIONS,
        Capability.CREATE_JOBS,
        Capability.START_STOP_JOBS,
        Capability.DELETE_JOBS,
        Capability.RETRY_TASKS,
        Capability.CANCEL_TASKS,
        Capability.CREATE_FIRMWARE,
        Capability.DELETE_FIRMWARE,
    }
    limits = provider.limits
    assert (limits.jobs_page, limits.tasks_page, limits.firmware_page) == (50, 50, 50)
    assert (limits.task_devices, limits.task_window) == (50, None)
    assert limits.firmware_newest_first


async def test_get_job(enos: FakeEnos, provider: EnosProvider) -> None:
    enos.answer("ota-jobs.get", sample("enos_get_job.response"))
    job = await provider.get_job("yourJobId")
    (call,) = enos.business
    assert call.query == {"action": "get", "orgId": "o15475466766371", "jobId": "yourJobId"}
    assert job.backend == "plant"
    assert job.detail is not None
    assert OtaJobAction.STOP in provider.available_actions(job)


async def test_a_job_that_enos_does_not_know(enos: FakeEnos, provider: EnosProvider) -> None:
    enos.answer("ota-jobs.get", sample("error_24404_job.response"))
    with pytest.raises(NotFoundError):
        await provider.get_job("gone")


UNNAMEABLE: list[Callable[[EnosProvider], Awaitable[object]]] = [
    lambda provider: provider.get_job("it's"),
    lambda provider: provider.get_job(""),
    lambda provider: provider.get_job("\ud800"),
    lambda provider: provider.list_firmware_jobs('f"', FIRST),
    lambda provider: provider.list_tasks(TaskFilter(job_id="j\\"), FIRST),
    lambda provider: provider.count_tasks("j'", None),
    lambda provider: provider.list_open_tasks(DeviceRef(product_key="", name="d'")),
    lambda provider: provider.list_open_tasks(DeviceRef(product_key="p'", name="d")),
    lambda provider: provider.list_device_tasks(DeviceRef(product_key="", name="d\n"), FIRST),
    lambda provider: provider.get_firmware("f'"),
    lambda provider: provider.get_device(DeviceRef(product_key="p'", name="d")),
    lambda provider: provider.get_device(DeviceRef(product_key="p", name="'")),
    lambda provider: provider.list_reported_versions("p'"),
]


@pytest.mark.parametrize("ask", UNNAMEABLE)
async def test_names_that_cannot_be_sent_are_not_found_without_a_call(
    enos: FakeEnos, provider: EnosProvider, ask: Callable[[EnosProvider], Awaitable[object]]
) -> None:
    with pytest.raises(NotFoundError):
        await ask(provider)
    assert enos.calls == []


async def test_list_jobs(enos: FakeEnos, provider: EnosProvider) -> None:
    enos.answer(SEARCH, sample("search_jobs.response"))
    wanted = provider.native_filter(
        JobFilter(product_key="BXwU4kMk", statuses=frozenset({JobStatus.IN_PROGRESS}))
    )
    assert wanted is not None
    page = await provider.list_jobs(wanted, PageRequest(number=3, size=20))
    (call,) = enos.business
    assert call.body == {
        "expression": "productKey='BXwU4kMk' and status='started'",
        "pagination": {"pageNo": 3, "pageSize": 20},
    }
    assert [job.native_id for job in page.items] == [
        "5ed758ca49f032b4663063aa",
        "5ed0e177646542001b3d114d",
    ]
    assert all(job.detail is not None and job.target is not None for job in page.items)
    assert not page.has_next


async def test_without_a_filter_no_expression_is_sent(
    enos: FakeEnos, provider: EnosProvider
) -> None:
    enos.answer(SEARCH, ok([], total=0))
    await provider.list_jobs(JobFilter(), FIRST)
    assert enos.business[0].body == {"pagination": {"pageNo": 1, "pageSize": 50}}


async def test_jobs_in_states_that_enos_does_not_have_cost_no_call(
    enos: FakeEnos, provider: EnosProvider
) -> None:
    wanted = JobFilter(statuses=frozenset({JobStatus.COMPLETED}))
    assert provider.native_filter(wanted) is None
    page = await provider.list_jobs(wanted, FIRST)
    assert page == Page(items=(), total=0, has_next=False)
    assert enos.calls == []


async def test_an_unreadable_job_leaves_the_others(enos: FakeEnos, provider: EnosProvider) -> None:
    enos.answer(SEARCH, ok([{"jobId": "a"}, {"jobId": "b", "name": 7}, {"jobId": "c"}], total=3))
    page = await provider.list_jobs(JobFilter(), FIRST)
    assert [job.native_id for job in page.items] == ["a", "c"]
    (broken,) = page.broken
    assert (broken.index, broken.native_id) == (1, "b")
    assert "name" in broken.reason


async def test_list_firmware_jobs(enos: FakeEnos, provider: EnosProvider) -> None:
    enos.answer(SEARCH, ok([], total=0))
    await provider.list_firmware_jobs("f1", FIRST)
    assert enos.business[0].body["expression"] == "firmwareId='f1'"


async def test_what_enos_cannot_do_costs_no_call(enos: FakeEnos, provider: EnosProvider) -> None:
    with pytest.raises(UnsupportedError):
        await provider.list_device_jobs("f1", DEVICE, FIRST)
    with pytest.raises(UnsupportedError):
        await provider.list_modules("pk")
    assert enos.calls == []


async def test_list_tasks(enos: FakeEnos, provider: EnosProvider) -> None:
    enos.answer(TASKS, sample("search_tasks.response"))
    wanted = TaskFilter(job_id="j1", status=TaskStatus.FAILED, device_names=("d1", "d'2", "d3"))
    page = await provider.list_tasks(wanted, FIRST)
    assert enos.business[0].body["expression"] == (
        "jobId='j1' and deviceKey in ('d1','d3') and status='failed'"
    )
    assert len(page.items) == 6


@pytest.mark.parametrize("status", [TaskStatus.AWAITING_CONFIRMATION, TaskStatus.CANCELED])
async def test_tasks_in_states_that_enos_does_not_have_cost_no_call(
    enos: FakeEnos, provider: EnosProvider, status: TaskStatus
) -> None:
    page = await provider.list_tasks(TaskFilter(job_id="j1", status=status), FIRST)
    assert page == Page(items=(), total=0, has_next=False)
    assert await provider.count_tasks("j1", status) == 0
    assert enos.calls == []


async def test_devices_that_cannot_be_named_have_no_tasks(
    enos: FakeEnos, provider: EnosProvider
) -> None:
    page = await provider.list_tasks(TaskFilter(job_id="j1", device_names=("d'1",)), FIRST)
    assert page == Page(items=(), total=0, has_next=False)
    assert enos.calls == []


async def test_tasks_of_an_unknown_state_are_picked_out_of_all(
    enos: FakeEnos, provider: EnosProvider
) -> None:
    enos.answer(TASKS, ok([task(1), task(2, status="exploded"), {}], total=100))
    page = await provider.list_tasks(TaskFilter(job_id="j1", status=TaskStatus.UNKNOWN), FIRST)
    assert enos.business[0].body["expression"] == "jobId='j1'"
    assert [found.native_id for found in page.items] == ["t2"]
    assert (page.total, page.has_next, page.broken[0].index) == (None, True, 1)


async def test_list_device_tasks_leaves_out_namesakes_of_other_products(
    enos: FakeEnos, provider: EnosProvider
) -> None:
    same = {"deviceKey": "d1"}
    found = [task(1, **same), task(2, **same, productKey="other"), task(3, **same, productKey="")]
    enos.answer(TASKS, ok(found, total=3))
    page = await provider.list_device_tasks(DEVICE, FIRST)
    assert enos.business[0].body["expression"] == "deviceKey='d1'"
    assert [item.native_id for item in page.items] == ["t1", "t3"]
    assert page.total is None
    of_any = await provider.list_device_tasks(DeviceRef(product_key="", name="d1"), FIRST)
    assert (len(of_any.items), of_any.total) == (3, 3)


async def test_get_firmware(enos: FakeEnos, provider: EnosProvider) -> None:
    enos.answer("ota-firmwares.get", sample("get_firmware.response"))
    firmware = await provider.get_firmware("5ed0dd4a646542001b3d113f")
    assert enos.business[0].query["firmwareId"] == "5ed0dd4a646542001b3d113f"
    assert firmware.detail is not None
    enos.answer("ota-firmwares.get", sample("error_24404_firmware.response"))
    with pytest.raises(NotFoundError):
        await provider.get_firmware("gone")


async def test_list_firmware(enos: FakeEnos, provider: EnosProvider) -> None:
    enos.answer("ota-firmwares.search", sample("search_firmware.response"))
    wanted = FirmwareFilter(
        product_key="BXwU4kMk", verification=VerificationStatus.UNVERIFIED, name="t", version="9"
    )
    page = await provider.list_firmware(wanted, FIRST)
    assert enos.business[0].body["expression"] == (
        "productKey='BXwU4kMk' and isVerified=false and name like 't'"
    )
    assert (len(page.items), page.total, page.has_next) == (2, 2, False)


@pytest.mark.parametrize("verification", [VerificationStatus.VERIFYING, VerificationStatus.FAILED])
async def test_packages_in_states_that_enos_does_not_have_cost_no_call(
    enos: FakeEnos, provider: EnosProvider, verification: VerificationStatus
) -> None:
    page = await provider.list_firmware(FirmwareFilter(verification=verification), FIRST)
    assert page == Page(items=(), total=0, has_next=False)
    assert enos.calls == []


async def test_list_reported_versions(enos: FakeEnos, provider: EnosProvider) -> None:
    enos.answer("ota-firmwares.listVersion", sample("list_versions.response"))
    assert await provider.list_reported_versions("pk") == ("7.7", "2.0", "7777", "AOTA")
    assert enos.business[0].query["productKey"] == "pk"


async def test_a_failure_that_may_pass_is_tried_again_with_a_fresh_request(
    enos: FakeEnos, provider: EnosProvider
) -> None:
    enos.answer("ota-jobs.get", refused(24500), sample("enos_get_job.response"))
    await provider.get_job("yourJobId")
    assert len(enos.of("ota-jobs.get")) == 2


class SilentEnos:
    """Never answers."""

    async def call(
        self,
        operation: str,
        build: Callable[[], Request],
        read: Callable[[Reply], T],
        *,
        repeatable: bool = True,
    ) -> T:
        await asyncio.Event().wait()
        raise AssertionError

    def now(self) -> datetime:
        raise AssertionError


async def test_closing_gives_up_a_token_call_under_way(settings: EnosSettings) -> None:
    provider = EnosProvider("plant", settings, SilentEnos())
    asking = asyncio.create_task(provider.get_job("j1"))
    for _ in range(5):
        await asyncio.sleep(0)
    assert len(asyncio.all_tasks()) == 3  # this test, the question, and the token call
    await provider.aclose()
    await asyncio.gather(asking, return_exceptions=True)
    assert asking.cancelled()
    assert len(asyncio.all_tasks()) == 1
