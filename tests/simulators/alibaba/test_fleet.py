"""What the fleet holds, that it repeats itself, and that it obeys the product's own rules."""

import re
from collections import Counter
from itertools import pairwise

import pytest

from gateway.simulators.alibaba.firmware import FirmwareStatus, FirmwareType
from gateway.simulators.alibaba.fleet import Fleet
from gateway.simulators.alibaba.job import Job, JobStatus, JobType, Protocol, Selection, Target
from gateway.simulators.alibaba.task import UNFINISHED, TaskStatus
from tests.simulators.alibaba.caller import START_S
from tests.simulators.alibaba.fleets import default_fleet, make_fleet, small_fleet

MINUTE_S = 60
DAY_S = 86_400
HAN = re.compile(r"[\u4e00-\u9fff]")


def settings_of(fleet: Fleet, jobs: list[Job] | None = None) -> list[Job]:
    return [job for job in jobs or fleet.jobs if job.type is JobType.UPGRADE]


def counts(fleet: Fleet, now_s: float = START_S) -> Counter[JobStatus]:
    return Counter(job.status_at(now_s) for job in fleet.jobs)


def test_the_default_fleet_is_as_large_as_promised() -> None:
    fleet = default_fleet()
    assert len(fleet.firmwares) == 24
    assert len(fleet.jobs) == 420
    tasks = sum(len(fleet.tasks(job, START_S)) for job in fleet.jobs)
    assert 60_000 <= tasks < 60_000 + 420


def test_a_fleet_of_a_thousand_jobs_over_fifty_packages_can_be_made() -> None:
    fleet = make_fleet(packages=50, jobs=1_000, tasks=10_000)
    assert (len(fleet.firmwares), len(fleet.jobs)) == (50, 1_000)
    assert sum(len(fleet.jobs_of_firmware(firmware)) for firmware in fleet.firmwares) == 1_000


@pytest.mark.parametrize(
    ("packages", "jobs", "tasks"), [(0, 1, 1), (501, 600, 600), (2, 1, 5), (1, 5, 4)]
)
def test_sizes_that_make_no_fleet_are_refused(packages: int, jobs: int, tasks: int) -> None:
    with pytest.raises(ValueError, match="500 packages"):
        make_fleet(packages=packages, jobs=jobs, tasks=tasks)


@pytest.mark.parametrize(("packages", "jobs"), [(1, 1), (2, 5), (3, 13), (500, 500)])
def test_fleets_of_any_size_hold_what_was_asked(packages: int, jobs: int) -> None:
    fleet = make_fleet(packages=packages, jobs=jobs, tasks=jobs * 2)
    assert (len(fleet.firmwares), len(fleet.jobs)) == (packages, jobs)
    tasks = sum(len(fleet.tasks(job, START_S)) for job in fleet.jobs)
    assert tasks >= jobs * 2
    assert JobStatus.IN_PROGRESS in counts(fleet)


def test_equal_seeds_make_equal_fleets_and_others_do_not() -> None:
    one, same, other = (make_fleet(seed=s, packages=6, jobs=30, tasks=300) for s in (1, 1, 2))
    assert one.jobs == same.jobs != other.jobs
    assert one.firmwares == same.firmwares != other.firmwares
    assert one.products == same.products != other.products
    twins = list(zip(one.jobs, same.jobs, strict=True))
    assert all(one.courses(job) == same.courses(twin) for job, twin in twins)
    later = START_S + 500
    assert all(one.tasks(job, later) == same.tasks(twin, later) for job, twin in twins)


def test_every_word_of_every_enum_is_there() -> None:
    fleet = default_fleet()
    assert counts(fleet).keys() == set(JobStatus)
    assert {job.type for job in fleet.jobs} == set(JobType)
    assert {job.scope.selection for job in fleet.jobs} == set(Selection)
    assert {job.scope.target for job in fleet.jobs} == set(Target)
    assert {job.settings.protocol for job in fleet.jobs} == set(Protocol)
    assert {firmware.status_at(START_S) for firmware in fleet.firmwares} == set(FirmwareStatus)
    assert {firmware.type for firmware in fleet.firmwares} == set(FirmwareType)
    assert {len(firmware.files) > 1 for firmware in fleet.firmwares} == {False, True}
    for status in TaskStatus:
        assert any(fleet.tasks(job, START_S, status) for job in fleet.jobs), status


