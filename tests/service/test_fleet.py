from dataclasses import replace

import pytest

from gateway.domain.device import DeviceRef
from gateway.domain.errors import (
    InvalidRequestError,
    NotFoundError,
    ProviderUnavailableError,
    UnsupportedError,
)
from gateway.domain.firmware import FirmwareFilter
from gateway.domain.ids import GlobalId, NodeKind
from gateway.domain.job import JobFilter, JobStatus, JobType, OtaJobAction
from gateway.domain.task import TaskStatus
from gateway.service.fleet import BackendChoice, Fleet
from gateway.service.job_index import IndexPolicy, JobIndex
from gateway.service.task_list import TaskQuery
from tests.service.cloud import LIMITS, Cloud, Site, a_job, a_package, a_task, at

ALL = BackendChoice()
DOWN = ProviderUnavailableError("down")
UNORDERED = replace(LIMITS, firmware_newest_first=False)


def fleet(**clouds: Cloud) -> Fleet:
    """`eu` and `eu2` are of the provider `eu`; a cloud whose packages are unordered is indexed."""
    site = Site()
    backends = {
        name: site.backend(cloud, name, provider=name.rstrip("2")) for name, cloud in clouds.items()
    }
    return Fleet(
        backends=backends,
        indexes={
            name: JobIndex(backend.reads, IndexPolicy())
            for name, backend in backends.items()
            if not backend.reads.limits.firmware_newest_first
        },
    )


def listed(listing: object) -> list[tuple[str, str | None]]:
    return [(e.backend, e.entry.item.native_id) for e in getattr(listing, "entries", ())]


async def test_each_read_goes_to_the_backend_it_names() -> None:
    eu = Cloud(jobs=[a_job("j1")], packages=[a_package("f1")], tasks=[a_task("t1")])
    cn = Cloud()
    both = fleet(eu=eu, cn=cn)
    device = DeviceRef(product_key="p1", name="d1")
    assert (await both.job("eu", "j1")).value.native_id == "j1"
    assert (await both.firmware("eu", "f1")).value.native_id == "f1"
    assert (await both.device("eu", device)).value.ref == device
    assert [task.native_id for task in (await both.open_tasks("eu", device)).value] == ["t1"]
    assert (await both.reported_versions("eu", "p1")).value == ("1.0", "2.0")
    assert await both.count_tasks("eu", "j1", TaskStatus.QUEUED) == 1
    with pytest.raises(UnsupportedError):
        await both.modules("eu", "p1")
    assert cn.calls == []
    with pytest.raises(NotFoundError):
        await both.job("cn", "j1")


async def test_a_backend_that_does_not_exist_is_not_found() -> None:
    both = fleet(eu=Cloud())
    device = DeviceRef(product_key="p1", name="d1")
    for asking in (
        both.job("x", "j1"),
        both.firmware("x", "f1"),
        both.firmware_of("x", ["f1"]),
        both.device("x", device),
        both.open_tasks("x", device),
        both.modules("x", "p"),
        both.reported_versions("x", "p"),
        both.count_tasks("x", "j1", None),
        both.all_tasks_ended("x", "j1"),
        both.task(GlobalId(kind=NodeKind.TASK, backend="x", key=("j", "p", "d", "t"))),
    ):
        with pytest.raises(NotFoundError, match="backends"):
            await asking
    with pytest.raises(NotFoundError):
        both.tasks("x", TaskQuery(job_id="j1"))
    with pytest.raises(NotFoundError):
        both.available_actions(replace(a_job("j1"), backend="x"))


def test_actions_are_those_of_the_jobs_own_cloud() -> None:
    job = replace(a_job("j1"), backend="eu")
    assert fleet(eu=Cloud()).available_actions(job) == (OtaJobAction.STOP,)
    assert fleet(eu=Cloud()).available_actions(replace(job, status=JobStatus.STOPPED)) == ()


async def test_jobs_of_all_backends_make_one_list() -> None:
    eu = Cloud(jobs=[a_job("j4", 4), a_job("j1", 1)])
    cn = Cloud(limits_=UNORDERED, packages=[a_package("f1")], jobs=[a_job("j3", 3), a_job("j2", 2)])
    both = fleet(eu=eu, cn=cn)
    first = await both.jobs(JobFilter(), ALL, first=3, after=None)
    assert listed(first) == [("eu", "j4"), ("cn", "j3"), ("cn", "j2")]
    assert (first.total, first.has_next) == (4, True)
    rest = await both.jobs(JobFilter(), ALL, first=3, after=first.end_cursor)
    assert (listed(rest), rest.has_next) == ([("eu", "j1")], False)


async def test_a_choice_narrows_the_backends_asked() -> None:
    clouds = {name: Cloud(jobs=[a_job(name)]) for name in ("eu", "eu2", "cn")}
    every = fleet(**clouds)

    async def names(choice: BackendChoice) -> list[str]:
        listing = await every.jobs(JobFilter(), choice, first=10, after=None)
        assert [report.backend.id for report in listing.sources] == [
            name for name, _ in listed(listing)
        ]
        return [name for name, _ in listed(listing)]

    assert await names(ALL) == ["cn", "eu", "eu2"]
    assert await names(BackendChoice(ids=frozenset({"eu", "cn"}))) == ["cn", "eu"]
    assert await names(BackendChoice(providers=frozenset({"eu"}))) == ["eu", "eu2"]
    both = BackendChoice(ids=frozenset({"eu2", "cn"}), providers=frozenset({"eu"}))
    assert await names(both) == ["eu2"]
    assert await names(BackendChoice(ids=frozenset())) == []


