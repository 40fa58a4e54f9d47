"""The port over canned replies: what is sent, and what comes out."""

from collections.abc import Callable
from typing import Any

import pytest

from gateway.domain.device import Device, DeviceRef, Module, ModuleVersion
from gateway.domain.errors import (
    InvalidRequestError,
    NotFoundError,
    ProviderContractError,
    ProviderRateLimitedError,
    ProviderRejectedError,
    UnsupportedError,
)
from gateway.domain.firmware import FirmwareFilter
from gateway.domain.job import JobFilter, JobStatus, JobType, OtaJobAction
from gateway.domain.paging import PageRequest
from gateway.domain.provider import Capability, OtaProvider
from gateway.domain.task import TaskFilter, TaskStatus
from gateway.providers.alibaba import PLUGIN
from gateway.providers.alibaba.config import AlibabaSettings
from gateway.providers.alibaba.operations import RATES
from gateway.providers.alibaba.provider import AlibabaProvider
from gateway.transport.request import Request, Sender

Answer = Callable[..., None]
Calls = Callable[[], list[tuple[str, dict[str, str]]]]
Document = Callable[[str], Any]
Sent = list[tuple[str, Request]]

LIGHT = DeviceRef(product_key="a19mzPZ0001", name="light1")
NAMELESS = DeviceRef(product_key="", name="light1")
FIRST = PageRequest(number=1, size=1_000)


def task(number: int, status: str = "QUEUED") -> dict[str, object]:
    return {"TaskId": f"t{number}", "JobId": "j", "DeviceName": f"d{number}", "TaskStatus": status}


def tasks(numbers: range, *, total: int | None = None, status: str = "QUEUED") -> dict[str, object]:
    items = [task(number, status) for number in numbers]
    return {"Success": True, "Data": {"SimpleOTATaskInfo": items}, "Total": total}


def test_the_plugin_builds_a_provider(settings: AlibabaSettings, sender: Sender) -> None:
    assert PLUGIN.key == "alibaba"
    assert PLUGIN.settings is AlibabaSettings
    assert PLUGIN.rates is RATES
    built: OtaProvider = PLUGIN.build("shanghai", settings, sender)
    assert isinstance(built, AlibabaProvider)


def test_capabilities_and_limits(provider: AlibabaProvider) -> None:
    assert set(Capability) - provider.capabilities == {
        Capability.LIST_JOBS,
        Capability.NAMED_JOBS,
        Capability.LIST_DEVICE_TASKS,
        Capability.LIST_REPORTED_VERSIONS,
        Capability.START_STOP_JOBS,
        Capability.DELETE_JOBS,
        Capability.UNKNOWN,
    }
    limits = provider.limits
    assert (limits.jobs_page, limits.tasks_page, limits.firmware_page) == (200, 100, 100)
    assert (limits.task_devices, limits.task_window) == (50, 100_000)
    assert limits.firmware_newest_first is False


async def test_every_call_names_the_instance(
    provider: AlibabaProvider, sent: Sent, answer: Answer, document: Document
) -> None:
    answer(document("QueryOTAJob.response"))
    await provider.get_job("wahVIzGkCMuAUE2gDERM020100")
    ((operation, request),) = sent
    assert operation == "QueryOTAJob"
    assert "IotInstanceId=iot-06z00frq8umvkx2&JobId=wahVIzGkCMuAUE2gDERM020100" in request.query
    assert request.headers["x-acs-action"] == "QueryOTAJob"


async def test_get_job(
    provider: AlibabaProvider, answer: Answer, calls: Calls, document: Document
) -> None:
    answer(document("QueryOTAJob.response"))
    found = await provider.get_job("wahVIzGkCMuAUE2gDERM020100")
    assert calls() == [("QueryOTAJob", {"JobId": "wahVIzGkCMuAUE2gDERM020100"})]
    assert (found.backend, found.native_id) == ("shanghai", "wahVIzGkCMuAUE2gDERM020100")
    assert found.tags == {"key1": "value1"}
    assert found.detail is not None
    assert OtaJobAction.UPDATE in provider.available_actions(found)