def test_every_policy_is_there() -> None:
    jobs = settings_of(default_fleet())
    retries = [job.settings.retry for job in jobs]
    assert {retry.interval_min for retry in retries if retry} == {0, 10, 30, 60, 1440}
    assert {retry.count for retry in retries if retry} == {1, 2, 5}
    assert None in retries
    assert {None, 10, 60, 1440} <= {job.settings.timeout_min for job in jobs}
    assert {10, 10_000} <= {job.settings.maximum_per_minute for job in jobs}
    for flag in ("multi_module", "need_confirm", "need_push"):
        assert {getattr(job.settings, flag) for job in jobs} == {False, True}
    assert {job.settings.overwrite_mode for job in jobs} == {1, 2}
    assert {job.scope.dynamic_mode for job in jobs} == {None, 1, 2}
    assert {bool(job.scope.group) for job in jobs if job.scope.dynamic_mode} == {False, True}
    assert {bool(job.settings.tags) for job in jobs} == {False, True}
    scheduled = [job.timing for job in jobs if job.timing.scheduled_s]
    assert {timing.window_end_s is None for timing in scheduled} == {False, True}
    assert {"33.33", "50.00"} <= {job.scope.gray_percent for job in jobs}


def test_about_an_eighth_runs_and_the_newest_batch_is_minutes_old() -> None:
    fleet = default_fleet()
    assert 0.10 <= counts(fleet)[JobStatus.IN_PROGRESS] / len(fleet.jobs) <= 0.15
    ages = [START_S - job.timing.created_s for job in fleet.jobs]
    assert 0 < min(ages) < 10 * MINUTE_S
    assert 120 * DAY_S < max(ages) < 160 * DAY_S


def test_names_are_chinese_and_english_and_as_the_vendor_allows() -> None:
    fleet = default_fleet()
    names = [firmware.name for firmware in fleet.firmwares]
    assert len(set(names)) == len(names)
    assert {bool(HAN.search(name)) for name in names} == {False, True}
    assert {bool(HAN.search(product.name)) for product in fleet.products} == {False, True}
    assert all(re.fullmatch(r"[\w\u4e00-\u9fff][\w()\u4e00-\u9fff-]{0,39}", n) for n in names)
    versions = [firmware.version for firmware in fleet.firmwares]
    assert all(re.fullmatch(r"[A-Za-z0-9._-]{1,64}", version) for version in versions)
    ids = [job.id for job in fleet.jobs] + [firmware.id for firmware in fleet.firmwares]
    assert all(re.fullmatch(r"[A-Za-z0-9]{26}", identity) for identity in ids)


def test_lists_are_not_in_order_of_creation() -> None:
    fleet = default_fleet()
    packages = [firmware.created_s for firmware in fleet.firmwares]
    busy = max(fleet.firmwares, key=lambda firmware: len(fleet.jobs_of_firmware(firmware)))
    jobs = [job.timing.created_s for job in fleet.jobs_of_firmware(busy)]
    for moments in (packages, jobs):
        assert moments not in (sorted(moments), sorted(moments, reverse=True))
    tasks = fleet.tasks(max(fleet.jobs, key=lambda job: job.size), START_S)
    assert list(tasks) != sorted(tasks)


def test_a_package_exists_and_may_be_rolled_out_before_its_batches() -> None:
    for job in default_fleet().jobs:
        created_s = job.timing.created_s
        assert job.firmware.created_s < created_s
        if job.type is JobType.UPGRADE:
            status = job.firmware.status_at(created_s)
            assert status in {FirmwareStatus.VERIFIED, FirmwareStatus.NOT_NEEDED}


