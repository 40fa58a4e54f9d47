"""Tasks confirmed and run again, through all their states."""

import pytest

from gateway.simulators.alibaba import Habits, InventedCodes, Readings, catalogue
from gateway.simulators.alibaba.job import JobType
from gateway.simulators.alibaba.task import TaskStatus
from tests.simulators.alibaba.writing import (
    DAY_S,
    HOUR_S,
    ILLEGAL,
    MINUTE_S,
    Writer,
    numbered,
)

CODES = InventedCodes()
CONFIRM = "ConfirmOTATask"
RERUN = "ReupgradeOTATask"


async def ids(writer: Writer, identity: str) -> list[str]:
    return [task["TaskId"] for task in await writer.tasks(identity)]


async def canceled(writer: Writer, names: list[str], **more: object) -> str:
    """A batch whose tasks were all canceled."""
    identity = await writer.roll_out(names, **more)
    await writer.do(
        "CancelOTATaskByJob", JobId=identity, CancelQueuedTask="true", CancelNotifiedTask="true"
    )
    assert await writer.statuses(identity) == {"CANCELED"}
    return identity


async def test_a_confirmed_task_goes_its_way() -> None:
    writer = Writer()
    names = writer.free_names(writer.usable(), 3)
    identity = await writer.roll_out(names, NeedConfirm="true", MaximumPerMinute=10)
    writer.clock.advance(HOUR_S)
    assert await writer.statuses(identity) == {"CONFIRM"}
    first, *others = await ids(writer, identity)
    await writer.do(CONFIRM, TaskId__1=first)
    tasks = {task["TaskId"]: task for task in await writer.tasks(identity)}
    assert tasks[first]["TaskStatus"] in {"QUEUED", "NOTIFIED"}
    assert tasks[first]["UtcModified"] > tasks[first]["UtcCreate"]
    assert {tasks[other]["TaskStatus"] for other in others} == {"CONFIRM"}
    assert await writer.refused(CONFIRM, TaskId__1=first) == CODES.task_state
    both = numbered("TaskId", [others[0], first])
    assert await writer.refused(CONFIRM, **both) == CODES.task_state
    await writer.do(CONFIRM, **numbered("TaskId", others))
    writer.clock.advance(HOUR_S)
    assert await writer.statuses(identity) == {"SUCCEEDED"}
    assert await writer.status(identity) in {"COMPLETED", "COMPLETE"}


async def test_seeded_tasks_that_wait_can_be_confirmed() -> None:
    writer = Writer()
    fleet = writer.fleet
    task = next(
        fleet.task(job, position)
        for job in fleet.jobs
        if job.started_at(writer.now_s) is not None
        for position in fleet.tasks(job, writer.now_s, TaskStatus.CONFIRM)
    )
    await writer.do(CONFIRM, TaskId__1=task.id)
    writer.clock.advance(HOUR_S)
    (after,) = (t for t in await writer.tasks(task.job.id) if t["TaskId"] == task.id)
    assert after["TaskStatus"] == "SUCCEEDED"


async def test_tasks_of_several_batches_are_confirmed_in_one_call() -> None:
    writer = Writer()
    names = writer.free_names(writer.usable(), 4)
    batches = [await writer.roll_out(names[n : n + 2], NeedConfirm="true") for n in (0, 2)]
    tasks = [identity for batch in batches for identity in await ids(writer, batch)]
    await writer.do(CONFIRM, **numbered("TaskId", tasks))
    for batch in batches:
        assert "CONFIRM" not in await writer.statuses(batch)


async def test_a_scheduled_batch_is_confirmed_inside_its_window_only() -> None:
    writer = Writer()
    start_s = writer.now_s + HOUR_S
    identity = await writer.roll_out(
        writer.free_names(writer.usable(), 2),
        NeedConfirm="true",
        ScheduleTime=int(start_s * 1000),
        ScheduleFinishTime=int((start_s + HOUR_S) * 1000),
    )
    first, second = await ids(writer, identity)
    assert await writer.refused(CONFIRM, TaskId__1=first) == CODES.job_state
    writer.clock.advance(HOUR_S)
    await writer.do(CONFIRM, TaskId__1=first)
    writer.clock.advance(HOUR_S)
    assert await writer.refused(CONFIRM, TaskId__1=second) == CODES.task_state
    assert await writer.statuses(identity) == {"SUCCEEDED", "CANCELED"}
    assert await writer.refused(RERUN, JobId=identity, TaskId__1=second) == CODES.job_state