@pytest.mark.parametrize(
    "body",
    [
        {"Success": True, "Data": None},
        {"Success": False, "Code": "iot.ota.JobNotExist", "ErrorMessage": "m"},
    ],
)
async def test_an_unknown_job_is_not_found(
    provider: AlibabaProvider, answer: Answer, body: object
) -> None:
    answer(body)
    with pytest.raises(NotFoundError, match="job"):
        await provider.get_job("gone")


async def test_throttling_reaches_the_caller(provider: AlibabaProvider, answer: Answer) -> None:
    answer({"Code": "Throttling.User"}, status=400, headers={"x-acs-retry-after": "1500"})
    with pytest.raises(ProviderRateLimitedError) as caught:
        await provider.get_job("j")
    assert caught.value.retry_after_s == 1.5


async def test_jobs_at_large_cannot_be_listed(provider: AlibabaProvider, calls: Calls) -> None:
    with pytest.raises(UnsupportedError, match="package"):
        await provider.list_jobs(JobFilter(), FIRST)
    assert calls() == []


@pytest.mark.parametrize(
    "wanted",
    [
        JobFilter(),
        JobFilter(firmware_id="f", name="n", types=frozenset({JobType.VERIFICATION})),
        JobFilter(statuses=frozenset({JobStatus.STOPPED, JobStatus.CANCELED})),
        JobFilter(statuses=frozenset({JobStatus.UNKNOWN})),
    ],
)
def test_no_job_filter_is_native(provider: AlibabaProvider, wanted: JobFilter) -> None:
    assert provider.native_filter(wanted) == JobFilter()


def test_no_job_here_is_ever_stopped(provider: AlibabaProvider) -> None:
    wanted = JobFilter(statuses=frozenset({JobStatus.STOPPED}))
    assert provider.native_filter(wanted) is None


async def test_an_empty_range_of_time_matches_no_job(
    provider: AlibabaProvider, answer: Answer, document: Document
) -> None:
    answer(document("QueryOTAJob.response"))
    moment = (await provider.get_job("j")).created_at
    assert provider.native_filter(JobFilter(created_from=moment)) == JobFilter()
    assert provider.native_filter(JobFilter(created_from=moment, created_before=moment)) is None


async def test_list_firmware_jobs(
    provider: AlibabaProvider, answer: Answer, calls: Calls, document: Document
) -> None:
    answer(document("ListOTAJobByFirmware.response"))
    page = await provider.list_firmware_jobs("UfuxnwygsuSkVE0VCNab030100", FIRST)
    assert calls() == [
        (
            "ListOTAJobByFirmware",
            {
                "FirmwareId": "UfuxnwygsuSkVE0VCNab030100",
                "CurrentPage": "1",
                "PageSize": "200",
            },
        )
    ]
    assert [job.status for job in page.items] == [
        JobStatus.IN_PROGRESS,
        JobStatus.PLANNED,
        JobStatus.COMPLETED,
    ]
    assert (page.total, page.has_next) == (3, False)
    assert all(job.detail is None for job in page.items)


async def test_list_device_jobs(
    provider: AlibabaProvider, answer: Answer, calls: Calls, document: Document
) -> None:
    answer(document("ListOTAJobByDevice.response") | {"Total": 250})
    page = await provider.list_device_jobs("f", LIGHT, PageRequest(number=2, size=200))
    assert calls() == [
        (
            "ListOTAJobByDevice",
            {
                "FirmwareId": "f",
                "ProductKey": "a19mzPZ0001",
                "DeviceName": "light1",
                "CurrentPage": "2",
                "PageSize": "100",
            },
        )
    ]
    assert len(page.items) == 2
    assert page.has_next


async def test_list_tasks(
    provider: AlibabaProvider, answer: Answer, calls: Calls, document: Document
) -> None:
    answer(document("ListOTATaskByJob.response"))
    page = await provider.list_tasks(TaskFilter(job_id="j"), FIRST)
    assert calls() == [
        ("ListOTATaskByJob", {"JobId": "j", "CurrentPage": "1", "PageSize": "100"}),
    ]
    assert len(page.items) == page.total == 7
    assert not page.has_next
    assert page.items[0].backend == "shanghai"


async def test_one_status_is_asked_for_in_the_cloud_s_word(
    provider: AlibabaProvider, answer: Answer, calls: Calls
) -> None:
    answer(tasks(range(1), status="CONFIRM"))
    wanted = TaskFilter(job_id="j", status=TaskStatus.AWAITING_CONFIRMATION)
    page = await provider.list_tasks(wanted, FIRST)
    assert calls()[0][1]["TaskStatus"] == "CONFIRM"
    assert len(page.items) == 1


