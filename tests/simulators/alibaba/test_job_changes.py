"""Batches changed by calls: settings, tags, and cancellations by job and by device."""

from itertools import pairwise

import pytest

from gateway.simulators.alibaba import Habits, InventedCodes, Readings
from gateway.simulators.alibaba.job import Job, JobStatus, JobType, Selection
from gateway.simulators.alibaba.task import UNFINISHED, TaskStatus
from tests.simulators.alibaba.writing import DAY_S, HOUR_S, ILLEGAL, Writer, numbered

CODES = InventedCodes()
BY_JOB = "CancelOTATaskByJob"
BY_DEVICE = "CancelOTATaskByDevice"
UPDATE = "UpdateOTAJob"
WIDE = {"packages": 24, "jobs": 200, "tasks": 3_000}
"""Large enough to have all kinds of running batches."""
EVERY_FLAG = {
    "CancelScheduledTask": "true",
    "CancelQueuedTask": "true",
    "CancelNotifiedTask": "true",
    "CancelInProgressTask": "true",
    "CancelUnconfirmedTask": "true",
}


def running(writer: Writer, selection: Selection) -> Job:
    return next(
        job
        for job in writer.fleet.jobs
        if job.scope.selection is selection
        and job.type is JobType.UPGRADE
        and job.scope.group is None
        and job.status_at(writer.now_s) is JobStatus.IN_PROGRESS
    )


def update(job: Job, **more: object) -> dict[str, object]:
    return {
        "JobId": job.id,
        "UpgradeType": str(job.scope.selection),
        "TargetSelection": str(job.scope.target),
        "MaximumPerMinute": job.settings.maximum_per_minute,
        **more,
    }


def found(writer: Writer, job: Job) -> Job:
    present = writer.fleet.job(job.id)
    assert present is not None
    return present


async def mixed_job(writer: Writer, **more: object) -> str:
    """A batch that has, once a minute has gone by, tasks in every open state but CONFIRM."""
    identity = await writer.roll_out(
        writer.free_names(writer.usable(), 40), MaximumPerMinute=10, **more
    )
    writer.clock.advance(70)
    assert await writer.statuses(identity) >= {"QUEUED", "NOTIFIED", "IN_PROGRESS"}
    return identity


async def count(writer: Writer, identity: str, status: str) -> int:
    return sum(task["TaskStatus"] == status for task in await writer.tasks(identity))


async def test_tags_become_those_given_or_none() -> None:
    writer = Writer()
    job = running(writer, Selection.STATIC)
    writer.clock.advance(30)
    tags = {"Tags__1__Key": "k", "Tags__1__Value": "v"}
    await writer.do(UPDATE, **update(job), **tags)
    body = await writer.job(job.id)
    assert body["Tags"] == {"OtaTagDTO": [{"Key": "k", "Value": "v"}]}
    assert body["UtcModified"] > body["UtcCreate"]
    modified = body["UtcModified"]
    writer.clock.advance(30)
    await writer.do(UPDATE, **update(job))
    body = await writer.job(job.id)
    assert body.get("Tags") in (None, "", {}, {"OtaTagDTO": []})
    assert body["UtcModified"] > modified
    spelled = {"TargetSelection": str(job.scope.target).capitalize()}
    await writer.do(UPDATE, **update(job) | spelled)


async def test_a_dynamic_batch_changes_timeout_and_versions_for_what_comes_later() -> None:
    writer = Writer(**WIDE)
    job = running(writer, Selection.DYNAMIC)
    assert job.joiners
    old = job.settings.timeout_min
    await writer.do(UPDATE, **update(job, TimeoutInMinutes=777, SrcVersionList__1="7.7.7"))
    body = await writer.job(job.id)
    assert body["TimeoutInMinutes"] == 777
    assert body["SrcVersions"] == {"SrcVersion": ["7.7.7"]}
    before = {task["TaskId"]: task for task in await writer.tasks(job.id)}
    none: list[object] = [None, "", {}]
    assert all(
        task.get("Timeout") in (none if old is None else [str(old)]) for task in before.values()
    )
    assert await writer.caller.ask("ListOTATaskByJob", JobId=job.id)
    writer.clock.advance(DAY_S)
    later = found(writer, job)
    tasks = [writer.fleet.task(later, job.size - 1 - n) for n in range(job.joiners)]
    assert {later.timeout_of(task.course.created_s) for task in tasks} == {777}


async def test_another_rate_moves_the_pushes_to_come() -> None:
    writer = Writer(tasks=3_000)
    identity = await mixed_job(writer)
    job = writer.fleet.job(identity)
    assert job is not None
    before = await count(writer, identity, "QUEUED")
    await writer.do(UPDATE, **update(job, MaximumPerMinute=10_000))
    writer.clock.advance(5)
    assert (await count(writer, identity, "QUEUED"), before > 5) == (0, True)
    writer.clock.advance(HOUR_S)
    assert await writer.status(identity) in {"COMPLETED", "COMPLETE"}
    assert await writer.statuses(identity) == {"SUCCEEDED"}