async def test_a_cursor_fits_its_own_question_only() -> None:
    both = fleet(eu=Cloud(jobs=[a_job("j2", 2), a_job("j1", 1)], packages=[a_package("f1")]))
    wanted = JobFilter(
        statuses=frozenset({JobStatus.IN_PROGRESS, JobStatus.STOPPED}), created_from=at(0)
    )
    cursor = (await both.jobs(wanted, ALL, first=1, after=None)).end_cursor
    again = replace(wanted, statuses=frozenset({JobStatus.STOPPED, JobStatus.IN_PROGRESS}))
    assert listed(await both.jobs(again, ALL, first=1, after=cursor)) == [("eu", "j1")]
    for other in (
        replace(wanted, firmware_id="f1"),
        replace(wanted, product_key="p1"),
        replace(wanted, device=DeviceRef(product_key="p", name="d")),
        replace(wanted, statuses=frozenset()),
        replace(wanted, types=frozenset({JobType.UPGRADE})),
        replace(wanted, name="n"),
        replace(wanted, created_from=None),
        replace(wanted, created_before=at(9)),
    ):
        with pytest.raises(InvalidRequestError):
            await both.jobs(other, ALL, first=1, after=cursor)
    with pytest.raises(InvalidRequestError):
        await both.firmwares(FirmwareFilter(), ALL, first=1, after=cursor)


async def test_packages_of_all_backends_make_one_list() -> None:
    eu = Cloud(packages=[a_package("f3", 3), a_package("f1", 1)])
    cn = Cloud(limits_=UNORDERED, packages=[a_package("f0", 0), a_package("f2", 2)])
    listing = await fleet(eu=eu, cn=cn).firmwares(FirmwareFilter(), ALL, first=10, after=None)
    assert listed(listing) == [("eu", "f3"), ("cn", "f2"), ("eu", "f1"), ("cn", "f0")]
    assert listing.total == 4


async def test_a_job_whose_tasks_are_open_has_not_ended() -> None:
    cloud = Cloud(tasks=[a_task("t1", status=TaskStatus.NOTIFIED)])
    assert not await fleet(eu=cloud).all_tasks_ended("eu", "j1")
    assert cloud.calls == [
        "count_tasks AWAITING_CONFIRMATION",
        "count_tasks QUEUED",
        "count_tasks NOTIFIED",
    ]


async def test_a_job_with_ended_tasks_alone_has_ended() -> None:
    cloud = Cloud(tasks=[a_task("t1", status=TaskStatus.FAILED)])
    assert await fleet(eu=cloud).all_tasks_ended("eu", "j1")
    assert cloud.calls[-2:] == ["count_tasks IN_PROGRESS", "count_tasks any"]


async def test_a_job_without_tasks_has_not_ended() -> None:
    assert not await fleet(eu=Cloud()).all_tasks_ended("eu", "j1")


async def test_packages_are_read_one_by_one_where_the_list_is_long() -> None:
    cloud = Cloud(packages=[a_package("f1"), a_package("f2")])
    one, missing, two = await fleet(eu=cloud).firmware_of("eu", ["f1", "nope", "f2"])
    assert not isinstance(one, NotFoundError | ProviderUnavailableError)
    assert isinstance(missing, NotFoundError)
    assert getattr(two, "value", None) == a_package("f2")
    assert sorted(cloud.calls) == ["get_firmware f1", "get_firmware f2", "get_firmware nope"]


async def test_packages_come_from_the_list_where_that_is_short() -> None:
    cloud = Cloud(limits_=UNORDERED, packages=[a_package("f1"), a_package("f2")])
    two, missing = await fleet(eu=cloud).firmware_of("eu", ["f2", "nope"])
    assert getattr(two, "value", None) == a_package("f2")
    assert isinstance(missing, NotFoundError)
    assert cloud.calls == ["list_firmware", "get_firmware nope"]


async def test_a_list_of_packages_that_fails_fails_each_of_them() -> None:
    cloud = Cloud(limits_=UNORDERED, errors={"list_firmware": DOWN})
    answers = await fleet(eu=cloud).firmware_of("eu", ["f1", "f2"])
    assert [type(answer) for answer in answers] == [ProviderUnavailableError] * 2


async def test_tasks_of_a_job_can_be_paged_through() -> None:
    cloud = Cloud(tasks=[a_task("t1"), a_task("t2", job="j2")])
    listing = await fleet(eu=cloud).tasks("eu", TaskQuery(job_id="j2")).page(5, None)
    assert [entry.item.native_id for entry in listing.entries] == ["t2"]


def task_id(native_id: str = "t1", product: str = "p1", device: str = "d1") -> GlobalId:
    return GlobalId(kind=NodeKind.TASK, backend="eu", key=("j1", product, device, native_id))


async def test_a_task_is_found_among_those_of_its_device() -> None:
    cloud = Cloud(
        tasks=[
            a_task("t1", product="p2"),
            a_task("t0"),
            a_task("t1"),
            a_task("t9", device="d2"),
        ]
    )
    found = await fleet(eu=cloud).task(task_id())
    assert found.value == a_task("t1")
    assert cloud.calls == ["list_tasks d1"]


@pytest.mark.parametrize(
    "identity", [task_id("t2"), task_id(product="p2"), task_id(device="d2"), task_id("t9")]
)
async def test_a_task_that_is_not_there_is_not_found(identity: GlobalId) -> None:
    cloud = Cloud(tasks=[a_task("t1"), a_task("t9", device="d2")])
    with pytest.raises(NotFoundError):
        await fleet(eu=cloud).task(identity)


async def test_an_id_of_something_else_is_no_task() -> None:
    with pytest.raises(InvalidRequestError):
        await fleet(eu=Cloud()).task(GlobalId(kind=NodeKind.OTA_JOB, backend="eu", key=("j1",)))
