import asyncio
import time
from dataclasses import dataclass, replace

import pytest

from gateway.domain.call import CallContext, Priority, calling, current_call
from gateway.domain.errors import (
    InternalError,
    NotFoundError,
    ProviderContractError,
    ProviderUnavailableError,
)
from gateway.domain.freshness import FreshnessSource
from gateway.domain.job import OtaJob
from gateway.domain.paging import Page, PageRequest
from gateway.service import job_index
from gateway.service.concurrency import AT_ONCE
from gateway.service.job_index import IndexPolicy, JobIndex
from gateway.service.snapshot import Snapshot
from gateway.service.source import SourceOutcome
from tests.service.cloud import LIMITS, Cloud, Site, a_broken, a_job, a_package, job_ids
from tests.transport.virtual_time import clock, virtual_time

POLICY = IndexPolicy(patience_s=2.5, settled_s=1.0, warm_every_s=10.0, idle_after_s=25.0)
DOWN = ProviderUnavailableError("down")


def a_cloud(packages: int = 3, jobs: int = 1) -> Cloud:
    """So many packages `f0`, `f1`, ..., each with so many jobs `f0-j0`, ..."""
    return Cloud(
        limits_=replace(LIMITS, firmware_page=100),
        packages=[a_package(f"f{number}") for number in range(packages)],
        jobs=[
            a_job(f"f{number}-j{job}", number, firmware=f"f{number}")
            for number in range(packages)
            for job in range(jobs)
        ],
    )


def an_index(cloud: Cloud, site: Site | None = None) -> JobIndex:
    return JobIndex((site or Site()).reads(cloud), POLICY, monotonic=clock)


def ids(snapshot: Snapshot[OtaJob]) -> list[str]:
    return job_ids(entry.item for entry in snapshot.entries)


@virtual_time
async def test_the_jobs_of_all_packages_make_one_list() -> None:
    cloud = a_cloud(packages=3, jobs=3)
    index = an_index(cloud)
    whole = await index.snapshot(None)
    assert ids(whole) == [f"f{number}-j{job}" for number in (2, 1, 0) for job in range(3)]
    assert (whole.complete, whole.progress_percent, whole.error) == (True, None, None)
    assert whole.freshness is not None
    assert whole.freshness.source is FreshnessSource.LIVE
    package = index.firmware("f1")
    assert package is not None
    assert package.native_id == "f1"
    assert index.firmware("other") is None
    assert clock() < 0.001


@virtual_time
async def test_a_cold_list_waits_for_its_patience_and_then_gives_what_it_has() -> None:
    cloud = a_cloud(packages=4)
    gate = cloud.gates["list_firmware_jobs f0"] = asyncio.Event()
    index = an_index(cloud)
    part = await index.snapshot(None)
    assert clock() == pytest.approx(2.5, abs=1e-3)
    assert ids(part) == ["f3-j0", "f2-j0", "f1-j0"]
    window = await part.window(None, 10)
    assert (window.outcome, window.progress_percent) == (SourceOutcome.WARMING, 75)
    assert (window.total, window.error) == (None, None)
    gate.set()
    whole = await index.snapshot(None)
    assert clock() == pytest.approx(2.5, abs=1e-3)
    assert (len(whole.entries), whole.complete) == (4, True)
    assert len(cloud.calls) == 1 + 4


@virtual_time
async def test_before_the_catalogue_is_there_nothing_is_known() -> None:
    cloud = a_cloud()
    cloud.gates["list_firmware"] = asyncio.Event()
    index = an_index(cloud)
    part = await index.snapshot(None)
    assert (ids(part), part.complete, part.progress_percent) == ([], False, 0)
    assert part.freshness is None
    await index.aclose()


@virtual_time
async def test_a_caller_waits_no_longer_than_its_deadline() -> None:
    cloud = a_cloud()
    cloud.gates["list_firmware_jobs f0"] = asyncio.Event()
    index = an_index(cloud)
    with calling(CallContext(deadline=time.monotonic() + 1.0)):
        part = await index.snapshot(None)
    assert clock() == pytest.approx(1.0, abs=0.1)
    assert len(part.entries) == 2
    await index.aclose()


@virtual_time
async def test_a_pass_is_not_bound_by_the_deadline_of_its_first_caller() -> None:
    cloud = a_cloud()
    gate = cloud.gates["list_firmware_jobs f0"] = asyncio.Event()
    index = an_index(cloud)
    with calling(CallContext(deadline=time.monotonic() + 1.0)):
        await index.snapshot(None)
    await asyncio.sleep(60)
    gate.set()
    assert (await index.snapshot(None)).complete
    assert len(cloud.calls) == 1 + 3