async def test_no_task_has_an_unknown_status_to_ask_for(
    provider: AlibabaProvider, calls: Calls
) -> None:
    wanted = TaskFilter(job_id="j", status=TaskStatus.UNKNOWN)
    assert (await provider.list_tasks(wanted, FIRST)).items == ()
    assert await provider.count_tasks("j", TaskStatus.UNKNOWN) == 0
    assert calls() == []


async def test_broken_tasks_are_reported(provider: AlibabaProvider, answer: Answer) -> None:
    items = [task(1), {"TaskId": "t2", "JobId": "j"}]
    answer({"Success": True, "Data": {"SimpleOTATaskInfo": items}})
    page = await provider.list_tasks(TaskFilter(job_id="j"), FIRST)
    assert len(page.items) == 1
    (broken,) = page.broken
    assert (broken.native_id, broken.reason) == ("t2", "DeviceName is missing")


@pytest.mark.parametrize(("number", "more"), [(999, True), (1_000, False)])
async def test_the_last_page_of_the_window_is_the_last(
    provider: AlibabaProvider, answer: Answer, number: int, more: bool
) -> None:
    answer(tasks(range(100), total=300_000))
    page = await provider.list_tasks(TaskFilter(job_id="j"), PageRequest(number=number, size=100))
    assert len(page.items) == 100
    assert page.has_next is more


async def test_nothing_is_asked_beyond_the_window(provider: AlibabaProvider, calls: Calls) -> None:
    page = await provider.list_tasks(TaskFilter(job_id="j"), PageRequest(number=1_001, size=100))
    assert (page.items, page.has_next) == ((), False)
    assert calls() == []


async def test_tasks_by_device_names_are_not_paged(
    provider: AlibabaProvider, answer: Answer, calls: Calls
) -> None:
    answer(tasks(range(2), total=2))
    wanted = TaskFilter(job_id="j", device_names=("d0", "d1", "d0"))
    page = await provider.list_tasks(wanted, PageRequest(number=1, size=1))
    assert calls() == [
        ("ListOTATaskByJob", {"JobId": "j", "DeviceNames.1": "d0", "DeviceNames.2": "d1"})
    ]
    assert (len(page.items), page.total, page.has_next) == (2, 2, False)
    later = await provider.list_tasks(wanted, PageRequest(number=2, size=1))
    assert (later.items, later.has_next) == ((), False)
    assert len(calls()) == 1


async def test_a_status_beside_device_names_is_checked_here_too(
    provider: AlibabaProvider, answer: Answer, calls: Calls
) -> None:
    items = [task(1), {"TaskId": "t2"}, task(3, "FAILED")]
    answer({"Success": True, "Data": {"SimpleOTATaskInfo": items}, "Total": 3})
    wanted = TaskFilter(job_id="j", device_names=("d1", "d3"), status=TaskStatus.FAILED)
    page = await provider.list_tasks(wanted, FIRST)
    assert calls()[0][1]["TaskStatus"] == "FAILED"
    assert [item.native_id for item in page.items] == ["t3"]
    assert [item.index for item in page.broken] == [0]
    assert page.total == 2


async def test_more_device_names_than_fit_are_refused(
    provider: AlibabaProvider, calls: Calls
) -> None:
    names = tuple(f"d{number}" for number in range(51))
    with pytest.raises(InvalidRequestError) as caught:
        await provider.list_tasks(TaskFilter(job_id="j", device_names=names), FIRST)
    assert caught.value.path == ("deviceNames",)
    assert calls() == []


async def test_names_that_no_query_can_carry_are_refused(
    provider: AlibabaProvider, calls: Calls
) -> None:
    with pytest.raises(InvalidRequestError):
        await provider.list_tasks(TaskFilter(job_id="j", device_names=("\ud800",)), FIRST)
    assert calls() == []