def test_settings_keep_to_the_documented_rules() -> None:
    for job in settings_of(default_fleet()):
        scope, settings, timing = job.scope, job.settings, job.timing
        retry, timeout_min = settings.retry, settings.timeout_min
        if retry and timeout_min is not None:
            assert retry.interval_min < timeout_min
        assert not (settings.multi_module and settings.overwrite_mode == 2)
        assert not (scope.source_versions and scope.target in {Target.SPECIFIC, Target.GROUP})
        assert (scope.gray_percent is not None) == (scope.target is Target.GRAY)
        if scope.selection is Selection.DYNAMIC:
            assert scope.target is Target.ALL
            assert timing.scheduled_s is None
            assert bool(scope.group) != bool(scope.source_versions)
        if job.firmware.source_version and scope.source_versions:
            assert scope.source_versions == (job.firmware.source_version,)
        if scope.target is Target.SPECIFIC:
            assert job.size <= 200
        if settings.protocol is Protocol.MQTT:
            assert [file.size_bytes <= 16 * 2**20 for file in job.firmware.files] == [True]
        if timing.scheduled_s is not None:
            lead_s = timing.scheduled_s - timing.created_s
            assert lead_s + 1e-3 >= 5 * MINUTE_S
            assert lead_s <= 7 * DAY_S
        if timing.scheduled_s is not None and timing.window_end_s is not None:
            assert 3_600 <= timing.window_end_s - timing.scheduled_s <= 30 * DAY_S


def test_a_package_has_at_most_one_running_dynamic_batch() -> None:
    running = Counter(
        job.firmware.id
        for job in default_fleet().jobs
        if job.scope.selection is Selection.DYNAMIC
        and job.status_at(START_S) is JobStatus.IN_PROGRESS
    )
    assert len(running) > 5
    assert set(running.values()) == {1}


@pytest.mark.parametrize("later_s", [0, 300, 7_200, 3 * DAY_S])
def test_no_device_has_two_open_tasks(later_s: float) -> None:
    fleet = small_fleet()
    now_s = START_S + later_s
    holders = Counter(
        fleet.task(job, position).device.iot_id
        for job in fleet.jobs
        for status in UNFINISHED
        for position in fleet.tasks(job, now_s, status)
    )
    assert holders
    assert set(holders.values()) == {1}


def test_batches_move_on_by_themselves() -> None:
    fleet = default_fleet()
    planned = {job.id for job in fleet.jobs if job.status_at(START_S) is JobStatus.PLANNED}
    running = {job.id for job in fleet.jobs if job.status_at(START_S) is JobStatus.IN_PROGRESS}
    soon = {job.id: job.status_at(START_S + 1_200) for job in fleet.jobs}
    assert any(soon[identity] is JobStatus.IN_PROGRESS for identity in planned)
    late = {job.id: job.status_at(START_S + 14 * DAY_S) for job in fleet.jobs}
    assert {late[identity] for identity in planned} == {JobStatus.COMPLETED}
    assert {late[identity] for identity in running} == {
        JobStatus.COMPLETED,
        JobStatus.IN_PROGRESS,
    }


@pytest.mark.parametrize("later_s", [0, 900, DAY_S])
def test_a_static_batch_completes_with_its_last_task(later_s: float) -> None:
    fleet = small_fleet()
    now_s = START_S + later_s
    for job in fleet.jobs:
        if job.scope.selection is Selection.DYNAMIC or job.timing.canceled:
            continue
        ends = [course.ended_s for course in fleet.courses(job)]
        assert job.timing.ended_s is None or max(ends) == job.timing.ended_s
        done = max(ends) <= now_s
        assert done == (job.status_at(now_s) is JobStatus.COMPLETED)