@virtual_time
async def test_a_finished_pass_answers_for_a_moment_without_another() -> None:
    cloud = a_cloud()
    index = an_index(cloud)
    whole = await index.snapshot(None)
    cloud.calls.clear()
    await asyncio.sleep(0.9)
    assert await index.snapshot(None) is whole
    assert cloud.calls == []
    await asyncio.sleep(0.2)
    assert await index.snapshot(None) is not whole
    assert len(cloud.calls) == 1 + 3


@virtual_time
async def test_a_hundred_callers_share_one_pass() -> None:
    cloud = a_cloud()
    gate = cloud.gates["list_firmware_jobs f2"] = asyncio.Event()
    index = an_index(cloud)
    asking = [asyncio.create_task(index.snapshot(None)) for _ in range(100)]
    await asyncio.sleep(1)
    gate.set()
    answers = await asyncio.gather(*asking)
    assert all(answer.complete and len(answer.entries) == 3 for answer in answers)
    assert len(cloud.calls) == 1 + 3


@virtual_time
async def test_a_caller_who_leaves_does_not_stop_the_pass() -> None:
    cloud = a_cloud()
    gate = cloud.gates["list_firmware_jobs f2"] = asyncio.Event()
    index = an_index(cloud)
    asking = asyncio.create_task(index.snapshot(None))
    await asyncio.sleep(1)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    gate.set()
    assert (await index.snapshot(None)).complete
    assert len(cloud.calls) == 1 + 3


@virtual_time
async def test_a_more_urgent_caller_does_not_stand_behind_a_slow_pass() -> None:
    cloud = a_cloud()
    cloud.gates["list_firmware"] = asyncio.Event()
    index = an_index(cloud)
    with calling(CallContext(priority=Priority.SUBSCRIPTION)):
        first = asyncio.create_task(index.snapshot(None))
    await asyncio.sleep(0.1)
    with calling(CallContext(priority=Priority.BACKGROUND)):
        second = asyncio.create_task(index.snapshot(None))
    await asyncio.sleep(0.1)
    assert len(cloud.calls) == 1
    third = asyncio.create_task(index.snapshot(None))
    await asyncio.sleep(0.1)
    assert len(cloud.calls) == 2
    cloud.gates["list_firmware"].set()
    answers = await asyncio.gather(first, second, third)
    assert [answer.complete for answer in answers] == [True, True, True]


@virtual_time
async def test_a_package_that_fails_keeps_its_jobs_and_is_reported() -> None:
    cloud = a_cloud()
    index = an_index(cloud)
    await index.snapshot(None)
    cloud.errors["list_firmware_jobs f1"] = DOWN
    cloud.jobs.append(a_job("late", 9, firmware="f2"))
    await asyncio.sleep(2)
    found = await index.snapshot(None)
    assert ids(found) == ["late", "f2-j0", "f1-j0", "f0-j0"]
    assert {e.freshness.source for e in found.entries if ids_of_package(e.item, "f1")} == {
        FreshnessSource.STALE
    }
    window = await found.window(None, 10)
    assert (window.outcome, window.total) == (SourceOutcome.STALE, 4)
    assert isinstance(window.error, ProviderUnavailableError)
    cloud.errors.clear()
    healed = await index.snapshot(None)  # at once: a pass with an error does not settle
    assert healed.error is None
    assert (await healed.window(None, 10)).outcome is SourceOutcome.LIVE


def ids_of_package(item: object, firmware_id: str) -> bool:
    return isinstance(item, OtaJob) and item.firmware_id == firmware_id


@virtual_time
async def test_a_package_that_fails_from_the_start_leaves_the_list_incomplete() -> None:
    cloud = a_cloud()
    cloud.errors["list_firmware_jobs f1"] = DOWN
    found = await an_index(cloud).snapshot(None)
    assert (ids(found), found.complete, found.progress_percent) == (["f2-j0", "f0-j0"], False, 66)
    assert isinstance(found.error, ProviderUnavailableError)


@virtual_time
async def test_a_fault_in_one_package_does_not_lose_the_others() -> None:
    cloud = a_cloud()
    cloud.errors["list_firmware_jobs f1"] = ZeroDivisionError()
    found = await an_index(cloud).snapshot(None)
    assert ids(found) == ["f2-j0", "f0-j0"]
    assert isinstance(found.error, InternalError)


@virtual_time
async def test_the_errors_of_one_pass_are_not_those_of_another() -> None:
    cloud = a_cloud()
    index = an_index(cloud)
    await index.snapshot(None)
    await asyncio.sleep(2)
    cloud.errors["list_firmware_jobs f1"] = DOWN
    slow = cloud.gates["list_firmware_jobs f0"] = asyncio.Event()
    failing = asyncio.create_task(index.snapshot(None))
    await asyncio.sleep(0.1)
    cloud.errors.clear()
    young = asyncio.create_task(index.snapshot(0))
    await asyncio.sleep(0.1)
    slow.set()
    assert (await young).error is None
    assert isinstance((await failing).error, ProviderUnavailableError)