async def test_counting_is_one_small_call(
    provider: AlibabaProvider, answer: Answer, calls: Calls
) -> None:
    answer(tasks(range(1), total=4_711))
    assert await provider.count_tasks("j", TaskStatus.FAILED) == 4_711
    assert calls() == [
        (
            "ListOTATaskByJob",
            {"JobId": "j", "TaskStatus": "FAILED", "CurrentPage": "1", "PageSize": "1"},
        )
    ]


async def test_counting_any_status(provider: AlibabaProvider, answer: Answer, calls: Calls) -> None:
    answer(tasks(range(0), total=0))
    assert await provider.count_tasks("j", None) == 0
    assert "TaskStatus" not in calls()[0][1]


@pytest.mark.parametrize("total", [None, 0])
async def test_without_a_believable_total_tasks_are_counted(
    provider: AlibabaProvider, answer: Answer, calls: Calls, total: int | None
) -> None:
    answer(tasks(range(1), total=total))
    answer(tasks(range(100), total=total))
    answer(tasks(range(100, 130), total=total))
    assert await provider.count_tasks("j", None) == 130
    assert [call["CurrentPage"] for _, call in calls()] == ["1", "1", "2"]


async def test_counting_ends_at_the_window(
    provider: AlibabaProvider, answer: Answer, calls: Calls
) -> None:
    answer({"Success": True, "Data": {"SimpleOTATaskInfo": [0] * 100}}, times=1_001)
    with pytest.raises(ProviderContractError, match="no total"):
        await provider.count_tasks("j", None)
    assert len(calls()) == 1_001


async def test_open_tasks_of_a_device(
    provider: AlibabaProvider, answer: Answer, calls: Calls, document: Document
) -> None:
    answer(document("ListOTAUnfinishedTaskByDevice.response"))
    found = await provider.list_open_tasks(LIGHT)
    assert calls() == [
        (
            "ListOTAUnfinishedTaskByDevice",
            {"ProductKey": "a19mzPZ0001", "DeviceName": "light1"},
        )
    ]
    assert [item.status for item in found] == [TaskStatus.QUEUED, TaskStatus.IN_PROGRESS]


async def test_a_device_without_open_tasks(provider: AlibabaProvider, answer: Answer) -> None:
    answer({"Success": True})
    assert await provider.list_open_tasks(LIGHT) == ()


async def test_devices_need_their_product(provider: AlibabaProvider, calls: Calls) -> None:
    asks = (
        provider.list_open_tasks(NAMELESS),
        provider.get_device(NAMELESS),
        provider.list_device_jobs("f", NAMELESS, FIRST),
        provider.list_modules(""),
    )
    for ask in asks:
        with pytest.raises(InvalidRequestError) as caught:
            await ask
        assert caught.value.path == ("productKey",)
    assert calls() == []


async def test_what_this_cloud_cannot_do_is_refused(
    provider: AlibabaProvider, calls: Calls
) -> None:
    with pytest.raises(UnsupportedError):
        await provider.list_device_tasks(LIGHT, FIRST)
    with pytest.raises(UnsupportedError):
        await provider.list_reported_versions("a19mzPZ0001")
    assert calls() == []


async def test_get_firmware(
    provider: AlibabaProvider, answer: Answer, calls: Calls, document: Document
) -> None:
    answer(document("QueryOTAFirmware.multi-file.response"))
    found = await provider.get_firmware("f")
    assert calls() == [("QueryOTAFirmware", {"FirmwareId": "f"})]
    assert found.detail is not None
    assert len(found.detail.files) == 2


@pytest.mark.parametrize(
    "body",
    [
        {"Success": True},
        {"Success": False, "Code": "iot.ota.FirmwareNotFound", "ErrorMessage": "m"},
    ],
)
async def test_an_unknown_package_is_not_found(
    provider: AlibabaProvider, answer: Answer, body: object
) -> None:
    answer(body)
    with pytest.raises(NotFoundError, match="firmware"):
        await provider.get_firmware("gone")


async def test_jobs_of_an_unknown_package_are_refused(
    provider: AlibabaProvider, answer: Answer
) -> None:
    answer({"Success": False, "Code": "iot.ota.FirmwareNotFound", "ErrorMessage": "m"})
    with pytest.raises(ProviderRejectedError):
        await provider.list_firmware_jobs("gone", FIRST)