def test_canceled_static_batches_have_no_open_tasks() -> None:
    fleet = small_fleet()
    canceled = [job for job in fleet.jobs if job.status_at(START_S) is JobStatus.CANCELED]
    assert {job.scope.selection for job in canceled} == set(Selection)
    for job in canceled:
        assert not any(fleet.tasks(job, START_S, status) for status in UNFINISHED)
    early = [job for job in canceled if job.started_at(START_S) is None]
    assert early
    for job in early:
        assert len(fleet.tasks(job, START_S, TaskStatus.CANCELED)) > 0
        assert not fleet.tasks(job, START_S, TaskStatus.SUCCEEDED)


def test_devices_join_a_dynamic_batch_while_it_runs() -> None:
    fleet = default_fleet()
    dynamic = [job for job in fleet.jobs if job.joiners]
    assert len(dynamic) > 5
    for job in dynamic:
        sizes = [len(fleet.tasks(job, START_S + hour * 3_600)) for hour in (0, 6, 12, 25)]
        assert sizes == sorted(sizes)
        assert sizes[-1] == sizes[0] + job.joiners == job.size


def test_a_verification_ends_while_the_simulator_runs() -> None:
    fleet = default_fleet()
    trying = [f for f in fleet.firmwares if f.status_at(START_S) is FirmwareStatus.VERIFYING]
    assert trying
    for firmware in trying:
        (job,) = fleet.jobs_of_firmware(firmware)
        assert (job.type, job.status_at(START_S)) == (JobType.VERIFY, JobStatus.IN_PROGRESS)
        ended_s = job.timing.ended_s
        assert ended_s is not None
        percents = [firmware.verify_percent_at(START_S + s) for s in (0, 120, 240, 600)]
        assert percents == sorted(set(percents))
        assert percents[-1] == 100
        assert firmware.status_at(ended_s) is FirmwareStatus.VERIFIED
        assert firmware.modified_at(START_S) < firmware.modified_at(ended_s) == ended_s


def test_devices_can_be_found_by_name_and_by_id() -> None:
    fleet = small_fleet()
    seen = set()
    for product in fleet.products:
        for index in (0, product.devices - 1):
            device = product.device(index)
            assert product.device_named(device.name) == device
            assert fleet.device_identified(device.iot_id) == device
            seen.add(device.iot_id)
        for name in ("", "x", f"{product.device_prefix}0", f"{product.device_prefix}99999"):
            assert product.device_named(name) is None
    assert len(seen) == 2 * len(fleet.products)
    known = fleet.products[0].device(0).iot_id
    for wrong in ("", "x", f"y{known[1:]}", f"{known[:-6]}999999"):
        assert fleet.device_identified(wrong) is None


def test_a_device_reports_what_its_latest_task_left_it_with() -> None:
    fleet = small_fleet()
    updated = 0
    for job in fleet.jobs:
        if job.status_at(START_S) is not JobStatus.IN_PROGRESS:
            continue
        for position in fleet.tasks(job, START_S):
            task = fleet.task(job, position)
            later = [
                other
                for other in fleet.jobs
                if other.firmware.module == job.firmware.module
                and other.timing.start_s > job.timing.start_s
                and fleet.task_of_device(other, task.device, START_S)
                and other.started_at(START_S) is not None
            ]
            if later:
                continue
            succeeded = task.course.status_at(START_S) is TaskStatus.SUCCEEDED
            expected = job.firmware.version if succeeded else task.course.source_version
            updated += succeeded
            module = job.firmware.module
            assert fleet.module_version(task.device, module, START_S) == expected
    assert updated > 10
    untouched = fleet.products[0].device(fleet.products[0].devices - 1)
    module = untouched.product.modules[0]
    assert fleet.module_version(untouched, module, 0.0) == module.first_version


def test_versions_of_a_module_rise_with_time() -> None:
    for firmware in default_fleet().firmwares:
        assert firmware.version not in firmware.earlier_versions
        for earlier, later in pairwise((*firmware.earlier_versions, firmware.version)):
            older, newer = (
                tuple(map(int, version.partition("-")[0].split(".")))
                for version in (earlier, later)
            )
            assert older < newer