@pytest.mark.parametrize("action", [CONFIRM, RERUN])
async def test_ten_tasks_at_most_each_once_and_known(action: str) -> None:
    writer = Writer()
    names = list(writer.free_names(writer.usable(), 11))
    confirm = "true" if action == CONFIRM else "false"
    if action == CONFIRM:
        identity = await writer.roll_out(names, NeedConfirm=confirm)
        where: dict[str, object] = {}
    else:
        identity = await canceled(writer, names)
        where = {"JobId": identity}
    tasks = await ids(writer, identity)
    assert await writer.refused(action, **where, **numbered("TaskId", tasks)) == ILLEGAL
    assert await writer.refused(action, **where, **numbered("TaskId", tasks[:1] * 2)) == ILLEGAL
    for unknown in ("x", f"{tasks[0][:-6]}999999", f"{'x' * 20}000000", f"{tasks[0]}0"):
        code = await writer.refused(action, **where, TaskId__1=unknown)
        assert code == CODES.task_not_found
    assert await writer.refused(action, **where) == "MissingTaskId"
    await writer.do(action, **where, **numbered("TaskId", tasks[:10]))


async def test_a_failed_task_runs_again_and_its_batch_with_it() -> None:
    writer = Writer(habits=Habits(failing=1.0, lingering=0.0))
    names = writer.free_names(writer.usable(), 2)
    identity = await writer.roll_out(names)
    writer.clock.advance(HOUR_S)
    assert await writer.statuses(identity) == {"FAILED"}
    before = {task["TaskId"]: task for task in await writer.tasks(identity)}
    modified = (await writer.job(identity))["UtcModified"]
    first, second = before
    await writer.do(RERUN, JobId=identity, TaskId__1=first)
    after = {task["TaskId"]: task for task in await writer.tasks(identity)}
    assert after[first]["TaskStatus"] in {"QUEUED", "NOTIFIED"}
    assert after[first]["UtcCreate"] == before[first]["UtcCreate"]
    assert after[first]["UtcModified"] > before[first]["UtcModified"]
    assert after[first]["Progress"] == "0.00"
    assert after[first].get("TaskDesc") in (None, "")
    assert after[second] == before[second]
    job = await writer.job(identity)
    assert (job["JobStatus"], job.get("UtcEndTime") or None) == ("IN_PROGRESS", None)
    assert job["UtcModified"] > modified
    assert await writer.open_tasks(writer.usable(), after[first]["DeviceName"])
    code = await writer.refused(RERUN, JobId=identity, TaskId__1=first)
    assert code == CODES.task_state
    writer.clock.advance(HOUR_S)
    assert await writer.statuses(identity) == {"FAILED"}


async def test_a_canceled_task_runs_again_to_its_version() -> None:
    writer = Writer()
    firmware = writer.usable()
    names = list(writer.free_names(firmware, 1))
    identity = await canceled(writer, names)
    assert await writer.status(identity) == "CANCELED"
    (task,) = await ids(writer, identity)
    await writer.do(RERUN, JobId=identity, TaskId__1=task)
    seen = set()
    for _ in range(60):
        seen |= await writer.statuses(identity)
        writer.clock.advance(10)
    assert seen >= {"NOTIFIED", "IN_PROGRESS", "SUCCEEDED"}
    assert await writer.status(identity) in {"COMPLETED", "COMPLETE"}
    assert await writer.version(firmware, names[0]) == firmware.version
    code = await writer.refused(RERUN, JobId=identity, TaskId__1=task)
    assert code == CODES.task_state