async def test_a_lower_rate_holds_back_a_batch_from_the_start() -> None:
    writer = Writer()
    job = max(
        (
            job
            for job in writer.fleet.jobs
            if job.status_at(writer.now_s) is JobStatus.IN_PROGRESS
            and job.scope.selection is Selection.STATIC
            and job.settings.maximum_per_minute > 10
        ),
        key=lambda job: len(writer.fleet.tasks(job, writer.now_s, TaskStatus.QUEUED)),
    )
    pushes = [c.pushed_s for c in writer.fleet.courses(job)]
    await writer.do(UPDATE, **update(job, MaximumPerMinute=10))
    later = [c.pushed_s for c in writer.fleet.courses(found(writer, job))]
    assert all(new >= old for new, old in zip(later, pushes, strict=True))
    due = sorted(push for push in later if writer.now_s < push < 1e12)
    assert all(b - a >= 6 - 1e-6 for a, b in pairwise(due))


@pytest.mark.parametrize(
    ("selection", "wrong", "code"),
    [
        (Selection.STATIC, {"JobId": "none"}, CODES.job_not_found),
        (Selection.STATIC, {"MaximumPerMinute": ""}, "MissingMaximumPerMinute"),
        (Selection.STATIC, {"MaximumPerMinute": 9}, ILLEGAL),
        (Selection.STATIC, {"MaximumPerMinute": 10_001}, ILLEGAL),
        (Selection.STATIC, {"UpgradeType": "DYNAMIC"}, ILLEGAL),
        (Selection.STATIC, {"UpgradeType": "static"}, ILLEGAL),
        (Selection.STATIC, {"TargetSelection": "SOME"}, ILLEGAL),
        (Selection.DYNAMIC, {"TargetSelection": "GRAY"}, ILLEGAL),
        (Selection.STATIC, {"TimeoutInMinutes": 60}, ILLEGAL),
        (Selection.DYNAMIC, {"TimeoutInMinutes": 1441}, ILLEGAL),
        (Selection.STATIC, {"SrcVersionList__1": "1.0"}, ILLEGAL),
        (Selection.DYNAMIC, {"SrcVersionList__1": "1", "SrcVersionList__2": "1"}, ILLEGAL),
        (Selection.STATIC, {"Tag__1__Key": "k"}, CODES.unknown_parameter),
        (Selection.STATIC, {"Tags__1__Key": "k"}, "MissingTags.1.Value"),
        (Selection.STATIC, {"Tags__1__Key": "k_", "Tags__1__Value": "v"}, ILLEGAL),
        (Selection.STATIC, {"RetryCount": 1}, CODES.unknown_parameter),
    ],
)
async def test_a_change_that_is_not_as_documented_is_refused(
    selection: Selection, wrong: dict[str, object], code: str
) -> None:
    writer = Writer(**WIDE)
    job = running(writer, selection)
    assert await writer.refused(UPDATE, **update(job) | wrong) == code
    assert found(writer, job) == job


async def test_only_running_batches_change_and_never_verifications() -> None:
    writer = Writer()
    verification = next(j for j in writer.fleet.jobs if j.type is JobType.VERIFY)
    for status in (JobStatus.PLANNED, JobStatus.COMPLETED, JobStatus.CANCELED):
        job = next(
            j
            for j in writer.fleet.jobs
            if j.status_at(writer.now_s) is status and j.type is JobType.UPGRADE
        )
        assert await writer.refused(UPDATE, **update(job)) == CODES.job_state
    assert await writer.refused(UPDATE, **update(verification)) == CODES.job_state
    lenient = Writer(readings=Readings(update_planned_jobs=True))
    planned = next(j for j in lenient.fleet.jobs if j.status_at(lenient.now_s) is JobStatus.PLANNED)
    await lenient.do(UPDATE, **update(planned))