@virtual_time
async def test_a_backend_that_fails_before_anything_is_known_fails_its_callers() -> None:
    cloud = a_cloud()
    cloud.errors["list_firmware"] = DOWN
    index = an_index(cloud)
    answers = await asyncio.gather(*[index.snapshot(None)] * 1, return_exceptions=True)
    more = await asyncio.gather(index.snapshot(None), index.snapshot(None), return_exceptions=True)
    raised = [*answers, *more]
    assert [type(error) for error in raised] == [ProviderUnavailableError] * 3
    assert len({id(error) for error in raised}) == 3  # each with a traceback of its own
    cloud.errors.clear()
    assert (await index.snapshot(None)).complete


@virtual_time
async def test_a_fault_in_the_catalogue_is_told_and_does_not_end_the_index() -> None:
    cloud = a_cloud()
    cloud.errors["list_firmware"] = ZeroDivisionError()
    index = an_index(cloud)
    with pytest.raises(InternalError):
        await index.snapshot(None)
    cloud.errors.clear()
    assert (await index.snapshot(None)).complete


@virtual_time
async def test_a_catalogue_that_fails_later_is_reported_beside_the_jobs() -> None:
    cloud = a_cloud()
    index = an_index(cloud)
    await index.snapshot(None)
    await asyncio.sleep(2)
    cloud.errors["list_firmware"] = DOWN
    cloud.jobs.append(a_job("late", 9, firmware="f2"))
    found = await index.snapshot(None)
    assert ids(found) == ["late", "f2-j0", "f1-j0", "f0-j0"]
    assert isinstance(found.error, ProviderUnavailableError)
    assert (await found.window(None, 1)).outcome is SourceOutcome.STALE


@virtual_time
async def test_the_jobs_of_a_package_that_vanished_go_with_it() -> None:
    cloud = a_cloud()
    index = an_index(cloud)
    await index.snapshot(None)
    await asyncio.sleep(2)
    del cloud.packages[1]
    found = await index.snapshot(None)
    assert (ids(found), found.complete) == (["f2-j0", "f0-j0"], True)


@virtual_time
async def test_a_package_deleted_since_the_catalogue_was_read_is_no_error() -> None:
    cloud = a_cloud()
    index = an_index(cloud)
    await index.snapshot(None)
    await asyncio.sleep(2)
    cloud.errors["list_firmware_jobs f1"] = NotFoundError("gone")
    found = await index.snapshot(None)
    assert (ids(found), found.complete, found.error) == (["f2-j0", "f0-j0"], True, None)


@virtual_time
async def test_an_age_asked_for_makes_a_pass_of_its_own() -> None:
    site = Site(fresh_s=600)
    cloud = a_cloud()
    index = an_index(cloud, site)
    await index.snapshot(None)
    site.clock.now += 30
    cloud.jobs.append(a_job("late", 9, firmware="f2"))
    assert len(ids(await index.snapshot(60))) == 3
    assert len(cloud.calls) == 4
    assert ids(await index.snapshot(20))[0] == "late"
    assert len(cloud.calls) == 8
    await index.snapshot(0)
    assert len(cloud.calls) == 12
    assert ids(await index.snapshot(None))[0] == "late"  # what one caller paid for serves all
    assert len(cloud.calls) == 12


@virtual_time
async def test_who_asks_for_no_age_does_not_wait_for_those_who_do() -> None:
    cloud = a_cloud()
    index = an_index(cloud, Site(fresh_s=600))
    await index.snapshot(None)
    await asyncio.sleep(2)
    cloud.gates["list_firmware"] = asyncio.Event()
    live = asyncio.create_task(index.snapshot(0))
    await asyncio.sleep(0.1)
    began = clock()
    found = await index.snapshot(None)
    assert clock() - began < 0.001
    assert (found.complete, len(cloud.calls)) == (True, 5)
    cloud.gates["list_firmware"].set()
    await live


@virtual_time
async def test_what_does_not_come_in_time_for_an_age_asked_for_is_stale() -> None:
    cloud = a_cloud()
    index = an_index(cloud)
    await index.snapshot(None)
    cloud.gates["list_firmware_jobs f1"] = asyncio.Event()
    began = clock()
    found = await index.snapshot(0)
    assert clock() - began == pytest.approx(2.5, abs=1e-3)
    assert {
        item.native_id: entry.freshness.source.value
        for entry in found.entries
        if isinstance(item := entry.item, OtaJob)
    } == {"f2-j0": "LIVE", "f1-j0": "STALE", "f0-j0": "LIVE"}
    assert (await found.window(None, 1)).outcome is SourceOutcome.STALE
    await index.aclose()