async def test_list_firmware(
    provider: AlibabaProvider, answer: Answer, calls: Calls, document: Document
) -> None:
    answer(document("ListOTAFirmware.response"))
    page = await provider.list_firmware(
        FirmwareFilter(product_key="a19mzPZ0001", version="1.0.1", name="ignored"), FIRST
    )
    assert calls() == [
        (
            "ListOTAFirmware",
            {
                "ProductKey": "a19mzPZ0001",
                "DestVersion": "1.0.1",
                "CurrentPage": "1",
                "PageSize": "100",
            },
        )
    ]
    assert [item.version for item in page.items] == ["1.0.1", "2.0.0"]
    assert all(item.detail is None for item in page.items)


async def test_packages_of_the_whole_account(
    provider: AlibabaProvider, answer: Answer, calls: Calls
) -> None:
    answer({"Success": True, "FirmwareInfo": {}})
    page = await provider.list_firmware(FirmwareFilter(), PageRequest(number=3, size=20))
    assert calls() == [("ListOTAFirmware", {"CurrentPage": "3", "PageSize": "20"})]
    assert page.items == ()


async def test_get_device(
    provider: AlibabaProvider, answer: Answer, calls: Calls, document: Document
) -> None:
    answer(document("ListOTAModuleVersionsByDevice.response"))
    found = await provider.get_device(LIGHT)
    assert calls() == [
        (
            "ListOTAModuleVersionsByDevice",
            {
                "ProductKey": "a19mzPZ0001",
                "DeviceName": "light1",
                "CurrentPage": "1",
                "PageSize": "200",
            },
        )
    ]
    assert found == Device(
        backend="shanghai",
        ref=LIGHT,
        native_id="nadRdeffljdEndlfadga000108",
        modules=(
            ModuleVersion(name="default", version="1.0.0"),
            ModuleVersion(name="barcodeScanner", version="1.0.3"),
        ),
        upgrading=None,
    )
    assert found.version == "1.0.0"


async def test_modules_of_a_device_are_paged_through(
    provider: AlibabaProvider, answer: Answer, calls: Calls
) -> None:
    def modules(numbers: range) -> dict[str, object]:
        items = [{"ModuleName": f"m{number}"} for number in numbers]
        return {"Success": True, "Data": {"SimpleOTAModuleInfo": items}, "Total": 230}

    answer(modules(range(200)))
    answer(modules(range(200, 230)))
    found = await provider.get_device(LIGHT)
    assert [call["CurrentPage"] for _, call in calls()] == ["1", "2"]
    assert len(found.modules) == 230
    assert found.native_id is None


async def test_modules_of_a_device_do_not_go_on_for_ever(
    provider: AlibabaProvider, answer: Answer, calls: Calls
) -> None:
    items = [{"ModuleName": "m"}] * 200
    answer({"Success": True, "Data": {"SimpleOTAModuleInfo": items}}, times=50)
    await provider.get_device(LIGHT)
    assert len(calls()) == 10


async def test_a_device_that_reported_nothing(provider: AlibabaProvider, answer: Answer) -> None:
    answer({"Success": True, "Data": {"SimpleOTAModuleInfo": []}, "Total": 0})
    found = await provider.get_device(LIGHT)
    assert (found.modules, found.native_id, found.version) == ((), None, None)


async def test_an_unknown_device_is_not_found(provider: AlibabaProvider, answer: Answer) -> None:
    answer({"Success": False, "Code": "iot.device.NotExistedDevice", "ErrorMessage": "m"})
    with pytest.raises(NotFoundError, match="device"):
        await provider.get_device(LIGHT)


async def test_list_modules(
    provider: AlibabaProvider, sent: Sent, answer: Answer, document: Document
) -> None:
    answer(document("ListOTAModuleByProduct.response"))
    found = await provider.list_modules("a19mzPZ0001")
    ((operation, request),) = sent
    assert (operation, request.method) == ("ListOTAModuleByProduct", "GET")
    assert request.query == "IotInstanceId=iot-06z00frq8umvkx2&ProductKey=a19mzPZ0001"
    assert found == (
        Module(
            product_key="a19mzPZ0001",
            name="barcodeScanner",
            alias="Barcode_scanner",
            description="barcode scanner firmware",
        ),
    )


async def test_closing_sends_nothing(provider: AlibabaProvider, calls: Calls) -> None:
    await provider.aclose()
    assert calls() == []