@pytest.mark.parametrize(
    ("flag", "status"),
    [
        ("CancelQueuedTask", "QUEUED"),
        ("CancelNotifiedTask", "NOTIFIED"),
        ("CancelInProgressTask", "IN_PROGRESS"),
    ],
)
async def test_each_flag_cancels_the_tasks_of_its_state(flag: str, status: str) -> None:
    writer = Writer(tasks=3_000)
    identity = await mixed_job(writer)
    before = {task["TaskId"]: task["TaskStatus"] for task in await writer.tasks(identity)}
    await writer.do(BY_JOB, JobId=identity, **{flag: "true"})
    tasks = await writer.tasks(identity)
    for task in tasks:
        was = before[task["TaskId"]]
        assert task["TaskStatus"] == ("CANCELED" if was == status else was)
    canceled = [task for task in tasks if task["TaskStatus"] == "CANCELED"]
    assert {task["TaskDesc"] for task in canceled} == {"canceled by user"}
    assert await writer.status(identity) == "IN_PROGRESS"
    await writer.do(BY_JOB, JobId=identity, **{flag: "true"})
    writer.clock.advance(HOUR_S)
    assert await writer.statuses(identity) == {"CANCELED", "SUCCEEDED"}
    assert await writer.status(identity) in {"COMPLETED", "COMPLETE"}


@pytest.mark.parametrize(
    ("flags", "canceled"),
    [
        ({"CancelQueuedTask": "true"}, True),
        ({"CancelQueuedTask": "true", "CancelUnconfirmedTask": "false"}, False),
        ({"CancelQueuedTask": "true", "CancelUnconfirmedTask": "True"}, True),
        ({"CancelUnconfirmedTask": "true"}, True),
        ({"CancelNotifiedTask": "true"}, False),
    ],
)
async def test_unconfirmed_tasks_go_with_queued_ones_unless_there_is_a_word_about_them(
    flags: dict[str, str], *, canceled: bool
) -> None:
    writer = Writer()
    names = writer.free_names(writer.usable(), 2)
    identity = await writer.roll_out(names, NeedConfirm="true")
    await writer.do(BY_JOB, JobId=identity, **flags)
    assert await writer.statuses(identity) == {"CANCELED" if canceled else "CONFIRM"}


@pytest.mark.parametrize("emptied", [JobStatus.CANCELED, JobStatus.COMPLETED])
async def test_a_batch_without_open_tasks_is_over(emptied: JobStatus) -> None:
    writer = Writer(readings=Readings(emptied_job=emptied), tasks=3_000)
    identity = await mixed_job(writer)
    await writer.do(BY_JOB, JobId=identity, **EVERY_FLAG)
    assert await writer.statuses(identity) <= {"CANCELED", "SUCCEEDED"}
    assert (await writer.status(identity)).startswith(emptied[:8])
    ended = (await writer.job(identity))["UtcEndTime"]
    writer.clock.advance(DAY_S)
    await writer.do(BY_JOB, JobId=identity, **EVERY_FLAG)
    assert (await writer.job(identity))["UtcEndTime"] == ended


@pytest.mark.parametrize("emptied", [JobStatus.CANCELED, JobStatus.COMPLETED])
async def test_a_scheduled_batch_is_canceled_before_it_begins(emptied: JobStatus) -> None:
    writer = Writer(readings=Readings(emptied_job=emptied))
    start_ms = int((writer.now_s + HOUR_S) * 1000)
    names = writer.free_names(writer.usable(), 2)
    identity = await writer.roll_out(names, ScheduleTime=start_ms)
    assert await writer.status(identity) == "PLANNED"
    await writer.do(BY_JOB, JobId=identity, CancelScheduledTask="true")
    assert await writer.status(identity) == "CANCELED"
    assert await writer.statuses(identity) == {"CANCELED"}
    writer.clock.advance(2 * HOUR_S)
    assert await writer.status(identity) == "CANCELED"


async def test_the_flag_of_scheduled_tasks_is_for_batches_that_have_not_begun() -> None:
    writer = Writer()
    names = writer.free_names(writer.usable(), 2)
    identity = await writer.roll_out(names, NeedConfirm="true")
    await writer.do(BY_JOB, JobId=identity, CancelScheduledTask="true")
    assert await writer.statuses(identity) == {"CONFIRM"}


async def test_a_cancellation_must_say_what() -> None:
    writer = Writer()
    job = running(writer, Selection.STATIC)
    assert await writer.refused(BY_JOB, JobId=job.id) == ILLEGAL
    assert await writer.refused(BY_JOB, JobId=job.id, CancelUnconfirmedTask="false") == ILLEGAL
    wrong = {"CancelQueuedTask": "1"}
    assert await writer.refused(BY_JOB, JobId=job.id, **wrong) == "InvalidCancelQueuedTask"
    assert await writer.refused(BY_JOB, JobId="x", **EVERY_FLAG) == CODES.job_not_found
    verification = next(j for j in writer.fleet.jobs if j.type is JobType.VERIFY)
    code = await writer.refused(BY_JOB, JobId=verification.id, **EVERY_FLAG)
    assert code == CODES.job_state