@virtual_time
async def test_only_so_many_packages_are_read_at_once() -> None:
    cloud = a_cloud(packages=3 * AT_ONCE)
    gate = cloud.gates["list_firmware_jobs"] = asyncio.Event()
    index = an_index(cloud)
    asking = asyncio.create_task(index.snapshot(None))
    await asyncio.sleep(1)
    reads = [call for call in cloud.calls if call.startswith("list_firmware_jobs")]
    assert len(reads) == AT_ONCE
    gate.set()
    assert len((await asking).entries) == 3 * AT_ONCE


@virtual_time
async def test_the_jobs_of_a_package_that_cannot_be_read_are_listed_by_its_id() -> None:
    cloud = a_cloud()
    cloud.packages[1] = a_broken("f1")
    found = await an_index(cloud).snapshot(None)
    assert (ids(found), found.error) == (["f2-j0", "f1-j0", "f0-j0"], None)


@virtual_time
async def test_a_package_without_an_id_makes_the_list_inexact() -> None:
    cloud = a_cloud()
    cloud.packages[1] = a_broken(None)
    found = await an_index(cloud).snapshot(None)
    window = await found.window(None, 10)
    assert (ids(found), window.total) == (["f2-j0", "f0-j0"], None)
    assert isinstance(window.error, ProviderContractError)


@dataclass(slots=True, kw_only=True)
class _NamelessCloud(Cloud):
    async def list_firmware_jobs(self, firmware_id: str, page: PageRequest) -> Page[OtaJob]:
        return Page(items=(), total=None, has_next=page.number < 3, broken=(a_broken(None),))


@virtual_time
async def test_every_job_that_cannot_be_read_has_a_place_of_its_own() -> None:
    cloud = _NamelessCloud(packages=[a_package("f0"), a_package("f1")])
    assert ids(await an_index(cloud).snapshot(None)) == ["?"] * 6


@dataclass(slots=True, kw_only=True)
class _EndlessCloud(Cloud):
    async def list_firmware_jobs(self, firmware_id: str, page: PageRequest) -> Page[OtaJob]:
        self.calls.append(firmware_id)
        return Page(items=(a_job("same"),), total=None, has_next=True)


async def test_a_package_whose_jobs_never_end_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(job_index, "MAX_PACKAGE_PAGES", 7)
    cloud = _EndlessCloud(packages=[a_package("f0")])
    index = JobIndex(Site().reads(cloud), POLICY)
    found = await index.snapshot(None)
    assert isinstance(found.error, ProviderContractError)
    assert (cloud.calls.count("f0"), found.complete) == (2, False)


@dataclass(slots=True, kw_only=True)
class _WatchedCloud(Cloud):
    """Notes when its catalogue was read, and for whom."""

    async def _asked(self, name: str, about: str = "", page: PageRequest | None = None) -> None:
        if name == "list_firmware":
            self.calls.append(f"{clock():.0f} {current_call().priority.name}")
            if "list_firmware" in self.errors:
                raise self.errors["list_firmware"]


@virtual_time
async def test_the_index_is_kept_warm_while_somebody_asks() -> None:
    cloud = _WatchedCloud(packages=[a_package("f0")])
    index = an_index(cloud)
    warming = asyncio.create_task(index.keep_warm())
    await asyncio.sleep(47)
    assert cloud.calls == ["0 BACKGROUND", "10 BACKGROUND", "20 BACKGROUND"]
    cloud.calls.clear()
    await index.snapshot(None)
    await asyncio.sleep(80)
    assert cloud.calls == ["47 PERSON", "50 BACKGROUND", "60 BACKGROUND", "70 BACKGROUND"]
    warming.cancel()
    with pytest.raises(asyncio.CancelledError):
        await warming


@virtual_time
@pytest.mark.parametrize("error", [DOWN, ZeroDivisionError()])
async def test_keeping_warm_survives_every_failure(error: Exception) -> None:
    cloud = _WatchedCloud(packages=[a_package("f0")], errors={"list_firmware": error})
    index = an_index(cloud)
    warming = asyncio.create_task(index.keep_warm())
    await asyncio.sleep(15)
    assert cloud.calls == ["0 BACKGROUND", "10 BACKGROUND"]
    warming.cancel()
    await asyncio.gather(warming, return_exceptions=True)


@virtual_time
async def test_closing_ends_the_passes_under_way() -> None:
    cloud = a_cloud()
    cloud.gates["list_firmware"] = asyncio.Event()
    site = Site()
    reads = site.reads(cloud)
    index = JobIndex(reads, POLICY, monotonic=clock)
    asking = [asyncio.create_task(index.snapshot(age)) for age in (None, 0.0)]
    await asyncio.sleep(1)
    await index.aclose()
    assert [(await answer).complete for answer in asking] == [False, False]
    assert clock() == pytest.approx(1.0, abs=1e-3)