@pytest.mark.parametrize(("confirms", "status"), [(True, {"CONFIRM"}), (False, {"QUEUED"})])
async def test_a_task_of_a_batch_that_asks_is_confirmed_again(
    status: set[str], *, confirms: bool
) -> None:
    writer = Writer(readings=Readings(rerun_needs_confirmation=confirms))
    names = list(writer.free_names(writer.usable(), 1))
    identity = await canceled(writer, names, NeedConfirm="true")
    writer.clock.advance(MINUTE_S)
    (task,) = await ids(writer, identity)
    await writer.do(RERUN, JobId=identity, TaskId__1=task)
    assert await writer.statuses(identity) <= status | {"NOTIFIED"} - {"CONFIRM"} | status
    (item,) = await writer.tasks(identity)
    assert item["UtcModified"] > item["UtcCreate"]
    if confirms:
        await writer.do(CONFIRM, TaskId__1=task)
    writer.clock.advance(HOUR_S)
    assert await writer.statuses(identity) == {"SUCCEEDED"}


async def test_a_batch_may_stay_ended_while_its_tasks_run_again() -> None:
    writer = Writer(readings=Readings(rerun_reopens_job=False))
    firmware = writer.usable()
    names = list(writer.free_names(firmware, 1))
    identity = await canceled(writer, names)
    before = await writer.job(identity)
    (task,) = await ids(writer, identity)
    await writer.do(RERUN, JobId=identity, TaskId__1=task)
    assert (await writer.job(identity)) == before
    (open_task,) = await writer.open_tasks(firmware, names[0])
    assert open_task["TaskId"] == task


@pytest.mark.parametrize("mode", [1, 2])
async def test_a_device_that_is_busy_by_now_keeps_to_one_open_task(mode: int) -> None:
    writer = Writer()
    firmware = writer.usable()
    names = list(writer.free_names(firmware, 1))
    first = await canceled(writer, names, OverwriteMode=mode)
    second = await writer.roll_out(names, NeedConfirm="true")
    (task,) = await ids(writer, first)
    await writer.do(RERUN, JobId=first, TaskId__1=task)
    (open_task,) = await writer.open_tasks(firmware, names[0])
    assert open_task["JobId"] == (second if mode == 1 else first)
    if mode == 1:
        (item,) = await writer.tasks(first)
        assert (item["TaskStatus"], item["TaskDesc"]) == ("FAILED", catalogue.BUSY_TEXT)
    else:
        assert await writer.statuses(second) == {"CANCELED"}


async def test_only_tasks_of_the_batch_and_no_verifications_run_again() -> None:
    writer = Writer()
    names = list(writer.free_names(writer.usable(), 2))
    one, other = [await canceled(writer, names[n : n + 1]) for n in (0, 1)]
    (foreign,) = await ids(writer, other)
    code = await writer.refused(RERUN, JobId=one, TaskId__1=foreign)
    assert code == CODES.task_not_found
    code = await writer.refused(RERUN, JobId="none", TaskId__1=foreign)
    assert code == CODES.job_not_found
    trial = next(job for job in writer.fleet.jobs if job.type is JobType.VERIFY)
    code = await writer.refused(RERUN, JobId=trial.id, TaskId__1=foreign)
    assert code == CODES.job_state


async def test_reruns_of_a_long_queue_keep_to_the_rate() -> None:
    writer = Writer(habits=Habits(failing=1.0, lingering=0.0), tasks=3_000)
    names = list(writer.free_names(writer.usable(), 40))
    identity = await writer.roll_out(names, MaximumPerMinute=10)
    writer.clock.advance(DAY_S)
    tasks = await ids(writer, identity)
    for start in range(0, 40, 10):
        await writer.do(RERUN, JobId=identity, **numbered("TaskId", tasks[start : start + 10]))
    job = writer.fleet.job(identity)
    assert job is not None
    pushes = sorted(course.pushed_s for course in writer.fleet.courses(job))
    gaps = [later - earlier for earlier, later in zip(pushes, pushes[10:], strict=False)]
    assert min(gaps) >= MINUTE_S - 6