async def test_seeded_batches_of_either_selection_can_be_canceled() -> None:
    writer = Writer(**WIDE)
    for selection in Selection:
        job = running(writer, selection)
        await writer.do(BY_JOB, JobId=job.id, **EVERY_FLAG)
        assert not any(writer.fleet.tasks(job, writer.now_s, status) for status in UNFINISHED)
        dynamic = selection is Selection.DYNAMIC
        assert await writer.status(job.id) == ("IN_PROGRESS" if dynamic else "CANCELED")


async def test_tasks_are_canceled_for_devices() -> None:
    writer = Writer()
    firmware = writer.usable()
    names = list(writer.free_names(firmware, 3))
    identity = await writer.roll_out(names, NeedConfirm="true")
    where = {"FirmwareId": firmware.id, "ProductKey": firmware.product.key}
    await writer.do(BY_DEVICE, **where, **numbered("DeviceName", names[:2]))
    tasks = {task["DeviceName"]: task["TaskStatus"] for task in await writer.tasks(identity)}
    assert tasks == {names[0]: "CANCELED", names[1]: "CANCELED", names[2]: "CONFIRM"}
    assert await writer.status(identity) == "IN_PROGRESS"
    await writer.do(BY_DEVICE, **where, **numbered("DeviceName", names), JobId=identity)
    assert await writer.statuses(identity) == {"CANCELED"}
    assert await writer.status(identity) in {"COMPLETED", "COMPLETE"}
    await writer.do(BY_DEVICE, **where, **numbered("DeviceName", names))


async def test_devices_of_a_planned_batch_canceled_one_and_all_cancel_it() -> None:
    writer = Writer()
    firmware = writer.usable()
    names = list(writer.free_names(firmware, 2))
    start_ms = int((writer.now_s + HOUR_S) * 1000)
    identity = await writer.roll_out(names, ScheduleTime=start_ms)
    where = {"FirmwareId": firmware.id, "ProductKey": firmware.product.key}
    await writer.do(BY_DEVICE, **where, **numbered("DeviceName", names[:1]))
    assert await writer.status(identity) == "PLANNED"
    await writer.do(BY_DEVICE, **where, **numbered("DeviceName", names[1:]))
    assert await writer.status(identity) == "CANCELED"


async def test_one_batch_of_a_package_can_be_spared() -> None:
    writer = Writer()
    firmware = writer.usable()
    one, two = (list(writer.free_names(firmware, 4))[place : place + 2] for place in (0, 2))
    first = await writer.roll_out(one, NeedConfirm="true")
    second = await writer.roll_out(two, NeedConfirm="true")
    where = {"FirmwareId": firmware.id, "ProductKey": firmware.product.key}
    both = numbered("DeviceName", [*one, *two])
    await writer.do(BY_DEVICE, **where, **both, JobId=second)
    assert await writer.statuses(first) == {"CONFIRM"}
    assert await writer.statuses(second) == {"CANCELED"}


async def test_a_cancellation_for_devices_must_name_them_well() -> None:
    writer = Writer(packages=10, tasks=20_000)
    firmware = writer.usable()
    product = firmware.product
    names = [product.device(n).name for n in range(201)]
    where: dict[str, object] = {"FirmwareId": firmware.id, "ProductKey": product.key}
    elsewhere = next(j for j in writer.fleet.jobs if j.firmware.id != firmware.id)
    for wrong, code in (
        (numbered("DeviceName", names), "iot.device.DeviceCountExceeded"),
        (numbered("DeviceName", [names[0]] * 2), ILLEGAL),
        (numbered("DeviceName", ["nobody"]), "iot.device.NotExistedDevice"),
        ({}, "MissingDeviceName"),
        ({"FirmwareId": "x", "DeviceName__1": names[0]}, "iot.ota.FirmwareNotFound"),
        ({"ProductKey": "x", "DeviceName__1": names[0]}, "iot.prod.NotExistedProduct"),
        ({"JobId": "x", "DeviceName__1": names[0]}, CODES.job_not_found),
        ({"JobId": elsewhere.id, "DeviceName__1": names[0]}, ILLEGAL),
    ):
        assert await writer.refused(BY_DEVICE, **where | wrong) == code, code
    await writer.do(BY_DEVICE, **where, **numbered("DeviceName", names[:200]))


async def test_cancellations_of_nothing_can_be_refused() -> None:
    writer = Writer(readings=Readings(idle_cancel_fails=True), habits=Habits(lingering=1.0))
    firmware = writer.usable()
    names = list(writer.free_names(firmware, 1))
    identity = await writer.roll_out(names)
    where = {"FirmwareId": firmware.id, "ProductKey": firmware.product.key}
    devices = numbered("DeviceName", names)
    await writer.do(BY_DEVICE, **where, **devices)
    assert await writer.refused(BY_DEVICE, **where, **devices) == CODES.task_state
    assert await writer.refused(BY_JOB, JobId=identity, **EVERY_FLAG) == CODES.task_state
